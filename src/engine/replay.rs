//! Runs that somebody asks for: run-now and backfill. They have rows of their own and never use up a slot.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

use super::Engine;
use super::claim::claim;
use super::door::{Replay, Trigger};
use super::runner::{Outcome, execute};
use super::slots::label;
use super::specs::Spec;
use super::takeover;

/// The most runs one backfill makes.
pub const MOST: usize = 1000;

/// A run that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requested {
    /// Its row.
    pub run_id: i64,
    /// False when the same request was made before.
    pub new: bool,
}

/// Why there is no backfill.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The kind forbids it.
    #[error("{0} cannot be run for past days: what it does depends on when it is done")]
    Never(String),
    /// Nothing in the range.
    #[error("{job} has no slot from {from} to {to}")]
    Nothing {
        /// Which job.
        job: String,
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// A day in the future.
    #[error("{0} is still to come; a backfill is for the past")]
    Future(NaiveDate),
    /// Too long a range.
    #[error("that would be more than {MOST} runs; take a shorter range")]
    TooMany,
    /// The database refuses.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Asks for a run of this spec as of `slot`, as soon as possible. The same request id asks for the same run.
///
/// # Errors
/// When the database refuses; the spec must be stored.
pub async fn request_manual(
    engine: &Engine,
    spec: &Spec,
    slot: DateTime<Utc>,
    request_id: &str,
) -> sqlx::Result<Requested> {
    let mut tx = engine.db.begin("run-now").await?;
    let now = engine.clock.now(&mut tx).await?;
    let requested = insert(&mut tx, spec, Trigger::Manual, slot, request_id, None, now).await?;
    tx.commit().await?;
    engine.bell().notify_one();
    Ok(requested)
}

/// Asks for the runs of all slots from the first to the last of these days in the job's zone, oldest first. A day of a
/// job without a schedule stands for its local midnight. Where the kind judges on today's data, the rows say so.
///
/// # Errors
/// See [`BackfillError`]; the spec must be stored.
pub async fn request_backfill(
    engine: &Engine,
    spec: &Spec,
    from: NaiveDate,
    to: NaiveDate,
    request_id: &str,
) -> Result<Vec<Requested>, BackfillError> {
    let note = match spec.code.replay() {
        Replay::Never => return Err(BackfillError::Never(spec.job.clone())),
        Replay::Current => Some("judged on today's data"),
        Replay::Exact => None,
    };
    let slots = slots_of_days(spec, from, to)?;
    let mut tx = engine.db.begin("backfill").await?;
    let now = engine.clock.now(&mut tx).await?;
    if let Some(future) = slots.iter().find(|slot| **slot > now) {
        return Err(BackfillError::Future(label(spec, *future).0));
    }
    let mut requested = Vec::with_capacity(slots.len());
    for slot in slots {
        requested.push(insert(&mut tx, spec, Trigger::Backfill, slot, request_id, note, now).await?);
    }
    tx.commit().await?;
    engine.bell().notify_one();
    Ok(requested)
}

fn slots_of_days(spec: &Spec, from: NaiveDate, to: NaiveDate) -> Result<Vec<DateTime<Utc>>, BackfillError> {
    let mut slots = Vec::new();
    for day in from.iter_days().take_while(|day| *day <= to) {
        match &spec.schedule {
            None => slots.extend(local_midnight(spec.timezone, day)),
            Some(schedule) => {
                let mut next = schedule.slot_on(day);
                while let Some(slot) = next.filter(|slot| schedule.business_date(*slot) == day) {
                    slots.push(slot);
                    if slots.len() > MOST {
                        return Err(BackfillError::TooMany);
                    }
                    next = schedule.next_after(slot);
                }
            }
        }
        if slots.len() > MOST {
            return Err(BackfillError::TooMany);
        }
    }
    if slots.is_empty() { Err(BackfillError::Nothing { job: spec.job.clone(), from, to }) } else { Ok(slots) }
}

/// The instant that `--at DATE` means: that day's first slot, or local midnight where the job has none that day.
#[must_use]
pub fn slot_of_day(spec: &Spec, day: NaiveDate) -> Option<DateTime<Utc>> {
    spec.schedule.as_ref().and_then(|schedule| schedule.slot_on(day)).or_else(|| local_midnight(spec.timezone, day))
}

/// The first instant of a local day; where the clocks jump over midnight, the first one after the gap. None for a day
/// that the zone left out.
#[must_use]
pub fn local_midnight(zone: Tz, day: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = day.and_hms_opt(0, 0, 0)?;
    let end = day.checked_add_days(Days::new(1))?.and_hms_opt(0, 0, 0)?;
    std::iter::successors(Some(midnight), |local| Some(*local + TimeDelta::minutes(1)))
        .take_while(|local| *local < end)
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map(|local| local.with_timezone(&Utc))
}

async fn insert(
    conn: &mut PgConnection,
    spec: &Spec,
    trigger: Trigger,
    slot: DateTime<Utc>,
    request_id: &str,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<Requested> {
    let (business_date, business_key, _) = label(spec, slot);
    let new = sqlx::query_scalar!(
        "insert into tend.job_run
             (job, trigger, slot, business_date, business_key, request_id, note, run_after, spec_hash, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8)
         on conflict (job, trigger, slot, request_id) where trigger in ('manual', 'backfill') do nothing
         returning run_id",
        spec.job,
        trigger.word(),
        slot,
        business_date,
        business_key,
        request_id,
        note,
        now,
        spec.hash
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(run_id) = new {
        return Ok(Requested { run_id, new: true });
    }
    let run_id = sqlx::query_scalar!(
        "select run_id from tend.job_run where job = $1 and trigger = $2 and slot = $3 and request_id = $4",
        spec.job,
        trigger.word(),
        slot,
        request_id
    )
    .fetch_one(conn)
    .await?;
    Ok(Requested { run_id, new: false })
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The word in `tend.job_run.state`.
    pub state: String,
    /// How this process's execution of it ended; none when another one is at it, or its time has not come.
    pub outcome: Option<Outcome>,
}

/// Executes exactly this run in this process, if nobody else is at it. For commands; does no planning. `stop`: finish
/// the step at work, then hand the run back.
///
/// # Errors
/// When the database refuses or there is no such run.
pub async fn execute_now(engine: &Engine, run_id: i64, stop: &CancellationToken) -> sqlx::Result<Standing> {
    takeover::take_over(engine).await?;
    let job = sqlx::query_scalar!("select job from tend.job_run where run_id = $1", run_id)
        .fetch_one(engine.db.pool())
        .await?;
    let outcome = match claim(engine, &job, Some(run_id)).await? {
        Some(claimed) => Some(execute(engine, claimed, stop, &CancellationToken::new()).await),
        None => None,
    };
    let state = sqlx::query_scalar!("select state from tend.job_run where run_id = $1", run_id)
        .fetch_one(engine.db.pool())
        .await?;
    Ok(Standing { state, outcome })
}
