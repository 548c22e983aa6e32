//! Operators on lists of words.

use super::super::emit::Emit;
use super::super::field::Kind;
use super::super::leaf::{Leaf, Type};
use super::super::shapes::{HAS_ONE, HAS_SOME};
use super::{Operator, PLAIN, Takes};

pub(super) static ALL: &[Operator] = &[
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
