//! Executes a claimed run, step after step, and writes down how it ended.

use std::convert::Infallible;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Engine;
use super::claim::Claimed;
use super::ending::{self, Ending};
use super::lease::{Lease, Stop};
use super::step::{Stepping, step};

/// How an execution ended, for the log and the tests; the truth is the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are committed.
    Succeeded,
    /// It will not be tried again.
    Failed,
    /// It will be tried again.
    Retrying,
    /// Somebody cancelled it.
    Cancelled,
    /// The process stops; another one goes on.
    HandedBack,
    /// It is not this process's any more, or how it ended could not be written: the takeover sees to it.
    Lost,
}

/// Runs to the end. `leaving`: finish the step at work, then hand the run back. `abort`: do not even finish it.
pub(super) async fn execute(
    engine: &Engine,
    claimed: Claimed,
    leaving: &CancellationToken,
    abort: &CancellationToken,
) -> Outcome {
    let began = Instant::now();
    let lease =
        Lease::hold(engine.db.control().clone(), &engine.pace, claimed.run.run_id, claimed.token, claimed.since);
    let outcome = tokio::select! {
        outcome = steps(engine, &claimed, &lease, leaving) => outcome,
        never = pass_on(&lease, abort) => match never {},
    };
    tracing::info!(
        job.name = claimed.run.job,
        run.id = claimed.run.run_id,
        run.as_of = %claimed.run.as_of,
        run.trigger = claimed.run.trigger.word(),
        run.attempt = claimed.attempt,
        duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "run {}",
        outcome.word()
    );
    outcome
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Retrying => "failed and will be tried again",
            Self::Cancelled => "cancelled",
            Self::HandedBack => "handed back",
            Self::Lost => "lost to another replica",
        }
    }
}

/// Tells the lease while the steps go on; never ends by itself.
async fn pass_on(lease: &Lease, abort: &CancellationToken) -> Infallible {
    abort.cancelled().await;
    lease.stop(Stop::Leaving);
    std::future::pending().await
}

async fn steps(engine: &Engine, claimed: &Claimed, lease: &Lease, leaving: &CancellationToken) -> Outcome {
    let mut cursor = claimed.cursor.clone();
    let mut done = claimed.steps;
    loop {
        if leaving.is_cancelled() {
            lease.stop(Stop::Leaving);
        }
        if let Some(stop) = lease.stopped() {
            return stopped(engine, claimed, lease, stop).await;
        }
        match step(engine, claimed, lease, cursor.take(), done).await {
            Stepping::Committed(None) => return Outcome::Succeeded,
            Stepping::Committed(next) => {
                cursor = next;
                done += 1;
            }
            Stepping::Stopped(stop) => return stopped(engine, claimed, lease, stop).await,
            Stepping::Refused(error) => {
                tracing::warn!(
                    job.name = claimed.run.job,
                    run.id = claimed.run.run_id,
                    run.attempt = claimed.attempt,
                    "step failed: {error:#}"
                );
                let state = ending::insist(engine, claimed, lease.until(), |now| {
                    ending::of_error(engine, claimed, &error, now)
                })
                .await;
                return ended(state.as_deref());
            }
        }
    }
}

async fn stopped(engine: &Engine, claimed: &Claimed, lease: &Lease, stop: Stop) -> Outcome {
    let ending = match stop {
        Stop::Lost | Stop::Expired => return Outcome::Lost,
        Stop::Cancelled => Ending::Cancelled,
        Stop::Leaving => Ending::HandedBack,
    };
    let state = ending::insist(engine, claimed, lease.until(), |_| ending.clone()).await;
    match (ended(state.as_deref()), stop) {
        (Outcome::Retrying, Stop::Leaving) => Outcome::HandedBack,
        (outcome, _) => outcome,
    }
}

fn ended(state: Option<&str>) -> Outcome {
    match state {
        Some("failed") => Outcome::Failed,
        Some("due") => Outcome::Retrying,
        Some("cancelled") => Outcome::Cancelled,
        _ => Outcome::Lost,
    }
}
