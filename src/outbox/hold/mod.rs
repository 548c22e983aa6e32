//! Messages of a run that wait: for another person's approval, for the share that goes first, or because too many of the job
//! came back.
//!
//! Promises: nobody approves what they put in force themselves, as far as known; what was not approved dies with its
//! messages; the rest behind a canary goes only when all of the canary have their answer, the wait is over and the answers
//! were good enough, else it is stopped until a person decides; where nobody is known to have been reached, too. A job that
//! has reached the limit of its file for bounces or complaints sends nothing more until a person lets it go on, whatever run it
//! is of; from then on it is counted anew.

mod tell;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// Messages of a run that wait.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    /// The job.
    pub job: String,
    /// The run.
    pub run_id: i64,
    /// approval, canary or limit.
    pub reason: String,
    /// waiting, or stopped by the canary.
    pub state: String,
    /// Messages that wait.
    pub messages: i64,
    /// Since when.
    pub held_at: DateTime<Utc>,
    /// When the first of them dies.
    pub first_ends: Option<DateTime<Utc>>,
    /// Why it was stopped.
    pub note: Option<String>,
}

/// Who decides.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The name as it was said: nothing proves it.
    pub said: &'a str,
    /// ACCOUNT@MACHINE of the process, as the operating system has it; none where no person sits at one.
    pub from: Option<&'a str>,
}

impl<'a> From<&'a str> for By<'a> {
    fn from(said: &'a str) -> Self {
        Self { said, from: None }
    }
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// So many messages are owed now, so many wait for the canary.
    Released {
        /// Owed now.
        planned: i64,
        /// Waiting for those.
        behind: i64,
    },
    /// So many were cancelled.
    Refused(i64),
    /// The same person put the file in force.
    Own {
        /// Who.
        by: String,
    },
    /// The job has reached its limit: a run alone cannot go, the next look would hold it again.
    Limited {
        /// What was counted.
        note: String,
    },
    /// Nothing of it waits.
    Nothing,
}

/// What waits for a person or a canary, oldest first; of one job, or of all.
///
/// # Errors
/// When the database refuses.
pub async fn waiting(conn: &mut PgConnection, job: Option<&str>) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"select h.job, h.run_id, h.reason, h.state, m.messages as "messages!", h.held_at, m.first_ends, h.note
           from tend.hold h
           cross join lateral (
               select count(*) as messages, min(o.not_after) as first_ends from tend.outbox o
               where o.run_id = h.run_id and o.state = 'held' and o.state_reason = h.reason
           ) m
           where h.state in ('waiting', 'stopped') and ($1::text is null or h.job = $1)
           order by h.held_at, h.run_id, h.reason"#,
        job
    )
    .fetch_all(conn)
    .await
}

/// Lets the messages of a job go that wait for approval, or because of its limit; with a run, also those its canary holds
/// back or has stopped, but not while the job has reached its limit, which is about all of its runs.
///
/// # Errors
/// When the database refuses.
pub async fn approve(
    conn: &mut PgConnection,
    job: &str,
    run: Option<i64>,
    by: impl Into<By<'_>>,
    now: DateTime<Utc>,
) -> sqlx::Result<Decided> {
    let by = by.into();
    if let Some(by) = own(conn, job, run, by.said).await? {
        return Ok(Decided::Own { by });
    }
    if run.is_some()
        && let Some(note) = limited(conn, job).await?
    {
        return Ok(Decided::Limited { note });
    }
    let done =
        sqlx::query_file!("src/outbox/hold/approve.sql", job, run, by.said, now, by.from).fetch_one(conn).await?;
    Ok(match done.decided {
        0 => Decided::Nothing,
        _ => Decided::Released { planned: done.planned, behind: done.behind },
    })
}

/// Cancels the messages of a job that wait for approval, or those of a run that wait at all.
///
/// # Errors
/// When the database refuses.
pub async fn refuse(
    conn: &mut PgConnection,
    job: &str,
    run: Option<i64>,
    by: impl Into<By<'_>>,
    now: DateTime<Utc>,
) -> sqlx::Result<Decided> {
    let by = by.into();
    let done = sqlx::query!(
        r#"with decided as (
               update tend.hold set state = 'refused', decided_at = $4, decided_by = $3, decided_from = $5
               where job = $1 and state in ('waiting', 'stopped')
                 and case when $2::bigint is null then reason in ('approval', 'limit') else run_id = $2 end
               returning run_id, reason
           ), cancelled as (
               update tend.outbox m set state = 'cancelled', state_at = $4, state_reason = 'not approved by ' || $3::text
               from decided d
               where m.run_id = d.run_id and m.state = 'held' and m.state_reason = d.reason
               returning m.message_id
           )
           select (select count(*) from decided) as "decided!", (select count(*) from cancelled) as "cancelled!""#,
        job,
        run,
        by.said,
        now,
        by.from
    )
    .fetch_one(conn)
    .await?;
    Ok(if done.decided == 0 { Decided::Nothing } else { Decided::Refused(done.cancelled) })
}

/// Who put the files of the waiting runs in force, when it is the same person.
async fn own(conn: &mut PgConnection, job: &str, run: Option<i64>, by: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"select r.applied_by
           from tend.hold h
           cross join lateral (
               select applied_by from tend.folder_revision where specs ->> h.job = h.spec_hash order by revision limit 1
           ) r
           where h.job = $1 and h.reason = 'approval' and h.state = 'waiting' and ($2::bigint is null or h.run_id = $2)
             and lower(r.applied_by) = lower($3)
           limit 1"#,
        job,
        run,
        by
    )
    .fetch_optional(conn)
    .await
}

/// What was counted when the job reached its limit; none: it has not, or somebody let it go on since.
async fn limited(conn: &mut PgConnection, job: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"select note as "note!" from tend.safety_limit where job = $1 and reached_at is not null"#,
        job
    )
    .fetch_optional(conn)
    .await
}

/// Stops jobs that have reached their limits, lets go or stops what waits behind canaries, and closes what has died.
///
/// # Errors
/// When the database refuses.
pub async fn look(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<u64> {
    for reached in sqlx::query_file!("src/outbox/hold/limit.sql", now).fetch_all(&mut *conn).await? {
        tracing::error!(job = reached.job, "the limit of the job is reached, its messages wait: {}", reached.note);
    }
    let limited = sqlx::query_scalar!(
        r#"select exists (select from tend.safety_limit where reached_at is not null) as "limited!""#
    );
    if limited.fetch_one(&mut *conn).await? {
        sqlx::query_file!("src/outbox/hold/limited.sql", now).execute(&mut *conn).await?;
    }
    let judged = sqlx::query_file!("src/outbox/hold/canary.sql", now).execute(&mut *conn).await?;
    sqlx::query!(
        "update tend.hold h set state = 'over', decided_at = $1
         where h.state in ('waiting', 'stopped')
           and not exists (select from tend.outbox m where m.run_id = h.run_id and m.state = 'held' and m.state_reason = h.reason)",
        now
    )
    .execute(&mut *conn)
    .await?;
    tell::tell(conn, now).await?;
    Ok(judged.rows_affected())
}
