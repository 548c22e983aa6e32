//! Reads tickets with everything their clocks rest on.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Sla;
use super::clock::{Clock, Event, Ticket, What};
use crate::engine::door::Run;
use crate::filter::{Requirements, Statement, compose};

/// A ticket, and what is on record about it.
#[derive(Debug)]
pub(super) struct Loaded {
    pub ticket: Ticket,
    /// The policy that holds for it.
    pub policy: Option<String>,
    /// Words by links in alerts: which clock, when.
    pub acknowledged: Vec<(Clock, DateTime<Utc>)>,
    /// Steps that were told, or will not be: clock, cycle, step, whom the file names.
    pub fired: Vec<(String, DateTime<Utc>, String, String)>,
    /// The first instant behind the as-of at which something is on record: it is looked at again then.
    pub later: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    ticket_id: String,
    customer_id: String,
    opened_at: DateTime<Utc>,
    kind: String,
    topic: Option<String>,
    urgency: String,
    channel: Option<String>,
    state: String,
    assignee_id: Option<String>,
    solved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    policy: Option<String>,
}

impl Sla {
    /// The statement that reads tickets with their policies; public for tests of its plan.
    #[must_use]
    pub fn statement(&self, run: &Run, tickets: &[String]) -> Statement {
        let cases = self.policies.iter().map(|policy| (policy.when.as_ref(), policy.name.as_str()));
        compose(include_str!("load.sql"), Self::frame(run))
            .bind(tickets.to_vec())
            .facts_each("joins", &Requirements::of(self.conditions()))
            .condition("applies", self.when.as_ref())
            .first_of("policy", cases)
            .finish()
    }
}

/// Those of the tickets that there are.
pub(super) async fn tickets(
    sla: &Sla,
    run: &Run,
    tickets: &[String],
    conn: &mut PgConnection,
) -> sqlx::Result<Vec<Loaded>> {
    let rows: Vec<Row> = sla.statement(run, tickets).query_as().fetch_all(&mut *conn).await?;
    let mut loaded: BTreeMap<String, Loaded> =
        rows.into_iter().map(|row| (row.ticket_id.clone(), row.loaded(run.as_of))).collect();
    let events = sqlx::query!(
        "select e.ticket_id, e.event_id, e.at, e.kind, e.value
         from unnest($1::text[]) asked (ticket_id)
         cross join lateral (select * from crm.ticket_event own where own.ticket_id = asked.ticket_id offset 0) e",
        tickets
    );
    for event in events.fetch_all(&mut *conn).await? {
        if let Some(of) = loaded.get_mut(&event.ticket_id) {
            let what = What::read(&event.kind, event.value.as_deref());
            of.comes(event.at, run.as_of);
            of.ticket.events.push(Event { event_id: event.event_id, at: event.at, what });
        }
    }
    let called = sqlx::query!(
        r#"select ticket_id as "ticket_id!", state_at from tend.task
           where ticket_id = any ($1) and kind = 'callback' and state = 'done'"#,
        tickets
    );
    for call in called.fetch_all(&mut *conn).await? {
        if let Some(of) = loaded.get_mut(&call.ticket_id) {
            match call.state_at <= run.as_of {
                true => of.ticket.called_back.push(call.state_at),
                false => of.comes(call.state_at, run.as_of),
            }
        }
    }
    let words = sqlx::query!(
        "select ticket_id, clock, at from tend.sla_ack where job = $1 and ticket_id = any ($2)",
        run.job,
        tickets
    );
    for word in words.fetch_all(&mut *conn).await? {
        if let (Some(of), Some(clock)) = (loaded.get_mut(&word.ticket_id), Clock::of(&word.clock)) {
            match word.at <= run.as_of {
                true => of.acknowledged.push((clock, word.at)),
                false => of.comes(word.at, run.as_of),
            }
        }
    }
    let fired = sqlx::query!(
        "select ticket_id, clock, cycle, step, asked from tend.sla_alert where job = $1 and ticket_id = any ($2)",
        run.job,
        tickets
    );
    for step in fired.fetch_all(conn).await? {
        if let Some(of) = loaded.get_mut(&step.ticket_id) {
            of.fired.push((step.clock, step.cycle, step.step, step.asked));
        }
    }
    Ok(loaded.into_values().collect())
}

impl Row {
    fn loaded(self, as_of: DateTime<Utc>) -> Loaded {
        let known = [Some(self.opened_at), self.solved_at, self.closed_at];
        let ticket = Ticket {
            ticket_id: self.ticket_id,
            customer_id: self.customer_id,
            opened_at: self.opened_at,
            topic: self.topic.filter(|topic| !topic.trim().is_empty()),
            channel: self.channel,
            kind: self.kind,
            urgency: self.urgency,
            state: self.state,
            assignee_id: self.assignee_id,
            solved_at: self.solved_at,
            closed_at: self.closed_at,
            events: Vec::new(),
            called_back: Vec::new(),
        };
        let policy = self.policy;
        let mut loaded = Loaded { ticket, policy, acknowledged: Vec::new(), fired: Vec::new(), later: None };
        known.into_iter().flatten().for_each(|at| loaded.comes(at, as_of));
        loaded
    }
}

impl Loaded {
    /// Something is on record at an instant, which may be behind the as-of.
    fn comes(&mut self, at: DateTime<Utc>, as_of: DateTime<Utc>) {
        if at > as_of {
            self.later = Some(self.later.map_or(at, |later| later.min(at)));
        }
    }
}
