//! Coupon codes of a run: how many it takes, how many are left, how many messages have to do without.

use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::engine::door::Run;
use crate::jobs::layout::{self, Align, count};

/// One pool in a run.
pub(super) struct Pool {
    pub pool: String,
    /// Messages of the run with a code.
    pub taken: i64,
    /// Messages that wait for one.
    pub waiting: i64,
    /// Codes left behind the run.
    pub left: i64,
}

/// The pools the messages of the run take codes from, codes that ended before its day left out.
pub(super) async fn pools(conn: &mut PgConnection, run: &Run) -> sqlx::Result<Vec<Pool>> {
    sqlx::query_as!(
        Pool,
        r#"select m.pool as "pool!", m.taken as "taken!", m.waiting as "waiting!",
                  (select count(*) from tend.coupon c
                   where c.pool = m.pool and c.reserved_at is null and coalesce(c.expires_on, 'infinity') >= $2) as "left!"
           from (select data -> 'coupon' ->> 'pool' as pool, count(coupon_id) as taken, count(*) - count(coupon_id) as waiting
                 from tend.outbox where run_id = $1 and data -> 'coupon' ? 'pool' group by 1) m
           order by m.pool"#,
        run.run_id,
        run.business_date
    )
    .fetch_all(conn)
    .await
}

pub(super) fn json(pools: &[Pool]) -> Value {
    pools
        .iter()
        .map(|pool| json!({ "pool": pool.pool, "taken": pool.taken, "waiting": pool.waiting, "left": pool.left }))
        .collect()
}

/// Columns and rows.
pub(super) fn rows(pools: &[Pool]) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let row = |pool: &Pool| vec![count(pool.taken), count(pool.left), count(pool.waiting), pool.pool.clone()];
    (vec!["taken", "left", "messages waiting", "pool"], pools.iter().map(row).collect())
}

pub(super) fn text(pools: &[Pool]) -> String {
    if pools.is_empty() {
        return String::new();
    }
    let (head, rows) = rows(pools);
    let head = head.into_iter().map(str::to_owned).collect();
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    format!("Coupon codes\n{}", layout::table(&[Align::Right; 3], &rows))
}
