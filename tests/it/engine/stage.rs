//! A stage for toy jobs: a world, a table in which every execution leaves a row, and engines on it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tend::db::{Database, DatabaseSettings};
use tend::engine::Engine;
use tend::engine::door::{Explained, Job, JobError, Replay, Run, Step, Stepped, Tx};
use tend::engine::schedule::Schedule;
use tend::engine::specs::{CatchUp, Missed, ReadSpec, Spec, StoredSpec};
use tend::settings::{EngineSettings, Settings};

use crate::support::{World, eventually, instant};

/// What a toy job does in each of its steps, besides leaving its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    Count,
    /// This many steps.
    Steps(u32),
    /// Keeps the backend busy, at the first attempt.
    Sleep(u32),
    /// Takes the one mutex; a preview then waits for the gate, and so does a run by hand.
    Mutex,
    Fail,
    Retry,
    /// Fails with a retry until the run has been started this often.
    FailBelow(i32),
    Panic,
    /// Waits in each of so many steps until the table `gate` says it is open up to that step.
    Gate(u32),
}

/// A toy job file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Toy {
    pub cron: Option<String>,
    pub timezone: String,
    pub catch_up: String,
    pub window_hours: Option<u64>,
    pub max: u32,
    pub after: Vec<String>,
    pub after_max_minutes: u64,
    pub jitter_seconds: u64,
    pub start_deadline_minutes: Option<u64>,
    pub replay: String,
    /// Only a newer version can read it.
    #[serde(default)]
    pub newer: bool,
    pub act: Act,
}

impl Toy {
    pub fn new(cron: &str, act: Act) -> Self {
        Self {
            cron: (!cron.is_empty()).then(|| cron.to_owned()),
            timezone: "UTC".to_owned(),
            catch_up: "all".to_owned(),
            window_hours: None,
            max: 1000,
            after: Vec::new(),
            after_max_minutes: 360,
            jitter_seconds: 0,
            start_deadline_minutes: None,
            replay: "exact".to_owned(),
            newer: false,
            act,
        }
    }

    pub fn catch_up(mut self, missed: &str) -> Self {
        self.catch_up = missed.to_owned();
        self
    }
}

#[derive(Debug)]
struct Acting {
    act: Act,
    replay: String,
}

impl Job for Acting {
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        self.act(step).boxed()
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        async move {
            let rows: Vec<(i32, DateTime<Utc>)> =
                sqlx::query_as("select step, as_of from toy.done where run_id = $1 order by step")
                    .bind(run.run_id)
                    .fetch_all(tx.conn())
                    .await?;
            let json = json!({ "as_of": run.as_of, "date": run.business_date, "steps": rows });
            Ok(Explained { text: format!("{json}"), json, html: None })
        }
        .boxed()
    }

    fn replay(&self) -> Replay {
        match self.replay.as_str() {
            "never" => Replay::Never,
            "current" => Replay::Current,
            _ => Replay::Exact,
        }
    }
}

impl Acting {
    async fn act(&self, step: &mut Step<'_>) -> Result<Stepped, JobError> {
        let number = step.cursor.as_ref().and_then(Value::as_u64).map_or(1, |at| u32::try_from(at).unwrap());
        sqlx::query("insert into toy.done (job, as_of, run_id, step, trigger) values ($1, $2, $3, $4, $5)")
            .bind(&step.run.job)
            .bind(step.run.as_of)
            .bind(step.run.run_id)
            .bind(i32::try_from(number).unwrap())
            .bind(step.run.trigger.word())
            .execute(step.tx.conn())
            .await?;
        let mut steps = 1;
        match &self.act {
            Act::Count => {}
            Act::Steps(count) => steps = *count,
            Act::Sleep(seconds) => {
                if attempt(step).await? == 1 {
                    sqlx::query("select pg_sleep($1)").bind(f64::from(*seconds)).execute(step.tx.conn()).await?;
                }
            }
            Act::Mutex => {
                sqlx::query("select 1 from toy.mutex for update").execute(step.tx.conn()).await?;
                if !step.run.trigger.is_planned() {
                    pass_gate(step, number).await?;
                }
            }
            Act::Fail => return Err(JobError::fail(anyhow::anyhow!("no such ladder").context("the toy failed"))),
            Act::Retry => return Err(JobError::retry(anyhow::anyhow!("not yet"))),
            Act::FailBelow(attempts) => {
                let attempt = attempt(step).await?;
                if attempt < *attempts {
                    return Err(JobError::retry(anyhow::anyhow!("not at attempt {attempt}")));
                }
            }
            Act::Panic => panic!("toy panic"),
            Act::Gate(count) => {
                steps = *count;
                pass_gate(step, number).await?;
            }
        }
        Ok(Stepped { next: (number < steps).then(|| json!(number + 1)), progress: json!({ "steps": number }) })
    }
}

async fn attempt(step: &mut Step<'_>) -> Result<i32, JobError> {
    let query = sqlx::query_scalar("select attempt from tend.job_run where run_id = $1").bind(step.run.run_id);
    Ok(query.fetch_one(step.tx.conn()).await?)
}

async fn pass_gate(step: &mut Step<'_>, number: u32) -> Result<(), JobError> {
    let attempt = attempt(step).await?; // a zombie would see its successor's later
    loop {
        let query = "select exists (select 1 from toy.gate where step >= $1 and coalesce(attempt, $2) = $2)";
        let open: bool = sqlx::query_scalar(query)
            .bind(i32::try_from(number).unwrap())
            .bind(attempt)
            .fetch_one(step.tx.conn())
            .await?;
        if open {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Reads a toy job file as an older version does.
fn read(stored: StoredSpec) -> anyhow::Result<Arc<Spec>> {
    let toy: Toy = serde_json::from_str(&stored.body)?;
    anyhow::ensure!(!toy.newer, "newer than this binary");
    read_all(stored)
}

/// Reads a toy job file as a newer version does.
fn read_all(stored: StoredSpec) -> anyhow::Result<Arc<Spec>> {
    let toy: Toy = serde_json::from_str(&stored.body)?;
    let timezone: chrono_tz::Tz = toy.timezone.parse()?;
    Ok(Arc::new(Spec {
        job: stored.job,
        hash: stored.hash,
        schedule: toy.cron.as_deref().map(|cron| Schedule::parse(cron, timezone, None)).transpose()?,
        catch_up: CatchUp {
            missed: match toy.catch_up.as_str() {
                "skip" => Missed::Skip,
                "latest" => Missed::Latest,
                _ => Missed::All,
            },
            window: toy.window_hours.map(|hours| Duration::from_secs(hours * 3600)),
            max: toy.max,
        },
        after: toy.after,
        after_max: Duration::from_secs(toy.after_max_minutes * 60),
        jitter: Duration::from_secs(toy.jitter_seconds),
        start_deadline: toy.start_deadline_minutes.map(|minutes| Duration::from_secs(minutes * 60)),
        timezone,
        enabled: true,
        owner: None,
        code: Arc::new(Acting { act: toy.act, replay: toy.replay }),
    }))
}

/// The settings of `config/`, with times that tests do not have to wait for.
pub fn pace() -> EngineSettings {
    let settings = Settings::read(Path::new("config"), []).unwrap_or_else(|error| panic!("{error}"));
    EngineSettings { plan_interval: Duration::from_millis(50), ..settings.engine }
}

pub struct Stage {
    pub world: World,
}

impl Stage {
    pub async fn new() -> Self {
        let world = World::new().await;
        world
            .sql(
                "create schema toy;
                 create table toy.done
                     (id serial, job text, as_of timestamptz, run_id bigint, step int, trigger text);
                 create table toy.gate (step int, attempt int);
                 create table toy.mutex as select 1 as one",
            )
            .await;
        Self { world }
    }

    /// Stores the toy as a spec; its hash.
    pub async fn store(&self, job: &str, toy: &Toy) -> String {
        let body = serde_json::to_string(toy).unwrap();
        let digest = Sha256::digest(format!("{job}\0{body}").as_bytes());
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        sqlx::query("insert into tend.spec (hash, job, kind, body) values ($1, $2, 'toy', $3) on conflict do nothing")
            .bind(&hash)
            .bind(job)
            .bind(&body)
            .execute(self.world.pool())
            .await
            .unwrap();
        hash
    }

    /// Puts the toy in force, known since now.
    pub async fn install(&self, job: &str, toy: &Toy) {
        let hash = self.store(job, toy).await;
        sqlx::query(
            "insert into tend.job (job, kind, spec_hash, revision, enabled, known_since, planned_to, schedule_hash)
             select $1, 'toy', $2, 1, true, instant, instant, '' from tend.driven_clock
             on conflict (job) do update set spec_hash = excluded.spec_hash",
        )
        .bind(job)
        .bind(&hash)
        .execute(self.world.pool())
        .await
        .unwrap();
    }

    pub fn engine(&self) -> Arc<Engine> {
        self.engine_with(pace())
    }

    /// An engine that can read what is newer.
    pub fn newer_engine(&self) -> Arc<Engine> {
        Arc::new(Engine::new(self.world.db().clone(), self.world.clock(), Arc::new(read_all) as ReadSpec, pace()))
    }

    pub fn engine_with(&self, pace: EngineSettings) -> Arc<Engine> {
        self.engine_on(self.world.db().clone(), pace)
    }

    pub fn engine_on(&self, db: Database, pace: EngineSettings) -> Arc<Engine> {
        Arc::new(Engine::new(db, self.world.clock(), Arc::new(read) as ReadSpec, pace))
    }

    /// An engine with connections of its own, as another process has them.
    pub async fn replica(&self, pace: EngineSettings) -> (Arc<Engine>, Database) {
        let db = Database::connect(&DatabaseSettings::new(self.world.url())).await.unwrap();
        (self.engine_on(db.clone(), pace), db)
    }

    pub async fn spec(&self, engine: &Engine, hash: &str) -> Arc<Spec> {
        let mut conn = self.world.pool().acquire().await.unwrap();
        engine.specs().get(&mut conn, hash).await.unwrap()
    }

    pub async fn at(&self, now: &str) {
        self.world.advance_to(instant(now)).await;
    }

    /// The rows of a job, oldest slot first.
    pub async fn runs(&self, job: &str) -> Vec<String> {
        self.world
            .rows(&format!(
                "select to_char(slot, 'MM-DD HH24:MI') as slot, trigger, state, reason, note
                 from tend.job_run where job = '{job}' order by slot, run_id"
            ))
            .await
    }

    /// How often each as-of of a job was executed, oldest first.
    pub async fn done(&self, job: &str) -> Vec<String> {
        self.world
            .rows(&format!(
                "select to_char(as_of, 'MM-DD HH24:MI') as slot, count(*) from toy.done where job = '{job}' group by as_of order by as_of"
            ))
            .await
    }

    /// The lease of every run at work is over.
    pub async fn expire_leases(&self) {
        self.world.sql("update tend.lease set until = clock_timestamp() - interval '1 s'").await;
    }

    /// Waits until a step is at work.
    pub async fn at_work(&self) {
        eventually("a step is at work", async || {
            self.world.value("select exists (select 1 from tend.lease where backend_pid is not null)").await == "true"
        })
        .await;
    }

    /// State, attempt, rescues and error of the only run.
    pub async fn only_run(&self) -> String {
        let rows = self.world.rows("select state, attempt, rescues, error from tend.job_run").await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0].clone()
    }

    /// Opens the gate up to a step.
    pub async fn open(&self, step: i32) {
        self.world.sql(&format!("insert into toy.gate values ({step})")).await;
    }
}
