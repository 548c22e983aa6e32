//! The course of a simulation: from instant to instant at which something is due, through the real engine.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

use super::idle::Idle;
use super::{LONGEST, SimulateError, Stretch, people};
use crate::clock::{Clock, Hand, shown};
use crate::db::{Database, tidy};
use crate::engine::Engine;
use crate::jobfile::folder::Folder;
use crate::jobfile::store::{Applying, Basis, apply_folder, spec_reader};
use crate::jobs::KINDS;
use crate::outbox::dispatch::Assumed;
use crate::progress::Progress;
use crate::settings::Settings;

/// Who puts the folder in force on the copy.
const WHO: &str = "tend simulate";

/// Where a simulation of this database begins: at the instant that was `asked` for, else `now`; not before what has been
/// decided already. A day that was asked for and that is under way begins where it stands.
///
/// # Errors
/// When the data are days further.
pub async fn begin(
    conn: &mut PgConnection,
    asked: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    zone: Tz,
) -> Result<DateTime<Utc>, SimulateError> {
    let stand = sqlx::query_scalar!(
        "select greatest((select max(as_of) from tend.ladder), (select max(created_at) from tend.outbox),
                         (select max(slot) from tend.job_run where state in ('succeeded', 'failed', 'running')))"
    )
    .fetch_one(conn)
    .await?;
    let Some(stand) = stand else { return Ok(asked.unwrap_or(now)) };
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    match asked {
        None => Ok(stand.max(now)),
        Some(asked) if asked >= stand => Ok(asked),
        Some(asked) if day(asked) == day(stand) => Ok(stand),
        Some(_) => Err(SimulateError::TooEarly(shown(stand, zone))),
    }
}

impl Stretch {
    /// A stretch that can be simulated.
    ///
    /// # Errors
    /// When it is empty, or too long to say anything.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz) -> Result<Self, SimulateError> {
        if to <= from {
            return Err(SimulateError::Empty(shown(from, zone), shown(to, zone)));
        }
        if to - from > TimeDelta::days(LONGEST) {
            return Err(SimulateError::TooLong);
        }
        Ok(Self { from, to, zone })
    }
}

/// A simulation about to run.
#[derive(Debug, Clone, Copy)]
pub struct Course<'c> {
    /// The copy.
    pub db: &'c Database,
    /// Engine and channels as they would be; channels are not opened.
    pub settings: &'c Settings,
    /// The jobs.
    pub folder: &'c Folder,
    /// From when to when.
    pub stretch: Stretch,
    /// What waits for a person's approval gets it at once.
    pub approves: bool,
}

impl Course<'_> {
    /// Runs it; `progress` is told of simulated hours. What it leaves behind is in the copy.
    ///
    /// # Errors
    /// When the copy refuses, or `stop` was cancelled.
    pub async fn run(&self, progress: &Progress, stop: &CancellationToken) -> Result<(), SimulateError> {
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(SimulateError::Interrupted),
            done = self.go(progress) => done,
        }
    }

    async fn go(&self, progress: &Progress) -> Result<(), SimulateError> {
        let Stretch { from, to, .. } = self.stretch;
        let hand = self.prepare().await?;
        hand.lead(&mut *self.db.pool().acquire().await?, from).await?;
        let (read, clock) = (spec_reader(KINDS), Clock::Led(hand));
        let engine = Engine::new(self.db.clone(), clock, read, self.settings.engine.clone());
        let (outbox, channels) = (&self.settings.outbox, &self.settings.channels);
        let post = Assumed::new(self.db, clock, outbox, channels, self.approves).await?;
        engine.pass_once().await?;
        post.pay().await?;
        let (mut now, mut told, mut visited) = (from, 0, None);
        let idle = loop {
            let mut conn = self.db.pool().acquire().await?;
            let idle = Idle::read(&mut conn, now).await?;
            let next = [
                engine.next_instant(&mut conn, &idle.jobs()).await?,
                post.next_instant(&mut conn).await?,
                idle.wakes_at(),
            ];
            let next = next.into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next < to) else { break idle };
            now = next.max(now);
            let hours = (now - from).num_hours().unsigned_abs();
            if hours > told {
                tidy(&mut conn).await?;
            }
            hand.lead(&mut conn, now).await?;
            idle.pass_over(&mut conn, now).await?;
            people::visit(&mut conn, visited.replace(now), now).await?;
            // the engine takes as many as there are
            drop(conn);
            engine.pass_due().await?;
            post.pay().await?;
            progress.add(hours - told);
            told = hours;
        };
        // the watermarks of jobs without a slot come along; slots that are passed over are not missed
        let end = (to - TimeDelta::seconds(1)).max(now);
        let mut conn = self.db.pool().acquire().await?;
        hand.lead(&mut conn, end).await?;
        idle.pass_over(&mut conn, end).await?;
        drop(conn);
        engine.pass_once().await?;
        post.leave().await?;
        Ok(())
    }

    /// Time begins a second early, so that a slot at the first instant is still to come, and the folder is in force from
    /// then on. What was missed before is not made up for.
    async fn prepare(&self) -> Result<Hand, SimulateError> {
        let before = self.stretch.from - TimeDelta::seconds(1);
        let mut conn = self.db.pool().acquire().await?;
        let hand = Hand::begin(&mut conn, before).await?;
        sqlx::query!("update tend.job set planned_to = $1", before).execute(&mut *conn).await?;
        drop(conn);
        let applying = Applying { who: WHO, basis: Basis::Forced, clock: Clock::Led(hand), kinds: KINDS };
        apply_folder(self.db, self.folder, applying).await.map(|_| hand).map_err(SimulateError::Folder)
    }
}
