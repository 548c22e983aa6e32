//! `tend explain ticket`: the policy and why not an earlier one, each clock window by window, who was and will be told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::super::Sla;
use super::super::alert::AND;
use super::super::clock::{self, Cycle, State};
use super::super::load;
use super::super::policy::{Policy, Step};
use super::{cycle, local};
use crate::calendar::business::Calendar;
use crate::engine::door::{Explained, JobError, Run};
use crate::filter::{Answer, Filter, Node, Requirements, compose};

/// One alert on record.
#[derive(Debug)]
pub(super) struct Told {
    pub clock: String,
    pub cycle: DateTime<Utc>,
    pub step: String,
    pub asked: String,
    pub recipient: String,
    pub state: String,
    pub state_at: DateTime<Utc>,
    pub not_before: DateTime<Utc>,
    pub reason: Option<String>,
}

/// The deadlines of a ticket; none when there is no such ticket.
pub(in crate::jobs::sla) async fn ticket(
    sla: &Sla,
    run: &Run,
    ticket_id: &str,
    conn: &mut PgConnection,
) -> Result<Option<Explained>, JobError> {
    let calendars = Sla::calendars(conn).await?;
    let calendar = sla.calendar(&calendars)?;
    let loaded = load::tickets(sla, run, &[ticket_id.to_owned()], &mut *conn).await?;
    let Some(of) = loaded.into_iter().next() else { return Ok(None) };
    let trees = trees(sla, run, ticket_id, &mut *conn).await?;
    let told = sqlx::query_as!(
        Told,
        "select clock, cycle, step, asked, recipient, state, state_at, not_before, reason
         from tend.sla_alert where job = $1 and ticket_id = $2 and noticed_at <= $3 order by at, alert_id",
        run.job,
        ticket_id,
        run.as_of
    );
    let told = told.fetch_all(conn).await?;
    let policy = of.policy.as_deref().and_then(|name| sla.policy(name));
    let (mut text, tried) = matching(sla, policy, trees);
    let mut clocks = Vec::new();
    if let Some(policy) = policy {
        for one in sla.cycles(&of.ticket, policy, calendar, &of.acknowledged, run.as_of) {
            let explained = cycle::explain(run, calendar, policy, &of.ticket, &one, &told)?;
            text.push_str(&explained.0);
            clocks.push(explained.1);
        }
    }
    let json = json!({
        "ticket_id": ticket_id, "job": run.job, "as_of": run.as_of, "customer_id": of.ticket.customer_id,
        "policy": of.policy, "policies": tried, "clocks": clocks,
    });
    Ok(Some(Explained { json, text, html: None }))
}

/// The condition of the job and of each policy, for the ticket; none for those without.
async fn trees(sla: &Sla, run: &Run, ticket_id: &str, conn: &mut PgConnection) -> sqlx::Result<Vec<Option<Node>>> {
    let filters: Vec<&Filter> = sla.conditions().collect();
    let statement = compose(include_str!("judge.sql"), Sla::frame(run))
        .bind(ticket_id.to_owned())
        .facts_each("joins", &Requirements::of(filters.iter().copied()))
        .answers("answers", filters.iter().copied())
        .finish();
    let answers: Option<Json<Vec<Answer>>> = statement.query_scalar().fetch_optional(conn).await?;
    let mut answers = answers.map_or_else(Vec::new, |Json(answers)| answers).into_iter();
    let mut node = |filter: Option<&Filter>| filter.and_then(|filter| Node::of(filter, &mut answers, run.timezone));
    let mut trees = vec![node(sla.when.as_ref())];
    trees.extend(sla.policies.iter().map(|policy| node(policy.when.as_ref())));
    Ok(trees)
}

/// Which policy holds, and why not those before it.
fn matching(sla: &Sla, holds: Option<&Policy>, trees: Vec<Option<Node>>) -> (String, Vec<Value>) {
    let mut trees = trees.into_iter();
    let mut tried = Vec::new();
    let mut text = String::new();
    if let Some(own) = trees.next().flatten() {
        let is = if own.holds() { "the job is about it" } else { "the job is not about it" };
        text.push_str(&format!("{is}\n{}", own.text(2)));
        tried.push(json!({ "job": true, "holds": own.holds(), "tree": own.json() }));
    }
    for (policy, tree) in sla.policies.iter().zip(trees) {
        let this = holds.is_some_and(|holds| holds.name == policy.name);
        let mark = if this { "holds" } else { "does not hold" };
        text.push_str(&format!("policy {}: {mark}\n", policy.name));
        text.push_str(&tree.as_ref().map_or_else(|| "  + takes every ticket\n".to_owned(), |tree| tree.text(2)));
        tried.push(json!({ "policy": policy.name, "holds": this, "tree": tree.map(|tree| tree.json()) }));
        if this {
            break;
        }
    }
    if holds.is_none() {
        text.push_str("no policy holds: the ticket has no deadlines\n");
    }
    (text, tried)
}

/// A step with its instant, for a cycle.
pub(super) fn steps<'p>(
    policy: &'p Policy,
    cycle: &Cycle,
    calendar: &Calendar,
) -> Vec<(&'p Step, Option<DateTime<Utc>>)> {
    let about = policy.steps.iter().filter(|step| step.is_about(cycle.target.clock));
    about.map(|step| (step, clock::passed(step.at, cycle, calendar).unwrap_or(None))).collect()
}

/// What became of a step, or will.
pub(super) fn fate(run: &Run, cycle: &Cycle, step: &Step, at: Option<DateTime<Utc>>, told: &[Told]) -> Vec<String> {
    let zone = run.timezone;
    let word = cycle.target.clock.word();
    let mut by_word: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for alert in
        told.iter().filter(|alert| alert.clock == word && alert.cycle == cycle.cycle && alert.step == step.name)
    {
        let fate = match alert.state.as_str() {
            "held" => format!("{}: waits until {}", alert.recipient, local(alert.not_before, zone)),
            "dropped" => format!("{}: not told ({})", alert.recipient, alert.reason.as_deref().unwrap_or_default()),
            "summed" => format!("{}: told in a summary {}", alert.recipient, local(alert.state_at, zone)),
            _ => format!("{}: told {}", alert.recipient, local(alert.state_at, zone)),
        };
        for asked in alert.asked.split(AND) {
            by_word.entry(asked.to_owned()).or_default().push(fate.clone());
        }
    }
    let mut lines = Vec::new();
    for to in &step.to {
        let word = to.word();
        match by_word.remove(&word) {
            Some(fates) => lines.extend(fates.into_iter().map(|fate| format!("{word} → {fate}"))),
            None => lines.push(format!("{word}: {}", to_come(cycle, at, run))),
        }
    }
    lines
}

fn to_come(cycle: &Cycle, at: Option<DateTime<Utc>>, run: &Run) -> &'static str {
    match (cycle.state, at) {
        (State::Paused, _) => "nobody knows when, the customer is waited for",
        (State::Running, _) if cycle.acknowledged_at.is_some() => "not told, somebody looks after it",
        (State::Running, Some(at)) if at > run.as_of => "to come",
        (State::Running, Some(_)) => "with the next run",
        (State::Running, None) => "does not fit the target",
        _ => "not told, it was not needed",
    }
}
