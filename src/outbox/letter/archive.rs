//! Letters kept for good, as they were sent: the bytes that were built for each attempt.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::outbox::channel::message::Sender;
use crate::outbox::channel::{Outgoing, Prepared};

/// What a letter was when it was sent.
#[derive(Debug)]
pub struct Kept {
    /// The attempt.
    pub attempt: i16,
    /// When it was built.
    pub built_at: DateTime<Utc>,
    /// The mail, byte for byte.
    pub body: Vec<u8>,
}

/// Keeps a letter that is about to be handed off, if it is one to be kept.
///
/// # Errors
/// When the database cannot be reached: then it must not go out.
pub(in crate::outbox) async fn keep(
    conn: &mut PgConnection,
    (message_id, attempt): (i64, i16),
    outgoing: &Outgoing,
    prepared: &Prepared,
) -> sqlx::Result<()> {
    let archived = sqlx::query_scalar!("select archived from tend.letter where message_id = $1", message_id);
    if archived.fetch_optional(&mut *conn).await? != Some(true) {
        return Ok(());
    }
    let built;
    let body = match prepared.mail() {
        Some(bytes) => bytes,
        None => {
            built = told(outgoing);
            &built
        }
    };
    sqlx::query!(
        "insert into tend.archive (message_id, attempt, built_at, body) values ($1, $2, $3, $4)
         on conflict (message_id, attempt) do update set built_at = excluded.built_at, body = excluded.body",
        message_id,
        attempt,
        outgoing.date,
        body
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a channel that carries no mails was told, in the form of a mail; it carries no files either.
fn told(outgoing: &Outgoing) -> Vec<u8> {
    let without = Outgoing { attachments: Vec::new(), ..outgoing.clone() };
    let mail = Sender::new("tend <tend@localhost>", None).ok().and_then(|sender| sender.build(&without, None).ok());
    mail.map_or_else(|| without.text.into_bytes(), |mail| mail.bytes)
}

/// A letter as it was sent, of each attempt that was made, in order.
///
/// # Errors
/// When the database cannot be reached.
pub async fn kept(conn: &mut PgConnection, message_id: i64) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as!(
        Kept,
        "select a.attempt, a.built_at, a.body from tend.archive a
         where a.message_id = $1 and exists (select from tend.attempt t where t.message_id = a.message_id and t.attempt = a.attempt)
         order by a.attempt",
        message_id
    )
    .fetch_all(conn)
    .await
}
