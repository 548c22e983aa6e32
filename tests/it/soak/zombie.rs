//! A daemon that is frozen for longer than its lease wakes up as a zombie: its work is refused.

use crate::support::process::Bench;
use crate::support::{World, eventually, instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_frozen_longer_than_its_lease_cannot_commit_when_it_wakes() {
    let world = World::new().await;
    let pool = world.pool();
    super::company::with_birthday_on(pool, 50, "2026-07-01".parse().unwrap()).await;
    let mut bench = Bench::new(world.url());
    bench.only(&["value-tiers"]);
    bench.set("time.source", "driven").set("engine.plan_interval", "40ms").set("engine.lease_ttl", "2s");
    bench.set("engine.heartbeat", "400ms").set("engine.takeover_interval", "300ms");
    world.advance_to(instant("2026-06-01T00:00:00Z")).await;
    bench.ok(&["apply"]);
    let mut first = bench.serve("first");

    // the step of value-tiers waits for this lock, so the daemon is frozen in the middle of its work
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("lock table tend.ladder_state in access exclusive mode").execute(&mut *lock).await.unwrap();
    world.advance_to(instant("2026-06-01T19:00:00Z")).await;
    eventually("the first daemon is in its step", async || {
        sqlx::query_scalar::<_, bool>(
            "select exists (select from tend.lease l join pg_stat_activity a on a.pid = l.backend_pid where a.wait_event_type = 'Lock')",
        )
        .fetch_one(pool)
        .await
        .unwrap()
    })
    .await;
    let owner: uuid::Uuid = sqlx::query_scalar("select owner from tend.lease").fetch_one(pool).await.unwrap();
    first.signal(libc::SIGSTOP);

    let second = bench.serve("second");
    eventually("the second daemon takes the run over", async || {
        sqlx::query_scalar::<_, bool>("select exists (select from tend.lease where owner <> $1)")
            .bind(owner)
            .fetch_one(pool)
            .await
            .unwrap()
    })
    .await;
    lock.rollback().await.unwrap();
    eventually("the second daemon finishes the run", async || {
        sqlx::query_scalar::<_, bool>(
            "select bool_and(state = 'succeeded') from tend.job_run where job = 'value-tiers'",
        )
        .fetch_one(pool)
        .await
        .unwrap()
    })
    .await;
    let before: (i64, i64) = sqlx::query_as("select count(*), max(token) from tend.job_run where job = 'value-tiers'")
        .fetch_one(pool)
        .await
        .unwrap();
    let rows: String = sqlx::query_scalar(
        "select md5(string_agg(s::text || xmin::text, ',' order by customer_id)) from tend.ladder_state s",
    )
    .fetch_one(pool)
    .await
    .unwrap();

    first.signal(libc::SIGCONT);
    first.says("lost").await;
    assert!(first.alive(), "a daemon that lost a run goes on with others");
    let after: (i64, i64) = sqlx::query_as("select count(*), max(token) from tend.job_run where job = 'value-tiers'")
        .fetch_one(pool)
        .await
        .unwrap();
    let rows_after: String = sqlx::query_scalar(
        "select md5(string_agg(s::text || xmin::text, ',' order by customer_id)) from tend.ladder_state s",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(before, after, "the ledger is as the second daemon left it");
    assert_eq!(rows, rows_after, "not a row was written by the zombie");
    drop(second);
}
