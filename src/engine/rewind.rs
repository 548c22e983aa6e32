//! The clock was set back: it had been wrong before, or is now. Either way what it says is the time.
//!
//! While it was ahead, slots of the future were planned: most were skipped as missed, some ran before their time. Left
//! alone, the job would be silent until the clock is there again. So the plan goes back to now: slots to come that
//! nobody has begun lose their rows and get new ones when they are due; what has run early keeps its row and does not run
//! again; nothing planned starts before its slot (see `claimable.sql`). Steps back within [`ON_TIME`], as time servers
//! make them, are waited out.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::slots::{ON_TIME, span};

/// Whether a plan that reaches this far is ahead of the clock.
pub(super) fn is_ahead(planned_to: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    planned_to > now + ON_TIME
}

/// Takes the plan of a job back to now, in the caller's transaction, which holds the job's row.
///
/// # Errors
/// When the database refuses.
pub(super) async fn rewind(
    conn: &mut PgConnection,
    job: &str,
    planned_to: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let untimely = sqlx::query_file_scalar!("src/engine/rewind.sql", job, now).fetch_one(conn).await?;
    tracing::warn!(
        job.name = job,
        slots = untimely,
        "the clock was set back by {}: slots to come that have not run are planned anew",
        span(planned_to - now)
    );
    Ok(())
}
