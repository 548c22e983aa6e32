//! Operators on instants and days.

use super::super::birthday;
use super::super::emit::Emit;
use super::super::leaf::Leaf;
use super::super::shapes::{AGE, DAY, LENGTH, ON_DAY, PERIOD};
use super::{Operator, PLAIN};

/// From where the first of its days begins to where the last has ended.
fn on_its_days(emit: &mut Emit, leaf: &Leaf) -> String {
    let (from, to) = (emit.day(leaf), emit.next_day(leaf));
    let value = leaf.value(emit);
    format!("{value} >= {from} and {value} < {to}")
}

pub(super) static ALL: &[Operator] = &[
    Operator {
        name: "within",
        words: "within",
        doc: "Not longer ago than that, and not ahead",
        kinds: LENGTH,
        days: Some(|leaf, today| birthday::ago(today, leaf.days())),
        sql: |emit, leaf| {
            let (from, to) = (emit.ago(leaf), emit.until_now(leaf));
            let value = leaf.value(emit);
            format!("{value} >= {from} and {value} {to}")
        },
        ..PLAIN
    },
    Operator {
        name: "older_than",
        words: "longer ago than",
        doc: "Longer ago than that",
        kinds: AGE,
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
        days: Some(|leaf, today| birthday::ahead(today, leaf.days())),
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
        kinds: ON_DAY,
        days: Some(|leaf, today| leaf.days_meant(today)),
        sql: on_its_days,
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
        name: "during",
        words: "is in",
        doc: "In that period of the calendar, in the job's zone: today, this_week, last_month, this_quarter, last_year …; weeks begin on Monday",
        kinds: PERIOD,
        days: Some(|leaf, today| leaf.days_meant(today)),
        sql: on_its_days,
        ..PLAIN
    },
];
