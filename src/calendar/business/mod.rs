//! Business time: when a company works, and how long something takes when only that time counts. Pure: no clock, no
//! database; a calendar is made of the text of a file.
//!
//! Promises: all that is wrong with a file is said at once, with its place. Beyond the days a calendar knows every
//! answer is [`Trouble::Beyond`], never a guess. Seconds (and their fractions) are kept: nothing is cut to minutes, as
//! Zammad does. What ends exactly at closing time is due at closing time, not at the next opening. What overlaps, be it
//! windows or pauses, counts once. Adding costs two searches in a table that is made once for each calendar.
//!
//! **A window's edge** is the first instant at which clocks in the calendar's zone show that time or a later one. So an
//! edge in the hour that is skipped in spring is the first instant after it, and one in the hour that comes twice in
//! autumn means the first time. A window belongs to the day on which it begins: a night shift that begins before a
//! holiday ends on it.
//!
//! [`read`] makes calendars of files, [`dates`] and [`hours`] are what they say, [`day`] answers for days, [`line`](mod@line)
//! counts, [`course`] explains, [`shipped`] is what tend brings along.

pub mod course;
pub mod dates;
pub mod day;
pub mod hours;
mod line;
pub mod read;
pub mod shipped;
mod zone;

use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

pub use course::Stretch;
pub use dates::Name;
pub use day::{Day, Why};
pub use read::Mistake;
pub use shipped::Calendars;

use dates::Dates;
use hours::Week;
use line::Line;

/// When a company works. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Calendar(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    title: Option<String>,
    zone: Tz,
    week: Week,
    dates: Dates,
    /// Made when it is first asked for.
    line: OnceLock<Line>,
}

/// What cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// There is no open time at all.
    #[error("the calendar `{calendar}` is never open")]
    NeverOpen {
        /// Its name.
        calendar: String,
    },
    /// The answer lies behind the last day the calendar knows.
    #[error(
        "the calendar `{calendar}` knows the days to {last} only: add what comes after to its file (tend calendar {calendar})"
    )]
    Beyond {
        /// Its name.
        calendar: String,
        /// The last day it knows.
        last: NaiveDate,
    },
    /// The question begins before the first day the calendar knows.
    #[error("the calendar `{calendar}` knows the days from {first} only")]
    Before {
        /// Its name.
        calendar: String,
        /// The first day it knows.
        first: NaiveDate,
    },
    /// A negative length of time.
    #[error("a length of working time cannot be negative")]
    Negative,
}

/// Time that does not count, from one instant to another; none when it ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant at which time counts again.
    pub to: DateTime<Utc>,
}

/// An open time, or the part of it that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The instant at which it is over.
    pub to: DateTime<Utc>,
    /// Why the day on which it begins has it.
    pub why: Why,
}

impl Calendar {
    /// By the text of its file; `holidays_of` may name the calendars tend ships.
    ///
    /// # Errors
    /// All that is wrong with the text.
    pub fn read(name: &str, toml: &str) -> Result<Self, Vec<Mistake>> {
        read::read(name, toml, Calendars::shipped())
    }

    fn new(name: &str, title: Option<String>, zone: Tz, week: Week, dates: Dates) -> Self {
        Self(Arc::new(Inner { name: name.to_owned(), title, zone, week, dates, line: OnceLock::new() }))
    }

    /// Its name: the stem of its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What the file says it is, for people.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// Whose clocks its hours are read from.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.0.zone
    }

    /// The first and the last day it has data for; none when it has no dates of single years, and so never ends.
    #[must_use]
    pub fn known(&self) -> Option<RangeInclusive<NaiveDate>> {
        self.0.dates.known.map(|(first, last)| first..=last)
    }

    /// Whether somebody works at that instant. At opening time somebody does, at closing time nobody any more.
    ///
    /// # Errors
    /// Outside the days it knows.
    pub fn is_open(&self, at: DateTime<Utc>) -> Result<bool, Trouble> {
        self.line().is_open(self, at)
    }

    /// The first instant from `at` on at which somebody works: `at` itself when open.
    ///
    /// # Errors
    /// Outside the days it knows; never open.
    pub fn next_open(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, Trouble> {
        self.line().next_open(self, at)
    }

    /// The instant at which `secs` of open time have gone by since `from`, pauses not counted; what ends exactly at
    /// closing time ends there. No time at all is over when somebody works again.
    ///
    /// # Errors
    /// Outside the days it knows; a negative length; never open.
    pub fn add(&self, from: DateTime<Utc>, secs: i64, pauses: &[Pause]) -> Result<DateTime<Utc>, Trouble> {
        self.line().add(self, from, secs, pauses)
    }

    /// The last instant from which `secs` of open time go by until `to`: when something must begin that takes so long
    /// and shall be ready then. No time at all is the last closing time, or `to` itself when somebody worked up to it.
    ///
    /// # Errors
    /// Outside the days it knows; a negative length; never open.
    pub fn back(&self, to: DateTime<Utc>, secs: i64) -> Result<DateTime<Utc>, Trouble> {
        self.line().back(self, to, secs)
    }

    /// Seconds of open time from one instant to another, pauses not counted; a started second does not count. None
    /// when `to` is not after `from`.
    ///
    /// # Errors
    /// Outside the days it knows.
    pub fn measure(&self, from: DateTime<Utc>, to: DateTime<Utc>, pauses: &[Pause]) -> Result<i64, Trouble> {
        self.line().measure(self, from, to, pauses)
    }

    fn line(&self) -> &Line {
        self.0.line.get_or_init(|| Line::of(self))
    }
}
