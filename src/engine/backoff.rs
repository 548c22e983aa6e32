//! How long a failed run waits before its next attempt.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};

use super::schedule::jitter;

/// The wait after failed attempt number `attempt` (from 1): first × 2^(attempt − 1), at most the maximum, plus up to a
/// quarter that depends on run and attempt, so that every replica says the same. With the defaults 30 s, 1, 2, 4, 8,
/// 16 and 30 minutes: eight attempts within 62 to 77 minutes.
pub(super) fn backoff(first: Duration, max: Duration, run_id: i64, attempt: u32) -> TimeDelta {
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    let wait = doubled.min(max);
    delta(wait + jitter(&format!("run {run_id} attempt {attempt}"), DateTime::UNIX_EPOCH, wait / 4))
}

/// A duration as chrono counts it, at most a thousand years: beyond that, instants end.
pub(super) fn delta(duration: Duration) -> TimeDelta {
    const LONGEST: TimeDelta = TimeDelta::days(365_000);
    TimeDelta::from_std(duration).unwrap_or(LONGEST).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in `config/default.toml`.
    fn wait(run_id: i64, attempt: u32) -> TimeDelta {
        backoff(Duration::from_secs(30), Duration::from_secs(30 * 60), run_id, attempt)
    }

    #[test]
    fn the_backoff_doubles_up_to_its_maximum_and_is_the_same_every_time() {
        let waits: Vec<i64> = (1..=8).map(|attempt| wait(7, attempt).num_seconds()).collect();
        assert_eq!(waits, (1..=8).map(|attempt| wait(7, attempt).num_seconds()).collect::<Vec<_>>());
        for (wait, plain) in waits.iter().zip([30, 60, 120, 240, 480, 960, 1800, 1800]) {
            assert!((plain..=plain * 5 / 4).contains(wait), "{wait} is not {plain} plus up to a quarter");
        }
        assert!(wait(7, u32::MAX) <= TimeDelta::seconds(2250));
        assert_ne!(wait(7, 3), wait(8, 3));
    }
}
