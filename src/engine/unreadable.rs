//! Runs whose spec this version cannot read: the slot of a newer replica that is gone, or a file from before a change.
//!
//! They keep their place in the order of slots, so that an older replica beside a newer one overtakes nothing; but a row
//! that nobody can ever run would keep all later slots waiting. So it fails when, for [`PATIENCE`], no replica was there
//! that could read it. A replica tells with its sign of life what it cannot read: as long as one is alive that has not
//! said so, the run waits for it, however busy it is.

use chrono::TimeDelta;

use super::Engine;

/// How long a run waits for a replica that can read its spec: longer than a deployment that is rolled back and repeated.
pub(super) const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// Begins the wait of runs that cannot be read here, and fails those that waited in vain; how many.
///
/// # Errors
/// When the database refuses.
pub(super) async fn give_up(engine: &Engine) -> sqlx::Result<u64> {
    let (hashes, reasons): (Vec<_>, Vec<_>) = engine.specs.reasons().into_iter().unzip();
    if hashes.is_empty() {
        return Ok(0);
    }
    let mut tx = engine.db.begin("give up").await?;
    let now = engine.clock.now(&mut tx).await?;
    let failed = sqlx::query_file!(
        "src/engine/give_up.sql",
        now,
        &hashes,
        &reasons,
        now - PATIENCE,
        engine.me.instance,
        engine.silence().as_secs_f64()
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    for run in &failed {
        tracing::error!(job.name = run.job, run.id = run.run_id, "run failed: {}", run.error);
    }
    Ok(u64::try_from(failed.len()).unwrap_or(u64::MAX))
}
