//! A stretch of time by hand, for simulations: what is due at the driven instant, and which instant comes next.
//!
//! Promises: rows are what the loop of a daemon would write that wakes at each of these instants; only planning looks at
//! fewer jobs (those without a slot keep their watermark until the end) and nobody else is there whose runs could be taken over.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Engine;
use super::backoff::delta;
use super::cycle::Pass;
use super::planner;
use super::runner::Outcome;

impl Engine {
    /// Plans the slots that are due and executes all that may start, one after the other, until nothing is left to do
    /// now. Begin and end with [`Engine::pass_once`].
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn pass_due(&self) -> sqlx::Result<Pass> {
        let mut pass = Pass::default();
        loop {
            let planned = planner::plan_due(self).await?;
            pass.planned.due += planned.due;
            pass.planned.skipped += planned.skipped;
            let before = pass.outcomes.len();
            while self.start_due(&mut pass).await? {}
            // what a run that failed leaves behind may have waited too long by now
            let troubled = pass.outcomes[before..].iter().any(|outcome| *outcome != Outcome::Succeeded);
            if !planned.more && !troubled {
                return Ok(pass);
            }
        }
    }

    /// The next instant at which there is something to plan or to start: a slot, the next attempt of a run, the end of a
    /// wait for another job. None: nothing is known to come.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn next_instant(&self, conn: &mut PgConnection, but: &[String]) -> sqlx::Result<Option<DateTime<Utc>>> {
        let now = self.clock.now(conn).await?;
        let mut next = planner::next_instant(self, conn, now, but).await?;
        let waiting = sqlx::query!(
            "select slot, created_at, spec_hash from tend.job_run
             where state = 'due' and run_after <= $1 and trigger in ('schedule', 'catchup')",
            now
        )
        .fetch_all(&mut *conn)
        .await?;
        for run in waiting {
            let Ok(spec) = self.specs.get(conn, &run.spec_hash).await else { continue };
            let until = run.slot.max(run.created_at) + delta(spec.after_max);
            next = [next, Some(until).filter(|until| *until > now)].into_iter().flatten().min();
        }
        Ok(next)
    }
}
