//! The engine of one process: what it holds, one pass by hand, and the loop of the daemon.

use std::io::ErrorKind;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::claim::{claim, jobs_with_due_runs};
use super::planner::{self, Planned};
use super::replica::Me;
use super::runner::{Outcome, execute};
use super::specs::{ReadSpec, Specs};
use super::{replica, takeover, unreadable, watchdog};
use crate::clock::Clock;
use crate::db::Database;
use crate::settings::EngineSettings;

/// The engine of one process.
#[derive(Debug)]
pub struct Engine {
    pub(super) db: Database,
    pub(super) clock: Clock,
    pub(super) specs: Specs,
    pub(super) pace: EngineSettings,
    pub(super) me: Me,
    bell: Arc<Notify>,
}

/// What a pass did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pass {
    /// Slots planned.
    pub planned: Planned,
    /// Runs taken from dead owners.
    pub taken_over: u64,
    /// How the runs executed here ended.
    pub outcomes: Vec<Outcome>,
}

impl Engine {
    /// An engine on this database, under a name that no other process start has.
    #[must_use]
    pub fn new(db: Database, clock: Clock, read: ReadSpec, pace: EngineSettings) -> Self {
        Self { db, clock, specs: Specs::new(read), pace, me: Me::new(), bell: Arc::default() }
    }

    /// Ringing it wakes the loop.
    #[must_use]
    pub fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    /// The specs this engine has seen.
    #[must_use]
    pub fn specs(&self) -> &Specs {
        &self.specs
    }

    /// Names this process start.
    #[must_use]
    pub fn instance(&self) -> uuid::Uuid {
        self.me.instance
    }

    /// A replica not heard of for this long is taken for dead.
    pub(super) fn silence(&self) -> Duration {
        self.pace.lease_ttl * 2
    }

    /// Plans, takes over, and executes all that may start, one after the other, until nothing is left to do now. For
    /// tests, simulations and commands; the daemon uses [`Engine::run`].
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn pass_once(&self) -> sqlx::Result<Pass> {
        let mut pass = Pass::default();
        loop {
            let planned = planner::plan_all(self).await?;
            pass.planned.due += planned.due;
            pass.planned.skipped += planned.skipped;
            pass.taken_over += takeover::take_over(self).await?;
            unreadable::give_up(self).await?;
            if !self.start_due(&mut pass).await? && !planned.more {
                return Ok(pass);
            }
        }
    }

    /// Executes what is due, one run after the other; whether there was anything.
    pub(super) async fn start_due(&self, pass: &mut Pass) -> sqlx::Result<bool> {
        let never = CancellationToken::new();
        let before = pass.outcomes.len();
        for (job, runs) in jobs_with_due_runs(self).await? {
            for _ in 0..runs {
                let Some(claimed) = claim(self, &job, None).await? else { break };
                pass.outcomes.push(execute(self, claimed, &never, &never).await);
            }
        }
        Ok(pass.outcomes.len() > before)
    }

    /// Works until told to stop: plans, takes over, claims and executes, several runs at once. On the way out no run
    /// is started, the steps at work have the grace to finish, and what is left is handed back.
    pub async fn run(self: &Arc<Self>, stop: CancellationToken) {
        let background = CancellationToken::new();
        let mut signs = tokio::spawn(replica::signs_of_life(Arc::clone(self), background.clone()));
        let mut watch = tokio::spawn(watchdog::watch(Arc::clone(self), background.clone()));
        let mut shift = Shift::new(self);
        while !stop.is_cancelled() {
            // A pass ends by itself, unless the database does not answer.
            let nap = tokio::select! {
                nap = shift.pass() => nap,
                () = well_after(&stop) => break,
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.bell.notified() => {}
                () = sleep(nap) => {}
                Some(_) = shift.runs.join_next() => {}
                ended = &mut signs => too_early(ended),
                ended = &mut watch => too_early(ended),
            }
        }
        shift.leave().await;
        background.cancel();
        if timeout(PATIENCE, async { tokio::join!(signs, watch) }).await.is_err() {
            tracing::debug!("the database does not answer; leaving without taking leave");
        }
    }
}

/// Nothing of the engine dies silently: what happened to the part happens to the whole, and whoever runs it is told.
fn too_early(ended: Result<(), JoinError>) -> ! {
    match ended.map_err(JoinError::try_into_panic) {
        Err(Ok(panic)) => resume_unwind(panic),
        _ => resume_unwind(Box::new("a part of the engine ended")),
    }
}

/// How long a stop waits for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A pass takes moments; one that takes this long is given up and begun anew.
const SILENT: Duration = Duration::from_secs(5 * 60);

async fn well_after(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(PATIENCE).await;
}

/// Rolling back what is at work and handing it back takes no longer than this; what does is left to the takeover.
const HAND_BACK: Duration = Duration::from_secs(6);

/// The runs at work in this process.
struct Shift<'e> {
    engine: &'e Arc<Engine>,
    runs: JoinSet<Outcome>,
    leaving: CancellationToken,
    abort: CancellationToken,
    take_over_at: Instant,
    troubled: bool,
}

impl<'e> Shift<'e> {
    fn new(engine: &'e Arc<Engine>) -> Self {
        Self {
            engine,
            runs: JoinSet::new(),
            leaving: CancellationToken::new(),
            abort: CancellationToken::new(),
            take_over_at: Instant::now(),
            troubled: false,
        }
    }

    /// One pass; how long to sleep at most until the next. Trouble with the database is logged when it begins and when
    /// it is over, not with every pass.
    async fn pass(&mut self) -> Duration {
        // a connection whose other end has vanished never answers; what was begun on it is found by its lease
        let passed = timeout(SILENT, self.try_pass()).await;
        match passed.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into()))) {
            Ok(nap) => {
                if std::mem::take(&mut self.troubled) {
                    tracing::info!("the engine works again");
                }
                nap
            }
            Err(error) => {
                if !std::mem::replace(&mut self.troubled, true) {
                    tracing::error!("the engine cannot work: {error}");
                }
                self.engine.pace.plan_interval.min(Duration::from_secs(1))
            }
        }
    }

    async fn try_pass(&mut self) -> sqlx::Result<Duration> {
        let engine = self.engine;
        let planned = planner::plan_all(engine).await?;
        if Instant::now() >= self.take_over_at {
            takeover::take_over(engine).await?;
            self.take_over_at = Instant::now() + engine.pace.takeover_interval;
        }
        unreadable::give_up(engine).await?;
        self.start().await?;
        if planned.more {
            return Ok(Duration::ZERO);
        }
        let nap = engine.pace.plan_interval.min(self.take_over_at.saturating_duration_since(Instant::now()));
        Ok(planner::until_next(engine).await?.map_or(nap, |next| nap.min(next)))
    }

    /// Starts what may start, as long as there is room.
    async fn start(&mut self) -> sqlx::Result<()> {
        while self.runs.try_join_next().is_some() {}
        for (job, _) in jobs_with_due_runs(self.engine).await? {
            if self.runs.len() >= self.engine.pace.max_running {
                return Ok(());
            }
            if let Some(claimed) = claim(self.engine, &job, None).await? {
                let (engine, leaving, abort) = (Arc::clone(self.engine), self.leaving.clone(), self.abort.clone());
                self.runs.spawn(async move { execute(&engine, claimed, &leaving, &abort).await });
            }
        }
        Ok(())
    }

    /// Waits for the steps at work, within the grace; then they are rolled back and their runs handed back.
    async fn leave(mut self) {
        self.leaving.cancel();
        if !self.runs.is_empty() {
            tracing::info!(runs = self.runs.len(), "waiting for the steps at work");
        }
        let all_done = async { while self.runs.join_next().await.is_some() {} };
        if timeout(self.engine.pace.stop_grace, all_done).await.is_err() {
            self.abort.cancel();
            let handed_back = async { while self.runs.join_next().await.is_some() {} };
            if timeout(HAND_BACK, handed_back).await.is_err() {
                tracing::warn!(runs = self.runs.len(), "runs left to the takeover");
            }
        }
    }
}
