//! Channels and recipient domains that fail are left alone for a while, by all replicas: `tend.provider_state`.
//!
//! A refusal that concerns the whole channel (no connection, login refused, 421, Retry-After, 410) stops it at once; other
//! trouble stops it after [`SOFT`] failures in a row. It is then left alone for 15 s, 30 s, 1, 2, 4, 8, at most 15 minutes,
//! or as long as the provider asked. After that one message is tried; when it goes, the channel is well again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Failures in a row that stop a channel or a domain.
pub const SOFT: i32 = 3;

/// What the claim must know of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// All is well.
    Open,
    /// It failed, and may be tried with one message.
    Probe,
    /// Nothing until then.
    Closed(DateTime<Utc>),
}

/// Whether the channel may be used. The second figure: failures in a row.
pub async fn gate(conn: &mut PgConnection, name: &str, now: DateTime<Utc>) -> sqlx::Result<(Gate, i32)> {
    let row = sqlx::query!("select open_until, failures from tend.provider_state where provider = $1", name)
        .fetch_optional(conn)
        .await?;
    Ok(match row {
        None => (Gate::Open, 0),
        Some(row) => match row.open_until {
            Some(until) if until > now => (Gate::Closed(until), row.failures),
            Some(_) if row.failures > 0 => (Gate::Probe, row.failures),
            _ => (Gate::Open, row.failures),
        },
    })
}

/// Counts a failure; true when the channel or domain is now left alone.
///
/// While it is left alone, further failures of connections that were under way only lengthen the wait, not the series.
pub async fn failed(
    conn: &mut PgConnection,
    name: &str,
    now: DateTime<Utc>,
    threshold: i32,
    wait: Option<Duration>,
    reason: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"insert into tend.provider_state as s (provider, failures, open_until, reason, changed_at)
           values ($1, 1, case when 1 >= $3 then $2::timestamptz + make_interval(secs => coalesce($4, 15)) end, $5, $2)
           on conflict (provider) do update
           set failures = s.failures + case when s.open_until > $2 then 0 else 1 end,
               open_until = case
                   when $4 is not null then greatest(s.open_until, $2 + make_interval(secs => $4))
                   when s.open_until > $2 then s.open_until
                   when s.failures + 1 >= $3 then $2 + make_interval(secs => least(900, 15 * 2 ^ least(s.failures, 10)))
                   else s.open_until end,
               reason = $5, changed_at = $2
           returning coalesce(open_until > $2, false) as "closed!""#,
        name,
        now,
        threshold,
        wait.map(|wait| wait.as_secs_f64()) as Option<f64>,
        reason
    )
    .fetch_one(conn)
    .await
}

/// It works again.
pub async fn works(conn: &mut PgConnection, name: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update tend.provider_state set failures = 0, open_until = null, reason = null, changed_at = $2
         where provider = $1 and (open_until is null or open_until <= $2)",
        name,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}
