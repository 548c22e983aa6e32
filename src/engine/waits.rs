//! Order between jobs: a planned run waits for the runs of the same day of the jobs named in `after`.
//!
//! Which run of the other job counts: its newest slot of that local day up to this run's slot, or, where there is none,
//! its first slot of the day. A slot that has no row yet is waited for as well, so the order also holds while both
//! jobs catch up. The wait ends at a maximum, counted from the moment this run was planned; then it runs
//! without, and a note on its row says so. Runs that somebody asked for by hand wait for nobody.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;

use super::backoff::delta;
use super::slots::span;
use super::specs::{Spec, Specs};

/// Where a planned run stands with the jobs it comes after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wait {
    /// Nothing to wait for any more; what is worth a note.
    Over(Option<String>),
    /// Not yet.
    For {
        /// A sentence: for which job, and what is missing.
        what: String,
        /// When it runs without.
        until: DateTime<Utc>,
    },
}

/// The run that may have to wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub slot: DateTime<Utc>,
    pub business_date: NaiveDate,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
}

/// How the other job's run of the day stands.
enum Other {
    Done,
    Missing(String),
    Open(String),
}

/// Asks all jobs in `after`.
///
/// # Errors
/// When the database cannot be asked.
pub(super) async fn check(
    conn: &mut PgConnection,
    specs: &Specs,
    spec: &Spec,
    run: Waiting,
    now: DateTime<Utc>,
) -> sqlx::Result<Wait> {
    let until = run.slot.max(run.created_at) + delta(spec.after_max);
    let mut notes = Vec::new();
    for job in &spec.after {
        match other(conn, specs, job, run).await? {
            Other::Done => {}
            Other::Missing(why) => notes.push(format!("ran without {job}: {why}")),
            Other::Open(why) if now >= until => {
                notes.push(format!("ran without {job} after waiting {}: {why}", span(delta(spec.after_max))));
            }
            Other::Open(why) => return Ok(Wait::For { what: format!("{job}: {why}"), until }),
        }
    }
    Ok(Wait::Over((!notes.is_empty()).then(|| notes.join("; "))))
}

async fn other(conn: &mut PgConnection, specs: &Specs, job: &str, run: Waiting) -> sqlx::Result<Other> {
    let known = sqlx::query!(
        "select spec_hash, planned_to, enabled, removed_at is not null as \"removed!\" from tend.job where job = $1",
        job
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(known) = known else {
        return Ok(Other::Missing("there is no such job".to_owned()));
    };
    let target = match specs.get(conn, &known.spec_hash).await {
        Ok(spec) => awaited_slot(&spec, run),
        Err(_) => None,
    };
    let row = sqlx::query!(
        r#"select state, reason, run_after from tend.job_run
           where job = $1 and trigger in ('schedule', 'catchup') and business_date = $2
             and ($3::timestamptz is null or slot <= $3)
           order by slot desc limit 1"#,
        job,
        run.business_date,
        target
    )
    .fetch_optional(conn)
    .await?;
    Ok(match (row, target) {
        // A row of an earlier slot of that day does not stand for a later one that is still to be planned.
        (_, Some(target)) if known.planned_to < target && known.enabled && !known.removed => {
            Other::Open(format!("its run of {} is still to come", run.business_date))
        }
        (Some(row), _) => match row.state.as_str() {
            "succeeded" => Other::Done,
            "running" => Other::Open(format!("its run of {} is at work", run.business_date)),
            "due" => Other::Open(format!("its run of {} has not started", run.business_date)),
            state => Other::Missing(format!(
                "its run of {} was {state}{}",
                run.business_date,
                row.reason.map(|reason| format!(" ({reason})")).unwrap_or_default()
            )),
        },
        (None, _) if !known.enabled || known.removed => Other::Missing("it is disabled".to_owned()),
        (None, _) => Other::Done, // it has no slot on that day
    })
}

/// The slot of the other job that a run waits for; none when it has none on that day.
fn awaited_slot(other: &Spec, run: Waiting) -> Option<DateTime<Utc>> {
    /// A job of every minute has this many slots on the longest day.
    const SLOTS_OF_A_DAY: usize = 25 * 60;
    let schedule = other.schedule.as_ref()?;
    let first = schedule.slot_on(run.business_date)?;
    if first >= run.slot || schedule.is_daily_or_coarser() {
        return Some(first);
    }
    let same_day = |slot: &DateTime<Utc>| schedule.business_date(*slot) == run.business_date;
    schedule.between(first - TimeDelta::seconds(1), run.slot, SLOTS_OF_A_DAY).into_iter().rfind(same_day)
}
