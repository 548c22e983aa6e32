//! `tend pause`, `tend resume`, `tend cancel`.

use serde_json::json;

use super::args::{Arguments, CancelArgs, PauseArgs, ResumeArgs};
use super::failure::Failure;
use super::{connect, print};
use crate::daemon;
use crate::engine::Engine;
use crate::engine::control::{self, Cancelled, ControlError};

/// Pauses a job, or all sending; what is paused already stays so.
pub async fn pause(arguments: &Arguments, command: &PauseArgs) -> Result<(), Failure> {
    let who = who();
    with_engine(arguments, async |engine| match &command.job {
        Some(job) => match control::pause(engine, job, &who, &command.note).await {
            Ok(()) => Ok(Done::now(format!(
                "{job} is paused: its slots are skipped, \"paused by {who}\", until `tend resume {job}`."
            ))),
            Err(ControlError::AlreadyPaused { job, by }) => {
                Ok(Done::before(format!("{job} is paused already, by {by} (`tend status` says since when).")))
            }
            Err(other) => Err(other),
        },
        None if control::pause_sending(engine, &who, &command.note).await? => Ok(Done::now(
            "All sending is stopped; messages wait until `tend resume --all` or their end of life.".to_owned(),
        )),
        None => Ok(Done::before("All sending is stopped already (`tend status` says since when).".to_owned())),
    })
    .await
}

/// Resumes a job, or all sending; what is not paused goes on.
pub async fn resume(arguments: &Arguments, command: &ResumeArgs) -> Result<(), Failure> {
    with_engine(arguments, async |engine| match &command.job {
        Some(job) => match control::resume(engine, job).await {
            Ok(()) => Ok(Done::now(format!(
                "{job} goes on from now; what it missed stays skipped (`tend backfill {job}` runs past days)."
            ))),
            Err(ControlError::NotPaused(job)) => Ok(Done::before(format!("{job} was not paused."))),
            Err(other) => Err(other),
        },
        None if control::resume_sending(engine).await? => Ok(Done::now("Sending goes on.".to_owned())),
        None => Ok(Done::before("Sending was not stopped.".to_owned())),
    })
    .await
}

/// Cancels a run.
pub async fn cancel(arguments: &Arguments, command: &CancelArgs) -> Result<(), Failure> {
    let who = who();
    with_engine(arguments, async |engine| {
        Ok(Done::now(match control::cancel(engine, command.run, &who, "").await? {
            Cancelled::AtOnce => format!("Run {} is cancelled; it had not started.", command.run),
            Cancelled::Requested => {
                format!("Run {} is told to stop; the step at work is rolled back with its next heartbeat.", command.run)
            }
        }))
    })
    .await
}

/// What came of it.
struct Done {
    /// False: it was so before.
    changed: bool,
    said: String,
}

impl Done {
    fn now(said: String) -> Self {
        Self { changed: true, said }
    }

    fn before(said: String) -> Self {
        Self { changed: false, said }
    }
}

async fn with_engine(
    arguments: &Arguments,
    act: impl AsyncFnOnce(&Engine) -> Result<Done, ControlError>,
) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let done = act(&daemon::engine(&opened.db, &settings)).await.map_err(|error| match error {
        ControlError::UnknownJob(_) | ControlError::UnknownRun(_) => Failure::Usage(error.to_string()),
        other => Failure::failed(other),
    })?;
    if arguments.json {
        return print::json(&json!({ "changed": done.changed, "said": done.said }));
    }
    print::text(done.said)
}

/// Who is at the terminal, for the record: who called sudo, else the login name, else the name of the account.
#[expect(clippy::disallowed_methods, reason = "the login name is no setting")]
pub fn who() -> String {
    ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()))
        .unwrap_or_else(account)
}

/// ACCOUNT@MACHINE of this process as the operating system has it, whatever the environment says: the account of the login where
/// Linux keeps one (it stays through sudo and su), else that of the process.
pub fn place() -> String {
    let login = std::fs::read_to_string("/proc/self/loginuid").ok();
    let login = login.and_then(|uid| uid.trim().parse::<libc::uid_t>().ok()).filter(|uid| *uid != libc::uid_t::MAX);
    format!("{}@{}", login.map_or_else(account, named), daemon::machine())
}

/// The name of the account of this process; a service or a container often has no login name.
fn account() -> String {
    // SAFETY: takes nothing, cannot fail.
    named(unsafe { libc::geteuid() })
}

/// Its name in /etc/passwd.
fn named(uid: libc::uid_t) -> String {
    let uid = uid.to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let name = name.filter(|cells| cells.get(2) == Some(&uid.as_str())).find_map(|cells| cells.first().copied());
    name.map_or_else(|| format!("user {uid}"), str::to_owned)
}
