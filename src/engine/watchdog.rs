//! The watchdog compares what should have happened by now with the rows, and raises alarms.
//!
//! Every replica watches all of them, so that a dead one is reported by the living. An alarm is raised once and cleared
//! when its cause is gone; both are logged.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::PgConnection;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Engine;
use super::backoff::delta;
use super::slots::ON_TIME;

/// What is wrong at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    kind: String,
    subject: String,
    message: String,
}

/// Watches until told to stop.
pub(super) async fn watch(engine: Arc<Engine>, stop: CancellationToken) {
    let mut rounds = interval(engine.pace.watch_interval);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = rounds.tick() => {}
        }
        if let Err(error) = round(&engine).await {
            tracing::warn!("the watchdog could not look: {error}");
        }
    }
}

/// One round: raises what is new, clears what is over. Number of open alarms.
///
/// # Errors
/// When the database refuses.
pub async fn round(engine: &Engine) -> sqlx::Result<usize> {
    let mut tx = engine.db.begin("watchdog").await?;
    // One replica at a time is enough; the others would only find the same.
    let alone =
        sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('tend:watchdog', 0)) as "alone!""#);
    if !alone.fetch_one(&mut *tx).await? {
        return Ok(0);
    }
    let now = engine.clock.now(&mut tx).await?;
    // changes are noted also where no ladder ever reads them
    sqlx::query!("select tend.tidy_changes()").execute(&mut *tx).await?;
    let mut findings = found_by_rows(engine, &mut tx, now).await?;
    findings.extend(unplanned(engine, &mut tx, now).await?);
    record(&mut tx, &findings, now).await?;
    tx.commit().await?;
    Ok(findings.len())
}

/// All that rows tell by themselves.
async fn found_by_rows(engine: &Engine, conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<Vec<Finding>> {
    let late = now - delta(engine.pace.overdue);
    let silent = engine.silence().as_secs_f64();
    let breached = (engine.pace.takeover_interval * 2).as_secs_f64();
    sqlx::query_file_as!(Finding, "src/engine/findings.sql", now, late, silent, breached, now + ON_TIME)
        .fetch_all(conn)
        .await
}

/// Jobs whose slots are not even planned: no replica is alive that can read them.
async fn unplanned(engine: &Engine, conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<Vec<Finding>> {
    let jobs = sqlx::query!("select job, spec_hash, planned_to from tend.job where enabled and removed_at is null")
        .fetch_all(&mut *conn)
        .await?;
    let mut findings = Vec::new();
    for job in jobs {
        let message = match engine.specs.get(conn, &job.spec_hash).await {
            Err(error) if job.planned_to < now - delta(engine.pace.overdue) => Some(format!("{}: {error}", job.job)),
            Err(_) => None,
            Ok(spec) => spec
                .schedule
                .as_ref()
                .and_then(|schedule| schedule.next_after(job.planned_to))
                .filter(|slot| *slot < now - delta(engine.pace.overdue))
                .map(|slot| {
                    format!(
                        "{}: the slot {} is not planned yet",
                        job.job,
                        slot.to_rfc3339_opts(SecondsFormat::Secs, true)
                    )
                }),
        };
        findings.extend(message.map(|message| Finding {
            kind: "run_overdue".to_owned(),
            subject: format!("{} unplanned", job.job),
            message,
        }));
    }
    Ok(findings)
}

async fn record(conn: &mut PgConnection, findings: &[Finding], now: DateTime<Utc>) -> sqlx::Result<()> {
    let kinds: Vec<_> = findings.iter().map(|finding| finding.kind.clone()).collect();
    let subjects: Vec<_> = findings.iter().map(|finding| finding.subject.clone()).collect();
    let messages: Vec<_> = findings.iter().map(|finding| finding.message.clone()).collect();
    // an open alarm says how things stand now; it is logged when it is raised only
    sqlx::query!(
        "update tend.alarm set message = found.message
         from unnest($1::text[], $2::text[], $3::text[]) as found (kind, subject, message)
         where alarm.cleared_at is null and alarm.key = found.kind || ' ' || found.subject
           and alarm.message <> found.message",
        &kinds,
        &subjects,
        &messages
    )
    .execute(&mut *conn)
    .await?;
    let raised = sqlx::query!(
        "insert into tend.alarm (key, kind, subject, message, raised_at)
         select kind || ' ' || subject, kind, subject, message, $4
         from unnest($1::text[], $2::text[], $3::text[]) as found (kind, subject, message)
         on conflict (key) where cleared_at is null do nothing
         returning kind, subject, message",
        &kinds,
        &subjects,
        &messages,
        now
    )
    .fetch_all(&mut *conn)
    .await?;
    for alarm in raised {
        tracing::error!(alarm.kind = alarm.kind, alarm.subject = alarm.subject, "alarm: {}", alarm.message);
    }
    let cleared = sqlx::query!(
        "update tend.alarm set cleared_at = $3
         where cleared_at is null
           and not exists (select 1 from unnest($1::text[], $2::text[]) as found (kind, subject)
                           where alarm.key = found.kind || ' ' || found.subject)
         returning kind, subject",
        &kinds,
        &subjects,
        now
    )
    .fetch_all(conn)
    .await?;
    for alarm in cleared {
        tracing::info!(alarm.kind = alarm.kind, alarm.subject = alarm.subject, "alarm over");
    }
    Ok(())
}
