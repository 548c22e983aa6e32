//! Operators on what happened.

use super::super::leaf::Subject;
use super::super::shapes::SURGE;
use super::{Operator, PLAIN};

pub(super) static ALL: &[Operator] = &[Operator {
    name: "surge",
    words: "surge",
    doc: "At least `min` in the window, and at least `factor` of those in the window before",
    kinds: SURGE,
    sql: |emit, leaf| {
        let Subject::Event(happened) = &leaf.subject else { unreachable!("only events surge") };
        let (value, before) = (happened.value(), happened.value_before());
        let (factor, min) = (emit.scalar(&leaf.operand[0]), emit.scalar(&leaf.operand[1]));
        format!("{value} >= {min} and {value} >= {factor} * {before}")
    },
    ..PLAIN
}];
