//! The calendar: lunar dates, the days on which something comes round again, and the time in which a company works
//! ([`business`]). Pure: no clock, no database.
//!
//! Promises: every answer is for a named year or date between 1901 and 2099 and an error beyond (the lunar months of
//! other years are not settled); what a birthday does in a year that lacks its day is always said by [`anniversary::Rules`], never guessed.
pub mod anniversary;
pub mod business;
pub mod holiday;
pub mod ical;
pub mod lunar;

use chrono::{Datelike, NaiveDate};

/// The first and the last year the calendar knows, lunar and Gregorian.
pub const YEARS: std::ops::RangeInclusive<i32> = 1901..=2099;

/// A date or year the calendar does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the calendar knows the years 1901 to 2099, not {year}")]
pub struct OutOfRange {
    /// The year that was asked for.
    pub year: i32,
}

fn known(year: i32) -> Result<i32, OutOfRange> {
    if YEARS.contains(&year) { Ok(year) } else { Err(OutOfRange { year }) }
}

fn known_date(date: NaiveDate) -> Result<NaiveDate, OutOfRange> {
    known(date.year()).map(|_| date)
}
