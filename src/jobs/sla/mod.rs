//! The kind `sla`: deadlines of tickets, and who hears before and when they are not kept.
//!
//! Promises: every due instant follows from the ticket's log, the policy that matched and the calendar ([`clock`]), so it
//! can be computed again and explained; the first policy of the file whose condition holds is that of a ticket; a run
//! looks at what changed and at what is due, whatever the number of open tickets; what happens behind its as-of is left
//! to the runs for that instant, and not lost; an edited policy computes all open
//! tickets anew and clears what no longer applies; each alert is told once, by its key (ticket, clock, cycle, step,
//! recipient); people are told while they work, unless the policy is round the clock; after downtime, and of what came
//! about while nobody worked, everybody gets one summary. A word that somebody looks after it ends the chain.
//!
//! ```text
//!   crm.ticket, crm.ticket_event ──triggers──▶ sla_change ─┐
//!   sla_clock.next_at ≤ as-of ─────────────────────────────┼─▶ settle ─▶ sla_clock, sla_alert (held) ─▶ tell ─▶ letters
//!   another basis (policies, calendar): all open tickets ──┘
//! ```

mod alert;
mod chase;
pub mod clock;
mod decided;
mod explain;
mod load;
pub mod policy;
mod read;
mod settle;
mod sweep;
mod tell;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use clock::{Cycle, States, Ticket};
use policy::Policy;
pub use read::{SlaKind, read};

use crate::calendar::business::{Calendar, Calendars};
use crate::engine::door::{Decided, Explained, Job, JobError, Replay, Run, Step, Stepped, Tx};
use crate::filter::{Filter, Frame};
use crate::jobfile::duration::Span;
use crate::jobs::calendars;

/// A job as its file describes it.
#[derive(Debug)]
pub struct Sla {
    /// Whose hours are business time, and working time.
    calendar: String,
    /// Which tickets it is about; none: all.
    when: Option<Filter>,
    states: States,
    /// What came about longer ago is told in a summary.
    stale_after: Span,
    template: String,
    /// Language of letters to those whose own the template does not have.
    locale: String,
    /// Paths of the template's files.
    files: Vec<String>,
    policies: Vec<Policy>,
}

impl Sla {
    /// The policies, in the order of the file.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// What its conditions are relative to.
    fn frame(run: &Run) -> Frame {
        Frame { as_of: run.as_of, timezone: run.timezone, window: None }
    }

    fn policy(&self, name: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.name == name)
    }

    /// All conditions: that of the job, then those of the policies.
    fn conditions(&self) -> impl Iterator<Item = &Filter> {
        self.when.iter().chain(self.policies.iter().filter_map(|policy| policy.when.as_ref()))
    }

    /// The cycles of a ticket under a policy.
    #[must_use]
    pub fn cycles(
        &self,
        ticket: &Ticket,
        policy: &Policy,
        calendar: &Calendar,
        acknowledged: &[(clock::Clock, DateTime<Utc>)],
        as_of: DateTime<Utc>,
    ) -> Vec<Cycle> {
        clock::cycles(ticket, &policy.targets(ticket), calendar, &self.states, acknowledged, as_of)
    }

    async fn calendars(conn: &mut PgConnection) -> Result<Calendars, JobError> {
        calendars::load(conn).await
    }

    /// The calendar it names.
    fn calendar<'c>(&self, calendars: &'c Calendars) -> Result<&'c Calendar, JobError> {
        calendars.get(&self.calendar).ok_or_else(|| {
            JobError::fail(anyhow::anyhow!(
                "there is no calendar {:?} any more: put it back into config/calendars",
                self.calendar
            ))
        })
    }
}

impl Job for Sla {
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        Box::pin(sweep::step(self, step))
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        Box::pin(explain::plan(self, run, tx.conn()))
    }

    fn decided<'a>(
        &'a self,
        run: &'a Run,
        customer_id: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Decided>, JobError>> {
        Box::pin(async move { Ok(Some(decided::decided(run, customer_id, tx.conn()).await?)) })
    }

    fn ticket<'a>(
        &'a self,
        run: &'a Run,
        ticket_id: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(explain::ticket(self, run, ticket_id, tx.conn()))
    }

    /// What a ticket is today says nothing about what it was.
    fn replay(&self) -> Replay {
        Replay::Never
    }

    fn templates(&self) -> Vec<String> {
        self.files.clone()
    }
}
