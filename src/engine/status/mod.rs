//! How things stand: jobs, runs, what is late and why, replicas, alarms, messages. For `tend status`, and later for the
//! console; a snapshot in one read-only transaction.

mod late;
mod text;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Engine;
use super::slots::ON_TIME;
use crate::clock::shown;

/// Slots shown of what is to come.
const COMING: usize = 3;

/// How things stood at one instant.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The instant, by the engine's provider of time.
    pub now: DateTime<Utc>,
    /// All jobs in force, and those that still have a run open.
    pub jobs: Vec<JobStatus>,
    /// What should have happened by now, and why it has not.
    pub late: Vec<Late>,
    /// The running daemons.
    pub replicas: Vec<ReplicaStatus>,
    /// Open alarms, oldest first.
    pub alarms: Vec<AlarmStatus>,
    /// Messages by channel, provider and state.
    pub outbox: Vec<OutboxCount>,
    /// Channels and recipient domains that are warming up.
    pub ramps: Vec<RampStatus>,
    /// Since when, by whom and why all sending is stopped.
    pub sending_paused: Option<PauseStatus>,
    /// The errors of the job folder while it is broken.
    pub folder_problem: Option<String>,
    /// Where tend is not told of changes in `crm`: what that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unnoted: Option<&'static str>,
}

/// Over views (or tables tend may not watch) nothing tells tend what changed.
const UNNOTED: &str = "crm is views, or tables tend may not watch: nothing tells what changed there. So a run of a ladder \
    judges everybody, by facts about orders that are kept: it reads again the customers with an order in the 7 days before \
    the last run or since, and those an order of whom left the window. What comes later than that, or is changed or \
    deleted more than 7 days after it was placed, is seen when all orders are counted, which is at least once a week.";

/// What it means that changes in `crm` are not noted, where they are not.
///
/// # Errors
/// When the database refuses, or has not tend's tables.
pub async fn unnoted(conn: &mut PgConnection) -> sqlx::Result<Option<&'static str>> {
    let noted = sqlx::query_scalar!(r#"select tend.captures_changes() as "noted!""#).fetch_one(conn).await?;
    Ok((!noted).then_some(UNNOTED))
}

/// One job.
#[derive(Debug, Clone, Serialize)]
pub struct JobStatus {
    /// Its name.
    pub job: String,
    /// The code behind it.
    pub kind: String,
    /// Whom to tell; none when its spec cannot be read here.
    pub owner: Option<String>,
    /// Its zone, in which a person reads its times; none when its spec cannot be read here.
    pub timezone: Option<Tz>,
    /// Whether slots are planned.
    pub enabled: bool,
    /// Since when, by whom and why it is paused.
    pub paused: Option<PauseStatus>,
    /// Why this version cannot read its spec.
    pub unreadable: Option<String>,
    /// The run for the newest slot that has ended.
    pub last: Option<RunStatus>,
    /// Runs at work and runs that wait.
    pub open: Vec<RunStatus>,
    /// The next slots.
    pub next: Vec<Coming>,
}

/// A channel or a recipient domain that sends more every day.
#[derive(Debug, Clone, Serialize)]
pub struct RampStatus {
    /// `provider:CHANNEL` or `domain:CHANNEL:DOMAIN`.
    pub name: String,
    /// The day that is counted, UTC.
    pub day: NaiveDate,
    /// Which day of sending it is.
    pub stage: i32,
    /// Messages of that day so far.
    pub sent: i64,
    /// Messages it allows.
    pub allowance: i64,
    /// Messages a day from which on there is no limit any more.
    pub full_rate: i64,
}

/// A pause.
#[derive(Debug, Clone, Serialize)]
pub struct PauseStatus {
    /// Since when.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// Why.
    pub note: String,
}

/// One run.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of tend.job_run, explained there")]
pub struct RunStatus {
    pub run_id: i64,
    pub trigger: String,
    pub slot: DateTime<Utc>,
    pub state: String,
    pub attempt: i32,
    pub rescues: i32,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub progress: Option<Value>,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub error: Option<String>,
    /// Of an open run: what it waits for, a sentence.
    pub why: Option<String>,
}

/// A slot to come.
#[derive(Debug, Clone, Serialize)]
pub struct Coming {
    /// In the job's zone, with its offset.
    pub local: String,
    /// The same in UTC.
    pub utc: DateTime<Utc>,
    /// What daylight saving does to it.
    pub remark: Option<String>,
}

impl JobStatus {
    /// The zone for a person who reads about this job.
    fn zone(&self) -> Tz {
        self.timezone.unwrap_or(Tz::UTC)
    }
}

/// Something that should have happened by now.
#[derive(Debug, Clone, Serialize)]
pub struct Late {
    /// Which job.
    pub job: String,
    /// The slot.
    pub slot: DateTime<Utc>,
    /// What it waits for, a sentence.
    pub why: String,
}

/// A daemon.
#[derive(Debug, Clone, Serialize)]
pub struct ReplicaStatus {
    /// Names the process start.
    pub instance: Uuid,
    /// Host and process id.
    pub host: String,
    /// Version of the binary.
    pub version: String,
    /// Start of the process.
    pub started_at: DateTime<Utc>,
    /// Last sign of life.
    pub seen_at: DateTime<Utc>,
    /// Whether that was within the lease.
    pub alive: bool,
    /// Revision of the job folder it works with.
    pub revision: Option<i64>,
}

/// An alarm.
#[derive(Debug, Clone, Serialize)]
pub struct AlarmStatus {
    /// What sort.
    pub kind: String,
    /// A sentence.
    pub message: String,
    /// When it was first seen.
    pub raised_at: DateTime<Utc>,
}

/// Messages of one channel and provider in one state.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxCount {
    /// email or sms.
    pub channel: String,
    /// Which of the configured channels took them; none as long as they wait.
    pub provider: Option<String>,
    /// See `src/outbox/mod.rs`.
    pub state: String,
    /// How many.
    pub messages: i64,
}

/// Takes the snapshot.
///
/// # Errors
/// When the database cannot be asked.
pub async fn status(engine: &Engine) -> sqlx::Result<Status> {
    let mut tx = engine.db.begin("status").await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let now = engine.clock.now(&mut tx).await?;
    let replicas = replicas(engine, &mut tx).await?;
    let mut jobs = jobs(&mut tx).await?;
    let mut late = Vec::new();
    for job in &mut jobs {
        complete(engine, &mut tx, job, &replicas, now, &mut late).await?;
    }
    let status = Status {
        now,
        jobs: jobs.into_iter().map(|job| job.status).collect(),
        late,
        replicas,
        alarms: alarms(&mut tx).await?,
        outbox: outbox(&mut tx).await?,
        ramps: ramps(&mut tx).await?,
        sending_paused: sending_paused(&mut tx).await?,
        folder_problem: sqlx::query_scalar!("select report from tend.folder_problem").fetch_optional(&mut *tx).await?,
        unnoted: unnoted(&mut tx).await?,
    };
    tx.commit().await?;
    Ok(status)
}

/// A job with what its slots are worked out from.
struct Stored {
    status: JobStatus,
    spec_hash: String,
    planned_to: DateTime<Utc>,
}

async fn jobs(conn: &mut PgConnection) -> sqlx::Result<Vec<Stored>> {
    let rows = sqlx::query!(
        "select job, kind, spec_hash, planned_to, enabled, paused_at, paused_by, pause_note from tend.job
         where removed_at is null
            or exists (select 1 from tend.job_run as run where run.job = job.job and run.state in ('due', 'running'))
         order by job"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Stored {
            status: JobStatus {
                job: row.job,
                kind: row.kind,
                owner: None,
                timezone: None,
                enabled: row.enabled,
                paused: row.paused_at.map(|at| PauseStatus {
                    at,
                    by: row.paused_by.unwrap_or_default(),
                    note: row.pause_note.unwrap_or_default(),
                }),
                unreadable: None,
                last: None,
                open: Vec::new(),
                next: Vec::new(),
            },
            spec_hash: row.spec_hash,
            planned_to: row.planned_to,
        })
        .collect())
}

/// Adds runs and slots, and what of them is late.
async fn complete(
    engine: &Engine,
    conn: &mut PgConnection,
    stored: &mut Stored,
    replicas: &[ReplicaStatus],
    now: DateTime<Utc>,
    late: &mut Vec<Late>,
) -> sqlx::Result<()> {
    let job = &mut stored.status;
    job.last =
        sqlx::query_file_as!(RunStatus, "src/engine/status/last.sql", job.job).fetch_optional(&mut *conn).await?;
    job.open = sqlx::query_file_as!(RunStatus, "src/engine/status/open.sql", job.job).fetch_all(&mut *conn).await?;
    let spec = match engine.specs.get(conn, &stored.spec_hash).await {
        Ok(spec) => spec,
        Err(error) => {
            job.unreadable = Some(error.to_string());
            return late::explain(engine, conn, job, replicas, now, late).await;
        }
    };
    job.owner.clone_from(&spec.owner);
    job.timezone = Some(spec.timezone);
    late::explain(engine, conn, job, replicas, now, late).await?;
    let Some(schedule) = spec.schedule.as_ref().filter(|_| job.enabled) else { return Ok(()) };
    if let Some(slot) = schedule.next_after(stored.planned_to).filter(|slot| *slot < now - ON_TIME) {
        late.push(Late { job: job.job.clone(), slot, why: late::unplanned(replicas) });
    }
    let horizon = DateTime::<Utc>::MAX_UTC;
    job.next = schedule
        .between(now, horizon, COMING)
        .into_iter()
        .map(|slot| Coming { local: shown(slot, spec.timezone), utc: slot, remark: schedule.remark(slot) })
        .collect();
    Ok(())
}

async fn replicas(engine: &Engine, conn: &mut PgConnection) -> sqlx::Result<Vec<ReplicaStatus>> {
    sqlx::query_as!(
        ReplicaStatus,
        r#"select instance, host, version, started_at, seen_at, revision,
                  seen_at > clock_timestamp() - make_interval(secs => $1) as "alive!"
           from tend.replica order by started_at"#,
        engine.pace.lease_ttl.as_secs_f64()
    )
    .fetch_all(conn)
    .await
}

async fn alarms(conn: &mut PgConnection) -> sqlx::Result<Vec<AlarmStatus>> {
    sqlx::query_as!(
        AlarmStatus,
        "select kind, message, raised_at from tend.alarm where cleared_at is null order by raised_at, alarm_id"
    )
    .fetch_all(conn)
    .await
}

async fn outbox(conn: &mut PgConnection) -> sqlx::Result<Vec<OutboxCount>> {
    sqlx::query_as!(
        OutboxCount,
        r#"select channel, provider, state as "state!", count(*) as "messages!" from tend.outbox
           group by channel, provider, state order by channel, provider nulls first, state"#
    )
    .fetch_all(conn)
    .await
}

async fn ramps(conn: &mut PgConnection) -> sqlx::Result<Vec<RampStatus>> {
    sqlx::query_as!(
        RampStatus,
        r#"select name, day, stage, sent, allowance as "allowance!", full_rate as "full_rate!"
           from tend.ramp where allowance is not null order by name"#
    )
    .fetch_all(conn)
    .await
}

async fn sending_paused(conn: &mut PgConnection) -> sqlx::Result<Option<PauseStatus>> {
    sqlx::query_as!(PauseStatus, r#"select paused_at as at, paused_by as "by", note from tend.sending_pause"#)
        .fetch_optional(conn)
        .await
}
