//! Messages that staff stop, and what they may take back.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// email or sms, by what an address looks like.
///
/// # Errors
/// A sentence when it looks like neither.
pub fn channel_of(address: &str) -> Result<&'static str, String> {
    let address = address.trim();
    let (digits, rest) = (address.bytes().filter(u8::is_ascii_digit).count(), address.strip_prefix('+'));
    if address.parse::<lettre::Address>().is_ok() {
        Ok("email")
    } else if rest.is_some_and(|rest| (6..=15).contains(&rest.len()) && digits == rest.len()) {
        Ok("sms")
    } else {
        Err("that is neither a mail address nor a number such as +8613800138000".to_owned())
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Something is different now.
    pub changed: bool,
    /// The customer unsubscribed himself, and stays so.
    pub own_word: bool,
}

/// Stops everything to an address.
///
/// # Errors
/// When the database refuses.
pub async fn stop(conn: &mut PgConnection, channel: &str, address: &str, now: DateTime<Utc>) -> sqlx::Result<Done> {
    let stopped = sqlx::query!(
        "insert into tend.suppression (channel, address_key, reason, recorded_at)
         select $1, tend.address_key($1, $2), 'by_hand', $3
         on conflict (channel, address_key) do update
             set reason = 'by_hand', recorded_at = excluded.recorded_at, lifted_at = null
             where tend.suppression.lifted_at is not null",
        channel,
        address,
        now
    );
    let changed = stopped.execute(&mut *conn).await?.rows_affected() > 0;
    Ok(Done { changed, own_word: own_word(conn, channel, address).await? })
}

/// Writes down for a customer that he wants no more of a purpose (marketing, service) at an address: he said so by mail
/// or by telephone. Only he takes it back.
///
/// # Errors
/// When the database refuses.
pub async fn unsubscribe(
    conn: &mut PgConnection,
    channel: &str,
    address: &str,
    purpose: &str,
    who: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Done> {
    let written = sqlx::query!(
        "insert into tend.choice (customer_id, channel, address_key, purpose, granted, at, source, recorded_by)
         select coalesce(c.customer_id, ''), $1, tend.address_key($1, $2), $3, false, $4, 'staff', $5
         from (values (1)) one (row)
         left join crm.customer c on lower(btrim(case $1 when 'email' then c.email else c.phone end)) = lower(btrim($2::text))",
        channel,
        address,
        purpose,
        now,
        who
    );
    let changed = written.execute(&mut *conn).await?.rows_affected() > 0;
    Ok(Done { changed, own_word: true })
}

/// Lifts what stops messages to an address: a suppression by staff, or after a bounce. Of a customer who was forgotten it
/// stays.
///
/// # Errors
/// When the database refuses.
pub async fn lift(conn: &mut PgConnection, channel: &str, address: &str, now: DateTime<Utc>) -> sqlx::Result<Done> {
    let lifted = sqlx::query!(
        "update tend.suppression set lifted_at = $3
         where channel = $1 and address_key = tend.address_key($1, $2) and lifted_at is null and reason <> 'forgotten'",
        channel,
        address,
        now
    );
    let changed = lifted.execute(&mut *conn).await?.rows_affected() > 0;
    Ok(Done { changed, own_word: own_word(conn, channel, address).await? })
}

/// Whether the newest word about some purpose and topic at the address is no.
async fn own_word(conn: &mut PgConnection, channel: &str, address: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select from (select distinct on (purpose, topic) granted from tend.choice
                            where channel = $1 and address_key = tend.address_key($1, $2)
                            order by purpose, topic, choice_id desc) w
               where not granted) as "said!""#,
        channel,
        address
    )
    .fetch_one(conn)
    .await
}
