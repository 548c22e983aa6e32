//! The examples in job files and segments (`[[check]]`), tried out with the real job.
//!
//! Promises: each check of a job is a real run, as of its day, in a database in which there are only its customers, and it is
//! rolled back; a check never touches the company's database (see [`crate::db::Scratch`]); the report names the check,
//! the place in the file, what was expected, what came out, the reason the run gave, and how each condition came out. Nothing but `tend check` runs
//! them: neither `tend apply` nor the daemon waits for examples.

mod report;
mod seed;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::{Connection as _, PgConnection};

pub use report::{Outcome, Report};

use crate::engine::door::{Decided, Decision, Explained, Run, Tx};
use crate::engine::preview::{PreviewError, run_in};
use crate::engine::replay::{local_midnight, slot_of_day};
use crate::engine::specs::Spec;
use crate::jobfile::checks::Check;
use crate::jobfile::file::JobFile;
use crate::jobfile::folder::Folder;
use crate::jobfile::kind::SegmentFile;
use crate::jobfile::store;

/// Why a check has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The run would fail.
    #[error(transparent)]
    Run(#[from] PreviewError),
    /// The database refuses the customers of the check, or is gone.
    #[error("the customers of the check cannot be written: {}", crate::db::words(.0))]
    Seed(#[source] sqlx::Error),
    /// The database is gone.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The day does not exist.
    #[error("{zone} has no {day}")]
    NoDay {
        /// The job's zone.
        zone: chrono_tz::Tz,
        /// The day.
        day: chrono::NaiveDate,
    },
}

/// How many checks a folder has.
#[must_use]
pub fn count(folder: &Folder) -> usize {
    subjects(folder).iter().map(|subject| subject.checks().len()).sum()
}

/// What checks are about.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Job(&'a JobFile),
    Segment(&'a SegmentFile),
}

fn subjects(folder: &Folder) -> Vec<Subject<'_>> {
    folder.jobs.values().map(Subject::Job).chain(folder.segments.values().map(Subject::Segment)).collect()
}

impl<'a> Subject<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::Job(job) => &job.job,
            Self::Segment(segment) => &segment.name,
        }
    }

    fn checks(self) -> &'a [Check] {
        match self {
            Self::Job(job) => &job.checks,
            Self::Segment(segment) => &segment.checks,
        }
    }
}

/// Tries out all checks of a folder in a scratch database, each in a transaction of its own.
///
/// # Errors
/// When the database goes away; a check that fails is an outcome.
pub async fn run(folder: &Folder, conn: &mut PgConnection) -> sqlx::Result<Report> {
    let mut outcomes = Vec::new();
    for subject in subjects(folder) {
        for check in subject.checks() {
            let mut tx = conn.begin().await?;
            let tried = try_out(folder, subject, check, &mut tx).await;
            tx.rollback().await?;
            let mut outcome = Outcome::new(subject, check, tried);
            // what could not be run has said why already
            if !outcome.passed && outcome.got.is_some() {
                let mut tx = conn.begin().await?;
                outcome.add_conditions(conditions(folder, subject, check, &mut tx).await);
                tx.rollback().await?;
            }
            outcomes.push(outcome);
        }
    }
    Ok(Report { outcomes })
}

/// What was decided about the customer at the last day of a check.
async fn try_out(
    folder: &Folder,
    subject: Subject<'_>,
    check: &Check,
    conn: &mut PgConnection,
) -> Result<Decided, CheckError> {
    seed::write(check, subject.name(), conn).await.map_err(CheckError::Seed)?;
    let (code, run) = match subject {
        Subject::Job(job) => {
            let spec = spec(job, check);
            seed::coupons(check, &spec.code.coupon_pools(), conn).await.map_err(CheckError::Seed)?;
            let Some(run) = run_on(folder, job, &spec, &check.on, conn).await? else { return Ok(nothing()) };
            (spec.code, run)
        }
        Subject::Segment(segment) => {
            let Some(run) = asked(segment, check)? else { return Ok(nothing()) };
            (check.code.as_ref().unwrap_or(&segment.code).clone(), run)
        }
    };
    let Some(customer) = check.customers.first() else { return Ok(nothing()) };
    let decided = code.decided(&run, &customer.id, &mut Tx::lend(conn)).await.map_err(PreviewError::Job)?;
    Ok(decided.unwrap_or_else(nothing))
}

/// How each condition came out for the customer, as the run of the last day of a check found it.
async fn conditions(
    folder: &Folder,
    subject: Subject<'_>,
    check: &Check,
    conn: &mut PgConnection,
) -> Result<Option<Explained>, CheckError> {
    seed::write(check, subject.name(), conn).await.map_err(CheckError::Seed)?;
    let (Some(customer), Some((last, before))) = (check.customers.first(), check.on.split_last()) else {
        return Ok(None);
    };
    let (code, run) = match subject {
        Subject::Job(job) => {
            let spec = spec(job, check);
            seed::coupons(check, &spec.code.coupon_pools(), conn).await.map_err(CheckError::Seed)?;
            run_on(folder, job, &spec, before, conn).await?;
            let run = Run::asked(&spec.job, &spec.hash, slot(&spec, *last)?, spec.timezone);
            (spec.code, run)
        }
        Subject::Segment(segment) => {
            let Some(run) = asked(segment, check)? else { return Ok(None) };
            (check.code.as_ref().unwrap_or(&segment.code).clone(), run)
        }
    };
    Ok(code.judge(&run, &customer.id, &mut Tx::lend(conn)).await.map_err(PreviewError::Job)?)
}

/// The job, with the cuts of the check where it has some.
fn spec(job: &JobFile, check: &Check) -> Spec {
    let mut spec = job.to_spec();
    if let Some(code) = &check.code {
        spec.code = code.clone();
    }
    spec
}

fn slot(spec: &Spec, day: NaiveDate) -> Result<DateTime<Utc>, CheckError> {
    slot_of_day(spec, day).ok_or(CheckError::NoDay { zone: spec.timezone, day })
}

/// Runs the job on those days, one after the other; the last run.
async fn run_on(
    folder: &Folder,
    job: &JobFile,
    spec: &Spec,
    days: &[NaiveDate],
    conn: &mut PgConnection,
) -> Result<Option<Run>, CheckError> {
    let mut last = None;
    for day in days {
        let slot = slot(spec, *day)?;
        seed::pay(conn, slot).await?;
        store::keep(conn, folder, job, slot).await?;
        last = Some(run_in(conn, spec, slot, slot).await?);
    }
    Ok(last)
}

/// Segments are judged at the beginning of the day.
fn asked(segment: &SegmentFile, check: &Check) -> Result<Option<Run>, CheckError> {
    let zone = segment.timezone.unwrap_or(Tz::UTC);
    let Some(day) = check.on.last() else { return Ok(None) };
    let as_of = local_midnight(zone, *day).ok_or(CheckError::NoDay { zone, day: *day })?;
    Ok(Some(Run::asked(&segment.name, "", as_of, zone)))
}

/// The reader gives every check a day and a customer, and only kinds that decide about customers have checks.
fn nothing() -> Decided {
    Decided { what: Decision::new(), why: "the run is not about customers".to_owned() }
}
