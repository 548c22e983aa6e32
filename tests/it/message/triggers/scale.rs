//! Heads find their customers by an index, however many there are.

use super::super::plan::{Plan, with_trigger};
use crate::support::World;

/// 6,000 customers with 12 orders, 3 views and an enquiry each, over three years.
async fn company(world: &World) {
    world
        .sql(
            "insert into crm.customer (customer_id, email, locale, timezone, created_at)
             select 'c' || n, 'c' || n || '@example.com', 'zh-CN', 'Asia/Shanghai', '2023-01-01Z'::timestamptz + n % 1000 * interval '1 day'
             from generate_series(1, 6000) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || n, n || '-' || k, '2023-12-01Z'::timestamptz + (n * 7 + k * 90) % 1085 * interval '1 day' + n % 24 * interval '1 hour', 10
             from generate_series(1, 6000) n, generate_series(1, 12) k;
             insert into crm.product_view (customer_id, view_id, at, product_id)
             select 'c' || n, n || '-' || k, '2024-01-01Z'::timestamptz + (n + k) % 1060 * interval '1 day', 'P1'
             from generate_series(1, 6000) n, generate_series(1, 3) k;
             insert into crm.interaction (customer_id, interaction_id, at, kind)
             select 'c' || n, n::text, '2024-01-01Z'::timestamptz + n % 1060 * interval '1 day', 'enquiry' from generate_series(1, 6000) n;
             analyze",
        )
        .await;
}

/// How a run read a table.
#[derive(Debug, sqlx::FromRow)]
struct Reads {
    /// From end to end.
    whole: i64,
    /// Look-ups by index.
    scans: i64,
    /// Rows fetched by them.
    fetched: i64,
}

/// How a run with that trigger, and these conditions of the audience besides, read a table of crm or tend.
async fn reads(world: &World, trigger: &str, audience: &str, table: &str) -> Reads {
    let text = with_trigger(trigger).replace("at       = \"10:00\"", "").replace(
        "all = [{ field = \"status\", is = \"active\" }]",
        &format!("all = [{{ field = \"status\", is = \"active\" }}{audience}]"),
    );
    let mut tx = world.pool().begin().await.unwrap();
    let stepped = Plan::file(&text).step_of_that_day(&mut tx, "2026-11-20").await;
    assert!(stepped.progress["occasions"].as_i64().unwrap() > 0, "{trigger}: {}", stepped.progress);
    let reads = sqlx::query_as(
        "select seq_scan as whole, idx_scan as scans, idx_tup_fetch as fetched from pg_stat_xact_user_tables where relname = $1 and schemaname in ('crm', 'tend')",
    )
    .bind(table)
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    tx.rollback().await.unwrap();
    reads
}

#[tokio::test]
async fn orders_are_asked_for_only_after_views_that_were_often_enough() {
    let world = World::new().await;
    company(&world).await;
    // everybody looked once in the last days, forty three times at the same
    world
        .sql(
            "insert into crm.product_view (customer_id, view_id, at, product_id)
             select 'c' || n, 'late-' || n || '-' || k, '2026-11-18Z'::timestamptz + k * interval '1 hour', 'P2'
             from generate_series(1, 6000) n, generate_series(1, case when n <= 40 then 3 else 1 end) k;
             analyze crm.product_view",
        )
        .await;
    let trigger = "on = \"event\"\nevent = \"view\"\ncount = 3\nwithin = \"7d\"\nsame = \"product\"\nwithout = { event = \"order\" }";
    let orders = reads(&world, trigger, "", "orders").await;
    assert!((120..1_000).contains(&orders.scans) && orders.whole == 0, "{orders:?}");
}

#[tokio::test]
async fn a_habit_reads_the_orders_of_the_hours_that_may_come_to_be_told_of() {
    let world = World::new().await;
    company(&world).await;
    world
        .sql(
            "insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || n, 'late-' || n, '2026-11-19Z'::timestamptz - n % 1340 * interval '1 hour', 10 from generate_series(1, 6000) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || n, 'weekly-' || n || '-' || k, '2026-11-20 20:30Z'::timestamptz - k * interval '7 days', 10
             from generate_series(1, 20) n, generate_series(1, 6) k;
             analyze crm.orders",
        )
        .await;
    let eight_weeks: i64 = world
        .value("select count(*) from crm.orders where placed_at >= '2026-09-25Z' and placed_at < '2026-11-20Z'")
        .await
        .parse()
        .unwrap();
    let trigger = "on = \"habit\"\nahead = \"2h\"\nwithin = \"56d\"\nmin_orders = 4";
    let orders = reads(&world, trigger, "", "orders").await;
    assert!((100..eight_weeks / 2).contains(&orders.fetched) && orders.whole == 0, "{orders:?} of {eight_weeks}");
}

#[tokio::test]
async fn a_silence_that_ended_is_not_asked_whose_it_was() {
    let world = World::new().await;
    company(&world).await;
    // 3,000 were active as long ago as a silence takes, all but thirty since
    world
        .sql(
            "insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || n, 'then-' || n, '2026-08-20Z', 10 from generate_series(1, 3000) n;
             delete from crm.orders where substr(customer_id, 2)::integer <= 30 and placed_at > '2026-08-20Z';
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || n, 'since-' || n, '2026-10-01Z', 10 from generate_series(31, 3000) n;
             analyze crm.orders",
        )
        .await;
    let trigger = "on = \"inactivity\"\nof = [\"order\"]\nafter = \"90d\"\nfirst_seen = \"5d\"";
    let customers = reads(&world, trigger, "", "customer").await;
    assert!((30..300).contains(&customers.scans) && customers.whole == 0, "{customers:?}");
}

#[tokio::test]
async fn of_tickets_only_those_not_solved_and_those_lately_solved_are_read() {
    let world = World::new().await;
    company(&world).await;
    // 30,000 were solved within two months, forty wait, ten were solved today
    world
        .sql(
            "insert into crm.ticket (ticket_id, customer_id, opened_at, solved_at, state)
             select n::text, 'c' || n % 6000 + 1, '2026-09-20Z'::timestamptz + n % 1300 * interval '1 hour',
                    '2026-09-21Z'::timestamptz + n % 1300 * interval '1 hour', 'solved' from generate_series(1, 30000) n;
             insert into crm.ticket (ticket_id, customer_id, opened_at, solved_at)
             select 'w' || n, 'c' || n, '2026-11-19 12:00Z', case when n > 40 then '2026-11-19 20:00Z'::timestamptz end from generate_series(1, 50) n;
             analyze crm.ticket",
        )
        .await;
    let tickets = reads(&world, "on = \"ticket\"", "", "ticket").await;
    assert!((50..200).contains(&tickets.fetched) && tickets.whole == 0, "{tickets:?}");
    let customers = reads(&world, "on = \"ticket\"", "", "customer").await;
    assert!(customers.whole == 0, "{customers:?}");
}

#[tokio::test]
async fn nobody_asks_what_would_be_offered_to_those_outside_the_audience() {
    let world = World::new().await;
    company(&world).await;
    world
        .sql(
            "insert into tend.ladder_state select customer_id, 'value-tiers', 'mid', '2026-01-01Z', 1, '{}' from crm.customer;
             update crm.customer set tags = '{chosen}' where substr(customer_id, 2)::integer <= 50; analyze",
        )
        .await;
    let levels = reads(&world, "on = \"schedule\"", ", { tag = \"chosen\" }", "ladder_state").await;
    assert!((50..=200).contains(&levels.scans) && levels.whole == 0, "{levels:?}");
}

#[tokio::test]
async fn no_trigger_reads_all_orders_views_or_contacts() {
    let world = World::new().await;
    company(&world).await;
    for trigger in [
        "on = \"anniversary\"\nfield = \"first_order\"\noffset = \"-3d\"\nfeb_29 = \"feb_28\"",
        "on = \"anniversary\"\nfield = \"last_order\"\noffset = \"-3d\"\nfeb_29 = \"feb_28\"",
        "on = \"anniversary\"\nfield = \"created_at\"\noffset = \"-3d\"\nfeb_29 = \"feb_28\"",
        "on = \"inactivity\"\nof = [\"order\", \"interaction\", \"view\"]\nafter = \"90d\"\nfirst_seen = \"3d\"",
        "on = \"event\"\nevent = \"view\"\ncount = 2\nwithin = \"7d\"\nwithout = { event = \"order\" }",
        "on = \"event\"\nevent = \"interaction\"",
        "on = \"event\"\nevent = \"order\"",
        "on = \"habit\"\nahead = \"2h\"\nwithin = \"56d\"\nmin_orders = 2",
    ] {
        let text = with_trigger(trigger).replace("at       = \"10:00\"", "");
        let mut tx = world.pool().begin().await.unwrap();
        let stepped = Plan::file(&text).step_of_that_day(&mut tx, "2026-11-20").await;
        let scans: Vec<(String, i64)> = sqlx::query_as(
            "select relname::text, seq_scan from pg_stat_xact_user_tables
             where schemaname = 'crm' and seq_scan > 0 and relname in ('orders', 'product_view', 'interaction')",
        )
        .fetch_all(&mut *tx)
        .await
        .unwrap();
        assert!(scans.is_empty(), "{trigger}: {scans:?} {}", stepped.progress);
        tx.rollback().await.unwrap();
    }
}
