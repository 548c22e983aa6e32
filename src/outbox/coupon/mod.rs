//! Coupon pools: codes the company's shop made, one a message.
//!
//! Promises: a code is reserved in the transaction that queues its message, never for two messages, however many runs
//! plan at once; it is given back when the message has definitely failed (a trigger sees to it) and kept when there is
//! doubt; a message that waits for a code gets one as soon as there is one; codes appear in no log and no report.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// Takes codes: a part of the statement of a message run, behind the policy.
pub const RESERVE: &str = include_str!("reserve.sql");
/// The same place for files whose offers have none.
pub const NONE: &str = include_str!("none.sql");

/// Messages of a pool given a code by one statement, at most.
const AT_A_TIME: i64 = 1_000;

/// What happens to a message for which there is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnEmpty {
    /// It waits for one until its end of life.
    Hold,
    /// There is none today; the next run looks again.
    Skip,
    /// It goes out without.
    SendWithout,
}

impl OnEmpty {
    /// The words of job files.
    pub const WORDS: [(&'static str, Self); 3] =
        [("hold", Self::Hold), ("skip", Self::Skip), ("send_without", Self::SendWithout)];

    /// As the statement takes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Skip => "skip",
            Self::SendWithout => "send_without",
        }
    }
}

/// Whether a pool may be called so: lower-case letters, digits, `-` and `_`, 64 at most.
#[must_use]
pub fn is_pool(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// How a pool stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pool {
    /// Its name.
    pub pool: String,
    /// Codes that can be handed out.
    pub left: i64,
    /// Codes of messages.
    pub reserved: i64,
    /// Codes nobody got before they ended.
    pub expired: i64,
    /// The alarm is raised below this.
    pub low_water: i32,
    /// Messages that wait for a code.
    pub waiting: i64,
    /// When the first of those left ends.
    pub next_end: Option<NaiveDate>,
}

/// All pools, by name; codes that ended before the UTC day of `now` are expired.
///
/// # Errors
/// When the database refuses.
pub async fn pools(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<Vec<Pool>> {
    sqlx::query_as!(
        Pool,
        r#"select p.pool, p.low_water, c."left" as "left!", c.reserved as "reserved!", c.expired as "expired!", c.next_end,
                  (select count(*) from tend.outbox o
                   where o.state = 'held' and o.state_reason = 'coupon' and o.data -> 'coupon' ->> 'pool' = p.pool) as "waiting!"
           from tend.coupon_pool p
           cross join lateral (
               select count(*) filter (where c.reserved_at is null and coalesce(c.expires_on, 'infinity') >= $1) as "left",
                      count(*) filter (where c.reserved_at is not null) as reserved,
                      count(*) filter (where c.reserved_at is null and c.expires_on < $1) as expired,
                      min(c.expires_on) filter (where c.reserved_at is null and c.expires_on >= $1) as next_end
               from tend.coupon c where c.pool = p.pool) c
           order by p.pool"#,
        now.date_naive()
    )
    .fetch_all(conn)
    .await
}

/// Gives messages that wait for a code one; how many got one.
///
/// # Errors
/// When the database refuses.
pub async fn fill(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<i64> {
    let mut all = 0;
    loop {
        let filled =
            sqlx::query_file_scalar!("src/outbox/coupon/fill.sql", now, AT_A_TIME).fetch_one(&mut *conn).await?;
        all += filled;
        if filled < AT_A_TIME {
            return Ok(all);
        }
    }
}
