//! Lunar dates and anniversaries, against known dates and an independent table; business time in the modules below.

mod business;
mod cases;
mod china;
mod course;
mod files;
mod ical;
mod oracle;
mod shown;
mod stored;

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use proptest::prelude::*;
use tend::calendar::anniversary::{
    Birthday, Calendar, DayKey, Feb29, LunarDay30, LunarLeap, Rules, keys_for, occurs_in,
};
use tend::calendar::holiday::{Holiday, KNOWN};
use tend::calendar::lunar::{LunarDate, days_in_month, leap_month, new_years_eve};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// `2026-06-01T09:00:00Z`
fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn lunar(year: i32, month: u8, leap: bool, day: u8) -> LunarDate {
    LunarDate::new(year, month, leap, day).unwrap().unwrap_or_else(|| panic!("no {year} {month} {leap} {day}"))
}

/// Festivals 2024 to 2030: Spring Festival, Dragon Boat, Qixi, Mid-Autumn, Double Ninth, Laba, New Year's Eve
/// (dependencies.md 1.2, as published by the Purple Mountain Observatory).
const FESTIVALS: &[(i32, [&str; 7])] = &[
    (2024, ["2024-02-10", "2024-06-10", "2024-08-10", "2024-09-17", "2024-10-11", "2025-01-07", "2025-01-28"]),
    (2025, ["2025-01-29", "2025-05-31", "2025-08-29", "2025-10-06", "2025-10-29", "2026-01-26", "2026-02-16"]),
    (2026, ["2026-02-17", "2026-06-19", "2026-08-19", "2026-09-25", "2026-10-18", "2027-01-15", "2027-02-05"]),
    (2027, ["2027-02-06", "2027-06-09", "2027-08-08", "2027-09-15", "2027-10-08", "2028-01-04", "2028-01-25"]),
    (2028, ["2028-01-26", "2028-05-28", "2028-08-26", "2028-10-03", "2028-10-26", "2029-01-22", "2029-02-12"]),
    (2029, ["2029-02-13", "2029-06-16", "2029-08-16", "2029-09-22", "2029-10-16", "2030-01-11", "2030-02-02"]),
    (2030, ["2030-02-03", "2030-06-05", "2030-08-05", "2030-09-12", "2030-10-05", "2031-01-01", "2031-01-22"]),
];

#[test]
fn festivals_fall_on_their_published_days() {
    const DAYS: [(u8, u8); 6] = [(1, 1), (5, 5), (7, 7), (8, 15), (9, 9), (12, 8)];
    for (year, days) in FESTIVALS {
        for ((month, day), expected) in DAYS.iter().zip(days) {
            let found = lunar(*year, *month, false, *day);
            assert_eq!(found.to_solar(), date(expected), "{year} {month}/{day}");
            assert_eq!(LunarDate::from_solar(date(expected)), Ok(found));
        }
        assert_eq!(new_years_eve(*year), Ok(date(days[6])), "{year}");
    }
}

/// `tables/lunar_days.txt` holds what PyPI lunardate 0.3.0 (a table of its own) and lunar-python 1.4.8 (which computes new
/// moons and solar terms) both say; they agree on every figure. One line for each lunar year 2024 to 2035: Spring Festival
/// and Mid-Autumn; born on 3/10, 5/15, 6/7 and 11/20 of a leap month (in years without it the ordinary month); born on the
/// 30th of the first, eighth and twelfth month (the 29th where the month has no more).
#[test]
fn festivals_leap_months_and_thirtieths_agree_with_two_independent_sources() {
    let generous = Rules { feb_29: Feb29::Feb28, lunar_leap: LunarLeap::PlainMonth, lunar_day_30: LunarDay30::Day29 };
    let born = |month, day, leap_month| Birthday { year: None, month, day, calendar: Calendar::Lunar, leap_month };
    let births = [
        born(3, 10, true),
        born(5, 15, true),
        born(6, 7, true),
        born(11, 20, true),
        born(1, 30, false),
        born(8, 30, false),
        born(12, 30, false),
    ];
    let table = include_str!("tables/lunar_days.txt");
    assert_eq!(table.lines().count(), 12);
    for line in table.lines() {
        let mut words = line.split(' ');
        let year: i32 = words.next().unwrap().parse().unwrap();
        let days: Vec<_> = words.map(date).collect();
        for (name, day) in [("spring_festival", days[0]), ("mid_autumn", days[1])] {
            let known = KNOWN.iter().find(|known| known.name == name).unwrap();
            assert_eq!(known.holiday.year_of(day), Ok(Some(year)), "{name} {year}");
            for other in [day - chrono::Days::new(1), day + chrono::Days::new(1)] {
                assert_eq!(known.holiday.year_of(other), Ok(None), "{name} {year}");
            }
        }
        for (birthday, day) in births.iter().zip(&days[2..]) {
            assert_eq!(occurs_in(birthday, generous, year), Ok(Some(*day)), "{year} {birthday:?}");
        }
    }
}

#[test]
fn holidays_known_by_name_fall_on_their_days_and_no_other() {
    for (name, days) in [
        ("new_years_eve", ["2025-01-28", "2026-02-16", "2030-02-02"]),
        ("lantern", ["2024-02-24", "2025-02-12", "2026-03-03"]),
        ("dragon_boat", ["2024-06-10", "2025-05-31", "2026-06-19"]),
        ("qixi", ["2024-08-10", "2025-08-29", "2026-08-19"]),
        ("double_ninth", ["2024-10-11", "2025-10-29", "2026-10-18"]),
        ("laba", ["2022-01-10", "2022-12-30", "2026-01-26"]),
        ("new_year", ["2024-01-01", "2025-01-01", "2026-01-01"]),
        ("womens_day", ["2024-03-08", "2025-03-08", "2026-03-08"]),
        ("labour_day", ["2024-05-01", "2025-05-01", "2026-05-01"]),
        ("national_day", ["2024-10-01", "2025-10-01", "2026-10-01"]),
        ("christmas", ["2024-12-25", "2025-12-25", "2026-12-25"]),
    ] {
        let holiday = KNOWN.iter().find(|known| known.name == name).unwrap().holiday;
        for day in days.map(date) {
            assert!(holiday.year_of(day).unwrap().is_some(), "{name} {day}");
            assert_eq!(holiday.year_of(day + chrono::Days::new(1)), Ok(None), "{name} {day}");
        }
    }
    for known in &KNOWN {
        let days = date("2021-01-01").iter_days().take_while(|day| *day < date("2041-01-01"));
        let years: Vec<_> = days.filter_map(|day| known.holiday.year_of(day).unwrap()).collect();
        assert!((19..=21).contains(&years.len()), "{}: {years:?}", known.name);
        assert!(years.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{}: {years:?}", known.name);
    }
}

#[test]
fn a_holiday_has_its_day_every_year() {
    assert_eq!(Holiday::new(Calendar::Solar, 2, 29), None);
    assert_eq!(Holiday::new(Calendar::Solar, 4, 31), None);
    assert_eq!(Holiday::new(Calendar::Lunar, 12, 30), None);
    assert_eq!(Holiday::new(Calendar::Solar, 11, 8), Some(Holiday::Solar { month: 11, day: 8 }));
    assert_eq!(Holiday::new(Calendar::Lunar, 2, 2), Some(Holiday::Lunar { month: 2, day: 2 }));
    assert!(Holiday::LunarEve.year_of(date("2100-01-01")).is_err());
}

#[test]
fn births_in_leap_months_and_on_the_thirtieth() {
    for (born, year, month, leap, day) in [
        ("2020-06-01", 2020, 4, true, 10),
        ("2023-04-10", 2023, 2, true, 20),
        ("1987-08-01", 1987, 6, true, 7),
        ("1990-01-26", 1989, 12, false, 30),
    ] {
        assert_eq!(LunarDate::from_solar(date(born)), Ok(lunar(year, month, leap, day)), "{born}");
        assert_eq!(lunar(year, month, leap, day).to_solar(), date(born), "{born}");
    }
}

/// `tables/lunar_years.txt` was made by PyPI lunar-python 1.4.8, which computes new moons and solar terms itself: a
/// line a year with the first day, the lengths of months 1 to 12 (1 = 30 days), and the leap month as
/// number/length/first day:
/// `LunarYear.fromYear(y).getLeapMonth()`, `LunarMonth.fromYm(y, m).getDayCount()`, `Lunar.fromYmd(y, m, 1).getSolar()`
/// with m negative for the leap month.
#[test]
fn every_month_from_1901_to_2099_agrees_with_an_independent_table() {
    let table = include_str!("tables/lunar_years.txt");
    let mut differ = Vec::new();
    for line in table.lines() {
        let [year, first, months, leap] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let year: i32 = year.parse().unwrap();
        assert_eq!(lunar(year, 1, false, 1).to_solar(), date(first), "{year}");
        for (month, length) in (1..).zip(months.bytes()) {
            let days = if length == b'1' { 30 } else { 29 };
            if days_in_month(year, month, false) != Ok(Some(days)) {
                differ.push((year, month));
            }
        }
        let found = leap_month(year).unwrap().map(|month| {
            let days = days_in_month(year, month, true).unwrap().unwrap();
            format!("{month}/{days}/{}", lunar(year, month, true, 1).to_solar())
        });
        assert_eq!(found.as_deref().unwrap_or("-"), leap, "{year}");
    }
    assert_eq!(table.lines().count(), 199);
    // the new moon of late September 2057 comes almost at midnight in Beijing: one source has 8/30, the other 9/1
    assert_eq!(differ, [(2057, 8), (2057, 9)]);
}

#[test]
fn every_day_is_a_lunar_date_and_back() {
    let mut day = date("1901-02-19");
    let mut before: Option<LunarDate> = None;
    while day <= date("2099-12-31") {
        let lunar = LunarDate::from_solar(day).unwrap();
        assert_eq!(lunar.to_solar(), day);
        assert_eq!(
            LunarDate::new(lunar.year(), lunar.month(), lunar.is_leap_month(), lunar.day()),
            Ok(Some(lunar)),
            "{day}"
        );
        if let Some(before) = before {
            assert!(lunar.day() == before.day() + 1 || lunar.day() == 1, "{day}");
        }
        before = Some(lunar);
        day += Duration::days(1);
    }
}

#[test]
fn a_lunar_date_reads_as_people_write_it() {
    for (month, leap, day, zh, en) in [
        (8, false, 15, "农历八月十五", "8th lunar month, day 15"),
        (1, false, 1, "农历正月初一", "1st lunar month, day 1"),
        (2, false, 20, "农历二月二十", "2nd lunar month, day 20"),
        (3, false, 21, "农历三月廿一", "3rd lunar month, day 21"),
        (4, false, 10, "农历四月初十", "4th lunar month, day 10"),
        (11, false, 29, "农历冬月廿九", "11th lunar month, day 29"),
    ] {
        let found = lunar(2026, month, leap, day);
        assert_eq!((found.zh().as_str(), found.to_string().as_str()), (zh, en));
    }
    assert_eq!(lunar(2020, 4, true, 10).zh(), "农历闰四月初十");
    assert_eq!(lunar(2020, 4, true, 10).to_string(), "leap 4th lunar month, day 10");
    assert_eq!(lunar(2023, 12, false, 30).zh(), "农历腊月三十");
}

#[test]
fn days_that_do_not_exist_and_years_beyond_the_table_are_said() {
    assert_eq!(LunarDate::new(2026, 4, true, 1), Ok(None));
    assert_eq!(LunarDate::new(2024, 12, false, 30), Ok(None));
    assert_eq!(LunarDate::new(2026, 13, false, 1), Ok(None));
    assert_eq!(LunarDate::new(2026, 0, false, 1), Ok(None));
    assert_eq!(LunarDate::new(2026, 1, false, 0), Ok(None));
    for year in [1900, 2100] {
        let message = format!("the calendar knows the years 1901 to 2099, not {year}");
        let new_year = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let birthday = Birthday { year: None, month: 8, day: 15, calendar: Calendar::Solar, leap_month: false };
        assert_eq!(LunarDate::from_solar(new_year).unwrap_err().to_string(), message);
        assert_eq!(LunarDate::new(year, 1, false, 1).unwrap_err().to_string(), message);
        assert_eq!(new_years_eve(year).unwrap_err().to_string(), message);
        assert_eq!(leap_month(year).unwrap_err().to_string(), message);
        assert_eq!(keys_for(new_year, GENEROUS).unwrap_err().to_string(), message);
        assert_eq!(occurs_in(&birthday, GENEROUS, year).unwrap_err().to_string(), message);
    }
}

const GENEROUS: Rules =
    Rules { feb_29: Feb29::Feb28, lunar_leap: LunarLeap::PlainMonth, lunar_day_30: LunarDay30::Day29 };
const STRICT: Rules =
    Rules { feb_29: Feb29::LeapYearsOnly, lunar_leap: LunarLeap::LeapYearsOnly, lunar_day_30: LunarDay30::Skip };

/// Birthday (calendar, month, day, leap month), year, the day by the generous rules, the day by the strict ones.
type Occurrence = (Calendar, u8, u8, bool, i32, Option<&'static str>, Option<&'static str>);
const OCCURRENCES: &[Occurrence] = &[
    (Calendar::Solar, 6, 1, false, 2026, Some("2026-06-01"), Some("2026-06-01")),
    (Calendar::Solar, 2, 29, false, 2028, Some("2028-02-29"), Some("2028-02-29")),
    (Calendar::Solar, 2, 29, false, 2026, Some("2026-02-28"), None),
    (Calendar::Solar, 4, 31, false, 2026, None, None),
    (Calendar::Solar, 13, 1, false, 2026, None, None),
    (Calendar::Lunar, 8, 15, false, 2026, Some("2026-09-25"), Some("2026-09-25")),
    // twelfth month: the day lies in the next Gregorian year
    (Calendar::Lunar, 12, 8, false, 2026, Some("2027-01-15"), Some("2027-01-15")),
    // leap month, in a year without it and in one with it
    (Calendar::Lunar, 4, 10, true, 2026, Some("2026-05-26"), None),
    (Calendar::Lunar, 6, 7, true, 2025, Some("2025-07-31"), Some("2025-07-31")),
    // an ordinary month keeps to itself also when its leap month follows
    (Calendar::Lunar, 6, 7, false, 2025, Some("2025-07-01"), Some("2025-07-01")),
    // the thirtieth in a month of 29 days
    (Calendar::Lunar, 12, 30, false, 2024, Some("2025-01-28"), None),
    (Calendar::Lunar, 12, 30, false, 2023, Some("2024-02-09"), Some("2024-02-09")),
    // both at once: 2027 has no leap sixth month, and its sixth month has 29 days
    (Calendar::Lunar, 6, 30, true, 2027, Some("2027-08-01"), None),
    (Calendar::Lunar, 6, 31, false, 2026, None, None),
    (Calendar::Lunar, 13, 1, true, 2026, None, None),
];

#[test]
fn birthdays_come_round_as_the_rules_say() {
    for (calendar, month, day, leap_month, year, generous, strict) in OCCURRENCES.iter().copied() {
        let birthday = Birthday { year: None, month, day, calendar, leap_month };
        assert_eq!(occurs_in(&birthday, GENEROUS, year), Ok(generous.map(date)), "{birthday:?} {year}");
        assert_eq!(occurs_in(&birthday, STRICT, year), Ok(strict.map(date)), "{birthday:?} {year}");
    }
    let leapling = Birthday { year: Some(2000), month: 2, day: 29, calendar: Calendar::Solar, leap_month: false };
    let march = Rules { feb_29: Feb29::Mar1, ..STRICT };
    assert_eq!(occurs_in(&leapling, march, 2026), Ok(Some(date("2026-03-01"))));
    assert_eq!(occurs_in(&leapling, march, 2028), Ok(Some(date("2028-02-29"))));
}

#[test]
fn keys_for_a_day_name_the_stored_birthdays() {
    let key =
        |calendar, month, day, leap_month, occasion_year| DayKey { calendar, month, day, leap_month, occasion_year };
    // New Year's Eve of 2024 has 29 days: those born on the thirtieth as well; 2024 has no leap twelfth month
    assert_eq!(
        keys_for(date("2025-01-28"), GENEROUS).unwrap(),
        [
            key(Calendar::Solar, 1, 28, None, 2025),
            key(Calendar::Lunar, 12, 29, None, 2024),
            key(Calendar::Lunar, 12, 30, None, 2024)
        ]
    );
    assert_eq!(
        keys_for(date("2026-02-28"), STRICT).unwrap(),
        [key(Calendar::Solar, 2, 28, None, 2026), key(Calendar::Lunar, 1, 12, Some(false), 2026)]
    );
    assert_eq!(
        keys_for(date("2025-07-31"), GENEROUS).unwrap(),
        [key(Calendar::Solar, 7, 31, None, 2025), key(Calendar::Lunar, 6, 7, Some(true), 2025)]
    );
    // the lunar year 1900 is before the calendar's time
    assert_eq!(keys_for(date("1901-01-31"), GENEROUS).unwrap(), [key(Calendar::Solar, 1, 31, None, 1901)]);
}

fn all_rules() -> Vec<Rules> {
    let mut all = Vec::new();
    for feb_29 in [Feb29::Feb28, Feb29::Mar1, Feb29::LeapYearsOnly] {
        for lunar_leap in [LunarLeap::PlainMonth, LunarLeap::LeapYearsOnly] {
            for lunar_day_30 in [LunarDay30::Day29, LunarDay30::Skip] {
                all.push(Rules { feb_29, lunar_leap, lunar_day_30 });
            }
        }
    }
    all
}

fn all_birthdays() -> Vec<Birthday> {
    let mut all = Vec::new();
    for month in 1..=12 {
        for day in 1..=31 {
            all.push(Birthday { year: None, month, day, calendar: Calendar::Solar, leap_month: false });
        }
        for (day, leap_month) in (1..=30).flat_map(|day| [(day, false), (day, true)]) {
            all.push(Birthday { year: None, month, day, calendar: Calendar::Lunar, leap_month });
        }
    }
    all
}

/// The whole inverse for sample years: every birthday, every rule, every day.
fn check_year(year: i32, rules: Rules) -> Result<(), TestCaseError> {
    // by occurs_in: what falls on each day
    let mut expected: HashMap<(NaiveDate, Birthday), i32> = HashMap::new();
    let birthdays = all_birthdays();
    for birthday in &birthdays {
        for occasion_year in [year - 1, year] {
            let Ok(found) = occurs_in(birthday, rules, occasion_year) else { continue };
            if let Some(day) = found.filter(|day| day.year() == year) {
                let twice = expected.insert((day, *birthday), occasion_year);
                prop_assert!(twice.is_none(), "{birthday:?} twice on {day}");
            }
        }
    }
    // by keys_for
    let mut found: HashMap<(NaiveDate, Birthday), i32> = HashMap::new();
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    for day in first.iter_days().take_while(|day| day.year() == year) {
        let keys = keys_for(day, rules).unwrap();
        for birthday in birthdays.iter().filter(|birthday| keys.iter().any(|key| key.fits(birthday))) {
            let fitting: Vec<_> = keys.iter().filter(|key| key.fits(birthday)).collect();
            prop_assert_eq!(fitting.len(), 1, "{:?} fits several keys of {}", birthday, day);
            found.insert((day, *birthday), fitting[0].occasion_year);
        }
    }
    for (key, year) in &expected {
        prop_assert_eq!(found.get(key), Some(year), "occurs_in only: {:?} {:?}", key, rules);
    }
    for (key, year) in &found {
        prop_assert_eq!(expected.get(key), Some(year), "keys_for only: {:?} {:?}", key, rules);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn keys_for_is_the_inverse_of_occurs_in(year in 1901..=2099_i32, rules in prop::sample::select(all_rules())) {
        check_year(year, rules)?;
    }

    #[test]
    fn a_birthday_comes_at_most_once_a_year_and_always_by_the_generous_rules(birthday in prop::sample::select(all_birthdays()), year in 1901..=2098_i32) {
        let exists = birthday.calendar == Calendar::Lunar || NaiveDate::from_ymd_opt(2000, birthday.month.into(), birthday.day.into()).is_some();
        let this = occurs_in(&birthday, GENEROUS, year).unwrap();
        let next = occurs_in(&birthday, GENEROUS, year + 1).unwrap();
        prop_assert_eq!(this.is_some(), exists);
        if let (Some(this), Some(next)) = (this, next) {
            prop_assert!((320..=400).contains(&(next - this).num_days()), "{this} {next}");
        }
    }
}

#[test]
fn keys_for_is_the_inverse_of_occurs_in_at_the_ends_and_in_years_of_every_sort() {
    // first and last, with a leap month and without, leap years and others, the disputed one
    for year in [1901, 1904, 1995, 2025, 2026, 2028, 2057, 2099] {
        for rules in all_rules() {
            check_year(year, rules).unwrap_or_else(|error| panic!("{year}: {error}"));
        }
    }
}
