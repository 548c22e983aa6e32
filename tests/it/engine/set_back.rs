//! The database's clock once went ahead and is right again: what was planned for the future meanwhile.

use tend::engine::watchdog::round;

use super::stage::{Act, Stage, Toy};

async fn begun_with(toy: &Toy) -> Stage {
    let stage = Stage::new().await;
    stage.at("2026-06-01T01:00:00Z").await;
    stage.install("job", toy).await;
    stage
}

async fn alarms(stage: &Stage) -> Vec<String> {
    round(&stage.engine()).await.unwrap();
    stage.world.rows("select kind, message from tend.alarm where cleared_at is null order by key").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_a_wrong_clock_skipped_run_when_they_are_due_and_what_ran_early_does_not_run_again() {
    let stage = begun_with(&Toy::new("0 2 * * *", Act::Count).catch_up("latest")).await;
    let engine = stage.engine();
    stage.at("2026-06-05T12:00:00Z").await; // wrong
    engine.pass_once().await.unwrap();
    let newer = "skipped\tmissed, and a newer slot was due as well: the job's catch_up is \"latest\"\tnull";
    assert_eq!(stage.runs("job").await[1], format!("06-02 02:00\tcatchup\t{newer}"));
    let ahead = "plan_ahead\tjob: the clock was set back; its plan is ahead of the clock until 2026-06-05T";
    stage.at("2026-06-01T01:30:00Z").await; // right again
    let found = alarms(&stage).await;
    assert_eq!(found, [format!("{ahead}12:00Z, and what has run early does not run again")]);
    engine.pass_once().await.unwrap();
    let found = alarms(&stage).await;
    assert_eq!(found, [format!("{ahead}02:00Z, and what has run early does not run again")]);
    for day in 1..=6 {
        stage.at(&format!("2026-06-0{day}T02:00:00Z")).await;
        engine.pass_once().await.unwrap();
    }
    let on_time = |day: u32| format!("06-0{day} 02:00\tschedule\tsucceeded\tnull\tnull");
    let early = "06-05 02:00\tcatchup\tsucceeded\tnull\tplanned 10 h late".to_owned();
    assert_eq!(stage.runs("job").await, [on_time(1), on_time(2), on_time(3), on_time(4), early, on_time(6)]);
    assert_eq!(stage.done("job").await, (1..=6).map(|day| format!("06-0{day} 02:00\t1")).collect::<Vec<_>>());
    assert!(alarms(&stage).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_wrong_clock_planned_but_nobody_began_waits_for_its_time() {
    let stage = begun_with(&Toy::new("0 2 * * *", Act::FailBelow(2))).await;
    let engine = stage.engine();
    stage.at("2026-06-03T12:00:00Z").await; // wrong: the first slot is tried, the others wait for it
    engine.pass_once().await.unwrap();
    assert_eq!(stage.runs("job").await.len(), 3);
    stage.at("2026-06-01T03:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(stage.runs("job").await.len(), 1);
    stage.at("2026-06-01T03:01:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1"], "its next attempt does not wait for the wrong day");
    for day in ["2026-06-02T01:59:59Z", "2026-06-02T02:00:00Z", "2026-06-02T02:01:00Z"] {
        stage.at(day).await;
        engine.pass_once().await.unwrap();
    }
    assert_eq!(stage.runs("job").await[1..], ["06-02 02:00\tschedule\tsucceeded\tnull\tnull"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_begun_before_its_time_goes_on_when_its_slot_is_due_and_after_the_slots_before_it() {
    let stage = begun_with(&Toy::new("0 2 * * *", Act::FailBelow(2)).catch_up("latest")).await;
    let engine = stage.engine();
    stage.at("2026-06-03T12:00:00Z").await; // wrong
    engine.pass_once().await.unwrap();
    // it was at work again when the clock was set right, and its owner died
    stage
        .world
        .sql(
            "update tend.job_run set state = 'running' where state = 'due';
             insert into tend.lease (run_id, token, owner, host, until, heartbeat_at)
             select run_id, token, gen_random_uuid(), 'node-a:1', clock_timestamp() - interval '1 s', clock_timestamp()
             from tend.job_run where state = 'running'",
        )
        .await;
    stage.at("2026-06-01T01:05:00Z").await;
    assert_eq!(engine.pass_once().await.unwrap().taken_over, 1);
    stage.at("2026-06-01T01:30:00Z").await;
    let found = alarms(&stage).await;
    assert!(found.len() == 1 && found[0].starts_with("plan_ahead"), "nothing is overdue: {found:?}");
    for time in ["01T01:40", "01T02:00", "01T02:01", "02T02:00", "02T02:01", "03T01:59"] {
        stage.at(&format!("2026-06-{time}:00Z")).await;
        engine.pass_once().await.unwrap();
    }
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1", "06-02 02:00\t1"]);
    stage.at("2026-06-03T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1", "06-02 02:00\t1", "06-03 02:00\t1"]);
    assert_eq!(stage.world.value("select max(attempt) from tend.job_run").await, "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_by_hand_of_a_wrong_day_does_not_wait_for_that_day() {
    let stage = begun_with(&Toy::new("0 2 * * *", Act::FailBelow(2))).await;
    let engine = stage.engine();
    let hash = stage.world.value("select spec_hash from tend.job").await;
    let spec = stage.spec(&engine, &hash).await;
    stage.at("2026-06-03T01:00:00Z").await; // wrong
    tend::engine::replay::request_manual(&engine, &spec, crate::support::instant("2026-05-01T02:00:00Z"), "ann")
        .await
        .unwrap();
    stage.world.sql("update tend.job set planned_to = '2026-06-03T01:00Z'").await;
    stage.at("2026-06-01T01:10:00Z").await;
    engine.pass_once().await.unwrap();
    stage.at("2026-06-01T01:11:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(stage.done("job").await, ["05-01 02:00\t1"]);
}
