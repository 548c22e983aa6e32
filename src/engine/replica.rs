//! Who this process is, and its sign of life in `tend.replica`.

use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Engine;

/// This process start. The id is new with every start: names of hosts and pods come again.
#[derive(Debug, Clone)]
pub(super) struct Me {
    pub instance: Uuid,
    /// `HOST:PID`, a label for people.
    pub host: String,
}

impl Me {
    #[expect(clippy::disallowed_methods, reason = "the one place that names a process start")]
    pub(super) fn new() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = if host.trim().is_empty() { "unknown" } else { host.trim() };
        Self { instance: Uuid::now_v7(), host: format!("{host}:{}", std::process::id()) }
    }
}

/// Signs of dead replicas are kept this long.
const KEEP_SECONDS: f64 = 24.0 * 3600.0;

/// Writes a sign of life with every heartbeat until told to stop; then takes leave, so that nobody misses this one.
pub(super) async fn signs_of_life(engine: Arc<Engine>, stop: CancellationToken) {
    let mut beats = interval(engine.pace.heartbeat);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = beats.tick() => {}
        }
        if let Err(error) = sign(&engine).await {
            tracing::debug!("sign of life could not be written: {error}");
        }
    }
    let gone =
        sqlx::query!("delete from tend.replica where instance = $1", engine.me.instance).execute(engine.db.control());
    if let Err(error) = gone.await {
        tracing::debug!("leave could not be taken: {error}");
    }
}

async fn sign(engine: &Engine) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tend.replica (instance, host, version, started_at, seen_at, revision, unreadable)
         values ($1, $2, $3, clock_timestamp(), clock_timestamp(), (select max(revision) from tend.folder_revision), $4)
         on conflict (instance) do update
         set seen_at = excluded.seen_at, revision = excluded.revision, unreadable = excluded.unreadable",
        engine.me.instance,
        engine.me.host,
        env!("CARGO_PKG_VERSION"),
        &engine.specs.unreadable()
    )
    .execute(engine.db.control())
    .await?;
    sqlx::query!("delete from tend.replica where seen_at < clock_timestamp() - make_interval(secs => $1)", KEEP_SECONDS)
        .execute(engine.db.control())
        .await
        .map(drop)
}
