//! Rates that hold over all replicas: token buckets in `tend.rate_bucket`, taken from once a claim.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::outbox::channel::settings::Rate;

/// A limit of one window as a bucket. It holds `size` and fills so slowly that no window of that length ever sees more
/// than the limit: what is in the bucket at its start and what flows in meanwhile.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    size: f64,
    per_second: f64,
}

impl Bucket {
    fn new(limit: u32, window: f64) -> Self {
        let size = (f64::from(limit) / 10.0).floor().max(1.0);
        Self { size, per_second: (f64::from(limit) + 1.0 - size) / window }
    }
}

/// The buckets of a rate, with the ends of their names.
fn buckets(rate: Rate) -> impl Iterator<Item = (&'static str, Bucket)> {
    let second = rate.per_second.map(|limit| ("second", Bucket::new(limit, 1.0)));
    let minute = rate.per_minute.map(|limit| ("minute", Bucket::new(limit, 60.0)));
    second.into_iter().chain(minute)
}

/// How many may go now, of so many that want to. The rows stay locked until the transaction ends, so that
/// [`take`] afterwards takes what was seen.
pub async fn available(
    conn: &mut PgConnection,
    name: &str,
    rate: Rate,
    now: DateTime<Utc>,
    want: usize,
) -> sqlx::Result<usize> {
    let mut may = want;
    for (end, bucket) in buckets(rate) {
        let tokens = sqlx::query_scalar!(
            r#"insert into tend.rate_bucket as b (bucket, tokens, refilled_at) values ($1, $2, $3)
               on conflict (bucket) do update
               set tokens = least($2, b.tokens + $4 * greatest(0, extract(epoch from $3 - b.refilled_at)::double precision)),
                   refilled_at = $3
               returning tokens"#,
            format!("{name}:{end}"),
            bucket.size,
            now,
            bucket.per_second
        )
        .fetch_one(&mut *conn)
        .await?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count, clamped")]
        let whole = (tokens + 1e-9).floor().clamp(0.0, 1e9) as usize;
        may = may.min(whole);
    }
    Ok(may)
}

/// Takes so many from the buckets.
pub async fn take(conn: &mut PgConnection, name: &str, rate: Rate, count: usize) -> sqlx::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let names: Vec<String> = buckets(rate).map(|(end, _)| format!("{name}:{end}")).collect();
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let tokens = count as f64;
    sqlx::query!("update tend.rate_bucket set tokens = tokens - $2 where bucket = any ($1)", &names, tokens)
        .execute(conn)
        .await
        .map(drop)
}

/// When it is worth asking again after the bucket was empty: half of it is full then.
pub fn pause(rate: Rate) -> Duration {
    let seconds = buckets(rate).map(|(_, bucket)| (bucket.size / 2.0).max(1.0) / bucket.per_second).fold(0.0, f64::max);
    Duration::from_secs_f64(seconds)
}

/// How long until the `place`th message behind the ones that may go now gets its turn, in seconds.
pub fn turn(rate: Rate, place: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let place = place as f64;
    buckets(rate).map(|(_, bucket)| (place + 1.0) / bucket.per_second).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_sees_more_than_the_limit() {
        for limit in [1_u32, 2, 9, 10, 20, 50, 1_000] {
            for window in [1.0, 60.0] {
                let bucket = Bucket::new(limit, window);
                // a full bucket at the start of the window, and everything that flows in before its end
                let most = (bucket.size + bucket.per_second * window - 1e-6).floor();
                assert!(most <= f64::from(limit), "{limit} per {window}: {most}");
                assert!(bucket.per_second > 0.0);
            }
        }
    }
}
