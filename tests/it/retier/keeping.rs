//! Kept facts and runs that look only at who could have changed: always what a count over everything gives.


use super::*;

/// What differs between the kept facts of a window and a count over all orders, both ways.
pub async fn differences(world: &World, window: &str, at: &str) -> String {
    let start = format!("timestamptz '{at}' - interval '{window}'");
    world
        .value(&format!(
            "with counted as (
                 select customer_id, count(*) filter (where placed_at >= {start}) as orders,
                        coalesce(sum(amount) filter (where placed_at >= {start}), 0) as spend,
                        min(placed_at) as first_order_at, max(placed_at) as last_order_at
                 from crm.orders where status = 'paid' and placed_at < timestamptz '{at}' group by 1),
             kept as (select customer_id, orders, spend, first_order_at, last_order_at from tend.fact where span = '{span}')
             select count(*) from ((table counted except table kept) union all (table kept except table counted)) d",
            span = window.replace(" days", "d")
        ))
        .await
}

#[tokio::test]
async fn a_night_after_changes_of_every_sort_looks_at_few_and_ends_where_a_full_evaluation_does() {
    let world = World::new().await;
    world.sql("insert into crm.customer (customer_id) select 'c' || lpad(n::text, 3, '0') from generate_series(0, 399) n").await;
    world
        .sql(
            "insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || lpad((n * 7 % 380)::text, 3, '0'), 'o' || n, timestamptz '2026-06-01Z' - interval '1 hour' * (n * 37 % 12000), n * 31 % 997
             from generate_series(1, 1500) n",
        )
        .await;
    let job = shipped("365d");
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(world.value("select everybody from tend.ladder_run").await, "it is the first run");
    world
        .sql(
            "update crm.orders set status = 'cancelled' where order_id = 'o7';
             update crm.orders set amount = 90000 where order_id = 'o9';
             delete from crm.orders where order_id = 'o11';
             update crm.orders set customer_id = 'c399' where order_id = 'o13';
             insert into crm.orders (customer_id, order_id, placed_at, amount) values ('c005', 'new', '2026-06-01T07:00Z', 5000);
             delete from crm.customer where customer_id = 'c017';
             insert into crm.customer (customer_id) values ('c400')",
        )
        .await;
    let second = run(2, "2026-06-02T00:00:00Z");
    let foretold = preview(&world, &job, &second).await;
    let progress = evaluate(&world, &job, &second).await.unwrap();
    assert_eq!(world.value("select everybody from tend.ladder_run where run_id = 2").await, "null");
    let evaluated: i64 = world.value("select evaluated from tend.ladder_run where run_id = 2").await.parse().unwrap();
    assert!((5..100).contains(&evaluated), "{evaluated}");
    assert_eq!(differences(&world, "365 days", "2026-06-02T00:00:00Z").await, "0");
    assert_eq!(foretold.json, explain(&world, &job, &second).await.json);
    let kept = levels(&world).await;
    let found = "select distribution, cuts from tend.ladder_run where run_id =";
    let incremental = world.rows(&format!("{found} 2")).await;
    assert_eq!(progress["customers"], 400);

    // the same from nothing
    world.sql("truncate tend.ladder, tend.ladder_state, tend.ladder_move, tend.fact, tend.fact_window").await;
    evaluate(&world, &job, &run(3, "2026-06-02T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, kept);
    assert_eq!(world.rows(&format!("{found} 3")).await, incremental);
}
