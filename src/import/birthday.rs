//! The one column `birthday`, which becomes three.

use chrono::NaiveDate;

/// A birthday as written: `1990-05-04`, `--05-04` or `05-04` (no year).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub year: Option<i16>,
    pub month: u32,
    pub day: u32,
}

const FORM: &str = "is not a birthday such as 1990-05-04, or 05-04 without a year";

impl Written {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let number = |part: &str, digits: usize| -> Option<u32> {
            (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
        };
        let parts: Vec<&str> = text.strip_prefix("--").unwrap_or(text).split('-').collect();
        let written = match parts[..] {
            [month, day] => number(month, 2).zip(number(day, 2)).map(|(month, day)| Self { year: None, month, day }),
            [year, month, day] if !text.starts_with("--") => number(year, 4)
                .and_then(|year| i16::try_from(year).ok())
                .zip(number(month, 2).zip(number(day, 2)))
                .map(|(year, (month, day))| Self { year: Some(year), month, day }),
            _ => None,
        };
        written.ok_or_else(|| FORM.to_owned())
    }

    /// Whether the calendar has that day: solar by the year, or by a leap year when there is none; a lunar month has
    /// up to 30 days.
    pub(super) fn check(self, lunar: bool, leap_month: bool) -> Result<(), String> {
        if self.year.is_some_and(|year| !(1850..=2200).contains(&year)) {
            return Err("has a year before 1850 or after 2200".to_owned());
        }
        if lunar {
            return if (1..=12).contains(&self.month) && (1..=30).contains(&self.day) {
                Ok(())
            } else {
                Err("is no day of the lunar calendar (months 1 to 12, days 1 to 30)".to_owned())
            };
        }
        if leap_month {
            return Err("has birthday_leap_month, which only a lunar birthday can have".to_owned());
        }
        let year = self.year.map_or(2000, i32::from);
        NaiveDate::from_ymd_opt(year, self.month, self.day).map(drop).ok_or_else(|| "does not exist".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, lunar: bool) -> Result<(), String> {
        Written::parse(text)?.check(lunar, false)
    }

    #[test]
    fn birthdays_come_with_and_without_a_year() {
        assert_eq!(Written::parse("1990-05-04"), Ok(Written { year: Some(1990), month: 5, day: 4 }));
        assert_eq!(Written::parse("--05-04"), Ok(Written { year: None, month: 5, day: 4 }));
        assert_eq!(Written::parse("05-04"), Ok(Written { year: None, month: 5, day: 4 }));
    }

    #[test]
    fn impossible_days_are_refused() {
        for text in ["1990-5-4", "04.05.1990", "", "-", "19900504", "--1990-05-04", "+990-05-04"] {
            assert!(Written::parse(text).is_err(), "{text}");
        }
        assert!(check("02-29", false).is_ok());
        assert!(check("1992-02-29", false).is_ok());
        assert!(check("1990-02-29", false).is_err());
        assert!(check("02-30", false).is_err());
        assert!(check("02-30", true).is_ok());
        assert!(check("02-31", true).is_err());
        assert!(check("0001-01-01", false).is_err());
        assert!(Written::parse("1990-05-04").unwrap().check(false, true).is_err());
    }
}
