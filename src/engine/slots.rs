//! Which slots became due and what becomes of each: pure, so that every replica decides alike.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::backoff::delta;
use super::door::Trigger;
use super::schedule::jitter;
use super::specs::{CatchUp, Missed, Spec};

/// A slot planned within this time of being due is in time; later it is missed, and the job's catch-up decides. Longer
/// than a restart of the daemon or of the database takes, so that a deploy at the slot loses no run.
pub const ON_TIME: TimeDelta = TimeDelta::minutes(2);

/// Rows of one statement, slots of one transaction.
pub(super) const BATCH: usize = 500;

/// Since when a job is paused, by whom and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pause {
    pub at: DateTime<Utc>,
    pub by: String,
    pub note: String,
}

impl Pause {
    /// The reason on the rows that do not run.
    pub(super) fn reason(&self) -> String {
        if self.note.is_empty() {
            format!("paused by {}", self.by)
        } else {
            format!("paused by {}: {}", self.by, self.note)
        }
    }
}

/// A slot with its fate; becomes a row of `tend.job_run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub slot: DateTime<Utc>,
    pub trigger: Trigger,
    /// Why it does not run; none: it does.
    pub skipped: Option<String>,
    pub note: Option<String>,
    pub run_after: DateTime<Utc>,
    pub start_deadline: Option<DateTime<Utc>>,
    pub business_date: NaiveDate,
    pub business_key: String,
}

/// A bounded number of due slots, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    pub slots: Vec<Slot>,
    /// Up to where every slot is in this batch or an earlier one.
    pub planned_to: DateTime<Utc>,
    /// Whether slots are left over for another batch.
    pub more: bool,
}

/// The slots in (`planned_to`, `now`], at most [`BATCH`] of them, with their fates. None for a job without a schedule.
pub(super) fn due(spec: &Spec, planned_to: DateTime<Utc>, now: DateTime<Utc>, pause: Option<&Pause>) -> Option<Batch> {
    let schedule = spec.schedule.as_ref()?;
    let keep = kept(&spec.catch_up);
    // A look ahead as far as slots are kept tells whether a slot is among the newest, without ever holding a year.
    let due = schedule.between(planned_to, now, BATCH.saturating_add(keep));
    let more = due.len() > BATCH;
    let slots: Vec<Slot> = due
        .iter()
        .enumerate()
        .take(BATCH)
        .map(|(at, slot)| judged(spec, *slot, due.len() - 1 - at, now, pause))
        .collect();
    let planned_to = slots.last().filter(|_| more).map_or(now, |last| last.slot);
    Some(Batch { slots, planned_to, more })
}

/// How many of the newest due slots may run late.
fn kept(catch_up: &CatchUp) -> usize {
    match catch_up.missed {
        Missed::Skip => 0,
        Missed::Latest => 1,
        Missed::All => usize::try_from(catch_up.max).unwrap_or(usize::MAX),
    }
}

fn judged(spec: &Spec, slot: DateTime<Utc>, newer: usize, now: DateTime<Utc>, pause: Option<&Pause>) -> Slot {
    let late = slot < now - ON_TIME;
    let start_deadline = spec.start_deadline.map(|wait| slot + delta(wait));
    let skipped = pause
        .filter(|pause| slot > pause.at)
        .map(Pause::reason)
        .or_else(|| start_deadline.filter(|deadline| *deadline < now).map(|_| TOO_LATE.to_owned()))
        .or_else(|| late.then(|| missed(&spec.catch_up, now - slot, newer)).flatten());
    let (date, key, remark) = label(spec, slot);
    let lateness = (late && skipped.is_none()).then(|| format!("planned {} late", span(now - slot)));
    Slot {
        slot,
        trigger: if late { Trigger::Catchup } else { Trigger::Schedule },
        skipped,
        note: [lateness, remark].into_iter().flatten().reduce(|one, two| format!("{one}; {two}")),
        run_after: slot + delta(jitter(&spec.job, slot, spec.jitter)),
        start_deadline,
        business_date: date,
        business_key: key,
    }
}

/// The reason on a row that was not started before its deadline.
pub(super) const TOO_LATE: &str = "too late: not started within the job's start_deadline";

/// Why a missed slot does not run; none: it does.
fn missed(catch_up: &CatchUp, age: TimeDelta, newer: usize) -> Option<String> {
    if catch_up.missed == Missed::Skip {
        return Some("missed, and the job's catch_up is \"skip\"".to_owned());
    }
    if let Some(window) = catch_up.window.map(delta).filter(|window| age > *window) {
        return Some(format!("missed, and older than the job's catch-up window of {}", span(window)));
    }
    if newer < kept(catch_up) {
        return None;
    }
    Some(match catch_up.missed {
        Missed::All => format!("missed, and more than the newest {} are not caught up", catch_up.max),
        _ => "missed, and a newer slot was due as well: the job's catch_up is \"latest\"".to_owned(),
    })
}

/// Local day, local label and remark of an instant, in the job's zone.
pub(super) fn label(spec: &Spec, slot: DateTime<Utc>) -> (NaiveDate, String, Option<String>) {
    match &spec.schedule {
        Some(schedule) => (schedule.business_date(slot), schedule.business_key(slot), schedule.remark(slot)),
        None => {
            let date = slot.with_timezone(&spec.timezone).date_naive();
            (date, date.to_string(), None)
        }
    }
}

/// A length of time for people: its two largest units.
pub(super) fn span(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let words: Vec<String> = parts[first..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_said_in_its_two_largest_units() {
        for (seconds, words) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3661, "1 h 1 min"), (7 * 86_400, "7 d"), (90_000, "1 d 1 h")]
        {
            assert_eq!(span(TimeDelta::seconds(seconds)), words);
        }
    }
}
