//! `tend effects`: what the messages of a job brought about, or of all jobs.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use super::args::{Arguments, EffectsArgs};
use super::at::At;
use super::failure::Failure;
use super::page::PageFile;
use super::work::find;
use super::{connect, folder, print};
use crate::jobs::effects::{Goals, Overview, Period, of_job};

/// Days asked about when nobody says it.
const USUAL: u64 = 90;

/// Shows them.
pub async fn run(arguments: &Arguments, command: &EffectsArgs) -> Result<(), Failure> {
    let folder = folder::read(arguments)?;
    let settings = connect::settings(arguments)?;
    let asked = command.job.as_deref().map(|job| find(&folder, &arguments.jobs, job)).transpose()?;
    if let Some(file) = asked.filter(|file| file.kind != "message") {
        let kind = &file.kind;
        return Err(Failure::Usage(format!("{} sends no messages: it is a job of the kind [{kind}]", file.job)));
    }
    let page = command.html.as_deref().map(PageFile::open).transpose()?;
    let opened = connect::ready(&settings).await?;
    // one state for all figures
    let mut tx = opened.db.begin("effects").await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let now = settings.time.source.now(&mut tx).await?;
    let zone = asked.map_or(settings.defaults.timezone, |file| file.head.timezone);
    let period = period(command, zone, now)?;
    let messages = folder.jobs.values().filter(|file| file.kind == "message");
    let goals = messages.fold(Goals::in_force(&mut tx).await?, |goals, file| goals.with(&file.job, &file.text));
    let (json, text, html) = match asked {
        Some(file) => {
            let effects = of_job(&mut tx, &file.job, &period, &goals).await?;
            (serde_json::to_value(&effects), effects.text(), effects.html())
        }
        None => {
            let overview = Overview::ask(&mut tx, &period, &goals).await?;
            (serde_json::to_value(&overview), overview.text(), overview.html())
        }
    };
    tx.rollback().await?;
    if let Some(page) = page {
        page.write(Some(&html.map_err(Failure::failed)?))?;
    }
    if arguments.json { print::json(&json.map_err(Failure::failed)?) } else { print::text(text) }
}

/// Days in a zone, the last one whole; without any the last 90.
fn period(command: &EffectsArgs, zone: Tz, now: DateTime<Utc>) -> Result<Period, Failure> {
    let today = now.with_timezone(&zone).date_naive();
    let to = command.to.unwrap_or(today);
    let beyond = |day: NaiveDate| Failure::Usage(format!("{day} is beyond the calendar"));
    let from = match command.from {
        Some(from) => from,
        None => to.checked_sub_days(Days::new(USUAL - 1)).ok_or_else(|| beyond(to))?,
    };
    if from > to {
        return Err(Failure::Usage(format!("--from {from} is later than --to {to}")));
    }
    let behind = to.succ_opt().ok_or_else(|| beyond(to))?;
    let (from, to) = (At::Day(from).start(zone)?, At::Day(behind).start(zone)?);
    Ok(Period { from, to, as_of: now, timezone: zone })
}
