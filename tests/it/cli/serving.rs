//! `tend serve` with a folder that breaks and is repaired, and told to stop in the middle of a step.

use std::time::Duration;

use sqlx::{Postgres, Transaction};

use super::{bench, company, stderr};
use crate::support::process::{Bench, Daemon};
use crate::support::{World, eventually, instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_folder_stops_the_first_start_and_never_a_later_one() {
    let (world, bench) = bench().await;
    bench.job("new", "title = 3\n");
    let output = bench.run(&["serve"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("jobs/new.toml:1:9"), "{}", stderr(&output));

    std::fs::remove_file(bench.path().join("jobs/new.toml")).unwrap();
    let daemon = bench.serve("first");
    daemon.says("the job folder is in force").await;
    let shipped = std::fs::read_to_string(bench.path().join("jobs/birthday.toml")).unwrap();
    bench.job("birthday", &shipped.replace("cron     = \"0 8", "cron     = \"0 9"));
    eventually("the edited file is in force", async || bench.ok(&["status"]).contains("09:00 +08:00")).await;
    bench.job("birthday", "title = \n");
    eventually("status shows what is wrong", async || {
        let shown = bench.ok(&["status"]);
        shown.contains("THE JOB FOLDER IS BROKEN") && shown.contains("jobs/birthday.toml:1:1")
    })
    .await;
    assert!(bench.ok(&["status"]).contains("09:00 +08:00"), "the last good state stays in force");
    assert!(daemon.stop(Duration::from_secs(15)).success());

    let daemon = bench.serve("second");
    daemon.says("the job folder is broken, the last good state stays in force").await;
    bench.job("birthday", &shipped);
    eventually("status shows that it is repaired", async || {
        let shown = bench.ok(&["status"]);
        !shown.contains("BROKEN")
    })
    .await;
    assert!(daemon.stop(Duration::from_secs(15)).success());
    assert_eq!(world.value("select count(*) from tend.folder_problem").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_told_to_stop_while_a_step_waits_hands_the_run_back_and_ends_well() {
    let (world, mut bench) = bench().await;
    company(&world).await;
    bench.set("engine.plan_interval", "50ms").set("engine.stop_grace", "1s");
    bench.ok(&["apply"]);
    let daemon = bench.serve("daemon");
    let lock = kept_waiting(&world, &daemon).await;
    assert!(daemon.stop(Duration::from_secs(30)).success());
    lock.rollback().await.unwrap();
    let row = world.rows("select state, attempt from tend.job_run where job = 'value-tiers'").await;
    assert_eq!(row, ["due\t0"], "handed back without burning an attempt");
    assert_eq!(world.value("select count(*) from tend.lease").await, "0");
}

#[tokio::test]
async fn a_daemon_told_to_stop_while_it_waits_for_its_database_ends_well() {
    let bench = Bench::new("postgres://nobody@127.0.0.1:1/nothing");
    let daemon = bench.serve("waiting");
    daemon.says("waiting for the database").await;
    let log = daemon.log();
    let status = daemon.stop(Duration::from_secs(15));
    assert!(status.success(), "{status}: {log}");
}

/// Lets the nightly step of the daemon wait for a lock, as long as the transaction is open.
async fn kept_waiting(world: &World, daemon: &Daemon) -> Transaction<'static, Postgres> {
    daemon.says("tend is at work").await;
    let mut lock = world.pool().begin().await.unwrap();
    sqlx::query("lock table tend.ladder_state in access exclusive mode").execute(&mut *lock).await.unwrap();
    world.advance_to(instant("2026-06-01T18:00:30Z")).await;
    let waits = "select exists (select from tend.lease l join pg_stat_activity a on a.pid = l.backend_pid where a.wait_event_type = 'Lock')";
    eventually("the step waits for the lock", async || world.value(waits).await == "true").await;
    lock
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_told_twice_at_once_ends_well_and_told_again_later_ends_at_once() {
    let (world, mut bench) = bench().await;
    company(&world).await;
    bench.set("engine.plan_interval", "50ms").set("engine.stop_grace", "1h");
    bench.ok(&["apply"]);
    let daemon = bench.serve("idle");
    daemon.says("tend is at work").await;
    daemon.signal(libc::SIGTERM);
    assert!(daemon.stop(Duration::from_secs(30)).success(), "as `timeout` does: the process, then its group");

    let mut daemon = bench.serve("busy");
    let lock = kept_waiting(&world, &daemon).await;
    let mut told = 0;
    eventually("it has ended, whatever its step does", async || {
        if daemon.alive() {
            daemon.signal(libc::SIGTERM);
            told += 1;
        }
        !daemon.alive()
    })
    .await;
    assert!(told > 2 && daemon.log().contains("told to stop again"), "{told}: {}", daemon.log());
    lock.rollback().await.unwrap();
}
