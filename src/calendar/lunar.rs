//! The Chinese lunisolar calendar (农历), by icu_calendar's table after GB/T 33661-2017.
//!
//! A lunar year carries the number of the Gregorian year in which its first month begins: 2024-12/29 is 2025-01-28.
//! A month has 29 or 30 days; a year may have a leap month, which follows the ordinary month of the same number.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use icu_calendar::cal::ChineseTraditional;
use icu_calendar::types::{Month, RataDie};
use icu_calendar::{Date, types};

use super::{OutOfRange, known, known_date};

/// A day of the lunar calendar. Those made by this module exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LunarDate {
    year: i32,
    month: u8,
    leap: bool,
    day: u8,
}

impl LunarDate {
    /// The day if it exists: that year has that (leap) month, and the month has that day.
    ///
    /// # Errors
    /// A year outside 1901 to 2099.
    pub fn new(year: i32, month: u8, leap: bool, day: u8) -> Result<Option<Self>, OutOfRange> {
        let exists = days_in_month(year, month, leap)?.is_some_and(|days| (1..=days).contains(&day));
        Ok(exists.then_some(Self { year, month, leap, day }))
    }

    /// The lunar date of a Gregorian day. (January 1901 still belongs to the lunar year 1900.)
    ///
    /// # Errors
    /// A day outside 1901 to 2099.
    pub fn from_solar(date: NaiveDate) -> Result<Self, OutOfRange> {
        let day = RataDie::new(known_date(date)?.num_days_from_ce().into());
        let date = Date::from_rata_die(day, ChineseTraditional::new());
        let month = date.month().to_input();
        Ok(Self {
            year: date.cyclic_year().related_iso,
            month: month.number(),
            leap: month.is_leap(),
            day: date.day_of_month().0,
        })
    }

    /// The Gregorian day.
    #[must_use]
    pub fn to_solar(self) -> NaiveDate {
        let found = find(self.year, self.month, self.leap, self.day).and_then(|date| solar(&date));
        found.expect("a LunarDate is made only of days that exist")
    }

    /// The lunar year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.month
    }

    /// Whether it is the leap month of that number.
    #[must_use]
    pub fn is_leap_month(self) -> bool {
        self.leap
    }

    /// The day of the month, 1 to 30.
    #[must_use]
    pub fn day(self) -> u8 {
        self.day
    }

    /// In Chinese, without the year: 农历八月十五, 农历闰四月初十, 农历腊月三十.
    #[must_use]
    pub fn zh(self) -> String {
        const MONTHS: [&str; 12] = ["正", "二", "三", "四", "五", "六", "七", "八", "九", "十", "冬", "腊"];
        const DIGITS: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
        let month = MONTHS[usize::from(self.month) - 1];
        let digit = DIGITS[usize::from((self.day + 9) % 10)];
        let day = match self.day {
            1..=10 => format!("初{digit}"),
            20 => "二十".to_owned(),
            30 => "三十".to_owned(),
            11..=19 => format!("十{digit}"),
            _ => format!("廿{digit}"),
        };
        format!("农历{}{month}月{day}", if self.leap { "闰" } else { "" })
    }
}

/// In English, without the year: "8th lunar month, day 15".
impl fmt::Display for LunarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match self.month {
            1 => "st",
            2 => "nd",
            3 => "rd",
            _ => "th",
        };
        let leap = if self.leap { "leap " } else { "" };
        write!(f, "{leap}{}{ending} lunar month, day {}", self.month, self.day)
    }
}

/// How many days a month has; none when the year lacks it (a leap month it does not have, month 13).
///
/// # Errors
/// A year outside 1901 to 2099.
pub fn days_in_month(year: i32, month: u8, leap: bool) -> Result<Option<u8>, OutOfRange> {
    Ok(find(known(year)?, month, leap, 1).map(|first| first.days_in_month()))
}

/// The number of the year's leap month, if it has one.
///
/// # Errors
/// A year outside 1901 to 2099.
pub fn leap_month(year: i32) -> Result<Option<u8>, OutOfRange> {
    known(year)?;
    Ok((1..=12).find(|month| find(year, *month, true, 1).is_some()))
}

/// New Year's Eve (除夕): the last day of a lunar year, the day before 1/1 of the next one, whether the twelfth month
/// has 29 or 30 days.
///
/// # Errors
/// A year outside 1901 to 2099.
pub fn new_years_eve(year: i32) -> Result<NaiveDate, OutOfRange> {
    known(year)?;
    let eve = find(year + 1, 1, false, 1).and_then(|first| solar(&first)).and_then(|first| first.pred_opt());
    eve.ok_or(OutOfRange { year })
}

fn find(year: i32, month: u8, leap: bool, day: u8) -> Option<Date<ChineseTraditional>> {
    let month = if leap { Month::leap(month) } else { Month::new(month) };
    Date::try_new(types::YearInput::from(year), month, day, ChineseTraditional::new()).ok()
}

fn solar(date: &Date<ChineseTraditional>) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(date.to_rata_die().to_i64_date()).ok()?)
}
