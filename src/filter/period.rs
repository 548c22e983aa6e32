//! Periods of the calendar, relative to the day of the as-of: "this_month", "last_quarter".

use chrono::{Datelike, Days, Months, NaiveDate};

/// A period, as files name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    name: &'static str,
    unit: Unit,
    /// How many units away: 0 is the one the as-of is in.
    away: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    /// So many months, from the first month of the year on.
    Months(u32),
}

const fn period(name: &'static str, unit: Unit, away: i32) -> Period {
    Period { name, unit, away }
}

/// All periods. Weeks begin on Monday.
pub(super) const ALL: [Period; 15] = [
    period("today", Unit::Day, 0),
    period("yesterday", Unit::Day, -1),
    period("tomorrow", Unit::Day, 1),
    period("this_week", Unit::Week, 0),
    period("last_week", Unit::Week, -1),
    period("next_week", Unit::Week, 1),
    period("this_month", Unit::Months(1), 0),
    period("last_month", Unit::Months(1), -1),
    period("next_month", Unit::Months(1), 1),
    period("this_quarter", Unit::Months(3), 0),
    period("last_quarter", Unit::Months(3), -1),
    period("next_quarter", Unit::Months(3), 1),
    period("this_year", Unit::Months(12), 0),
    period("last_year", Unit::Months(12), -1),
    period("next_year", Unit::Months(12), 1),
];

impl Period {
    /// The period of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        ALL.into_iter().find(|period| period.name == name)
    }

    /// As files name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Its first day, and the first one after it.
    #[must_use]
    pub fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        match self.unit {
            Unit::Day => by_days(today, self.away, 1),
            Unit::Week => {
                let monday = today - Days::new(today.weekday().num_days_from_monday().into());
                by_days(monday, self.away, 7)
            }
            Unit::Months(length) => {
                let from_new_year = Months::new(today.month0() / length * length);
                let new_year = NaiveDate::from_ymd_opt(today.year(), 1, 1).unwrap_or(today);
                let away = Months::new(self.away.unsigned_abs() * length);
                let this = new_year + from_new_year;
                let first = if self.away < 0 { this - away } else { this + away };
                (first, first + Months::new(length))
            }
        }
    }
}

fn by_days(first: NaiveDate, away: i32, length: u64) -> (NaiveDate, NaiveDate) {
    let away_days = Days::new(u64::from(away.unsigned_abs()) * length);
    let first = if away < 0 { first - away_days } else { first + away_days };
    (first, first + Days::new(length))
}

#[cfg(test)]
mod tests {
    use super::Period;

    #[test]
    fn periods_begin_and_end_where_the_calendar_says() {
        for (name, from, to) in [
            ("today", "2026-03-31", "2026-04-01"),
            ("yesterday", "2026-03-30", "2026-03-31"),
            ("this_week", "2026-03-30", "2026-04-06"),
            ("last_week", "2026-03-23", "2026-03-30"),
            ("this_month", "2026-03-01", "2026-04-01"),
            ("last_month", "2026-02-01", "2026-03-01"),
            ("next_month", "2026-04-01", "2026-05-01"),
            ("last_quarter", "2025-10-01", "2026-01-01"),
            ("this_quarter", "2026-01-01", "2026-04-01"),
            ("last_year", "2025-01-01", "2026-01-01"),
        ] {
            let day = |text: &str| text.parse().expect(text);
            let found = Period::find(name).expect(name).days(day("2026-03-31"));
            assert_eq!(found, (day(from), day(to)), "{name}");
        }
    }
}
