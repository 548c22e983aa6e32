//! A stretch of time by hand, for simulations: what is due at the driven instant, and which instant comes next.
//!
//! Promises: rows are what the loop of a daemon would write that wakes at each of these instants; only planning looks at
//! fewer jobs (those without a slot keep their watermark until the end) and nobody else is there whose runs could be taken over.

use chrono::{DateTime, Utc};

use super::Engine;
use super::backoff::delta;
use super::cycle::Pass;
use super::planner;

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
            if !self.start_due(&mut pass).await? && !planned.more {
                return Ok(pass);
            }
        }
    }

    /// The next instant at which there is something to plan or to start: a slot, the next attempt of a run, the end of a
    /// wait for another job. None: nothing is known to come.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn next_instant(&self, but: &[String]) -> sqlx::Result<Option<DateTime<Utc>>> {
        let mut conn = self.db.pool().acquire().await?;
        let now = self.clock.now(&mut conn).await?;
        let mut next = planner::next_instant(self, &mut conn, now, but).await?;
        let waiting = sqlx::query!(
            "select slot, created_at, spec_hash from tend.job_run
             where state = 'due' and run_after <= $1 and trigger in ('schedule', 'catchup')",
            now
        )
        .fetch_all(&mut *conn)
        .await?;
        for run in waiting {
            let Ok(spec) = self.specs.get(&mut conn, &run.spec_hash).await else { continue };
            let until = run.slot.max(run.created_at) + delta(spec.after_max);
            next = [next, Some(until).filter(|until| *until > now)].into_iter().flatten().min();
        }
        Ok(next)
    }
}
