//! `tend plan`: the real run, rolled back; what a segment holds; why a customer is where.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::args::{Arguments, PlanArgs};
use super::at::At;
use super::failure::Failure;
use super::mail_files::Files;
use super::page::PageFile;
use super::render::{company, sender};
use super::work::Work;
use super::{connect, folder, print, when};
use crate::engine::door::{Run, Tx};
use crate::engine::preview::preview_with;
use crate::filter::Frame;
use crate::filter::segment::read;
use crate::jobfile::folder::Folder;
use crate::jobfile::kind::Ladders;
use crate::jobs;
use crate::outbox::channel::settings::Sort;
use crate::outbox::letter::{self, Draft};
use crate::outbox::sample::{self, Measured, Sample};
use crate::outbox::survey;
use crate::settings::Settings;
use crate::spelling::nearest;

/// Text messages measured for a plan: those to the longest names.
const LONG_NAMES: i64 = 50;
/// Mails written into a folder, at most.
const LETTERS: i64 = 500;

/// Shows what a run of the job would do now.
pub async fn run(arguments: &Arguments, command: &PlanArgs) -> Result<(), Failure> {
    let folder = folder::read(arguments)?;
    if folder.segments.contains_key(&command.job) {
        return segment(arguments, command, &folder).await;
    }
    known(&folder, &arguments.jobs, &command.job)?;
    let page = command.html.as_deref().map(PageFile::open).transpose()?;
    let work = Work::on(arguments, &folder, &command.job).await?;
    let slot = work.slot(command.at.as_deref()).await?;
    if let Some(customer) = &command.customer {
        return judge(arguments, &work, slot, customer, page).await;
    }
    let files = command.out.as_deref().map(Files::new).transpose()?;
    let asks = survey::read(work.spec.code.asks());
    let most = if files.is_some() { LETTERS } else { 0 };
    let (explained, texts, drafts) = preview_with(&work.engine, &work.spec, slot, async |run, conn| {
        let texts = sample::of_run(conn, run.run_id, None, Some(Sort::Sms), LONG_NAMES, asks.as_ref()).await?;
        let drafts = letter::drafts(conn, run.run_id, most).await?;
        Ok((work.spec.code.explain(run, &mut Tx::lend(conn)).await?, texts, drafts))
    })
    .await
    .map_err(Failure::failed)?;
    let longest = longest(&texts, &folder, &work.settings);
    if let Some(page) = page {
        page.write(explained.html.as_deref())?;
    }
    let files = files.map(|files| mails(files, drafts, &folder, &work.settings, slot)).transpose()?;
    if arguments.json {
        let mut document = json!({
            "job": work.spec.job, "as_of": slot, "spec": work.spec.hash, "plan": explained.json,
            "longest_text": longest.as_ref().map(|longest| json!({
                "customer_id": longest.customer_id, "characters": longest.length.units,
                "parts": longest.length.parts, "max_parts": longest.max_parts,
            })),
        });
        if let Some(files) = files {
            document["files"] = json!(files);
        }
        return print::json(&document);
    }
    print::text(format!(
        "What {} would do as of {} (nothing is changed):\n\n{}{}{}",
        work.spec.job,
        when::both(slot, work.spec.timezone),
        explained.text,
        longest.as_ref().map(in_words).unwrap_or_default(),
        files.map(|files| told(&files)).unwrap_or_default()
    ))
}

/// Writes the mails people of the house would get.
fn mails(
    mut files: Files,
    drafts: Vec<Draft>,
    folder: &Folder,
    settings: &Settings,
    slot: DateTime<Utc>,
) -> Result<Vec<String>, Failure> {
    let sender = sender(settings).map_err(Failure::failed)?;
    for (place, draft) in (1..).zip(drafts) {
        let name = format!("{place:02}-{}", draft.reader);
        let failed = |error: String| Failure::failed(anyhow::anyhow!("the mail to {name}: {error}"));
        let outgoing = draft.outgoing(&folder.templates, &company(settings), slot).map_err(failed)?;
        files.mail(&name, &sender.build(&outgoing, None).map_err(failed)?.bytes)?;
    }
    Ok(files.written())
}

fn told(files: &[String]) -> String {
    match files {
        [] => "\nMails\n  none: nobody of the house would get one that has not had it\n".to_owned(),
        files => format!("\nMails\n  {}\n", files.join("\n  ")),
    }
}

/// The longest text message of those looked at, by parts, then by characters.
fn longest(texts: &[Sample], folder: &Folder, settings: &Settings) -> Option<Measured> {
    let (company, base) = (company(settings), &settings.public.base_url);
    let measured = texts.iter().filter_map(|text| text.measured(&folder.templates, &company, base));
    measured.max_by_key(|measured| (measured.length.parts, measured.length.units))
}

fn in_words(longest: &Measured) -> String {
    let Measured { customer_id, length, max_parts } = longest;
    let parts = if length.parts == 1 { "1 part".to_owned() } else { format!("{} parts", length.parts) };
    let limit = match max_parts {
        Some(most) if length.parts as u64 > *most => format!(": MORE THAN max_parts = {most}, IT WILL NOT BE SENT"),
        _ => String::new(),
    };
    let one = if length.gsm { 160 } else { 70 };
    format!(
        "\nText messages\n  the longest, to {customer_id}, has {} characters, signature included, and goes out in {parts} ({one} fit into one){limit}\n",
        length.units
    )
}

/// Whether there is a job of that name; segments are asked about elsewhere, but may have been meant.
fn known(folder: &Folder, dir: &Path, name: &str) -> Result<(), Failure> {
    if folder.jobs.contains_key(name) {
        return Ok(());
    }
    let (jobs, segments): (Vec<&str>, Vec<&str>) =
        (folder.jobs.keys().map(String::as_str).collect(), folder.segments.keys().map(String::as_str).collect());
    let guess = nearest(name, jobs.iter().chain(&segments).copied());
    let guess = guess.map_or_else(String::new, |name| format!(" Did you mean `{name}`?"));
    let segments = if segments.is_empty() { String::new() } else { format!("; segments: {}", segments.join(", ")) };
    Err(Failure::Usage(format!(
        "there is no job or segment `{name}` in {}.{guess} There are: {}{segments}",
        dir.display(),
        jobs.join(", ")
    )))
}

/// Shows how each condition of the job comes out for one customer.
async fn judge(
    arguments: &Arguments,
    work: &Work,
    slot: DateTime<Utc>,
    customer: &str,
    page: Option<PageFile>,
) -> Result<(), Failure> {
    let spec = &work.spec;
    let run = Run::asked(&spec.job, &spec.hash, slot, spec.timezone);
    let mut tx = work.opened.db.begin("plan of a customer").await?;
    let judged = spec.code.judge(&run, customer, &mut Tx::lend(&mut tx)).await.map_err(Failure::failed)?;
    tx.rollback().await?;
    let judged = judged.ok_or_else(|| nobody(customer))?;
    if let Some(page) = page {
        page.write(judged.html.as_deref())?;
    }
    if arguments.json {
        return print::json(&json!({ "job": spec.job, "as_of": slot, "spec": spec.hash, "customer": judged.json }));
    }
    let head = format!("{customer} under the conditions of {} as of {}", spec.job, when::both(slot, spec.timezone));
    print::text(format!("{head} (+ holds, - does not):\n\n{}", judged.text))
}

pub fn nobody(customer: &str) -> Failure {
    Failure::Usage(format!("there is no customer `{customer}`"))
}

/// Shows what a segment holds, or why a customer is in it or not.
async fn segment(arguments: &Arguments, command: &PlanArgs, folder: &Folder) -> Result<(), Failure> {
    if command.out.is_some() {
        let what = format!("--out: {} is a segment, which writes to nobody; name a job", command.job);
        return Err(Failure::Usage(what));
    }
    let page = command.html.as_deref().map(PageFile::open).transpose()?;
    let settings = connect::settings(arguments)?;
    let own = folder.segments.get(&command.job).and_then(|file| file.timezone);
    let timezone = own.unwrap_or(settings.defaults.timezone);
    let (segments, ladders) = (folder.sources(), Ladders::new(folder.ladders.clone()));
    let segment = match read(&command.job, &segments, &ladders) {
        Some(Ok(segment)) => segment,
        Some(Err(problems)) => return Err(Failure::folder(&problems, false)),
        None => return Err(Failure::Usage(format!("there is no segment `{}`", command.job))),
    };
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("plan of a segment").await?;
    let as_of = match &command.at {
        Some(text) => At::parse(text)?.start(timezone)?,
        None => settings.time.source.now(&mut tx).await?,
    };
    let frame = Frame { as_of, timezone, window: None };
    let explained = match &command.customer {
        None => jobs::segment::plan(&mut tx, &segment, frame).await.map_err(Failure::failed)?,
        Some(customer) => {
            let judged = jobs::segment::judge(&mut tx, &segment, frame, customer).await.map_err(Failure::failed)?;
            judged.ok_or_else(|| nobody(customer))?
        }
    };
    tx.rollback().await?;
    if let Some(page) = page {
        page.write(explained.html.as_deref())?;
    }
    if arguments.json {
        return print::json(&json!({ "segment": segment.name, "as_of": as_of, "plan": explained.json }));
    }
    print::text(format!("Segment {} as of {}:\n\n{}", segment.name, when::both(as_of, timezone), explained.text))
}
