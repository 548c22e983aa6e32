//! The statement finds its few customers by an index, however many there are.

use super::plan::Plan;
use crate::support::World;

#[tokio::test]
async fn a_run_over_many_customers_reads_only_those_with_a_birthday() {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.customer (customer_id, email, locale, timezone, birthday_month, birthday_day)
             select 'c' || n, 'c' || n || '@example.com', 'zh-CN', 'Asia/Shanghai', 1 + n % 12, 1 + (n / 12) % 28
             from generate_series(1, 30000) n;
             insert into crm.consent select customer_id, 'email', 'marketing', '2026-01-01Z', true from crm.customer;
             insert into tend.ladder_state select customer_id, 'value-tiers', 'mid', '2026-01-01Z', 1, '{}' from crm.customer;
             analyze;
             insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
             select 'birthday', customer_id, 'birthday:2025', '2025-06-01', customer_id, 1, '2025-06-01Z' from crm.customer",
        )
        .await;
    let mut tx = world.pool().begin().await.unwrap();
    let stepped = Plan::shipped().step_in(&mut tx, "2026-11-21").await;
    assert!(stepped.progress["queued"].as_i64().unwrap() > 300, "{}", stepped.progress);
    // what this transaction did to the tables that grow with customers; the ledger has no statistics, as after a first big run
    let scans: Vec<(String, bool, i64)> = sqlx::query_as(
        "select relname::text, idx_scan > 0 and idx_tup_fetch < 50000, seq_scan from pg_stat_xact_user_tables
         where (schemaname, relname) in (('crm', 'customer'), ('crm', 'consent'), ('tend', 'ladder_state'), ('tend', 'occasion'))
         order by relname",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    let by_index = |table: &str| (table.to_owned(), true, 0);
    assert_eq!(scans, ["consent", "customer", "ladder_state", "occasion"].map(by_index));
}

#[tokio::test]
async fn a_ledger_without_statistics_is_asked_by_customer() {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.customer (customer_id, email, locale, timezone, birthday_month, birthday_day)
             select 'c' || n, 'c' || n || '@example.com', 'zh-CN', 'Asia/Shanghai', 11, 24 from generate_series(1, 2500) n;
             insert into crm.consent select customer_id, 'email', 'marketing', '2026-01-01Z', true from crm.customer;
             analyze;
             insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
             select 'birthday', customer_id, 'birthday:2025', '2025-11-24', customer_id, 1, '2025-11-21Z' from crm.customer",
        )
        .await;
    let mut tx = world.pool().begin().await.unwrap();
    let stepped = Plan::shipped().step_in(&mut tx, "2026-11-21").await;
    assert_eq!(stepped.progress["queued"], 2500, "{}", stepped.progress);
    let read: i64 = sqlx::query_scalar(
        "select idx_tup_fetch + seq_tup_read from pg_stat_xact_user_tables where schemaname = 'tend' and relname = 'occasion'",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert!(read < 50_000, "{read} rows of the ledger were read for 2,500 customers");
}

#[tokio::test]
async fn a_second_morning_asks_for_the_address_of_each_and_not_for_the_whole_day_of_each() {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.customer (customer_id, email, locale, timezone, birthday_month, birthday_day)
             select 'c' || n, 'c' || n || '@example.com', 'zh-CN', 'Asia/Shanghai', 11, 24 from generate_series(1, 2500) n;
             insert into crm.consent select customer_id, 'email', 'marketing', '2026-01-01Z', true from crm.customer;
             insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
             select 'other', 'd' || n, 'o', date '2024-01-01' + n % 700, md5('a' || n) || md5('b' || n), 1, '2025-11-21Z'
             from generate_series(1, 20000) n;
             analyze;
             insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
             select 'birthday', 'c' || n, 'birthday:2026', '2026-11-24', md5('a' || n) || md5('b' || n), 1, '2026-11-21Z'
             from generate_series(1, 1500) n",
        )
        .await;
    let mut tx = world.pool().begin().await.unwrap();
    let stepped = Plan::shipped().step_in(&mut tx, "2026-11-22").await;
    assert_eq!(stepped.progress["queued"], 1000, "{}", stepped.progress);
    let read: i64 = sqlx::query_scalar(
        "select idx_tup_fetch + seq_tup_read from pg_stat_xact_user_tables where schemaname = 'tend' and relname = 'occasion'",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert!(read < 100_000, "{read} rows of the ledger were read for 1,000 customers");
}
