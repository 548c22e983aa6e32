//! `tend run` and `tend backfill`: runs that somebody asks for.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::args::{Arguments, BackfillArgs, RunArgs};
use super::control::who;
use super::failure::Failure;
use super::page::PageFile;
use super::work::Work;
use super::{print, when};
use crate::engine::control::{self, ControlError};
use crate::engine::door::Replay;
use crate::engine::preview::explain;
use crate::engine::replay::{BackfillError, Requested, execute_now, request_backfill, request_manual};

/// How a run stands in the ledger.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    state: String,
    error: Option<String>,
    reason: Option<String>,
    slot: DateTime<Utc>,
}

/// Runs the job now, in a row of its own.
pub async fn run(arguments: &Arguments, command: &RunArgs) -> Result<(), Failure> {
    let page = command.html.as_deref().map(PageFile::open).transpose()?;
    let work = Work::begin(arguments, &command.job).await?;
    let slot = work.slot(command.at.as_deref()).await?;
    refuse_the_future(&work, slot).await?;
    // each call is a request of its own; the instance is new with every process
    let request = work.engine.instance().to_string();
    let requested = request_manual(&work.engine, &work.spec, slot, &request).await?;
    let ended = finish(&work, requested).await?;
    if let Some(page) = page.filter(|_| ended.succeeded) {
        page.write(ended.html.as_deref())?;
    }
    if arguments.json {
        print::json(&ended.json)?
    } else {
        print::text(&ended.text)?
    }
    if ended.succeeded { Ok(()) } else { Err(Failure::Said(1)) }
}

/// What is decided for a day to come is decided on half of the data, and a ladder does not go back to the days before.
async fn refuse_the_future(work: &Work, slot: DateTime<Utc>) -> Result<(), Failure> {
    if slot <= work.slot(None).await? {
        return Ok(());
    }
    let (job, when) = (&work.spec.job, when::both(slot, work.spec.timezone));
    let day = slot.with_timezone(&work.spec.timezone).date_naive();
    Err(Failure::Usage(format!("{when} is still to come; `tend plan {job} --at {day}` shows what {job} would do then")))
}

/// Runs the job for the slots of past days, oldest first; after one that fails the others are not run.
pub async fn backfill(arguments: &Arguments, command: &BackfillArgs) -> Result<(), Failure> {
    let (from, to) = (day("--from", &command.from)?, day("--to", &command.to)?);
    if from > to {
        return Err(Failure::Usage(format!("--from {from} lies after --to {to}")));
    }
    let work = Work::begin(arguments, &command.job).await?;
    let request = work.engine.instance().to_string();
    let requested =
        request_backfill(&work.engine, &work.spec, from, to, &request).await.map_err(|error| match error {
            BackfillError::Database(error) => Failure::from(error),
            other => Failure::Usage(other.to_string()),
        })?;
    if work.spec.code.replay() == Replay::Current && !arguments.json {
        print::text(format!(
            "{} judges past days on today's data: what has changed since (addresses, consents, tiers, cancelled \
             orders) counts as it is now.",
            work.spec.job
        ))?;
    }
    let mut all = Vec::new();
    for (done, one) in requested.iter().enumerate() {
        let ended = finish(&work, *one).await?;
        if !arguments.json {
            print::text(format!("[{}/{}] {}", done + 1, requested.len(), ended.text))?;
        }
        all.push(ended.json);
        if !ended.succeeded {
            let left = &requested[done + 1..];
            give_up(&work, left, one.run_id).await?;
            if !arguments.json && !left.is_empty() {
                print::text(format!("Cancelled, since past days are run in order: {}", left.len()))?;
            }
            break;
        }
    }
    if arguments.json {
        print::json(&all)?;
    }
    let complete = all.len() == requested.len() && all.iter().all(|one| one["state"] == "succeeded");
    if complete { Ok(()) } else { Err(Failure::Said(1)) }
}

fn day(option: &str, text: &str) -> Result<NaiveDate, Failure> {
    text.parse().map_err(|_| Failure::Usage(format!("{option}: `{text}` is not a day such as 2026-06-01")))
}

/// Nobody else shall run them later: past days are run in order, or not at all.
async fn give_up(work: &Work, left: &[Requested], failed: i64) -> Result<(), Failure> {
    for one in left {
        let note = format!("run {failed} before it did not succeed");
        match control::cancel(&work.engine, one.run_id, &who(), &note).await {
            Ok(_) | Err(ControlError::Ended { .. }) => {}
            Err(other) => return Err(Failure::failed(other)),
        }
    }
    Ok(())
}

struct Ended {
    succeeded: bool,
    text: String,
    json: Value,
    html: Option<String>,
}

/// Executes the run here, or waits for the replica that has it; then says what it did.
async fn finish(work: &Work, requested: Requested) -> Result<Ended, Failure> {
    let stop = CancellationToken::new();
    let row = loop {
        execute_now(&work.engine, requested.run_id, &stop).await?;
        let row: Row = sqlx::query_as("select state, error, reason, slot from tend.job_run where run_id = $1")
            .bind(requested.run_id)
            .fetch_one(work.opened.db.pool())
            .await?;
        if !matches!(row.state.as_str(), "due" | "running") {
            break row;
        }
        if let Some(error) = &row.error {
            tracing::warn!(run.id = requested.run_id, "not done yet: {error}");
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    };
    let mut explained = match row.state.as_str() {
        "succeeded" => explain(&work.engine, requested.run_id).await.map_err(Failure::failed)?,
        _ => None,
    };
    let head =
        format!("Run {} of {} as of {}", requested.run_id, work.spec.job, when::both(row.slot, work.spec.timezone));
    let text = match (&explained, row.error.as_ref().or(row.reason.as_ref())) {
        (Some(explained), _) => format!("{head} {}.\n\n{}", row.state, explained.text),
        (None, Some(why)) => format!("{head} {}: {why}", row.state),
        (None, None) => format!("{head} {}.", row.state),
    };
    let html = explained.as_mut().and_then(|explained| explained.html.take());
    let json = json!({
        "run": requested.run_id, "job": work.spec.job, "as_of": row.slot, "spec": work.spec.hash, "state": row.state,
        "error": row.error, "reason": row.reason, "did": explained.map(|explained| explained.json),
    });
    Ok(Ended { succeeded: row.state == "succeeded", text, json, html })
}
