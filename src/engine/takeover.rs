//! Takeover: any replica ends the lease of a dead owner and gives the run back.
//!
//! The database forgets a killed client slowly, so the backend that was at work on the step is terminated first; then
//! nothing can hold the run's row. A run that was taken over three times is given up: it may be what kills its owners.

use chrono::{DateTime, Utc};

use super::Engine;

/// A run is failed for good when it is taken from a dead owner for this time.
pub const RESCUES: i32 = 3;

struct Orphan {
    run_id: i64,
    token: i64,
    job: String,
}

/// Takes over all runs whose lease is over; how many.
///
/// # Errors
/// When the database cannot be asked. A run that cannot be taken over is logged, and tried again in the next round.
pub(super) async fn take_over(engine: &Engine) -> sqlx::Result<u64> {
    let orphans = sqlx::query_as!(
        Orphan,
        "select run.run_id, run.token, run.job from tend.job_run as run
         left join tend.lease on lease.run_id = run.run_id and lease.token = run.token
         where run.state = 'running' and (lease.until is null or lease.until < clock_timestamp())"
    )
    .fetch_all(engine.db.control())
    .await?;
    let mut taken = 0;
    for orphan in orphans {
        match take_one(engine, &orphan).await {
            Ok(Some(state)) => {
                taken += 1;
                tracing::warn!(
                    job.name = orphan.job,
                    run.id = orphan.run_id,
                    "run taken from a dead owner; now {state}"
                );
            }
            Ok(None) => {} // its owner came back, or another replica was faster
            Err(error) => tracing::error!(job.name = orphan.job, run.id = orphan.run_id, "takeover failed: {error}"),
        }
    }
    Ok(taken)
}

async fn take_one(engine: &Engine, orphan: &Orphan) -> sqlx::Result<Option<String>> {
    sqlx::query!(
        "select pg_terminate_backend(activity.pid) from tend.lease
         join pg_stat_activity as activity
           on activity.pid = lease.backend_pid and activity.backend_start = lease.backend_start
         where lease.run_id = $1 and lease.token = $2 and lease.until < clock_timestamp()",
        orphan.run_id,
        orphan.token
    )
    .fetch_optional(engine.db.control())
    .await?;
    let mut tx = engine.db.begin("takeover").await?;
    // The terminated backend lets go of the row at once; should it not, the next round finds it.
    sqlx::query!("select set_config('lock_timeout', '5s', true)").fetch_one(&mut *tx).await?;
    let now: DateTime<Utc> = engine.clock.now(&mut tx).await?;
    let state = sqlx::query_file_scalar!("src/engine/takeover.sql", orphan.run_id, orphan.token, now, RESCUES)
        .fetch_optional(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(state)
}
