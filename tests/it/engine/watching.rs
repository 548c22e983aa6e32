//! The watchdog raises an alarm once and clears it.

use tend::engine::replay::{execute_now, request_backfill};
use tend::engine::watchdog::round;
use tokio_util::sync::CancellationToken;

use super::stage::{Act, Stage, Toy};

async fn open_alarms(stage: &Stage) -> Vec<String> {
    stage.world.rows("select kind, message from tend.alarm where cleared_at is null order by key").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_is_well_raises_nothing() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", Act::Count)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    assert_eq!(round(&engine).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_should_have_started_and_a_slot_that_nobody_planned_raise_one_alarm_each() {
    let stage = Stage::new().await;
    stage.install("planned", &Toy::new("0 2 * * *", Act::Retry)).await;
    stage.install("unplanned", &Toy::new("0 3 * * *", Act::Count)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    stage.at("2026-06-01T03:20:00Z").await;
    for _ in 0..2 {
        assert_eq!(round(&engine).await.unwrap(), 2);
    }
    let alarms = open_alarms(&stage).await;
    assert_eq!(alarms.len(), 2);
    assert!(
        alarms[0].starts_with(
            "run_overdue\tplanned: the run for 2026-06-01T02:00Z should have started at 2026-06-01T02:00Z"
        )
    );
    assert_eq!(alarms[1], "run_overdue\tunplanned: the slot 2026-06-01T03:00:00Z is not planned yet");
    engine.pass_once().await.unwrap();
    round(&engine).await.unwrap();
    assert_eq!(open_alarms(&stage).await, Vec::<String>::new());
    assert_eq!(stage.world.value("select count(*) from tend.alarm").await, "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_slots_that_wait_raise_one_alarm_a_job_and_it_says_how_things_stand() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 * * * *", Act::Retry)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    stage.at("2026-06-01T02:14:00Z").await;
    round(&engine).await.unwrap();
    assert_eq!(open_alarms(&stage).await, Vec::<String>::new(), "planned late, but it has not waited long");
    stage.at("2026-06-01T02:16:00Z").await;
    round(&engine).await.unwrap();
    let said = "run_overdue\tjob: the run for 2026-06-01T01:00Z should have started at 2026-06-01T02:00Z";
    assert_eq!(open_alarms(&stage).await, [format!("{said}, and 1 more wait")]);
    stage
        .world
        .sql("update tend.job_run set state = 'cancelled', finished_at = run_after where slot = '2026-06-01T02:00Z'")
        .await;
    round(&engine).await.unwrap();
    assert_eq!(open_alarms(&stage).await, [said]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_backfill_raises_no_alarm_while_it_goes_on_and_one_when_it_does_not() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", Act::Count)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T00:00:00Z").await;
    let hash = stage.world.value("select spec_hash from tend.job").await;
    let spec = stage.spec(&engine, &hash).await;
    let (from, to) = ("2026-04-01".parse().unwrap(), "2026-04-30".parse().unwrap());
    let runs = request_backfill(&engine, &spec, from, to, "april").await.unwrap();
    for (run, time) in runs.iter().zip(["00:10", "00:20"]) {
        stage.at(&format!("2026-06-01T{time}:00Z")).await;
        execute_now(&engine, run.run_id, &CancellationToken::new()).await.unwrap();
        round(&engine).await.unwrap();
        assert_eq!(open_alarms(&stage).await, Vec::<String>::new(), "{time}");
    }
    stage.at("2026-06-01T00:36:00Z").await;
    round(&engine).await.unwrap();
    assert_eq!(
        open_alarms(&stage).await,
        ["run_overdue\tjob: the run for 2026-04-03T02:00Z should have started at 2026-06-01T00:00Z, and 27 more wait"]
    );
    let at_work = "update tend.job_run set state = 'running' where slot = '2026-04-03T02:00Z';
                   insert into tend.lease select run_id, token, gen_random_uuid(), 'node-a:1', clock_timestamp() + interval '1 h', clock_timestamp()
                   from tend.job_run where state = 'running'";
    stage.world.sql(at_work).await;
    round(&engine).await.unwrap();
    assert_eq!(open_alarms(&stage).await, Vec::<String>::new(), "one is at work");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_run_raises_an_alarm_until_a_later_one_succeeds() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", Act::Fail)).await;
    let engine = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    round(&engine).await.unwrap();
    let alarms = open_alarms(&stage).await;
    assert_eq!(alarms.len(), 1);
    assert!(alarms[0].ends_with("for 2026-06-01T02:00Z failed: the toy failed: no such ladder"), "{alarms:?}");
    stage.install("job", &Toy::new("0 2 * * *", Act::Count)).await;
    stage.at("2026-06-02T02:00:00Z").await;
    engine.pass_once().await.unwrap();
    round(&engine).await.unwrap();
    assert!(open_alarms(&stage).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_owners_and_silent_replicas_are_reported_by_the_living() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", Act::Count)).await;
    stage.at("2026-06-01T02:00:00Z").await;
    let engine = stage.engine();
    engine.pass_once().await.unwrap();
    stage
        .world
        .sql(
            "update tend.job_run set state = 'running', finished_at = null;
             insert into tend.lease select run_id, token, gen_random_uuid(), 'node-a:1', clock_timestamp() - interval '1 h', clock_timestamp() from tend.job_run;
             insert into tend.replica values
                 (gen_random_uuid(), 'node-a:1', '0', clock_timestamp() - interval '2 h', clock_timestamp() - interval '1 h', null),
                 (gen_random_uuid(), 'node-b:1', '0', clock_timestamp() - interval '2 h', clock_timestamp() - interval '1 h', null),
                 (gen_random_uuid(), 'node-b:2', '0', clock_timestamp() - interval '30 min', clock_timestamp(), null)",
        )
        .await;
    round(&engine).await.unwrap();
    let alarms = open_alarms(&stage).await;
    assert_eq!(alarms.len(), 2, "node-b was started again: {alarms:?}");
    assert!(alarms[0].starts_with("lease_breached\tjob: run") && alarms[0].contains("node-a:1"), "{alarms:?}");
    assert!(alarms[1].starts_with("replica_gone\tnode-a:1 has shown no sign of life since"), "{alarms:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_and_dead_messages_and_a_broken_folder_raise_alarms() {
    let stage = Stage::new().await;
    stage
        .world
        .sql(
            "insert into tend.folder_problem values (true, '2026-06-01', gen_random_uuid(), 'jobs/x.toml: no');
             insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, provider, template,
                 locale, data, not_before, not_after, on_unknown, state, state_at, created_at)
             select 1, 'job', '', 'c' || n, 'o', 'marketing', 't', 'email', case when n <> 2 then 'smtp-main' end, 't', 'en', '{}', '2026-06-01',
                    '2026-06-03', 'hold', state, '2026-06-01', '2026-06-01'
             from unnest(array['planned', 'planned', 'dead', 'in_doubt', 'accepted']) with ordinality as o (state, n)",
        )
        .await;
    let engine = stage.engine();
    stage.at("2026-06-01T00:10:00Z").await;
    round(&engine).await.unwrap();
    assert_eq!(open_alarms(&stage).await.len(), 2, "not late yet");
    stage.at("2026-06-01T00:20:00Z").await;
    round(&engine).await.unwrap();
    assert_eq!(
        open_alarms(&stage).await,
        [
            "dead_letter\t1 message of smtp-main is dead, 1 in doubt",
            "folder_broken\tthe job folder has errors since 2026-06-01T00:00Z; the last good jobs stay in force",
            "message_late\tmessages of email are late, the oldest since 2026-06-01T00:00Z",
            "message_late\tmessages of smtp-main are late, the oldest since 2026-06-01T00:00Z",
        ]
    );
    stage.world.sql("insert into tend.sending_pause values (true, '2026-06-01', 'ann', '')").await;
    round(&engine).await.unwrap();
    assert_eq!(open_alarms(&stage).await.len(), 2, "nobody expects messages while sending is paused");
}
