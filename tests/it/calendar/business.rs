//! Days and windows of business calendars, and what tend ships.

use chrono::Weekday;
use tend::calendar::business::{Calendar, Calendars, Pause, Trouble, Why};

use super::{at, date};

fn read(text: &str) -> Calendar {
    Calendar::read("desk", text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"))
}

const DESK: &str = r#"
zone = "Asia/Shanghai"
first_day = "2026-01-01"
last_day = 2026-12-31
[hours]
monday-friday = ["13:30-18:00", "09:00-12:00"]
[off]
"2026-02-15 to 2026-02-23" = "Spring Festival"
"every 05-01" = "Labour Day"
[worked]
"2026-02-14" = { like = "monday", name = "Spring Festival" }
[dates]
"2026-02-13" = { hours = ["09:00-12:00"], name = "the day before" }
"2026-05-01" = ["10:00-11:00"]
[names]
"Spring Festival" = { zh-CN = "春节" }
"#;

#[test]
fn a_day_says_when_it_is_worked_and_why() {
    let desk = read(DESK);
    let monday = desk.day(date("2026-03-02")).unwrap();
    assert_eq!(monday.why, Why::Weekday(Weekday::Mon));
    let windows = [("2026-03-02T01:00:00Z", "2026-03-02T04:00:00Z"), ("2026-03-02T05:30:00Z", "2026-03-02T10:00:00Z")];
    assert_eq!(monday.open, windows.map(|(from, to)| (at(from), at(to))), "in order, whatever the file's order");
    let closed = desk.day(date("2026-03-01")).unwrap();
    assert_eq!((closed.open.len(), closed.why), (0, Why::Weekday(Weekday::Sun)));
    let holiday = desk.day(date("2026-02-17")).unwrap();
    assert!(holiday.open.is_empty() && matches!(&holiday.why, Why::Holiday(name) if name.in_locale("zh-CN") == "春节"));
    let made_up = desk.day(date("2026-02-14")).unwrap();
    assert!(made_up.open.len() == 2 && matches!(&made_up.why, Why::MakeUp { like: Weekday::Mon, .. }), "{made_up:?}");
    let half = desk.day(date("2026-02-13")).unwrap();
    assert!(
        half.open.len() == 1 && matches!(&half.why, Why::ByDate(name) if name.text() == "the day before"),
        "{half:?}"
    );
    assert_eq!(
        desk.day(date("2026-05-01")).unwrap().open.len(),
        1,
        "a date's own hours are before every year's day off"
    );
}

#[test]
fn working_days_are_those_with_hours() {
    let desk = read(DESK);
    assert!(desk.works(date("2026-02-13")).unwrap() && desk.works(date("2026-02-14")).unwrap());
    assert!(!desk.works(date("2026-02-15")).unwrap());
    assert_eq!(desk.next_working_day(date("2026-02-14")), Ok(date("2026-02-24")), "after it, not on it");
    let days = desk.working_days(date("2026-02-12"), date("2026-02-25")).unwrap();
    assert_eq!(days, ["2026-02-12", "2026-02-13", "2026-02-14", "2026-02-24", "2026-02-25"].map(date));
    assert_eq!(desk.working_days(date("2026-02-25"), date("2026-02-12")), Ok(Vec::new()));
}

#[test]
fn due_at_the_make_up_workday_before_the_holiday() {
    let desk = read(DESK);
    // Friday 2026-02-13 17:00 is after half a day; two hours are over on Saturday at eleven
    assert_eq!(desk.add(at("2026-02-13T09:00:00Z"), 7200, &[]), Ok(at("2026-02-14T03:00:00Z")));
    // 7.5 h of Saturday, then the holidays
    assert_eq!(desk.add(at("2026-02-13T09:00:00Z"), 8 * 3600, &[]), Ok(at("2026-02-24T01:30:00Z")));
}

#[test]
fn what_ends_at_closing_time_is_due_at_closing_time() {
    let desk = read(DESK);
    let opening = at("2026-03-02T01:00:00Z");
    assert_eq!(desk.add(opening, 3 * 3600, &[]), Ok(at("2026-03-02T04:00:00Z")), "at noon, not after lunch");
    assert_eq!(desk.add(opening, 3 * 3600 + 1, &[]), Ok(at("2026-03-02T05:30:01Z")));
    let lunch = [Pause { from: at("2026-03-02T04:00:00Z"), to: at("2026-03-02T05:30:00Z") }];
    assert_eq!(
        desk.add(opening, 3 * 3600, &lunch),
        Ok(at("2026-03-02T04:00:00Z")),
        "a pause that begins then changes nothing"
    );
}

#[test]
fn overlapping_pauses_count_once_in_whatever_order() {
    let desk = read(DESK);
    let pause = |from: &str, to: &str| Pause { from: at(from), to: at(to) };
    let mut pauses = vec![
        pause("2026-03-02T02:30:00Z", "2026-03-02T03:00:00Z"),
        pause("2026-03-02T02:00:00Z", "2026-03-02T02:45:00Z"),
        pause("2026-03-02T02:10:00Z", "2026-03-02T02:20:00Z"),
        // the other way round: none
        pause("2026-03-02T03:30:00Z", "2026-03-02T03:10:00Z"),
    ];
    for _ in 0..pauses.len() {
        pauses.rotate_left(1);
        assert_eq!(desk.add(at("2026-03-02T01:00:00Z"), 7200, &pauses), Ok(at("2026-03-02T04:00:00Z")));
        assert_eq!(desk.measure(at("2026-03-02T01:00:00Z"), at("2026-03-02T04:00:00Z"), &pauses), Ok(7200));
    }
}

#[test]
fn a_night_shift_that_begins_before_a_day_off_ends_on_it() {
    let bar = read(
        "zone = \"Europe/Berlin\"\n[hours]\nmonday-sunday = [\"22:00-06:00+1\"]\n[off]\n\"every 12-25\" = \"Christmas\"",
    );
    assert_eq!(bar.known(), None, "days that come every year never end");
    assert_eq!(bar.is_open(at("2026-12-25T03:00:00Z")), Ok(true), "still Thursday's");
    assert_eq!(bar.is_open(at("2026-12-25T22:00:00Z")), Ok(false));
    assert_eq!(bar.is_open(at("2026-12-26T03:00:00Z")), Ok(false), "Christmas would have begun it");
    assert_eq!(bar.next_open(at("2026-12-25T05:00:00Z")), Ok(at("2026-12-26T21:00:00Z")));
}

#[test]
fn an_edge_that_does_not_exist_is_the_instant_after_and_one_that_comes_twice_the_first_time() {
    let night = read("zone = \"Europe/Berlin\"\n[hours]\nmonday-sunday = [\"02:30-04:00\"]");
    let spring = night.day(date("2024-03-31")).unwrap();
    assert_eq!(spring.open, [(at("2024-03-31T01:00:00Z"), at("2024-03-31T02:00:00Z"))], "03:00 to 04:00");
    let autumn = night.day(date("2024-10-27")).unwrap();
    assert_eq!(autumn.open, [(at("2024-10-27T00:30:00Z"), at("2024-10-27T03:00:00Z"))], "two hours and a half");
    let gone = read("zone = \"Europe/Berlin\"\n[hours]\nmonday-sunday = [\"02:00-03:00\"]");
    assert_eq!(gone.day(date("2024-03-31")).unwrap().open, [], "the hour that is skipped");
    assert!(gone.works(date("2024-03-31")).unwrap());
}

#[test]
fn an_endless_calendar_knows_when_a_question_makes_no_sense() {
    let always = Calendars::shipped().get("always").unwrap();
    assert_eq!(always.add(at("2026-01-01T00:00:00Z"), 86_400 * 365, &[]), Ok(at("2027-01-01T00:00:00Z")));
    let beyond = Err(Trouble::Beyond { calendar: "always".into(), last: date("2099-12-31") });
    assert_eq!(always.add(at("2026-01-01T00:00:00Z"), i64::MAX, &[]), beyond);
    assert_eq!(always.add(at("2026-01-01T00:00:00Z"), i64::MAX / 1_000_000, &[]), beyond);
}

#[test]
fn three_calendars_are_shipped() {
    let shipped = Calendars::shipped();
    assert_eq!(shipped.names().collect::<Vec<_>>(), ["always", "cn", "weekdays"]);
    let weekdays = shipped.get("weekdays").unwrap();
    assert_eq!(weekdays.add(at("2026-03-06T09:00:00Z"), 7200, &[]), Ok(at("2026-03-09T02:00:00Z")), "over a weekend");
    assert!(weekdays.works(date("2026-10-01")).unwrap(), "it has no holidays");
    assert_eq!(shipped.get("cn").unwrap().known(), Some(date("2004-01-01")..=date("2026-12-31")));
}

#[test]
fn a_company_has_its_own_hours_on_the_shipped_days() {
    let desk = read(
        "title = \"Hotline\"\nzone = \"Asia/Shanghai\"\nholidays_of = \"cn\"\n[hours]\nmonday-saturday = [\"08:00-22:00\"]\n[dates]\n2026-10-01 = [\"10:00-16:00\"]",
    );
    assert_eq!(desk.known(), Some(date("2004-01-01")..=date("2026-12-31")));
    assert!(desk.works(date("2026-03-07")).unwrap(), "a Saturday");
    assert!(!desk.works(date("2026-10-02")).unwrap());
    let own = desk.day(date("2026-10-01")).unwrap();
    assert!(own.open.len() == 1 && matches!(own.why, Why::ByDate(_)), "what the file says itself goes first: {own:?}");
    assert_eq!(
        desk.day(date("2026-10-10")).unwrap().open[0].0,
        at("2026-10-10T00:00:00Z"),
        "make-up days have its hours"
    );
}

#[test]
fn files_add_to_the_shipped_calendars_and_take_their_place() {
    let own = "zone = \"Asia/Shanghai\"\n[hours]\nmonday = [\"09:00-10:00\"]";
    let desk = "zone = \"UTC\"\nholidays_of = \"zz\"\n[hours]\nmonday = [\"09:00-10:00\"]";
    let zz = "zone = \"UTC\"\nfirst_day = 2026-01-01\nlast_day = 2026-12-31\n[hours]\nmonday = [\"09:00-10:00\"]\n[off]\n2026-06-01 = \"x\"";
    let all = Calendars::with([("desk", desk), ("weekdays", own), ("zz", zz)]).unwrap();
    assert_eq!(all.names().collect::<Vec<_>>(), ["always", "cn", "desk", "weekdays", "zz"]);
    assert!(!all.get("weekdays").unwrap().works(date("2026-03-03")).unwrap(), "a Tuesday");
    assert!(!all.get("desk").unwrap().works(date("2026-06-01")).unwrap(), "its days are in a file read after it");
    let circle = zz.replace("zone = \"UTC\"", "zone = \"UTC\"\nholidays_of = \"desk\"");
    let wrong = Calendars::with([("desk", desk), ("zz", circle.as_str())]).unwrap_err();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong["desk"][0].message.contains("in a circle"), "{wrong:?}");
}
