//! The doorbell: it wakes the planner, and that is all it does.
//!
//! There are two, and the daemon is correct with either removed, for what is due is worked out from the database's clock and the
//! rows, never from a ring:
//!
//! - **tokio-cron-scheduler** with exactly one job: async, in UTC, every five seconds, whose body pokes a [`Notify`].
//!   None of its other features are used, for reasons measured in version 0.15.1: it freezes a zone's offset when a job
//!   is made, `new_repeated` never fires again after a pause, a sync job that panics never runs again, runs overlap,
//!   missed ticks are lost, and its shutdown waits for nobody. It follows the machine's clock, so it falls silent while
//!   that clock is set back.
//! - an **interval** of our own on the monotonic clock, which nobody can set back.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// When the cron doorbell rings: every five seconds. Six fields, as the package wants them.
const EVERY_FIVE_SECONDS: &str = "*/5 * * * * *";

/// Which doorbells to hang.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bells {
    /// The one of tokio-cron-scheduler.
    pub cron: bool,
    /// Our own, ringing at once and then this often.
    pub interval: Option<Duration>,
}

impl Default for Bells {
    fn default() -> Self {
        Self { cron: true, interval: Some(Duration::from_secs(5)) }
    }
}

/// No doorbell could be hung.
#[derive(Debug, thiserror::Error)]
pub enum DoorbellError {
    /// Both are switched off.
    #[error("no doorbell: both the cron doorbell and the interval are switched off, so nothing would wake the planner")]
    None,
    /// The only one did not start.
    #[error("the cron doorbell does not start ({0}) and the interval is switched off")]
    Cron(#[from] JobSchedulerError),
}

/// Rings as long as it lives.
pub struct Doorbell {
    scheduler: Option<JobScheduler>,
    interval: Option<JoinHandle<()>>,
}

impl Doorbell {
    /// Hangs the doorbells; each ring wakes one who waits on `bell`, or the next to wait. When the cron doorbell does
    /// not start and the other one is there, that is a warning.
    ///
    /// # Errors
    /// When no doorbell is left.
    pub async fn hang(bell: Arc<Notify>, bells: Bells) -> Result<Self, DoorbellError> {
        if !bells.cron && bells.interval.is_none() {
            return Err(DoorbellError::None);
        }
        let scheduler = match (bells.cron, bells.interval) {
            (false, _) => None,
            (true, None) => Some(cron(Arc::clone(&bell)).await?),
            (true, Some(_)) => cron(Arc::clone(&bell))
                .await
                .inspect_err(
                    |error| tracing::warn!(%error, "the cron doorbell does not start; the interval goes on alone"),
                )
                .ok(),
        };
        let interval = bells.interval.map(|every| tokio::spawn(ring_every(every, bell)));
        Ok(Self { scheduler, interval })
    }
}

impl Drop for Doorbell {
    fn drop(&mut self) {
        if let Some(interval) = &self.interval {
            interval.abort();
        }
        // it may ring once more afterwards, which wakes the planner for nothing
        if let (Some(mut scheduler), Ok(runtime)) = (self.scheduler.take(), Handle::try_current()) {
            runtime.spawn(async move { scheduler.shutdown().await });
        }
    }
}

impl std::fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (cron, interval) = (self.scheduler.is_some(), self.interval.is_some());
        f.debug_struct("Doorbell").field("cron", &cron).field("interval", &interval).finish()
    }
}

async fn cron(bell: Arc<Notify>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let job = Job::new_async(EVERY_FIVE_SECONDS, move |_, _| {
        let bell = Arc::clone(&bell);
        Box::pin(async move { bell.notify_one() })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

async fn ring_every(every: Duration, bell: Arc<Notify>) {
    // a period of nothing would panic
    let mut ticks = interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        bell.notify_one();
    }
}
