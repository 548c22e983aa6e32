//! Reviews that were made: their figures, whom they went to, and the mails as they were sent; sending them again.
//!
//! Promises: what is shown is what was kept when it was made, nothing is computed anew; a mail is sent again only when a
//! person asks for it, says so in its subject and on top, and is a message of its own beside the first.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

use super::Review;
use super::mail::again;
use crate::engine::door::JobError;
use crate::outbox::letter::{self, Letter, Recipient, Writer};

/// A mail that is sent again is still wanted so long.
const LIFE: TimeDelta = TimeDelta::days(3);

/// A review that was made.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// The run that made it.
    pub run_id: i64,
    /// Whose figures they are; empty: everybody's.
    pub team: String,
    /// The job.
    pub job: String,
    /// The period, by name.
    pub period: String,
    /// Its first day.
    pub first_day: NaiveDate,
    /// Its last.
    pub last_day: NaiveDate,
    /// As of when it was made.
    pub as_of: DateTime<Utc>,
    /// The zone of its days.
    pub zone: String,
    /// Targets missed, with enough cases.
    pub missed: i32,
    /// Mails written.
    pub mails: i64,
    /// Of them taken by the mail server.
    pub sent: i64,
    /// Of them still to go.
    pub waiting: i64,
}

/// A mail of a review.
#[derive(Debug, Clone, Serialize)]
pub struct Mailed {
    /// `tend.outbox.message_id`.
    pub message_id: i64,
    /// `staff:ID`, or an address.
    pub reader: String,
    /// The name of the staff.
    pub name: Option<String>,
    /// Its language.
    pub locale: String,
    /// What became of it, as `tend.outbox.state` has it.
    pub state: String,
    /// Since when.
    pub state_at: DateTime<Utc>,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// The mail that it sends again.
    pub again_of: Option<i64>,
}

/// Everything that is kept of a review.
#[derive(Debug, Clone, Serialize)]
pub struct Archived {
    /// Which it is.
    #[serde(flatten)]
    pub listed: Listed,
    /// The spec it was made by.
    pub spec_hash: Option<String>,
    /// The job file as it was.
    pub spec: Option<String>,
    /// The figures.
    pub review: Review,
    /// The mails, in the order they were written.
    pub mails: Vec<Mailed>,
}

/// A mail to be sent again.
#[derive(Debug)]
struct First {
    spec_hash: String,
    template: String,
    locale: String,
    priority: i16,
    data: Value,
}

/// The reviews there are, the latest first: of a job or of all, at most so many.
///
/// # Errors
/// When the database refuses.
pub async fn list(conn: &mut PgConnection, job: Option<&str>, most: i64) -> sqlx::Result<Vec<Listed>> {
    let (run, team) = (None::<i64>, None::<&str>);
    sqlx::query_file_as!(Listed, "src/jobs/report/archive.sql", job, run, team, most).fetch_all(conn).await
}

/// The reviews of a run, that of everybody first.
///
/// # Errors
/// When the database refuses.
pub async fn of_run(conn: &mut PgConnection, run_id: i64) -> sqlx::Result<Vec<Listed>> {
    let (job, run, team) = (None::<&str>, Some(run_id), None::<&str>);
    sqlx::query_file_as!(Listed, "src/jobs/report/archive.sql", job, run, team, i64::MAX).fetch_all(conn).await
}

/// All that is kept of a review.
///
/// # Errors
/// When the database refuses, or this version of tend cannot read what another has stored.
pub async fn whole(conn: &mut PgConnection, listed: Listed) -> Result<Archived, JobError> {
    let kept = sqlx::query!(
        r#"select r.figures, j.spec_hash as "spec_hash?", s.body as "body?"
           from tend.report r
           left join tend.job_run j on j.run_id = r.run_id
           left join tend.spec s on s.hash = j.spec_hash
           where r.run_id = $1 and r.team = $2"#,
        listed.run_id,
        listed.team
    )
    .fetch_one(&mut *conn)
    .await?;
    let review = serde_json::from_value(kept.figures).map_err(JobError::fail)?;
    let mails = sqlx::query_as!(
        Mailed,
        r#"select o.message_id, case when o.recipient = 'address' then coalesce(l.address, 'address') else o.recipient end as "reader!",
                  s.name as "name?", o.locale, o.state, o.state_at, o.state_reason as reason, l.again_of as "again_of?"
           from tend.outbox o
           left join tend.letter l on l.message_id = o.message_id
           left join tend.outbox f on f.message_id = l.again_of
           left join crm.staff s on o.recipient = 'staff:' || s.staff_id
           where o.run_id = $1 and o.recipient is not null and coalesce(f.step, o.step) = $2
           order by o.message_id"#,
        listed.run_id,
        listed.team
    )
    .fetch_all(conn)
    .await?;
    Ok(Archived { listed, spec_hash: kept.spec_hash, spec: kept.body, review, mails })
}

impl Archived {
    /// The mail that a reader got first; for somebody who got none, one in the language (`locale`), else the first there is.
    #[must_use]
    pub fn mail_for(&self, reader: &str, locale: Option<&str>) -> Option<&Mailed> {
        let mut firsts = self.mails.iter().filter(|mail| mail.again_of.is_none());
        let language = |mail: &&Mailed| locale.is_some_and(|locale| mail.locale == locale);
        let firsts: Vec<&Mailed> = firsts.by_ref().collect();
        let own = firsts.iter().find(|mail| mail.reader == reader);
        own.or_else(|| firsts.iter().find(|mail| language(mail))).or(firsts.first()).copied()
    }
}

/// Sends the mail of a review again, to who got it or to somebody else; the new message, none when what it said is not kept.
///
/// # Errors
/// When the database refuses.
pub async fn resend(
    conn: &mut PgConnection,
    archived: &Archived,
    (mail, to): (&Mailed, &Recipient),
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i64>> {
    let first = sqlx::query_as!(
        First,
        "select o.spec_hash, o.template, o.locale, o.priority, l.data
         from tend.outbox o join tend.letter l on l.message_id = o.message_id where o.message_id = $1 for share of o",
        mail.message_id
    );
    let Some(first) = first.fetch_optional(&mut *conn).await? else { return Ok(None) };
    let (review, listed) = (&archived.review, &archived.listed);
    let today = now.with_timezone(&review.period.timezone).date_naive();
    let nth = sqlx::query_scalar!(
        r#"select count(*) as "nth!" from tend.letter l join tend.outbox o on o.message_id = l.again_of where o.run_id = $1"#,
        listed.run_id
    );
    let nth = nth.fetch_one(&mut *conn).await? + 1;
    let staff = match to {
        Recipient::Staff(staff) => Some(staff.as_str()),
        Recipient::Address(_) | Recipient::Robot(_) => None,
    };
    let mut data = letter::readdressed(&first.data, staff);
    if let Some(entries) = data.as_object_mut() {
        entries.insert(letter::AGAIN.into(), again(review, today, &first.locale).into());
    }
    let letter = Letter {
        recipient: to.clone(),
        occasion: format!("review:{}", listed.period),
        occurs_on: today,
        step: format!("{} again {nth}", listed.team).trim_start().to_owned(),
        template: first.template,
        locale: first.locale,
        data,
        customers: Vec::new(),
        attachments: letter::parts(&mut *conn, mail.message_id).await?,
        archived: true,
        again_of: Some(mail.message_id),
        priority: first.priority,
        not_before: now,
        not_after: now + LIFE,
    };
    let writer = Writer { run_id: listed.run_id, job: &listed.job, spec_hash: &first.spec_hash, at: now };
    letter::write(&mut *conn, writer, &[letter]).await?;
    let written = sqlx::query_scalar!(
        r#"select max(l.message_id) as "message_id?" from tend.letter l where l.again_of = $1"#,
        mail.message_id
    );
    written.fetch_one(conn).await
}
