//! Pausing, disabling, and schedules that change.

use tend::engine::control::{ControlError, pause, resume};
use tend::engine::planner::settle;

use super::stage::{Act, Stage, Toy};
use crate::support::instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_slots_of_a_pause_are_skipped_with_who_and_why_and_none_runs_later() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", Act::Count)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T12:00:00Z").await;
    engine.pass_once().await.unwrap();
    pause(&engine, "job", "ann", "stocktaking").await.unwrap();
    assert!(
        matches!(pause(&engine, "job", "bob", "").await, Err(ControlError::AlreadyPaused { by, .. }) if by == "ann")
    );
    stage.at("2026-06-02T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    stage.at("2026-06-04T12:00:00Z").await; // nobody plans until the job is resumed
    resume(&engine, "job").await.unwrap();
    assert!(matches!(resume(&engine, "job").await, Err(ControlError::NotPaused(_))));
    assert!(matches!(pause(&engine, "jbo", "ann", "").await, Err(ControlError::UnknownJob(_))));
    stage.at("2026-06-05T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(
        stage.runs("job").await,
        [
            "06-01 02:00\tcatchup\tsucceeded\tnull\tplanned 10 h late",
            "06-02 02:00\tschedule\tskipped\tpaused by ann: stocktaking\tnull",
            "06-03 02:00\tcatchup\tskipped\tpaused by ann: stocktaking\tnull",
            "06-04 02:00\tcatchup\tskipped\tpaused by ann: stocktaking\tnull",
            "06-05 02:00\tschedule\tsucceeded\tnull\tnull",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_its_next_attempt_does_not_run_in_a_pause() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", Act::FailBelow(2))).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    pause(&engine, "job", "ann", "").await.unwrap();
    stage.at("2026-06-01T03:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(stage.runs("job").await, ["06-01 02:00\tschedule\tskipped\tpaused by ann\tnull"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_when_a_job_is_disabled_or_its_file_goes_is_skipped() {
    let stage = Stage::new().await;
    for job in ["disabled", "gone"] {
        stage.install(job, &Toy::new("0 2 * * *", Act::FailBelow(2))).await;
    }
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    stage.world.sql("update tend.job set enabled = false where job = 'disabled'").await;
    stage.world.sql("update tend.job set enabled = false, removed_at = now() where job = 'gone'").await;
    stage.at("2026-06-02T03:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(stage.runs("disabled").await, ["06-01 02:00\tschedule\tskipped\tthe job is disabled\tnull"]);
    assert_eq!(stage.runs("gone").await, ["06-01 02:00\tschedule\tskipped\tthe job's file is gone\tnull"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_schedule_plans_the_past_by_the_old_one_and_never_replays_it() {
    let stage = Stage::new().await;
    let engine = stage.engine();
    stage.install("job", &Toy::new("0 * * * *", Act::Count)).await;
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    // Down from 02:00 to 04:30; the file is changed meanwhile.
    stage.at("2026-06-01T04:30:00Z").await;
    let old = stage.store("job", &Toy::new("0 * * * *", Act::Count)).await;
    let old = stage.spec(&engine, &old).await;
    let mut tx = stage.world.pool().begin().await.unwrap();
    let settled = settle(&mut tx, &old, instant("2026-06-01T04:30:00Z")).await.unwrap();
    assert_eq!((settled.due, settled.skipped), (2, 0));
    tx.commit().await.unwrap();
    stage.install("job", &Toy::new("*/20 * * * *", Act::Count)).await;
    engine.pass_once().await.unwrap();
    stage.at("2026-06-01T05:00:00Z").await;
    engine.pass_once().await.unwrap();
    let slots: Vec<_> = stage.runs("job").await.iter().map(|row| row[..11].to_owned()).collect();
    assert_eq!(slots, ["06-01 01:00", "06-01 02:00", "06-01 03:00", "06-01 04:00", "06-01 04:40", "06-01 05:00"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_disabled_has_no_slots_of_that_time() {
    let stage = Stage::new().await;
    let engine = stage.engine();
    stage.install("job", &Toy::new("0 * * * *", Act::Count)).await;
    stage.world.sql("update tend.job set enabled = false").await;
    stage.at("2026-06-01T04:30:00Z").await;
    let spec = stage.store("job", &Toy::new("0 * * * *", Act::Count)).await;
    let spec = stage.spec(&engine, &spec).await;
    let mut conn = stage.world.pool().acquire().await.unwrap();
    settle(&mut conn, &spec, instant("2026-06-01T04:30:00Z")).await.unwrap();
    stage.world.sql("update tend.job set enabled = true").await;
    stage.at("2026-06-01T05:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(stage.done("job").await, ["06-01 05:00\t1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_slot_of_a_day_that_has_its_run_is_named_on_the_row_that_stands_for_it() {
    let stage = Stage::new().await;
    let engine = stage.engine();
    stage.install("job", &Toy::new("0 2 * * *", Act::Count)).await;
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    stage.install("job", &Toy::new("0 9 * * *", Act::Count)).await;
    stage.at("2026-06-01T09:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(
        stage.runs("job").await,
        ["06-01 02:00\tschedule\tsucceeded\tnull\tstands for the slot 2026-06-01T09:00:00Z as well"]
    );
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jitter_puts_off_the_start_but_not_the_as_of() {
    let stage = Stage::new().await;
    stage.install("job", &Toy { jitter_seconds: 3600, ..Toy::new("0 2 * * *", Act::Count) }).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    assert!(engine.pass_once().await.unwrap().outcomes.is_empty());
    stage.at("2026-06-01T03:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1"]);
}
