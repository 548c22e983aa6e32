//! What a date is: worked or not, when, and why.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};

use super::dates::{Entry, Name};
use super::hours::Hours;
use super::{Calendar, Trouble, line, zone};

/// A date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Its windows in order, from and to; one that ends on the day after is whole. None on a day off.
    pub open: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// Why it has them, or has none.
    pub why: Why,
}

/// Why a date is worked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// By its day of the week.
    Weekday(Weekday),
    /// A day off.
    Holiday(Name),
    /// Worked in exchange for a day off, with the hours of a day of the week.
    MakeUp {
        /// What it makes up for.
        name: Name,
        /// Whose hours it has.
        like: Weekday,
    },
    /// Hours for this date alone, such as half a day.
    ByDate(Name),
}

impl Calendar {
    /// What a date is.
    ///
    /// # Errors
    /// Outside the days it knows.
    pub fn day(&self, date: NaiveDate) -> Result<Day, Trouble> {
        self.knows(date)?;
        let (hours, why) = self.rule(date);
        let zone = self.zone();
        let windows =
            hours.iter().map(|window| (zone::edge(zone, date, window.from), zone::edge(zone, date, window.to)));
        Ok(Day { open: windows.filter(|(from, to)| from < to).collect(), why: why() })
    }

    /// Whether the date is a working day: open at all, be it half a day.
    ///
    /// # Errors
    /// Outside the days it knows.
    pub fn works(&self, date: NaiveDate) -> Result<bool, Trouble> {
        self.knows(date)?;
        Ok(!self.rule(date).0.is_empty())
    }

    /// The first working day after `date`.
    ///
    /// # Errors
    /// Outside the days it knows.
    pub fn next_working_day(&self, date: NaiveDate) -> Result<NaiveDate, Trouble> {
        let mut day = date;
        loop {
            // one day at a time: the data, or the table of a calendar without end, is over at some point
            day = day.checked_add_days(Days::new(1)).ok_or_else(|| self.beyond())?;
            if self.works(day)? {
                return Ok(day);
            }
        }
    }

    /// The working days from one date to another, both included.
    ///
    /// # Errors
    /// Outside the days it knows.
    pub fn working_days(&self, from: NaiveDate, to: NaiveDate) -> Result<Vec<NaiveDate>, Trouble> {
        let mut days = Vec::new();
        for date in from.iter_days().take_while(|date| *date <= to) {
            if self.works(date)? {
                days.push(date);
            }
        }
        Ok(days)
    }

    /// The hours of a date and, for whoever asks, why; whether the date is known is not asked.
    pub(super) fn rule(&self, date: NaiveDate) -> (&[Hours], impl Fn() -> Why) {
        let week = &self.0.week;
        let entry = self.0.dates.entry(date);
        let yearly = if entry.is_none() { self.0.dates.yearly(date) } else { None };
        let hours = match entry {
            Some(Entry::Off(_)) => &[],
            Some(Entry::Worked(like, _)) => week.on(*like),
            Some(Entry::Hours(hours, _)) => hours,
            None if yearly.is_some() => &[],
            None => week.of(date),
        };
        let why = move || match (entry, yearly) {
            (Some(Entry::Off(name)), _) | (None, Some(name)) => Why::Holiday(name.clone()),
            (Some(Entry::Worked(like, name)), _) => Why::MakeUp { name: name.clone(), like: *like },
            (Some(Entry::Hours(_, name)), _) => Why::ByDate(name.clone()),
            (None, None) => Why::Weekday(date.weekday()),
        };
        (hours, why)
    }

    /// The first and the last day that can be asked about.
    pub(super) fn span(&self) -> (NaiveDate, NaiveDate) {
        self.0.dates.known.unwrap_or((line::FIRST, line::LAST))
    }

    fn knows(&self, date: NaiveDate) -> Result<(), Trouble> {
        let (first, last) = self.span();
        if date < first {
            return Err(self.before());
        }
        if date > last { Err(self.beyond()) } else { Ok(()) }
    }

    pub(super) fn beyond(&self) -> Trouble {
        Trouble::Beyond { calendar: self.name().to_owned(), last: self.span().1 }
    }

    pub(super) fn before(&self) -> Trouble {
        Trouble::Before { calendar: self.name().to_owned(), first: self.span().0 }
    }
}
