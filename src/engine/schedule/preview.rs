//! What comes next, for `tend next` and `tend check`: local time, UTC, and a remark where daylight saving bends it.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde::Serialize;

use super::{Schedule, local, remark};
use crate::clock::shown;

/// One coming slot of a job; what `tend next --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upcoming {
    /// The job's name.
    pub job: String,
    /// Local time with its offset: `2026-03-29T03:00:00+02:00`.
    pub local: String,
    /// The same instant in UTC: `2026-03-29T01:00:00Z`.
    pub utc: String,
    /// Local time for a person: `Sun 2026-03-29 03:00 +02:00`.
    #[serde(skip)]
    pub shown: String,
    /// A sentence where daylight saving bends the slot.
    pub remark: Option<String>,
}

impl Upcoming {
    fn new(job: &str, schedule: &Schedule, slot: DateTime<Utc>) -> Self {
        Self {
            job: job.to_owned(),
            local: local(slot, schedule.timezone()),
            shown: format!(
                "{} {}",
                slot.with_timezone(&schedule.timezone()).format("%a"),
                shown(slot, schedule.timezone())
            ),
            utc: slot.to_rfc3339_opts(SecondsFormat::Secs, true),
            remark: schedule.remark(slot),
        }
    }
}

/// The next `count` slots of each job, at or after `from`, all in the order they come.
#[must_use]
pub fn upcoming(jobs: &[(&str, &Schedule)], from: DateTime<Utc>, count: usize) -> Vec<Upcoming> {
    // a slot at `from` itself counts, and slots are whole seconds
    let before = from.checked_sub_signed(Duration::seconds(1)).unwrap_or(from);
    let after = if from.timestamp_subsec_nanos() == 0 { before } else { from };
    let mut slots: Vec<(DateTime<Utc>, &str, &Schedule)> = jobs
        .iter()
        .flat_map(|(job, schedule)| {
            let slots = schedule.between(after, DateTime::<Utc>::MAX_UTC, count);
            slots.into_iter().map(move |slot| (slot, *job, *schedule))
        })
        .collect();
    slots.sort_by_key(|(slot, job, _)| (*slot, *job));
    slots.into_iter().map(|(slot, job, schedule)| Upcoming::new(job, schedule, slot)).collect()
}

/// The changes of the clock between `from` and `until` that touch the job, each with the first slot it bends.
#[must_use]
pub fn bent(job: &str, schedule: &Schedule, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Upcoming> {
    let around = Duration::hours(26);
    let changes = remark::changes(schedule, from.timestamp(), until.timestamp());
    let changes = changes.into_iter().filter_map(|change| DateTime::from_timestamp(change.at, 0));
    let mut found: Vec<Upcoming> = Vec::new();
    for at in changes {
        let mut near = schedule.between(at - around, at + around, 4 * 24 * 60);
        near.extend(schedule.next_after(at + around)); // says so when the day lost all its slots
        let first = near.into_iter().map(|slot| Upcoming::new(job, schedule, slot)).find(|slot| slot.remark.is_some());
        found.extend(first.filter(|first| found.last() != Some(first)));
    }
    found
}
