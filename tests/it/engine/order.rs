//! Order between jobs.

use super::stage::{Act, Stage, Toy};

fn birthday(cron: &str) -> Toy {
    Toy { after: vec!["tiers".to_owned()], ..Toy::new(cron, Act::Count) }
}

async fn order(stage: &Stage) -> Vec<String> {
    stage.world.rows("select job, to_char(as_of, 'MM-DD HH24:MI') as slot from toy.done order by id").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_waits_for_the_run_of_the_same_day_of_the_job_it_comes_after() {
    let stage = Stage::new().await;
    stage.install("birthday", &birthday("0 2 * * *")).await;
    stage.install("tiers", &Toy::new("0 3 * * *", Act::Count)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    assert!(engine.pass_once().await.unwrap().outcomes.is_empty(), "the slot it waits for has no row yet");
    stage.at("2026-06-01T03:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(order(&stage).await, ["tiers\t06-01 03:00", "birthday\t06-01 02:00"]);
    assert_eq!(stage.runs("birthday").await, ["06-01 02:00\tschedule\tsucceeded\tnull\tnull"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_holds_day_by_day_while_both_catch_up() {
    let stage = Stage::new().await;
    stage.install("birthday", &birthday("0 2 * * *")).await;
    stage.install("tiers", &Toy::new("0 3 * * *", Act::Steps(2))).await;
    stage.at("2026-06-04T12:00:00Z").await;
    stage.engine().pass_once().await.unwrap();
    for day in 1..=4 {
        let place = |job: &str, step: i32| {
            format!("select id from toy.done where job = '{job}' and as_of::date = '2026-06-0{day}' and step = {step}")
        };
        let query = format!("select ({}) < ({})", place("tiers", 2), place("birthday", 1));
        assert_eq!(stage.world.value(&query).await, "true", "day {day}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_longest_wait_it_runs_without_and_says_so() {
    let stage = Stage::new().await;
    stage.install("birthday", &birthday("0 2 * * *")).await;
    stage.install("tiers", &Toy::new("0 2 * * *", Act::Retry)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    stage.world.sql("update tend.job_run set run_after = '2026-06-02' where job = 'tiers'").await;
    stage.at("2026-06-01T07:59:00Z").await;
    engine.pass_once().await.unwrap();
    assert!(stage.done("birthday").await.is_empty());
    stage.at("2026-06-01T08:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(
        stage.runs("birthday").await,
        [
            "06-01 02:00\tschedule\tsucceeded\tnull\tran without tiers after waiting 6 h: its run of 2026-06-01 has not started"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_without_one_that_failed_or_is_gone_and_says_so() {
    let stage = Stage::new().await;
    stage.install("birthday", &birthday("0 2 * * *")).await;
    stage.install("tiers", &Toy::new("0 2 * * *", Act::Fail)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    stage.world.sql("update tend.job set enabled = false where job = 'tiers'").await;
    stage.at("2026-06-02T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(
        stage.runs("birthday").await,
        [
            "06-01 02:00\tschedule\tsucceeded\tnull\tran without tiers: its run of 2026-06-01 was failed",
            "06-02 02:00\tschedule\tsucceeded\tnull\tran without tiers: it is disabled"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_job_with_many_slots_a_day_the_newest_one_before_counts() {
    let stage = Stage::new().await;
    stage.install("birthday", &birthday("30 2 * * *")).await;
    stage.install("tiers", &Toy::new("0 * * * *", Act::Count)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:30:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(order(&stage).await, ["tiers\t06-01 01:00", "tiers\t06-01 02:00", "birthday\t06-01 02:30"]);
}
