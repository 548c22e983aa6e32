//! Spreading in time without chance: the same on every replica and after every restart.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::pace::Pace;

/// A figure in `0.0..1.0` that depends on the words only.
fn share(words: &[&str]) -> f64 {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let high = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

/// How much later than its slot a run starts: a share of `jitter` that depends on job and slot.
pub(super) fn jitter(job: &str, slot: DateTime<Utc>, jitter: Duration) -> TimeDelta {
    delta(jitter.mul_f64(share(&[job, &slot.timestamp().to_string()])))
}

/// The wait after failed attempt number `attempt` (from 1): first × 2^(attempt − 1), at most the maximum, plus up to a
/// quarter that depends on run and attempt. With the defaults 30 s, 1, 2, 4, 8, 16, 30 minutes: eight attempts
/// within 62 to 77 minutes.
pub(super) fn backoff(pace: &Pace, run_id: i64, attempt: u32) -> TimeDelta {
    let doubled = pace.backoff_first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    let wait = doubled.min(pace.backoff_max);
    delta(wait.mul_f64(1.0 + share(&[&run_id.to_string(), &attempt.to_string()]) / 4.0))
}

/// A duration as chrono counts it; one beyond chrono's range is the longest there is.
pub(super) fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backoff_doubles_up_to_its_maximum_and_is_the_same_every_time() {
        let pace = Pace::default();
        let waits: Vec<i64> = (1..=8).map(|attempt| backoff(&pace, 7, attempt).num_seconds()).collect();
        assert_eq!(waits, (1..=8).map(|attempt| backoff(&pace, 7, attempt).num_seconds()).collect::<Vec<_>>());
        for (wait, plain) in waits.iter().zip([30, 60, 120, 240, 480, 960, 1800, 1800]) {
            assert!((plain..=plain * 5 / 4).contains(wait), "{wait} is not {plain} plus up to a quarter");
        }
        assert!(backoff(&pace, 7, u32::MAX) <= TimeDelta::seconds(2250));
    }

    #[test]
    fn jitter_depends_on_job_and_slot_and_stays_below_its_maximum() {
        let slot = DateTime::UNIX_EPOCH;
        let hour = Duration::from_secs(3600);
        let one = jitter("a", slot, hour);
        assert_eq!(one, jitter("a", slot, hour));
        assert_ne!(one, jitter("b", slot, hour));
        assert_ne!(one, jitter("a", slot + TimeDelta::days(1), hour));
        assert!(one < TimeDelta::hours(1) && one >= TimeDelta::zero());
        assert_eq!(jitter("a", slot, Duration::ZERO), TimeDelta::zero());
    }
}
