//! A run: what changed, what is due, and, after an edit, everything that is open; in batches, each a step that leaves
//! clocks and alerts right by themselves.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::clock::Clock;
use super::settle::settle;
use super::{Sla, tell};
use crate::calendar::business::Calendars;
use crate::engine::door::{JobError, Run, Step, Stepped};

/// Tickets settled in one step.
const BATCH: i64 = 2_000;
/// Over views, how far back is read again: what was written late comes within it.
const OVERLAP: TimeDelta = TimeDelta::hours(2);

/// What a run has done so far.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Progress {
    tickets: u64,
    changed: u64,
    alerts: u64,
    told: u64,
}

/// Where a job stands.
struct Standing {
    rebuilt_to: Option<String>,
    watched: bool,
    as_of: DateTime<Utc>,
    /// The job is new: this run is its first.
    new: bool,
}

/// One step of a run.
pub(super) async fn step(sla: &Sla, step: &mut Step<'_>) -> Result<Stepped, JobError> {
    let run = step.run;
    let first = step.cursor.is_none();
    let mut progress: Progress = match step.cursor.take() {
        Some(cursor) => serde_json::from_value(cursor).map_err(JobError::fail)?,
        None => Progress::default(),
    };
    let conn = step.tx.conn();
    let calendars = Sla::calendars(conn).await?;
    let standing = if first { begin(sla, run, &calendars, conn).await? } else { standing(run, conn).await? };
    if first && standing.new {
        // committed before anything is read: from then on every change is noted
        let cursor = serde_json::to_value(&progress).map_err(JobError::fail)?;
        return Ok(Stepped { next: Some(cursor), progress: json!({}) });
    }
    if standing.new && standing.rebuilt_to.as_deref() == Some("") {
        sqlx::query_file!("src/jobs/sla/unseen.sql", run.job).execute(&mut *conn).await?;
    }
    if first && !standing.watched {
        reread(run, standing.as_of, conn).await?;
    }
    let (tickets, more) = batch(sla, run, &standing, conn).await?;
    let settled = settle(sla, run, &calendars, &tickets, conn).await?;
    progress.tickets += tickets.len() as u64;
    progress.changed += settled.changed;
    progress.alerts += settled.fired;
    if !more {
        progress.told += tell::tell(sla, run, conn).await?;
    }
    let cursor = serde_json::to_value(&progress).map_err(JobError::fail)?;
    let shown = json!({ "tickets": progress.tickets, "clocks": progress.changed, "alerts": progress.alerts, "told": progress.told });
    Ok(Stepped { next: more.then_some(cursor), progress: shown })
}

/// Claims the job for the run and finds out whether everything has to be computed anew.
async fn begin(sla: &Sla, run: &Run, calendars: &Calendars, conn: &mut PgConnection) -> Result<Standing, JobError> {
    let basis = sla.basis(calendars, run, &mut *conn).await?;
    let done = sqlx::query_file!("src/jobs/sla/begin.sql", run.job, run.as_of, basis, run.timezone.name())
        .fetch_one(conn)
        .await?;
    if done.later {
        return Err(JobError::fail(anyhow::anyhow!(
            "the deadlines of {} stand at {}; they cannot be computed for the earlier {}",
            run.job,
            done.before.map(|at| at.to_rfc3339()).unwrap_or_default(),
            run.as_of.to_rfc3339(),
        )));
    }
    Ok(Standing {
        rebuilt_to: done.rebuilt_to,
        watched: done.watched,
        as_of: done.before.unwrap_or(run.as_of),
        new: done.before.is_none(),
    })
}

async fn standing(run: &Run, conn: &mut PgConnection) -> Result<Standing, JobError> {
    let row = sqlx::query!(
        r#"select rebuilt_to, watch is not null as "watched!", as_of, began_at = as_of as "new!" from tend.sla_job where job = $1"#,
        run.job
    )
    .fetch_one(conn)
    .await?;
    Ok(Standing { rebuilt_to: row.rebuilt_to, watched: row.watched, as_of: row.as_of, new: row.new })
}

/// The tickets of the next step, and whether there may be more after them. What is taken from the changes is deleted there.
async fn batch(
    sla: &Sla,
    run: &Run,
    standing: &Standing,
    conn: &mut PgConnection,
) -> Result<(Vec<String>, bool), JobError> {
    if let Some(after) = &standing.rebuilt_to {
        let since = run.as_of - sla.reach();
        let open = sqlx::query_file_scalar!("src/jobs/sla/rebuild.sql", run.job, after, since, BATCH)
            .fetch_all(&mut *conn)
            .await?;
        let whole = open.len() as i64 == BATCH;
        let to = open.last().filter(|_| whole);
        sqlx::query!("update tend.sla_job set rebuilt_to = $2 where job = $1", run.job, to).execute(conn).await?;
        return Ok((open, true));
    }
    let changed =
        sqlx::query_file_scalar!("src/jobs/sla/changed.sql", run.job, BATCH, run.as_of).fetch_all(&mut *conn).await?;
    if !changed.is_empty() {
        return Ok((changed, true));
    }
    let due = sqlx::query_file_scalar!("src/jobs/sla/due.sql", run.job, run.as_of, BATCH).fetch_all(conn).await?;
    let more = !due.is_empty();
    Ok((due, more))
}

/// Over views nobody notes changes: what has an event, was opened or solved since a while before the last run is looked at
/// again, and so is every open ticket once an hour.
async fn reread(run: &Run, last: DateTime<Utc>, conn: &mut PgConnection) -> Result<(), JobError> {
    let hour = |at: DateTime<Utc>| at.timestamp().div_euclid(3_600);
    let everything = hour(last) != hour(run.as_of);
    sqlx::query_file!("src/jobs/sla/reread.sql", run.job, last - OVERLAP, run.as_of, everything).execute(conn).await?;
    Ok(())
}

impl Sla {
    /// What the clocks follow from besides the tickets: another one, and all are computed anew.
    async fn basis(&self, calendars: &Calendars, run: &Run, conn: &mut PgConnection) -> Result<String, JobError> {
        let calendar = self.calendar(calendars)?.name();
        let text = sqlx::query_scalar!("select hash from tend.calendar where name = $1", calendar);
        let text = text.fetch_optional(conn).await?.unwrap_or_default();
        let said = format!("{:?} {:?} {:?} {} {text}", self.when, self.states, self.policies, run.timezone);
        Ok(Sha256::digest(said).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// How long after they are solved tickets still matter: the longest callback.
    fn reach(&self) -> TimeDelta {
        let callbacks = self.policies.iter().filter_map(|policy| policy.rule(Clock::Callback));
        let longest = callbacks.map(|rule| rule.within.as_delta()).max();
        longest.map_or(TimeDelta::zero(), |longest| longest * 4 + TimeDelta::days(14))
    }
}
