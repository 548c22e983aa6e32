//! How often, how long, how many: the figures the engine works by.

use std::time::Duration;

/// The engine's figures. The defaults are those of `config/default.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// The longest the engine sleeps between two passes when no doorbell rings.
    pub plan_interval: Duration,
    /// How long a claim counts without a heartbeat.
    pub lease_ttl: Duration,
    /// Between two heartbeats; a third of the lease, so that two may get lost.
    pub heartbeat: Duration,
    /// Between two looks for dead owners.
    pub takeover_interval: Duration,
    /// Between two rounds of the watchdog.
    pub watch_interval: Duration,
    /// A run that has not started this long after its time is overdue; an unpaid message likewise.
    pub overdue: Duration,
    /// Runs at work at once in this process; each uses one connection.
    pub max_running: usize,
    /// A run that failed this often is not tried again.
    pub max_attempts: u32,
    /// Wait after the first failed attempt; doubles with every further one.
    pub backoff_first: Duration,
    /// Longest wait between two attempts.
    pub backoff_max: Duration,
    /// `statement_timeout` inside a step.
    pub statement_timeout: Duration,
    /// `lock_timeout` inside a step.
    pub lock_timeout: Duration,
    /// A preview that takes longer is given up.
    pub preview_timeout: Duration,
    /// How long the step at work may still take when the process is asked to stop.
    pub stop_grace: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            plan_interval: Duration::from_secs(10),
            lease_ttl: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            takeover_interval: Duration::from_secs(10),
            watch_interval: Duration::from_secs(30),
            overdue: Duration::from_secs(15 * 60),
            max_running: 4,
            max_attempts: 8,
            backoff_first: Duration::from_secs(30),
            backoff_max: Duration::from_secs(30 * 60),
            statement_timeout: Duration::from_secs(2 * 3600),
            lock_timeout: Duration::from_secs(60),
            preview_timeout: Duration::from_secs(5 * 60),
            stop_grace: Duration::from_secs(20),
        }
    }
}
