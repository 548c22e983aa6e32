//! `tend report`: reviews that were made, their mails as they were sent, and sending them again.

use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::json;
use sqlx::PgConnection;

use super::args::{Arguments, ReportAction, WhichReport};
use super::failure::Failure;
use super::{connect, mail_files, print};
use crate::clock::shown;
use crate::engine::door::JobError;
use crate::jobs::layout::{Align, clip, counted, table};
use crate::jobs::report;
use crate::jobs::report::archive::{self, Archived, Listed, Mailed};
use crate::outbox::letter::{self, Recipient};

/// Widest name of a reader and words about what became of a mail.
const READER: usize = 32;
const REASON: usize = 60;

/// Lists, shows or sends again.
pub async fn run(arguments: &Arguments, action: &ReportAction) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("report").await?;
    match action {
        ReportAction::List { job, limit } => {
            let found = archive::list(&mut tx, job.as_deref(), *limit).await?;
            match arguments.json {
                true => print::json(&found),
                false => print::text(listed(&found, *limit)),
            }
        }
        ReportAction::Show { which, out } => {
            let archived = find(&mut tx, which).await?;
            let files = match out {
                Some(dir) => written(&mut tx, &archived, dir).await?,
                None => Vec::new(),
            };
            if arguments.json {
                return print::json(&json!({ "report": archived, "files": files }));
            }
            print::text(told(&archived, &files))
        }
        ReportAction::Resend { which, to } => {
            let archived = find(&mut tx, which).await?;
            let now = settings.time.source.now(&mut tx).await?;
            let sent = resend(&mut tx, &archived, to, now).await?;
            tx.commit().await?;
            if arguments.json {
                let rows = sent.iter().map(|(reader, id)| json!({ "reader": reader, "message": id }));
                return print::json(&rows.collect::<Vec<_>>());
            }
            let lines = sent.iter().map(|(reader, id)| format!("message {id} to {reader}\n")).collect::<String>();
            let head = counted(i64::try_from(sent.len()).unwrap_or(i64::MAX), "mail");
            print::text(format!("{head} will be sent again, marked as that in the subject:\n{lines}"))
        }
    }
}

/// The review somebody names, or what there is instead.
async fn find(conn: &mut PgConnection, which: &WhichReport) -> Result<Archived, Failure> {
    let found = archive::of_run(conn, which.run).await?;
    if found.is_empty() {
        let what = format!("no review was made by run {}; `tend report list` shows those there are", which.run);
        return Err(Failure::failed(anyhow::anyhow!(what)));
    }
    let teams: Vec<String> = found.iter().map(|one| one.team.clone()).filter(|team| !team.is_empty()).collect();
    let team = which.team.clone().unwrap_or_default();
    let Some(listed) = found.into_iter().find(|one| one.team == team) else {
        let known =
            if teams.is_empty() { "none has one".to_owned() } else { format!("there are: {}", teams.join(", ")) };
        let what = format!("run {} made no review of the team {team:?}; {known}", which.run);
        return Err(Failure::failed(anyhow::anyhow!(what)));
    };
    archive::whole(conn, listed).await.map_err(|error| match error {
        JobError::Retry { source, .. } | JobError::Fail(source) => Failure::failed(source),
    })
}

fn listed(found: &[Listed], limit: i64) -> String {
    if found.is_empty() {
        return "No reviews were made yet.".to_owned();
    }
    let head = ["run", "job", "period", "team", "made", "missed", "mails"].map(str::to_owned).to_vec();
    let rows = found.iter().map(|one| {
        let lost = one.mails - one.sent - one.waiting;
        let parts = [(one.sent, "sent"), (one.waiting, "waiting"), (lost, "not sent")];
        let parts = parts.into_iter().filter(|(mails, _)| *mails > 0).map(|(mails, what)| format!("{mails} {what}"));
        vec![
            one.run_id.to_string(),
            one.job.clone(),
            one.period.clone(),
            one.team.clone(),
            one.as_of.with_timezone(&one.zone.parse().unwrap_or(Tz::UTC)).format("%Y-%m-%d").to_string(),
            one.missed.to_string(),
            if one.mails == 0 { "none".to_owned() } else { parts.collect::<Vec<_>>().join(", ") },
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let more =
        if i64::try_from(found.len()) == Ok(limit) { "There may be more: --limit N shows more of them.\n" } else { "" };
    table(&[Align::Right, Align::Left, Align::Left, Align::Left, Align::Left, Align::Right], &rows) + more
}

fn told(archived: &Archived, files: &[String]) -> String {
    let (one, zone) = (&archived.listed, archived.review.period.timezone);
    let team = if one.team.is_empty() { String::new() } else { format!(", team {}", one.team) };
    let spec = archived.spec_hash.as_deref().map_or_else(String::new, |hash| format!(", spec {}", clip(hash, 12)));
    let mut text =
        format!("{} {}{team}: run {}, made {}{spec}\n\n", one.job, one.period, one.run_id, shown(one.as_of, zone));
    text.push_str(&report::in_words(&archived.review));
    text.push_str("\nMails\n");
    if archived.mails.is_empty() {
        text.push_str("  none: the file named no readers, or what became of them is no longer kept\n");
    } else {
        let rows = archived.mails.iter().map(|mail| {
            let name = mail.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
            let again = mail.again_of.map_or_else(String::new, |first| format!("again, of {first}"));
            let reason = mail.reason.as_deref().unwrap_or_default();
            vec![
                mail.message_id.to_string(),
                clip(&format!("{}{name}", mail.reader), READER),
                mail.locale.clone(),
                mail.state.clone(),
                shown(mail.state_at, zone),
                again,
                clip(reason, REASON),
            ]
        });
        text.push_str(&table(&[Align::Right], &rows.collect::<Vec<_>>()));
    }
    if !files.is_empty() {
        text.push_str(&format!("\nWritten:\n  {}\n", files.join("\n  ")));
    }
    text
}

/// Writes what is kept into a folder: figures, job file, and each mail as it was sent.
async fn written(conn: &mut PgConnection, archived: &Archived, dir: &Path) -> Result<Vec<String>, Failure> {
    let mut files = mail_files::Files::new(dir)?;
    let figures = serde_json::to_vec_pretty(&archived.review).context("the figures").map_err(Failure::failed)?;
    files.put("figures.json", &figures)?;
    if let Some(spec) = &archived.spec {
        files.put(&format!("{}.toml", archived.listed.job), spec.as_bytes())?;
    }
    for mail in &archived.mails {
        let kept = letter::kept(conn, mail.message_id).await?;
        let most = kept.len();
        for (place, one) in kept.iter().enumerate() {
            let attempt = if place + 1 == most { String::new() } else { format!("-attempt-{}", one.attempt) };
            files.mail(&format!("{}-{}{attempt}", mail.message_id, mail.reader), &one.body)?;
        }
    }
    Ok(files.written())
}

/// Whom somebody names.
fn reader(word: &str) -> Result<Recipient, Failure> {
    match (word.strip_prefix("staff:"), word.contains('@')) {
        (Some(staff), _) if !staff.is_empty() => Ok(Recipient::Staff(staff.to_owned())),
        (None, true) => Ok(Recipient::Address(word.to_owned())),
        _ => Err(Failure::Usage(format!("--to {word}: name staff:ID or a mail address"))),
    }
}

/// Sends the mails again; which, to whom.
async fn resend(
    conn: &mut PgConnection,
    archived: &Archived,
    to: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<(String, i64)>, Failure> {
    let mut wanted: Vec<(&Mailed, Recipient, String)> = Vec::new();
    if to.is_empty() {
        for mail in archived.mails.iter().filter(|mail| mail.again_of.is_none()) {
            wanted.push((mail, reader(&mail.reader)?, mail.reader.clone()));
        }
    }
    for word in to {
        let who = reader(word)?;
        let mut locale = None;
        if let Recipient::Staff(staff) = &who {
            let known = sqlx::query!("select locale, active from crm.staff where staff_id = $1", staff);
            let known = known.fetch_optional(&mut *conn).await?.filter(|known| known.active);
            let nobody = || Failure::Usage(format!("--to {word}: there is no active staff {staff} (crm.staff)"));
            locale = known.ok_or_else(nobody)?.locale;
        }
        if let Some(mail) = archived.mail_for(word, locale.as_deref()) {
            wanted.push((mail, who, word.clone()));
        }
    }
    if wanted.is_empty() {
        let what = "no mail of this review is on record: there is nothing to send again";
        return Err(Failure::failed(anyhow::anyhow!(what)));
    }
    let mut sent = Vec::new();
    for (mail, who, name) in wanted {
        let id = archive::resend(conn, archived, (mail, &who), now).await?;
        let gone = || {
            let what = format!("what the mail to {} said is no longer kept; nothing was sent", mail.reader);
            Failure::failed(anyhow::anyhow!(what))
        };
        sent.push((name, id.ok_or_else(gone)?));
    }
    Ok(sent)
}
