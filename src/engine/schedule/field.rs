//! One field of a cron expression: its grammar, its range, and errors that name both.
//!
//! croner refuses `61 * * * *` without saying which field is wrong, skips the empty place in `1,,2` and takes a bare
//! `L` as a weekday that never comes; so every field is checked here before croner sees it.

use std::fmt::Write as _;
use std::ops::Range;

use super::error::{About, ScheduleError};

/// What one of the five fields may hold.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    low: u8,
    high: u8,
    /// What the range is called in errors.
    range: &'static str,
    names: &'static [(&'static str, u8)],
    days: Option<DayField>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DayField {
    OfMonth,
    OfWeek,
}

const MONTHS: &[(&str, u8)] = &[
    ("JAN", 1),
    ("FEB", 2),
    ("MAR", 3),
    ("APR", 4),
    ("MAY", 5),
    ("JUN", 6),
    ("JUL", 7),
    ("AUG", 8),
    ("SEP", 9),
    ("OCT", 10),
    ("NOV", 11),
    ("DEC", 12),
];
const WEEKDAYS: &[(&str, u8)] = &[("SUN", 0), ("MON", 1), ("TUE", 2), ("WED", 3), ("THU", 4), ("FRI", 5), ("SAT", 6)];

/// The five fields, in order.
pub(super) const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, range: "0 to 59", names: &[], days: None },
    Field { name: "hour", low: 0, high: 23, range: "0 to 23", names: &[], days: None },
    Field { name: "day-of-month", low: 1, high: 31, range: "1 to 31", names: &[], days: Some(DayField::OfMonth) },
    Field { name: "month", low: 1, high: 12, range: "1 to 12, or JAN to DEC", names: MONTHS, days: None },
    Field {
        name: "day-of-week",
        low: 0,
        high: 7,
        range: "0 to 7 (0 and 7 are Sunday), or SUN to SAT",
        names: WEEKDAYS,
        days: Some(DayField::OfWeek),
    },
];

/// One place of the list a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// `*`, and `?` in the two day fields.
    Any,
    /// A single value, also a range that holds only one.
    One(u8),
    /// `a-b`, `a-b/n`, `*/n`.
    Span { from: u8, to: u8, step: u8 },
    /// `L`, `LW`, `15W`, `5#2`, `5#L`, as croner writes them.
    Special(String),
}

impl Part {
    /// The values of a minute or hour field.
    pub(super) fn values(&self, field: &Field) -> Vec<u8> {
        match *self {
            Self::Any => (field.low..=field.high).collect(),
            Self::One(value) => vec![value],
            Self::Span { from, to, step } => (from..=to).step_by(step.into()).collect(),
            Self::Special(_) => Vec::new(),
        }
    }

    pub(super) fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }
}

/// A field's parts as croner reads them.
pub(super) fn render(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push(',');
        }
        let written = match part {
            Part::Any => write!(text, "*"),
            Part::One(value) => write!(text, "{value}"),
            Part::Span { from, to, step: 1 } => write!(text, "{from}-{to}"),
            Part::Span { from, to, step } => write!(text, "{from}-{to}/{step}"),
            Part::Special(special) => write!(text, "{special}"),
        };
        written.expect("writing to a string");
    }
    text
}

impl Field {
    /// Reads the list `text`, which begins at byte `start` of the expression.
    pub(super) fn parse(&self, text: &str, start: usize) -> Result<Vec<Part>, ScheduleError> {
        let mut parts = Vec::new();
        let mut at = start;
        for piece in text.split(',') {
            let span = at..at + piece.len();
            if piece.is_empty() {
                let message = format!("{} {text}: an empty place in the list", self.name);
                return Err(error(message, start..start + text.len()).help("take out the extra comma"));
            }
            parts.push(self.part(&piece.to_ascii_uppercase(), piece, span)?);
            at += piece.len() + 1;
        }
        // a star takes in everything beside it
        Ok(if parts.contains(&Part::Any) { vec![Part::Any] } else { parts })
    }

    fn part(&self, text: &str, written: &str, span: Range<usize>) -> Result<Part, ScheduleError> {
        if text == "*" || (text == "?" && self.days.is_some()) {
            return Ok(Part::Any);
        }
        if let Some(special) = self.special(text, written, &span)? {
            return Ok(special);
        }
        if let Some((base, step)) = text.split_once('/') {
            return self.stepped(base, step, written, span);
        }
        if let Some((from, to)) = text.split_once('-') {
            let (from, to) = self.range(from, to, written, &span)?;
            return Ok(if from == to { Part::One(from) } else { Part::Span { from, to, step: 1 } });
        }
        self.value(text, written, &span).map(Part::One)
    }

    fn stepped(&self, base: &str, step: &str, written: &str, span: Range<usize>) -> Result<Part, ScheduleError> {
        let (from, to) = if base == "*" {
            // the last weekday is 6: 7 is Sunday once more
            (self.low, if self.days == Some(DayField::OfWeek) { 6 } else { self.high })
        } else if let Some((from, to)) = base.split_once('-') {
            self.range(from, to, written, &span)?
        } else {
            let message = format!("{} {written}: a step needs a range", self.name);
            let help = format!("write {base}-{}/{step} or */{step}", self.high);
            return Err(error(message, span).help(help));
        };
        let largest = self.high - self.low;
        let step = match number(step) {
            Some(step) if (1..=largest.into()).contains(&step) => u8::try_from(step).unwrap_or(largest),
            _ => {
                let problem = error(format!("{} {written}: a step is 1 to {largest}", self.name), span);
                return Err(if base == "*" && self.days.is_none() {
                    problem.help(format!("for one time only, write a single {}", self.name))
                } else {
                    problem
                });
            }
        };
        Ok(if base == "*" && step == 1 {
            Part::Any
        } else if from == to || u16::from(from) + u16::from(step) > u16::from(to) {
            Part::One(from)
        } else {
            Part::Span { from, to, step }
        })
    }

    fn range(&self, from: &str, to: &str, written: &str, span: &Range<usize>) -> Result<(u8, u8), ScheduleError> {
        let low = self.value(from, written, span)?;
        let mut high = self.value(to, written, span)?;
        if self.days == Some(DayField::OfWeek) && high == 0 && low > 0 {
            high = 7; // FRI-SUN
        }
        if low > high {
            let first = if self.days == Some(DayField::OfWeek) { 6 } else { self.high };
            let piece = |a: u8, b: u8| if a == b { a.to_string() } else { format!("{a}-{b}") };
            let message = format!("{} {written} runs backwards", self.name);
            let help = format!("write {},{}", piece(low, first), piece(self.low, high));
            return Err(error(message, span.clone()).help(help));
        }
        Ok((low, high))
    }

    fn value(&self, text: &str, written: &str, span: &Range<usize>) -> Result<u8, ScheduleError> {
        if let Some(&(_, value)) = self.names.iter().find(|(name, _)| *name == text) {
            return Ok(value);
        }
        match number(text) {
            Some(value) if (u16::from(self.low)..=self.high.into()).contains(&value) => {
                Ok(u8::try_from(value).unwrap_or(self.high))
            }
            Some(_) => Err(error(format!("{} {written}: {}", self.name, self.range), span.clone())),
            None => Err(self.not_understood(text, written, span)),
        }
    }

    fn not_understood(&self, text: &str, written: &str, span: &Range<usize>) -> ScheduleError {
        let problem = error(format!("{} {written}: not understood ({})", self.name, self.range), span.clone());
        // MONDAY, SEPT
        if let Some(short) = text.get(..3).filter(|short| self.names.iter().any(|(name, _)| name == short)) {
            return problem.help(format!("did you mean {short}?"));
        }
        let more = match self.days {
            Some(DayField::OfMonth) => ", L (the last day), 15W (the working day nearest to the 15th)",
            Some(DayField::OfWeek) => ", FRI#2 (the second Friday), FRI#L (the last one)",
            None => "",
        };
        problem.help(format!("write a value, a range a-b, a step */n, a list a,b{more}"))
    }

    /// The forms that only day fields have.
    fn special(&self, text: &str, written: &str, span: &Range<usize>) -> Result<Option<Part>, ScheduleError> {
        match self.days {
            Some(DayField::OfMonth) if text == "L" || text == "LW" => Ok(Some(Part::Special(text.to_owned()))),
            Some(DayField::OfMonth) => text
                .strip_suffix('W')
                .map(|day| self.value(day, written, span).map(|day| Part::Special(format!("{day}W"))))
                .transpose(),
            Some(DayField::OfWeek) if text == "L" => {
                let message = format!("{} {written}: the last of which weekday?", self.name);
                Err(error(message, span.clone()).help("write FRI#L for the last Friday of the month"))
            }
            Some(DayField::OfWeek) => {
                if let Some(day) = text.strip_prefix('+') {
                    let message = format!("{} {written}: a plus is not understood", self.name);
                    return Err(
                        error(message, span.clone()).help(format!("write {day}, and days = \"and\" below cron"))
                    );
                }
                let Some((day, nth)) = text.split_once('#').or_else(|| text.strip_suffix('L').map(|day| (day, "L")))
                else {
                    return Ok(None);
                };
                let day = self.value(day, written, span)? % 7;
                if nth != "L" && !number(nth).is_some_and(|nth| (1..=5).contains(&nth)) {
                    let message = format!("{} {written}: after # comes 1 to 5, or L for the last", self.name);
                    return Err(error(message, span.clone()));
                }
                Ok(Some(Part::Special(format!("{day}#{}", nth.trim_start_matches('0')))))
            }
            None => Ok(None),
        }
    }
}

/// Digits only: `+5` and `-5` are no values.
fn number(text: &str) -> Option<u16> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().unwrap_or(u16::MAX))
}

fn error(message: String, span: Range<usize>) -> ScheduleError {
    ScheduleError::new(About::Cron, message).at(span)
}
