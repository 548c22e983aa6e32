//! What conditions compare with: read from the file by the shape an operator asks for.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use toml::de::DeValue;

use super::birthday::FURTHEST;
use super::pattern;
use super::period::{self, Period};
use crate::jobfile::{
    duration::Span,
    reader::{Node, Reader, did_you_mean},
    value::{self, Found},
};

/// A single value.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A number; shares from 0 to 1.
    Number(Decimal),
    /// True or false.
    Flag(bool),
    /// A length of time.
    Span(Span),
    /// A day.
    Day(Day),
    /// A period of the calendar.
    Period(Period),
}

/// A day: a fixed one, or one that moves with the as-of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// "2026-06-01".
    Fixed(NaiveDate),
    /// "today", "today-7d", "today+3d": the local day of the as-of, so many days on.
    Today(i64),
}

impl Day {
    /// The day meant when the local day of the as-of is `today`.
    #[must_use]
    pub fn on(self, today: NaiveDate) -> NaiveDate {
        match self {
            Self::Fixed(day) => day,
            Self::Today(offset) if offset < 0 => today - Days::new(offset.unsigned_abs()),
            Self::Today(offset) => today + Days::new(offset.unsigned_abs()),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let Some(rest) = text.strip_prefix("today") else {
            return value::date(&DeValue::String(text.into())).map(Self::Fixed);
        };
        let sign = match rest.chars().next() {
            None => return Some(Self::Today(0)),
            Some('-') => -1,
            Some('+') => 1,
            Some(_) => return None,
        };
        let days = Span::parse(&rest[1..]).ok()?.as_days()?;
        Some(Self::Today(sign * i64::from(days)))
    }
}

/// What the values of an operator are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A text that is not empty.
    Text,
    /// A number.
    Number,
    /// A whole number from 0 on.
    Whole,
    /// "20%".
    Percent,
    /// "30d": whole days, compared with a number of days.
    Days,
    /// "36h": a length of time.
    Span,
    /// "30d": a length of time of whole days.
    SpanOfDays,
    /// "30d": whole days, not more than a year.
    DaysOfYear,
    /// "this_month", "last_quarter".
    Period,
    /// A pattern for a text.
    Pattern,
    /// "2026-06-01", "today-7d".
    Day,
    /// Whatever an attribute holds: a text, a number, true or false.
    Any,
    /// `true` or `false`.
    Flag,
    /// A level of the ladder.
    Level,
}

/// How many values an operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// One.
    One,
    /// A list, at least one.
    Many,
    /// A list of two: from, to.
    Two,
}

/// What an operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How many.
    pub arity: Arity,
    /// Of what.
    pub item: Item,
}

/// More values than these belong into an attribute or a tag of the customers.
const LONGEST_LIST: usize = 10_000;

impl Item {
    /// What it is called, and an example as it stands in a file.
    #[must_use]
    pub const fn named(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("a text in quotes", "\"CN\""),
            Self::Number => ("a number", "1000"),
            Self::Whole => ("a whole number", "2"),
            Self::Percent => ("a percentage", "\"20%\""),
            Self::Days | Self::SpanOfDays | Self::DaysOfYear => ("a number of days", "\"30d\""),
            Self::Span => ("a length of time", "\"30d\""),
            Self::Day => ("a day", "\"2026-06-01\", \"today\" or \"today-7d\""),
            Self::Period => ("a period", "\"last_month\""),
            Self::Pattern => ("a pattern in quotes", "'GOLD-\\d+'"),
            Self::Any => ("a text, a number, true or false", "\"gold\""),
            Self::Flag => ("true or false", "true"),
            Self::Level => ("a level of the ladder", "\"high\""),
        }
    }

    /// Reads one value.
    ///
    /// # Errors
    /// What to do; none when the expectation says it all.
    pub fn read(self, value: &DeValue<'_>) -> Result<Scalar, Option<String>> {
        match self {
            Self::Text | Self::Level => text(value).map(Scalar::Text),
            Self::Number => value::decimal(value).map(Scalar::Number).ok_or(None),
            Self::Whole => value::integer(value).filter(|n| *n >= 0).map(|n| Scalar::Number(n.into())).ok_or(None),
            Self::Percent => value::percent(value).map(Scalar::Number).map_err(Some),
            Self::Days => whole_days(value).map(|(_, days)| Scalar::Number(days.into())),
            Self::SpanOfDays => whole_days(value).map(|(span, _)| Scalar::Span(span)),
            Self::DaysOfYear => match whole_days(value)? {
                (span, days) if days <= FURTHEST => Ok(Scalar::Span(span)),
                _ => Err(Some("within a year every birthday comes round: at most \"366d\"".into())),
            },
            Self::Span => value::duration(value).map(Scalar::Span).map_err(Some),
            Self::Period => {
                let name = value.as_str().ok_or(None)?;
                let known = period::ALL.map(Period::name);
                Period::find(name).map(Scalar::Period).ok_or_else(|| Some(did_you_mean(name, &known)))
            }
            Self::Pattern => {
                let pattern = text(value)?;
                pattern::translate(&pattern).map_err(Some)?;
                Ok(Scalar::Text(pattern))
            }
            Self::Day => day(value).map(Scalar::Day).ok_or(None),
            Self::Flag => value.as_bool().map(Scalar::Flag).ok_or(None),
            Self::Any => match value {
                DeValue::String(_) => text(value).map(Scalar::Text),
                DeValue::Boolean(flag) => Ok(Scalar::Flag(*flag)),
                _ => value::decimal(value).map(Scalar::Number).ok_or(None),
            },
        }
    }
}

fn text(value: &DeValue<'_>) -> Result<String, Option<String>> {
    match value.as_str() {
        Some("") => Err(Some("to ask for what is not there, write `empty = true`".into())),
        Some(text) => Ok(text.to_owned()),
        None => Err(None),
    }
}

fn whole_days(value: &DeValue<'_>) -> Result<(Span, i32), Option<String>> {
    let span = value::duration(value).map_err(Some)?;
    span.as_days().map(|days| (span, days)).ok_or_else(|| Some("whole days are needed here: \"30d\"".into()))
}

fn day(value: &DeValue<'_>) -> Option<Day> {
    match value {
        DeValue::String(text) => Day::parse(text),
        other => value::date(other).map(Day::Fixed),
    }
}

impl Shape {
    /// Reads the values of `key`; what is wrong is noted.
    pub fn read(self, reader: &Reader<'_>, key: &str, node: &Node<'_>) -> Option<Vec<Scalar>> {
        if self.arity == Arity::One {
            return self.one(reader, key, node).map(|scalar| vec![scalar]);
        }
        let Some(elements) = node.get_ref().as_array() else {
            let message = format!("`{key}` must be a list, but it is {}", Found(node.get_ref()));
            reader.note(node.span(), message, Some(self.example(key)));
            return None;
        };
        let wrong = match self.arity {
            Arity::Two => (elements.len() != 2).then(|| format!("`{key}` takes two values, from and to")),
            _ if elements.is_empty() => Some(format!("`{key}` is an empty list")),
            _ => (elements.len() > LONGEST_LIST).then(|| format!("`{key}` lists more than {LONGEST_LIST} values")),
        };
        if let Some(message) = wrong {
            reader.note(node.span(), message, Some(self.example(key)));
            return None;
        }
        let read: Vec<_> = elements.iter().map(|element| self.one(reader, key, element)).collect();
        let scalars: Vec<Scalar> = read.into_iter().collect::<Option<_>>()?;
        let first = std::mem::discriminant(&scalars[0]);
        if let Some(at) = scalars.iter().position(|scalar| std::mem::discriminant(scalar) != first) {
            reader.note(
                elements[at].span(),
                format!("`{key}` mixes types"),
                Some("texts with texts, numbers with numbers".into()),
            );
            return None;
        }
        if self.arity == Arity::Two && from_above_to(&scalars) {
            reader.note(
                node.span(),
                format!("`{key}` begins above its end"),
                Some("the smaller value stands first".into()),
            );
            return None;
        }
        Some(scalars)
    }

    fn one(self, reader: &Reader<'_>, key: &str, node: &Node<'_>) -> Option<Scalar> {
        match self.item.read(node.get_ref()) {
            Ok(scalar) => Some(scalar),
            Err(help) => {
                let message =
                    format!("`{key}` takes {} here, but this is {}", self.item.named().0, Found(node.get_ref()));
                reader.note(node.span(), message, Some(help.unwrap_or_else(|| self.example(key))));
                None
            }
        }
    }

    fn example(self, key: &str) -> String {
        let example = self.item.named().1;
        match self.arity {
            Arity::One => format!("for example: {key} = {example}"),
            Arity::Many | Arity::Two => format!("for example: {key} = [{example}, …]"),
        }
    }
}

fn from_above_to(pair: &[Scalar]) -> bool {
    matches!(pair, [Scalar::Number(from), Scalar::Number(to)] if from > to)
}

/// As in a file.
impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(day) => write!(f, "{day}"),
            Self::Today(0) => write!(f, "today"),
            Self::Today(offset) => write!(f, "today{offset:+}d"),
        }
    }
}
