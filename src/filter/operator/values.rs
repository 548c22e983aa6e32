//! Operators on values: equal, more or less, there or not, among the top.

use super::super::field::Kind;
use super::super::leaf::Type;
use super::super::shapes::{EQUAL, ORDER, PRESENCE, RANGE, RANK, SET};
use super::{Operator, PLAIN};

/// `value OP $n`
macro_rules! compared {
    ($sign:literal) => {
        |emit, leaf| format!(concat!("{} ", $sign, " {}"), leaf.value(emit), leaf.first(emit))
    };
}

pub(super) static ALL: &[Operator] = &[
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
        name: "not_between",
        words: "is not between",
        doc: "There, and below the first or above the second",
        kinds: RANGE,
        sql: |emit, leaf| {
            let (from, to) = (emit.scalar(&leaf.operand[0]), emit.scalar(&leaf.operand[1]));
            format!("{} not between {from} and {to}", leaf.value(emit))
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
        name: "top",
        words: "is among the top",
        doc: "The share of buyers in the window (of = \"all\": of all customers) with strictly more is below that",
        kinds: RANK,
        sql: |emit, leaf| emit.among_the_top(leaf),
        ..PLAIN
    },
];
