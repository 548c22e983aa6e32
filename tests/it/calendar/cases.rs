//! The cases of notes/service.md, section 4, as far as they are arithmetic: when something is due and how much time was
//! used. Which clock runs at which moment of a ticket, which policy matches, what is cleared and how often somebody hears
//! of it (the rest of 2 to 9, 12 and 14, all of 28) is tested with tickets, in the table of the kind `sla`.
//!
//! Where tend answers otherwise than the system a case comes from, the case says so.

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use tend::calendar::business::{Calendar, Pause, Trouble};

use super::at;

/// Hours in Berlin, unless the text names a zone.
fn calendar(text: &str) -> Calendar {
    let zone = if text.contains("zone =") { "" } else { "zone = \"Europe/Berlin\"\n" };
    Calendar::read("case", &format!("{zone}{text}")).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"))
}

fn weekdays(hours: &str) -> Calendar {
    calendar(&format!("[hours]\nmonday-friday = [{hours}]"))
}

fn daily(hours: &str) -> Calendar {
    calendar(&format!("[hours]\nmonday-sunday = [{hours}]"))
}

/// `2013-03-21 09:30` or with seconds, UTC.
fn utc(text: &str) -> DateTime<Utc> {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    at(&format!("{}{seconds}Z", text.replace(' ', "T")))
}

/// The same on the clocks of the calendar's zone.
fn local(calendar: &Calendar, text: &str) -> DateTime<Utc> {
    let naive: NaiveDateTime = utc(text).naive_utc();
    calendar.zone().from_local_datetime(&naive).unwrap().to_utc()
}

fn pause(from: &str, to: &str) -> Pause {
    Pause { from: utc(from), to: utc(to) }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// Case, calendar, from, minutes, pauses, due.
type Due<'c> = (&'c str, &'c Calendar, &'c str, i64, &'c [Pause], &'c str);
/// Case, calendar, from, to, pauses, minutes used.
type Used<'c> = (&'c str, &'c Calendar, &'c str, &'c str, &'c [Pause], i64);

#[test]
fn what_is_due_when() {
    let a = weekdays("\"08:00-18:00\"");
    let b = daily("\"09:00-18:00\"");
    let c = weekdays("\"09:00-17:00\"");
    let d = calendar(
        "first_day = \"2016-01-01\"\nlast_day = \"2016-12-31\"\n[hours]\nmonday-friday = [\"08:00-20:00\"]\n[off]\n2016-11-01 = \"All Saints\"",
    );
    // of the three holidays of case 17 one is not active and one does not say: they stand in no file of ours
    let c17 = calendar(
        "first_day = \"2015-01-01\"\nlast_day = \"2015-12-31\"\n[hours]\nmonday-friday = [\"09:00-17:00\"]\n[off]\n2015-09-22 = \"x\"",
    );
    let f = daily("\"00:00-24:00\"");
    let ten = [pause("2013-06-04 09:30", "2013-06-04 09:45"), pause("2013-06-04 10:00", "2013-06-04 10:30")];
    let eleven = [pause("2013-06-04 10:00", "2013-06-04 15:00")];
    let twenty = [pause("2013-06-04 10:20", "2013-06-04 10:30")];
    let rows: &[Due<'_>] = &[
        ("1 first response", &a, "2013-03-21 09:30", 60, &[], "2013-03-21 10:30"),
        ("1 response", &a, "2013-03-21 09:30", 120, &[], "2013-03-21 11:30"),
        ("1 solution", &a, "2013-03-21 09:30", 180, &[], "2013-03-21 12:30"),
        ("6 response to the mail of 12:05", &a, "2013-03-21 12:05", 120, &[], "2013-03-21 14:05"),
        ("9 first response", &c, "2013-03-21 09:30", 60, &[], "2013-03-21 10:30"),
        ("9 solution", &c, "2013-03-21 09:30", 240, &[], "2013-03-21 13:30"),
        ("10", &b, "2013-06-04 09:00", 120, &ten, "2013-06-04 11:45"),
        // Zammad: 2013-06-05 07:00, the next opening. Here what ends at closing time is due at closing time.
        ("11", &b, "2013-06-04 09:00", 120, &eleven, "2013-06-04 16:00"),
        // Zammad cuts 13:56:21 to the minute; it is a holiday, so that nothing is lost here either way
        ("13 first response", &d, "2016-11-01 13:56:21", 120, &[], "2016-11-02 09:00"),
        ("13 response", &d, "2016-11-01 13:56:21", 1200, &[], "2016-11-03 15:00"),
        ("14 response", &d, "2016-11-01 15:59:14", 1200, &[], "2016-11-03 15:00"),
        ("15 first response, summer time", &c, "2013-10-21 09:30", 120, &[], "2013-10-21 11:30"),
        ("15 solution", &c, "2013-10-21 09:30", 240, &[], "2013-10-21 13:30"),
        ("16 before opening", &c, "2013-10-21 05:30", 120, &[], "2013-10-21 09:00"),
        ("16 solution", &c, "2013-10-21 05:30", 240, &[], "2013-10-21 11:00"),
        ("17 first response", &c17, "2015-09-21 14:30", 120, &[], "2015-09-23 08:30"),
        ("17 solution", &c17, "2015-09-21 14:30", 240, &[], "2015-09-23 10:30"),
        ("20 solution", &f, "2013-06-04 10:00", 75, &twenty, "2013-06-04 11:25"),
        ("20 update before the first answer", &f, "2013-06-04 10:00", 60, &twenty, "2013-06-04 11:10"),
        ("20 update after an answer at 10:40", &f, "2013-06-04 10:40", 60, &twenty, "2013-06-04 11:40"),
    ];
    for (case, calendar, from, minutes, pauses, due) in rows {
        assert_eq!(calendar.add(utc(from), minutes * MINUTE, pauses), Ok(utc(due)), "case {case}");
    }
}

#[test]
fn how_much_time_was_used() {
    let a = weekdays("\"08:00-18:00\"");
    let b = daily("\"09:00-18:00\"");
    let pending = [pause("2013-06-04 09:00", "2013-06-04 12:00")];
    let rows: &[Used<'_>] = &[
        ("2 answered in time", &a, "2013-03-21 09:30", "2013-03-21 10:00", &[], 30),
        ("3 answered late", &a, "2013-03-21 09:30", "2013-03-21 14:00", &[], 270),
        ("4 contact in time", &a, "2013-03-21 09:30", "2013-03-21 11:00", &[], 90),
        ("5 contact late", &a, "2013-03-21 09:30", "2013-03-21 12:00", &[], 150),
        ("7 the second one took", &a, "2013-03-21 12:05", "2013-03-21 12:10", &[], 5),
        ("8 answered while pending", &a, "2013-03-21 09:30", "2013-03-21 09:45", &[], 15),
        ("12 pending all the time", &b, "2013-06-04 09:00", "2013-06-04 12:00", &pending, 0),
        ("25 the other way round", &a, "2013-03-21 14:00", "2013-03-21 09:30", &[], 0),
    ];
    for (case, calendar, from, to, pauses, minutes) in rows {
        assert_eq!(calendar.measure(utc(from), utc(to), pauses), Ok(minutes * MINUTE), "case {case}");
    }
}

/// (Case, calendar, from, seconds, due), on the clocks of the calendar's zone.
#[test]
fn what_is_due_on_local_clocks() {
    let open = |zone: &str| calendar(&format!("zone = \"{zone}\"\n[hours]\nmonday-sunday = [\"00:00-24:00\"]"));
    let vacations = calendar(
        "[hours]\nmonday-sunday = [\"00:00-24:00\"]\n[off]\n\"every 01-01\" = \"a\"\n\"every 05-01\" = \"b\"\n\"every 12-24 to 12-26\" = \"c\"\n\"every 12-31\" = \"d\"",
    );
    let otrs = weekdays("\"08:00-18:00\"");
    let g = weekdays("\"08:00-13:00\", \"14:00-18:00\"");
    let york = calendar("zone = \"America/New_York\"\n[hours]\nmonday-friday = [\"09:00-17:00\"]");
    let (berlin, tehran, sydney) = (open("Europe/Berlin"), open("Asia/Tehran"), open("Australia/Sydney"));
    let rows: &[(&str, &Calendar, &str, i64, &str)] = &[
        ("18 with 24:00", &berlin, "2015-02-17 12:00", 24 * HOUR, "2015-02-18 12:00"),
        ("22", &vacations, "2015-02-17 12:00", (90 * 24 + 1) * HOUR, "2015-05-19 14:00"),
        ("23 Tehran", &tehran, "2015-09-20 12:00", 48 * HOUR, "2015-09-22 11:00"),
        ("23 Sydney", &sydney, "2016-04-02 12:00", 41 * HOUR, "2016-04-04 04:00"),
        ("24 from a Sunday", &otrs, "2016-01-31 12:25:30", 5 * HOUR, "2016-02-01 13:00:00"),
        ("24 over night", &otrs, "2016-02-01 16:59:30", 7 * HOUR / 2, "2016-02-02 10:29:30"),
        ("24 with a break at noon", &g, "2016-02-01 12:25:30", 5 * HOUR, "2016-02-02 08:25:30"),
        ("26 over a weekend", &york, "2024-01-05 16:00", 2 * HOUR, "2024-01-08 10:00"),
    ];
    for (case, calendar, from, seconds, due) in rows {
        assert_eq!(calendar.add(local(calendar, from), *seconds, &[]), Ok(local(calendar, due)), "case {case}");
    }
}

/// Case 19: Zammad turns pauses into breaks of days; here they are cut out of the line of time.
#[test]
fn pauses_over_midnight_and_over_days_count_as_what_they_are() {
    let f = daily("\"00:00-24:00\"");
    let at = |text: &str| local(&f, text);
    let night = [Pause { from: at("2013-06-04 23:45"), to: at("2013-06-05 00:45") }];
    assert_eq!(f.add(at("2013-06-04 23:00"), 2 * HOUR, &night), Ok(at("2013-06-05 02:00")));
    let days = [Pause { from: at("2013-06-04 12:00"), to: at("2013-06-09 12:00") }];
    assert_eq!(f.measure(at("2013-06-04 00:00"), at("2013-06-10 00:00"), &days), Ok(24 * HOUR));
    assert_eq!(f.add(at("2013-06-04 11:00"), 2 * HOUR, &days), Ok(at("2013-06-09 13:00")));
}

/// Zammad takes an end of 23:59 for 24:00. Here it is refused, and the file says what is meant.
#[test]
fn what_can_only_be_a_slip_is_refused() {
    let refused = |hours: &str| {
        let text = format!("zone = \"Europe/Berlin\"\n[hours]\nmonday-sunday = [{hours}]");
        let mistakes = Calendar::read("case", &text).unwrap_err();
        let [mistake] = &mistakes[..] else { panic!("{mistakes:?}") };
        (mistake.message.clone(), mistake.help.clone().unwrap())
    };
    let (message, help) = refused("\"00:00-23:59\"");
    assert!(
        message.contains("leaves out the last minute") && help.contains("\"00:00-24:00\""),
        "case 18: {message}; {help}"
    );
    let (message, help) = refused("\"09:00-00:00\"");
    assert!(
        message.contains("ends before it begins") && help.contains("\"09:00-24:00\""),
        "case 21: {message}; {help}"
    );
    let (message, _) = refused("");
    assert!(message.contains("nobody works on any day"), "cases 21 and 26: {message}");
}

/// Cases 25 and 27.
#[test]
fn nothing_and_less_than_nothing() {
    let biz = calendar("zone = \"UTC\"\n[hours]\nmonday = [\"09:00-17:00\"]\ntuesday = [\"10:00-16:00\"]");
    let (night, noon) = (utc("2024-01-08 20:00"), utc("2024-01-08 12:00"));
    assert_eq!(biz.add(night, 0, &[]), Ok(utc("2024-01-09 10:00")), "the first open moment");
    assert_eq!(biz.back(night, 0), Ok(utc("2024-01-08 17:00")), "the last closing moment");
    assert_eq!(biz.add(noon, 0, &[]), Ok(noon));
    assert_eq!(biz.back(noon, 0), Ok(noon));
    assert_eq!(biz.add(noon, -1, &[]), Err(Trouble::Negative));
    assert_eq!(biz.back(noon, -1), Err(Trouble::Negative));
}

/// Zammad cuts them.
#[test]
fn seconds_and_what_is_finer_are_kept() {
    let a = weekdays("\"08:00-18:00\"");
    let from = at("2013-03-21T09:30:21.250001Z");
    assert_eq!(a.add(from, 60 * MINUTE, &[]), Ok(at("2013-03-21T10:30:21.250001Z")));
    let evening = at("2013-03-21T16:59:59.5Z");
    assert_eq!(a.add(evening, 1, &[]), Ok(at("2013-03-22T07:00:00.5Z")));
    assert_eq!(a.measure(evening, at("2013-03-22T07:00:00.5Z"), &[]), Ok(1));
    assert_eq!(a.measure(evening, at("2013-03-22T07:00:00.4Z"), &[]), Ok(0), "a started second does not count");
}
