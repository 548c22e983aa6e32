//! Where checks run: in a database of their own, and nowhere else.

use std::process::Stdio;

use sqlx::{Connection as _, PgConnection};
use tend::db::{DatabaseSettings, Scratch};

use super::nowhere;
use crate::support::process::Bench;
use crate::support::{World, eventually};

async fn exists(world: &World, database: &str) -> bool {
    world.value(&format!("select exists (select from pg_database where datname = '{database}')")).await == "true"
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configured_database_is_not_even_connected_to() {
    // it does not exist: whoever wanted to look into it would fail
    let world = World::empty().await;
    let bench = Bench::new(&nowhere(&world));
    let text = bench.ok(&["check"]);
    assert!(text.contains("value-tiers: 8 checks passed"), "{text}");
    assert!(!bench.path().join(".tend").exists(), "with a URL given, nothing embedded starts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scratch_database_is_dropped_at_the_end_also_after_a_failure() {
    let world = World::empty().await;
    let scratch = Scratch::open(&DatabaseSettings::new(nowhere(&world))).await.unwrap();
    let name = scratch.name().to_owned();
    assert!(exists(&world, &name).await);
    scratch.close().await;
    assert!(!exists(&world, &name).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_behind_is_swept_and_what_is_in_use_is_not() {
    let world = World::empty().await;
    let settings = DatabaseSettings::new(nowhere(&world));
    // one that is alive, one whose process died: its connection is gone, its database is not
    let alive = Scratch::open(&settings).await.unwrap();
    let died = format!("tend_scratch_died_{}", std::process::id());
    world.sql(&format!("create database {died}")).await;
    let next = Scratch::open(&settings).await.unwrap();
    assert!(!exists(&world, &died).await, "left behind");
    assert!(exists(&world, alive.name()).await, "in use");
    alive.close().await;
    next.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_is_killed_leaves_what_the_next_one_sweeps() {
    let world = World::with_own_server().await;
    let bench = Bench::new(world.url());
    let scratches = "select count(*) from pg_database where starts_with(datname, 'tend_scratch_')";
    let mut child = bench.command(&["check"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("there is a scratch database", async || world.value(scratches).await == "1").await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(world.value(scratches).await, "1", "it was killed before its end");
    let unused = "select count(*) from pg_stat_activity where starts_with(datname, 'tend_scratch_')";
    eventually("the server has noticed", async || world.value(unused).await == "0").await;
    bench.ok(&["check"]);
    assert_eq!(world.value(scratches).await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_checks_at_the_same_time_do_not_know_each_other() {
    let world = World::empty().await;
    let bench = Bench::new(&nowhere(&world));
    let spawn = |_| bench.command(&["check"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<_> = (0..3).map(spawn).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_url_they_run_on_the_private_postgres() {
    let dir = tempfile::Builder::new().prefix("tend-checks-").tempdir().unwrap();
    let bench = Bench::new("");
    let text =
        bench.command(&["check"]).env("TEND__DATABASE__PRIVATE_DIR", dir.path().join("postgres")).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&text.stdout), String::from_utf8_lossy(&text.stderr));
    assert!(text.status.success() && out.contains("value-tiers: 8 checks passed"), "{out}\n{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_it_is_said_clearly_and_the_files_are_checked_all_the_same() {
    let mut bench = Bench::new("postgres://tend@127.0.0.1:1/crm");
    bench.set("database.connect_timeout", "1s");
    let output = bench.run(&["check"]);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(out.contains("job files are right"), "{out}");
    assert!(err.contains("checks in the job files were not run (`tend check --no-run` leaves them out)"), "{err}");
    assert!(err.contains("cannot connect to the database \"postgres\" as \"tend\" at 127.0.0.1:1"), "{err}");
    assert_eq!(bench.run(&["check", "--no-run"]).status.code(), Some(0));

    let mut bench = Bench::new("");
    bench.set("database.postgres_bin", "/nowhere");
    let output = bench.run(&["check"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no Postgres programs found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_not_make_databases_is_told_so() {
    let world = World::with_own_server().await;
    world.sql("create role modest login").await;
    let url = world.url().replace("postgres@", "modest@");
    PgConnection::connect(&url).await.unwrap().close().await.unwrap();
    let output = Bench::new(&url).run(&["check"]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4));
    assert!(err.contains("permission denied to create database"), "{err}");
    assert!(err.contains("createdb"), "{err}");
}
