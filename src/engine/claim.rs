//! Claiming: one replica gets a due run, together with the lease on it.
//!
//! One short transaction: an advisory lock on the job, so that replicas do not race each other into the unique index
//! that forbids two running runs of one job; the oldest run that may start; attempt and fencing token plus one; the
//! lease row. A replica leaves runs alone whose spec it cannot read (see `unreadable`).

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use tokio::time::Instant;

use super::Engine;
use super::door::{Run, Trigger};
use super::specs::Spec;
use super::waits::{self, Wait, Waiting};

/// A run this process may execute, as long as its lease holds.
#[derive(Debug)]
pub(super) struct Claimed {
    pub run: Run,
    pub spec: Arc<Spec>,
    /// Fencing token of this claim.
    pub token: i64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Where the first step goes on.
    pub cursor: Option<Value>,
    /// Steps committed so far.
    pub steps: i32,
    /// A moment before the lease began, by the clock nobody sets.
    pub since: Instant,
}

struct Candidate {
    run_id: i64,
    trigger: Trigger,
    slot: DateTime<Utc>,
    business_date: NaiveDate,
    created_at: DateTime<Utc>,
    spec_hash: String,
}

/// The jobs that have runs whose time has come, and how many.
///
/// # Errors
/// When the database cannot be asked.
pub(super) async fn jobs_with_due_runs(engine: &Engine) -> sqlx::Result<Vec<(String, i64)>> {
    let mut conn = engine.db.pool().acquire().await?;
    let now = engine.clock.now(&mut conn).await?;
    let rows = sqlx::query!(
        r#"select job, count(*) as "runs!" from tend.job_run where state = 'due' and run_after <= $1
           group by job order by min(slot), job"#,
        now
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.job, row.runs)).collect())
}

/// Claims a due run of the job, or exactly the given one. None when there is none that may start now, another replica
/// is at it, or a run of the job is at work.
///
/// # Errors
/// When the database refuses.
pub(super) async fn claim(engine: &Engine, job: &str, only: Option<i64>) -> sqlx::Result<Option<Claimed>> {
    match try_claim(engine, job, only).await {
        // The advisory lock makes this rare; the index decides all the same.
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("job_run_one_running") => Ok(None),
        other => other,
    }
}

async fn try_claim(engine: &Engine, job: &str, only: Option<i64>) -> sqlx::Result<Option<Claimed>> {
    let since = Instant::now();
    let mut tx = engine.db.begin("claim").await?;
    if !lock(&mut tx, job).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    let now = engine.clock.now(&mut tx).await?;
    let mut asked = None;
    // what turns out to be unreadable here leaves its place among the candidates to the next one
    while asked != Some(engine.specs.unreadable()) {
        let unreadable = engine.specs.unreadable();
        for candidate in candidates(&mut tx, job, only, now, &unreadable).await? {
            let Ok(spec) = engine.specs.get(&mut tx, &candidate.spec_hash).await else { continue };
            let Wait::Over(note) = wait(&mut tx, engine, &candidate, &spec, now).await? else { continue };
            let claimed = take(&mut tx, engine, candidate, spec, note, now, since).await?;
            tx.commit().await?;
            return Ok(Some(claimed));
        }
        asked = Some(unreadable);
    }
    // a dropped transaction lets go some time later, and until then the next claim would find the job busy
    tx.rollback().await?;
    Ok(None)
}

/// What was asked for by hand waits for nobody.
async fn wait(
    conn: &mut PgConnection,
    engine: &Engine,
    candidate: &Candidate,
    spec: &Spec,
    now: DateTime<Utc>,
) -> sqlx::Result<Wait> {
    if !candidate.trigger.is_planned() {
        return Ok(Wait::Over(None));
    }
    let Candidate { slot, business_date, created_at, .. } = *candidate;
    waits::check(conn, &engine.specs, spec, Waiting { slot, business_date, created_at }, now).await
}

async fn lock(conn: &mut PgConnection, job: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('tend:job:' || $1, 0)) as "locked!""#, job)
        .fetch_one(conn)
        .await
}

async fn candidates(
    conn: &mut PgConnection,
    job: &str,
    only: Option<i64>,
    now: DateTime<Utc>,
    unreadable: &[String],
) -> sqlx::Result<Vec<Candidate>> {
    let rows = sqlx::query_file!("src/engine/claimable.sql", job, now, only, unreadable).fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Candidate {
                run_id: row.run_id,
                trigger: Trigger::of(&row.trigger)?,
                slot: row.slot,
                business_date: row.business_date,
                created_at: row.created_at,
                spec_hash: row.spec_hash,
            })
        })
        .collect())
}

async fn take(
    conn: &mut PgConnection,
    engine: &Engine,
    candidate: Candidate,
    spec: Arc<Spec>,
    note: Option<String>,
    now: DateTime<Utc>,
    since: Instant,
) -> sqlx::Result<Claimed> {
    let row = sqlx::query!(
        "update tend.job_run
         set state = 'running', attempt = attempt + 1, token = token + 1, started_at = coalesce(started_at, $2),
             unreadable_since = null, note = nullif(concat_ws('; ', note, $3::text), '')
         where run_id = $1
         returning token, attempt, cursor, steps",
        candidate.run_id,
        now,
        note
    )
    .fetch_one(&mut *conn)
    .await?;
    let ttl = engine.pace.lease_ttl.as_secs_f64();
    sqlx::query!(
        "insert into tend.lease (run_id, token, owner, host, until, heartbeat_at)
         values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5), clock_timestamp())
         on conflict (run_id) do update set token = excluded.token, owner = excluded.owner, host = excluded.host,
             until = excluded.until, heartbeat_at = excluded.heartbeat_at, backend_pid = null, backend_start = null",
        candidate.run_id,
        row.token,
        engine.me.instance,
        engine.me.host,
        ttl
    )
    .execute(conn)
    .await?;
    Ok(Claimed {
        run: Run {
            run_id: candidate.run_id,
            job: spec.job.clone(),
            spec_hash: candidate.spec_hash,
            as_of: candidate.slot,
            business_date: candidate.business_date,
            timezone: spec.timezone,
            trigger: candidate.trigger,
        },
        spec,
        token: row.token,
        attempt: u32::try_from(row.attempt).unwrap_or(u32::MAX),
        cursor: row.cursor,
        steps: row.steps,
        since,
    })
}
