//! Previews: the real run in one transaction, explained, and rolled back.
//!
//! One at a time, with limits on time and on waiting for locks. A preview yields: it holds an advisory lock by which
//! its backend is known, and a run whose step waits for that backend terminates it. Deferred constraints are forced
//! before the explanation, so that a preview fails where the run would.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Engine;
use super::door::{Decided, Explained, Job, JobError, Run, Step, Trigger, Tx};
use super::slots::label;
use super::specs::Spec;
use super::step::Backend;

/// How soon, and how often, a step looks whether it waits for a preview.
const LOOK: Duration = Duration::from_millis(500);

/// A preview waits this long for a lock that a run at work holds.
const PATIENCE: &str = "5s";

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// One at a time.
    #[error("another preview is at work; try again when it is done")]
    Busy,
    /// A run needed what the preview held.
    #[error("the preview gave way to a run that needed the same rows (or the database was restarted); try again")]
    Yielded,
    /// A run at work holds what the preview needs.
    #[error("a run at work holds rows that the preview needs; try again when it is done (`tend status` shows it)")]
    Locked,
    /// It took too long.
    #[error("the preview was given up after {} s; nothing was changed", .0.as_secs())]
    TooLong(Duration),
    /// The job said no; the run would too.
    #[error("the run would fail: {0:#}")]
    Job(JobError),
    /// The database refuses.
    #[error("the preview failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// Shows what a run of this spec for this slot would do now. Changes nothing.
///
/// # Errors
/// See [`PreviewError`].
pub async fn preview(engine: &Engine, spec: &Spec, slot: DateTime<Utc>) -> Result<Explained, PreviewError> {
    preview_with(engine, spec, slot, async |run, conn| explain_with(&*spec.code, run, conn).await).await
}

/// Says what such a run would decide about one customer; none where the kind's runs are not about customers. Changes
/// nothing.
///
/// # Errors
/// See [`PreviewError`].
pub async fn decision(
    engine: &Engine,
    spec: &Spec,
    slot: DateTime<Utc>,
    customer: &str,
) -> Result<Option<Decided>, PreviewError> {
    preview_with(engine, spec, slot, async |run, conn| spec.code.decided(run, customer, &mut Tx::lend(conn)).await)
        .await
}

/// Runs the spec for the slot, looks at the rows, and rolls all of it back.
///
/// # Errors
/// See [`PreviewError`].
pub async fn preview_with<T>(
    engine: &Engine,
    spec: &Spec,
    slot: DateTime<Utc>,
    look: impl AsyncFnOnce(&Run, &mut PgConnection) -> Result<T, JobError>,
) -> Result<T, PreviewError> {
    let limit = engine.pace.preview_timeout;
    let mut conn = engine.db.pool().acquire().await?;
    // Terminated, timed out or broken: a connection that held a preview serves nobody else.
    conn.close_on_drop();
    let mut tx = conn.begin().await?;
    let outcome = timeout(limit, async {
        limits(&mut tx, limit).await?;
        if !alone(&mut tx).await? {
            return Err(PreviewError::Busy);
        }
        let now = engine.clock.now(&mut tx).await?;
        let run = run_in(&mut tx, spec, slot, now).await?;
        look(&run, &mut tx).await.map_err(PreviewError::Job)
    })
    .await;
    match outcome {
        Ok(Ok(found)) => {
            tx.rollback().await?;
            Ok(found)
        }
        Ok(Err(error)) => Err(told(error, limit)),
        Err(_) => Err(PreviewError::TooLong(limit)),
    }
}

/// Runs this spec for this slot, `now` being the time, in the caller's transaction, which must be rolled back. What a
/// preview does, and what a check of a job file does with customers of its own.
///
/// # Errors
/// When the job or the database refuses.
pub async fn run_in(
    conn: &mut PgConnection,
    spec: &Spec,
    slot: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Run, PreviewError> {
    let run = insert(spec, slot, now, conn).await?;
    let mut cursor = None;
    loop {
        let mut step = Step { run: &run, tx: Tx::lend(conn), cursor, cancelled: CancellationToken::new() };
        let stepped = spec.code.step(&mut step).await.map_err(PreviewError::Job)?;
        sqlx::query!(
            "update tend.job_run set steps = steps + 1, cursor = $2, progress = $3 where run_id = $1",
            run.run_id,
            stepped.next,
            stepped.progress
        )
        .execute(&mut *conn)
        .await?;
        cursor = stepped.next;
        if cursor.is_none() {
            break;
        }
    }
    sqlx::query("set constraints all immediate").execute(&mut *conn).await?;
    Ok(run)
}

async fn explain_with(code: &dyn Job, run: &Run, conn: &mut PgConnection) -> Result<Explained, JobError> {
    code.explain(run, &mut Tx::lend(conn)).await
}

async fn limits(conn: &mut PgConnection, statement: Duration) -> sqlx::Result<()> {
    sqlx::query!(
        "select set_config('application_name', 'tend: preview', true) as name,
                set_config('statement_timeout', $1, true) as statement, set_config('lock_timeout', $2, true) as lock",
        statement.as_millis().to_string(),
        PATIENCE
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// Takes the lock that is held by the one preview, and by which its backend is known.
async fn alone(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('tend:preview', 0)) as "alone!""#)
        .fetch_one(conn)
        .await
}

/// The row of the rehearsed run. It stays `due`: a row in state `running` would keep a real claim waiting.
async fn insert(spec: &Spec, slot: DateTime<Utc>, now: DateTime<Utc>, conn: &mut PgConnection) -> sqlx::Result<Run> {
    let (business_date, business_key, _) = label(spec, slot);
    let run_id = sqlx::query_scalar!(
        "insert into tend.job_run (job, trigger, slot, business_date, business_key, run_after, spec_hash, created_at, attempt, started_at)
         values ($1, 'preview', $2, $3, $4, $5, $6, $5, 1, $5) returning run_id",
        spec.job,
        slot,
        business_date,
        business_key,
        now,
        spec.hash
    )
    .fetch_one(conn)
    .await?;
    Ok(Run {
        run_id,
        job: spec.job.clone(),
        spec_hash: spec.hash.clone(),
        as_of: slot,
        business_date,
        timezone: spec.timezone,
        trigger: Trigger::Preview,
    })
}

/// What the database's refusals mean to whoever asked for the preview.
fn told(error: PreviewError, limit: Duration) -> PreviewError {
    let code = match &error {
        PreviewError::Database(error) => code(error),
        PreviewError::Job(JobError::Retry { source, .. } | JobError::Fail(source)) => {
            source.chain().filter_map(|cause| cause.downcast_ref::<sqlx::Error>()).find_map(code)
        }
        _ => None,
    };
    match code.as_deref() {
        Some("57P01" | "gone") => PreviewError::Yielded,
        Some("55P03") => PreviewError::Locked,
        Some("57014") => PreviewError::TooLong(limit),
        _ => error,
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    match error {
        sqlx::Error::Database(error) => error.code().map(|code| code.into_owned()),
        sqlx::Error::Io(_) => Some("gone".to_owned()),
        _ => None,
    }
}

/// Says what a finished run did, from its rows. None when there is no such run or its spec cannot be read here.
///
/// # Errors
/// When the job or the database refuses.
pub async fn explain(engine: &Engine, run_id: i64) -> Result<Option<Explained>, PreviewError> {
    let mut tx = engine.db.begin("explain").await?;
    let row =
        sqlx::query!("select job, trigger, slot, business_date, spec_hash from tend.job_run where run_id = $1", run_id)
            .fetch_optional(&mut *tx)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let (Ok(spec), Some(trigger)) = (engine.specs.get(&mut tx, &row.spec_hash).await, Trigger::of(&row.trigger)) else {
        return Ok(None);
    };
    let run = Run {
        run_id,
        job: row.job,
        spec_hash: row.spec_hash,
        as_of: row.slot,
        business_date: row.business_date,
        timezone: spec.timezone,
        trigger,
    };
    let explained = explain_with(&*spec.code, &run, &mut tx).await.map_err(PreviewError::Job)?;
    tx.rollback().await?;
    Ok(Some(explained))
}

/// While the handle lives, a preview that the given backend waits for is terminated.
pub(super) fn yield_to(engine: &Engine, run_id: i64, backend: Backend) -> AbortOnDropHandle<()> {
    let control = engine.db.control().clone();
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut looks = interval(LOOK);
        looks.tick().await; // the first one is at once; a step that waits for nobody is often done by the second
        loop {
            looks.tick().await;
            match sqlx::query_file_scalar!("src/engine/yield.sql", backend.pid).fetch_optional(&control).await {
                Ok(Some(_)) => tracing::info!(run.id = run_id, "a preview was ended: the run waited for it"),
                Ok(None) => {}
                Err(error) => tracing::debug!(run.id = run_id, "could not look for previews in the way: {error}"),
            }
        }
    }))
}
