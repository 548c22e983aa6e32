//! How a run leaves the state `running` other than by its last step: failed, to be tried again, cancelled, handed back.
//!
//! Each is one statement guarded by the fencing token, so that only the rightful owner writes it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use super::Engine;
use super::backoff::{backoff, delta};
use super::claim::Claimed;
use super::door::JobError;
use crate::figures::counted;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// To be tried again at the given instant.
    Retry { error: String, at: DateTime<Utc> },
    /// For good.
    Failed { error: String },
    /// Somebody cancelled it.
    Cancelled,
    /// The process stops; the attempt does not count.
    HandedBack,
}

/// What a failed step leads to: the place of the error decides between retry and fail, the number of attempts ends it.
pub(super) fn of_error(engine: &Engine, claimed: &Claimed, error: &JobError, now: DateTime<Utc>) -> Ending {
    let text = format!("{error:#}");
    match error {
        JobError::Fail(_) => Ending::Failed { error: text },
        JobError::Retry { .. } if claimed.attempt >= engine.pace.max_attempts => {
            Ending::Failed { error: format!("gave up after {}: {text}", counted(claimed.attempt, "attempt")) }
        }
        JobError::Retry { after, .. } => {
            let wait = after.map_or_else(
                || backoff(engine.pace.backoff_first, engine.pace.backoff_max, claimed.run.run_id, claimed.attempt),
                delta,
            );
            Ending::Retry { error: text, at: now + wait }
        }
    }
}

/// Writes the ending; the new state, or none when the run is not this owner's any more. A run that was to be cancelled
/// is cancelled instead of being tried again.
///
/// # Errors
/// When the database refuses.
pub(super) async fn write(
    conn: &mut PgConnection,
    run_id: i64,
    token: i64,
    ending: &Ending,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<String>> {
    let (state, error, run_after, attempts_back) = match ending {
        Ending::Retry { error, at } => ("due", Some(error), Some(*at), 0),
        Ending::Failed { error } => ("failed", Some(error), None, 0),
        Ending::Cancelled => ("cancelled", None, None, 0),
        Ending::HandedBack => ("due", None, Some(now), 1),
    };
    sqlx::query_file_scalar!(
        "src/engine/ending.sql",
        run_id,
        token,
        state,
        now,
        run_after,
        attempts_back,
        error.map(String::as_str)
    )
    .fetch_optional(conn)
    .await
}

/// Writes the ending and keeps trying while the database is away and the lease still protects it. None: the run is
/// not this owner's any more, or it stays for the takeover to find.
pub(super) async fn insist(
    engine: &Engine,
    claimed: &Claimed,
    until: Instant,
    ending: impl Fn(DateTime<Utc>) -> Ending,
) -> Option<String> {
    loop {
        match try_write(engine, claimed, &ending).await {
            Ok(state) => return state,
            Err(error) if Instant::now() >= until => {
                tracing::error!(run.id = claimed.run.run_id, "the end of the run could not be written: {error}");
                return None;
            }
            Err(_) => sleep(engine.pace.heartbeat / 20).await,
        }
    }
}

async fn try_write(
    engine: &Engine,
    claimed: &Claimed,
    ending: &impl Fn(DateTime<Utc>) -> Ending,
) -> sqlx::Result<Option<String>> {
    let mut conn = engine.db.control().acquire().await?;
    let now = engine.clock.now(&mut conn).await?;
    write(&mut conn, claimed.run.run_id, claimed.token, &ending(now), now).await
}
