//! Warming up: a channel or a recipient domain that is new to its receivers sends little on its first day and more on each
//! further one, over all replicas: `tend.ramp`.
//!
//! A day counts when something was sent on it, so that a channel that rests does not come back at full speed. Days are
//! those of UTC. What is beyond a day's allowance stays owed, or comes to its end of life.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, Utc};
use sqlx::PgConnection;

use crate::outbox::channel::settings::Ramp;

/// How many may go now, of so many that want to. The row stays locked until the transaction ends.
pub async fn available(
    conn: &mut PgConnection,
    name: &str,
    ramp: Option<Ramp>,
    now: DateTime<Utc>,
    want: usize,
) -> sqlx::Result<usize> {
    let Some(ramp) = ramp else { return Ok(want) };
    let row = sqlx::query!(
        r#"insert into tend.ramp as r (name, began_at, day, stage, sent) values ($1, $2, ($2 at time zone 'UTC')::date, 1, 0)
           on conflict (name) do update
           set stage = r.stage + case when r.day < excluded.day and r.sent > 0 then 1 else 0 end,
               sent = case when r.day < excluded.day then 0 else r.sent end,
               day = greatest(r.day, excluded.day)
           returning stage, sent, allowance, full_rate"#,
        name,
        now
    )
    .fetch_one(&mut *conn)
    .await?;
    let most = ramp.allowance(row.stage);
    let full = i64::from(ramp.full);
    if row.allowance != most || row.full_rate != Some(full) {
        sqlx::query!("update tend.ramp set allowance = $2, full_rate = $3 where name = $1", name, most, full)
            .execute(conn)
            .await?;
    }
    let left = most.map(|most| usize::try_from(most - row.sent).unwrap_or(0));
    Ok(left.map_or(want, |left| left.min(want)))
}

/// Counts what goes.
pub async fn take(conn: &mut PgConnection, name: &str, ramp: Option<Ramp>, count: usize) -> sqlx::Result<()> {
    if ramp.is_none() || count == 0 {
        return Ok(());
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query!("update tend.ramp set sent = sent + $2 where name = $1", name, count).execute(conn).await.map(drop)
}

/// How long until the next day.
pub fn pause(now: DateTime<Utc>) -> Duration {
    let tomorrow = now.date_naive().checked_add_days(Days::new(1)).unwrap_or(now.date_naive());
    (tomorrow.and_time(NaiveTime::MIN).and_utc() - now).to_std().unwrap_or_default()
}
