//! What happened to customers and what can be said about it: the one place each event and each measure is defined.
//!
//! A condition names an event, which of them count (`kind = ["complaint"]`), the window, and one measure with what it
//! is compared with: `{ event = "interaction", kind = "complaint", count = { at_least = 2 }, within = "60d" }`. Without
//! a measure it asks whether there was at least one.
//!
//! Promises: an event counts when it happened before the as-of, and, with a window, not earlier than exactly its length
//! before it. A statement reads each table of events once, whatever the number of conditions on it ([`columns`]).

mod columns;
mod known;
mod read;

use crate::jobfile::duration::Span;

use super::field::Kind;

pub(super) use columns::{Asked, cte, join, lateral};
pub use known::ALL;
pub(super) use read::{on_event, on_open};

/// Something that happens to customers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// What files call it.
    pub name: &'static str,
    /// Several of them, in words.
    pub plural: &'static str,
    /// What it is, for documentation.
    pub doc: &'static str,
    /// The table, one row each, with a `customer_id`.
    pub table: &'static str,
    /// When it happened: a column of `e`.
    pub at: &'static str,
    /// Its amount, when it has one: a column of `e`.
    pub amount: Option<&'static str>,
    /// What must hold for it to count, over `e`.
    pub(super) counts: &'static str,
    /// The restriction that takes the place of `counts`.
    pub(super) instead: Option<&'static str>,
    /// What can be said about which of them count.
    pub restrictions: &'static [Restriction],
}

/// Which events count.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Restriction {
    /// What files call it.
    pub key: &'static str,
    /// A text over `e`; `{as_of}` stands for the as-of.
    pub(super) sql: &'static str,
    /// What it can be.
    pub values: Values,
    /// What it is, for documentation.
    pub doc: &'static str,
}

impl Restriction {
    /// The same event can count or not by the as-of alone.
    pub(super) fn depends_on_as_of(&self) -> bool {
        self.sql.contains("{as_of}")
    }
}

/// What a restriction can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Values {
    /// Words of the company.
    Free,
    /// One of these.
    Words(&'static [&'static str]),
    /// True or false.
    Flag,
    /// A whole number between these two, both included, by `is`, `at_least` and `at_most`.
    Range(i64, i64),
}

/// What is taken of the events that count.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Measure {
    /// What files call it.
    pub key: &'static str,
    /// In words, before the event: "number of".
    pub words: &'static str,
    /// What it is compared as.
    pub kind: Kind,
    /// An aggregate; `{at}` and `{amount}` stand for the event's columns.
    pub(super) sql: &'static str,
    /// 0 where there is no event, not missing.
    pub(super) zero: bool,
    /// What it is, for documentation.
    pub doc: &'static str,
}

impl Measure {
    /// Looks at the instants, so that it needs no window.
    #[must_use]
    pub fn is_instant(&self) -> bool {
        self.kind == Kind::Instant
    }

    /// Looks at the amounts.
    #[must_use]
    pub fn needs_amount(&self) -> bool {
        self.sql.contains("{amount}")
    }
}

/// What a condition on events looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Happened {
    /// Which event.
    pub event: &'static Event,
    /// Which of them count: one of the values each.
    pub only: Vec<(&'static Restriction, Vec<String>)>,
    /// What is taken of them.
    pub measure: &'static Measure,
    /// How far back; none: without end.
    pub window: Option<Span>,
}

impl Happened {
    /// How far before the as-of an event can lie and still matter; none: without end.
    #[must_use]
    pub fn reach(&self) -> Option<Span> {
        let window = self.window?;
        Some(if self.is_surge() { window.twice() } else { window })
    }

    /// Compares a window with the one before it.
    #[must_use]
    pub fn is_surge(&self) -> bool {
        self.measure.kind == Kind::Surge
    }

    /// In words: "number of interactions (kind complaint or enquiry) in 60d".
    pub(super) fn describe(&self) -> String {
        let name = if self.measure.is_instant() { self.event.name } else { self.event.plural };
        let mut text = format!("{} {name}", self.measure.words).trim_start().to_owned();
        let only: Vec<_> =
            self.only.iter().map(|(which, values)| format!("{} {}", which.key, values.join(" or "))).collect();
        if !only.is_empty() {
            text.push_str(&format!(" ({})", only.join(", ")));
        }
        if let Some(window) = self.window {
            text.push_str(&format!(" in {window}"));
        }
        text
    }
}

/// All measures.
pub static MEASURES: &[Measure] = &[
    Measure {
        key: "count",
        words: "number of",
        kind: Kind::Count,
        sql: "count(*)",
        zero: true,
        doc: "How many; 0 without any",
    },
    Measure {
        key: "sum",
        words: "sum of",
        kind: Kind::Number,
        sql: "sum({amount})",
        zero: true,
        doc: "Sum of the amounts; 0 without any",
    },
    Measure {
        key: "avg",
        words: "average of",
        kind: Kind::Number,
        sql: "avg({amount})",
        zero: false,
        doc: "Average amount; missing without any",
    },
    Measure {
        key: "max",
        words: "largest of",
        kind: Kind::Number,
        sql: "max({amount})",
        zero: false,
        doc: "The largest amount; missing without any",
    },
    Measure {
        key: "min",
        words: "smallest of",
        kind: Kind::Number,
        sql: "min({amount})",
        zero: false,
        doc: "The smallest amount; missing without any",
    },
    Measure {
        key: "first",
        words: "first",
        kind: Kind::Instant,
        sql: "min({at})",
        zero: false,
        doc: "When the first was; missing without any",
    },
    Measure {
        key: "last",
        words: "last",
        kind: Kind::Instant,
        sql: "max({at})",
        zero: false,
        doc: "When the last was; missing without any",
    },
    Measure {
        key: "surge",
        words: "",
        kind: Kind::Surge,
        sql: "count(*)",
        zero: true,
        doc: "Whether there were many more in a window than in the one before it: { window = \"60d\", factor = \"200%\", min = 3 } is at least 3, and at least twice as many as in the 60 days before",
    },
];

/// The event of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Event> {
    ALL.iter().find(|event| event.name == name)
}

/// The measure of that name.
#[must_use]
pub fn measure(key: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| measure.key == key)
}
