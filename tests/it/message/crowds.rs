//! What caps cost a crowd that has had much, whatever the planner takes it for.

use serde_json::Value;

use crate::support::World;

/// 2,000 customers with three messages each, which the planner takes for one: no condition on them tells it anything.
const CROWD: &str = "
    cap as materialized (
        select * from (values (1, 'often', null::text[], null::text[], null::text[], 1, interval '7 days', true))
            as k (place, name, purposes, topics, channels, at_most, within, conditional)),
    paced as materialized (select 'c' || i as customer_id, 'o' as occasion from generate_series(1, 2000) i),
    way as materialized (
        select p.*, 'email' as channel, 'UTC' as zone, timestamptz '2026-06-03Z' as not_before from paced p),
    contact as materialized (
        select 'c' || 1 + i % 2000 as customer_id, 'marketing' as purpose, 'news' as topic, array['email'] as channels,
               timestamptz '2026-06-01Z' as at, true as counts
        from generate_series(1, 6000) i
        where abs(i) > 0 and abs(i + 1) > 0 and abs(i + 2) > 0 and abs(i + 3) > 0 and abs(i + 4) > 0 and abs(i + 5) > 0
          and abs(i + 6) > 0 and abs(i + 7) > 0)";

/// The rows that joins looked at in vain.
fn in_vain(plan: &Value) -> f64 {
    let own = plan["Rows Removed by Join Filter"].as_f64().unwrap_or_default()
        * plan["Actual Loops"].as_f64().unwrap_or_default();
    own + plan["Plans"].as_array().into_iter().flatten().map(in_vain).sum::<f64>()
}

#[tokio::test]
async fn caps_of_some_customers_do_not_compare_everybody_with_everybody() {
    let world = World::new().await;
    world
        .sql("insert into crm.customer (customer_id, name) select 'c' || i, 'c' || i from generate_series(1, 2000) i")
        .await;
    let caps = include_str!("../../../src/outbox/policy/caps.sql")
        .replace("/*{limits}*/ null::text[]", "array['often']")
        .replace(":conditional::boolean", "true");
    let statement = format!(
        "explain (analyze, timing off, format json) with {CROWD}, {caps} done as (select 1) select count(*) from filled"
    );
    let plan: Value = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(world.pool()).await.unwrap();
    let read = in_vain(&plan[0]["Plan"]);
    assert!(read < 100_000.0, "{read} rows compared for 2,000 customers");
}
