//! What a run did, and how the deadlines of a ticket came about.

mod cycle;
mod plan;
mod ticket;

pub(super) use plan::plan;
pub(super) use ticket::ticket;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// "2026-06-01 10:00", with seconds where there are some.
fn local(at: DateTime<Utc>, zone: Tz) -> String {
    let text = at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string();
    text.strip_suffix(":00").map_or(text.clone(), str::to_owned)
}

/// "1d 2h 30m", "45s".
fn length(secs: i64) -> String {
    let sign = if secs < 0 { "-" } else { "" };
    let secs = secs.abs();
    let parts = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = secs;
    let mut words = Vec::new();
    for (unit, word) in parts {
        if rest >= unit {
            words.push(format!("{}{word}", rest / unit));
            rest %= unit;
        }
    }
    if words.is_empty() { "0s".to_owned() } else { format!("{sign}{}", words.join(" ")) }
}
