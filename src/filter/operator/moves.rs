//! Operators on moves along a ladder.
//!
//! A move counts from just after the beginning of the time named up to the as-of, both ends of a night included once:
//! a job that runs at the same instant as the ladder sees the night's moves, and windows of a day tile the days.

use super::super::shapes::{MOVED, NAMED_MOVE};
use super::{Operator, PLAIN};

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "rose",
        words: "rose within",
        doc: "Moved up within that time; a first level is no move",
        kinds: MOVED,
        moves: Some("m.direction = 'rose'"),
        ..PLAIN
    },
    Operator {
        name: "fell",
        words: "fell within",
        doc: "Moved down within that time",
        kinds: MOVED,
        moves: Some("m.direction = 'fell'"),
        ..PLAIN
    },
    Operator {
        name: "entered",
        words: "was entered at",
        doc: "Moved to that level, from above or below, within the time `within` says",
        kinds: NAMED_MOVE,
        levels: Some(|at, named| named.contains(&at)),
        moves: Some("m.to_level = any({levels})"),
        ..PLAIN
    },
    Operator {
        name: "left",
        words: "was left at",
        doc: "Moved away from that level within the time `within` says",
        kinds: NAMED_MOVE,
        levels: Some(|at, named| named.contains(&at)),
        moves: Some("m.from_level = any({levels})"),
        ..PLAIN
    },
];
