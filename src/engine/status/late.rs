//! Why an open run is where it is: a sentence for a person.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{JobStatus, Late, ReplicaStatus, RunStatus};
use crate::clock::shown;
use crate::engine::Engine;
use crate::engine::door::Trigger;
use crate::engine::slots::ON_TIME;
use crate::engine::unreadable;
use crate::engine::waits::{self, Wait, Waiting};

/// Says of each open run what it waits for; the late ones are listed.
pub(super) async fn explain(
    engine: &Engine,
    conn: &mut PgConnection,
    job: &mut JobStatus,
    replicas: &[ReplicaStatus],
    now: DateTime<Utc>,
    late: &mut Vec<Late>,
) -> sqlx::Result<()> {
    let mut runs = std::mem::take(&mut job.open);
    let ahead = runs.iter().find(|run| run.state == "running").map(|run| run.run_id);
    let oldest = runs.iter().find(|run| run.state == "due" && is_planned(run)).map(|run| run.run_id);
    for run in &mut runs {
        let why = match run.state.as_str() {
            "running" => at_work(conn, run.run_id, job.zone()).await?,
            _ => waiting(engine, conn, job, run, now, Queue { ahead, oldest }, replicas).await?,
        };
        if run.state == "due" && run.slot < now - ON_TIME {
            late.push(Late { job: job.job.clone(), slot: run.slot, why: why.clone() });
        }
        run.why = Some(why);
    }
    job.open = runs;
    Ok(())
}

/// Why slots are not even planned.
pub(super) fn unplanned(replicas: &[ReplicaStatus]) -> String {
    if nobody(replicas) {
        "not planned yet: no replica is alive (start `tend serve`)".to_owned()
    } else {
        "not planned yet".to_owned()
    }
}

/// The runs of the job that come before.
#[derive(Clone, Copy)]
struct Queue {
    ahead: Option<i64>,
    oldest: Option<i64>,
}

async fn waiting(
    engine: &Engine,
    conn: &mut PgConnection,
    job: &JobStatus,
    run: &RunStatus,
    now: DateTime<Utc>,
    queue: Queue,
    replicas: &[ReplicaStatus],
) -> sqlx::Result<String> {
    if let Some(pause) = job.paused.as_ref().filter(|_| is_planned(run)) {
        return Ok(format!("paused by {} since {}", pause.by, shown(pause.at, job.zone())));
    }
    if let Some(ahead) = queue.ahead {
        return Ok(format!("waiting for run {ahead} of the same job, which is at work"));
    }
    if let Some(oldest) = queue.oldest.filter(|oldest| is_planned(run) && *oldest != run.run_id) {
        return Ok(format!("waiting for run {oldest} of the same job, whose slot is earlier"));
    }
    let stored = sqlx::query!(
        "select run_after, spec_hash, business_date, created_at, unreadable_since from tend.job_run where run_id = $1",
        run.run_id
    )
    .fetch_one(&mut *conn)
    .await?;
    if stored.run_after > now {
        let until = shown(stored.run_after, job.zone());
        return Ok(match &run.error {
            Some(error) if run.attempt > 0 => format!("attempt {} at {until}, because: {error}", run.attempt + 1),
            _ => format!("starts at {until}"),
        });
    }
    let spec = match engine.specs.get(conn, &stored.spec_hash).await {
        Ok(spec) => spec,
        Err(error) => {
            let since = stored.unreadable_since.unwrap_or(now);
            let until = shown(since + unreadable::PATIENCE, job.zone());
            return Ok(format!("left to a replica that can read it, fails at {until} if none is there: {error}"));
        }
    };
    if is_planned(run) {
        let waiting = Waiting { slot: run.slot, business_date: stored.business_date, created_at: stored.created_at };
        if let Wait::For { what, until } = waits::check(conn, &engine.specs, &spec, waiting, now).await? {
            return Ok(format!("waiting for {what}; runs without at {}", shown(until, job.zone())));
        }
    }
    Ok(if nobody(replicas) {
        "no replica is alive (start `tend serve`)".to_owned()
    } else {
        "about to start; all places may be taken (engine.max_running)".to_owned()
    })
}

async fn at_work(conn: &mut PgConnection, run_id: i64, zone: Tz) -> sqlx::Result<String> {
    let lease = sqlx::query!(
        r#"select host, until, until < clock_timestamp() as "over!" from tend.lease where run_id = $1"#,
        run_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(match lease {
        None => "its owner is gone; waiting to be taken over".to_owned(),
        Some(lease) if lease.over => {
            format!(
                "{} has shown no sign of life since its lease ended at {}; waiting to be taken over",
                lease.host,
                shown(lease.until, zone)
            )
        }
        Some(lease) => format!("at work on {}, lease until {}", lease.host, shown(lease.until, zone)),
    })
}

fn is_planned(run: &RunStatus) -> bool {
    Trigger::of(&run.trigger).is_some_and(Trigger::is_planned)
}

fn nobody(replicas: &[ReplicaStatus]) -> bool {
    !replicas.iter().any(|replica| replica.alive)
}
