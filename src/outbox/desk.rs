//! What a person decides about messages: those whose fate is unknown, those held, those given up.
//!
//! tend never guesses: `in_doubt` stays until somebody who knows (the provider's log, the customer) says whether to send
//! it again or to leave it. The decision stands in `state_reason` with who made it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// A message that waits for a person. No address, no text: only ids.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    /// Its number.
    pub message_id: i64,
    /// The job that owed it.
    pub job: String,
    /// To whom.
    pub customer_id: String,
    /// What for.
    pub occasion: String,
    /// email or sms.
    pub channel: String,
    /// in_doubt, held or dead.
    pub state: String,
    /// Since when.
    pub state_at: DateTime<Utc>,
    /// Why.
    pub state_reason: Option<String>,
    /// End of life.
    pub not_after: DateTime<Utc>,
}

/// What became of a message somebody decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// It is owed again, under the same Message-ID.
    Planned,
    /// It is given up.
    Dropped,
    /// Its end of life has passed: nothing was changed.
    TooLate,
    /// Its run waits for approval, or for the share that goes first: nothing was changed.
    NotApproved,
    /// It does not wait for a person: nothing was changed.
    NotWaiting,
    /// There is no such message.
    Unknown,
}

/// The messages that wait for a person, oldest first; at most so many, none: all.
///
/// # Errors
/// When the database refuses.
pub async fn waiting(conn: &mut PgConnection, most: Option<i64>) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        "select message_id, job, customer_id, occasion, channel, state, state_at, state_reason, not_after
         from tend.outbox where state in ('in_doubt', 'held', 'dead') order by state_at, message_id limit $1",
        most
    )
    .fetch_all(conn)
    .await
}

/// Sends a message again, though it may have arrived. What waits for approval, or behind a share that goes first, is let go
/// by [`approve`](super::hold::approve) only.
///
/// # Errors
/// When the database refuses.
pub async fn resend(conn: &mut PgConnection, message_id: i64, who: &str, now: DateTime<Utc>) -> sqlx::Result<Decided> {
    let done = sqlx::query!(
        "update tend.outbox set state = 'planned', state_at = $2, state_reason = 'sent again by ' || $3::text, attempts_before = attempts
         where message_id = $1 and state in ('in_doubt', 'held', 'dead') and not_after > $2
           and not (state = 'held' and state_reason in ('approval', 'canary', 'limit'))",
        message_id,
        now,
        who
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 1 { Ok(Decided::Planned) } else { why_not(conn, message_id, now).await }
}

/// Gives a message up.
///
/// # Errors
/// When the database refuses.
pub async fn give_up(conn: &mut PgConnection, message_id: i64, who: &str, now: DateTime<Utc>) -> sqlx::Result<Decided> {
    let done = sqlx::query!(
        "update tend.outbox set state = 'cancelled', state_at = $2, state_reason = concat_ws('; ', state_reason, 'given up by ' || $3::text)
         where message_id = $1 and state in ('in_doubt', 'held', 'dead')",
        message_id,
        now,
        who
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 1 { Ok(Decided::Dropped) } else { why_not(conn, message_id, now).await }
}

async fn why_not(conn: &mut PgConnection, message_id: i64, now: DateTime<Utc>) -> sqlx::Result<Decided> {
    let row = sqlx::query!(
        r#"select state in ('in_doubt', 'held', 'dead') as "waiting!", not_after <= $2 as "over!",
                  state = 'held' and coalesce(state_reason in ('approval', 'canary', 'limit'), false) as "unapproved!"
           from tend.outbox where message_id = $1"#,
        message_id,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(match row {
        None => Decided::Unknown,
        Some(row) if row.waiting && row.over => Decided::TooLate,
        Some(row) if row.unapproved => Decided::NotApproved,
        Some(_) => Decided::NotWaiting,
    })
}
