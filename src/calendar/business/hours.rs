//! The hours of a day, and of each day of the week.

use chrono::{NaiveDate, Weekday};

/// Minutes of a day.
pub(super) const DAY: u16 = 24 * 60;

/// One open window of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    /// Minutes since midnight, below 24 h.
    pub from: u16,
    /// Minutes since the midnight at which the day began; more than 24 h when it ends on the day after.
    pub to: u16,
}

/// The hours of the days of the week, Monday first; in order and without overlaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Week(pub(super) [Vec<Hours>; 7]);

impl Week {
    /// The hours of a day of the week.
    pub(super) fn on(&self, weekday: Weekday) -> &[Hours] {
        &self.0[weekday.num_days_from_monday() as usize]
    }

    /// The hours a date has by its day of the week.
    pub(super) fn of(&self, date: NaiveDate) -> &[Hours] {
        use chrono::Datelike;
        self.on(date.weekday())
    }
}

impl Hours {
    /// `"09:00-18:00"`, `"18:00-24:00"`, `"22:00-06:00+1"` (to six the next morning).
    ///
    /// # Errors
    /// What is wrong, and what to write instead.
    pub(super) fn parse(text: &str) -> Result<Self, (String, String)> {
        let shape = || {
            let message = format!("{text:?} is not a window of a day");
            (message, "write from when to when, such as \"09:00-18:00\"".to_owned())
        };
        let (from, to) = text.split_once(['-', '–']).ok_or_else(shape)?;
        let (to, next_day) = match to.trim().strip_suffix("+1") {
            Some(to) => (to, true),
            None => (to, false),
        };
        let (from, to) = (clock(from.trim()).ok_or_else(shape)?, clock(to.trim()).ok_or_else(shape)?);
        let told = |message: &str, help: String| Err((format!("{text:?} {message}"), help));
        if from == DAY {
            return told("begins when the day is over", "write 00:00 and put it to the next day".to_owned());
        }
        if next_day {
            let over = Self { from, to: to + DAY };
            return match over.to - from <= DAY {
                true => Ok(over),
                false => told("is longer than a day", "split it into one window for each day".to_owned()),
            };
        }
        if to == DAY - 1 {
            let help = format!("to the end of the day is \"{}-24:00\"", shown(from));
            return told("leaves out the last minute of the day", help);
        }
        if to == 0 && from > 0 {
            return told("ends before it begins", format!("to midnight is \"{}-24:00\"", shown(from)));
        }
        if to <= from {
            let over = format!("{}-{}", shown(from), shown(to));
            let help = match to == from {
                true => format!("round the clock is \"00:00-24:00\"; to the same time of the next day is \"{over}+1\""),
                false => format!("a window that ends on the next day is written with +1: \"{over}+1\""),
            };
            return told(if to == from { "is empty" } else { "ends before it begins" }, help);
        }
        Ok(Self { from, to })
    }
}

/// As it is written in files.
impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (to, next) = if self.to > DAY { (self.to - DAY, "+1") } else { (self.to, "") };
        write!(f, "{}-{}{next}", shown(self.from), shown(to))
    }
}

/// Minutes since midnight; up to 24:00.
fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once([':', '：'])?;
    let digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY).then_some(all)
}

fn shown(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The first two that overlap, of windows in order.
pub(super) fn overlap(windows: &[Hours]) -> Option<(Hours, Hours)> {
    windows.windows(2).find(|pair| pair[1].from < pair[0].to).map(|pair| (pair[0], pair[1]))
}
