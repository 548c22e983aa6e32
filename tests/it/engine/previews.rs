//! Previews report exactly what the run then does, leave nothing behind, and yield.

use std::sync::Arc;

use serde_json::json;
use tend::engine::Outcome;
use tend::engine::preview::{PreviewError, explain, preview};
use tend::engine::replay::request_manual;
use tokio::task::JoinHandle;

use super::stage::{Act, Stage, Toy};
use crate::support::{eventually, instant};

const TWO: &str = "2026-06-01T02:00:00Z";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_reports_exactly_what_the_run_then_does_and_leaves_nothing_behind() {
    let stage = Stage::new().await;
    let toy = Toy::new("0 2 * * *", Act::Steps(3));
    stage.install("job", &toy).await;
    stage.at(TWO).await;
    let engine = stage.engine();
    let spec = stage.spec(&engine, &stage.store("job", &toy).await).await;
    let before = preview(&engine, &spec, instant(TWO)).await.unwrap();
    let left = "select (select count(*) from toy.done) + (select count(*) from tend.job_run) + (select count(*) from tend.lease)";
    assert_eq!(stage.world.value(left).await, "0");
    engine.pass_once().await.unwrap();
    let run_id = stage.world.value("select run_id from tend.job_run").await.parse().unwrap();
    let after = explain(&engine, run_id).await.unwrap().unwrap();
    assert_eq!(before.json, after.json);
    assert_eq!(before.text, after.text);
    assert_eq!(before.json["steps"].as_array().unwrap().len(), 3);
    assert_eq!(before.json["date"], json!("2026-06-01"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_of_a_run_that_would_fail_says_why() {
    let stage = Stage::new().await;
    let toy = Toy::new("0 2 * * *", Act::Fail);
    let engine = stage.engine();
    let spec = stage.spec(&engine, &stage.store("job", &toy).await).await;
    let error = preview(&engine, &spec, instant(TWO)).await.unwrap_err();
    assert_eq!(error.to_string(), "the run would fail: the toy failed: no such ladder");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_fails_where_a_deferred_constraint_would_fail_the_commit() {
    let stage = Stage::new().await;
    stage
        .world
        .sql(
            "create table toy.parent (id int primary key);
             alter table toy.done add foreign key (step) references toy.parent deferrable initially deferred",
        )
        .await;
    let toy = Toy::new("0 2 * * *", Act::Count);
    let engine = stage.engine();
    let spec = stage.spec(&engine, &stage.store("job", &toy).await).await;
    let error = preview(&engine, &spec, instant(TWO)).await.unwrap_err();
    assert!(error.to_string().contains("foreign key"), "{error}");
}

/// A preview that holds the mutex and waits for the gate.
async fn held_open(stage: &Stage) -> JoinHandle<Result<(), PreviewError>> {
    let toy = Toy::new("0 2 * * *", Act::Mutex);
    stage.install("job", &toy).await;
    let engine = stage.engine();
    let spec = stage.spec(&engine, &stage.store("job", &toy).await).await;
    let held = tokio::spawn(async move { preview(&engine, &spec, instant(TWO)).await.map(drop) });
    eventually("the preview holds the mutex", async || {
        stage.world.value("select count(*) from (select 1 from toy.mutex for update skip locked) as free").await == "0"
    })
    .await;
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_yields_to_a_run_that_waits_for_it() {
    let stage = Stage::new().await;
    let held = held_open(&stage).await;
    stage.at(TWO).await;
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
    assert_eq!(stage.only_run().await, "succeeded\t1\t0\tnull");
    let error = held.await.unwrap().unwrap_err();
    assert!(matches!(error, PreviewError::Yielded), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_that_is_in_nobodys_way_goes_on_beside_runs() {
    let stage = Stage::new().await;
    let held = held_open(&stage).await;
    stage.install("other", &Toy::new("0 2 * * *", Act::Sleep(1))).await;
    stage.world.sql("update tend.job set enabled = false where job = 'job'").await;
    stage.at(TWO).await;
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
    stage.open(1).await;
    held.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_one_preview_at_a_time() {
    let stage = Stage::new().await;
    let held = held_open(&stage).await;
    let engine = stage.engine();
    let spec = stage.spec(&engine, &stage.store("other", &Toy::new("0 3 * * *", Act::Count)).await).await;
    assert!(matches!(preview(&engine, &spec, instant(TWO)).await, Err(PreviewError::Busy)));
    stage.open(1).await;
    held.await.unwrap().unwrap();
    preview(&engine, &spec, instant(TWO)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_does_not_wait_long_for_a_run_at_work() {
    let stage = Stage::new().await;
    let engine = stage.engine();
    let spec = stage.spec(&engine, &stage.store("job", &Toy::new("0 2 * * *", Act::Mutex)).await).await;
    request_manual(&engine, &spec, instant("2026-05-31T02:00:00Z"), "").await.unwrap();
    let run = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.pass_once().await.unwrap().outcomes }
    });
    stage.at_work().await;
    eventually("the run holds the mutex", async || {
        stage.world.value("select count(*) from (select 1 from toy.mutex for update skip locked) as free").await == "0"
    })
    .await;
    let error = preview(&engine, &spec, instant(TWO)).await.unwrap_err();
    assert!(matches!(error, PreviewError::Locked), "{error}");
    stage.open(1).await;
    assert_eq!(run.await.unwrap(), [Outcome::Succeeded]);
}
