//! What is refused, and in which words.

use std::time::Instant;

use chrono_tz::{TZ_VARIANTS, Tz};
use tend::engine::schedule::{About, Days, Schedule, ScheduleError, timezone};

use super::instant;

fn refused(cron: &str, days: Option<Days>) -> ScheduleError {
    Schedule::parse(cron, Tz::UTC, days).map(|schedule| schedule.describe()).expect_err(cron)
}

const REFUSED: &[(&str, &str)] = &[
    ("61 * * * *", "minute 61: 0 to 59"),
    ("0 24 * * *", "hour 24: 0 to 23"),
    ("0 2 32 * *", "day-of-month 32: 1 to 31"),
    ("0 2 0 * *", "day-of-month 0: 1 to 31"),
    ("0 2 * 13 *", "month 13: 1 to 12, or JAN to DEC"),
    ("0 2 * * 8", "day-of-week 8: 0 to 7 (0 and 7 are Sunday), or SUN to SAT"),
    (
        "0 2 * * MONDAY",
        "day-of-week MONDAY: not understood (0 to 7 (0 and 7 are Sunday), or SUN to SAT); did you mean MON?",
    ),
    ("0 2 * sept *", "month sept: not understood (1 to 12, or JAN to DEC); did you mean SEP?"),
    ("5x * * * *", "minute 5x: not understood (0 to 59); write a value, a range a-b, a step */n, a list a,b"),
    ("-5 * * * *", "minute -5: not understood (0 to 59); write a value, a range a-b, a step */n, a list a,b"),
    ("+5 * * * *", "minute +5: not understood (0 to 59); write a value, a range a-b, a step */n, a list a,b"),
    ("L * * * *", "minute L: not understood (0 to 59); write a value, a range a-b, a step */n, a list a,b"),
    ("1,,2 * * * *", "minute 1,,2: an empty place in the list; take out the extra comma"),
    ("99999999999 * * * *", "minute 99999999999: 0 to 59"),
    ("5/5 * * * *", "minute 5/5: a step needs a range; write 5-59/5 or */5"),
    ("*/60 * * * *", "minute */60: a step is 1 to 59; for one time only, write a single minute"),
    ("*/0 * * * *", "minute */0: a step is 1 to 59; for one time only, write a single minute"),
    ("0 22-2 * * *", "hour 22-2 runs backwards; write 22-23,0-2"),
    ("0 2 * * FRI-MON", "day-of-week FRI-MON runs backwards; write 5-6,0-1"),
    ("0 2 * * L", "day-of-week L: the last of which weekday?; write FRI#L for the last Friday of the month"),
    ("0 2 * * FRI#6", "day-of-week FRI#6: after # comes 1 to 5, or L for the last"),
    ("0 2 * * +FRI", "day-of-week +FRI: a plus is not understood; write FRI, and days = \"and\" below cron"),
    (
        "0 2 13 * FRI",
        "day-of-month and day-of-week are both set, and cron tools disagree about what that means; write days = \"and\" (a day must fit both) or days = \"or\" (one is enough) below cron, or set one to *",
    ),
    ("0 2 L,LW * *", "0 2 L,LW * *: day-of-month L and LW cannot stand together; make it two jobs"),
    (
        "0 2 30 2 *",
        "0 2 30 2 *: no date fits its day-of-month and month, so it would never run; for the last day of a month write L",
    ),
    (
        "0 9 31 2,4,6,9,11 *",
        "0 9 31 2,4,6,9,11 *: no date fits its day-of-month and month, so it would never run; for the last day of a month write L",
    ),
    (
        "*/30 * * * * *",
        "*/30 * * * * *: 6 fields; tend keeps time by the minute and takes five, no seconds, no year; write \"* * * * *\"",
    ),
    (
        "0 0 2 * * * 2026",
        "0 0 2 * * * 2026: 7 fields; tend keeps time by the minute and takes five, no seconds, no year; write \"0 2 * * *\"",
    ),
    (
        "0 2 * *",
        "0 2 * *: 4 fields; write five fields: minute hour day-of-month month day-of-week, e.g. \"0 2 * * *\" for every night at two",
    ),
    (
        "",
        "the schedule is empty; write five fields: minute hour day-of-month month day-of-week, e.g. \"0 2 * * *\" for every night at two",
    ),
    ("@reboot", "@reboot: not a time; tend runs what is due after a restart by the job's catch_up"),
    (
        "@dayly",
        "@dayly: no such nickname; the known ones are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly",
    ),
];

#[test]
fn what_is_refused_names_the_field_the_text_and_the_range() {
    let mut wrong = Vec::new();
    for (cron, expected) in REFUSED {
        let found = refused(cron, None).to_string();
        if found != *expected {
            wrong.push(format!("{cron}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_error_points_at_the_offending_part() {
    let cron = "0,15  2,99 * * *";
    let span = refused(cron, None).span.unwrap();
    assert_eq!(&cron[span], "99");
    assert_eq!(refused("0 2 13 * FRI", None).about, About::Days);
}

#[test]
fn a_schedule_that_never_comes_is_refused_quickly() {
    let start = Instant::now();
    let error = refused("0 9 30 2 MON", Some(Days::And));
    assert!(error.message.contains("day-of-week"), "{error}");
    assert!(start.elapsed().as_millis() < 100, "{:?}", start.elapsed());
    // the rarest that does come: 29 February on a Monday, across 2100
    let rare = Schedule::parse("0 9 29 2 MON", Tz::UTC, Some(Days::And)).unwrap();
    assert_eq!(rare.next_after(instant("2073-01-01T00:00:00Z")), Some(instant("2112-02-29T09:00:00Z")));
}

#[test]
fn zones_are_named_and_a_wrong_name_gets_a_suggestion() {
    for zone in TZ_VARIANTS {
        assert_eq!(timezone(zone.name()).as_ref(), Ok(&zone));
    }
    for (name, nearest) in [
        ("Asia/Shangai", "Asia/Shanghai"),
        ("asia/shanghai", "Asia/Shanghai"),
        ("Shanghai", "Asia/Shanghai"),
        ("Asia/Beijing", "Asia/Shanghai"),
        ("Europe/Pari", "Europe/Paris"),
        ("America/New York", "America/New_York"),
        ("US/NewYork", "America/New_York"),
    ] {
        let error = timezone(name).unwrap_err();
        assert_eq!(error.to_string(), format!("{name}: no such time zone; did you mean {nearest}?"));
        assert_eq!(error.about, About::Timezone);
    }
    for name in ["", "+08:00", "xyzzy", "北京"] {
        let help = "write an IANA name such as Asia/Shanghai or Europe/London";
        assert_eq!(timezone(name).unwrap_err().to_string(), format!("{name}: no such time zone; {help}"));
    }
}
