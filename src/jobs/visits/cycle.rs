//! Cycles: the weeks, months, quarters and years in which so many visits are owed. Pure.

use chrono::{Datelike, Days, Months, NaiveDate};

/// How often cycles begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Per {
    /// Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// January to March and so on.
    Quarter,
    /// January to December.
    Year,
}

/// The words of job files.
pub const PERS: &[(&str, Per)] =
    &[("week", Per::Week), ("month", Per::Month), ("quarter", Per::Quarter), ("year", Per::Year)];

impl Per {
    /// The word in job files.
    #[must_use]
    pub fn word(self) -> &'static str {
        PERS.iter().find(|(_, per)| *per == self).map_or("", |(word, _)| word)
    }

    /// Days of the shortest such cycle.
    #[must_use]
    pub const fn shortest(self) -> i64 {
        match self {
            Self::Week => 7,
            Self::Month => 28,
            Self::Quarter => 90,
            Self::Year => 365,
        }
    }

    /// The cycle a day lies in.
    #[must_use]
    pub fn of(self, day: NaiveDate) -> Cycle {
        let first = match self {
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Month => day.with_day(1),
            Self::Quarter => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1),
            Self::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        };
        Cycle { per: self, first: first.unwrap_or(day) }
    }
}

/// A stretch in which so many visits are owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cycle {
    /// Which sort.
    pub per: Per,
    /// Its first day.
    pub first: NaiveDate,
}

impl Cycle {
    /// Its last day.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        let next = match self.per {
            Per::Week => self.first.checked_add_days(Days::new(7)),
            Per::Month => self.first.checked_add_months(Months::new(1)),
            Per::Quarter => self.first.checked_add_months(Months::new(3)),
            Per::Year => self.first.checked_add_months(Months::new(12)),
        };
        next.and_then(|next| next.pred_opt()).unwrap_or(self.first)
    }

    /// The one behind it.
    #[must_use]
    pub fn next(self) -> Self {
        self.last().succ_opt().map_or(self, |day| self.per.of(day))
    }

    /// Whether a day lies in it.
    #[must_use]
    pub fn holds(self, day: NaiveDate) -> bool {
        (self.first..=self.last()).contains(&day)
    }

    /// Calendar days.
    #[must_use]
    pub fn days(self) -> i64 {
        (self.last() - self.first).num_days() + 1
    }

    /// Those that overlap a stretch of days, in order.
    #[must_use]
    pub fn over(per: Per, from: NaiveDate, until: NaiveDate) -> Vec<Self> {
        let mut cycles = Vec::new();
        let mut cycle = per.of(from);
        while cycle.first <= until && cycles.last() != Some(&cycle) {
            cycles.push(cycle);
            cycle = cycle.next();
        }
        cycles
    }

    /// "2026-06", "2026-Q2", "2026-W23", "2026".
    #[must_use]
    pub fn name(self) -> String {
        let year = self.first.year();
        match self.per {
            Per::Week => self.first.format("%G-W%V").to_string(),
            Per::Month => self.first.format("%Y-%m").to_string(),
            Per::Quarter => format!("{year}-Q{}", self.first.month0() / 3 + 1),
            Per::Year => year.to_string(),
        }
    }

    /// The visits owed to whom it is owed from `begin` on: of `visits` the share of its days that is left then, rounded
    /// (half up).
    #[must_use]
    pub fn owed(self, visits: u16, begin: NaiveDate) -> u16 {
        let left = (self.last() - begin.max(self.first)).num_days() + 1;
        if left <= 0 {
            return 0;
        }
        let days = self.days();
        u16::try_from((i64::from(visits) * left * 2 + days) / (2 * days)).unwrap_or(visits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn cycles_begin_end_and_are_named_as_people_say_them() {
        for (per, on, first, last, name) in [
            (Per::Week, "2026-01-01", "2025-12-29", "2026-01-04", "2026-W01"),
            (Per::Month, "2028-02-29", "2028-02-01", "2028-02-29", "2028-02"),
            (Per::Quarter, "2026-06-30", "2026-04-01", "2026-06-30", "2026-Q2"),
            (Per::Quarter, "2026-12-31", "2026-10-01", "2026-12-31", "2026-Q4"),
            (Per::Year, "2026-06-30", "2026-01-01", "2026-12-31", "2026"),
        ] {
            let cycle = per.of(day(on));
            assert_eq!((cycle.first, cycle.last(), cycle.name().as_str()), (day(first), day(last), name));
            assert_eq!(cycle.next().first, cycle.last().succ_opt().unwrap());
            assert!(cycle.days() >= per.shortest());
        }
        let names: Vec<_> =
            Cycle::over(Per::Month, day("2026-11-30"), day("2027-01-01")).iter().map(|c| c.name()).collect();
        assert_eq!(names, ["2026-11", "2026-12", "2027-01"]);
    }

    #[test]
    fn who_comes_in_the_middle_is_owed_the_share_that_is_left() {
        let june = Per::Month.of(day("2026-06-01"));
        for (begin, visits, owed) in [
            ("2020-01-01", 2, 2),
            ("2026-06-01", 2, 2),
            ("2026-06-08", 2, 2),
            ("2026-06-09", 2, 1),
            ("2026-06-23", 2, 1),
            ("2026-06-24", 2, 0),
            ("2026-06-16", 1, 1),
            ("2026-06-17", 1, 0),
            ("2026-07-01", 9, 0),
        ] {
            assert_eq!(june.owed(visits, day(begin)), owed, "{visits} from {begin}");
        }
    }
}
