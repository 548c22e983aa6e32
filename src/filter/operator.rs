//! The operators: the one place each of them is defined.
//!
//! An entry says what the operator is called in files and in words, which kinds of fields it takes with which values,
//! and the SQL it becomes. Reading, messages, the JSON schema and the documentation come from the same entry.

use super::compose::Emit;
use super::field::Kind;
use super::leaf::{Leaf, Type};
use super::operand::{Arity, Shape};
use super::shapes::{DAY, EQUAL, HAS_ONE, HAS_SOME, LENGTH, ORDER, PRESENCE, RANGE, RANK, SET, WORDS};

/// Which of a ladder's levels (0 is the top) satisfy a comparison with the named ones.
pub type Levels = fn(at: usize, named: &[usize]) -> bool;

/// What an operator does with attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Compares a value.
    Values,
    /// Looks into a list.
    Lists,
}

/// One operator.
#[derive(Debug)]
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
    /// The comparison.
    pub(super) sql: fn(&mut Emit, &Leaf) -> String,
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
    ALL.iter().filter(move |operator| operator.shape(kind).is_some())
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
    sql: |_, _| String::new(),
};

/// `value OP $n`
macro_rules! compared {
    ($sign:literal) => {
        |emit, leaf| format!(concat!("{} ", $sign, " {}"), leaf.value(emit), leaf.first(emit))
    };
}

/// All operators.
pub static ALL: &[Operator] = &[
    Operator {
        name: "is",
        words: "is",
        doc: "Equal, letter by letter",
        kinds: EQUAL,
        levels: Some(|at, named| named.contains(&at)),
        sql: compared!("="),
        ..PLAIN
    },
    Operator {
        name: "is_not",
        words: "is not",
        doc: "There and not equal",
        kinds: EQUAL,
        levels: Some(|at, named| !named.contains(&at)),
        sql: compared!("<>"),
        ..PLAIN
    },
    Operator {
        name: "in",
        words: "is one of",
        doc: "Equal to one of the list",
        kinds: SET,
        levels: Some(|at, named| named.contains(&at)),
        sql: |emit, leaf| format!("{} = any({})", leaf.value(emit), emit.list(&leaf.operand)),
        ..PLAIN
    },
    Operator {
        name: "not_in",
        words: "is none of",
        doc: "There and equal to none of the list",
        kinds: SET,
        levels: Some(|at, named| !named.contains(&at)),
        sql: |emit, leaf| format!("{} <> all({})", leaf.value(emit), emit.list(&leaf.operand)),
        ..PLAIN
    },
    Operator {
        name: "above",
        words: "is above",
        doc: "More than; a higher level",
        kinds: ORDER,
        levels: Some(|at, named| at < named[0]),
        sql: compared!(">"),
        ..PLAIN
    },
    Operator {
        name: "at_least",
        words: "is at least",
        doc: "That or more; that level or a higher one",
        kinds: ORDER,
        levels: Some(|at, named| at <= named[0]),
        sql: compared!(">="),
        ..PLAIN
    },
    Operator {
        name: "below",
        words: "is below",
        doc: "Less than; a lower level",
        kinds: ORDER,
        levels: Some(|at, named| at > named[0]),
        sql: compared!("<"),
        ..PLAIN
    },
    Operator {
        name: "at_most",
        words: "is at most",
        doc: "That or less; that level or a lower one",
        kinds: ORDER,
        levels: Some(|at, named| at >= named[0]),
        sql: compared!("<="),
        ..PLAIN
    },
    Operator {
        name: "between",
        words: "is between",
        doc: "From … to …, both included",
        kinds: RANGE,
        sql: |emit, leaf| {
            let (from, to) = (emit.scalar(&leaf.operand[0]), emit.scalar(&leaf.operand[1]));
            format!("{} between {from} and {to}", leaf.value(emit))
        },
        ..PLAIN
    },
    Operator {
        name: "present",
        words: "is present",
        doc: "Whether there is a value at all",
        kinds: PRESENCE,
        sees_missing: true,
        sql: |emit, leaf| format!("({} is not null) = {}", leaf.subject.value(emit, Type::Raw), leaf.first(emit)),
        ..PLAIN
    },
    Operator {
        name: "empty",
        words: "is empty",
        doc: "Whether there is nothing: no value, an empty text, an empty list",
        kinds: PRESENCE,
        sees_missing: true,
        sql: |emit, leaf| {
            let value = leaf.subject.value(emit, Type::Raw);
            let empty = match leaf.subject.kind() {
                Kind::Text => format!("(coalesce({value}, '') = '')"),
                Kind::Tags => format!("(coalesce(cardinality({value}), 0) = 0)"),
                Kind::Attribute => format!("(coalesce({value}, '{{}}'::jsonb) in ('\"\"', '[]', '{{}}'))"),
                _ => format!("({value} is null)"),
            };
            format!("{empty} = {}", leaf.first(emit))
        },
        ..PLAIN
    },
    Operator {
        name: "contains",
        words: "contains",
        doc: "The text stands somewhere in it",
        kinds: WORDS,
        sql: |emit, leaf| format!("position({} in {}) > 0", leaf.first(emit), leaf.value(emit)),
        ..PLAIN
    },
    Operator {
        name: "not_contains",
        words: "does not contain",
        doc: "There, and the text stands nowhere in it",
        kinds: WORDS,
        sql: |emit, leaf| format!("position({} in {}) = 0", leaf.first(emit), leaf.value(emit)),
        ..PLAIN
    },
    Operator {
        name: "starts_with",
        words: "starts with",
        doc: "Begins with the text",
        kinds: WORDS,
        sql: |emit, leaf| format!("starts_with({}, {})", leaf.value(emit), leaf.first(emit)),
        ..PLAIN
    },
    Operator {
        name: "ends_with",
        words: "ends with",
        doc: "Ends with the text",
        kinds: WORDS,
        sql: |emit, leaf| {
            let text = leaf.first(emit);
            format!("right({}, char_length({text})) = {text}", leaf.value(emit))
        },
        ..PLAIN
    },
    Operator {
        name: "has",
        words: "has",
        doc: "The word is in the list",
        kinds: HAS_ONE,
        takes: Takes::Lists,
        sql: |emit, leaf| in_list(emit, leaf, "?", "@>"),
        ..PLAIN
    },
    Operator {
        name: "has_any",
        words: "has one of",
        doc: "At least one of the words is in the list",
        kinds: HAS_SOME,
        takes: Takes::Lists,
        sql: |emit, leaf| in_list(emit, leaf, "?|", "&&"),
        ..PLAIN
    },
    Operator {
        name: "has_all",
        words: "has all of",
        doc: "All of the words are in the list",
        kinds: HAS_SOME,
        takes: Takes::Lists,
        sql: |emit, leaf| in_list(emit, leaf, "?&", "@>"),
        ..PLAIN
    },
    Operator {
        name: "has_none",
        words: "has none of",
        doc: "There is a list and none of the words is in it",
        kinds: HAS_SOME,
        takes: Takes::Lists,
        sql: |emit, leaf| format!("not ({})", in_list(emit, leaf, "?|", "&&")),
        ..PLAIN
    },
    Operator {
        name: "within",
        words: "was within",
        doc: "Not longer ago than that, and not ahead",
        kinds: LENGTH,
        sql: |emit, leaf| {
            let (from, to) = (emit.ago(leaf), emit.until_now(leaf));
            let value = leaf.value(emit);
            format!("{value} >= {from} and {value} {to}")
        },
        ..PLAIN
    },
    Operator {
        name: "older_than",
        words: "was longer ago than",
        doc: "Longer ago than that",
        kinds: LENGTH,
        sql: |emit, leaf| {
            let from = emit.ago(leaf);
            format!("{} < {from}", leaf.value(emit))
        },
        ..PLAIN
    },
    Operator {
        name: "next",
        words: "is within the next",
        doc: "From the as-of (today, for days) on, not further ahead than that",
        kinds: LENGTH,
        sql: |emit, leaf| {
            let (from, to) = emit.ahead(leaf);
            let value = leaf.value(emit);
            format!("{value} >= {from} and {value} {to}")
        },
        ..PLAIN
    },
    Operator {
        name: "on",
        words: "is on",
        doc: "On that day, in the job's zone",
        kinds: DAY,
        sql: |emit, leaf| {
            let (from, to) = (emit.day(leaf), emit.next_day(leaf));
            let value = leaf.value(emit);
            format!("{value} >= {from} and {value} < {to}")
        },
        ..PLAIN
    },
    Operator {
        name: "before",
        words: "is before",
        doc: "Before that day begins, in the job's zone",
        kinds: DAY,
        sql: |emit, leaf| {
            let from = emit.day(leaf);
            format!("{} < {from}", leaf.value(emit))
        },
        ..PLAIN
    },
    Operator {
        name: "after",
        words: "is after",
        doc: "After that day has ended, in the job's zone",
        kinds: DAY,
        sql: |emit, leaf| {
            let to = emit.next_day(leaf);
            format!("{} >= {to}", leaf.value(emit))
        },
        ..PLAIN
    },
    Operator {
        name: "top",
        words: "is among the top",
        doc: "The share of buyers in the window (of = \"all\": of all customers) with strictly more is below that",
        kinds: RANK,
        sql: |emit, leaf| format!("{} < {}", emit.above(leaf), leaf.first(emit)),
        ..PLAIN
    },
];

/// Tags are an array, attributes a JSON list (anything else there counts as missing).
fn in_list(emit: &mut Emit, leaf: &Leaf, json: &str, array: &str) -> String {
    let value = leaf.subject.value(emit, Type::Raw);
    let words = emit.list(&leaf.operand);
    match (leaf.subject.kind(), json) {
        (Kind::Attribute, "?") => format!("case jsonb_typeof({value}) when 'array' then {value} ?& {words} end"),
        (Kind::Attribute, _) => format!("case jsonb_typeof({value}) when 'array' then {value} {json} {words} end"),
        _ => format!("{value} {array} {words}"),
    }
}

/// The operator of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Operator> {
    ALL.iter().find(|operator| operator.name == name)
}
