//! Levels, moves and what is written.

use tend::engine::door::Replay;

use tend::jobs::retier::Scope;

use super::*;

#[tokio::test]
async fn the_shop_of_the_online_retail_data_gets_the_levels_that_were_counted_by_hand() {
    let Some(world) = online_retail().await else { return };
    let expected =
        [("400d", [829, 1507, 2002], ["2059.45", "490.22"]), ("365d", [813, 1475, 2050], ["2040.10", "483.86"])];
    for (run_id, (window, levels, cuts)) in (1..).zip(expected) {
        // each from nothing: against an earlier level the file's hold would keep some
        world.sql("truncate tend.ladder_state, tend.ladder").await;
        let run = run(run_id, "2011-12-10T00:00:00Z");
        let job = shipped(window);
        let foretold = preview(&world, &job, &run).await;
        evaluate(&world, &job, &run).await.unwrap();
        let counted = world
            .rows(&format!(
                "select distribution ->> 'high', distribution ->> 'mid', distribution ->> 'normal', \
                        cuts #>> '{{spend,20%}}', cuts #>> '{{spend,60%}}' from tend.ladder_run where run_id = {run_id}"
            ))
            .await;
        assert_eq!(counted, [format!("{}\t{}\t{}\t{}\t{}", levels[0], levels[1], levels[2], cuts[0], cuts[1])]);
        let done = explain(&world, &job, &run).await;
        assert_eq!(foretold.json, done.json, "the preview said what the run then did");
        assert_eq!(foretold.text, done.text);
    }
}

#[tokio::test]
async fn a_second_run_for_the_same_slot_writes_no_state_and_no_move() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("a", 10, "1500"), ("b", 10, "150")]).await;
    let job = by_amount();
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    let versions = "select customer_id, xmin::text, ctid::text from tend.ladder_state order by 1";
    let before = world.rows(versions).await;
    let progress = evaluate(&world, &job, &run(2, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(world.rows(versions).await, before, "not a row was touched");
    assert_eq!(progress, json!({ "customers": 3, "assigned": 0, "rose": 0, "fell": 0, "stayed": 3, "gone": 0 }));
    assert_eq!(world.value("select count(*) from tend.ladder_move").await, "0");
}

#[tokio::test]
async fn first_levels_are_assignments_and_later_changes_are_moves_with_their_facts() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("a", 10, "1500"), ("b", 10, "150"), ("c", 364, "5000")]).await;
    let job = by_amount();
    let first = evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(first, json!({ "customers": 3, "assigned": 3, "rose": 0, "fell": 0, "stayed": 0, "gone": 0 }));
    assert_eq!(levels(&world).await, ["a\thigh", "b\tmid", "c\thigh"]);
    assert_eq!(world.value("select count(*) from tend.ladder_move").await, "0");

    orders(&world, &[("b", -1, "900.50")]).await;
    let second = evaluate(&world, &job, &run(2, "2026-06-03T00:00:00Z")).await.unwrap();
    assert_eq!(second, json!({ "customers": 3, "assigned": 0, "rose": 1, "fell": 1, "stayed": 1, "gone": 0 }));
    let moves = world
        .rows("select customer_id, from_level, to_level, direction, run_id, at = '2026-06-03Z', reason -> 'facts' ->> 'spend' from tend.ladder_move order by 1")
        .await;
    assert_eq!(moves, ["b\tmid\thigh\trose\t2\ttrue\t1050.50", "c\thigh\tnormal\tfell\t2\ttrue\t0.00"]);
    let since = world.rows("select customer_id, run_id, since = '2026-06-03Z' from tend.ladder_state order by 1").await;
    assert_eq!(since, ["a\t1\tfalse", "b\t2\ttrue", "c\t2\ttrue"]);
}

#[tokio::test]
async fn equal_spend_is_equal_tier_however_many_share_it() {
    let world = World::new().await;
    let ids: Vec<String> = (0..10).map(|n| format!("c{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    customers(&world, &ids).await;
    // one above, then six who share the place where the top 20 % end, then three below
    let spend = ["900", "500", "500", "500", "500", "500", "500", "10", "10", "10"];
    for (id, amount) in ids.iter().zip(spend) {
        orders(&world, &[(id, 5, amount)]).await;
    }
    let job = ladder(
        "[[retier.level]]\nname = \"top\"\nwhen = { field = \"spend\", top = \"20%\" }\n[[retier.level]]\nname = \"rest\"\n",
    );
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    let counted = world
        .rows("select level, count(*), count(distinct customer_id) from tend.ladder_state group by 1 order by 1")
        .await;
    assert_eq!(counted, ["rest\t3\t3", "top\t7\t7"]);
    assert_eq!(world.value("select cuts #>> '{spend,20%}' from tend.ladder_run").await, "500.00");
}

#[tokio::test]
async fn an_earlier_as_of_than_the_newest_is_refused_and_changes_nothing() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    let job = by_amount();
    evaluate(&world, &job, &run(1, "2026-06-02T00:00:00Z")).await.unwrap();
    let error = evaluate(&world, &job, &run(2, "2026-06-01T00:00:00Z")).await.unwrap_err();
    assert!(matches!(error, JobError::Fail(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "value-tiers stands at 2026-06-02 08:00 Asia/Shanghai (run 1); it cannot be evaluated for the earlier \
         2026-06-01 08:00, which would undo what was decided since"
    );
    assert_eq!(world.rows("select run_id from tend.ladder_run").await, ["1"]);
    assert_eq!(world.value("select run_id from tend.ladder").await, "1");
    assert_eq!(job.replay(), Replay::Current);
}

#[tokio::test]
async fn a_ladder_over_nothing_is_evaluated_and_says_so() {
    let world = World::new().await;
    let job = shipped("365d");
    let progress = evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(progress, json!({ "customers": 0, "assigned": 0, "rose": 0, "fell": 0, "stayed": 0, "gone": 0 }));
    let found = world.rows("select cuts, distribution, moves from tend.ladder_run").await;
    assert_eq!(found, [r#"{"spend": {"20%": null, "60%": null}}	{"mid": 0, "high": 0, "normal": 0}	[]"#]);
    let explained = explain(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await;
    assert!(explained.text.contains("0 customers"), "{}", explained.text);
}

#[tokio::test]
async fn a_single_customer_is_the_top_and_the_rest_at_once() {
    let world = World::new().await;
    customers(&world, &["only"]).await;
    orders(&world, &[("only", 30, "5"), ("only", 20, "5"), ("only", 10, "5")]).await;
    evaluate(&world, &shipped("365d"), &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, ["only\thigh"]);
}

#[tokio::test]
async fn cancelled_refunded_and_future_orders_do_not_count_and_negative_amounts_do() {
    let world = World::new().await;
    customers(&world, &["cancelled", "refunded", "future", "negative", "edge_in", "edge_out"]).await;
    orders(
        &world,
        &[
            ("cancelled", 10, "5000"),
            ("refunded", 10, "5000"),
            ("future", 0, "5000"),
            ("negative", 10, "1200"),
            ("negative", 9, "-300"),
            ("edge_in", 365, "5000"),
            ("edge_out", 366, "5000"),
        ],
    )
    .await;
    world.sql("update crm.orders set status = customer_id where customer_id in ('cancelled', 'refunded')").await;
    evaluate(&world, &by_amount(), &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    let expected = [
        "cancelled\tnormal",
        "edge_in\thigh",
        "edge_out\tnormal",
        "future\tnormal",
        "negative\tmid",
        "refunded\tnormal",
    ];
    assert_eq!(levels(&world).await, expected);
}

#[tokio::test]
async fn orders_without_an_amount_count_as_orders_and_add_nothing_to_spend() {
    let world = World::new().await;
    world.sql("alter table crm.orders alter column amount drop not null").await;
    customers(&world, &["a", "b"]).await;
    orders(&world, &[("a", 10, "null"), ("a", 9, "150"), ("b", 9, "null")]).await;
    evaluate(&world, &by_amount(), &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, ["a\tmid", "b\tnormal"]);
}

#[tokio::test]
async fn the_state_of_a_customer_who_was_deleted_is_removed_and_the_history_stays() {
    let world = World::new().await;
    customers(&world, &["a", "b"]).await;
    orders(&world, &[("a", 10, "1500")]).await;
    let job = by_amount();
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    orders(&world, &[("b", -1, "150")]).await;
    evaluate(&world, &job, &run(2, "2026-06-03T00:00:00Z")).await.unwrap();
    world.sql("delete from crm.orders where customer_id = 'b'; delete from crm.customer where customer_id = 'b'").await;
    let progress = evaluate(&world, &job, &run(3, "2026-06-04T00:00:00Z")).await.unwrap();
    assert_eq!(progress, json!({ "customers": 1, "assigned": 0, "rose": 0, "fell": 0, "stayed": 1, "gone": 1 }));
    assert_eq!(levels(&world).await, ["a\thigh"]);
    assert_eq!(world.rows("select customer_id, run_id from tend.ladder_move").await, ["b\t2"]);
}

#[tokio::test]
async fn a_level_that_the_file_no_longer_has_counts_as_no_level() {
    let world = World::new().await;
    customers(&world, &["a", "b"]).await;
    orders(&world, &[("a", 10, "1500")]).await;
    evaluate(&world, &by_amount(), &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    world.sql("insert into tend.ladder_state select 'gone', ladder, level, since, run_id, reason from tend.ladder_state where customer_id = 'a'").await;
    let renamed = ladder(
        "[[retier.level]]\nname = \"gold\"\nwhen = { field = \"spend\", at_least = 1000 }\n[[retier.level]]\nname = \"normal\"\n",
    );
    let progress = evaluate(&world, &renamed, &run(2, "2026-06-02T00:00:00Z")).await.unwrap();
    assert_eq!(progress, json!({ "customers": 2, "assigned": 1, "rose": 0, "fell": 0, "stayed": 1, "gone": 1 }));
    assert_eq!(levels(&world).await, ["a\tgold", "b\tnormal"]);
    assert_eq!(world.value("select count(*) from tend.ladder_move").await, "0", "a new name is not a move");
}

#[tokio::test]
async fn two_ladders_do_not_touch_each_other() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    orders(&world, &[("a", 10, "1500")]).await;
    let job = by_amount();
    evaluate(&world, &job, &run(1, "2026-06-03T00:00:00Z")).await.unwrap();
    let mut other = run(2, "2026-06-01T00:00:00Z");
    other.job = "等级".into();
    evaluate(&world, &job, &other).await.unwrap();
    let states = world.rows("select ladder, level, run_id from tend.ladder_state order by ladder").await;
    assert_eq!(states, ["value-tiers\thigh\t1", "等级\thigh\t2"]);
}

#[tokio::test]
async fn the_statement_reads_the_orders_once_into_an_aggregate_and_never_sorts_or_loops_over_them() {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.customer (customer_id) select 'c' || i from generate_series(1, 5000) i;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || 1 + i % 4000, 'o' || i, timestamptz '2026-06-01Z' - interval '1 hour' * (i % 20000), i % 977
             from generate_series(1, 50000) i;
             analyze",
        )
        .await;
    let statement = shipped_ladder().statement(&run(1, "2026-06-01T00:00:00Z"), &Scope::default()).explain();
    let plan: Vec<String> = statement.query_scalar().fetch_all(world.pool()).await.unwrap();
    let scans: Vec<usize> = (0..plan.len()).filter(|at| plan[*at].contains(" on orders ")).collect();
    let [scan] = scans[..] else { panic!("the orders are read {} times:\n{}", scans.len(), plan.join("\n")) };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let above =
        plan[..scan].iter().rev().find(|line| line.contains("->") && indent(line) < indent(&plan[scan])).unwrap();
    assert!(above.contains("Aggregate"), "{}", plan.join("\n"));
    assert!(!above.contains("GroupAggregate") || plan[scan].contains("Index"), "{}", plan.join("\n"));
}

#[tokio::test]
async fn windows_and_populations_of_their_own_are_named_in_the_cuts_and_the_reasons() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c", "d", "e"]).await;
    orders(&world, &[("a", 200, "900"), ("b", 50, "500"), ("c", 50, "100")]).await;
    let job = ladder(
        "[[retier.level]]\nname = \"high\"\nwhen = { field = \"spend\", within = \"90d\", top = \"40%\", of = \"all\" }\n\
         [[retier.level]]\nname = \"quiet\"\nwhen = { none = [{ field = \"orders\", at_least = 1 }, { field = \"status\", is = \"closed\" }] }\n\
         [[retier.level]]\nname = \"normal\"\n",
    );
    let run = run(1, "2026-06-01T00:00:00Z");
    evaluate(&world, &job, &run).await.unwrap();
    assert_eq!(levels(&world).await, ["a\tnormal", "b\thigh", "c\thigh", "d\tquiet", "e\tquiet"]);
    let cuts = world.value("select cuts from tend.ladder_run").await;
    assert_eq!(cuts, r#"{"spend in 90d": {"40% of all customers": "100.00"}}"#);
    let samples = explain(&world, &job, &run).await.json["samples"].clone();
    let words = |id: &str| {
        let sample = samples.as_array().unwrap().iter().find(|sample| sample["customer_id"] == id).unwrap();
        sample["words"].as_str().unwrap().to_owned()
    };
    assert_eq!(words("b"), "spend in 90d 500.00 (top 40% of all customers begins at 100.00)");
    assert_eq!(words("d"), "orders 0 (not at least 1), not: status is closed");
    assert_eq!(words("a"), "orders 1 (at least 1)");
}

#[tokio::test]
async fn an_order_that_is_refunded_or_cancelled_takes_its_customer_down_the_next_night() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("a", 10, "1500"), ("a", 5, "150"), ("b", 10, "1500"), ("c", 10, "1500")]).await;
    let job = by_amount();
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, ["a\thigh", "b\thigh", "c\thigh"]);
    world
        .sql(
            "update crm.orders set status = 'refunded' where customer_id = 'a' and amount = 1500;
             update crm.orders set status = 'cancelled' where customer_id = 'b'",
        )
        .await;
    assert_eq!(levels(&world).await, ["a\thigh", "b\thigh", "c\thigh"], "nothing moves before the night");
    let next = run(2, "2026-06-02T00:00:00Z");
    evaluate(&world, &job, &next).await.unwrap();
    assert_eq!(levels(&world).await, ["a\tmid", "b\tnormal", "c\thigh"]);
    let moves =
        world.rows("select customer_id, from_level, to_level, direction from tend.ladder_move order by 1").await;
    assert_eq!(moves, ["a\thigh\tmid\tfell", "b\thigh\tnormal\tfell"]);
    let told = explain(&world, &job, &next).await.text;
    assert!(told.contains("a Name of a: spend 150.00 (not at least 1000)"), "{told}");
    // paid after all
    world.sql("update crm.orders set status = 'paid'").await;
    evaluate(&world, &job, &run(3, "2026-06-03T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, ["a\thigh", "b\thigh", "c\thigh"]);
}
