//! When a job is due: the daylight-saving rule in eight zones, what is refused and how, and the laws all schedules keep.

use std::time::Instant;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use proptest::prelude::*;
use tend::engine::schedule::{About, Days, Schedule, ScheduleError, preview, timezone};

fn schedule(zone: &str, cron: &str) -> Schedule {
    Schedule::parse(cron, timezone(zone).unwrap(), None).unwrap_or_else(|error| panic!("{cron}: {error}"))
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The slots whose business date is the day, as "02:30+02:00" separated by spaces; a slot on the next day has its date before it.
fn on(schedule: &Schedule, day: NaiveDate) -> String {
    let noon = Utc.from_utc_datetime(&day.and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap()));
    let slots = schedule.between(noon - Duration::hours(60), noon + Duration::hours(60), 100_000);
    let of_day = slots.into_iter().filter(|slot| schedule.business_date(*slot) == day);
    let words: Vec<String> = of_day
        .map(|slot| {
            let local = slot.with_timezone(&schedule.timezone());
            let pattern = if local.date_naive() == day { "%H:%M%:z" } else { "%m-%dT%H:%M%:z" };
            local.format(pattern).to_string()
        })
        .collect();
    words.join(" ")
}

/// Zone, day, expression, slots.
const BENDS: &[(&str, &str, &str, &str)] = &[
    // Paris: 02:00 → 03:00, 03:00 → 02:00
    ("Europe/Paris", "2026-03-29", "0 2 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "30 2 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0 3 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "59 1 * * *", "01:59+01:00"),
    ("Europe/Paris", "2026-03-29", "0 2,14 * * *", "03:00+02:00 14:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0,30 2 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0 2,3 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0 1-3 * * *", "01:00+01:00 03:00+02:00"),
    ("Europe/Paris", "2026-03-29", "*/20 2 * * *", ""),
    ("Europe/Paris", "2026-03-29", "0,30 2-4 * * *", "03:00+02:00 03:30+02:00 04:00+02:00 04:30+02:00"),
    ("Europe/Paris", "2026-03-29", "0 2,4-6 * * *", "03:00+02:00 04:00+02:00 05:00+02:00 06:00+02:00"),
    ("Europe/Paris", "2026-03-29", "0,40-50/10 2 * * *", "03:00+02:00"),
    ("Europe/Paris", "2026-10-25", "0 2 * * *", "02:00+02:00"),
    ("Europe/Paris", "2026-10-25", "30 2 * * *", "02:30+02:00"),
    ("Europe/Paris", "2026-10-25", "0 3 * * *", "03:00+01:00"),
    ("Europe/Paris", "2026-10-25", "0 2,14 * * *", "02:00+02:00 14:00+01:00"),
    ("Europe/Paris", "2026-10-25", "0,30 2 * * *", "02:00+02:00 02:30+02:00"),
    ("Europe/Paris", "2026-10-25", "0 1-3 * * *", "01:00+02:00 02:00+02:00 02:00+01:00 03:00+01:00"),
    ("Europe/Paris", "2026-10-25", "*/30 2 * * *", "02:00+02:00 02:30+02:00 02:00+01:00 02:30+01:00"),
    (
        "Europe/Paris",
        "2026-10-25",
        "0,30 2-3 * * *",
        "02:00+02:00 02:30+02:00 02:00+01:00 02:30+01:00 03:00+01:00 03:30+01:00",
    ),
    ("Europe/Paris", "2026-10-25", "0 2,3-4 * * *", "02:00+02:00 03:00+01:00 04:00+01:00"),
    ("Europe/Paris", "2026-10-25", "0 2,1-3 * * *", "01:00+02:00 02:00+02:00 03:00+01:00"),
    ("Europe/Paris", "2026-10-25", "0 2-2 * * *", "02:00+02:00"),
    // London: 01:00 → 02:00, 02:00 → 01:00; midnight is the hour before the gap
    ("Europe/London", "2026-03-29", "0 0 * * *", "00:00+00:00"),
    ("Europe/London", "2026-03-29", "0 1 * * *", "02:00+01:00"),
    ("Europe/London", "2026-03-29", "0 0,1 * * *", "00:00+00:00 02:00+01:00"),
    ("Europe/London", "2026-03-29", "0 0-2 * * *", "00:00+00:00 02:00+01:00"),
    ("Europe/London", "2026-10-25", "0 0 * * *", "00:00+01:00"),
    ("Europe/London", "2026-10-25", "30 0,1 * * *", "00:30+01:00 01:30+01:00"),
    // New York: 02:00 → 03:00, 02:00 → 01:00
    ("America/New_York", "2026-03-08", "30 2 * * *", "03:00-04:00"),
    ("America/New_York", "2026-03-08", "15,45 2,3 * * *", "03:00-04:00 03:15-04:00 03:45-04:00"),
    ("America/New_York", "2026-03-08", "0 1-4 * * *", "01:00-05:00 03:00-04:00 04:00-04:00"),
    ("America/New_York", "2026-11-01", "30 1 * * *", "01:30-04:00"),
    ("America/New_York", "2026-11-01", "0,30 1 * * *", "01:00-04:00 01:30-04:00"),
    ("America/New_York", "2026-11-01", "0 1-2 * * *", "01:00-04:00 01:00-05:00 02:00-05:00"),
    ("America/New_York", "2026-11-01", "*/30 1 * * *", "01:00-04:00 01:30-04:00 01:00-05:00 01:30-05:00"),
    // Lord Howe, half an hour: 02:00 → 01:30 in April, 02:00 → 02:30 in October
    ("Australia/Lord_Howe", "2026-10-04", "0 2 * * *", "02:30+11:00"),
    ("Australia/Lord_Howe", "2026-10-04", "15,30 2 * * *", "02:30+11:00"),
    ("Australia/Lord_Howe", "2026-10-04", "*/15 2 * * *", "02:30+11:00 02:45+11:00"),
    ("Australia/Lord_Howe", "2026-10-04", "0 1-3 * * *", "01:00+10:30 03:00+11:00"),
    ("Australia/Lord_Howe", "2026-04-05", "45 1 * * *", "01:45+11:00"),
    ("Australia/Lord_Howe", "2026-04-05", "15,45 1 * * *", "01:15+11:00 01:45+11:00"),
    (
        "Australia/Lord_Howe",
        "2026-04-05",
        "*/15 1 * * *",
        "01:00+11:00 01:15+11:00 01:30+11:00 01:45+11:00 01:30+10:30 01:45+10:30",
    ),
    // Chatham, at a quarter to: 03:45 → 02:45 in April, 02:45 → 03:45 in September
    ("Pacific/Chatham", "2026-09-27", "45 2 * * *", "03:45+13:45"),
    ("Pacific/Chatham", "2026-09-27", "0,30 3 * * *", "03:45+13:45"),
    ("Pacific/Chatham", "2026-09-27", "30 2,3 * * *", "02:30+12:45 03:45+13:45"),
    ("Pacific/Chatham", "2026-09-27", "*/15 2-3 * * *", "02:00+12:45 02:15+12:45 02:30+12:45 03:45+13:45"),
    ("Pacific/Chatham", "2026-04-05", "0 3 * * *", "03:00+13:45"),
    ("Pacific/Chatham", "2026-04-05", "0,45 2,3 * * *", "02:00+13:45 02:45+13:45 03:00+13:45 03:45+12:45"),
    ("Pacific/Chatham", "2026-04-05", "0 2-4 * * *", "02:00+13:45 03:00+13:45 03:00+12:45 04:00+12:45"),
    // Santiago, at midnight: 00:00 → 01:00 in September, 24:00 → 23:00 in April
    ("America/Santiago", "2026-09-06", "0 0 * * *", "01:00-03:00"),
    ("America/Santiago", "2026-09-06", "0,30 0 * * *", "01:00-03:00"),
    ("America/Santiago", "2026-09-06", "0 0,1 * * *", "01:00-03:00"),
    ("America/Santiago", "2026-09-06", "*/30 0-1 * * *", "01:00-03:00 01:30-03:00"),
    ("America/Santiago", "2026-04-04", "30 23 * * *", "23:30-03:00"),
    ("America/Santiago", "2026-04-04", "0 22-23 * * *", "22:00-03:00 23:00-03:00 23:00-04:00"),
    ("America/Santiago", "2026-04-05", "0 0 * * *", "00:00-04:00"),
    // Cairo, at midnight: Friday 00:00 → 01:00 in April, Thursday 24:00 → 23:00 in October
    ("Africa/Cairo", "2026-04-24", "0 0 * * *", "01:00+03:00"),
    ("Africa/Cairo", "2026-04-24", "15 0,12 * * *", "01:00+03:00 12:15+03:00"),
    ("Africa/Cairo", "2026-04-24", "0 0-2 * * *", "01:00+03:00 02:00+03:00"),
    ("Africa/Cairo", "2026-10-29", "0,59 23 * * *", "23:00+03:00 23:59+03:00"),
    ("Africa/Cairo", "2026-10-29", "*/30 23 * * *", "23:00+03:00 23:30+03:00 23:00+02:00 23:30+02:00"),
    ("Africa/Cairo", "2026-10-30", "0 0 * * *", "00:00+02:00"),
    // Havana: 00:00 → 01:00 in March, 01:00 → 00:00 in November
    ("America/Havana", "2026-03-08", "0 0 * * *", "01:00-04:00"),
    ("America/Havana", "2026-03-08", "0 0,6,12 * * *", "01:00-04:00 06:00-04:00 12:00-04:00"),
    ("America/Havana", "2026-03-08", "30 0-1 * * *", "01:30-04:00"),
    ("America/Havana", "2026-11-01", "0 0 * * *", "00:00-04:00"),
    ("America/Havana", "2026-11-01", "0,30 0 * * *", "00:00-04:00 00:30-04:00"),
    ("America/Havana", "2026-11-01", "0 0-1 * * *", "00:00-04:00 00:00-05:00 01:00-05:00"),
    // Nuuk jumps from Saturday 23:00 to Sunday 00:00: the slot still belongs to Saturday
    ("America/Nuuk", "2026-03-28", "30 23 * * *", "03-29T00:00-01:00"),
    ("America/Nuuk", "2026-03-29", "30 23 * * *", "23:30-01:00"),
    // St. John's went back from Sunday 00:01 to Saturday 23:01
    ("America/St_Johns", "2010-11-06", "30 23 * * *", "23:30-02:30"),
    ("America/St_Johns", "2010-11-06", "30 22-23 * * *", "22:30-02:30 23:30-02:30 23:30-03:30"),
    ("America/St_Johns", "2010-11-07", "0 0 * * *", "00:00-02:30"),
    // Samoa had no 30 December 2011
    ("Pacific/Apia", "2011-12-29", "0 2 * * *", "02:00-10:00"),
    ("Pacific/Apia", "2011-12-30", "0 2 * * *", ""),
    ("Pacific/Apia", "2011-12-31", "0 2 * * *", "02:00+14:00"),
    // no daylight saving
    ("Asia/Shanghai", "2026-03-29", "0,30 2-3 * * *", "02:00+08:00 02:30+08:00 03:00+08:00 03:30+08:00"),
];

#[test]
fn a_bent_day_has_exactly_the_slots_the_rule_says() {
    let mut wrong = Vec::new();
    for (zone, day, cron, expected) in BENDS {
        let found = on(&schedule(zone, cron), date(day));
        if found != *expected {
            wrong.push(format!("{zone} {day} {cron}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_hour_means_every_hour_of_real_time() {
    for (zone, gap, fold) in [
        ("Europe/Paris", "2026-03-29", "2026-10-25"),
        ("America/Havana", "2026-03-08", "2026-11-01"),
        ("America/Santiago", "2026-09-06", "2026-04-04"),
        ("Africa/Cairo", "2026-04-24", "2026-10-29"),
    ] {
        let hourly = schedule(zone, "0 * * * *");
        assert_eq!(on(&hourly, date(gap)).split(' ').count(), 23, "{zone}");
        assert_eq!(on(&hourly, date(fold)).split(' ').count(), 25, "{zone}");
        let minutes = schedule(zone, "* * * * *");
        assert_eq!(on(&minutes, date(gap)).split(' ').count(), 23 * 60, "{zone}");
        assert_eq!(on(&minutes, date(fold)).split(' ').count(), 25 * 60, "{zone}");
    }
}

/// notes/engine.md 1.1 (tokio-cron-scheduler keeps the offset of the day a job was made) and 1.1 of dependencies.md.
#[test]
fn a_daily_job_keeps_its_local_time_across_a_change() {
    let paris = schedule("Europe/Paris", "30 9 * * *");
    assert_eq!(paris.next_after(instant("2026-03-28T12:00:00Z")), Some(instant("2026-03-29T07:30:00Z")));
    assert_eq!(paris.next_after(instant("2026-10-24T12:00:00Z")), Some(instant("2026-10-25T08:30:00Z")));
    let york = schedule("America/New_York", "0 9 * * *");
    assert_eq!(york.next_after(instant("2026-10-31T14:00:00Z")), Some(instant("2026-11-01T14:00:00Z")));
    assert_eq!(york.next_after(instant("2027-03-13T15:00:00Z")), Some(instant("2027-03-14T13:00:00Z")));
}

/// notes/engine.md 1.2: croner 3 fired 00:00 and 02:00, and gave the repeated hour out of order.
#[test]
fn the_hour_before_a_gap_fires_once_and_a_repeated_hour_comes_in_order() {
    let london = schedule("Europe/London", "0 0 * * *");
    let slots = london.between(instant("2026-03-28T12:00:00Z"), instant("2026-03-30T12:00:00Z"), 10);
    assert_eq!(slots, [instant("2026-03-29T00:00:00Z"), instant("2026-03-29T23:00:00Z")]);
    let paris = schedule("Europe/Paris", "*/30 2 * * *");
    let slots = paris.between(
        instant("2026-10-25T00:00:00.123456789Z") - Duration::hours(1),
        instant("2026-10-25T12:00:00Z"),
        10,
    );
    let expected = ["00:00", "00:30", "01:00", "01:30"].map(|time| instant(&format!("2026-10-25T{time}:00Z")));
    assert_eq!(slots, expected);
}

/// notes/engine.md 6.1: tokio-cron-scheduler takes "or" for the first tick and "and" after it.
#[test]
fn and_is_and_and_or_is_or_every_time() {
    let parse = |days| Schedule::parse("0 9 1 * MON", Tz::UTC, Some(days)).unwrap();
    let after = instant("2026-06-23T00:00:00Z");
    let days = |schedule: &Schedule| -> Vec<String> {
        let slots = schedule.between(after, instant("2030-01-01T00:00:00Z"), 3);
        slots.into_iter().map(|slot| slot.date_naive().to_string()).collect()
    };
    assert_eq!(days(&parse(Days::Or)), ["2026-06-29", "2026-07-01", "2026-07-06"]);
    assert_eq!(days(&parse(Days::And)), ["2027-02-01", "2027-03-01", "2027-11-01"]);
}

const REMARKS: &[(&str, &str, &str, &str)] = &[
    (
        "Europe/Paris",
        "30 2 * * *",
        "2026-03-29T01:00:00Z",
        "02:30 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, the first moment after.",
    ),
    (
        "Europe/Paris",
        "0,30 2 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 and 02:30 do not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): they run together, once, at 03:00, the first moment after.",
    ),
    (
        "Europe/Paris",
        "0 2,3 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, together with the run that is due then anyway.",
    ),
    (
        "Europe/Paris",
        "0 2 * * *",
        "2026-10-25T00:00:00Z",
        "02:00 comes twice on 2026-10-25 (the clocks go back from 03:00 to 02:00): it runs once, the first time.",
    ),
    (
        "Europe/Paris",
        "0 1-3 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and is left out: ranges and steps follow the wall clock.",
    ),
    (
        "Europe/Paris",
        "0 1-2 * * *",
        "2026-03-29T00:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and is left out: ranges and steps follow the wall clock.",
    ),
    (
        "Europe/Paris",
        "*/20 2 * * *",
        "2026-03-30T00:00:00Z",
        "02:00, 02:20 and 02:40 do not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and are left out: ranges and steps follow the wall clock.",
    ),
    (
        "Europe/Paris",
        "* * * * *",
        "2026-03-29T01:00:00Z",
        "the 60 times from 02:00 to 02:59 do not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and are left out: ranges and steps follow the wall clock.",
    ),
    (
        "Europe/Paris",
        "0 * * * *",
        "2026-10-25T00:00:00Z",
        "02:00 comes twice on 2026-10-25 (the clocks go back from 03:00 to 02:00): it runs both times, this is the first.",
    ),
    (
        "Europe/Paris",
        "0 * * * *",
        "2026-10-25T01:00:00Z",
        "02:00 comes twice on 2026-10-25 (the clocks go back from 03:00 to 02:00): it runs both times, this is the second.",
    ),
    (
        "Europe/Paris",
        "0 2,*/2 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, the first moment after.",
    ),
    (
        "Europe/Paris",
        "0,20-40/20 2 * * *",
        "2026-03-29T01:00:00Z",
        "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, the first moment after. 02:20 and 02:40 do not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00) and are left out: ranges and steps follow the wall clock.",
    ),
    (
        "America/Nuuk",
        "30 23 * * *",
        "2026-03-29T01:00:00Z",
        "23:30 does not exist on 2026-03-28 (the clocks go forward from 23:00 to 00:00): it runs at 00:00, the first moment after.",
    ),
    ("Europe/Paris", "0 2,14 * * *", "2026-03-29T12:00:00Z", ""),
    ("Europe/Paris", "0 2 * * *", "2026-03-30T00:00:00Z", ""),
    ("Europe/Paris", "0 3 * * *", "2026-03-29T01:00:00Z", ""),
    ("Europe/Paris", "0 9 * * *", "2026-10-25T08:00:00Z", ""),
    ("Asia/Shanghai", "0 2 * * *", "2026-03-28T18:00:00Z", ""),
];

#[test]
fn a_remark_says_what_daylight_saving_did() {
    let mut wrong = Vec::new();
    for (zone, cron, slot, expected) in REMARKS {
        let schedule = schedule(zone, cron);
        let slot = instant(slot);
        assert_eq!(schedule.next_after(slot - Duration::seconds(1)), Some(slot), "{zone} {cron}: no slot at {slot}");
        let found = schedule.remark(slot).unwrap_or_default();
        if found != *expected {
            wrong.push(format!("{zone} {cron}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

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
    (
        "0 2 30 2 *",
        "0 2 30 2 *: no date fits this day-of-month, month, it would never run; for the last day of a month write L",
    ),
    (
        "0 9 31 2,4,6,9,11 *",
        "0 9 31 2,4,6,9,11 *: no date fits this day-of-month, month, it would never run; for the last day of a month write L",
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

#[test]
fn nicknames_mean_what_cron_means_in_the_zone_of_the_job() {
    for (nickname, cron) in [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * SUN"),
        ("@Daily", "0 0 * * *"),
        (" @midnight ", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ] {
        let from = instant("2026-01-01T12:00:00Z");
        let slots = |cron| schedule("America/Havana", cron).between(from, from + Duration::days(800), 50);
        assert_eq!(slots(nickname), slots(cron), "{nickname}");
    }
}

#[test]
fn days_of_month_and_week_in_all_their_forms() {
    for (cron, days) in [
        ("0 9 L * *", "2026-01-31 2026-02-28 2026-03-31"),
        ("0 9 LW * *", "2026-01-30 2026-02-27 2026-03-31"),
        ("0 9 15W * ?", "2026-01-15 2026-02-16 2026-03-16"),
        ("0 9 ? * FRI#2", "2026-01-09 2026-02-13 2026-03-13"),
        ("0 9 * * FRI#L", "2026-01-30 2026-02-27 2026-03-27"),
        ("0 9 * * 5L", "2026-01-30 2026-02-27 2026-03-27"),
        ("0 9 * * 7#1", "2026-01-04 2026-02-01 2026-03-01"),
        ("0 9 * * fri-sun", "2026-01-02 2026-01-03 2026-01-04"),
        ("0 9 * * */2", "2026-01-01 2026-01-03 2026-01-04"),
        ("0 9 1,15-16 jan,mar *", "2026-01-01 2026-01-15 2026-01-16"),
        ("0 9 */10 * *", "2026-01-01 2026-01-11 2026-01-21"),
        ("0 9 29 2 *", "2028-02-29 2032-02-29 2036-02-29"),
    ] {
        let slots = schedule("UTC", cron).between(instant("2026-01-01T00:00:00Z"), DateTime::<Utc>::MAX_UTC, 3);
        let found: Vec<String> = slots.iter().map(|slot| slot.date_naive().to_string()).collect();
        assert_eq!(found.join(" "), days, "{cron}");
    }
}

#[test]
fn a_business_key_is_the_day_or_the_local_time_with_its_offset() {
    let daily = schedule("Europe/Paris", "30 2 * * *");
    assert!(daily.is_daily_or_coarser());
    assert_eq!(daily.business_key(instant("2026-03-29T01:00:00Z")), "2026-03-29");
    let nuuk = schedule("America/Nuuk", "30 23 * * *");
    assert_eq!(nuuk.business_key(instant("2026-03-29T01:00:00Z")), "2026-03-28");
    assert_eq!(nuuk.business_date(instant("2026-03-29T01:00:00Z")), date("2026-03-28"));
    // an instant that is no slot: tend run --at
    assert_eq!(nuuk.business_date(instant("2026-03-29T01:01:00Z")), date("2026-03-29"));
    let hourly = schedule("Europe/Paris", "0 * * * *");
    assert!(!hourly.is_daily_or_coarser());
    assert_eq!(hourly.business_key(instant("2026-10-25T00:00:00Z")), "2026-10-25T02:00+02:00");
    assert_eq!(hourly.business_key(instant("2026-10-25T01:00:00Z")), "2026-10-25T02:00+01:00");
    for (cron, daily) in [
        ("0 9 * * MON", true),
        ("0 9 L * *", true),
        ("@weekly", true),
        ("0 2-2 * * *", true),
        ("0 9,9 * * *", true),
        ("0 9,10 * * *", false),
        ("*/30 9 * * *", false),
    ] {
        assert_eq!(schedule("UTC", cron).is_daily_or_coarser(), daily, "{cron}");
    }
}

#[test]
fn slot_on_is_the_first_slot_of_the_local_day() {
    let daily = schedule("Asia/Shanghai", "0 2 * * *");
    assert_eq!(daily.slot_on(date("2026-06-01")), Some(instant("2026-05-31T18:00:00Z")));
    assert_eq!(
        schedule("Asia/Shanghai", "0 9,2 * * MON").slot_on(date("2026-06-01")),
        Some(instant("2026-05-31T18:00:00Z"))
    );
    assert_eq!(schedule("Asia/Shanghai", "0 9 * * MON").slot_on(date("2026-06-02")), None);
    assert_eq!(schedule("Pacific/Apia", "0 2 * * *").slot_on(date("2011-12-30")), None);
}

#[test]
fn next_prints_local_time_utc_and_a_remark() {
    let tiers = schedule("Europe/Paris", "0 2 * * *");
    let birthday = schedule("Europe/Paris", "0 9 * * *");
    let jobs = [("value-tiers", &tiers), ("birthday", &birthday)];
    let found = preview::upcoming(&jobs, instant("2026-03-29T01:00:00Z"), 2);
    insta::assert_json_snapshot!(found, @r#"
    [
      {
        "job": "value-tiers",
        "local": "2026-03-29T03:00:00+02:00",
        "utc": "2026-03-29T01:00:00Z",
        "remark": "02:00 does not exist on 2026-03-29 (the clocks go forward from 02:00 to 03:00): it runs at 03:00, the first moment after."
      },
      {
        "job": "birthday",
        "local": "2026-03-29T09:00:00+02:00",
        "utc": "2026-03-29T07:00:00Z",
        "remark": null
      },
      {
        "job": "value-tiers",
        "local": "2026-03-30T02:00:00+02:00",
        "utc": "2026-03-30T00:00:00Z",
        "remark": null
      },
      {
        "job": "birthday",
        "local": "2026-03-30T09:00:00+02:00",
        "utc": "2026-03-30T07:00:00Z",
        "remark": null
      }
    ]
    "#);
    let year = (instant("2026-01-01T00:00:00Z"), instant("2027-01-01T00:00:00Z"));
    let bent = |schedule: &Schedule| -> Vec<String> {
        preview::bent("job", schedule, year.0, year.1).into_iter().map(|slot| slot.utc).collect()
    };
    assert_eq!(bent(&tiers), ["2026-03-29T01:00:00Z", "2026-10-25T00:00:00Z"]);
    assert!(bent(&birthday).is_empty());
    assert_eq!(bent(&schedule("Europe/Paris", "*/20 2 * * *")), ["2026-03-30T00:00:00Z", "2026-10-25T00:00:00Z"]);
    assert_eq!(bent(&schedule("America/Havana", "* * * * *")).len(), 2);
}

#[test]
fn a_description_is_a_sentence_with_the_zone() {
    assert_eq!(schedule("Asia/Shanghai", "0 2 * * *").describe(), "At 02:00 (Asia/Shanghai)");
}

#[test]
fn a_year_of_minutes_is_laid_out_quickly() {
    let minutes = schedule("Europe/Paris", "* * * * *");
    let start = Instant::now();
    let slots = minutes.between(instant("2025-12-31T22:59:59Z"), instant("2026-12-31T22:59:00Z"), usize::MAX);
    assert_eq!(slots.len(), 365 * 24 * 60);
    assert!(start.elapsed().as_secs() < 3, "{:?}", start.elapsed());
    let start = Instant::now();
    for slot in slots.iter().step_by(500) {
        assert!(minutes.next_after(*slot).is_some());
    }
    let each = start.elapsed() / 1051;
    assert!(each.as_millis() < 5, "{each:?} for one next_after");
}

#[test]
fn between_is_bounded_and_takes_the_oldest() {
    let minutes = schedule("UTC", "* * * * *");
    let from = instant("2026-01-01T00:00:00Z");
    let slots = minutes.between(from, DateTime::<Utc>::MAX_UTC, 3);
    assert_eq!(slots, [1, 2, 3].map(|minute| from + Duration::minutes(minute)));
    assert!(minutes.between(from, from, 3).is_empty());
    assert!(minutes.between(from, from - Duration::days(1), 3).is_empty());
    assert!(minutes.between(from, DateTime::<Utc>::MAX_UTC, 0).is_empty());
    // the ends of time are no reason to panic
    assert!(minutes.next_after(DateTime::<Utc>::MAX_UTC).is_none());
    assert!(minutes.next_after(DateTime::<Utc>::MIN_UTC).is_none_or(|slot| slot.year() >= 1800));
}

const ZONES: [&str; 12] = [
    "Europe/Paris",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Santiago",
    "Africa/Cairo",
    "America/Havana",
    "America/Nuuk",
    "Asia/Shanghai",
    "Pacific/Apia",
    "America/St_Johns",
];

fn zone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(ZONES.to_vec())
}

/// A field of numbers: alone or in a list.
fn listed(high: u8) -> impl Strategy<Value = String> {
    prop::collection::vec(0..=high, 1..4)
        .prop_map(|values| values.iter().map(u8::to_string).collect::<Vec<_>>().join(","))
}

/// A field without a plain number.
fn walled(high: u8) -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        (1..high).prop_map(|step| format!("*/{step}")),
        (0..high, 1..6_u8).prop_map(move |(from, length)| format!("{from}-{}", high.min(from + length))),
    ]
}

fn field(high: u8) -> impl Strategy<Value = String> {
    prop_oneof![listed(high), walled(high), (listed(high), walled(high)).prop_map(|(a, b)| format!("{a},{b}"))]
}

fn some_day() -> impl Strategy<Value = NaiveDate> {
    (0..11_000_i64).prop_map(|days| date("2008-01-01") + Duration::days(days))
}

/// Instants near changes of the clock, where the mistakes are.
fn near_a_change() -> impl Strategy<Value = DateTime<Utc>> {
    let months = prop::sample::select(vec![3, 4, 9, 10, 11, 12]);
    (2009..2036_i32, months, 1..=30_u32, 0..86_400_i64).prop_map(|(year, month, day, second)| {
        Utc.with_ymd_and_hms(year, month, day, 0, 0, 0).unwrap() + Duration::seconds(second)
    })
}

fn croner(cron: &str) -> Cron {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build().parse(cron).unwrap()
}

/// croner's own walk, which is right for single values and for patterns without any.
fn croner_slots(cron: &Cron, zone: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut slots = Vec::new();
    let mut at = from.with_timezone(&zone);
    while let Ok(next) = cron.find_next_occurrence(&at, false) {
        if next > until {
            break;
        }
        slots.push(next.with_timezone(&Utc));
        at = next;
    }
    slots
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_listed_time_runs_exactly_once_a_local_day(zone in zone(), minutes in listed(59), hours in listed(23), day in some_day()) {
        let schedule = schedule(zone, &format!("{minutes} {hours} * * *"));
        let tz = schedule.timezone();
        // Samoa's missing day has nothing to run on
        prop_assume!(!(zone == "Pacific/Apia" && day == date("2011-12-30")));
        let around = Utc.from_utc_datetime(&day.and_time(NaiveTime::MIN));
        let slots = schedule.between(around - Duration::hours(48), around + Duration::hours(72), 100_000);
        let of_day: Vec<_> = slots.iter().filter(|slot| schedule.business_date(**slot) == day).copied().collect();
        let mut wanted = std::collections::BTreeSet::new();
        for hour in hours.split(',').map(|hour| hour.parse::<u32>().unwrap()) {
            for minute in minutes.split(',').map(|minute| minute.parse::<u32>().unwrap()) {
                let local = day.and_hms_opt(hour, minute, 0).unwrap();
                // chrono's own answer; in a gap, the first minute after that exists
                let exists = (0..).map(|skip| local + Duration::minutes(skip)).find_map(|local| tz.from_local_datetime(&local).earliest());
                wanted.insert(exists.unwrap().with_timezone(&Utc));
            }
        }
        prop_assert_eq!(slots.iter().filter(|slot| wanted.contains(slot)).count(), wanted.len());
        prop_assert!(of_day.iter().all(|slot| wanted.contains(slot)), "{:?} {:?}", of_day, wanted);
    }

    #[test]
    fn between_is_next_after_repeated_and_strictly_increases(zone in zone(), minute in field(59), hour in field(23), from in near_a_change()) {
        let schedule = schedule(zone, &format!("{minute} {hour} * * *"));
        let until = from + Duration::hours(30);
        let slots = schedule.between(from, until, usize::MAX);
        prop_assert!(slots.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(slots.iter().all(|slot| from < *slot && *slot <= until && slot.timestamp_subsec_nanos() == 0));
        let mut at = from;
        for slot in slots.iter().take(200) {
            prop_assert_eq!(schedule.next_after(at), Some(*slot));
            at = *slot;
        }
        if slots.len() <= 200 {
            prop_assert!(schedule.next_after(at).is_some_and(|next| next > until));
        }
        prop_assert_eq!(schedule.between(from, until, 5), slots[..slots.len().min(5)].to_vec());
    }

    #[test]
    fn next_after_does_not_depend_on_where_one_starts(zone in zone(), minute in field(59), hour in field(23), from in near_a_change(), back in 0..90_000_i64, nanos in 0..1_000_000_000_i64) {
        let schedule = schedule(zone, &format!("{minute} {hour} * * *"));
        let earlier = from - Duration::seconds(back) + Duration::nanoseconds(nanos);
        let next = schedule.next_after(from).unwrap();
        let walked = schedule.between(earlier, next, usize::MAX);
        prop_assert_eq!(walked.last(), Some(&next).filter(|_| next > earlier));
        prop_assert!(walked.iter().all(|slot| *slot <= from || *slot == next));
    }

    #[test]
    fn no_two_slots_share_a_business_key(zone in zone(), minute in field(59), hour in field(23), from in near_a_change()) {
        let schedule = schedule(zone, &format!("{minute} {hour} * * *"));
        let slots = schedule.between(from - Duration::hours(36), from + Duration::hours(36), usize::MAX);
        let keys: std::collections::HashSet<String> = slots.iter().map(|slot| schedule.business_key(*slot)).collect();
        prop_assert_eq!(keys.len(), slots.len());
        for slot in slots.iter().take(20) {
            let first = schedule.slot_on(schedule.business_date(*slot)).unwrap();
            prop_assert!(first <= *slot);
        }
    }

    #[test]
    fn single_values_and_patterns_without_any_agree_with_croner(zone in zone(), single in any::<bool>(), minute in (0..60_u8, walled(59)), hour in (0..24_u8, walled(23)), from in near_a_change()) {
        // croner knows no days that do not exist
        prop_assume!(zone != "Pacific/Apia");
        let pattern = if single { format!("{} {} * * *", minute.0, hour.0) } else { format!("{} {} * * *", minute.1, hour.1) };
        let schedule = schedule(zone, &pattern);
        let until = from + Duration::hours(30);
        let expected = croner_slots(&croner(&pattern), schedule.timezone(), from, until);
        prop_assert_eq!(schedule.between(from, until, usize::MAX), expected, "{}", pattern);
    }

    #[test]
    fn a_remark_stands_only_near_a_change_of_the_clock(zone in zone(), minute in field(59), hour in field(23), from in near_a_change()) {
        let schedule = schedule(zone, &format!("{minute} {hour} * * *"));
        let tz = schedule.timezone();
        let offset = |at: DateTime<Utc>| at.with_timezone(&tz).format("%z").to_string();
        for slot in schedule.between(from, from + Duration::hours(26), 30) {
            if schedule.remark(slot).is_some() {
                // the furthest: the day before lost all its slots
                let quiet = (-60..=30).all(|hours| offset(slot + Duration::hours(hours)) == offset(slot));
                prop_assert!(!quiet, "{} in {zone}", slot);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[0-9*/,LW#?@+a-zA-Z -]{0,24}", any in ".{0,30}", from in near_a_change()) {
        for text in [text, any] {
            for days in [None, Some(Days::And), Some(Days::Or)] {
                if let Ok(schedule) = Schedule::parse(&text, Tz::Europe__Paris, days) {
                    let next = schedule.next_after(from);
                    prop_assert!(next.is_some(), "{text}");
                    prop_assert!(!schedule.describe().is_empty());
                    let _ = schedule.remark(next.unwrap());
                }
            }
            let _ = timezone(&text);
        }
    }

    #[test]
    fn five_fields_of_anything_never_panic(fields in prop::collection::vec("[0-9]{1,2}|\\*|\\*/[0-9]{1,2}|[0-9]{1,2}-[0-9]{1,2}(/[0-9])?|L|LW|[0-9]{1,2}W|[0-7]#[0-9L]|MON-FRI|JAN|[0-9],[0-9]", 5)) {
        let text = fields.join(" ");
        for days in [None, Some(Days::And), Some(Days::Or)] {
            if let Ok(schedule) = Schedule::parse(&text, Tz::America__Havana, days) {
                prop_assert!(schedule.next_after(instant("2026-01-01T00:00:00Z")).is_some(), "{text}");
            }
        }
    }
}
