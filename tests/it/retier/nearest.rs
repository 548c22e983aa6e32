//! Who is nearest to where a condition changes sides.

use super::*;

/// condition → (who is not yet there, who just is), in words.
fn told(explained: &Explained) -> Vec<(String, Vec<String>, Vec<String>)> {
    let words = |side: &Value| -> Vec<String> {
        let customers = side.as_array().unwrap().iter();
        let told = customers
            .map(|one| format!("{}: {}", one["customer_id"].as_str().unwrap(), one["words"].as_str().unwrap()));
        told.collect()
    };
    let near = explained.json["near"].as_array().unwrap().iter();
    near.map(|one| (one["condition"].as_str().unwrap().into(), words(&one["short"]), words(&one["reached"]))).collect()
}

#[tokio::test]
async fn who_would_rise_with_a_little_more_and_who_is_only_just_there_is_told_nearest_first() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c", "d", "e", "z"]).await;
    orders(&world, &[("a", 10, "1500"), ("b", 10, "990"), ("c", 10, "105"), ("d", 10, "95.5"), ("e", 10, "1000")])
        .await;
    let explained = preview(&world, &by_amount(), &run(1, "2026-06-01T00:00:00Z")).await;
    let near = told(&explained);
    assert_eq!(
        near[0],
        (
            "high: spend is at least 1000".into(),
            vec![
                "b: 990.00 (10.00 short), would rise to high".into(),
                "c: 105.00 (895.00 short), would rise to high".into(),
                "d: 95.50 (904.50 short), would rise to high".into(),
            ],
            vec![
                "e: 1,000.00 (exactly there), else due for mid".into(),
                "a: 1,500.00 (500.00 to spare), else due for mid".into()
            ],
        )
    );
    assert_eq!(near[1].1, ["d: 95.50 (4.50 short), would rise to mid"], "z bought nothing and is near nothing");
    assert_eq!(near[1].2[0], "c: 105.00 (5.00 to spare), else due for normal");
    assert_eq!(explained.json["near"][0]["short"][0]["would"], "high");
}

#[tokio::test]
async fn what_is_lacking_besides_is_told_and_those_who_would_move_come_first() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c", "d", "e"]).await;
    // a alone is in the top 20%; b is nearest to it and lacks the rate, c would rise
    orders(
        &world,
        &[("a", 10, "500"), ("a", 9, "500"), ("a", 8, "1"), ("b", 10, "1000"), ("d", 10, "5"), ("e", 10, "4")],
    )
    .await;
    orders(&world, &[("c", 10, "300"), ("c", 9, "300"), ("c", 8, "300")]).await;
    let near = told(&preview(&world, &shipped("365d"), &run(1, "2026-06-01T00:00:00Z")).await);
    assert_eq!(near[0].0, "High value: spend is among the top 20%, which begins at 1,001.00");
    assert_eq!(near[0].1[0], "c: 900.00 (101.00 short), would rise to High value");
    assert_eq!(near[0].1[1], "b: 1,000.00 (1.00 short); besides: repurchase rate 0% (not at least 60%)");
    assert_eq!(near[1].0, "High value: repurchase rate is at least 60%");
    assert_eq!(
        near[1].1[0],
        "b: 0% (60 points short); besides: spend 1,000.00 (below the top 20%, which begins at 1,001.00)"
    );
    assert_eq!(near[1].2[0], "a: 66.7% (6.7 points to spare), else due for Mid value");
}

#[tokio::test]
async fn days_are_counted_the_way_the_condition_counts_them() {
    let world = World::new().await;
    let job = ladder(
        "[[retier.level]]\nname = \"active\"\nwhen = { field = \"days_since_last_order\", at_most = \"30d\" }\n\
         [[retier.level]]\nname = \"quiet\"\nwhen = { field = \"days_since_last_order\", below = \"90d\" }\n\
         [[retier.level]]\nname = \"gone\"\n",
    );
    customers(&world, &["a", "b", "c", "d", "e"]).await;
    orders(&world, &[("a", 30, "1"), ("b", 31, "1"), ("c", 89, "1"), ("d", 90, "1"), ("e", 500, "1")]).await;
    let near = told(&preview(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await);
    assert_eq!(near[0].1[0], "b: 31 days (1 day too many), would rise to active");
    assert_eq!(near[0].2, ["a: 30 days (exactly there), else due for quiet"]);
    assert_eq!(near[1].1[0], "d: 90 days (exactly there), would rise to quiet");
    assert_eq!(near[1].2[0], "c: 89 days (1 day to spare), else due for gone");
    assert_eq!(near[1].1[1], "e: 500 days (410 days too many), would rise to quiet", "also long before the window");
}

#[tokio::test]
async fn a_run_that_others_have_followed_no_longer_tells_who_is_near_but_where_the_ranks_began_before() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c", "d", "e"]).await;
    orders(&world, &[("a", 10, "100"), ("b", 10, "90"), ("c", 10, "80"), ("d", 10, "70"), ("e", 10, "60")]).await;
    let (first, second) = (run(1, "2026-06-01T00:00:00Z"), run(2, "2026-06-02T00:00:00Z"));
    evaluate(&world, &shipped("365d"), &first).await.unwrap();
    assert_eq!(explain(&world, &shipped("365d"), &first).await.json["cuts_before"], Value::Null);
    orders(&world, &[("b", -1, "0"), ("a", 0, "25.50")]).await;
    evaluate(&world, &shipped("365d"), &second).await.unwrap();
    let later = explain(&world, &shipped("365d"), &second).await;
    assert_eq!(later.json["cuts_before"]["cuts"]["spend"]["20%"], "100.00");
    assert!(later.text.contains("spend, top 20%: from 125.50 on (+25.50; it was 100.00)"), "{}", later.text);
    assert!(later.text.contains("spend, top 60%: from 80.00 on (as before)"), "{}", later.text);
    assert!(!later.json["near"].as_array().unwrap().is_empty());
    let earlier = explain(&world, &shipped("365d"), &first).await;
    assert_eq!(earlier.json["near"], json!([]));
    assert_eq!(earlier.json["cuts"], json!({ "spend": { "20%": "100.00", "60%": "80.00" } }));
}

#[tokio::test]
async fn nearest_are_the_same_where_facts_are_kept_and_where_orders_are_counted() {
    let world = World::new().await;
    let ids: Vec<String> = (0..60).map(|n| format!("c{n:02}")).collect();
    customers(&world, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (n, id) in ids.iter().enumerate() {
        let amount = format!("{}.25", 10 + (n * 37) % 500);
        orders(&world, &[(id.as_str(), 5 + i32::try_from(n).unwrap(), amount.as_str())]).await;
        if n % 3 > 0 {
            orders(&world, &[(id.as_str(), 4, "20"), (id.as_str(), 3, "1.10")]).await;
        }
    }
    let at = run(1, "2026-06-01T00:00:00Z");
    evaluate(&world, &shipped("365d"), &at).await.unwrap();
    let kept = explain(&world, &shipped("365d"), &at).await;
    world.sql("update tend.fact_window set as_of = as_of - interval '1 day'").await;
    let counted = explain(&world, &shipped("365d"), &at).await;
    assert!(kept.json["near"][0]["short"].as_array().unwrap().len() == 5, "{}", kept.text);
    assert_eq!(kept.json, counted.json);
}

#[tokio::test]
async fn where_not_everybody_is_looked_at_the_report_says_among_whom() {
    let world = World::new().await;
    let job = ladder(
        "[[retier.level]]\nname = \"often\"\nwhen = { all = [{ field = \"orders\", at_least = 2 }, { field = \"spend\", at_least = 100 }] }\n\
         [[retier.level]]\nname = \"rest\"\n",
    );
    let conditions = async |run_id: i64| -> Vec<String> {
        let explained = preview(&world, &job, &run(run_id, "2026-06-01T00:00:00Z")).await;
        let conditions = told(&explained).into_iter().map(|(condition, ..)| condition);
        conditions.inspect(|one| assert!(explained.html.as_ref().unwrap().contains(one), "{one}")).collect()
    };
    world
        .sql(
            "insert into crm.customer (customer_id) select 'c' || n from generate_series(1, 2000) n;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c' || n, 'o' || n, timestamptz '2026-05-01Z', n from generate_series(1, 2000) n",
        )
        .await;
    assert_eq!(conditions(1).await, ["often: orders is at least 2", "often: spend is at least 100"]);
    customers(&world, &["one-more"]).await;
    assert_eq!(
        conditions(2).await,
        ["often: orders is at least 2 (of the 2,000 who spent most)", "often: spend is at least 100"]
    );
}

#[tokio::test]
async fn scores_and_shares_of_everything_have_no_figure_to_reach() {
    let world = World::new().await;
    let job = ladder(
        "[[retier.level]]\nname = \"champion\"\nwhen = { field = \"monetary_score\", at_least = 4 }\n\
         [[retier.level]]\nname = \"large\"\nwhen = { field = \"contribution\", at_least = \"10%\" }\n\
         [[retier.level]]\nname = \"rest\"\n",
    );
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("a", 10, "500"), ("b", 10, "400"), ("c", 10, "1")]).await;
    assert_eq!(told(&preview(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await), []);
}
