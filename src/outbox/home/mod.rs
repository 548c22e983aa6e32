//! The database that sends: a copy of it must not send again.
//!
//! With the outbox stands which database it belongs to: the system identifier of the Postgres cluster, the oid of the
//! database, the timeline. Every claim compares them ([`look`]). When one is another (a restored dump, `create database …
//! template`, a base backup, a promoted standby), what was planned before is held and all sending is stopped, until a
//! person says that this is the one that sends ([`confirm`]). `outbox.on_failover = "release"` lets a change of the
//! timeline alone pass: right where the standby is synchronous, since then it lost nothing.
//!
//! What cannot be told: a snapshot of the disks that is started as if after a crash. It has the same three.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Who stops the sending, and why; `tend status` shows it.
const STOPPED_BY: &str = "tend";
const STOPPED: &str =
    "this database is a copy, or was moved or promoted: `tend outbox confirm` says that it is the one that sends";

/// Where the outbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where it was.
    Home,
    /// Nobody has looked before.
    New,
    /// In the same database of the same cluster, on another timeline: a standby was promoted, or a backup restored.
    Promoted,
    /// In another database.
    Moved,
}

/// Compares the database with the one on record.
///
/// # Errors
/// When the database refuses.
pub async fn look(conn: &mut PgConnection) -> sqlx::Result<Place> {
    let place = sqlx::query_file_scalar!("src/outbox/home/look.sql").fetch_one(conn).await?;
    Ok(match place.as_str() {
        "home" => Place::Home,
        "new" => Place::New,
        "promoted" => Place::Promoted,
        _ => Place::Moved,
    })
}

/// Puts the database on record as the one that sends.
///
/// # Errors
/// When the database refuses.
pub async fn settle(conn: &mut PgConnection, who: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query_file!("src/outbox/home/settle.sql", now, who).execute(conn).await.map(drop)
}

/// Stops the sending and holds what was planned before; the number of messages held. Leases of the database it was
/// copied from are taken away: what they had handed off is in doubt, as after a crash.
///
/// # Errors
/// When the database refuses.
pub async fn hold(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<u64> {
    sqlx::query!(
        "insert into tend.sending_pause (paused_at, paused_by, note) values ($1, $2, $3) on conflict do nothing",
        now,
        STOPPED_BY,
        STOPPED
    )
    .execute(&mut *conn)
    .await?;
    // first, as in recovery: a hand-over that is being committed is waited for, and every later one is refused
    sqlx::query!("delete from tend.dispatcher").execute(&mut *conn).await?;
    // what waits behind a canary was planned before, too, and goes when a person says so
    sqlx::query!(
        "update tend.hold set state = 'stopped', note = 'the database was copied, moved or promoted: another one may have sent these'
         where reason = 'canary' and state = 'waiting'"
    )
    .execute(&mut *conn)
    .await?;
    let held = sqlx::query_file!("src/outbox/home/hold.sql", now).execute(conn).await?;
    Ok(held.rows_affected())
}

/// What becomes of the messages that were held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// They stay held: somebody decides one by one.
    Keep,
    /// They are owed again.
    Release,
    /// They are given up.
    Drop,
}

/// What a confirmation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Confirmed {
    /// False: it was the one on record already.
    pub changed: bool,
    /// Messages that were held because of the move.
    pub messages: u64,
}

/// Says that this database is the one that sends; sending goes on.
///
/// # Errors
/// When the database refuses.
pub async fn confirm(conn: &mut PgConnection, who: &str, now: DateTime<Utc>, held: Held) -> sqlx::Result<Confirmed> {
    let changed = look(conn).await? != Place::Home;
    if changed {
        // no dispatcher may have noticed yet, or have given something back since
        hold(conn, now).await?;
        settle(conn, who, now).await?;
    }
    sqlx::query!("delete from tend.sending_pause where paused_by = $1 and note = $2", STOPPED_BY, STOPPED)
        .execute(&mut *conn)
        .await?;
    let becomes = match held {
        Held::Keep => {
            let count = sqlx::query_scalar!(
                r#"select count(*) as "count!" from tend.outbox where state = 'held' and starts_with(state_reason, 'clone: ')"#
            );
            let messages = count.fetch_one(conn).await?.unsigned_abs();
            return Ok(Confirmed { changed, messages });
        }
        Held::Release => "planned",
        Held::Drop => "cancelled",
    };
    let done = sqlx::query!(
        "update tend.outbox set state = $1, state_at = $2, state_reason = state_reason || '; ' || $3::text || ' by ' || $4::text
         where state = 'held' and starts_with(state_reason, 'clone: ')",
        becomes,
        now,
        if held == Held::Release { "released" } else { "given up" },
        who
    );
    Ok(Confirmed { changed, messages: done.execute(conn).await?.rows_affected() })
}
