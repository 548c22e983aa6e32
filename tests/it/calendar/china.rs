//! The shipped calendar of mainland China, day by day.

use chrono::{Datelike, NaiveDate, Weekday};
use tend::calendar::business::{Calendar, Calendars, Trouble, Why};

use super::date;

/// Each year's count of working days, the days of Monday to Friday that are off, and the days of a weekend that are
/// worked, as the Python packages chinesecalendar 1.11.0 and holidays 0.109 have them: made with both, which agree but for
/// 2005-12-31 (worked: it was exchanged for 2006-01-03, which both have off).
const YEARS: &[(i32, usize, &str, &str)] = &[
    (
        2004,
        252,
        "0101 0122 0123 0126 0127 0128 0503 0504 0505 0506 0507 1001 1004 1005 1006 1007",
        "0117 0118 0508 0509 1009 1010",
    ),
    (
        2005,
        251,
        "0103 0209 0210 0211 0214 0215 0502 0503 0504 0505 0506 1003 1004 1005 1006 1007",
        "0205 0206 0430 0508 1008 1009 1231",
    ),
    (
        2006,
        251,
        "0102 0103 0130 0131 0201 0202 0203 0501 0502 0503 0504 0505 1002 1003 1004 1005 1006",
        "0128 0205 0429 0430 0930 1008 1230 1231",
    ),
    (
        2007,
        249,
        "0101 0102 0103 0219 0220 0221 0222 0223 0501 0502 0503 0504 0507 1001 1002 1003 1004 1005 1231",
        "0217 0225 0428 0429 0929 0930 1229",
    ),
    (
        2008,
        251,
        "0101 0206 0207 0208 0211 0212 0404 0501 0502 0609 0915 0929 0930 1001 1002 1003",
        "0202 0203 0504 0927 0928",
    ),
    (
        2009,
        250,
        "0101 0102 0126 0127 0128 0129 0130 0406 0501 0528 0529 1001 1002 1005 1006 1007 1008",
        "0104 0124 0201 0531 0927 1010",
    ),
    (
        2010,
        250,
        "0101 0215 0216 0217 0218 0219 0405 0503 0614 0615 0616 0922 0923 0924 1001 1004 1005 1006 1007",
        "0220 0221 0612 0613 0919 0925 0926 1009",
    ),
    (
        2011,
        250,
        "0103 0202 0203 0204 0207 0208 0404 0405 0502 0606 0912 1003 1004 1005 1006 1007",
        "0130 0212 0402 1008 1009 1231",
    ),
    (
        2012,
        249,
        "0102 0103 0123 0124 0125 0126 0127 0402 0403 0404 0430 0501 0622 1001 1002 1003 1004 1005",
        "0121 0129 0331 0401 0428 0929",
    ),
    (
        2013,
        250,
        "0101 0102 0103 0211 0212 0213 0214 0215 0404 0405 0429 0430 0501 0610 0611 0612 0919 0920 1001 1002 1003 1004 1007",
        "0105 0106 0216 0217 0407 0427 0428 0608 0609 0922 0929 1012",
    ),
    (
        2014,
        250,
        "0101 0131 0203 0204 0205 0206 0407 0501 0502 0602 0908 1001 1002 1003 1006 1007",
        "0126 0208 0504 0928 1011",
    ),
    (
        2015,
        249,
        "0101 0102 0218 0219 0220 0223 0224 0406 0501 0622 0903 0904 1001 1002 1005 1006 1007",
        "0104 0215 0228 0906 1010",
    ),
    (
        2016,
        250,
        "0101 0208 0209 0210 0211 0212 0404 0502 0609 0610 0915 0916 1003 1004 1005 1006 1007",
        "0206 0214 0612 0918 1008 1009",
    ),
    (
        2017,
        249,
        "0102 0127 0130 0131 0201 0202 0403 0404 0501 0529 0530 1002 1003 1004 1005 1006",
        "0122 0204 0401 0527 0930",
    ),
    (
        2018,
        250,
        "0101 0215 0216 0219 0220 0221 0405 0406 0430 0501 0618 0924 1001 1002 1003 1004 1005 1231",
        "0211 0224 0408 0428 0929 0930 1229",
    ),
    (
        2019,
        250,
        "0101 0204 0205 0206 0207 0208 0405 0501 0502 0503 0607 0913 1001 1002 1003 1004 1007",
        "0202 0203 0428 0505 0929 1012",
    ),
    (
        2020,
        249,
        "0101 0124 0127 0128 0129 0130 0131 0406 0501 0504 0505 0625 0626 1001 1002 1005 1006 1007 1008",
        "0119 0426 0509 0628 0927 1010",
    ),
    (
        2021,
        250,
        "0101 0211 0212 0215 0216 0217 0405 0503 0504 0505 0614 0920 0921 1001 1004 1005 1006 1007",
        "0207 0220 0425 0508 0918 0926 1009",
    ),
    (
        2022,
        249,
        "0103 0131 0201 0202 0203 0204 0404 0405 0502 0503 0504 0603 0912 1003 1004 1005 1006 1007",
        "0129 0130 0402 0424 0507 1008 1009",
    ),
    (
        2023,
        249,
        "0102 0123 0124 0125 0126 0127 0405 0501 0502 0503 0622 0623 0929 1002 1003 1004 1005 1006",
        "0128 0129 0423 0506 0625 1007 1008",
    ),
    (
        2024,
        251,
        "0101 0212 0213 0214 0215 0216 0404 0405 0501 0502 0503 0610 0916 0917 1001 1002 1003 1004 1007",
        "0204 0218 0407 0428 0511 0914 0929 1012",
    ),
    (
        2025,
        248,
        "0101 0128 0129 0130 0131 0203 0204 0404 0501 0502 0505 0602 1001 1002 1003 1006 1007 1008",
        "0126 0208 0427 0928 1011",
    ),
    (
        2026,
        248,
        "0101 0102 0216 0217 0218 0219 0220 0223 0406 0501 0504 0505 0619 0925 1001 1002 1005 1006 1007",
        "0104 0214 0228 0509 0920 1010",
    ),
];

fn cn() -> &'static Calendar {
    Calendars::shipped().get("cn").unwrap()
}

#[test]
fn every_day_from_2004_to_2026_is_as_both_packages_have_it() {
    let years: Vec<i32> = YEARS.iter().map(|(year, ..)| *year).collect();
    assert_eq!(years, (2004..=2026).collect::<Vec<_>>(), "no year is left out");
    for (year, count, off, worked) in YEARS {
        let first = NaiveDate::from_ymd_opt(*year, 1, 1).unwrap();
        let (mut found, mut days_off, mut days_worked) = (0, Vec::new(), Vec::new());
        for day in first.iter_days().take_while(|day| day.year() == *year) {
            let (works, weekend) = (cn().works(day).unwrap(), matches!(day.weekday(), Weekday::Sat | Weekday::Sun));
            found += usize::from(works);
            match (works, weekend) {
                (true, true) => days_worked.push(day.format("%m%d").to_string()),
                (false, false) => days_off.push(day.format("%m%d").to_string()),
                _ => {}
            }
        }
        assert_eq!((days_off.join(" ").as_str(), days_worked.join(" ").as_str()), (*off, *worked), "{year}");
        assert_eq!(found, *count, "{year}");
    }
}

#[test]
fn the_day_the_packages_disagree_about_was_worked() {
    let day = cn().day(date("2005-12-31")).unwrap();
    assert_eq!(day.open.len(), 1);
    assert!(matches!(day.why, Why::MakeUp { like: Weekday::Tue, .. }), "{:?}", day.why);
    assert!(!cn().works(date("2006-01-03")).unwrap(), "for which it was exchanged");
}

#[test]
fn every_make_up_workday_has_the_hours_of_a_day_off() {
    let mut worked = 0;
    for day in date("2004-01-01").iter_days().take_while(|day| *day <= date("2026-12-31")) {
        if let Why::MakeUp { name, like } = cn().day(day).unwrap().why {
            worked += 1;
            let near = day.iter_days().take(20).chain((1..20).map(|back| day - chrono::Days::new(back)));
            let exchanged = near.filter(|near| near.weekday() == like).any(|near| {
                cn().day(near).is_ok_and(|found| matches!(&found.why, Why::Holiday(holiday) if *holiday == name))
            });
            assert!(exchanged, "{day} ({name}) makes up for no {like} near it");
        }
    }
    assert_eq!(worked, 151, "the 150 of chinesecalendar and 2005-12-31");
}

#[test]
fn days_have_their_names_in_both_languages() {
    let Why::Holiday(name) = cn().day(date("2026-02-17")).unwrap().why else { panic!("no holiday") };
    assert_eq!((name.text(), name.in_locale("zh-CN"), name.in_locale("zh")), ("Spring Festival", "春节", "春节"));
    assert_eq!(name.in_locale("en"), "Spring Festival");
    assert_eq!(name.in_locale("fr-CH"), "Spring Festival", "in no language the file has");
}

#[test]
fn behind_its_last_day_it_is_silent_and_names_itself_and_the_day() {
    let beyond = Trouble::Beyond { calendar: "cn".into(), last: date("2026-12-31") };
    assert_eq!(cn().works(date("2027-01-01")), Err(beyond.clone()));
    assert_eq!(cn().next_working_day(date("2026-12-31")), Err(beyond.clone()));
    assert_eq!(
        cn().add(super::at("2026-12-31T09:00:00Z"), 2 * 3600, &[]),
        Err(beyond.clone()),
        "16:00 UTC is midnight"
    );
    assert_eq!(cn().working_days(date("2026-12-30"), date("2027-01-02")), Err(beyond.clone()));
    let words = beyond.to_string();
    assert!(words.contains("`cn`") && words.contains("2026-12-31"), "{words}");
    assert_eq!(
        cn().works(date("2003-12-31")),
        Err(Trouble::Before { calendar: "cn".into(), first: date("2004-01-01") })
    );
}
