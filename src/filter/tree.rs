//! A condition as it came out for one customer: each comparison with the value found, and whether it holds.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Filter;
use super::compose::Composer;
use super::emit::Emit;
use super::facts;
use super::field::{Kind, Source};
use super::leaf::{Leaf, Subject, Type};
use crate::figures::decimal;

/// What the database says about one comparison.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    /// The value found.
    value: Value,
    /// Whether it holds; none: a value was missing.
    held: Option<bool>,
    /// What stands beside it: for ranks the share of those with more, for surges the count of the window before, for
    /// levels since when.
    beside: Value,
}

/// A condition that came out.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Several conditions.
    Group {
        /// How they are joined: "all of".
        words: String,
        /// Whether the group holds.
        holds: bool,
        /// What is in it.
        parts: Vec<Node>,
    },
    /// One comparison.
    Comparison {
        /// What it asks for.
        words: String,
        /// The value found, as people read it; none when there is none.
        found: Option<String>,
        /// Whether it holds.
        holds: bool,
        /// It does not hold because a value is missing.
        missing: bool,
        /// The value as the database has it.
        value: Value,
    },
}

/// A line of a condition that came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// In how many groups it stands.
    pub depth: usize,
    /// Whether it holds.
    pub holds: bool,
    /// What it asks for, or how a group joins what stands below it.
    pub words: String,
    /// The value found; none for groups.
    pub found: Option<String>,
}

impl Composer {
    /// Fills a slot in a select list over `c` and the facts with what [`Node::of`] takes: `jsonb`, an answer for each
    /// comparison.
    #[must_use]
    pub fn answers<'f>(self, slot: &str, filters: impl IntoIterator<Item = &'f Filter>) -> Self {
        self.fill_with(slot, |emit| {
            let leaves: Vec<_> = filters.into_iter().flat_map(Filter::leaves).collect();
            let answers: Vec<_> = leaves.into_iter().map(|leaf| answer(emit, leaf)).collect();
            // a function takes at most 100 arguments
            let lists: Vec<_> =
                answers.chunks(40).map(|some| format!("jsonb_build_array({})", some.join(",\n"))).collect();
            if lists.is_empty() { "'[]'::jsonb".to_owned() } else { format!("({})", lists.join(" || ")) }
        })
    }
}

fn answer(emit: &mut Emit, leaf: &Leaf) -> String {
    let value = leaf.subject.needed(emit, Type::Raw);
    let value = match leaf.subject.kind() {
        Kind::Number | Kind::Count | Kind::Share | Kind::Days | Kind::Surge => format!("({value})::text"),
        _ => value,
    };
    let beside = match &leaf.subject {
        // where a check says the cut nobody is ranked
        Subject::Field { field, window } if leaf.operator.name == "top" && leaf.cut.is_none() => match field.source {
            Source::Windowed { column, .. } => {
                format!("({}.{})::text", emit.alias(*window), facts::rank_column(column, leaf.universe))
            }
            _ => "null".to_owned(),
        },
        Subject::Event(happened) if happened.is_surge() => format!("({})::text", happened.value_before()),
        Subject::Ladder { name, .. } => {
            let ladder = emit.text(name);
            format!(
                "(select l.since from tend.ladder_state l where l.customer_id = c.customer_id and l.ladder = {ladder})"
            )
        }
        _ => "null".to_owned(),
    };
    let held = leaf.sql(emit);
    let held = match leaf.missing_sql(emit) {
        Some(missing) => format!("case when {missing} then null else {held} end"),
        None => held,
    };
    format!("jsonb_build_object('value', {value}, 'held', {held}, 'beside', {beside})")
}

impl Node {
    /// The condition with its answers, which are used up in the order of its comparisons. None when they do not suffice.
    pub fn of(filter: &Filter, answers: &mut impl Iterator<Item = Answer>, timezone: Tz) -> Option<Self> {
        let mut parts =
            |inner: &[Filter]| inner.iter().map(|part| Self::of(part, answers, timezone)).collect::<Option<Vec<_>>>();
        let group = |words: &str, parts: Vec<Self>, holds: fn(usize, usize) -> bool| {
            let held = parts.iter().filter(|part| part.holds()).count();
            let holds = holds(held, parts.len());
            Some(Self::Group { words: words.to_owned(), holds, parts })
        };
        match filter {
            Filter::All(inner) => group("all of", parts(inner)?, |held, all| held == all),
            Filter::Any(inner) => group("at least one of", parts(inner)?, |held, _| held > 0),
            Filter::None(inner) => group("none of", parts(inner)?, |held, _| held == 0),
            Filter::One(inner) => group("exactly one of", parts(inner)?, |held, _| held == 1),
            Filter::Segment { name, inner } => {
                let part = Self::of(inner, answers, timezone)?;
                group(&format!("in segment {name}"), vec![part], |held, _| held == 1)
            }
            Filter::Leaf(leaf) => Some(Self::comparison(leaf, answers.next()?, timezone)),
        }
    }

    fn comparison(leaf: &Leaf, answer: Answer, timezone: Tz) -> Self {
        let kind = leaf.subject.kind();
        let found = shown(&answer.value, kind, timezone).map(|value| {
            let beside = match (&leaf.subject, &answer.beside) {
                (_, Value::Null) => leaf.cut.map(|cut| format!("they begin at {}", decimal(cut))),
                (Subject::Ladder { .. }, since) => {
                    shown(since, Kind::Instant, timezone).map(|since| format!("since {since}"))
                }
                (Subject::Event(_), before) => shown(before, Kind::Surge, timezone).map(|n| format!("{n} before")),
                (_, above) => shown(above, Kind::Share, timezone).map(|share| format!("{share} have more")),
            };
            beside.map_or_else(|| value.clone(), |beside| format!("{value} ({beside})"))
        });
        Self::Comparison {
            words: leaf.describe(),
            found,
            holds: answer.held == Some(true),
            missing: answer.held.is_none(),
            value: answer.value,
        }
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self {
            Self::Group { holds, .. } | Self::Comparison { holds, .. } => *holds,
        }
    }

    /// Line by line, a group before what is in it.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        self.collect(0, &mut lines);
        lines
    }

    fn collect(&self, depth: usize, lines: &mut Vec<Line>) {
        match self {
            Self::Group { words, holds, parts } => {
                lines.push(Line { depth, holds: *holds, words: words.clone(), found: None });
                parts.iter().for_each(|part| part.collect(depth + 1, lines));
            }
            Self::Comparison { words, found, holds, missing, .. } => {
                let found = match (found, missing) {
                    (Some(found), true) => format!("{found}, which is not the kind of value asked for"),
                    (None, true) => "missing, so it does not hold".to_owned(),
                    (Some(found), false) => found.clone(),
                    (None, false) => "nothing there".to_owned(),
                };
                lines.push(Line { depth, holds: *holds, words: words.clone(), found: Some(found) });
            }
        }
    }

    /// For a terminal, `indent` columns in: a line each, `+` holds, `-` does not.
    #[must_use]
    pub fn text(&self, indent: usize) -> String {
        let lines = self.lines().into_iter().map(|Line { depth, holds, words, found }| {
            let space = " ".repeat(indent + 2 * depth);
            let mark = if holds { '+' } else { '-' };
            let found = found.map_or_else(String::new, |found| format!(": {found}"));
            format!("{space}{mark} {words}{found}\n")
        });
        lines.collect()
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Group { words, holds, parts } => {
                json!({ "group": words, "holds": holds, "parts": parts.iter().map(Self::json).collect::<Vec<_>>() })
            }
            Self::Comparison { words, found, holds, missing, value } => {
                json!({ "condition": words, "value": value, "found": found, "holds": holds, "missing": missing })
            }
        }
    }
}

/// A value for people.
fn shown(value: &Value, kind: Kind, timezone: Tz) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let words: Vec<_> =
                list.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect();
            return Some(if words.is_empty() { "none".to_owned() } else { words.join(", ") });
        }
        other => other.to_string(),
    };
    Some(match kind {
        Kind::Share | Kind::Days | Kind::Number | Kind::Count | Kind::Surge => match text.parse::<Decimal>() {
            Ok(number) => figure(number, kind),
            Err(_) => text,
        },
        Kind::Instant => match text.parse::<DateTime<Utc>>() {
            Ok(at) => format!("{} {timezone}", at.with_timezone(&timezone).format("%Y-%m-%d %H:%M")),
            Err(_) => text,
        },
        _ => text,
    })
}

/// A number for people: amounts with two decimals.
fn figure(mut number: Decimal, kind: Kind) -> String {
    match kind {
        Kind::Share => format!("{}%", decimal((number * Decimal::ONE_HUNDRED).round_dp(2).normalize())),
        Kind::Days => format!("{} day{}", decimal(number.normalize()), if number == Decimal::ONE { "" } else { "s" }),
        Kind::Number => {
            number.rescale(2);
            decimal(number)
        }
        _ => decimal(number.normalize()),
    }
}
