//! Holidays from iCalendar files.

use tend::calendar::ical::{DayOff, read};

use super::date;

fn event(lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        lines.replace('\n', "\r\n")
    )
}

/// The days of one event, or why it has none.
fn days(lines: &str) -> Result<Vec<DayOff>, String> {
    let found = read(&event(lines), &(2026..=2028));
    match found.left_out.first() {
        Some((line, why)) => {
            assert_eq!(*line, 3, "where the event begins");
            Err(why.clone())
        }
        None => Ok(found.days.into_iter().map(|(day, _)| day).collect()),
    }
}

fn dates(from: &str, to: &str) -> DayOff {
    DayOff::Dates(date(from)..=date(to))
}

#[test]
fn whole_days_and_ranges_are_read_and_the_end_is_the_day_after() {
    assert_eq!(days("DTSTART;VALUE=DATE:20260501\nSUMMARY:x"), Ok(vec![dates("2026-05-01", "2026-05-01")]));
    let week = "DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260506\nSUMMARY:x";
    assert_eq!(days(week), Ok(vec![dates("2026-05-01", "2026-05-05")]));
    assert_eq!(days("DTSTART:20260501\nDURATION:P1W"), Ok(vec![dates("2026-05-01", "2026-05-07")]));
    let same = "DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260501";
    assert_eq!(days(same), Ok(vec![dates("2026-05-01", "2026-05-01")]), "as some programs write one day");
}

#[test]
fn rules_that_come_every_year_are_written_out_or_kept_as_such() {
    let christmas = "DTSTART;VALUE=DATE:20191225\nRRULE:FREQ=YEARLY";
    assert_eq!(days(christmas), Ok(vec![DayOff::Yearly(12, 25)]));
    let thanksgiving = "DTSTART;VALUE=DATE:20241128\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH";
    let fourth = ["2026-11-26", "2027-11-25", "2028-11-23"].map(|day| dates(day, day)).to_vec();
    assert_eq!(days(thanksgiving), Ok(fourth));
    let last_monday = "DTSTART;VALUE=DATE:20260525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2";
    assert_eq!(days(last_monday), Ok(["2026-05-25", "2027-05-31"].map(|day| dates(day, day)).to_vec()));
    let until = "DTSTART;VALUE=DATE:20260301\nDTEND;VALUE=DATE:20260303\nRRULE:FREQ=YEARLY;UNTIL=20270301";
    assert_eq!(days(until), Ok(vec![dates("2026-03-01", "2026-03-02"), dates("2027-03-01", "2027-03-02")]));
    let every_other = "DTSTART;VALUE=DATE:20260301\nRRULE:FREQ=YEARLY;INTERVAL=2";
    assert_eq!(days(every_other), Ok(vec![dates("2026-03-01", "2026-03-01"), dates("2028-03-01", "2028-03-01")]));
    let except = "DTSTART;VALUE=DATE:20260301\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20270301";
    assert_eq!(days(except), Ok(vec![dates("2026-03-01", "2026-03-01"), dates("2028-03-01", "2028-03-01")]));
    let leap = "DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;UNTIL=20300101";
    assert_eq!(days(leap), Ok(vec![dates("2028-02-29", "2028-02-29")]));
}

#[test]
fn what_is_no_day_off_is_named_with_its_line_and_reason() {
    let rows = [
        ("DTSTART:20260501T090000Z", "not a whole day"),
        ("DTSTART;TZID=Asia/Shanghai:20260501T090000", "not a whole day"),
        ("SUMMARY:x", "no beginning"),
        ("DTSTART:20260501\nRRULE:FREQ=WEEKLY", "FREQ=WEEKLY is not a plain one"),
        ("DTSTART:20260501\nRRULE:FREQ=YEARLY;BYDAY=MO,TU;BYMONTH=5", "not a plain one"),
        ("DTSTART:20260501\nRRULE:FREQ=YEARLY;BYEASTER=0", "not a plain one"),
        ("DTSTART:20260501\nRRULE:FREQ=YEARLY;INTERVAL=0", "not a plain one"),
        ("DTSTART:20260501\nDTEND:20260401", "ends before it begins"),
        ("DTSTART:20260501\nDTEND:20280501", "longer than a year"),
        ("DTSTART:20260501\nSTATUS:CANCELLED", "cancelled"),
        ("DTSTART:20260230", "not a whole day"),
    ];
    for (lines, reason) in rows {
        let why = days(lines).expect_err(lines);
        assert!(why.contains(reason), "{lines}: {why}");
    }
}

#[test]
fn names_are_unfolded_and_without_escapes() {
    let text =
        event("DTSTART;VALUE=DATE:20260501\nSUMMARY;LANGUAGE=\"en:GB\":Labour\n  Day\\, the first\\; \\\\o/\\nof May");
    let found = read(&text, &(2026..=2026));
    assert_eq!(found.days[0].1, "Labour Day, the first; \\o/ of May");
    let two = text.replace("END:VCALENDAR", "BEGIN:VEVENT\r\nDTSTART:20260601\r\nEND:VEVENT\r\nEND:VCALENDAR");
    assert_eq!(read(&two, &(2026..=2026)).days[1].1, "day off");
    assert_eq!(read("", &(2026..=2026)), tend::calendar::ical::Read::default());
}
