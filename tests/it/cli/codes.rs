//! Exit codes 0 to 4, each with a sentence and, asked for, the same as JSON.

use crate::support::World;
use crate::support::process::Bench;

use super::{bench, company, json, stderr};

/// Runs it for people and with `--json`: the same code, words on standard error, one document on standard output.
fn fails(bench: &Bench, arguments: &[&str], code: i32, words: &str) {
    let output = bench.run(arguments);
    assert_eq!(output.status.code(), Some(code), "tend {arguments:?}: {}", stderr(&output));
    assert!(stderr(&output).contains(words), "tend {arguments:?}: {}", stderr(&output));
    assert!(output.stdout.is_empty(), "tend {arguments:?} printed {}", String::from_utf8_lossy(&output.stdout));
    for spoiled in ["panicked", "stack backtrace", "RUST_BACKTRACE"] {
        assert!(!stderr(&output).contains(spoiled), "tend {arguments:?}: {}", stderr(&output));
    }
    // the daemon logs, also that it waits for the database; a person who runs a command is told in words only
    let logs = stderr(&output).contains("{\"timestamp\"");
    assert!(!logs || arguments == ["serve"], "tend {arguments:?}: {}", stderr(&output));
    let with_json = [arguments, &["--json"]].concat();
    let output = bench.run(&with_json);
    assert_eq!(output.status.code(), Some(code), "tend {with_json:?}");
    let document = json(&output);
    assert_eq!(document["error"]["exit_code"], code, "{document}");
    assert!(document["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{document}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_line_that_cannot_be_meant_is_2() {
    let (_world, bench) = bench().await;
    for (arguments, words) in [
        (&["dance"][..], "unrecognized subcommand"),
        (&["plan"], "<JOB>"),
        (&["plan", "vale-tiers"], "Did you mean `value-tiers`?"),
        (&["next", "nothing"], "There are: activity-labels, "),
        (&["next", "--count", "0"], "0 is not in 1..=10000"),
        (&["next", "--from", "tomorrow"], "`tomorrow` is neither an instant with its offset"),
        (&["plan", "birthday", "--at", "2026-02-30"], "`2026-02-30` is neither"),
        (&["run", "value-tiers", "--at", "2026-06-02"], "is still to come; `tend plan value-tiers --at 2026-06-02`"),
        (&["backfill", "birthday", "--from", "2026-05-03", "--to", "2026-05-01"], "--from 2026-05-03 lies after"),
        (&["backfill", "birthday", "--from", "May", "--to", "2026-05-01"], "--from: `May` is not a day"),
        (&["backfill", "birthday", "--from", "2027-05-01", "--to", "2027-05-01"], "is still to come"),
        (&["pause"], "<JOB|--all>"),
        (&["pause", "birthday", "--all"], "cannot be used with"),
        (&["pause", "nothing"], "there is no job \"nothing\""),
        (&["cancel", "first"], "it is a number such as 42"),
        (&["cancel", "7"], "there is no run 7"),
        (&["outbox", "resend"], "<MESSAGE>"),
        (&["import", "goods", "x.csv"], "possible values: customers, orders"),
    ] {
        fails(&bench, arguments, 2, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_succeed_is_1() {
    let (world, bench) = bench().await;
    company(&world).await;
    bench.ok(&["apply"]);
    bench.ok(&["run", "value-tiers", "--at", "2026-05-30"]);
    fails(
        &bench,
        &["plan", "value-tiers", "--at", "2026-05-01"],
        1,
        "value-tiers stands at 2026-05-30 02:00 Asia/Shanghai",
    );
    fails(&bench, &["import", "orders", "nofile.csv"], 1, "nofile.csv: No such file or directory");
    std::fs::write(bench.path().join("empty.csv"), "").unwrap();
    fails(&bench, &["import", "orders", "empty.csv"], 1, "the file is empty");
    let output = bench.run(&["run", "value-tiers", "--at", "2026-05-01"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("failed: value-tiers stands at"));
    let output = bench.run(&["outbox", "drop", "99", "--json"]);
    assert_eq!((output.status.code(), &json(&output)[0]["outcome"]), (Some(1), &"unknown".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_settings_that_are_wrong_are_3() {
    let (_world, mut bench) = bench().await;
    bench.job("broken", "title = 3\n");
    for arguments in [&["check"][..], &["plan", "birthday"], &["run", "birthday"], &["next"], &["apply"], &["serve"]] {
        fails(&bench, arguments, 3, "jobs/broken.toml:1:9");
    }
    let output = bench.run(&["check", "--json"]);
    let problem = &json(&output)["error"]["problems"][0];
    assert_eq!(super::keys(problem), ["column", "file", "help", "line", "message", "text"]);
    fails(&bench, &["check", "nowhere"], 3, "the job folder cannot be read");
    fails(&bench, &["check", "jobs/birthday.toml"], 3, "a job is checked with its folder: jobs");
    fails(&bench, &["--config", "nowhere", "status"], 3, "--config nowhere: there is no such folder");
    bench.set("engine.lease_ttl", "30").set("log.format", "loud").set("database.urll", "x");
    for words in [
        "engine.lease_ttl: `30` is not a duration",
        "log.format: \"loud\" must be one of",
        "database.urll: there is no such setting; did you mean \"url\"?",
    ] {
        fails(&bench, &["status"], 3, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_used_is_4() {
    let commands =
        [&["status"][..], &["apply"], &["serve"], &["plan", "birthday"], &["outbox", "list"], &["pause", "--all"]];
    let mut nobody = Bench::new("postgres://tend@127.0.0.1:1/crm");
    nobody.set("time.source", "database").set("database.connect_timeout", "1s");
    for arguments in commands {
        fails(
            &nobody,
            arguments,
            4,
            "cannot connect to the database \"crm\" as \"tend\" at 127.0.0.1:1: Connection refused",
        );
    }
    let empty = World::empty().await;
    let bench = Bench::new(empty.url());
    for arguments in commands {
        fails(&bench, arguments, 4, "the database has no schema of tend yet; run `tend migrate`");
    }
    let world = World::new().await;
    let bench = Bench::new(world.url());
    world.sql("delete from tend.migration where version = (select max(version) from tend.migration)").await;
    fails(&bench, &["status"], 4, "run `tend migrate`");
    let missing = world.url().replace("tend_", "nobodys_");
    if missing != world.url() {
        fails(&Bench::new(&missing), &["status"], 4, "does not exist");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_nobody_drives_and_a_url_that_is_none_are_wrong_settings() {
    let (world, bench) = bench().await;
    world.sql("delete from tend.driven_clock").await;
    fails(&bench, &["status"], 3, "nobody has set the time yet");
    fails(&Bench::new("mysql://localhost"), &["status"], 3, "is not a Postgres URL");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_is_no_failure() {
    use std::io::Read as _;
    use std::process::Stdio;
    let (_world, bench) = bench().await;
    for arguments in [&["next", "--count", "2000"][..], &["schema"], &["completions", "bash"], &["--help"]] {
        let mut child = bench.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 1];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "tend {arguments:?}");
    }
}
