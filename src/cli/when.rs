//! Instants for people.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// `2026-06-01 02:00 Asia/Shanghai (2026-05-31T18:00Z)`.
pub fn both(instant: DateTime<Utc>, zone: Tz) -> String {
    let local = instant.with_timezone(&zone);
    let utc = if instant.timestamp() % 60 == 0 { "%Y-%m-%dT%H:%MZ" } else { "%Y-%m-%dT%H:%M:%SZ" };
    format!("{} {zone} ({})", local.format("%Y-%m-%d %H:%M"), instant.format(utc))
}
