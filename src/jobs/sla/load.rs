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
        rows.into_iter().map(|row| (row.ticket_id.clone(), row.loaded())).collect();
    let events = sqlx::query!(
        "select e.ticket_id, e.event_id, e.at, e.kind, e.value
         from unnest($1::text[]) asked (ticket_id)
         cross join lateral (select * from crm.ticket_event own where own.ticket_id = asked.ticket_id offset 0) e",
        tickets
    );
    for event in events.fetch_all(&mut *conn).await? {
        if let Some(of) = loaded.get_mut(&event.ticket_id) {
            let what = What::read(&event.kind, event.value.as_deref());
            of.ticket.events.push(Event { event_id: event.event_id, at: event.at, what });
        }
    }
    let called = sqlx::query!(
        r#"select ticket_id as "ticket_id!", state_at from tend.task
           where ticket_id = any ($1) and kind = 'callback' and state = 'done' and state_at <= $2"#,
        tickets,
        run.as_of
    );
    for call in called.fetch_all(&mut *conn).await? {
        if let Some(of) = loaded.get_mut(&call.ticket_id) {
            of.ticket.called_back.push(call.state_at);
        }
    }
    let words = sqlx::query!(
        "select ticket_id, clock, at from tend.sla_ack where job = $1 and ticket_id = any ($2) and at <= $3",
        run.job,
        tickets,
        run.as_of
    );
    for word in words.fetch_all(&mut *conn).await? {
        if let (Some(of), Some(clock)) = (loaded.get_mut(&word.ticket_id), Clock::of(&word.clock)) {
            of.acknowledged.push((clock, word.at));
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
    fn loaded(self) -> Loaded {
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
        Loaded { ticket, policy: self.policy, acknowledged: Vec::new(), fired: Vec::new() }
    }
}
