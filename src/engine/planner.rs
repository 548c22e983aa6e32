//! Planning: every due slot becomes a row of `tend.job_run`.
//!
//! Every replica plans, there is no leader. What keeps a slot from being planned twice are the unique keys (job, slot)
//! and (job, business key); the lock on the job's row only saves work. Rows and watermark move in one transaction, in
//! batches, so that a minute job after a year of downtime neither loses a slot nor holds the year in memory.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Engine;
use super::rewind::{is_ahead, rewind};
use super::slots::{self, Batch, Pause, TOO_LATE};
use super::specs::Spec;

/// Batches of one job in one pass; then the other jobs have their turn.
const BATCHES_PER_PASS: usize = 20;

/// What a pass of the planner did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Planned {
    /// Rows that will run.
    pub due: u64,
    /// Rows of slots that do not run, with their reason.
    pub skipped: u64,
    /// Whether slots are left over for another pass.
    pub more: bool,
}

impl Planned {
    fn add(&mut self, other: Self) {
        self.due += other.due;
        self.skipped += other.skipped;
        self.more = other.more;
    }
}

/// The planning columns of `tend.job`.
struct Watermark {
    spec_hash: String,
    planned_to: DateTime<Utc>,
    pause: Option<Pause>,
}

/// Plans all jobs in force. A job that cannot be planned is logged and does not keep the others from it.
///
/// # Errors
/// When the list of jobs cannot be read or the outdated rows cannot be skipped.
pub(super) async fn plan_all(engine: &Engine) -> sqlx::Result<Planned> {
    let jobs = in_force(&mut *engine.db.pool().acquire().await?).await?;
    plan_each(engine, jobs.into_iter().map(|job| job.job).collect()).await
}

/// The same for the jobs that have a slot since they were planned last; the watermarks of the others stay where they are.
///
/// # Errors
/// As [`plan_all`].
pub(super) async fn plan_due(engine: &Engine) -> sqlx::Result<Planned> {
    let mut conn = engine.db.pool().acquire().await?;
    let now = engine.clock.now(&mut conn).await?;
    let mut due = Vec::new();
    for job in in_force(&mut conn).await? {
        let Ok(spec) = engine.specs.get(&mut conn, &job.spec_hash).await else { continue };
        let next = spec.schedule.as_ref().and_then(|schedule| schedule.next_after(job.planned_to));
        due.extend(next.filter(|slot| *slot <= now).map(|_| job.job));
    }
    drop(conn);
    plan_each(engine, due).await
}

async fn plan_each(engine: &Engine, jobs: Vec<String>) -> sqlx::Result<Planned> {
    let mut all = Planned::default();
    for job in jobs {
        let mut more = false;
        for _ in 0..BATCHES_PER_PASS {
            match plan_job(engine, &job).await {
                Ok(planned) => {
                    all.add(planned);
                    more = planned.more;
                }
                Err(error) => {
                    tracing::error!(job.name = job, "slots could not be planned: {error:#}");
                    more = false;
                }
            }
            if !more {
                break;
            }
        }
        all.more |= more;
    }
    all.skipped += skip_outdated(engine).await?;
    Ok(all)
}

/// One batch of one job, in a transaction of its own.
async fn plan_job(engine: &Engine, job: &str) -> anyhow::Result<Planned> {
    let mut tx = engine.db.begin("plan").await?;
    let Some(mark) = watermark(&mut tx, job).await? else {
        tx.rollback().await?;
        return Ok(Planned::default());
    };
    let now = engine.clock.now(&mut tx).await?;
    if is_ahead(mark.planned_to, now) {
        rewind(&mut tx, job, mark.planned_to, now).await?;
        tx.commit().await?;
        return Ok(Planned { more: true, ..Planned::default() });
    }
    let Ok(spec) = engine.specs.get(&mut tx, &mark.spec_hash).await else {
        tx.rollback().await?; // at once, so that no row stays locked that another planner skips
        return Ok(Planned::default()); // said once by the specs; replicas that can read it plan it
    };
    let planned = plan_batch(&mut tx, &spec, &mark, now, now).await?;
    tx.commit().await?;
    if planned.due + planned.skipped > 0 {
        tracing::info!(job.name = job, due = planned.due, skipped = planned.skipped, "slots planned");
    }
    Ok(planned)
}

async fn watermark(conn: &mut PgConnection, job: &str) -> sqlx::Result<Option<Watermark>> {
    let row = sqlx::query!(
        "select spec_hash, planned_to, paused_at, paused_by, pause_note from tend.job
         where job = $1 and enabled and removed_at is null for update skip locked",
        job
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Watermark {
        spec_hash: row.spec_hash,
        planned_to: row.planned_to,
        pause: row.paused_at.map(|at| pause(at, row.paused_by, row.pause_note)),
    }))
}

fn pause(at: DateTime<Utc>, by: Option<String>, note: Option<String>) -> Pause {
    Pause { at, by: by.unwrap_or_else(|| "somebody".to_owned()), note: note.unwrap_or_default() }
}

/// Plans everything that became due up to `until` with the given spec and moves the watermark there, in the caller's
/// transaction. To be called before a job's schedule or its `enabled` changes, with the spec that was in force: slots
/// up to the change belong to the old schedule, and the new one never replays the past. A job that was disabled has no
/// slots; only its watermark moves.
///
/// # Errors
/// When the database refuses.
pub async fn settle(conn: &mut PgConnection, old: &Spec, until: DateTime<Utc>) -> sqlx::Result<Planned> {
    let mut all = Planned::default();
    loop {
        let row = sqlx::query!(
            "select planned_to, enabled and removed_at is null as \"active!\", paused_at, paused_by, pause_note
             from tend.job where job = $1 for update",
            old.job
        )
        .fetch_optional(&mut *conn)
        .await?;
        let Some(row) = row else { return Ok(all) };
        if !row.active {
            move_watermark(conn, &old.job, until).await?;
            return Ok(all);
        }
        let pause = row.paused_at.map(|at| pause(at, row.paused_by, row.pause_note));
        let mark = Watermark { spec_hash: old.hash.clone(), planned_to: row.planned_to, pause };
        all.add(plan_batch(conn, old, &mark, until, until).await?);
        if !all.more {
            return Ok(all);
        }
    }
}

async fn plan_batch(
    conn: &mut PgConnection,
    spec: &Spec,
    mark: &Watermark,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<Planned> {
    if until <= mark.planned_to {
        return Ok(Planned::default()); // the clock was set back a little, or nothing passed
    }
    let Some(batch) = slots::due(spec, mark.planned_to, until, mark.pause.as_ref()) else {
        move_watermark(conn, &spec.job, until).await?;
        return Ok(Planned::default());
    };
    let inserted = insert(conn, spec, &batch, now).await?;
    let skipped = batch.slots.iter().filter(|slot| slot.skipped.is_some() && inserted.contains(&slot.slot)).count();
    move_watermark(conn, &spec.job, batch.planned_to).await?;
    let skipped = u64::try_from(skipped).unwrap_or(u64::MAX);
    let inserted = u64::try_from(inserted.len()).unwrap_or(u64::MAX);
    Ok(Planned { due: inserted - skipped, skipped, more: batch.more })
}

async fn move_watermark(conn: &mut PgConnection, job: &str, to: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("update tend.job set planned_to = $2 where job = $1 and planned_to < $2", job, to)
        .execute(conn)
        .await
        .map(drop)
}

/// Writes the rows; returns the slots whose rows are new.
async fn insert(
    conn: &mut PgConnection,
    spec: &Spec,
    batch: &Batch,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<DateTime<Utc>>> {
    if batch.slots.is_empty() {
        return Ok(Vec::new());
    }
    let slots: Vec<_> = batch.slots.iter().map(|slot| slot.slot).collect();
    let triggers: Vec<_> = batch.slots.iter().map(|slot| slot.trigger.word().to_owned()).collect();
    let dates: Vec<_> = batch.slots.iter().map(|slot| slot.business_date).collect();
    let keys: Vec<_> = batch.slots.iter().map(|slot| slot.business_key.clone()).collect();
    let reasons: Vec<_> = batch.slots.iter().map(|slot| slot.skipped.clone()).collect();
    let notes: Vec<_> = batch.slots.iter().map(|slot| slot.note.clone()).collect();
    let run_after: Vec<_> = batch.slots.iter().map(|slot| slot.run_after).collect();
    let deadlines: Vec<_> = batch.slots.iter().map(|slot| slot.start_deadline).collect();
    let inserted = sqlx::query_file_scalar!(
        "src/engine/plan.sql",
        spec.job,
        spec.hash,
        now,
        &slots,
        &triggers,
        &dates,
        &keys,
        &reasons as &[Option<String>],
        &notes as &[Option<String>],
        &run_after,
        &deadlines as &[Option<DateTime<Utc>>],
    )
    .fetch_all(&mut *conn)
    .await?;
    if inserted.len() < slots.len() {
        note_merged(conn, &spec.job, &slots, &keys).await?;
    }
    Ok(inserted)
}

/// A slot whose local day has its run already (a changed schedule, a bent hour) has no row of its own; the row that
/// stands for it says so.
async fn note_merged(conn: &mut PgConnection, job: &str, slots: &[DateTime<Utc>], keys: &[String]) -> sqlx::Result<()> {
    sqlx::query!(
        "update tend.job_run as run
         set note = concat_ws('; ', run.note, 'stands for the slot ' || to_char(planned.slot, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || ' as well')
         from unnest($2::timestamptz[], $3::text[]) as planned (slot, business_key)
         where run.job = $1 and run.business_key = planned.business_key and run.slot <> planned.slot
           and run.trigger in ('schedule', 'catchup')
           and not exists (select 1 from tend.job_run as own where own.job = $1 and own.slot = planned.slot
                           and own.trigger in ('schedule', 'catchup'))",
        job,
        slots,
        keys
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Planned rows that wait but shall not run any more: their job was paused, disabled or removed meanwhile, or their
/// deadline for starting has passed. What somebody asked for by hand stays.
async fn skip_outdated(engine: &Engine) -> sqlx::Result<u64> {
    let mut tx = engine.db.begin("skip").await?;
    let now = engine.clock.now(&mut tx).await?;
    let done = sqlx::query_file!("src/engine/skip_outdated.sql", now, TOO_LATE).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}

/// A job that is planned.
struct InForce {
    job: String,
    spec_hash: String,
    planned_to: DateTime<Utc>,
}

async fn in_force(conn: &mut PgConnection) -> sqlx::Result<Vec<InForce>> {
    sqlx::query_as!(
        InForce,
        "select job, spec_hash, planned_to from tend.job where enabled and removed_at is null order by job"
    )
    .fetch_all(conn)
    .await
}

/// How long until there is something to plan or to claim, as far as is known now; none: nothing is known to come.
///
/// # Errors
/// When the database cannot be asked.
pub(super) async fn until_next(engine: &Engine) -> sqlx::Result<Option<Duration>> {
    let mut conn = engine.db.pool().acquire().await?;
    let now = engine.clock.now(&mut conn).await?;
    let next = next_instant(engine, &mut conn, now, &[]).await?;
    Ok(next.map(|next| (next - now).to_std().unwrap_or_default()))
}

/// When there is something to plan or to claim next, behind `now`, slots of the jobs `but` left out; none: nothing is known
/// to come.
///
/// # Errors
/// When the database cannot be asked.
pub(super) async fn next_instant(
    engine: &Engine,
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    but: &[String],
) -> sqlx::Result<Option<DateTime<Utc>>> {
    let jobs = in_force(conn).await?;
    let mut next =
        sqlx::query_scalar!("select min(run_after) from tend.job_run where state = 'due' and run_after > $1", now)
            .fetch_one(&mut *conn)
            .await?;
    for job in jobs.into_iter().filter(|job| !but.contains(&job.job)) {
        let Ok(spec) = engine.specs.get(conn, &job.spec_hash).await else { continue };
        let slot = spec.schedule.as_ref().and_then(|schedule| schedule.next_after(job.planned_to.max(now)));
        next = [next, slot].into_iter().flatten().min();
    }
    Ok(next)
}
