//! Operators on texts.

use super::super::shapes::{PATTERN, WORDS};
use super::{Operator, PLAIN};

pub(super) static ALL: &[Operator] = &[
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
        name: "matches",
        words: "matches",
        doc: "The whole text fits the pattern: letters as they are, . [a-z] \\d \\w \\s (a|b) ? * + {2,5}",
        kinds: PATTERN,
        sql: |emit, leaf| {
            let pattern = leaf.pattern();
            format!("{} ~ {}", leaf.value(emit), emit.text(&pattern))
        },
        ..PLAIN
    },
];
