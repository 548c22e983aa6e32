//! What a night reads at a size where reading everything hurts: its statements, as they are run, find rows by index.

use super::*;

/// How often each table was read from end to end, and by index, since the transaction began.
async fn reads(conn: &mut sqlx::PgConnection) -> std::collections::BTreeMap<String, (i64, i64)> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select relname::text, seq_scan, coalesce(idx_scan, 0) from pg_stat_xact_user_tables
         where (schemaname, relname) in (('crm', 'orders'), ('crm', 'customer'), ('crm', 'interaction'), ('tend', 'fact'))",
    )
    .fetch_all(conn)
    .await
    .unwrap();
    rows.into_iter().map(|(table, whole, by_index)| (table, (whole, by_index))).collect()
}

/// 60,000 customers with 240,000 orders over three years.
async fn city() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.customer (customer_id, created_at)
             select 'c' || n, timestamptz '2026-06-01Z' - interval '30 minutes' * n from generate_series(1, 60000) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || n * 7 % 60000 + 1, 'o' || n, timestamptz '2026-06-01Z' - interval '6 minutes' * n, n * 31 % 997
             from generate_series(1, 240000) n;
             insert into crm.interaction (customer_id, interaction_id, at, kind)
             select 'c' || n * 11 % 60000 + 1, 'i' || n, timestamptz '2026-06-01Z' - interval '9 minutes' * n, 'enquiry'
             from generate_series(1, 60000) n;
             analyze",
        )
        .await;
    world
}

#[tokio::test]
async fn an_incremental_night_and_its_preview_read_no_big_table_from_end_to_end() {
    let world = city().await;
    let about_time = ladder(
        "[[retier.level]]\nname = \"new\"\nwhen = { any = [{ field = \"created_at\", within = \"20d\" }, { field = \"first_order_at\", within = \"15d\" }] }\n\
         [[retier.level]]\nname = \"busy\"\nwhen = { event = \"interaction\", count = { at_least = 2 }, within = \"10d\" }\n\
         [[retier.level]]\nname = \"lost\"\nwhen = { field = \"days_since_last_order\", at_least = \"300d\" }\n\
         [[retier.level]]\nname = \"often\"\nwhen = { field = \"orders\", at_least = 3 }\n\
         [[retier.level]]\nname = \"rest\"\n",
    );
    // the kept facts are counted through once, for how many reach the old cuts
    for (name, job, counted_through) in [("value-tiers", shipped("365d"), 1), ("about-time", about_time, 0)] {
        let at = |run_id, day: &str| Run { job: name.into(), ..run(run_id, day) };
        let first = counted_through * 10;
        evaluate(&world, &job, &at(first + 1, "2026-06-01T00:00:00Z")).await.unwrap();
        world.sql("update crm.orders set amount = amount + 100 where order_id like 'o77%'; analyze").await;
        let night = at(first + 2, "2026-06-02T00:00:00Z");
        let mut transaction = world.pool().begin().await.unwrap();
        step(&job, &night, &mut transaction).await.unwrap();
        let reads_of_night = reads(&mut transaction).await;
        let explained = job.explain(&night, &mut Tx::lend(&mut transaction)).await.unwrap();
        let reads_with_preview = reads(&mut transaction).await;
        transaction.rollback().await.unwrap();
        for table in ["orders", "customer", "interaction"] {
            assert_eq!(reads_with_preview[table].0, 0, "{name}: {table}: {reads_with_preview:?}");
        }
        assert!(reads_of_night["orders"].1 > 0 && reads_of_night["customer"].1 > 0, "{reads_of_night:?}");
        assert_eq!(reads_of_night["fact"].0, counted_through, "{name}: {reads_of_night:?}");
        assert_eq!(reads_with_preview["fact"].0, counted_through, "{name}, nearest: {reads_with_preview:?}");
        assert!(!explained.json["near"].as_array().unwrap().is_empty(), "{}", explained.text);
        let few = format!(
            "select everybody is null and evaluated < 10000 from tend.ladder_run where run_id = {}",
            night.run_id
        );
        evaluate(&world, &job, &night).await.unwrap();
        assert_eq!(world.value(&few).await, "true", "{name}");
    }
    assert_eq!(super::keeping::differences(&world, "365 days", "2026-06-02T00:00:00Z").await, "0");
}

#[tokio::test]
async fn the_statement_of_a_night_looks_up_who_could_have_changed_by_key() {
    let world = city().await;
    let ladder = shipped_ladder();
    evaluate(&world, &shipped("365d"), &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    world.sql("update crm.orders set amount = amount + 100 where order_id like 'o77%'; analyze").await;
    let night = run(2, "2026-06-02T00:00:00Z");
    let mut transaction = world.pool().begin().await.unwrap();
    let scope = ladder.scope(&night, &mut transaction).await.unwrap();
    let plan: Vec<String> =
        ladder.statement(&night, &scope).explain().query_scalar().fetch_all(&mut *transaction).await.unwrap();
    let text = plan.join("\n");
    for (table, key) in
        [("customer own", "customer_pkey"), ("fact k", "fact_pkey"), ("ladder_state k", "ladder_state_pkey")]
    {
        assert!(!text.contains(&format!("Seq Scan on {table}")), "{table} is read from end to end:\n{text}");
        assert!(text.contains(&format!("using {key} on {table}")), "{table}:\n{text}");
    }
    assert!(!text.contains("on orders"), "the orders are in the kept facts:\n{text}");
    assert!(!text.contains("WindowAgg"), "the cuts are known, nobody is ranked:\n{text}");
    // the test would see it: with everything counted anew all of that is there
    let full = ladder.statement(&night, &Default::default()).explain();
    let full: Vec<String> = full.query_scalar().fetch_all(&mut *transaction).await.unwrap();
    let full = full.join("\n");
    assert!(full.contains("on orders") && full.contains("WindowAgg"), "{full}");
}
