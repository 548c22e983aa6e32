//! What people do to jobs and runs: pause, resume, cancel, stop all sending.

use sqlx::PgConnection;

use super::Engine;
use super::planner::settle;
use super::specs::SpecError;

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No such job.
    #[error("there is no job {0:?}; `tend status` lists them")]
    UnknownJob(String),
    /// No such run.
    #[error("there is no run {0}")]
    UnknownRun(i64),
    /// Paused already.
    #[error("{job} is paused already, by {by}")]
    AlreadyPaused {
        /// Which job.
        job: String,
        /// Who paused it.
        by: String,
    },
    /// Not paused.
    #[error("{0} is not paused")]
    NotPaused(String),
    /// Over.
    #[error("run {run_id} is over: it {state}")]
    Ended {
        /// Which run.
        run_id: i64,
        /// How it ended.
        state: String,
    },
    /// The slots of the pause cannot be worked out.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The database refuses.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Pauses a job: what waits and what becomes due is skipped, with who and why as the reason. A run at work goes on.
///
/// # Errors
/// When there is no such job, or it is paused already.
pub async fn pause(engine: &Engine, job: &str, who: &str, note: &str) -> Result<(), ControlError> {
    let mut tx = engine.db.begin("pause").await?;
    let now = engine.clock.now(&mut tx).await?;
    if let Some(by) = lock(&mut tx, job).await?.paused_by {
        tx.rollback().await?; // at once: a planner skips a job whose row is locked
        return Err(ControlError::AlreadyPaused { job: job.to_owned(), by });
    }
    sqlx::query!(
        "update tend.job set paused_at = $2, paused_by = $3, pause_note = $4 where job = $1",
        job,
        now,
        who,
        note
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    tracing::info!(job.name = job, "job paused");
    Ok(())
}

/// Resumes a job from now: the slots of the pause become rows that say they were paused, none of them runs.
///
/// # Errors
/// When there is no such job, it is not paused, or this version cannot read its spec.
pub async fn resume(engine: &Engine, job: &str) -> Result<(), ControlError> {
    let mut tx = engine.db.begin("resume").await?;
    let now = engine.clock.now(&mut tx).await?;
    let row = lock(&mut tx, job).await?;
    if row.paused_by.is_none() {
        tx.rollback().await?;
        return Err(ControlError::NotPaused(job.to_owned()));
    }
    let spec = engine.specs.get(&mut tx, &row.spec_hash).await?;
    settle(&mut tx, &spec, now).await?;
    sqlx::query!("update tend.job set paused_at = null, paused_by = null, pause_note = null where job = $1", job)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    tracing::info!(job.name = job, "job resumed");
    engine.bell().notify_one();
    Ok(())
}

struct Locked {
    spec_hash: String,
    paused_by: Option<String>,
}

async fn lock(conn: &mut PgConnection, job: &str) -> Result<Locked, ControlError> {
    sqlx::query_as!(
        Locked,
        r#"select spec_hash, case when paused_at is not null then coalesce(paused_by, 'somebody') end as paused_by
           from tend.job where job = $1 and removed_at is null for update"#,
        job
    )
    .fetch_optional(conn)
    .await?
    .ok_or_else(|| ControlError::UnknownJob(job.to_owned()))
}

/// What cancelling led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It had not started, and will not.
    AtOnce,
    /// Its owner is told with the next heartbeat, and rolls back the step at work.
    Requested,
}

/// Cancels a run.
///
/// # Errors
/// When there is no such run, or it is over.
pub async fn cancel(engine: &Engine, run_id: i64, who: &str, note: &str) -> Result<Cancelled, ControlError> {
    let mut tx = engine.db.begin("cancel").await?;
    let now = engine.clock.now(&mut tx).await?;
    let reason = if note.is_empty() { format!("cancelled by {who}") } else { format!("cancelled by {who}: {note}") };
    let state = sqlx::query_scalar!(
        "update tend.job_run
         set cancel_requested = true, reason = $3,
             state = case when state = 'due' then 'cancelled' else state end,
             finished_at = case when state = 'due' then $2::timestamptz end
         where run_id = $1 and state in ('due', 'running') returning state",
        run_id,
        now,
        reason
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(state) = state else {
        let state = sqlx::query_scalar!("select state from tend.job_run where run_id = $1", run_id)
            .fetch_optional(&mut *tx)
            .await?;
        tx.rollback().await?;
        return Err(state.map_or(ControlError::UnknownRun(run_id), |state| ControlError::Ended { run_id, state }));
    };
    tx.commit().await?;
    tracing::info!(run.id = run_id, "run to be cancelled");
    Ok(if state == "running" { Cancelled::Requested } else { Cancelled::AtOnce })
}

/// Stops all sending at once, on all replicas: the dispatchers look before every message. False when it is stopped
/// already.
///
/// # Errors
/// When the database refuses.
pub async fn pause_sending(engine: &Engine, who: &str, note: &str) -> Result<bool, ControlError> {
    let mut tx = engine.db.begin("pause sending").await?;
    let now = engine.clock.now(&mut tx).await?;
    let done = sqlx::query!(
        "insert into tend.sending_pause (paused_at, paused_by, note) values ($1, $2, $3) on conflict do nothing",
        now,
        who,
        note
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    tracing::warn!("all sending is paused");
    Ok(done.rows_affected() == 1)
}

/// Lets messages go out again. False when sending was not stopped.
///
/// # Errors
/// When the database refuses.
pub async fn resume_sending(engine: &Engine) -> Result<bool, ControlError> {
    let done = sqlx::query!("delete from tend.sending_pause").execute(engine.db.pool()).await?;
    tracing::info!("sending is resumed");
    Ok(done.rows_affected() == 1)
}
