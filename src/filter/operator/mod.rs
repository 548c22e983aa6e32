//! The operators: the one place each of them is defined.
//!
//! An entry says what the operator is called in files and in words, which kinds of fields it takes with which values,
//! and the SQL it becomes. Reading, messages, the JSON schema and the documentation come from the same entry. The
//! entries stand in the files of their families.

use chrono::NaiveDate;

use super::emit::Emit;
use super::field::Kind;
use super::leaf::Leaf;
use super::operand::{Arity, Shape};

mod events;
mod lists;
mod moves;
mod times;
mod values;
mod words;

/// Which of a ladder's levels (0 is the top) satisfy a comparison with the named ones.
pub type Levels = fn(at: usize, named: &[usize]) -> bool;

/// From which day, and before which, when today is `today`.
pub type DaysMeant = fn(leaf: &Leaf, today: NaiveDate) -> (NaiveDate, NaiveDate);

/// What an operator does with attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Compares a value.
    Values,
    /// Looks into a list.
    Lists,
}

/// One operator.
pub struct Operator {
    /// What files call it.
    pub name: &'static str,
    /// In a sentence: "is at least".
    pub words: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// The kinds of fields it takes, each with the values it compares with.
    pub kinds: &'static [(Kind, Shape)],
    /// For attributes: values or lists.
    pub takes: Takes,
    /// It sees that a value is missing instead of being false.
    pub sees_missing: bool,
    /// On ladders.
    pub(super) levels: Option<Levels>,
    /// On ladders, about moves: what holds for the move `m`; `{levels}` stands for the named ones.
    pub(super) moves: Option<&'static str>,
    /// On birthdays: the days meant when it is that day, the last one not included.
    pub(super) days: Option<DaysMeant>,
    /// The comparison.
    pub(super) sql: fn(&mut Emit, &Leaf) -> String,
}

/// Its name: addresses of functions would differ from process to process.
impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Operator {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Operator {
    /// The values it takes for a kind; none when it does not take that kind.
    #[must_use]
    pub fn shape(&self, kind: Kind) -> Option<Shape> {
        self.kinds.iter().find(|(takes, _)| *takes == kind).map(|(_, shape)| *shape)
    }

    pub(super) fn arity(&self) -> Arity {
        self.kinds[0].1.arity
    }
}

/// The operators a kind of field takes.
pub fn for_kind(kind: Kind) -> impl Iterator<Item = &'static Operator> {
    all().filter(move |operator| operator.shape(kind).is_some())
}

/// What most operators have in common.
const PLAIN: Operator = Operator {
    name: "",
    words: "",
    doc: "",
    kinds: &[],
    takes: Takes::Values,
    sees_missing: false,
    levels: None,
    moves: None,
    days: None,
    sql: |_, _| String::new(),
};

/// The operators of each family.
static FAMILIES: [&[Operator]; 6] = [values::ALL, words::ALL, lists::ALL, times::ALL, moves::ALL, events::ALL];

/// All operators.
pub fn all() -> impl Iterator<Item = &'static Operator> {
    FAMILIES.into_iter().flatten()
}

/// The operator of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Operator> {
    all().find(|operator| operator.name == name)
}
