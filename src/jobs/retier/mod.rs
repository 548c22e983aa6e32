//! The kind `retier`: keeps a ladder, an ordered set of levels (tiers, labels, grades), for all customers.
//!
//! Promises: every customer is on exactly one level, the first from the top whose conditions hold, or, where the file
//! protects customers from falling (`keep`, [`Stability`]) or somebody gave one by hand, that; only what changed is
//! written, so a second run for the same as-of writes nothing; every move is a row with the facts it was decided on,
//! and the cuts of the ranks stand with the run; a first level is an assignment and triggers nothing; a ladder never
//! goes back in time. What a customer's facts and ranks are is defined in [`crate::filter`], nowhere here.

pub mod by_hand;
mod decided;
mod explain;
mod found;
mod history;
mod judge;
mod near;
mod read;
mod scope;
mod stability;
mod words;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use sqlx::PgConnection;

pub use read::{Retier, read};
use scope::Before;
pub use scope::Scope;
pub use stability::Stability;

use crate::engine::door::{Decided, Explained, Job, JobError, Replay, Run, Step, Stepped, Tx};
use crate::filter::{self, Case, Evidence, Filter, Frame, Kept, Requirements, Statement};
use crate::jobfile::duration::Span;

/// `work_mem` of an evaluation, when the server's is less. It is a limit, not a reservation: a million customers were
/// seen to take about 1 GB over all hash tables and the sort, a thousand take next to nothing; beyond it Postgres
/// goes to disk.
const WORK_MEM_KB: i32 = 256 * 1024;

/// The customers who are looked at when not everybody is. `offset 0`: each by key, whatever the planner thinks of the
/// tables; in the order of the keys, since neighbours lie together.
const TOUCHED: &str =
    "(select t.customer_id from tend.touched t where t.reader = 'ladder ' || $2 order by t.customer_id) looked
    cross join lateral (select * from crm.customer own where own.customer_id = looked.customer_id offset 0) c";

/// Their levels so far.
const TOUCHED_STATE: &str =
    "(select t.customer_id from tend.touched t where t.reader = 'ladder ' || $2 order by t.customer_id) looked
        cross join lateral (
            select k.customer_id, k.ladder, k.level, k.missing from tend.ladder_state k
            where k.customer_id = looked.customer_id and k.ladder = $2::text offset 0
        ) known";

/// A ladder as its file describes it.
#[derive(Debug)]
pub struct Ladder {
    /// What people call it; empty when the file does not say.
    title: String,
    window: Span,
    levels: Vec<Level>,
    stability: Stability,
}

/// One level of a ladder.
#[derive(Debug)]
pub struct Level {
    /// The word other files use for it.
    pub name: String,
    /// The words reports use; the name when the file gives none.
    pub title: String,
    /// Who is on it; none for the last level, which takes everyone else.
    pub when: Option<Filter>,
    /// Who was on it, or above, keeps it while this holds, though `when` does not.
    pub keep: Option<Filter>,
    /// `when` with its thresholds moved by the margin of the file: who was on it, or above, keeps it while this holds.
    pub nearly: Option<Filter>,
}

impl Level {
    /// What keeps a customer on it, each with the word reasons use.
    fn keeping(&self) -> Vec<Case<'_>> {
        let cases = [(self.keep.as_ref(), "keep"), (self.nearly.as_ref(), "margin")];
        cases.into_iter().filter(|(filter, _)| filter.is_some()).collect()
    }
}

impl Ladder {
    /// From the top.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// What facts look back over where a condition names no window of its own.
    #[must_use]
    pub fn window(&self) -> Span {
        self.window
    }

    /// How far from the top a level is.
    #[must_use]
    pub fn place(&self, level: &str) -> Option<usize> {
        self.levels.iter().position(|known| known.name == level)
    }

    /// What protects customers from falling.
    #[must_use]
    pub fn stability(&self) -> &Stability {
        &self.stability
    }

    /// What is asked for, level by level from the top; then what is asked for to stay.
    fn conditions(&self) -> impl Iterator<Item = &Filter> {
        let whens = self.levels.iter().filter_map(|level| level.when.as_ref());
        whens.chain(self.levels.iter().flat_map(|level| [level.keep.as_ref(), level.nearly.as_ref()]).flatten())
    }

    /// What a customer's level rests on.
    fn evidence(&self) -> Evidence<'_> {
        Evidence::of(self.conditions(), self.window)
    }

    /// What its conditions are relative to in a run.
    fn frame(&self, run: &Run) -> Frame {
        Frame { as_of: run.as_of, timezone: run.timezone, window: Some(self.window) }
    }

    /// The place of the level whose conditions hold when their comparisons came out like this.
    fn due(&self, outcomes: &mut dyn Iterator<Item = bool>) -> usize {
        let last = self.levels.len() - 1;
        let holds = |level: &Level| level.when.as_ref().is_none_or(|when| when.holds(&mut *outcomes));
        self.levels.iter().position(holds).unwrap_or(last)
    }

    /// The one statement that evaluates the ladder for a run; public for tests of its plan.
    #[must_use]
    pub fn statement(&self, run: &Run, scope: &Scope) -> Statement {
        let needs = Requirements::of(self.conditions());
        let evidence = self.evidence();
        let names: Vec<String> = self.levels.iter().map(|level| level.name.clone()).collect();
        let cases = self.levels.iter().map(|level| (level.when.as_ref(), level.name.as_str()));
        let (looked_at, known) = match scope.kept {
            Some(Kept::Touched(_)) => (TOUCHED, TOUCHED_STATE),
            _ => ("crm.customer c", "tend.ladder_state known"),
        };
        let composer = filter::compose(include_str!("retier.sql"), self.frame(run));
        let composer = match &scope.kept {
            Some(kept) => composer.kept_facts(kept.clone()),
            None => composer,
        };
        composer
            .bind(run.as_of)
            .bind(run.job.clone())
            .bind(run.run_id)
            .bind(names)
            .bind(evidence.words())
            .bind(scope.distribution.clone())
            .bind(scope.missing.clone())
            .bind(self.stability.falls_since(run.as_of))
            .bind(self.stability.one_level_a_run)
            .fragment("looked_at", looked_at)
            .fragment("known", known)
            .facts("facts", &needs)
            .fact_joins("joins", &needs)
            .first_of("level", cases)
            .first_of_each("kept", self.levels.iter().map(Level::keeping))
            .evidence("evidence", "figures", "cuts", &evidence)
            .finish()
    }

    /// Claims the ladder for a run, brings the facts to its as-of and finds who could have changed; public for tests of
    /// the plan of a night.
    ///
    /// # Errors
    /// When the ladder stands at a later instant, or the database refuses.
    pub async fn scope(&self, run: &Run, conn: &mut PgConnection) -> Result<Scope, JobError> {
        let before = Before::read(&run.job, conn).await?;
        advance(run, &mut *conn).await?;
        // compiling a statement this long takes seconds, and it calculates little a row
        sqlx::query!(
            "select set_config('work_mem', greatest(setting::integer, $1) || 'kB', true) as memory, set_config('jit', 'off', true) as jit
             from pg_settings where name = 'work_mem'",
            WORK_MEM_KB
        )
        .fetch_one(&mut *conn)
        .await?;
        Ok(scope::scope(self, before, run, conn).await?)
    }

    async fn evaluate(&self, run: &Run, conn: &mut PgConnection) -> Result<Value, JobError> {
        let scope = self.scope(run, conn).await?;
        let counts: Counts = self.statement(run, &scope).query_as().fetch_one(&mut *conn).await?;
        scope::settle(self, &scope, run, conn).await?;
        Ok(counts.json())
    }
}

#[derive(sqlx::FromRow)]
struct Counts {
    customers: i64,
    assigned: i64,
    rose: i64,
    fell: i64,
    stayed: i64,
    gone: i64,
    held: i64,
}

impl Counts {
    fn json(&self) -> Value {
        let Self { customers, assigned, rose, fell, stayed, gone, held } = self;
        let mut counts = json!({ "customers": customers, "assigned": assigned, "rose": rose, "fell": fell, "stayed": stayed, "gone": gone });
        if *held > 0 {
            counts["held"] = json!(held);
        }
        counts
    }
}

/// Claims the ladder for the run and keeps others out until the step ends.
async fn advance(run: &Run, conn: &mut PgConnection) -> Result<(), JobError> {
    let claimed = sqlx::query_file!("src/jobs/retier/advance.sql", run.job, run.as_of, run.run_id, run.spec_hash)
        .fetch_optional(&mut *conn)
        .await?;
    if claimed.is_some() {
        return Ok(());
    }
    let stands =
        sqlx::query!("select as_of, run_id from tend.ladder where ladder = $1", run.job).fetch_one(conn).await?;
    let local =
        |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&run.timezone).format("%Y-%m-%d %H:%M").to_string();
    Err(JobError::fail(anyhow::anyhow!(
        "{} stands at {} {} (run {}); it cannot be evaluated for the earlier {}, which would undo what was decided since",
        run.job,
        local(stands.as_of),
        run.timezone,
        stands.run_id,
        local(run.as_of),
    )))
}

impl Job for Ladder {
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        Box::pin(async move {
            let progress = self.evaluate(step.run, step.tx.conn()).await?;
            Ok(Stepped { next: None, progress })
        })
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        Box::pin(explain::explain(self, run, tx.conn()))
    }

    fn decided<'a>(
        &'a self,
        run: &'a Run,
        customer_id: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Decided>, JobError>> {
        Box::pin(async move { Ok(Some(decided::decided(self, run, customer_id, tx.conn()).await?)) })
    }

    /// Every level the customer came to, and those given by hand.
    fn history<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(async move { Ok(history::history(self, run, customer, tx.conn()).await?) })
    }

    /// The whole decision: the conditions of each level, from the top, and what decides beside them.
    fn judge<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(judge::judge(self, run, customer, tx.conn()))
    }

    /// Orders have their time, but whether one was cancelled since, and the customers' own fields, are as of today.
    fn replay(&self) -> Replay {
        Replay::Current
    }
}
