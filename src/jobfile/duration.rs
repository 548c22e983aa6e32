//! Lengths of time as people write them: a number with a unit, free of calendars.

use std::{fmt, time::Duration};

use chrono::TimeDelta;

/// A length of time: "90s", "15m", "2h", "30d", "12w". A day is 24 hours, a week seven days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    seconds: i64,
}

/// Longer than a century is a slip of the keyboard.
const LONGEST: i64 = 36_525 * DAY;
const DAY: i64 = 86_400;
const UNITS: [(char, i64); 5] = [('w', 7 * DAY), ('d', DAY), ('h', 3_600), ('m', 60), ('s', 1)];

impl Span {
    /// So many days of 24 hours.
    #[must_use]
    pub const fn days(days: i32) -> Self {
        Self { seconds: days as i64 * DAY }
    }

    /// So many hours.
    #[must_use]
    pub const fn hours(hours: i32) -> Self {
        Self { seconds: hours as i64 * 3_600 }
    }

    /// Reads "30d".
    ///
    /// # Errors
    /// A sentence that says what a length of time looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        if number.is_empty() {
            return Err(
                "a length of time is a whole number with a unit: \"90s\", \"15m\", \"2h\", \"30d\" or \"12w\"".into()
            );
        }
        let mut letters = unit.chars();
        let factor = match (letters.next(), letters.next()) {
            (Some(letter), None) => UNITS.iter().find(|(name, _)| *name == letter).map(|(_, factor)| *factor),
            _ => None,
        };
        let Some(factor) = factor else { return Err(unit_help(number, unit)) };
        number
            .parse::<i64>()
            .ok()
            .and_then(|count| count.checked_mul(factor))
            .filter(|seconds| *seconds <= LONGEST)
            .map(|seconds| Self { seconds })
            .ok_or_else(|| "that is more than a hundred years".into())
    }

    /// As long again.
    #[must_use]
    pub const fn twice(self) -> Self {
        Self { seconds: self.seconds * 2 }
    }

    /// In seconds.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.seconds
    }

    /// In days, when it is a whole number of them.
    #[must_use]
    pub const fn as_days(self) -> Option<i32> {
        // a century is 36,525 days: it fits
        if self.seconds % DAY == 0 { Some((self.seconds / DAY) as i32) } else { None }
    }

    /// For `chrono`.
    #[must_use]
    pub fn as_delta(self) -> TimeDelta {
        TimeDelta::seconds(self.seconds)
    }

    /// For `tokio` and `std`.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        Duration::from_secs(self.seconds.unsigned_abs())
    }
}

/// What to write instead of a unit that is none.
fn unit_help(number: &str, unit: &str) -> String {
    let better = match unit.trim().to_lowercase().as_str() {
        "" => {
            return format!(
                "say which unit: \"{number}d\" for days, \"{number}h\" for hours, \"{number}m\" for minutes"
            );
        }
        "second" | "seconds" | "sec" | "secs" => "s",
        "minute" | "minutes" | "min" | "mins" => "m",
        "hour" | "hours" | "hrs" | "h" => "h",
        "day" | "days" | "d" => "d",
        "week" | "weeks" | "w" => "w",
        "month" | "months" | "mo" => return "months differ in length: say it in days, \"30d\"".into(),
        "year" | "years" | "y" => return "years differ in length: say it in days, \"365d\"".into(),
        _ => return format!("units are s, m, h, d and w: \"{number}d\""),
    };
    format!("write \"{number}{better}\"")
}

/// As it would be written in a file: in the largest unit that leaves no rest (weeks only where the days would be many).
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS[1..].iter().find(|(_, factor)| self.seconds % factor == 0).unwrap_or(&UNITS[4]);
        write!(f, "{}{}", self.seconds / unit.1, unit.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_is_read_and_shown_again() {
        for (text, seconds, shown) in [
            ("90s", 90, "90s"),
            ("15m", 900, "15m"),
            ("2h", 7_200, "2h"),
            ("30d", 2_592_000, "30d"),
            ("2w", 1_209_600, "14d"),
        ] {
            let span = Span::parse(text).expect(text);
            assert_eq!((span.as_seconds(), span.to_string().as_str()), (seconds, shown));
        }
        assert_eq!(Span::parse("0d").map(|span| span.to_string()), Ok("0d".into()));
    }

    #[test]
    fn what_is_none_is_refused_with_what_to_write() {
        for (text, help) in [
            ("30", "say which unit: \"30d\""),
            ("30 days", "write \"30d\""),
            ("3 months", "months differ in length"),
            ("-3d", "a whole number with a unit"),
            ("1h30m", "units are s, m, h, d and w"),
            ("天", "a whole number with a unit"),
            ("99999999999999999999d", "more than a hundred years"),
        ] {
            let error = Span::parse(text).expect_err(text);
            assert!(error.contains(help), "{text}: {error}");
        }
    }
}
