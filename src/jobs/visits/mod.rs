//! The kind `visits`: who visits which customer on which day. A level of a ladder has its cadence (two a month); each
//! visit is a task (`tend.task`) of whoever looks after the customer.
//!
//! Promises: a visit exists once, however often and with whatever interruptions the job runs (its origin is unique, and
//! what there is counts before anything is added); nothing that lies behind is touched; what lies ahead is moved or taken
//! back only when it cannot stand: another level, who left the audience, people who are away or gone. Each visit has a
//! working day of its person with room ([`place`] says how days are chosen). What is owed and has no day is on record with
//! its reason (`tend.visit_customer`), and so is what each run did (`tend.visit_run`). A person's customers are held one
//! after the other, not all at once.
//!
//! [`cycle`] weeks, months, quarters · [`wish`] what customers like · [`place`] days for the visits of a person · `read`,
//! `schema` the job file · `staff` who can go when · `step` a run · `letters` word to supervisors · `report`, `history`, `judge`, `decided` what is told.

pub mod cycle;
mod decided;
mod history;
mod judge;
mod kind;
mod letters;
mod loads;
pub mod place;
mod read;
mod report;
mod schema;
mod staff;
mod step;
mod task;
pub mod wish;

use futures_util::future::BoxFuture;

pub use kind::VisitsKind;

use crate::engine::door::{Decided, Explained, Job, JobError, Replay, Run, Step, Stepped, Tx};
use crate::filter::Filter;
use crate::jobfile::duration::Span;
use crate::outbox::survey::Words;

/// A job as its file says it.
#[derive(Debug)]
struct Visits {
    ladder: String,
    /// The levels that are visited, from the top.
    tiers: Vec<Tier>,
    /// Working days, where `crm.staff` names no other calendar.
    calendar: String,
    /// Days ahead for which tasks are made.
    horizon: i64,
    /// Days between two visits of a customer, at least.
    gap: i64,
    /// Visits a person can make in a day, where `crm.staff` does not say it.
    capacity: u32,
    who: Who,
    contacts: Option<Contacts>,
    wish: Wish,
    /// A visit that was missed is planned once more in its cycle.
    make_up: bool,
    title: Words,
    text: Option<Words>,
    /// The language for staff who have none.
    locale: Option<String>,
    audience: Option<Filter>,
}

/// A level that is visited.
#[derive(Debug)]
struct Tier {
    level: String,
    cadence: place::Cadence,
}

/// Who goes.
#[derive(Debug)]
struct Who {
    /// The customer's owner.
    owner: bool,
    /// Whoever of the team has least, where nobody else can.
    team: Option<String>,
}

/// Contacts that count as visits.
#[derive(Debug)]
struct Contacts {
    kinds: Vec<String>,
    /// For so long.
    within: Span,
}

/// Attributes with what customers wish.
#[derive(Debug, Default)]
struct Wish {
    weekday: Option<String>,
    time: Option<String>,
}

impl Visits {
    /// Levels with a cadence, from the top.
    fn levels(&self) -> Vec<String> {
        self.tiers.iter().map(|tier| tier.level.clone()).collect()
    }

    fn tier(&self, level: &str) -> Option<usize> {
        self.tiers.iter().position(|tier| tier.level == level)
    }

    /// "2 a month"
    fn cadence(&self, tier: usize) -> String {
        let cadence = &self.tiers[tier].cadence;
        format!("{} a {}", cadence.visits, cadence.per.word())
    }

    /// The words in a language, else in the job's.
    fn words<'w>(&self, words: &'w Words, locale: Option<&str>) -> &'w str {
        let own = locale.map_or("", |locale| words.nearest(locale).1);
        let other = || self.locale.as_deref().map_or("", |locale| words.nearest(locale).1);
        let any = || words.0.values().next().map_or("", String::as_str);
        [own, other(), any()].into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }
}

impl Job for Visits {
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        Box::pin(async move {
            let progress = step::plan(self, step.run, step.tx.conn()).await?;
            Ok(Stepped { next: None, progress })
        })
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        Box::pin(async move { report::report(self, run, tx.conn()).await?.explained() })
    }

    fn decided<'a>(
        &'a self,
        run: &'a Run,
        customer_id: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Decided>, JobError>> {
        Box::pin(async move { Ok(Some(decided::decided(self, run, customer_id, tx.conn()).await?)) })
    }

    /// The audience, and what the customer's visits rest on.
    fn judge<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(judge::judge(self, run, customer, tx.conn()))
    }

    /// The customer's visits, what they rest on, and what is short.
    fn history<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(async move { Ok(history::history(self, run, customer, tx.conn()).await?) })
    }

    /// Nobody can be sent to where they should have been yesterday.
    fn replay(&self) -> Replay {
        Replay::Never
    }
}
