//! A single comparison.

use std::fmt::Write as _;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use super::birthday;
use super::emit::Emit;
use super::event::Happened;
use super::facts::{self, Universe};
use super::field::{Field, Kind, Source};
use super::operand::{Arity, Scalar};
use super::operator::{Operator, Takes};
use super::pattern;
use super::standing::Standing;
use crate::jobfile::duration::Span;

/// What is looked at.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A field; with the window it looks back over when it has one.
    Field {
        /// Which.
        field: &'static Field,
        /// Over which window.
        window: Option<Span>,
    },
    /// A value below `attributes`, by its path.
    Attribute(Vec<String>),
    /// How many elements a list has.
    Size(Box<Subject>),
    /// Something that happened.
    Event(Box<Happened>),
    /// How tend may meet the customer.
    Standing(Standing),
    /// The customer's level on a ladder.
    Ladder {
        /// Which ladder.
        name: String,
        /// Held at least this long.
        held: Option<Span>,
        /// For moves to or from a level: within which time.
        within: Option<Span>,
    },
}

/// A single comparison.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// What is looked at.
    pub subject: Subject,
    /// How.
    pub operator: &'static Operator,
    /// With what, as the file says it.
    pub(super) operand: Vec<Scalar>,
    /// Among whom, for ranks.
    pub(super) universe: Universe,
    /// For ranks, where they begin when a check says it: then nobody is ranked.
    pub(super) cut: Option<Decimal>,
    /// For ladders: the levels that satisfy the comparison.
    pub(super) levels: Vec<String>,
}

/// The type a value is compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `text`
    Text,
    /// `numeric`
    Number,
    /// `boolean`
    Flag,
    /// A day, as text `2026-06-01`.
    Day,
    /// As it is stored.
    Raw,
}

impl Subject {
    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Field { field, .. } => field.kind,
            Self::Attribute(_) => Kind::Attribute,
            Self::Size(_) => Kind::Count,
            Self::Event(happened) => happened.measure.kind,
            Self::Standing(standing) if standing.is_flag() => Kind::Flag,
            Self::Standing(_) => Kind::Count,
            Self::Ladder { .. } => Kind::Level,
        }
    }

    /// The value as SQL.
    pub(super) fn value(&self, emit: &mut Emit, as_type: Type) -> String {
        match self {
            Self::Field { field, window } => match field.source {
                Source::Customer(sql) => sql.to_owned(),
                Source::Windowed { column, zero } => {
                    let alias = emit.alias(*window);
                    let nothing = if field.kind == Kind::Number { facts::NOTHING } else { "0" };
                    if zero { format!("coalesce({alias}.{column}, {nothing})") } else { format!("{alias}.{column}") }
                }
                Source::Ever(column) => format!("{}.{column}", emit.alias(None)),
            },
            Self::Attribute(path) => attribute(emit, path, as_type),
            Self::Size(list) => {
                let value = list.value(emit, Type::Raw);
                match list.kind() {
                    Kind::Tags => format!("coalesce(cardinality({value}), 0)"),
                    _ => format!("(case jsonb_typeof({value}) when 'array' then jsonb_array_length({value}) end)"),
                }
            }
            Self::Event(happened) => happened.value(),
            Self::Standing(standing) => standing.value(emit),
            Self::Ladder { name, held, .. } => {
                let ladder = emit.text(name);
                let mut sql = format!(
                    "(select l.level from tend.ladder_state l where l.customer_id = c.customer_id and l.ladder = {ladder}"
                );
                if let Some(held) = held {
                    let until = emit.instant(emit.frame.as_of - held.as_delta());
                    let _ = write!(sql, " and l.since <= {until}");
                }
                sql.push(')');
                sql
            }
        }
    }

    /// The value whose absence makes comparisons false.
    pub(super) fn needed(&self, emit: &mut Emit, as_type: Type) -> String {
        match self {
            Self::Ladder { name, .. } => {
                Self::Ladder { name: name.clone(), held: None, within: None }.value(emit, as_type)
            }
            _ => self.value(emit, as_type),
        }
    }

    /// In words: "spend in 365d".
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Field { field, window: Some(window) } => format!("{} in {window}", field.name),
            Self::Field { field, window: None } => field.name.to_owned(),
            Self::Attribute(path) => format!("attribute {}", path.join(".")),
            Self::Size(list) => format!("size of {}", list.describe()),
            Self::Event(happened) => happened.describe(),
            Self::Standing(standing) => standing.describe(),
            Self::Ladder { name, .. } => format!("ladder {name}"),
        }
    }
}

/// A value below `c.attributes`, when it has the type it is compared as; missing otherwise.
fn attribute(emit: &mut Emit, path: &[String], as_type: Type) -> String {
    let path = emit.texts(path.to_vec());
    let value = format!("(c.attributes #> {path})");
    let plain = format!("(c.attributes #>> {path})");
    match as_type {
        Type::Text => format!("(case jsonb_typeof{value} when 'string' then {plain} end)"),
        Type::Number => format!("(case jsonb_typeof{value} when 'number' then {plain}::numeric end)"),
        Type::Flag => format!("(case jsonb_typeof{value} when 'boolean' then {plain}::boolean end)"),
        Type::Day => format!(
            "((case jsonb_typeof{value} when 'string' then substring({plain} from '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$') end) collate \"C\")"
        ),
        Type::Raw => format!("nullif({value}, 'null'::jsonb)"),
    }
}

impl Leaf {
    /// The comparison as SQL; true or false, never null.
    pub(super) fn sql(&self, emit: &mut Emit) -> String {
        let comparison = match &self.subject {
            Subject::Ladder { name, within, .. } if self.operator.moves.is_some() => {
                self.has_moved(emit, name, *within)
            }
            _ if self.subject.kind() == Kind::Birthday && self.operator.days.is_some() => {
                let today = emit.frame.today();
                let days = self.operator.days.map_or((today, today), |days| days(self, today));
                birthday::sql(emit, self, days)
            }
            Subject::Ladder { .. } if self.operator.levels.is_some() => {
                let level = self.subject.value(emit, Type::Text);
                let levels = emit.texts(self.levels.clone());
                format!("{level} = any({levels})")
            }
            _ => (self.operator.sql)(emit, self),
        };
        format!("({comparison}) is true")
    }

    /// Whether there was such a move.
    fn has_moved(&self, emit: &mut Emit, ladder: &str, within: Option<Span>) -> String {
        let Some(moves) = self.operator.moves else { unreachable!("asked for moves") };
        let span = match self.operand.first() {
            Some(Scalar::Span(span)) => Some(*span),
            _ => within,
        };
        let mut moves = moves.to_owned();
        if moves.contains("{levels}") {
            moves = moves.replace("{levels}", &emit.texts(self.levels.clone()));
        }
        let (ladder, as_of) = (emit.text(ladder), emit.as_of());
        if let Some(span) = span {
            let from = emit.instant(emit.frame.as_of - span.as_delta());
            let _ = write!(moves, " and m.at > {from}");
        }
        format!(
            "exists (select from tend.ladder_move m where m.customer_id = c.customer_id and m.ladder = {ladder} and m.at <= {as_of} and {moves})"
        )
    }

    /// The whole days of a length of time.
    pub(super) fn days(&self) -> i32 {
        match self.operand.first() {
            Some(Scalar::Span(span)) => span.as_days().unwrap_or(0),
            _ => 0,
        }
    }

    /// The days of a day or a period, the last one not included.
    pub(super) fn days_meant(&self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        match self.operand.first() {
            Some(Scalar::Day(day)) => (day.on(today), day.on(today) + Days::new(1)),
            Some(Scalar::Period(period)) => period.days(today),
            _ => unreachable!("its shape is a day or a period"),
        }
    }

    /// The pattern, as Postgres takes it.
    pub(super) fn pattern(&self) -> String {
        match self.operand.first() {
            // it was read as one, so it is one
            Some(Scalar::Text(pattern)) => pattern::translate(pattern).unwrap_or_default(),
            _ => unreachable!("its shape is a pattern"),
        }
    }

    /// Whether the value was missing, as SQL; none for the operators that ask just that.
    pub(super) fn missing_sql(&self, emit: &mut Emit) -> Option<String> {
        // who never moved lacks no value
        if self.operator.sees_missing || self.operator.moves.is_some() {
            return None;
        }
        let as_type = if self.operator.takes == Takes::Lists { Type::Raw } else { self.operand_type() };
        Some(format!("{} is null", self.subject.needed(emit, as_type)))
    }

    /// The value as it is compared.
    pub(super) fn value(&self, emit: &mut Emit) -> String {
        self.subject.value(emit, self.operand_type())
    }

    /// The first operand, bound.
    pub(super) fn first(&self, emit: &mut Emit) -> String {
        emit.scalar(&self.operand[0])
    }

    /// What it is compared with decides what an attribute is taken for.
    fn operand_type(&self) -> Type {
        match (self.subject.kind(), self.operand.first()) {
            (Kind::Attribute, Some(Scalar::Number(_))) => Type::Number,
            (Kind::Attribute, Some(Scalar::Flag(_))) => Type::Flag,
            (Kind::Attribute, Some(Scalar::Day(_) | Scalar::Span(_) | Scalar::Period(_))) => Type::Day,
            (Kind::Attribute, _) => Type::Text,
            _ => Type::Raw,
        }
    }

    /// For ladders: the levels that satisfy the comparison, in the order of that ladder's file.
    #[must_use]
    pub fn levels(&self) -> &[String] {
        &self.levels
    }

    /// In words: "spend in 365d is among the top 20%".
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} {}", self.subject.describe(), self.demand())
    }

    /// What it asks for, in words: "is among the top 20%".
    pub(super) fn demand(&self) -> String {
        if let (Subject::Event(happened), [Scalar::Number(factor), Scalar::Number(min)], true) =
            (&self.subject, self.operand.as_slice(), self.operator.name == "surge")
        {
            let before = happened.window.map_or_else(String::new, |window| window.to_string());
            let percent = (factor * Decimal::ONE_HUNDRED).normalize();
            return format!("surge: at least {min}, and at least {percent}% of those in the {before} before");
        }
        let values: Vec<_> = self.operand.iter().map(|scalar| self.show(scalar)).collect();
        let values = match self.operator.arity() {
            Arity::Two => values.join(" and "),
            _ => values.join(", "),
        };
        let mut text = match (self.operator.sees_missing, self.operand.first()) {
            (true, Some(Scalar::Flag(flag))) => format!("is {}{}", if *flag { "" } else { "not " }, self.operator.name),
            _ => format!("{} {values}", self.operator.words),
        };
        text.push_str(self.among());
        if let Subject::Ladder { held: Some(held), .. } = &self.subject {
            let _ = write!(text, " for {held}");
        }
        if let Subject::Ladder { within: Some(within), .. } = &self.subject {
            let _ = write!(text, " within {within}");
        }
        text
    }

    /// For ranks, the share in words: "20%", "20% of all customers".
    pub(super) fn share(&self) -> Option<String> {
        let share = self.operand.first().filter(|_| self.operator.name == "top")?;
        Some(self.show(share) + self.among())
    }

    /// What it looks at, with its window unless that is the file's: "spend", "spend in 90d".
    pub(super) fn figure(&self, own: Option<Span>) -> String {
        match &self.subject {
            Subject::Field { field, window: Some(window) } if Some(*window) != own => {
                format!("{} in {window}", field.name)
            }
            Subject::Field { field, .. } => field.name.to_owned(),
            other => other.describe(),
        }
    }

    fn among(&self) -> &'static str {
        match self.universe {
            Universe::Buyers => "",
            Universe::All => " of all customers",
        }
    }

    fn show(&self, scalar: &Scalar) -> String {
        match scalar {
            Scalar::Text(text) => text.clone(),
            Scalar::Number(share) if self.subject.kind() == Kind::Share || self.operator.name == "top" => {
                format!("{}%", (share * Decimal::ONE_HUNDRED).normalize())
            }
            Scalar::Number(days) if self.subject.kind() == Kind::Days => format!("{days}d"),
            Scalar::Number(number) => number.to_string(),
            Scalar::Flag(flag) => flag.to_string(),
            Scalar::Span(span) => span.to_string(),
            Scalar::Day(day) => day.to_string(),
            Scalar::Period(period) => period.name().replace('_', " "),
        }
    }
}
