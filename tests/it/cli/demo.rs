//! `tend demo` on a database of its own: the first day, the next day, and what it refuses.

use super::{json, stderr};
use crate::support::World;
use crate::support::process::Bench;

/// A migrated database where nobody has set the time.
async fn fresh() -> (World, Bench) {
    let world = World::new().await;
    world.sql("delete from tend.driven_clock").await;
    let bench = Bench::new(world.url());
    (world, bench)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_day_shows_every_reason_and_the_second_goes_on() {
    let (world, bench) = fresh().await;
    let small = ["demo", "--customers", "300", "--date", "2025-06-02"];
    let text = bench.ok(&small).replace(env!("CARGO_BIN_EXE_tend"), "tend");
    insta::assert_snapshot!(text);
    let mails = std::fs::read_dir(bench.path().join(".tend/outbox")).unwrap();
    let mails = mails.flatten().filter(|file| file.path().extension().is_some_and(|ending| ending == "eml")).count();
    let accepted = "select count(*) from tend.outbox where channel = 'email' and state = 'accepted'";
    assert_eq!(mails.to_string(), world.value(accepted).await);

    let next = json(&bench.run(&["demo", "--customers", "300", "--json"]));
    assert_eq!(
        super::keys(&next),
        ["day", "folders", "ladders", "late", "messages", "not_due", "sent", "tasks", "waiting"]
    );
    assert_eq!(next["day"], "2025-06-03");
    let twice =
        "select count(*) from (select 1 from tend.outbox group by job, customer_id, occasion having count(*) > 1) s";
    assert_eq!(world.value(twice).await, "0");
    let from_now_on =
        "select bool_and(planned_to between clock_timestamp() - interval '1 hour' and clock_timestamp()) from tend.job";
    assert_eq!(world.value(from_now_on).await, "true", "a daemon goes on in its own time");
    let shown = bench.ok(&["status"]);
    assert!(!shown.contains("THE JOB FOLDER"), "{shown}");

    for (arguments, words) in [
        (
            &["demo", "--date", "2025-05-01"][..],
            "the demo has come to 2025-06-03; its ladders do not go back to 2025-05-01",
        ),
        (&["demo", "--seed", "2"], "this database holds the demo of --seed 1, not of 2"),
    ] {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_made_up_company_has_somebody_on_every_level_of_every_shipped_ladder() {
    let world = World::new().await;
    let day = "2026-06-01".parse().unwrap();
    tend::demo::fill(world.db(), 2_000, 1, day, |_| tend::progress::Progress::silent()).await.unwrap();
    let bench = Bench::new(world.url());
    let mut ladders = 0;
    for file in std::fs::read_dir("jobs").unwrap().flatten().filter(|file| file.path().is_file()) {
        if !std::fs::read_to_string(file.path()).unwrap().contains("\n[retier]\n") {
            continue;
        }
        ladders += 1;
        let name = file.path().file_stem().unwrap().to_str().unwrap().to_owned();
        let plan = json(&bench.run(&["plan", &name, "--at", "2026-06-01", "--json"]));
        let levels = plan["plan"]["levels"].as_array().unwrap();
        assert!(levels.len() > 1, "{name}");
        for level in levels {
            assert!(level["after"].as_i64().unwrap() > 0, "{name}: {level}");
        }
    }
    assert!(ladders >= 8, "{ladders}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_customers_are_left_alone() {
    let (world, bench) = fresh().await;
    world.sql("insert into crm.customer (customer_id) values ('real')").await;
    let output = bench.run(&["demo", "--json"]);
    assert_eq!((output.status.code(), &json(&output)["error"]["exit_code"]), (Some(2), &2.into()));
    assert!(stderr(&output).contains("customers that are not the demo's (1 of them)"), "{}", stderr(&output));
    assert_eq!(world.value("select count(*) from tend.job_run").await, "0");
}
