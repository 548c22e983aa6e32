//! The examples in job files (`[[check]]`), tried out with the real job.
//!
//! Promises: each check is a real run, as of its day, in a database in which there are only its customers, and it is
//! rolled back; a check never touches the company's database (see [`crate::db::Scratch`]); the report names the check,
//! the place in the file, what was expected, what came out, and the reason the run gave. Nothing but `tend check` runs
//! them: neither `tend apply` nor the daemon waits for examples.

mod report;
mod seed;

use sqlx::{Connection as _, PgConnection};

pub use report::{Outcome, Report};

use crate::engine::door::{Decided, Decision, Run, Tx};
use crate::engine::preview::{PreviewError, run_in};
use crate::engine::replay::slot_of_day;
use crate::engine::specs::Spec;
use crate::jobfile::checks::Check;
use crate::jobfile::file::JobFile;
use crate::jobfile::folder::Folder;
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
    folder.jobs.values().map(|job| job.checks.len()).sum()
}

/// Tries out all checks of a folder in a scratch database, each in a transaction of its own.
///
/// # Errors
/// When the database goes away; a check that fails is an outcome.
pub async fn run(folder: &Folder, conn: &mut PgConnection) -> sqlx::Result<Report> {
    let mut outcomes = Vec::new();
    for job in folder.jobs.values() {
        for check in &job.checks {
            let mut tx = conn.begin().await?;
            let tried = try_out(folder, job, check, &mut tx).await;
            tx.rollback().await?;
            outcomes.push(Outcome::new(job, check, tried));
        }
    }
    Ok(Report { outcomes })
}

async fn try_out(
    folder: &Folder,
    job: &JobFile,
    check: &Check,
    conn: &mut PgConnection,
) -> Result<Decided, CheckError> {
    let mut spec = job.to_spec();
    if let Some(code) = &check.code {
        spec.code = code.clone();
    }
    seed::write(check, conn).await.map_err(CheckError::Seed)?;
    let mut last = None;
    for day in &check.on {
        let slot = slot_of_day(&spec, *day).ok_or(CheckError::NoDay { zone: spec.timezone, day: *day })?;
        store::keep(conn, folder, job, slot).await?;
        last = Some(run_in(conn, &spec, slot, slot).await?);
    }
    let Some(run) = last else { return Ok(nothing()) };
    decided(&spec, &run, check, conn).await
}

async fn decided(spec: &Spec, run: &Run, check: &Check, conn: &mut PgConnection) -> Result<Decided, CheckError> {
    let Some(subject) = check.customers.first() else { return Ok(nothing()) };
    let decided = spec.code.decided(run, &subject.id, &mut Tx::lend(conn)).await.map_err(PreviewError::Job)?;
    Ok(decided.unwrap_or_else(nothing))
}

/// The reader gives every check a day and a customer, and only kinds that decide about customers have checks.
fn nothing() -> Decided {
    Decided { what: Decision::new(), why: "the run is not about customers".to_owned() }
}
