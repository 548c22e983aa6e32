//! Letters: messages to people of the house (agendas, alerts, reviews), over the same outbox as those to customers.
//!
//! Promises: one letter a recipient, occasion and step, however often the job runs; what it says (customers' names among it)
//! stands in `tend.letter` and not in `tend.outbox`, is deleted when one of those customers is forgotten, and swept some
//! time after it went out, unless it is archived; whoever has left the house gets none. Addresses of staff are looked up when
//! it is sent.
//! Templates get what the job says as `occasion`, and the reader as `recipient`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::channel::Attachment;
use super::template::TemplateFolder;

mod archive;
mod draft;
mod marks;

pub(in crate::outbox) use archive::keep;
pub use archive::{Kept, kept};
pub use draft::{Draft, drafts};
pub use marks::{AGAIN, LinkTo, link, readdressed};
pub(in crate::outbox) use marks::{headed, signed};

/// How long a letter is kept after it could go out at the latest.
const KEPT: TimeDelta = TimeDelta::days(30);
/// The templates of tend's own letters, which belong to no job, begin so.
pub const OWN: &str = "tend-";

/// To whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// `crm.staff.staff_id`: by mail.
    Staff(String),
    /// A mail address of a job file or the settings.
    Address(String),
    /// A channel of the settings: into its chat.
    Robot(String),
}

/// A letter.
#[derive(Debug, Clone)]
pub struct Letter {
    /// To whom.
    pub recipient: Recipient,
    /// What it is for, once for each recipient: `agenda:2026-06-02`.
    pub occasion: String,
    /// Its local day.
    pub occurs_on: NaiveDate,
    /// Which of several; empty for the only one.
    pub step: String,
    /// Folder below `templates/`, one of those of the job; tend's own begin with [`OWN`].
    pub template: String,
    /// Language of those whose own is not known.
    pub locale: String,
    /// What the template gets as `occasion`: an object. [`link`] makes links.
    pub data: Value,
    /// The customers it speaks of.
    pub customers: Vec<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Whether it is kept for good, as it was sent.
    pub archived: bool,
    /// The message that it sends again, because a person asked for it.
    pub again_of: Option<i64>,
    /// Who goes first, 0 to 100.
    pub priority: i16,
    /// Not before.
    pub not_before: DateTime<Utc>,
    /// Too late from then on.
    pub not_after: DateTime<Utc>,
}

/// Who writes.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// `tend.job_run.run_id`; 0: no run.
    pub run_id: i64,
    /// The job.
    pub job: &'a str,
    /// Its spec, which has the templates.
    pub spec_hash: &'a str,
    /// The instant.
    pub at: DateTime<Utc>,
}

/// Writes letters; how many were new.
///
/// # Errors
/// When the database refuses.
pub async fn write(conn: &mut PgConnection, writer: Writer<'_>, letters: &[Letter]) -> sqlx::Result<i64> {
    if letters.is_empty() {
        return Ok(0);
    }
    let rows: Vec<Value> = letters.iter().map(row).collect();
    let Writer { run_id, job, spec_hash, at } = writer;
    let done = sqlx::query_file!("src/outbox/letter/write.sql", Value::from(rows), run_id, job, spec_hash, at);
    Ok(done.fetch_one(conn).await?.written)
}

fn row(letter: &Letter) -> Value {
    let (recipient, address, channel, provider) = match &letter.recipient {
        Recipient::Staff(staff) => (format!("staff:{staff}"), None, "email", None),
        Recipient::Address(address) => ("address".to_owned(), Some(address), "email", None),
        Recipient::Robot(name) => (format!("robot:{name}"), None, "robot", Some(name)),
    };
    let parts: Vec<Value> = letter
        .attachments
        .iter()
        .map(|part| {
            json!({ "name": part.name, "media_type": part.media_type, "content_id": part.content_id,
                    "body": STANDARD.encode(&part.body), "optional": part.optional })
        })
        .collect();
    json!({
        "recipient": recipient, "address": address, "channel": channel, "provider": provider, "occasion": letter.occasion,
        "occurs_on": letter.occurs_on, "step": letter.step, "template": letter.template, "locale": letter.locale,
        "data": letter.data, "customers": letter.customers, "parts": parts, "priority": letter.priority,
        "not_before": letter.not_before, "not_after": letter.not_after, "archived": letter.archived, "again_of": letter.again_of,
        "keep_until": if letter.archived { json!("infinity") } else { json!(letter.not_after + KEPT) },
    })
}

/// What is attached to a letter, by name.
///
/// # Errors
/// When the database cannot be reached.
pub async fn parts(conn: &mut PgConnection, message_id: i64) -> sqlx::Result<Vec<Attachment>> {
    sqlx::query_as!(
        Attachment,
        "select name, media_type, content_id, body, optional from tend.letter_part where message_id = $1 order by name",
        message_id
    )
    .fetch_all(conn)
    .await
}

/// The templates of tend's own letters.
#[must_use]
pub(in crate::outbox) fn own_templates() -> TemplateFolder {
    TemplateFolder::from_files([
        ("tend-action/email.en.mjml", include_str!("action.en.mjml")),
        ("tend-action/email.zh-CN.mjml", include_str!("action.zh-CN.mjml")),
        ("tend-stopped/email.en.mjml", include_str!("stopped.en.mjml")),
        ("tend-stopped/email.zh-CN.mjml", include_str!("stopped.zh-CN.mjml")),
        ("tend-tasks/email.en.mjml", include_str!("tasks.en.mjml")),
        ("tend-tasks/email.zh-CN.mjml", include_str!("tasks.zh-CN.mjml")),
        ("tend-visits/email.en.mjml", include_str!("visits.en.mjml")),
        ("tend-visits/email.zh-CN.mjml", include_str!("visits.zh-CN.mjml")),
    ])
}
