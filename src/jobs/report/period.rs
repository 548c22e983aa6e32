//! The stretch of days a review is about: always whole local days, always over. Pure.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::filter::Frame;

/// How long the periods of a review are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// A local day.
    Day,
    /// Monday to Sunday.
    Week,
    /// So many calendar months.
    Months(u32),
    /// A quarter of a year.
    Quarter,
}

/// Whole local days, from the first instant of the first to the first instant after the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// 2026-05, 2026-W22, 2026-Q2, 2026-05-31, 2026-01..2026-06.
    pub name: String,
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day.
    pub last_day: NaiveDate,
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The first instant after it.
    pub until: DateTime<Utc>,
    /// Whose days these are.
    pub timezone: Tz,
}

impl Length {
    /// The last period that was over at an instant; none where the calendar of the computer ends.
    #[must_use]
    pub fn last_whole(self, as_of: DateTime<Utc>, timezone: Tz) -> Option<Period> {
        let today = as_of.with_timezone(&timezone).date_naive();
        self.before_day(self.first_of(today)?, timezone)
    }

    /// The period right before another of this length.
    #[must_use]
    pub fn before(self, period: &Period) -> Option<Period> {
        self.before_day(period.first_day, period.timezone)
    }

    /// The periods of this length that lie within another whole, the last first.
    #[must_use]
    pub fn within(self, whole: &Period) -> Vec<Period> {
        let day_after = whole.last_day.succ_opt().and_then(|day| self.first_of(day));
        let last = day_after.and_then(|day| self.before_day(day, whole.timezone));
        std::iter::successors(last, |period| self.before(period))
            .take_while(|period| period.first_day >= whole.first_day)
            .collect()
    }

    /// The first day of the period under way on a day; months by the one, however many there are to a period.
    fn first_of(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => Some(day),
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Months(_) => day.with_day(1),
            Self::Quarter => day.with_day(1)?.with_month(day.month0() / 3 * 3 + 1),
        }
    }

    /// The period that ends the day before.
    fn before_day(self, day: NaiveDate, timezone: Tz) -> Option<Period> {
        let first = match self {
            Self::Day => day.pred_opt(),
            Self::Week => day.checked_sub_days(Days::new(7)),
            Self::Months(months) => day.checked_sub_months(Months::new(months)),
            Self::Quarter => day.checked_sub_months(Months::new(3)),
        }?;
        let last = day.pred_opt()?;
        Some(Period { name: self.name(first, last), ..Period::of_days(first, last, timezone)? })
    }

    fn name(self, first: NaiveDate, last: NaiveDate) -> String {
        match self {
            Self::Day => first.to_string(),
            Self::Week => first.format("%G-W%V").to_string(),
            Self::Months(1) => first.format("%Y-%m").to_string(),
            Self::Months(_) => format!("{}..{}", first.format("%Y-%m"), last.format("%Y-%m")),
            Self::Quarter => format!("{}-Q{}", first.year(), first.month0() / 3 + 1),
        }
    }
}

impl Period {
    /// From one day to another, both included.
    #[must_use]
    pub fn of_days(first: NaiveDate, last: NaiveDate, timezone: Tz) -> Option<Self> {
        let until = begins(last.succ_opt()?, timezone)?;
        let name = format!("{first}..{last}");
        Some(Self { name, first_day: first, last_day: last, from: begins(first, timezone)?, until, timezone })
    }

    /// How long after its end an instant is.
    #[must_use]
    pub fn since(&self, instant: DateTime<Utc>) -> TimeDelta {
        instant - self.until
    }
}

/// The first instant of a local day; one that the zone leaves out (Samoa, 30 December 2011) begins with the next.
fn begins(day: NaiveDate, timezone: Tz) -> Option<DateTime<Utc>> {
    let frame = Frame { as_of: DateTime::UNIX_EPOCH, timezone, window: None };
    let there_is = |day: &NaiveDate| frame.start_of(*day).with_timezone(&timezone).date_naive() == *day;
    day.iter_days().take(3).find(there_is).map(|day| frame.start_of(day))
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Asia::Shanghai, Europe::London, UTC};

    use super::*;

    fn shown(length: Length, as_of: &str, zone: Tz) -> String {
        let now = length.last_whole(as_of.parse().unwrap(), zone).unwrap();
        let before = length.before(&now).unwrap();
        assert_eq!(before.until, now.from, "nothing lies between");
        format!("{} {:?} {:?}; {}", now.name, now.from, now.until, before.name)
    }

    /// Length, as-of, zone; the last whole period, the one before.
    const CASES: [(Length, &str, Tz, &str); 13] = [
        (
            Length::Months(1),
            "2026-06-01T00:00:00Z",
            Shanghai,
            "2026-05 2026-04-30T16:00:00Z 2026-05-31T16:00:00Z; 2026-04",
        ),
        // still May in London, June in Shanghai
        (
            Length::Months(1),
            "2026-05-31T17:00:00Z",
            Shanghai,
            "2026-05 2026-04-30T16:00:00Z 2026-05-31T16:00:00Z; 2026-04",
        ),
        (
            Length::Months(1),
            "2026-05-31T17:00:00Z",
            London,
            "2026-04 2026-03-31T23:00:00Z 2026-04-30T23:00:00Z; 2026-03",
        ),
        // the very first instant belongs to the new one
        (Length::Months(1), "2026-03-01T00:00:00Z", UTC, "2026-02 2026-02-01T00:00:00Z 2026-03-01T00:00:00Z; 2026-01"),
        (Length::Months(1), "2028-03-31T00:00:00Z", UTC, "2028-02 2028-02-01T00:00:00Z 2028-03-01T00:00:00Z; 2028-01"),
        // clocks go forward on 29 March: the month is an hour short
        (
            Length::Months(1),
            "2026-04-10T00:00:00Z",
            London,
            "2026-03 2026-03-01T00:00:00Z 2026-03-31T23:00:00Z; 2026-02",
        ),
        (
            Length::Day,
            "2026-03-30T12:00:00Z",
            London,
            "2026-03-29 2026-03-29T00:00:00Z 2026-03-29T23:00:00Z; 2026-03-28",
        ),
        (
            Length::Day,
            "2026-10-26T12:00:00Z",
            London,
            "2026-10-25 2026-10-24T23:00:00Z 2026-10-26T00:00:00Z; 2026-10-24",
        ),
        // Monday: the week before; Sunday: still that before
        (Length::Week, "2026-06-01T00:00:00Z", UTC, "2026-W22 2026-05-25T00:00:00Z 2026-06-01T00:00:00Z; 2026-W21"),
        (Length::Week, "2026-05-31T23:59:59Z", UTC, "2026-W21 2026-05-18T00:00:00Z 2026-05-25T00:00:00Z; 2026-W20"),
        (Length::Week, "2027-01-05T00:00:00Z", UTC, "2026-W53 2026-12-28T00:00:00Z 2027-01-04T00:00:00Z; 2026-W52"),
        (Length::Quarter, "2026-01-15T00:00:00Z", UTC, "2025-Q4 2025-10-01T00:00:00Z 2026-01-01T00:00:00Z; 2025-Q3"),
        (
            Length::Months(6),
            "2026-06-01T00:00:00Z",
            UTC,
            "2025-12..2026-05 2025-12-01T00:00:00Z 2026-06-01T00:00:00Z; 2025-06..2025-11",
        ),
    ];

    #[test]
    fn the_last_whole_period_is_that_of_the_zone() {
        for (length, as_of, zone, expected) in CASES {
            assert_eq!(shown(length, as_of, zone), expected);
        }
    }

    #[test]
    fn a_day_the_zone_leaves_out_is_no_time_at_all() {
        let apia = chrono_tz::Pacific::Apia;
        let day = Length::Day.last_whole("2011-12-30T12:00:00Z".parse().unwrap(), apia).unwrap();
        assert_eq!((day.name.as_str(), day.from), ("2011-12-30", day.until));
        // midnight is skipped in Beirut: the day begins at one
        let beirut = Length::Day.last_whole("2026-03-30T12:00:00Z".parse().unwrap(), chrono_tz::Asia::Beirut).unwrap();
        assert_eq!(beirut.from.to_rfc3339(), "2026-03-28T22:00:00+00:00");
    }
}
