//! `tend approve`: messages that wait until another person has looked at them.

use chrono_tz::Tz;
use serde_json::json;

use super::args::{ApproveArgs, Arguments};
use super::control::{place, who};
use super::failure::Failure;
use super::{connect, print};
use crate::clock::shown;
use crate::jobs::layout::{Align, count, counted, table, verb};
use crate::outbox::hold::{self, By, Decided, Waiting};

/// Lists what waits, or decides.
pub async fn run(arguments: &Arguments, command: &ApproveArgs) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("approve").await?;
    let Some(job) = &command.job else {
        let waiting = hold::waiting(&mut tx, None).await?;
        return if arguments.json {
            print::json(&waiting)
        } else {
            print::text(listed(&waiting, settings.defaults.timezone))
        };
    };
    let now = settings.time.source.now(&mut tx).await?;
    let (by, from) = (command.by.clone().unwrap_or_else(who), place());
    let person = By { said: &by, from: Some(&from) };
    let decided = match command.refuse {
        true => hold::refuse(&mut tx, job, command.run, person, now).await?,
        false => hold::approve(&mut tx, job, command.run, person, now).await?,
    };
    let said = match decided {
        Decided::Own { by } => {
            return Err(Failure::failed(anyhow::anyhow!(
                "{by} put this version of {job} in force; somebody else approves its messages (`tend approve {job} --by NAME`)"
            )));
        }
        Decided::Limited { note } => {
            return Err(Failure::failed(anyhow::anyhow!(
                "{job} waits because of its limit: {note}; `tend approve {job}` lets the job go on"
            )));
        }
        Decided::Nothing => {
            let of = command.run.map_or_else(String::new, |run| format!(" of run {run}"));
            return Err(Failure::failed(anyhow::anyhow!(
                "no message of {job}{of} waits; `tend approve` lists what does"
            )));
        }
        Decided::Released { planned, behind: 0 } => {
            format!("{} of {job} {} owed now.", counted(planned, "message"), verb(planned, "is", "are"))
        }
        Decided::Released { planned, behind } => format!(
            "{} of {job} {} first; {} {} for how {} taken.",
            counted(planned, "message"),
            verb(planned, "goes", "go"),
            count(behind),
            verb(behind, "waits", "wait"),
            verb(planned, "it is", "they are")
        ),
        Decided::Refused(cancelled) => {
            format!("{} of {job} {} cancelled.", counted(cancelled, "message"), verb(cancelled, "is", "are"))
        }
    };
    tx.commit().await?;
    if arguments.json {
        return print::json(&json!({ "job": job, "by": by, "from": from, "said": said }));
    }
    print::text(format!("{said} On record: decided by {by}, from {from}."))
}

fn listed(waiting: &[Waiting], zone: Tz) -> String {
    if waiting.is_empty() {
        return "No messages wait for approval.".to_owned();
    }
    let head = ["messages", "job", "run", "wait for", "since", "the first dies"].map(str::to_owned).to_vec();
    let rows = waiting.iter().map(|one| {
        let what = match (one.reason.as_str(), one.state.as_str()) {
            ("approval", _) => "approval".to_owned(),
            ("limit", _) => "a person: too many of the job came back".to_owned(),
            (_, "stopped") => format!("a person: {}", one.note.as_deref().unwrap_or_default()),
            _ => "the first ones to be taken".to_owned(),
        };
        let ends = one.first_ends.map_or_else(String::new, |at| shown(at, zone));
        vec![count(one.messages), one.job.clone(), one.run_id.to_string(), what, shown(one.held_at, zone), ends]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    table(&[Align::Right], &rows)
        + "Who they are for and what they say, `tend why --customer ID --job JOB` and `tend plan JOB` show. `tend approve JOB` lets\n\
           those go that wait for approval or because too many came back, `--run N` those of a run whatever else they wait for, once\n\
           its job goes on; `--refuse` cancels them.\n"
}
