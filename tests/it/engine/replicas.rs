//! Several replicas, dead owners, zombies, and an orderly stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tend::engine::{Engine, Outcome};
use tend::settings::EngineSettings;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::stage::{Act, Stage, Toy, pace};
use crate::support::eventually;

async fn at_two(act: Act) -> Stage {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", act)).await;
    stage.at("2026-06-01T02:00:00Z").await;
    stage
}

fn pass(engine: &Arc<Engine>) -> JoinHandle<Vec<Outcome>> {
    let engine = Arc::clone(engine);
    tokio::spawn(async move { engine.pass_once().await.unwrap().outcomes })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_replicas_at_once_execute_each_slot_once() {
    let stage = Stage::new().await;
    stage.install("a", &Toy::new("*/10 * * * *", Act::Count)).await;
    stage.install("b", &Toy::new("*/15 * * * *", Act::Steps(2))).await;
    stage.at("2026-06-01T06:00:00Z").await;
    let engines: Vec<_> = (0..8).map(|_| stage.engine()).collect();
    let passes: Vec<_> = engines.iter().map(pass).collect();
    for pass in passes {
        pass.await.unwrap();
    }
    stage.engine().pass_once().await.unwrap();
    let rows = "select job, count(*), count(distinct slot), min(state), max(state), max(attempt) from tend.job_run group by job order by job";
    assert_eq!(
        stage.world.rows(rows).await,
        ["a\t36\t36\tsucceeded\tsucceeded\t1", "b\t24\t24\tsucceeded\tsucceeded\t1"]
    );
    let done = "select job, count(*), count(distinct (as_of, step)) from toy.done group by job order by job";
    assert_eq!(stage.world.rows(done).await, ["a\t36\t36", "b\t48\t48"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commit_of_a_zombie_is_refused() {
    let stage = at_two(Act::Gate(1)).await;
    let zombie = pass(&stage.engine());
    stage.at_work().await;
    // The takeover does not know the backend, so that only the fence is left to stop the zombie.
    stage.world.sql("update tend.lease set backend_pid = null, until = clock_timestamp() - interval '1 s'").await;
    let successor = pass(&stage.engine());
    eventually("the run is taken over", async || {
        let again = "select exists (select 1 from tend.job_run join tend.lease using (run_id, token)
                                    where rescues = 1 and backend_pid is not null)";
        stage.world.value(again).await == "true"
    })
    .await;
    stage.world.sql("insert into toy.gate values (1, 1)").await;
    assert_eq!(zombie.await.unwrap(), [Outcome::Lost]);
    assert!(stage.done("job").await.is_empty());
    stage.open(1).await;
    assert_eq!(successor.await.unwrap(), [Outcome::Succeeded]);
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1"]);
    assert_eq!(stage.only_run().await, "succeeded\t2\t1\tnull");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_still_works_for_a_dead_owner_does_not_hold_up_the_takeover() {
    let stage = at_two(Act::Sleep(600)).await;
    let (owner, _connections) = stage.replica(pace()).await;
    let dying = pass(&owner);
    stage.at_work().await;
    dying.abort();
    stage.expire_leases().await;
    let began = Instant::now();
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1"]);
    let asleep = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
    assert_eq!(stage.world.value(asleep).await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_kills_its_owner_three_times_is_given_up() {
    let stage = at_two(Act::Gate(1)).await;
    for rescues in 0..3 {
        let (owner, connections) = stage.replica(pace()).await;
        let dying = pass(&owner);
        eventually("the next owner is at work", async || {
            let query = format!(
                "select exists (select 1 from tend.job_run join tend.lease using (run_id, token)
                                where rescues = {rescues} and backend_pid is not null and until > clock_timestamp())"
            );
            stage.world.value(&query).await == "true"
        })
        .await;
        dying.abort();
        let _ = dying.await;
        stage.expire_leases().await;
        drop(connections);
    }
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, []);
    assert_eq!(stage.only_run().await, "failed\t3\t3\tgiven up: the process that ran it died or hung 3 times");
    assert!(stage.done("job").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_cannot_renew_its_lease_stops_by_itself() {
    let stage = at_two(Act::Gate(1)).await;
    let short =
        EngineSettings { lease_ttl: Duration::from_millis(1200), heartbeat: Duration::from_millis(100), ..pace() };
    let (owner, connections) = stage.replica(short).await;
    let run = tokio::spawn(async move { owner.pass_once().await });
    stage.at_work().await;
    connections.control().close().await;
    assert!(run.await.unwrap().is_err(), "without its connections for leases it can do nothing more");
    let free =
        "select count(*) from pg_stat_activity where application_name = 'tend: step' and datname = current_database()";
    assert_eq!(stage.world.value(free).await, "0");
    assert!(stage.done("job").await.is_empty());
    stage.open(1).await;
    eventually("its lease is over", async || {
        stage.world.value("select until < clock_timestamp() from tend.lease").await == "true"
    })
    .await;
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
    assert_eq!(stage.done("job").await, ["06-01 02:00\t1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orderly_stop_finishes_the_step_and_hands_the_run_back_without_burning_an_attempt() {
    let stage = at_two(Act::Gate(2)).await;
    let (engine, stop) = (stage.engine(), CancellationToken::new());
    let daemon = tokio::spawn({
        let (engine, stop) = (Arc::clone(&engine), stop.clone());
        async move { engine.run(stop).await }
    });
    stage.at_work().await;
    stop.cancel();
    stage.open(1).await;
    daemon.await.unwrap();
    let row = "select state, attempt, steps, cursor::text as c, started_at is not null as started from tend.job_run";
    assert_eq!(stage.world.rows(row).await, ["due\t0\t1\t2\ttrue"]);
    assert_eq!(stage.world.value("select count(*) from tend.replica").await, "0", "it took leave");
    stage.open(2).await;
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
    assert_eq!(stage.only_run().await, "succeeded\t1\t0\tnull");
    assert_eq!(stage.world.value("select string_agg(step::text, ',' order by id) from toy.done").await, "1,2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_outlasts_the_grace_is_rolled_back_and_handed_back() {
    let stage = at_two(Act::Gate(1)).await;
    let engine = stage.engine_with(EngineSettings { stop_grace: Duration::from_millis(100), ..pace() });
    let stop = CancellationToken::new();
    let daemon = tokio::spawn({
        let (engine, stop) = (Arc::clone(&engine), stop.clone());
        async move { engine.run(stop).await }
    });
    stage.at_work().await;
    stop.cancel();
    daemon.await.unwrap();
    assert_eq!(stage.only_run().await, "due\t0\t0\tnull");
    assert!(stage.done("job").await.is_empty());
    stage.open(1).await;
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_leaves_runs_alone_whose_spec_it_cannot_read() {
    let stage = Stage::new().await;
    stage.install("job", &Toy::new("0 2 * * *", Act::Count)).await;
    stage
        .world
        .sql("alter table tend.spec disable trigger all; update tend.spec set body = '{}' where job = 'job'")
        .await;
    let old = stage.engine();
    stage.at("2026-06-01T02:00:00Z").await;
    assert_eq!(old.pass_once().await.unwrap().planned.due, 0);
    let toy = serde_json::to_string(&Toy::new("0 2 * * *", Act::Count)).unwrap();
    stage.world.sql(&format!("update tend.spec set body = '{toy}'")).await;
    assert_eq!(old.pass_once().await.unwrap().outcomes, [], "it remembers");
    assert_eq!(stage.engine().pass_once().await.unwrap().outcomes, [Outcome::Succeeded]);
}
