//! Spreading jobs that are due at the same minute, the same way on every replica.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// How long after its slot a job starts: at least nothing, less than `max`, in whole milliseconds. A hash of job and
/// slot, so every replica, restart and version gives the same answer.
#[must_use]
pub fn jitter(job: &str, slot: DateTime<Utc>, max: Duration) -> Duration {
    let range = u64::try_from(max.as_millis()).unwrap_or(u64::MAX);
    if range == 0 {
        return Duration::ZERO;
    }
    let mut hash = Sha256::new();
    hash.update(job.as_bytes());
    hash.update([0]);
    hash.update(slot.timestamp().to_be_bytes());
    let digest = hash.finalize();
    let head = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Duration::from_millis(head % range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_stable_bounded_and_different_for_jobs_and_slots() {
        let slot = |minute: i64| DateTime::from_timestamp(1_780_000_000 / 60 * 60 + minute * 60, 0).unwrap();
        let minute = Duration::from_secs(60);
        // sha256 worked out elsewhere: replicas of two versions must agree
        assert_eq!(jitter("value-tiers", slot(0), minute), Duration::from_millis(57_661));
        assert_eq!(jitter("value-tiers", slot(0), Duration::ZERO), Duration::ZERO);
        let all: Vec<Duration> = (0..1000).map(|n| jitter("value-tiers", slot(n), minute)).collect();
        assert!(all.iter().all(|wait| *wait < minute));
        let late = all.iter().filter(|wait| **wait >= minute / 2).count();
        assert!((400..600).contains(&late), "{late} of 1000 in the second half");
        assert_ne!(jitter("value-tiers", slot(0), minute), jitter("birthday", slot(0), minute));
    }
}
