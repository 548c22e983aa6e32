//! The lease on a run: proof that its owner is alive, renewed on a task and on connections of its own, so that no work
//! can starve it.
//!
//! The owner stops by itself when it cannot renew: at a deadline by the monotonic clock, before any other replica may
//! take over. What protects the data is not this but the fence; the lease only keeps work from being done in vain.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::settings::EngineSettings;

/// Why a run must stop in the middle of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Another replica took over, or the run was ended: nothing may be written any more.
    Lost,
    /// The lease could not be renewed in time: somebody may have taken over.
    Expired,
    /// Somebody cancelled the run.
    Cancelled,
    /// The process stops, and its grace is over.
    Leaving,
}

/// A held lease; dropping it ends the heartbeat.
#[derive(Debug)]
pub(super) struct Lease {
    signal: Arc<Signal>,
    _beat: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct Signal {
    run_id: i64,
    token: i64,
    stop: CancellationToken,
    why: OnceLock<Stop>,
    until: Mutex<Instant>,
}

impl Lease {
    /// Starts the heartbeat of a claim that was begun at `since`.
    pub(super) fn hold(control: PgPool, pace: &EngineSettings, run_id: i64, token: i64, since: Instant) -> Self {
        let trust = pace.lease_ttl.saturating_sub(margin(pace));
        let signal = Arc::new(Signal {
            run_id,
            token,
            stop: CancellationToken::new(),
            why: OnceLock::new(),
            until: Mutex::new(since + trust),
        });
        let beat = tokio::spawn(beat(control, pace.clone(), trust, Arc::clone(&signal)));
        Self { signal, _beat: AbortOnDropHandle::new(beat) }
    }

    /// Asks the run to stop; the first reason stays.
    pub(super) fn stop(&self, why: Stop) {
        self.signal.stop(why);
    }

    /// Why the run must stop; none: it may go on.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.signal.why.get().copied()
    }

    /// Waits until the run must stop.
    pub(super) async fn until_stopped(&self) -> Stop {
        self.signal.stop.cancelled().await;
        self.stopped().unwrap_or(Stop::Lost)
    }

    /// What the job's step is handed.
    pub(super) fn token(&self) -> CancellationToken {
        self.signal.stop.clone()
    }

    /// Until when nobody else can have taken over, unless it is renewed.
    pub(super) fn until(&self) -> Instant {
        self.signal.until()
    }
}

impl Signal {
    fn stop(&self, why: Stop) {
        // `set` fails when there is a reason already; that one counts.
        let _ = self.why.set(why);
        self.stop.cancel();
    }

    fn until(&self) -> Instant {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The owner gives up this long before others may take over.
fn margin(pace: &EngineSettings) -> Duration {
    pace.lease_ttl / 6
}

async fn beat(control: PgPool, pace: EngineSettings, trust: Duration, signal: Arc<Signal>) {
    let mut next = Instant::now() + pace.heartbeat;
    loop {
        let until = signal.until();
        sleep_until(next.min(until)).await;
        if Instant::now() >= until {
            tracing::warn!(run.id = signal.run_id, "the lease could not be renewed in time; the run stops here");
            return signal.stop(Stop::Expired);
        }
        let asked = Instant::now();
        match timeout(until - asked, renew(&control, pace.lease_ttl, signal.run_id, signal.token)).await {
            Ok(Ok(Some(cancel))) => {
                *signal.until.lock().unwrap_or_else(PoisonError::into_inner) = asked + trust;
                next = asked + pace.heartbeat;
                if cancel {
                    signal.stop(Stop::Cancelled);
                }
            }
            Ok(Ok(None)) => return signal.stop(Stop::Lost),
            Ok(Err(error)) => {
                tracing::warn!(run.id = signal.run_id, "heartbeat failed: {error}");
                next = Instant::now() + pace.heartbeat / 10;
            }
            Err(_) => {} // no answer until the deadline; the next round ends it
        }
    }
}

/// Whether the run is to be cancelled; none when the lease is somebody else's.
async fn renew(control: &PgPool, ttl: Duration, run_id: i64, token: i64) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        "update tend.lease set until = clock_timestamp() + make_interval(secs => $3), heartbeat_at = clock_timestamp()
         from tend.job_run as run
         where lease.run_id = $1 and lease.token = $2
           and run.run_id = lease.run_id and run.token = lease.token and run.state = 'running'
         returning run.cancel_requested",
        run_id,
        token,
        ttl.as_secs_f64()
    )
    .fetch_optional(control)
    .await
}
