//! `tend pause`, `tend resume`, `tend cancel`.

use serde_json::json;

use super::args::{Arguments, CancelArgs, PauseArgs, ResumeArgs};
use super::failure::Failure;
use super::{connect, print};
use crate::daemon;
use crate::engine::Engine;
use crate::engine::control::{self, Cancelled, ControlError};

/// Pauses a job, or all sending.
pub async fn pause(arguments: &Arguments, command: &PauseArgs) -> Result<(), Failure> {
    let who = who();
    with_engine(arguments, async |engine| match &command.job {
        Some(job) => {
            control::pause(engine, job, &who, &command.note).await?;
            Ok(format!("{job} is paused: its slots are skipped, with you as the reason, until `tend resume {job}`."))
        }
        None if control::pause_sending(engine, &who, &command.note).await? => {
            Ok("All sending is stopped; messages wait until `tend resume --all` or their end of life.".to_owned())
        }
        None => Ok("All sending was stopped already.".to_owned()),
    })
    .await
}

/// Resumes a job, or all sending.
pub async fn resume(arguments: &Arguments, command: &ResumeArgs) -> Result<(), Failure> {
    with_engine(arguments, async |engine| match &command.job {
        Some(job) => {
            control::resume(engine, job).await?;
            Ok(format!("{job} goes on from now; what it missed stays skipped (`tend backfill {job}` runs past days)."))
        }
        None if control::resume_sending(engine).await? => Ok("Sending goes on.".to_owned()),
        None => Ok("Sending was not stopped.".to_owned()),
    })
    .await
}

/// Cancels a run.
pub async fn cancel(arguments: &Arguments, command: &CancelArgs) -> Result<(), Failure> {
    let who = who();
    with_engine(arguments, async |engine| {
        Ok(match control::cancel(engine, command.run, &who, "").await? {
            Cancelled::AtOnce => format!("Run {} is cancelled; it had not started.", command.run),
            Cancelled::Requested => {
                format!("Run {} is told to stop; the step at work is rolled back with its next heartbeat.", command.run)
            }
        })
    })
    .await
}

async fn with_engine(
    arguments: &Arguments,
    act: impl AsyncFnOnce(&Engine) -> Result<String, ControlError>,
) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let said = act(&daemon::engine(&opened.db, &settings)).await.map_err(|error| Failure::Failed(error.into()))?;
    if arguments.json { print::json(&json!({ "said": said })) } else { print::text(said) }
}

/// Who is at the terminal, for the record.
#[expect(clippy::disallowed_methods, reason = "the login name is no setting")]
pub fn who() -> String {
    ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()))
        .unwrap_or_else(|| "somebody".to_owned())
}
