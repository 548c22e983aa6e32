//! What planning reads on the first morning of a big company, whose tables were empty when they were last looked at.

use tend::engine::door::{Step, Tx};

use super::{run, visits};
use crate::support::World;

#[tokio::test]
async fn the_first_plan_reads_the_visits_of_each_customer_and_not_those_of_all_for_each() {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, team) select 'S' || i, 'field' from generate_series(1, 96) i;
             insert into crm.customer (customer_id, owner_id, created_at)
             select 'C' || i, 'S' || 1 + i % 96, '2020-01-01Z' from generate_series(1, 4800) i;
             insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason)
             select customer_id, 'tiers', 'mid', '2020-01-01Z', 1, '{}' from crm.customer;
             analyze",
        )
        .await;
    let job = visits("capacity = 10");
    let mut tx = world.pool().begin().await.unwrap();
    let run = run(1, "2026-06-01");
    let mut step = Step { run: &run, tx: Tx::lend(&mut tx), cursor: None, cancelled: Default::default() };
    let added = job.step(&mut step).await.unwrap().progress["added"].as_i64().unwrap();
    let read: i64 = sqlx::query_scalar(
        "select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where schemaname = 'tend' and relname = 'task'",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    tx.rollback().await.unwrap();
    assert!(added >= 4000, "{added}");
    // while the table is a few pages it may be read whole; every visit for every customer would be 2,000 times as many
    assert!(read <= 20 * added, "{read} rows read of {added}");
}
