//! Makes SQL expressions of conditions and binds what they compare with.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments, Encode, Postgres, Type};

use super::Filter;
use super::compose::Frame;
use super::facts::{self, Kept, Rank, Universe};
use super::field::Kind;
use super::leaf::{Leaf, Subject};
use super::operand::Scalar;
use crate::jobfile::duration::Span;

/// Makes expressions and binds what they compare with.
pub(super) struct Emit {
    pub(super) frame: Frame,
    pub(super) args: PgArguments,
    count: usize,
    instants: BTreeMap<DateTime<Utc>, String>,
    /// Where facts come from when they are not counted.
    pub(super) kept: Option<Kept>,
}

impl Emit {
    pub(super) fn new(frame: Frame) -> Self {
        Self { frame, args: PgArguments::default(), count: 0, instants: BTreeMap::new(), kept: None }
    }

    pub(super) fn push<T>(&mut self, value: T) -> usize
    where
        T: Encode<'static, Postgres> + Type<Postgres> + 'static,
    {
        self.args.add(value).expect("texts, numbers and instants can be encoded");
        self.count += 1;
        self.count
    }

    pub(super) fn text(&mut self, value: &str) -> String {
        format!("${}::text", self.push(value.to_owned()))
    }

    pub(super) fn texts(&mut self, values: Vec<String>) -> String {
        format!("${}::text[]", self.push(values))
    }

    pub(super) fn number(&mut self, value: Decimal) -> String {
        format!("${}::numeric", self.push(value))
    }

    pub(super) fn instant(&mut self, value: DateTime<Utc>) -> String {
        if let Some(known) = self.instants.get(&value) {
            return known.clone();
        }
        let parameter = format!("${}::timestamptz", self.push(value));
        self.instants.insert(value, parameter.clone());
        parameter
    }

    pub(super) fn as_of(&mut self) -> String {
        self.instant(self.frame.as_of)
    }

    pub(super) fn date(&mut self, value: NaiveDate) -> String {
        format!("${}::date", self.push(value))
    }

    pub(super) fn scalar(&mut self, scalar: &Scalar) -> String {
        match scalar {
            Scalar::Text(text) => self.text(text),
            Scalar::Number(number) => self.number(*number),
            Scalar::Flag(flag) => format!("${}::boolean", self.push(*flag)),
            Scalar::Span(span) => self.number(span.as_seconds().into()),
            Scalar::Day(day) => self.day_text(day.on(self.frame.today())),
            Scalar::Period(period) => self.day_text(period.days(self.frame.today()).0),
        }
    }

    /// Values of one type as an array.
    pub(super) fn list(&mut self, scalars: &[Scalar]) -> String {
        let numbers: Vec<_> =
            scalars.iter().filter_map(|s| if let Scalar::Number(n) = s { Some(*n) } else { None }).collect();
        let flags: Vec<_> =
            scalars.iter().filter_map(|s| if let Scalar::Flag(f) = s { Some(*f) } else { None }).collect();
        if !numbers.is_empty() {
            return format!("${}::numeric[]", self.push(numbers));
        }
        if !flags.is_empty() {
            return format!("${}::boolean[]", self.push(flags));
        }
        self.texts(
            scalars.iter().filter_map(|s| if let Scalar::Text(t) = s { Some(t.clone()) } else { None }).collect(),
        )
    }

    /// The alias of the facts of a window; none: of those that look back without end.
    pub(super) fn alias(&self, window: Option<Span>) -> String {
        facts::alias(&self.frame, window)
    }

    /// The statement is about a few customers whose facts are kept.
    pub(super) const fn looks_at_few(&self) -> bool {
        matches!(self.kept, Some(Kept::Touched(_)))
    }

    /// Whether a customer is among the top: by the cut where it is known, else by the share that has strictly more.
    pub(super) fn among_the_top(&mut self, leaf: &Leaf) -> String {
        if let Some(cut) = leaf.cut {
            return self.reaches(leaf, cut);
        }
        let rank = Rank::of(leaf).expect("a rank is of a fact of a window");
        let alias = self.alias(Some(rank.window));
        if let Some(Kept::Touched(cuts)) = &self.kept {
            let cut = cuts.get(&rank).expect("every rank of the conditions has its cut").clone();
            return rank.reaches(&alias, cut, self);
        }
        let share = self.number(rank.share);
        format!("{alias}.{} < {share}", facts::rank_column(rank.column, rank.universe))
    }

    /// Whether the customer is ranked and reaches a cut that a check gives.
    fn reaches(&mut self, leaf: &Leaf, cut: Decimal) -> String {
        let Subject::Field { window, .. } = &leaf.subject else { unreachable!("only fields are ranked") };
        let reached = format!("{} >= {}", leaf.value(self), self.number(cut));
        match leaf.universe {
            Universe::Buyers => format!("{reached} and {}.orders > 0", self.alias(*window)),
            Universe::All => reached,
        }
    }

    // Each bound is bound where it is used and nowhere else: a connection knows a statement by its text, and the same
    // text with a parameter more would be refused.

    /// So long ago, as a bound.
    pub(super) fn ago(&mut self, leaf: &Leaf) -> String {
        let Some(Scalar::Span(span)) = leaf.operand.first() else { unreachable!("its shape is a length of time") };
        if leaf.subject.kind() == Kind::Attribute {
            let days = Days::new(span.as_days().unwrap_or(0).unsigned_abs().into());
            return self.day_text(self.frame.today() - days);
        }
        self.instant(self.frame.as_of - span.as_delta())
    }

    /// Up to now, as a comparison.
    pub(super) fn until_now(&mut self, leaf: &Leaf) -> String {
        if leaf.subject.kind() == Kind::Attribute {
            return format!("<= {}", self.day_text(self.frame.today()));
        }
        format!("< {}", self.as_of())
    }

    /// From now (as a bound) up to so long ahead (as a comparison).
    pub(super) fn ahead(&mut self, leaf: &Leaf) -> (String, String) {
        let Some(Scalar::Span(span)) = leaf.operand.first() else { unreachable!("its shape is a length of time") };
        if leaf.subject.kind() == Kind::Attribute {
            let today = self.frame.today();
            let to = today + Days::new(span.as_days().unwrap_or(0).unsigned_abs().into());
            return (self.day_text(today), format!("<= {}", self.day_text(to)));
        }
        let to = self.instant(self.frame.as_of + span.as_delta());
        (self.as_of(), format!("< {to}"))
    }

    /// Where a day begins.
    pub(super) fn day(&mut self, leaf: &Leaf) -> String {
        let (from, _) = leaf.days_meant(self.frame.today());
        self.bound(leaf, from)
    }

    /// Where the day after it begins.
    pub(super) fn next_day(&mut self, leaf: &Leaf) -> String {
        let (_, to) = leaf.days_meant(self.frame.today());
        self.bound(leaf, to)
    }

    fn bound(&mut self, leaf: &Leaf, day: NaiveDate) -> String {
        if leaf.subject.kind() == Kind::Attribute { self.day_text(day) } else { self.instant(self.frame.start_of(day)) }
    }

    fn day_text(&mut self, day: NaiveDate) -> String {
        self.text(&day.format("%Y-%m-%d").to_string())
    }

    /// A condition: true or false, never null.
    pub(super) fn filter(&mut self, filter: &Filter) -> String {
        match filter {
            Filter::All(inner) => self.joined(inner, " and "),
            Filter::Any(inner) => self.joined(inner, " or "),
            Filter::None(inner) => format!("not {}", self.joined(inner, " or ")),
            Filter::One(inner) => {
                let counts: Vec<_> = inner.iter().map(|filter| format!("({})::integer", self.filter(filter))).collect();
                format!("({} = 1)", counts.join(" + "))
            }
            Filter::Segment { inner, .. } => self.filter(inner),
            Filter::Leaf(leaf) => leaf.sql(self),
        }
    }

    fn joined(&mut self, inner: &[Filter], by: &str) -> String {
        let parts: Vec<_> = inner.iter().map(|filter| self.filter(filter)).collect();
        format!("({})", parts.join(by))
    }
}
