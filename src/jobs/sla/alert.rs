//! Steps that came about become alerts: whom they are for is looked up, each is written once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::Sla;
use super::chase::Due;
use super::clock::Ticket;
use super::policy::{Policy, Recipient};
use crate::calendar::business::{Calendar, Calendars};
use crate::engine::door::{JobError, Run};

/// What stands between several words of `tend.sla_alert.asked`.
pub(super) const AND: &str = ", ";
/// Rows of one step stand together; so many at most are looked back at.
const NEAR: usize = 200;

/// A step of a cycle that came about.
#[derive(Debug)]
pub(super) struct Fired<'a> {
    pub ticket: &'a Ticket,
    pub clock: &'static str,
    pub cycle: DateTime<Utc>,
    pub policy: &'a Policy,
    pub due: Due,
}

/// A row of `tend.sla_alert`.
#[derive(Debug, Serialize)]
struct AlertRow<'a> {
    ticket_id: &'a str,
    clock: &'a str,
    cycle: DateTime<Utc>,
    step: &'a str,
    asked: String,
    recipient: String,
    customer_id: &'a str,
    policy: &'a str,
    at: DateTime<Utc>,
    not_before: DateTime<Utc>,
    state: &'static str,
    reason: Option<&'static str>,
}

/// Somebody to be told: as alerts name him, and whose hours he works.
type Person = (String, Option<String>);

/// Writes the alerts of steps that came about; how many are new.
pub(super) async fn write(
    sla: &Sla,
    run: &Run,
    calendars: &Calendars,
    fired: Vec<Fired<'_>>,
    conn: &mut PgConnection,
) -> Result<u64, JobError> {
    if fired.is_empty() {
        return Ok(0);
    }
    let people = people(run.business_date, &fired, &mut *conn).await?;
    let mut rows: Vec<AlertRow<'_>> = Vec::new();
    for one in &fired {
        let asked = one.due.to.word();
        let found = match &one.due.to {
            Recipient::Robot(_) | Recipient::Customer => vec![(asked.clone(), None)],
            _ => people.get(&(one.ticket.ticket_id.as_str(), asked.clone())).cloned().unwrap_or_default(),
        };
        // nobody has it, and nobody answers for him: the owner of the job must hear of it
        let found = if found.is_empty() { vec![("owner".to_owned(), None)] } else { found };
        for (recipient, hours) in found {
            let same = |row: &&mut AlertRow<'_>| {
                (row.ticket_id, row.clock, row.cycle, row.step, row.recipient.as_str())
                    == (&one.ticket.ticket_id, one.clock, one.cycle, &one.due.step, recipient.as_str())
            };
            // somebody who is meant twice, as assignee and as deputy of the supervisor, is told once
            if let Some(row) = rows.iter_mut().rev().take(NEAR).find(same) {
                row.asked = format!("{}{AND}{asked}", row.asked);
                continue;
            }
            let not_before = match one.policy.round_the_clock || !one.due.to.works() {
                true => run.as_of,
                false => working(sla, calendars, hours.as_deref(), run.as_of)?,
            };
            rows.push(AlertRow {
                ticket_id: &one.ticket.ticket_id,
                clock: one.clock,
                cycle: one.cycle,
                step: &one.due.step,
                asked: asked.clone(),
                recipient,
                customer_id: &one.ticket.customer_id,
                policy: &one.policy.name,
                at: one.due.at,
                not_before,
                state: if one.due.overtaken { "dropped" } else { "held" },
                reason: one.due.overtaken.then_some("overtaken"),
            });
        }
    }
    let written = sqlx::query_file!("src/jobs/sla/alert.sql", run.job, run.as_of, Json(&rows) as _);
    Ok(written.execute(conn).await?.rows_affected())
}

/// The first instant from `at` on at which the person works. Better told at once than never, where the calendar ends.
fn working(sla: &Sla, calendars: &Calendars, own: Option<&str>, at: DateTime<Utc>) -> Result<DateTime<Utc>, JobError> {
    let calendar: &Calendar = match own.and_then(|name| calendars.get(name)) {
        Some(own) => own,
        None => sla.calendar(calendars)?,
    };
    Ok(calendar.next_open(at).unwrap_or(at))
}

/// Ticket and word → the people.
async fn people<'a>(
    day: NaiveDate,
    fired: &'a [Fired<'_>],
    conn: &mut PgConnection,
) -> sqlx::Result<BTreeMap<(&'a str, String), Vec<Person>>> {
    let asked: BTreeSet<(&str, String)> =
        fired.iter().map(|one| (one.ticket.ticket_id.as_str(), one.due.to.word())).collect();
    let (tickets, words): (Vec<String>, Vec<String>) =
        asked.iter().map(|(ticket, word)| ((*ticket).to_owned(), word.clone())).unzip();
    let found = sqlx::query_file!("src/jobs/sla/people.sql", &tickets, &words, day).fetch_all(conn).await?;
    let mut people: BTreeMap<(String, String), Vec<Person>> = BTreeMap::new();
    for row in found {
        people.entry((row.ticket_id, row.word)).or_default().push((row.recipient, row.calendar));
    }
    Ok(asked
        .into_iter()
        .filter_map(|(ticket, word)| {
            let found = people.remove(&(ticket.to_owned(), word.clone()))?;
            Some(((ticket, word), found))
        })
        .collect())
}
