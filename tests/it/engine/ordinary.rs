//! Ordinary days.

use tend::engine::Outcome;

use super::stage::{Act, Stage, Toy};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_became_due_is_one_row_and_one_execution() {
    let stage = Stage::new().await;
    stage.install("nightly", &Toy::new("0 2 * * *", Act::Count)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T01:59:59Z").await;
    assert_eq!(engine.pass_once().await.unwrap().outcomes, []);
    stage.at("2026-06-01T02:00:01Z").await;
    assert_eq!(engine.pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
    assert_eq!(engine.pass_once().await.unwrap().outcomes, []);
    stage.at("2026-06-02T02:00:00Z").await;
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
    assert_eq!(
        stage.runs("nightly").await,
        ["06-01 02:00\tschedule\tsucceeded\tnull\tnull", "06-02 02:00\tschedule\tsucceeded\tnull\tnull"]
    );
    assert_eq!(stage.done("nightly").await, ["06-01 02:00\t1", "06-02 02:00\t1"]);
    assert_eq!(stage.world.value("select count(*) from tend.lease").await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_plans_nothing_twice() {
    let stage = Stage::new().await;
    stage.install("hourly", &Toy::new("0 * * * *", Act::Count)).await;
    let engine = stage.engine();
    for now in ["2026-06-01T03:00:30Z", "2026-06-01T01:30:00Z", "2026-06-01T03:00:40Z", "2026-06-01T04:00:00Z"] {
        stage.at(now).await;
        engine.pass_once().await.unwrap();
    }
    assert_eq!(stage.done("hourly").await, ["06-01 01:00\t1", "06-01 02:00\t1", "06-01 03:00\t1", "06-01 04:00\t1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_several_steps_moves_cursor_and_progress_with_its_work() {
    let stage = Stage::new().await;
    stage.install("long", &Toy::new("0 2 * * *", Act::Steps(3))).await;
    stage.at("2026-06-01T02:00:00Z").await;
    stage.engine().pass_once().await.unwrap();
    assert_eq!(
        stage
            .world
            .rows("select state, steps, attempt, progress::text as p, cursor::text as c from tend.job_run")
            .await,
        ["succeeded\t3\t1\t{\"steps\": 3}\tnull"]
    );
    assert_eq!(stage.world.value("select string_agg(step::text, ',' order by step) from toy.done").await, "1,2,3");
}
