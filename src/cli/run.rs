//! `tend run` and `tend backfill`: runs that somebody asks for.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::args::{Arguments, BackfillArgs, RunArgs};
use super::failure::Failure;
use super::work::Work;
use super::{print, when};
use crate::engine::preview::explain;
use crate::engine::replay::{Requested, execute_now, request_backfill, request_manual};

/// How a run stands in the ledger.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    state: String,
    error: Option<String>,
    reason: Option<String>,
    slot: chrono::DateTime<chrono::Utc>,
}

/// Runs the job now, in a row of its own.
pub async fn run(arguments: &Arguments, command: &RunArgs) -> Result<(), Failure> {
    let work = Work::begin(arguments, &command.job).await?;
    let slot = work.slot(command.at.as_deref()).await?;
    // each call is a request of its own; the instance is new with every process
    let request = work.engine.instance().to_string();
    let requested = request_manual(&work.engine, &work.spec, slot, &request).await?;
    let ended = finish(&work, requested).await?;
    if arguments.json {
        print::json(&ended.json)?
    } else {
        print::text(&ended.text)?
    }
    if ended.succeeded { Ok(()) } else { Err(Failure::Said(1)) }
}

/// Runs the job for the slots of past days, oldest first.
pub async fn backfill(arguments: &Arguments, command: &BackfillArgs) -> Result<(), Failure> {
    let work = Work::begin(arguments, &command.job).await?;
    let day = |text: &str| {
        text.parse::<chrono::NaiveDate>()
            .map_err(|_| Failure::Usage(format!("`{text}` is not a day such as 2026-06-01")))
    };
    let (from, to) = (day(&command.from)?, day(&command.to)?);
    let request = work.engine.instance().to_string();
    let requested = request_backfill(&work.engine, &work.spec, from, to, &request)
        .await
        .map_err(|error| Failure::Failed(error.into()))?;
    let mut all = Vec::new();
    for (done, one) in requested.iter().enumerate() {
        let ended = finish(&work, *one).await?;
        if !arguments.json {
            print::text(format!("[{}/{}] {}", done + 1, requested.len(), ended.text))?;
        }
        let succeeded = ended.succeeded;
        all.push(ended.json);
        if !succeeded {
            break;
        }
    }
    if arguments.json {
        print::json(&all)?;
    }
    let complete = all.len() == requested.len() && all.iter().all(|one| one["state"] == "succeeded");
    if complete { Ok(()) } else { Err(Failure::Said(1)) }
}

struct Ended {
    succeeded: bool,
    text: String,
    json: Value,
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
    let explained = match row.state.as_str() {
        "succeeded" => explain(&work.engine, requested.run_id).await.map_err(|error| Failure::Failed(error.into()))?,
        _ => None,
    };
    let head =
        format!("Run {} of {} as of {}", requested.run_id, work.spec.job, when::both(row.slot, work.spec.timezone));
    let text = match (&explained, row.error.as_ref().or(row.reason.as_ref())) {
        (Some(explained), _) => format!("{head} {}.\n\n{}", row.state, explained.text),
        (None, Some(why)) => format!("{head} {}: {why}", row.state),
        (None, None) => format!("{head} {}.", row.state),
    };
    let json = json!({
        "run": requested.run_id, "job": work.spec.job, "as_of": row.slot, "spec": work.spec.hash, "state": row.state,
        "error": row.error, "reason": row.reason, "did": explained.map(|explained| explained.json),
    });
    Ok(Ended { succeeded: row.state == "succeeded", text, json })
}
