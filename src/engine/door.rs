//! The door between the engine and the jobs: all that either knows of the other.
//!
//! A job is a function of (database, as-of instant, spec, code). It is handed a transaction it cannot end, an as-of
//! instant and where it stopped; it never asks for "now", never sends, never commits. The engine ends the transaction
//! with the fence. So a preview is the real run rolled back, and there is no `dry_run` anywhere.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

/// Why there is this run. Stored in `tend.job_run.trigger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Planned in time.
    Schedule,
    /// Planned late, after downtime.
    Catchup,
    /// `tend run`.
    Manual,
    /// `tend backfill`.
    Backfill,
    /// `tend plan`; always rolled back.
    Preview,
}

impl Trigger {
    /// The word in `tend.job_run.trigger`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Catchup => "catchup",
            Self::Manual => "manual",
            Self::Backfill => "backfill",
            Self::Preview => "preview",
        }
    }

    /// Reads the word; a CHECK keeps others out of the table.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Schedule, Self::Catchup, Self::Manual, Self::Backfill, Self::Preview]
            .into_iter()
            .find(|one| one.word() == word)
    }

    /// Whether the run stands for a slot of the schedule, not for somebody's wish.
    #[must_use]
    pub fn is_planned(self) -> bool {
        matches!(self, Self::Schedule | Self::Catchup)
    }
}

/// What a past as-of means for a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// All its facts have a valid time: a backfill gives what the night would have given.
    Exact,
    /// It judges on today's data; backfill says so.
    Current,
    /// Backfill refuses it.
    Never,
}

/// What a run is told about itself.
#[derive(Debug, Clone)]
pub struct Run {
    /// `tend.job_run.run_id`.
    pub run_id: i64,
    /// The job's name: the file's stem.
    pub job: String,
    /// The spec it runs with.
    pub spec_hash: String,
    /// The instant the run pretends it is.
    pub as_of: DateTime<Utc>,
    /// The local day of the as-of in the job's zone.
    pub business_date: NaiveDate,
    /// The job's zone.
    pub timezone: Tz,
    /// Why there is this run.
    pub trigger: Trigger,
}

impl Run {
    /// A run without a row, for asking a job what it makes of a customer.
    #[must_use]
    pub fn asked(job: &str, spec_hash: &str, as_of: DateTime<Utc>, timezone: Tz) -> Self {
        Self {
            run_id: 0,
            job: job.to_owned(),
            spec_hash: spec_hash.to_owned(),
            as_of,
            business_date: as_of.with_timezone(&timezone).date_naive(),
            timezone,
            trigger: Trigger::Preview,
        }
    }
}

/// A transaction the job cannot end.
pub struct Tx<'t> {
    conn: &'t mut PgConnection,
}

impl<'t> Tx<'t> {
    /// Lends a connection on which a transaction is open.
    pub fn lend(conn: &'t mut PgConnection) -> Self {
        Self { conn }
    }

    /// The connection to run statements on; `begin`, `commit` and `rollback` are refused by `tests/it/architecture.rs`.
    pub fn conn(&mut self) -> &mut PgConnection {
        self.conn
    }

    /// Begins a piece of the work that may fail without the rest of it; [`Self::end_piece`] ends it.
    ///
    /// # Errors
    /// When the connection cannot be worked with.
    pub async fn begin_piece(&mut self) -> Result<(), JobError> {
        sqlx::query("savepoint piece").execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Ends a piece: what one did that failed is undone, and the connection works on.
    ///
    /// # Errors
    /// What trying the whole step again may help against, and connections that cannot be worked with. The inner one is the
    /// piece's own.
    pub async fn end_piece<T>(&mut self, done: Result<T, JobError>) -> Result<Result<T, JobError>, JobError> {
        if matches!(done, Err(JobError::Retry { .. })) {
            return done.map(Ok);
        }
        if done.is_err() {
            sqlx::query("rollback to savepoint piece").execute(&mut *self.conn).await?;
        }
        sqlx::query("release savepoint piece").execute(&mut *self.conn).await?;
        Ok(done)
    }
}

/// One step of a run.
pub struct Step<'t> {
    /// The run it belongs to.
    pub run: &'t Run,
    /// The transaction to work in.
    pub tx: Tx<'t>,
    /// What the step before returned; none for the first.
    pub cursor: Option<Value>,
    /// Cancelled when the lease was lost or somebody cancelled the run: stop, the step is rolled back.
    pub cancelled: CancellationToken,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepped {
    /// Where the next step goes on; none when the run is done.
    pub next: Option<Value>,
    /// What the whole run has done so far, counts by name; shown by `tend status`.
    pub progress: Value,
}

/// Retry or fail is decided where the error happens.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Try again, by the engine's backoff or after the given time.
    #[error("{source:#}")]
    Retry {
        /// Not before this long from now; none: the engine's backoff.
        after: Option<Duration>,
        /// What happened.
        source: anyhow::Error,
    },
    /// Trying again would not help.
    #[error("{0:#}")]
    Fail(anyhow::Error),
}

impl JobError {
    /// Try again later.
    pub fn retry(source: impl Into<anyhow::Error>) -> Self {
        Self::Retry { after: None, source: source.into() }
    }

    /// Do not try again.
    pub fn fail(source: impl Into<anyhow::Error>) -> Self {
        Self::Fail(source.into())
    }
}

/// Database errors that pass by themselves are retried, the others are defects of data or code.
impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        if crate::db::is_transient(&error) { Self::retry(error) } else { Self::fail(error) }
    }
}

/// What a run did or a preview would do, for people and for programs.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Stable keys; what `--json` prints.
    pub json: Value,
    /// What a terminal shows.
    pub text: String,
    /// The same as a page for browsers and paper, in one file; none where the kind has no page.
    pub html: Option<String>,
}

/// What a run decided about a customer, by name, such as `level` → "high". Which names there are is the kind's.
pub type Decision = BTreeMap<&'static str, Value>;

/// What a run decided about a customer, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// What.
    pub what: Decision,
    /// Why, for people.
    pub why: String,
}

/// A message made to be looked at.
#[derive(Debug, Clone)]
pub struct MadeUp {
    /// Step of a job with several messages; empty for the first.
    pub step: String,
    /// Folder below `templates/`.
    pub template: String,
    /// What it is for.
    pub purpose: &'static str,
    /// Channel → languages of the template.
    pub languages: BTreeMap<&'static str, Vec<String>>,
    /// Language of those whose own the template does not have.
    pub locale: String,
    /// The offer it is made with.
    pub offer: Option<String>,
    /// Language → what the template gets besides the customer.
    pub data: Value,
}

/// The code behind a kind, with the spec it was configured with.
pub trait Job: Send + Sync + std::fmt::Debug {
    /// Does one step. A second run for the same as-of must find nothing left to do.
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>>;

    /// Reads the rows of `run` and says what was decided and why. Called inside the transaction of a preview, and
    /// after a real run.
    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>>;

    /// Reads from the rows of `run` what it decided about one customer; none for kinds whose runs are not about
    /// customers. Called inside the transaction of a check.
    fn decided<'a>(
        &'a self,
        run: &'a Run,
        customer_id: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Decided>, JobError>> {
        let _ = (run, customer_id, tx);
        Box::pin(std::future::ready(Ok(None)))
    }

    /// How each condition of the job comes out for one customer at the run's as-of; none when there is no such customer,
    /// or the job has no conditions. Reads only.
    fn judge<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        let _ = (run, customer, tx);
        Box::pin(async { Ok(None) })
    }

    /// What is on record about one customer up to the run's as-of: what earlier runs decided, and what came of it. None
    /// when there is no such customer, or the job keeps nothing about customers. Reads only.
    fn history<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        let _ = (run, customer, tx);
        Box::pin(async { Ok(None) })
    }

    /// How the deadlines of a ticket come about at the run's as-of; none when there is no such ticket, or the job is not
    /// about tickets. Reads only.
    fn ticket<'a>(
        &'a self,
        run: &'a Run,
        ticket_id: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        let _ = (run, ticket_id, tx);
        Box::pin(async { Ok(None) })
    }

    /// What a past as-of means.
    fn replay(&self) -> Replay;

    /// What the messages of the job look like without an occasion, the first and each of the steps: with the offer of
    /// that name, else with the first; none for kinds that send none, the names of the offers where there is none of
    /// that name.
    fn made_up(&self, run: &Run, offer: Option<&str>) -> Option<Result<Vec<MadeUp>, Vec<String>>> {
        let _ = (run, offer);
        None
    }

    /// Coupon pools its messages take codes from.
    fn coupon_pools(&self) -> Vec<String> {
        Vec::new()
    }

    /// What its messages ask customers, as `tend.spec.asks` keeps it.
    fn asks(&self) -> Option<Value> {
        None
    }

    /// Paths below `templates/` that belong to the spec.
    fn templates(&self) -> Vec<String> {
        Vec::new()
    }
}
