//! `tend explain`: how something came about.

use serde_json::json;

use super::args::{Arguments, Explain, ExplainArgs, ExplainTicketArgs};
use super::at::At;
use super::failure::Failure;
use super::work::find;
use super::{connect, folder, print, when};
use crate::engine::door::{Explained, Run, Tx};
use crate::jobfile::file::JobFile;

/// Explains it.
pub async fn run(arguments: &Arguments, command: &ExplainArgs) -> Result<(), Failure> {
    match &command.what {
        Explain::Ticket(command) => ticket(arguments, command).await,
    }
}

/// The deadlines of a ticket, job by job. Reads only.
async fn ticket(arguments: &Arguments, command: &ExplainTicketArgs) -> Result<(), Failure> {
    let folder = folder::read(arguments)?;
    let jobs: Vec<&JobFile> = match &command.job {
        Some(job) => vec![find(&folder, &arguments.jobs, job)?],
        None => folder.jobs.values().collect(),
    };
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("explain a ticket").await?;
    let mut explained: Vec<(Run, Explained)> = Vec::new();
    for job in jobs {
        let spec = job.to_spec();
        let as_of = match &command.at {
            Some(text) => At::parse(text)?.start(spec.timezone)?,
            None => settings.time.source.now(&mut tx).await?,
        };
        let run = Run::asked(&spec.job, &spec.hash, as_of, spec.timezone);
        let found = spec.code.ticket(&run, &command.ticket, &mut Tx::lend(&mut tx)).await.map_err(Failure::failed)?;
        explained.extend(found.map(|found| (run, found)));
    }
    let known = sqlx::query_scalar!(
        r#"select exists (select from crm.ticket where ticket_id = $1) as "known!""#,
        command.ticket
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.rollback().await?;
    if !known {
        return Err(Failure::Usage(format!("there is no ticket `{}`", command.ticket)));
    }
    if explained.is_empty() {
        let none = command.job.as_ref().map_or_else(
            || "no job of the folder is about tickets: one of the kind [sla] is".to_owned(),
            |job| format!("the job {job} is not about the deadlines of tickets"),
        );
        return Err(Failure::Usage(none));
    }
    if arguments.json {
        return print::json(&json!({
            "ticket_id": command.ticket,
            "jobs": explained.into_iter().map(|(_, explained)| explained.json).collect::<Vec<_>>(),
        }));
    }
    let texts = explained.iter().map(|(run, explained)| {
        format!(
            "Ticket {} under {}, as of {}\n\n{}",
            command.ticket,
            run.job,
            when::both(run.as_of, run.timezone),
            explained.text
        )
    });
    print::text(texts.collect::<Vec<_>>().join("\n"))
}
