//! Levels given by hand, in runs.

use tend::jobs::retier::by_hand::{Giving, give, take_back};

use super::*;

/// high from 1,000 on, mid from 100 on, with a hold or without.
fn job_with(hold: &str) -> Arc<dyn Job> {
    ladder(&format!(
        "[retier.stability]\n{hold}\n[[retier.level]]\nname = \"high\"\nwhen = {{ field = \"spend\", at_least = 1000 }}\n\
         [[retier.level]]\nname = \"mid\"\nwhen = {{ field = \"spend\", at_least = 100 }}\n[[retier.level]]\nname = \"normal\"\n"
    ))
}

fn day(day: i64) -> chrono::DateTime<chrono::Utc> {
    instant("2026-06-01T00:00:00Z") + chrono::TimeDelta::days(day)
}

async fn given(world: &World, customer_id: &str, level: &str, until: i64) -> i64 {
    let mut conn = world.pool().acquire().await.unwrap();
    let giving = Giving { ladder: "value-tiers", customer_id, level, until: day(until), note: "" };
    give(&mut conn, giving, "test", day(0)).await.unwrap()
}

async fn night(world: &World, job: &Arc<dyn Job>, at: i64) -> String {
    evaluate(world, job, &run_at(1000 + at, day(at))).await.unwrap();
    world.value("select string_agg(level, ' ' order by customer_id) from tend.ladder_state").await
}

async fn why(world: &World) -> Vec<String> {
    world
        .rows("select customer_id, from_level, to_level, (reason -> 'stability') - 'until' as why from tend.ladder_move order by at, 1")
        .await
}

#[tokio::test]
async fn a_level_by_hand_holds_until_its_end_and_then_the_conditions_decide() {
    let world = World::new().await;
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("b", 10, "150")]).await;
    let job = job_with("");
    assert_eq!(night(&world, &job, 0).await, "normal mid normal");
    let (first, second) = (given(&world, "a", "high", 5).await, given(&world, "b", "normal", 5).await);
    given(&world, "c", "normal", 5).await;
    assert_eq!(night(&world, &job, 1).await, "high normal normal");
    assert_eq!(world.value("select everybody from tend.ladder_run where run_id = 1001").await, "null");
    assert_eq!(world.value("select kept from tend.ladder_run where run_id = 1001").await, r#"{"override": 3}"#);
    let told = explain(&world, &job, &run_at(1001, day(1))).await.text;
    assert!(told.contains("a Name of a: high by hand until 2026-06-06 08:00, the conditions ask for normal"), "{told}");
    assert_eq!(night(&world, &job, 4).await, "high normal normal");
    assert_eq!(night(&world, &job, 5).await, "normal mid normal", "not any more at its end");
    let expected = [
        format!(r#"a	normal	high	{{"due": "normal", "override": {first}}}"#),
        format!(r#"b	mid	normal	{{"due": "mid", "override": {second}}}"#),
        r#"a	high	normal	{"since": "2026-06-02T00:00:00+00:00"}"#.to_owned(),
        "b\tnormal\tmid\tnull".to_owned(),
    ];
    assert_eq!(why(&world).await, expected);
    let settled = world.rows("select distinct settled_by from tend.ladder_override").await;
    assert_eq!(settled, ["1005"], "no run looks at them for that any more");
    assert_eq!(world.value("select count(*) from tend.ladder_fall").await, "0");
}

#[tokio::test]
async fn nights_under_a_level_by_hand_count_towards_the_hold_when_a_lower_one_was_due() {
    let world = World::new().await;
    customers(&world, &["long", "short"]).await;
    let job = job_with("hold = \"10d\"");
    assert_eq!(night(&world, &job, 0).await, "normal normal");
    given(&world, "long", "high", 20).await;
    given(&world, "short", "high", 5).await;
    for at in [1, 5, 10] {
        assert_eq!(night(&world, &job, at).await, "high high", "{at}");
    }
    assert_eq!(night(&world, &job, 11).await, "high normal", "ten nights after the first on which normal was due");
    assert_eq!(night(&world, &job, 19).await, "high normal");
    assert_eq!(night(&world, &job, 20).await, "normal normal", "the hold was over long before the end");
}

#[tokio::test]
async fn a_level_by_hand_is_taken_back_replaced_or_out_of_force_with_its_level() {
    let world = World::new().await;
    customers(&world, &["a"]).await;
    let job = job_with("");
    let mut conn = world.pool().acquire().await.unwrap();
    given(&world, "a", "high", 30).await;
    assert_eq!(night(&world, &job, 0).await, "high", "a first level, too");
    assert_eq!(why(&world).await, [""; 0]);
    given(&world, "a", "mid", 30).await;
    assert_eq!(night(&world, &job, 1).await, "mid");
    assert!(take_back(&mut conn, "value-tiers", "a", "test", day(1)).await.unwrap().is_some());
    assert_eq!(take_back(&mut conn, "value-tiers", "a", "test", day(1)).await.unwrap(), None);
    assert_eq!(night(&world, &job, 2).await, "normal");
    let history =
        world.rows("select level, ended_by, settled_by is null as open from tend.ladder_override order by 1").await;
    assert_eq!(history, ["high\ttest\tfalse", "mid\ttest\tfalse"]);
    // a level the file no longer has
    given(&world, "a", "gold", 30).await;
    assert_eq!(night(&world, &job, 3).await, "normal");
}
