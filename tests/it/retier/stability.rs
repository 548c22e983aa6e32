//! What keeps customers from falling: `keep`, hold, margin, one level a run.

use super::*;

/// high from 1,000 on, mid from 100 on, with what is said about stability; `keep` for the two.
fn stable(stability: &str, keep_high: &str, keep_mid: &str) -> Arc<dyn Job> {
    ladder(&format!(
        "[retier.stability]\n{stability}\n\
         [[retier.level]]\nname = \"high\"\nwhen = {{ field = \"spend\", at_least = 1000 }}\n{keep_high}\n\
         [[retier.level]]\nname = \"mid\"\nwhen = {{ field = \"spend\", at_least = 100 }}\n{keep_mid}\n\
         [[retier.level]]\nname = \"normal\"\n"
    ))
}

/// A year and a bit of nights: the job runs on each of the days after 2026-06-01, with the customer's level after it.
async fn nights(world: &World, job: &Arc<dyn Job>, days: impl IntoIterator<Item = i64>) -> Vec<String> {
    let mut seen = Vec::new();
    for day in days {
        let as_of = instant("2026-06-01T00:00:00Z") + chrono::TimeDelta::days(day);
        evaluate(world, job, &run_at(1000 + day, as_of)).await.unwrap();
        seen.push(format!(
            "{day} {}",
            world.value("select string_agg(level, ' ' order by customer_id) from tend.ladder_state").await
        ));
    }
    seen
}

async fn falls(world: &World) -> Vec<String> {
    world
        .rows(
            "select customer_id, due_level, extract(day from since - '2026-06-01Z') as day from tend.ladder_fall order by 1",
        )
        .await
}

async fn why(world: &World) -> Vec<String> {
    world
        .rows("select customer_id, from_level, to_level, reason -> 'stability' as why from tend.ladder_move order by at, 1")
        .await
}

#[tokio::test]
async fn a_fall_waits_until_a_lower_level_was_due_every_night_of_the_hold() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    // 1,000 leave the window after the day 5, 100 after the day 20
    orders(&world, &[("a", 360, "1000"), ("a", 345, "100")]).await;
    let job = stable("hold = \"10d\"", "", "");
    assert_eq!(nights(&world, &job, [0, 5, 6]).await, ["0 high", "5 high", "6 high"]);
    assert_eq!(falls(&world).await, ["a\tmid\t6"]);
    assert_eq!(world.value("select held from tend.ladder_run where run_id = 1006").await, "1");
    assert_eq!(nights(&world, &job, [15, 16]).await, ["15 high", "16 mid"]);
    assert_eq!(falls(&world).await, [""; 0]);
    assert_eq!(why(&world).await, [r#"a	high	mid	{"since": "2026-06-07T00:00:00+00:00"}"#]);
    // down to what is due that night, over several levels
    orders(&world, &[("a", -17, "1000")]).await;
    assert_eq!(nights(&world, &job, [18]).await, ["18 high"]);
    world.sql("delete from crm.orders where placed_at > '2026-06-10Z'").await;
    assert_eq!(nights(&world, &job, [19, 22, 29]).await, ["19 high", "22 high", "29 normal"]);
}

#[tokio::test]
async fn one_night_on_which_the_level_is_due_again_begins_the_hold_anew() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    orders(&world, &[("a", 360, "1000")]).await;
    let job = stable("hold = \"10d\"", "", "");
    assert_eq!(nights(&world, &job, [0, 6]).await, ["0 high", "6 high"]);
    orders(&world, &[("a", -7, "1000")]).await;
    assert_eq!(nights(&world, &job, [8]).await, ["8 high"]);
    assert_eq!(falls(&world).await, [""; 0]);
    world.sql("delete from crm.orders where placed_at > '2026-06-01Z'").await;
    assert_eq!(nights(&world, &job, [9, 16, 18, 19]).await, ["9 high", "16 high", "18 high", "19 normal"]);
    assert_eq!(why(&world).await, [r#"a	high	normal	{"since": "2026-06-10T00:00:00+00:00"}"#]);
}

#[tokio::test]
async fn upgrades_happen_at_once_and_over_several_levels() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    let job = stable("hold = \"30d\"\nmargin = \"5%\"\none_level_a_run = true", "", "");
    assert_eq!(nights(&world, &job, [0]).await, ["0 normal"]);
    orders(&world, &[("a", 0, "1000")]).await;
    assert_eq!(nights(&world, &job, [1]).await, ["1 high"]);
    assert_eq!(why(&world).await, ["a\tnormal\thigh\tnull"]);
}

#[tokio::test]
async fn a_first_level_is_given_without_hold_keep_or_margin() {
    let world = World::new().await;
    customers(&world, &["a", "b"]).await;
    orders(&world, &[("a", 10, "960"), ("b", 10, "1")]).await;
    let keep = "keep = { field = \"spend\", at_least = 1 }";
    let job = stable("hold = \"30d\"\nmargin = \"5%\"\none_level_a_run = true", keep, keep);
    assert_eq!(nights(&world, &job, [0]).await, ["0 mid normal"]);
    assert_eq!(falls(&world).await, [""; 0]);
    assert_eq!(why(&world).await, [""; 0]);
}

#[tokio::test]
async fn one_level_a_run_goes_down_step_by_step_and_once_for_an_as_of() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    orders(&world, &[("a", 360, "1000")]).await;
    let job = stable("one_level_a_run = true", "", "");
    assert_eq!(nights(&world, &job, [0, 6]).await, ["0 high", "6 mid"]);
    assert_eq!(falls(&world).await, ["a\tnormal\t6"]);
    // the same slot a second time
    evaluate(&world, &job, &run(9, "2026-06-07T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, ["a\tmid"]);
    assert_eq!(nights(&world, &job, [7, 8]).await, ["7 normal", "8 normal"]);
    assert_eq!(falls(&world).await, [""; 0]);
    let expected = [
        r#"a	high	mid	{"due": "normal", "one_level": true}"#,
        r#"a	mid	normal	{"since": "2026-06-07T00:00:00+00:00"}"#,
    ];
    assert_eq!(why(&world).await, expected);
}

#[tokio::test]
async fn with_a_hold_each_further_level_takes_a_hold_of_its_own() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    orders(&world, &[("a", 360, "1000")]).await;
    let job = stable("hold = \"10d\"\none_level_a_run = true", "", "");
    let seen = nights(&world, &job, [0, 6, 15, 16, 17, 25, 26, 27]).await;
    assert_eq!(seen, ["0 high", "6 high", "15 high", "16 mid", "17 mid", "25 mid", "26 normal", "27 normal"]);
}

#[tokio::test]
async fn who_is_on_a_level_keeps_it_by_its_keep_and_who_is_below_does_not_get_it() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("a", 360, "500"), ("a", 100, "800"), ("b", 100, "800"), ("c", 360, "950"), ("c", 100, "60")])
        .await;
    let job = stable("", "keep = { field = \"spend\", at_least = 700 }", "keep = { field = \"spend\", at_least = 50 }");
    assert_eq!(nights(&world, &job, [0, 6]).await, ["0 high mid high", "6 high mid mid"]);
    assert_eq!(why(&world).await, [r#"c	high	mid	{"by": "keep"}"#]);
    assert_eq!(world.value("select kept from tend.ladder_run where run_id = 1006").await, r#"{"keep": 2}"#);
    // the orders leave the window: nothing is left to keep it by
    assert_eq!(nights(&world, &job, [280]).await, ["280 normal normal normal"]);
}

#[tokio::test]
async fn a_margin_eases_the_thresholds_for_who_is_on_the_level() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("a", 360, "100"), ("a", 100, "950"), ("b", 100, "950"), ("c", 360, "100"), ("c", 100, "949.99")])
        .await;
    let job = stable("margin = \"5%\"", "", "");
    assert_eq!(nights(&world, &job, [0, 6]).await, ["0 high mid high", "6 high mid mid"]);
    assert_eq!(why(&world).await, ["c\thigh\tmid\tnull"]);
    assert_eq!(world.value("select kept from tend.ladder_run where run_id = 1006").await, r#"{"margin": 1}"#);
}

#[tokio::test]
async fn a_changed_file_goes_on_with_the_falls_that_wait() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    orders(&world, &[("a", 360, "1000")]).await;
    nights(&world, &stable("hold = \"10d\"", "", ""), [0, 6]).await;
    let longer = stable("hold = \"20d\"", "", "");
    assert_eq!(nights(&world, &longer, [16, 24]).await, ["16 high", "24 high"]);
    assert_eq!(falls(&world).await, ["a\tnormal\t6"]);
    let shorter = stable("hold = \"19d\"", "", "");
    assert_eq!(nights(&world, &shorter, [25]).await, ["25 normal"]);
    assert_eq!(falls(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_level_or_a_customer_that_is_gone_waits_for_nothing() {
    let world = World::new().await;
    customers(&world, &["a", "b"]).await;
    orders(&world, &[("a", 360, "1000"), ("b", 360, "1000")]).await;
    nights(&world, &stable("hold = \"10d\"", "", ""), [0, 6]).await;
    world.sql("delete from crm.orders where customer_id = 'b'; delete from crm.customer where customer_id = 'b'").await;
    assert_eq!(nights(&world, &stable("hold = \"10d\"", "", ""), [7]).await, ["7 high"]);
    assert_eq!(falls(&world).await, ["a\tnormal\t6"]);
    let renamed = ladder(
        "[retier.stability]\nhold = \"10d\"\n[[retier.level]]\nname = \"gold\"\nwhen = { field = \"spend\", at_least = 1000 }\n\
         [[retier.level]]\nname = \"normal\"\n",
    );
    assert_eq!(nights(&world, &renamed, [8]).await, ["8 normal"]);
    assert_eq!(falls(&world).await, [""; 0]);
}
