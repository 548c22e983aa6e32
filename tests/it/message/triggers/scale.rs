//! Heads find their customers by an index, however many there are.

use super::super::plan::{Plan, with_trigger};
use crate::support::World;

/// 20,000 customers with 12 orders, 3 views and an enquiry each, over three years.
async fn company(world: &World) {
    world
        .sql(
            "insert into crm.customer (customer_id, email, locale, timezone, created_at)
             select 'c' || n, 'c' || n || '@example.com', 'zh-CN', 'Asia/Shanghai', '2023-01-01Z'::timestamptz + n % 1000 * interval '1 day'
             from generate_series(1, 20000) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || n, n || '-' || k, '2023-12-01Z'::timestamptz + (n * 7 + k * 90) % 1085 * interval '1 day' + n % 24 * interval '1 hour', 10
             from generate_series(1, 20000) n, generate_series(1, 12) k;
             insert into crm.product_view (customer_id, view_id, at, product_id)
             select 'c' || n, n || '-' || k, '2024-01-01Z'::timestamptz + (n + k) % 1060 * interval '1 day', 'P1'
             from generate_series(1, 20000) n, generate_series(1, 3) k;
             insert into crm.interaction (customer_id, interaction_id, at, kind)
             select 'c' || n, n::text, '2024-01-01Z'::timestamptz + n % 1060 * interval '1 day', 'enquiry' from generate_series(1, 20000) n;
             analyze",
        )
        .await;
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
        let stepped = Plan::file(&text).step_in(&mut tx, "2026-11-20").await;
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
