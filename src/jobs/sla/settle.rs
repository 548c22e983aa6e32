//! Brings the clocks of some tickets to the as-of: writes what they show, and which steps came about.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::alert::{self, Fired};
use super::chase::chase;
use super::clock::{Cycle, State};
use super::load::{self, Loaded};
use super::policy::Policy;
use super::{Sla, clock};
use crate::calendar::business::{Calendar, Calendars};
use crate::engine::door::{JobError, Run};

/// A row of `tend.sla_clock`.
#[derive(Debug, Serialize)]
struct ClockRow<'a> {
    ticket_id: &'a str,
    clock: &'static str,
    cycle: DateTime<Utc>,
    customer_id: &'a str,
    policy: &'a str,
    started_at: DateTime<Utc>,
    counted: &'static str,
    target_secs: i64,
    due_at: Option<DateTime<Utc>>,
    by_hand: bool,
    state: &'static str,
    stopped_at: Option<DateTime<Utc>>,
    breached_at: Option<DateTime<Utc>>,
    used_secs: Option<i64>,
    acknowledged_at: Option<DateTime<Utc>>,
    next_at: Option<DateTime<Utc>>,
    trouble: Option<String>,
}

/// What was done about some tickets.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Settled {
    /// Clocks that are not what they were.
    pub changed: u64,
    /// Steps that came about.
    pub fired: u64,
}

/// Settles the tickets of these keys; those that are gone lose their clocks.
pub(super) async fn settle(
    sla: &Sla,
    run: &Run,
    calendars: &Calendars,
    tickets: &[String],
    conn: &mut PgConnection,
) -> Result<Settled, JobError> {
    let calendar = sla.calendar(calendars)?;
    let loaded = load::tickets(sla, run, tickets, &mut *conn).await?;
    let (mut rows, mut fired) = (Vec::new(), Vec::new());
    for of in &loaded {
        let Some(policy) = of.policy.as_deref().and_then(|name| sla.policy(name)) else { continue };
        one(sla, run, calendar, of, policy, &mut rows, &mut fired);
    }
    let changed = write(run, tickets, &rows, &mut *conn).await?;
    again(run, &loaded, &mut *conn).await?;
    let told = alert::write(sla, run, calendars, fired, conn).await?;
    Ok(Settled { changed, fired: told })
}

fn one<'a>(
    sla: &Sla,
    run: &Run,
    calendar: &Calendar,
    of: &'a Loaded,
    policy: &'a Policy,
    rows: &mut Vec<ClockRow<'a>>,
    fired: &mut Vec<Fired<'a>>,
) {
    // two cycles that begin at one instant are one: the last word counts
    let mut cycles: BTreeMap<(clock::Clock, DateTime<Utc>), Cycle> = BTreeMap::new();
    for cycle in sla.cycles(&of.ticket, policy, calendar, &of.acknowledged, run.as_of) {
        cycles.insert((cycle.target.clock, cycle.cycle), cycle);
    }
    for mut cycle in cycles.into_values() {
        let word = cycle.target.clock.word();
        let before = |step: &str, asked: &str| {
            of.fired.iter().any(|(clock, at, name, whom)| {
                (clock.as_str(), *at, name.as_str()) == (word, cycle.cycle, step)
                    && whom.split(alert::AND).any(|one| one == asked)
            })
        };
        let chased = chase(&cycle, policy, calendar, run.as_of, before).unwrap_or_else(|trouble| {
            cycle.trouble.get_or_insert_with(|| trouble.to_string());
            super::chase::Chase { next_at: cycle.due.filter(|due| *due > run.as_of), ..Default::default() }
        });
        fired.extend(chased.due.into_iter().map(|due| Fired {
            ticket: &of.ticket,
            clock: word,
            cycle: cycle.cycle,
            policy,
            due,
        }));
        rows.push(row(of, policy, &cycle, chased.next_at));
    }
}

fn row<'a>(of: &'a Loaded, policy: &'a Policy, cycle: &Cycle, next_at: Option<DateTime<Utc>>) -> ClockRow<'a> {
    ClockRow {
        ticket_id: &of.ticket.ticket_id,
        clock: cycle.target.clock.word(),
        cycle: cycle.cycle,
        customer_id: &of.ticket.customer_id,
        policy: &policy.name,
        started_at: cycle.start,
        counted: cycle.target.counted.word(),
        target_secs: cycle.target.secs,
        due_at: cycle.due,
        by_hand: cycle.by_hand.is_some(),
        state: cycle.state.word(),
        stopped_at: cycle.stopped_at,
        breached_at: cycle.breached_at,
        used_secs: (!cycle.state.is_open()).then_some(cycle.used),
        acknowledged_at: cycle.acknowledged_at,
        next_at: next_at.filter(|_| cycle.state == State::Running),
        trouble: cycle.trouble.clone(),
    }
}

/// A run is for an instant, and looks a moment later, or long after it where others waited before it: what happened in
/// between is not in it, though its note is taken. Those tickets are noted again, for that instant.
async fn again(run: &Run, loaded: &[Loaded], conn: &mut PgConnection) -> sqlx::Result<()> {
    let later = loaded.iter().filter_map(|of| Some((of.ticket.ticket_id.clone(), of.later?)));
    let (tickets, instants): (Vec<String>, Vec<DateTime<Utc>>) = later.unzip();
    if tickets.is_empty() {
        return Ok(());
    }
    sqlx::query_file!("src/jobs/sla/later.sql", run.job, &tickets, &instants).execute(conn).await?;
    Ok(())
}

async fn write(run: &Run, tickets: &[String], rows: &[ClockRow<'_>], conn: &mut PgConnection) -> sqlx::Result<u64> {
    let written = sqlx::query_file_scalar!("src/jobs/sla/settle.sql", run.job, tickets, Json(rows) as _);
    Ok(written.fetch_one(conn).await?.unsigned_abs())
}
