//! `[trigger]`: what makes an occasion, and from when to when it may be told.
//!
//! A trigger is a head of the message statement that ends in the relation `candidate` (see `outbox/policy/policy.sql`),
//! with its own parameters behind those that all share.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sqlx::postgres::types::PgInterval;

mod anniversary;
mod level;
mod schema;

pub use anniversary::Anniversary;
pub use level::Level;
pub use schema::schema;

use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::kind::ReadContext;
use crate::jobfile::reader::Reader;

/// When there is an occasion.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// A day that comes back every year.
    Anniversary(Anniversary),
    /// A change of level.
    Level(Level),
}

/// The statements about the occasions that a head finds.
#[derive(Debug, Clone, Copy)]
pub struct Statements {
    /// Plans a run: the head with policy and queue behind it.
    pub plan: &'static str,
    /// Keeps the places of those who would have a message: the head with the policy, for a day ahead.
    pub ahead: &'static str,
    /// Counts, of those who have the occasion, for how many a value was missing.
    pub missing: &'static str,
}

macro_rules! statements {
    ($head:literal) => {
        Statements {
            plan: statements!($head, "../queue.sql"),
            ahead: statements!($head, "../reserve.sql"),
            missing: concat!(include_str!("begin.sql"), include_str!($head), include_str!("missing.sql")),
        }
    };
    ($head:literal, $end:literal) => {
        concat!(
            include_str!("begin.sql"),
            include_str!($head),
            include_str!("candidate.sql"),
            include_str!("../../../outbox/policy/hours.sql"),
            include_str!("../../../outbox/policy/contacts.sql"),
            include_str!("../../../outbox/policy/ways.sql"),
            include_str!("../../../outbox/policy/caps.sql"),
            include_str!("../../../outbox/policy/policy.sql"),
            include_str!($end)
        )
    };
}

/// The statements about who is due for a further message.
pub(super) const FURTHER: Statements = statements!("step.sql");

impl Trigger {
    /// The statements of a run, with slots.
    pub const fn statements(&self) -> Statements {
        match self {
            Self::Anniversary(_) => statements!("anniversary.sql"),
            Self::Level(_) => statements!("level.sql"),
        }
    }

    /// Whether it can tell who will have the occasion in the days ahead.
    pub const fn foresees(&self) -> bool {
        match self {
            Self::Anniversary(_) => true,
            Self::Level(_) => false,
        }
    }

    /// Binds what its head asks for beyond what all share.
    ///
    /// # Errors
    /// Beyond the years the calendar knows.
    pub fn bind(&self, composer: Composer, run: &Run) -> Result<Composer, OutOfRange> {
        match self {
            Self::Anniversary(anniversary) => anniversary.bind(composer, run.business_date),
            Self::Level(level) => Ok(level.bind(composer)),
        }
    }

    /// The days whose occasions a run looks at.
    pub fn days(&self, run: &Run) -> Vec<NaiveDate> {
        match self {
            Self::Anniversary(anniversary) => anniversary.days(run.business_date).collect(),
            Self::Level(level) => level.days(run),
        }
    }

    /// Whether everybody has the occasion, so that what conditions need is counted for all at once.
    pub const fn is_of_everybody(&self) -> bool {
        false
    }

    /// What templates get as `occasion.…` beyond kind, date and year.
    pub fn variables(&self) -> BTreeSet<String> {
        let keys: &[&str] = match self {
            Self::Anniversary(_) => &[],
            Self::Level(_) => &["ladder", "from", "to", "direction"],
        };
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    /// Nearer than so many days to one the customer has had, an occasion counts as had.
    pub fn apart(&self) -> i32 {
        match self {
            Self::Anniversary(_) => anniversary::SAME_OCCASION_DAYS,
            Self::Level(level) => level.apart(),
        }
    }
}

/// Reads `[trigger]`.
pub fn read(file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Trigger> {
    let Some(mut trigger) = file.table("trigger") else {
        if !file.has("trigger") {
            file.missing("trigger", "{ on = \"anniversary\", field = \"birthday\", offset = \"-3d\" }");
        }
        return None;
    };
    let on = required(&mut trigger, "on", &[("anniversary", false), ("level", true)]);
    let read = match on {
        Some(true) => level::read(&mut trigger, context).map(Trigger::Level),
        Some(false) => anniversary::read(&mut trigger).map(Trigger::Anniversary),
        None => {
            // what it takes depends on it
            let keys = trigger.keys();
            trigger.leave(&keys);
            None
        }
    };
    trigger.finish();
    read
}

fn required<T: Copy>(trigger: &mut Reader<'_>, key: &str, choices: &[(&str, T)]) -> Option<T> {
    if !trigger.has(key) {
        let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        trigger.missing(key, &words.join(" or "));
    }
    trigger.choice(key, choices)
}

pub(super) fn interval(span: Span) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: span.as_seconds() * 1_000_000 }
}
