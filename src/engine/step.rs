//! One step: a transaction is opened, lent to the job, and ended with the fence as its last statement.
//!
//! Cursor, progress and, with the last step, the success of the run are written by the fence, so they move with the
//! work or not at all; an owner that lost its run finds no row and rolls back.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgConnection, Postgres};
use tokio::time::{Instant, sleep, timeout};

use super::Engine;
use super::claim::Claimed;
use super::door::{JobError, Step, Stepped, Tx};
use super::lease::{Lease, Stop};
use super::preview;

/// How a step ended.
#[derive(Debug)]
pub(super) enum Stepping {
    /// Committed; where the next one goes on, none: that was the last.
    Committed(Option<Value>),
    /// Rolled back: the job or the database said no.
    Refused(JobError),
    /// Rolled back: told to stop.
    Stopped(Stop),
}

/// A backend of Postgres, told apart from later ones with the same process id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backend {
    pub pid: i32,
    pub start: DateTime<Utc>,
}

/// Cancelled statements get this long to come back before their connection is cut.
const LET_GO: Duration = Duration::from_secs(3);

/// Does the step that goes on at `cursor`; `steps` were committed before it.
pub(super) async fn step(
    engine: &Engine,
    claimed: &Claimed,
    lease: &Lease,
    cursor: Option<Value>,
    steps: i32,
) -> Stepping {
    let mut conn = match engine.db.pool().acquire().await {
        Ok(conn) => conn,
        Err(error) => return Stepping::Refused(error.into()),
    };
    match in_transaction(engine, claimed, lease, &mut conn, cursor, steps).await {
        Ok(stepping) => {
            if matches!(stepping, Stepping::Stopped(_)) {
                // Whoever took over may terminate this backend at any time: nobody else shall be given it.
                conn.close_on_drop();
            }
            stepping
        }
        Err(error) => Stepping::Refused(error.into()),
    }
}

async fn in_transaction(
    engine: &Engine,
    claimed: &Claimed,
    lease: &Lease,
    conn: &mut PoolConnection<Postgres>,
    cursor: Option<Value>,
    steps: i32,
) -> sqlx::Result<Stepping> {
    let mut tx = conn.begin().await?;
    let backend = prepare(engine, &mut tx).await?;
    if !record(engine, claimed, backend).await? {
        lease.stop(Stop::Lost);
    }
    let _guard = preview::yield_to(engine, claimed.run.run_id, backend);
    let outcome = work(engine, claimed, lease, &mut tx, cursor, backend).await;
    let stepped = match outcome {
        Work::Done(stepped) => stepped,
        Work::Refused(error) => {
            // broken or not, nothing was committed; a connection cut by a takeover may never answer
            if timeout(LET_GO, tx.rollback()).await.is_err() {
                tracing::warn!(run.id = claimed.run.run_id, "the rollback was not answered; its connection is cut");
                conn.close_on_drop();
            }
            return Ok(Stepping::Refused(error));
        }
        Work::Stopped(stop) => return Ok(Stepping::Stopped(stop)),
    };
    if let Some(stop) = lease.stopped() {
        return Ok(Stepping::Stopped(stop));
    }
    let now = engine.clock.now(&mut tx).await?;
    let last = stepped.next.is_none();
    if !fence(&mut tx, claimed, &stepped, last, now).await? {
        return Ok(Stepping::Stopped(Stop::Lost));
    }
    if let Err(error) = tx.commit().await {
        return Ok(match fate(engine, claimed, backend, steps, lease.until()).await {
            Fate::Committed => Stepping::Committed(stepped.next),
            Fate::NotCommitted => Stepping::Refused(error.into()),
            Fate::Lost => Stepping::Stopped(Stop::Lost),
        });
    }
    Ok(Stepping::Committed(stepped.next))
}

/// Sets the step's limits and tells which backend works on it.
async fn prepare(engine: &Engine, conn: &mut PgConnection) -> sqlx::Result<Backend> {
    let row = sqlx::query!(
        r#"select set_config('application_name', 'tend: step', true) as name,
                  set_config('statement_timeout', $1, true) as statement,
                  set_config('lock_timeout', $2, true) as lock,
                  pg_backend_pid() as "pid!",
                  (select backend_start from pg_stat_activity where pid = pg_backend_pid()) as "start!""#,
        engine.pace.statement_timeout.as_millis().to_string(),
        engine.pace.lock_timeout.as_millis().to_string()
    )
    .fetch_one(conn)
    .await?;
    Ok(Backend { pid: row.pid, start: row.start })
}

/// Notes the backend on the lease, on another connection, before the work starts: a takeover terminates it first.
async fn record(engine: &Engine, claimed: &Claimed, backend: Backend) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update tend.lease set backend_pid = $3, backend_start = $4 where run_id = $1 and token = $2",
        claimed.run.run_id,
        claimed.token,
        backend.pid,
        backend.start
    )
    .execute(engine.db.control())
    .await?;
    Ok(done.rows_affected() == 1)
}

enum Work {
    Done(Stepped),
    Refused(JobError),
    Stopped(Stop),
}

async fn work(
    engine: &Engine,
    claimed: &Claimed,
    lease: &Lease,
    conn: &mut PgConnection,
    cursor: Option<Value>,
    backend: Backend,
) -> Work {
    let mut step = Step { run: &claimed.run, tx: Tx::lend(conn), cursor, cancelled: lease.token() };
    let mut job = Box::pin(AssertUnwindSafe(claimed.spec.code.step(&mut step)).catch_unwind());
    let ended = tokio::select! {
        biased;
        stop = lease.until_stopped() => {
            cancel_backend(engine, backend).await;
            if timeout(LET_GO, &mut job).await.is_err() {
                drop(job);
                terminate_backend(engine, backend).await;
            }
            return Work::Stopped(stop);
        }
        ended = &mut job => ended,
    };
    match ended {
        Ok(Ok(stepped)) => Work::Done(stepped),
        Ok(Err(error)) => Work::Refused(error),
        Err(panic) => Work::Refused(JobError::fail(anyhow::anyhow!("the job panicked: {}", words(&*panic)))),
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

async fn fence(
    conn: &mut PgConnection,
    claimed: &Claimed,
    stepped: &Stepped,
    last: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let row = sqlx::query_file_scalar!(
        "src/engine/fence.sql",
        claimed.run.run_id,
        claimed.token,
        stepped.next,
        stepped.progress,
        last,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

/// What became of a commit whose answer never came.
enum Fate {
    Committed,
    NotCommitted,
    Lost,
}

/// Asks the database, as long as the lease lasts. The backend is terminated first and the row locked, so that a commit
/// still under way has ended either way before it is judged.
async fn fate(engine: &Engine, claimed: &Claimed, backend: Backend, steps: i32, until: Instant) -> Fate {
    loop {
        terminate_backend(engine, backend).await;
        let row =
            sqlx::query!("select token, steps from tend.job_run where run_id = $1 for update", claimed.run.run_id)
                .fetch_optional(engine.db.control())
                .await;
        match row {
            Ok(Some(row)) if row.token == claimed.token && row.steps > steps => return Fate::Committed,
            Ok(Some(row)) if row.token == claimed.token => return Fate::NotCommitted,
            Ok(_) => return Fate::Lost,
            Err(error) if Instant::now() >= until => {
                tracing::error!(
                    run.id = claimed.run.run_id,
                    "whether the step was committed cannot be found out: {error}"
                );
                return Fate::Lost;
            }
            Err(_) => sleep(engine.pace.heartbeat / 20).await,
        }
    }
}

/// Cancels what the backend is doing. Best effort: it may be gone, and so may the database.
async fn cancel_backend(engine: &Engine, backend: Backend) {
    let asked = sqlx::query!(
        "select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2",
        backend.pid,
        backend.start
    )
    .fetch_optional(engine.db.control());
    let _ = timeout(LET_GO, asked).await;
}

/// Ends the backend. Best effort, as above.
async fn terminate_backend(engine: &Engine, backend: Backend) {
    let asked = sqlx::query!(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2",
        backend.pid,
        backend.start
    )
    .fetch_optional(engine.db.control());
    let _ = timeout(LET_GO, asked).await;
}
