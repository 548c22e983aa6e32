//! `[trigger]`: what makes an occasion, and from when to when it may be told.
//!
//! A trigger is a head of the message statement that ends in the relation `candidate` (see `outbox/policy/policy.sql`),
//! with its own parameters behind those that all share.

use chrono::NaiveDate;
use sqlx::postgres::types::PgInterval;

mod anniversary;
mod level;

pub use anniversary::Anniversary;
pub use level::Level;

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

/// A head with policy and queue behind it.
macro_rules! plan {
    ($head:literal) => {
        concat!(
            include_str!($head),
            include_str!("../../../outbox/policy/ways.sql"),
            include_str!("../../../outbox/policy/policy.sql"),
            include_str!("../queue.sql")
        )
    };
}

impl Trigger {
    /// The statement that plans a run, with slots.
    pub const fn plan(&self) -> &'static str {
        match self {
            Self::Anniversary(_) => plan!("anniversary.sql"),
            Self::Level(_) => plan!("level.sql"),
        }
    }

    /// The statement that counts missing values, with slots.
    pub const fn missing(&self) -> &'static str {
        match self {
            Self::Anniversary(_) => include_str!("anniversary_missing.sql"),
            Self::Level(_) => include_str!("level_missing.sql"),
        }
    }

    /// Binds what [`Self::plan`] and [`Self::missing`] ask for beyond what all share.
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

fn interval(span: Span) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: span.as_seconds() * 1_000_000 }
}
