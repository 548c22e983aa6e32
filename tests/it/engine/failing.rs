//! Jobs that fail, panic, are tried again, or are cancelled.

use std::sync::Arc;
use std::time::Duration;

use tend::engine::control::{Cancelled, ControlError, cancel};
use tend::engine::{Engine, Outcome};
use tend::settings::EngineSettings;
use tokio::task::JoinHandle;

use super::stage::{Act, Stage, Toy, pace};
use crate::support::eventually;

async fn at_two(act: Act) -> Stage {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", act)).await;
    stage.at("2026-06-01T02:00:00Z").await;
    stage
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_ends_the_run_with_its_causes_and_leaves_no_work_behind() {
    let stage = at_two(Act::Fail).await;
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Failed]);
    assert_eq!(stage.only_run().await, "failed\t1\t0\tthe toy failed: no such ladder");
    assert!(stage.done("job").await.is_empty());
    assert_eq!(stage.world.value("select count(*) from tend.lease").await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_the_run_and_nothing_else() {
    let stage = at_two(Act::Panic).await;
    stage.install("other", &Toy::new("0 2 * * *", Act::Count)).await;
    stage.at("2026-06-02T02:00:00Z").await;
    let engine = stage.engine();
    engine.pass_once().await.unwrap();
    assert_eq!(
        stage.world.rows("select distinct job, state, error from tend.job_run order by job").await,
        ["job\tfailed\tthe job panicked: toy panic", "other\tsucceeded\tnull"]
    );
    assert_eq!(stage.world.value("select count(*) from toy.done where job = 'job'").await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_waits_longer_each_time_and_is_given_up_after_the_last_attempt() {
    let stage = at_two(Act::Retry).await;
    let engine = stage.engine();
    let mut waits = Vec::new();
    for _ in 0..7 {
        assert_eq!(engine.pass_once().await.unwrap().outcomes, [Outcome::Retrying]);
        assert_eq!(engine.pass_once().await.unwrap().outcomes, [], "not before its time");
        let wait = "select extract(epoch from run_after - instant)::int from tend.job_run, tend.driven_clock";
        waits.push(stage.world.value(wait).await.parse::<i64>().unwrap());
        stage.world.sql("update tend.driven_clock set instant = (select run_after from tend.job_run)").await;
    }
    assert!(waits.windows(2).take(5).all(|pair| pair[0] < pair[1]), "{waits:?}");
    assert!(waits[0] >= 30 && waits[6] <= 2250, "{waits:?}");
    assert_eq!(engine.pass_once().await.unwrap().outcomes, [Outcome::Failed]);
    assert_eq!(stage.only_run().await, "failed\t8\t0\tgave up after 8 attempts: not yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_succeeds_at_the_third_attempt_did_its_work_once() {
    let stage = at_two(Act::FailBelow(3)).await;
    let engine = stage.engine();
    for expected in [Outcome::Retrying, Outcome::Retrying, Outcome::Succeeded] {
        assert_eq!(engine.pass_once().await.unwrap().outcomes, [expected]);
        stage.world.sql("update tend.driven_clock set instant = instant + interval '5 min'").await;
    }
    assert_eq!(stage.only_run().await, "succeeded\t3\t0\tnull");
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_waiting_for_its_next_attempt_holds_back_the_slots_after_it() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 * * * *", Act::FailBelow(2))).await;
    let engine = stage.engine();
    stage.at("2026-06-01T01:59:59Z").await;
    engine.pass_once().await.unwrap();
    stage.at("2026-06-01T02:00:00Z").await;
    stage.world.sql("update tend.job_run set run_after = '2026-06-01T02:10Z'").await;
    assert_eq!(engine.pass_once().await.unwrap().outcomes, []);
    stage.at("2026-06-01T02:10:00Z").await;
    assert_eq!(engine.pass_once().await.unwrap().outcomes, [Outcome::Succeeded, Outcome::Retrying]);
}

/// An engine with a run at work, and the run's number.
async fn at_work(stage: &Stage) -> (Arc<Engine>, JoinHandle<Vec<Outcome>>, i64) {
    let engine = stage.engine_with(EngineSettings { heartbeat: Duration::from_millis(50), ..pace() });
    let runner = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.pass_once().await.unwrap().outcomes }
    });
    stage.at_work().await;
    let run_id = stage.world.value("select run_id from tend.job_run").await.parse().unwrap();
    (engine, runner, run_id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_at_work_is_rolled_back_with_the_next_heartbeat() {
    let stage = at_two(Act::Gate(1)).await;
    let (engine, runner, run_id) = at_work(&stage).await;
    assert_eq!(cancel(&engine, run_id, "ann", "wrong list").await.unwrap(), Cancelled::Requested);
    assert_eq!(runner.await.unwrap(), [Outcome::Cancelled]);
    assert_eq!(
        stage.world.rows("select state, reason from tend.job_run").await,
        ["cancelled\tcancelled by ann: wrong list"]
    );
    assert!(stage.done("job").await.is_empty());
    assert!(matches!(cancel(&engine, run_id, "ann", "").await, Err(ControlError::Ended { .. })));
    assert!(matches!(cancel(&engine, run_id + 1, "ann", "").await, Err(ControlError::UnknownRun(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_statement_of_minutes_does_not_keep_the_run() {
    let stage = at_two(Act::Sleep(600)).await;
    let (engine, runner, run_id) = at_work(&stage).await;
    cancel(&engine, run_id, "ann", "").await.unwrap();
    assert_eq!(runner.await.unwrap(), [Outcome::Cancelled]);
    eventually("the backend is free", async || {
        let asleep =
            "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
        stage.world.value(asleep).await == "0"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_that_waits_is_cancelled_at_once() {
    let stage = at_two(Act::Retry).await;
    let engine = stage.engine();
    engine.pass_once().await.unwrap();
    let run_id = stage.world.value("select run_id from tend.job_run").await.parse().unwrap();
    assert_eq!(cancel(&engine, run_id, "ann", "").await.unwrap(), Cancelled::AtOnce);
    stage.at("2026-06-01T05:00:00Z").await;
    assert_eq!(engine.pass_once().await.unwrap().outcomes, []);
    assert_eq!(stage.only_run().await, "cancelled\t1\t0\tnot yet");
}
