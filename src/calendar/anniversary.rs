//! When a birthday comes round, in its own calendar, and which birthdays a day has.
//!
//! The **occasion year** names one return of a birthday, so that the ledger can hold each once: for solar birthdays the
//! Gregorian year of the day, for lunar ones the lunar year of the day. (A lunar birthday in the twelfth month may fall twice
//! into one Gregorian year, or not at all; into each lunar year it falls once, or not at all where the rules skip it.)
//! The year of birth plays no part here.

use chrono::{Datelike, NaiveDate};

use super::lunar::{self, LunarDate};
use super::{OutOfRange, known, known_date};

/// The calendar a birthday is kept in. Stored as `solar` and `lunar`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Calendar {
    /// Gregorian.
    Solar,
    /// Chinese lunisolar.
    Lunar,
}

impl Calendar {
    /// As in `crm.customer.birthday_calendar`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Solar => "solar",
            Self::Lunar => "lunar",
        }
    }
}

/// A birthday as `crm.customer` holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Birthday {
    /// Year of birth in the birthday's calendar, if known.
    pub year: Option<i32>,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31; lunar 1 to 30.
    pub day: u8,
    /// The calendar it is kept in.
    pub calendar: Calendar,
    /// Lunar only: born in the leap month of that number.
    pub leap_month: bool,
}

/// Solar, 29 February, in years without that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feb29 {
    /// On 28 February.
    Feb28,
    /// On 1 March.
    Mar1,
    /// No birthday.
    LeapYearsOnly,
}

/// Lunar, born in a leap month, in years without that leap month. (In years that have it, the birthday is in the leap
/// month. Who was born in the ordinary month keeps the ordinary month, always.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LunarLeap {
    /// In the ordinary month of the same number.
    PlainMonth,
    /// No birthday.
    LeapYearsOnly,
}

/// Lunar, born on the 30th, in years in which that month has 29 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LunarDay30 {
    /// On the 29th, the last day of the month.
    Day29,
    /// No birthday.
    Skip,
}

/// What a birthday does in a year that lacks its day. No defaults: the job file says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Born on 29 February.
    pub feb_29: Feb29,
    /// Born in a leap month.
    pub lunar_leap: LunarLeap,
    /// Born on the 30th of a lunar month.
    pub lunar_day_30: LunarDay30,
}

/// Stored birthdays that a day has: those with this calendar, month and day, and this leap month if it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayKey {
    /// The calendar of the birthday.
    pub calendar: Calendar,
    /// Its month.
    pub month: u8,
    /// Its day.
    pub day: u8,
    /// Its leap month flag; none: whatever it is.
    pub leap_month: Option<bool>,
    /// The occasion year of this return.
    pub occasion_year: i32,
}

impl DayKey {
    /// Whether a birthday is one of those meant.
    #[must_use]
    pub fn fits(&self, birthday: &Birthday) -> bool {
        (self.calendar, self.month, self.day) == (birthday.calendar, birthday.month, birthday.day)
            && self.leap_month.is_none_or(|leap| leap == birthday.leap_month)
    }
}

/// The Gregorian day of a birthday in an occasion year. None when the rules give it no day that year, or when there is no such
/// birthday at all (31 April, month 13).
///
/// # Errors
/// A year outside 1901 to 2099.
pub fn occurs_in(birthday: &Birthday, rules: Rules, year: i32) -> Result<Option<NaiveDate>, OutOfRange> {
    known(year)?;
    match birthday.calendar {
        Calendar::Solar => Ok(solar_in(birthday, rules, year)),
        Calendar::Lunar => lunar_in(birthday, rules, year),
    }
}

fn solar_in(birthday: &Birthday, rules: Rules, year: i32) -> Option<NaiveDate> {
    let found = NaiveDate::from_ymd_opt(year, birthday.month.into(), birthday.day.into());
    match (found, birthday.month, birthday.day, rules.feb_29) {
        (None, 2, 29, Feb29::Feb28) => NaiveDate::from_ymd_opt(year, 2, 28),
        (None, 2, 29, Feb29::Mar1) => NaiveDate::from_ymd_opt(year, 3, 1),
        _ => found,
    }
}

fn lunar_in(birthday: &Birthday, rules: Rules, year: i32) -> Result<Option<NaiveDate>, OutOfRange> {
    let Birthday { month, day, leap_month: leap, .. } = *birthday;
    let (leap, days) = match (lunar::days_in_month(year, month, leap)?, rules.lunar_leap) {
        (None, LunarLeap::PlainMonth) if leap => (false, lunar::days_in_month(year, month, false)?),
        (days, _) => (leap, days),
    };
    let day = match (day, days, rules.lunar_day_30) {
        (30, Some(29), LunarDay30::Day29) => 29,
        _ => day,
    };
    Ok(LunarDate::new(year, month, leap, day)?.map(LunarDate::to_solar))
}

/// Which stored birthdays fall on a day: the inverse of [`occurs_in`], for set-based SQL. At most five keys, and no
/// birthday fits two of them.
///
/// # Errors
/// A day outside 1901 to 2099.
pub fn keys_for(date: NaiveDate, rules: Rules) -> Result<Vec<DayKey>, OutOfRange> {
    let year = known_date(date)?.year();
    let number = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
    let solar = |month, day| DayKey { calendar: Calendar::Solar, month, day, leap_month: None, occasion_year: year };
    let mut keys = vec![solar(number(date.month()), number(date.day()))];
    match (date.month(), date.day(), rules.feb_29) {
        (2, 28, Feb29::Feb28) | (3, 1, Feb29::Mar1) if !date.leap_year() => keys.push(solar(2, 29)),
        _ => {}
    }
    lunar_keys(LunarDate::from_solar(date)?, rules, &mut keys)?;
    Ok(keys)
}

fn lunar_keys(date: LunarDate, rules: Rules, keys: &mut Vec<DayKey>) -> Result<(), OutOfRange> {
    // days of January and February 1901 belong to the lunar year 1900, of which nothing is known here
    if known(date.year()).is_err() {
        return Ok(());
    }
    let (year, month, leap) = (date.year(), date.month(), date.is_leap_month());
    let takes_leap_born =
        !leap && rules.lunar_leap == LunarLeap::PlainMonth && lunar::days_in_month(year, month, true)?.is_none();
    let key = |day| DayKey {
        calendar: Calendar::Lunar,
        month,
        day,
        leap_month: (!takes_leap_born).then_some(leap),
        occasion_year: year,
    };
    keys.push(key(date.day()));
    let last = lunar::days_in_month(year, month, leap)?;
    if date.day() == 29 && last == Some(29) && rules.lunar_day_30 == LunarDay30::Day29 {
        keys.push(key(30));
    }
    Ok(())
}
