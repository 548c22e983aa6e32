//! Runs whose spec this binary cannot read: an older replica beside a newer one, and after the newer one is gone.

use tend::engine::watchdog::round;

use super::stage::{Act, Stage, Toy};

/// A slot of 1 June that a newer replica has planned and begun, and the spec of an older one in force again.
async fn left_behind_by_a_newer_replica() -> Stage {
    let stage = Stage::new().await;
    stage.install("job", &Toy { newer: true, ..Toy::new("0 2 * * *", Act::FailBelow(2)) }).await;
    stage.at("2026-06-01T02:00:00Z").await;
    stage.newer_engine().pass_once().await.unwrap();
    stage.install("job", &Toy::new("0 2 * * *", Act::Count)).await;
    stage
}

/// Runs by hand that wait, with that spec.
async fn by_hand(stage: &Stage, toy: &Toy, count: u32) {
    let hash = stage.store("job", toy).await;
    stage
        .world
        .sql(&format!(
            "insert into tend.job_run (job, trigger, slot, business_date, business_key, request_id, run_after, spec_hash, created_at)
             select 'job', 'manual', instant, '2026-06-01', '2026-06-01', gen_random_uuid(), instant, '{hash}', instant
             from tend.driven_clock, generate_series(1, {count})"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_no_replica_can_read_fails_in_the_end_and_the_slots_after_it_go_on() {
    let stage = left_behind_by_a_newer_replica().await;
    let engine = stage.engine();
    stage.at("2026-06-02T02:00:00Z").await;
    for _ in 0..2 {
        engine.pass_once().await.unwrap();
    }
    stage.at("2026-06-02T02:59:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(
        stage.runs("job").await,
        ["06-01 02:00\tschedule\tdue\tnull\tnull", "06-02 02:00\tschedule\tdue\tnull\tnull"],
        "a newer replica may still come, and slots run in their order"
    );
    stage.at("2026-06-02T03:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(
        stage.runs("job").await,
        ["06-01 02:00\tschedule\tfailed\tnull\tnull", "06-02 02:00\tschedule\tsucceeded\tnull\tnull"]
    );
    let error = stage.world.value("select error from tend.job_run where state = 'failed'").await;
    assert!(error.starts_with("given up: no replica could read its spec since 2026-06-02T02:00Z: the stored spec "));
    assert!(error.ends_with("cannot be read by this version of tend: newer than this binary"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_replica_leaves_a_run_to_the_newer_one_that_is_alive_however_busy_it_is() {
    let stage = left_behind_by_a_newer_replica().await;
    stage
        .world
        .sql(
            "insert into tend.replica (instance, host, version, started_at, seen_at)
             values (gen_random_uuid(), 'newer:1', '9', clock_timestamp(), clock_timestamp())",
        )
        .await;
    let engine = stage.engine();
    for time in ["2026-06-02T02:00:00Z", "2026-06-02T02:10:00Z", "2026-06-02T23:00:00Z"] {
        stage.at(time).await;
        engine.pass_once().await.unwrap();
    }
    assert_eq!(stage.world.value("select count(*) from tend.job_run where state = 'due'").await, "2");
    stage.newer_engine().pass_once().await.unwrap();
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1", "06-02 02:00\t1"]);
    assert_eq!(stage.world.value("select count(*) from tend.job_run where unreadable_since is not null").await, "0");
    let order = "select string_agg(to_char(as_of, 'MM-DD'), ' ' order by id) from toy.done";
    assert_eq!(stage.world.value(order).await, "06-01 06-02");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_cannot_read_it_either_keeps_nobody_waiting() {
    let stage = left_behind_by_a_newer_replica().await;
    stage
        .world
        .sql(
            "insert into tend.replica (instance, host, version, started_at, seen_at, unreadable)
             select gen_random_uuid(), 'other:1', '1', clock_timestamp(), clock_timestamp(), array_agg(spec_hash) from tend.job_run",
        )
        .await;
    let engine = stage.engine();
    for time in ["2026-06-01T03:00:00Z", "2026-06-01T03:01:00Z", "2026-06-01T04:01:00Z"] {
        stage.at(time).await;
        engine.pass_once().await.unwrap();
    }
    assert_eq!(stage.runs("job").await, ["06-01 02:00\tschedule\tfailed\tnull\tnull"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_by_hand_that_cannot_be_read_keep_no_other_waiting() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("", Act::Count)).await;
    stage.at("2026-06-01T10:00:00Z").await;
    by_hand(&stage, &Toy { newer: true, ..Toy::new("", Act::Count) }, 2).await;
    by_hand(&stage, &Toy { newer: true, ..Toy::new("", Act::Retry) }, 2).await;
    stage.at("2026-06-01T10:00:01Z").await;
    by_hand(&stage, &Toy::new("", Act::Count), 1).await;
    stage.engine().pass_once().await.unwrap();
    assert_eq!(stage.done("job").await, ["06-01 10:00\t1"]);
    assert_eq!(stage.world.value("select count(*) from tend.job_run where state = 'due'").await, "4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watchdog_tells_that_nobody_can_read_it() {
    let stage = left_behind_by_a_newer_replica().await;
    let engine = stage.engine();
    for time in ["2026-06-01T03:00:00Z", "2026-06-01T03:00:01Z"] {
        stage.at(time).await;
        engine.pass_once().await.unwrap();
    }
    round(&engine).await.unwrap();
    let alarm = stage.world.value("select message from tend.alarm where kind = 'run_overdue'").await;
    assert!(alarm.ends_with("; no replica has been able to read its spec since 2026-06-01T03:00Z"), "{alarm}");
}
