//! Putting in order what dead dispatchers left behind, and what came to its end of life.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Plans, Shared, moved};
use crate::outbox::coupon;

/// A message that is resent after crashes is given up after so many attempts over a channel.
pub(super) const MOST_ATTEMPTS: i16 = 12;

/// Why a message is owed again.
const DIED: &str = "given back: its dispatcher died before the hand-over";

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Dispatchers whose lease had run out.
    pub dispatchers: usize,
    /// Messages handed off without an answer.
    pub unknown: u64,
    /// Messages given back that were never handed off.
    pub released: u64,
}

/// Recovers everything whose lease has run out (database clock).
///
/// The lease row is deleted first: the lock waits for a hand-over that is being committed and forbids every later one. So
/// what the statements behind it see is final.
pub async fn recover(shared: &Shared) -> sqlx::Result<Recovered> {
    let mut found = Recovered::default();
    let mut tx = shared.begin(Plans::Fresh).await?;
    let dead = sqlx::query_scalar!("delete from tend.dispatcher where lease_until < clock_timestamp() returning owner")
        .fetch_all(&mut *tx)
        .await?;
    // claims of owners that have no lease: of those just deleted, most of whom left nothing behind, and rows of a restored database
    let owners = sqlx::query_scalar!(
        r#"select distinct o.owner as "owner!" from tend.outbox o
           where o.state in ('claimed', 'handed_off') and not exists (select from tend.dispatcher d where d.owner = o.owner)"#
    )
    .fetch_all(&mut *tx)
    .await?;
    found.dispatchers = dead.len();
    for owner in owners {
        let (unknown, released) = put_in_order(shared, &mut tx, owner, Some(DIED)).await?;
        found.unknown += unknown;
        found.released += released;
    }
    tx.commit().await?;
    Ok(found)
}

/// Ends what an owner left behind; its lease row must be deleted in the same transaction already. Messages of unknown
/// fate and messages given back, the latter with this reason.
pub async fn put_in_order(
    shared: &Shared,
    conn: &mut PgConnection,
    owner: Uuid,
    reason: Option<&str>,
) -> sqlx::Result<(u64, u64)> {
    let now = shared.clock.now(conn).await?;
    let unknown = sqlx::query_file!("src/outbox/dispatch/unknown.sql", owner, now, MOST_ATTEMPTS, &shared.asking)
        .execute(&mut *conn)
        .await?;
    settle_all(conn, owner).await?;
    let released = give_back(conn, owner, None, now, reason).await?;
    Ok((unknown.rows_affected(), released))
}

/// Copies every result of a dispatcher that is not in the outbox yet.
async fn settle_all(conn: &mut PgConnection, owner: Uuid) -> sqlx::Result<()> {
    let held = sqlx::query_scalar!("select message_id from tend.outbox where owner = $1 and state = 'claimed'", owner)
        .fetch_all(&mut *conn)
        .await?;
    sqlx::query_file!("src/outbox/dispatch/settle.sql", owner, &held as &[i64]).execute(conn).await.map(drop)
}

/// Gives back everything a dispatcher still holds and has not handed off, or what it holds for one channel.
pub async fn give_back(
    conn: &mut PgConnection,
    owner: Uuid,
    channel: Option<&str>,
    now: chrono::DateTime<chrono::Utc>,
    reason: Option<&str>,
) -> sqlx::Result<u64> {
    sqlx::query!(
        "update tend.outbox o
         set state = 'planned', owner = null, state_at = $2, state_reason = coalesce($3, o.state_reason)
         where o.owner = $1 and o.state in ('claimed', 'handed_off') and ($4::text is null or o.provider = $4)
           and not exists (select from tend.attempt a where a.message_id = o.message_id and a.attempt = o.attempts + 1)",
        owner,
        now,
        reason,
        channel
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

/// Gives messages that wait for a coupon code one, where codes were given back.
pub async fn fill(shared: &Shared) -> sqlx::Result<i64> {
    let mut tx = shared.begin(Plans::Fresh).await?;
    if moved::elsewhere(shared, &mut tx).await? {
        return Ok(0);
    }
    let now = shared.clock.now(&mut tx).await?;
    let filled = coupon::fill(&mut tx, now).await?;
    tx.commit().await?;
    Ok(filled)
}

/// Ends what is past its end of life and was not claimed: held messages, and those of a channel that is stopped.
pub async fn expire(shared: &Shared) -> sqlx::Result<u64> {
    let mut tx = shared.begin(Plans::Fresh).await?;
    let now = shared.clock.now(&mut tx).await?;
    let expired = sqlx::query!(
        "update tend.outbox set state = 'expired', state_at = $1, state_reason = case when state = 'held' then concat_ws('; ', 'its end of life came while it was held', state_reason)
                                else 'its end of life came before its turn' end
         where message_id in (select message_id from tend.outbox
                              where state in ('planned', 'held') and not_after <= $1 limit 5000 for update skip locked)",
        now
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(expired.rows_affected())
}
