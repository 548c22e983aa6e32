//! The fixed names that scripts rely on, and the shapes of what `--json` prints.

use serde_json::Value;

use super::{bench, company, json, keys};

#[tokio::test(flavor = "multi_thread")]
async fn next_prints_job_local_utc_and_remark() {
    let (_world, bench) = bench().await;
    // meets both daylight-saving days
    bench.ladder("paris", "cron = \"30 2 * * *\"\ntimezone = \"Europe/Paris\"");
    let output = bench.run(&["next", "paris", "--from", "2026-03-28T00:00Z", "--count", "4", "--json"]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    let order: Vec<_> = ["\"job\"", "\"local\"", "\"utc\"", "\"remark\""].iter().map(|name| text.find(name)).collect();
    assert!(order.is_sorted() && order[0].is_some(), "{text}");
    let slots = json(&output);
    let slots = slots.as_array().unwrap();
    assert_eq!(slots.len(), 4);
    let utc: Vec<_> = slots.iter().map(|slot| slot["utc"].as_str().unwrap()).collect();
    assert_eq!(utc, ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]);
    assert_eq!(slots[1]["local"], "2026-03-29T03:00:00+02:00");
    assert!(slots[1]["remark"].as_str().unwrap().starts_with("02:30 does not exist on 2026-03-29"));
    for slot in [&slots[0], &slots[2], &slots[3]] {
        assert_eq!(slot["remark"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_come_from_the_environment_and_folders_from_the_options() {
    let (_world, bench) = bench().await;
    std::fs::rename(bench.path().join("jobs"), bench.path().join("work")).unwrap();
    std::fs::rename(bench.path().join("config"), bench.path().join("settings")).unwrap();
    let shown = bench.ok(&["--jobs", "work", "--config", "settings", "check", "--json"]);
    assert!(shown.contains("\"work/birthday.toml\""), "{shown}");
    bench.ok(&["apply", "--jobs", "work", "--config", "settings"]);
    assert!(!bench.path().join(".tend").exists(), "with a URL given, nothing embedded starts");
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_run_apply_status_and_check_print_one_document_each() {
    let (world, bench) = bench().await;
    company(&world).await;
    let applied = json(&bench.run(&["apply", "--json"]));
    assert_eq!(keys(&applied), ["changes", "outcome", "revision"]);
    assert_eq!(applied["outcome"], "applied");
    assert_eq!(json(&bench.run(&["apply", "--json"]))["outcome"], "unchanged");

    let plan = json(&bench.run(&["plan", "value-tiers", "--at", "2026-06-01", "--json"]));
    assert_eq!(keys(&plan), ["as_of", "job", "longest_text", "plan", "spec"]);
    assert_eq!(plan["as_of"], "2026-05-31T18:00:00Z");
    let run = json(&bench.run(&["run", "value-tiers", "--at", "2026-06-01", "--json"]));
    assert_eq!(keys(&run), ["as_of", "did", "error", "job", "reason", "run", "spec", "state"]);
    assert_eq!((&run["state"], &run["did"], &run["spec"]), (&"succeeded".into(), &plan["plan"], &plan["spec"]));
    assert_eq!(run["did"]["assigned"], 12);
    let again = json(&bench.run(&["run", "value-tiers", "--at", "2026-06-01", "--json"]));
    assert_eq!(
        (&again["did"]["rose"], &again["did"]["fell"], &again["did"]["assigned"]),
        (&0.into(), &0.into(), &0.into())
    );
    assert_ne!(again["run"], run["run"], "each call is a run of its own");
    assert_eq!(world.value("select count(*) from tend.ladder_state where ladder = 'value-tiers'").await, "12");

    let status = json(&bench.run(&["status", "--json"]));
    let answers = ["alarms", "folder_problem", "jobs", "late", "now", "outbox", "ramps", "replicas", "sending_paused"];
    assert_eq!(keys(&status), answers);
    let tiers = status["jobs"].as_array().unwrap().iter().find(|job| job["job"] == "value-tiers").unwrap();
    assert_eq!(tiers["last"]["state"], "succeeded");
    let check = json(&bench.run(&["check", "--json"]));
    assert_eq!(
        keys(&check["jobs"][0]),
        ["after", "bent", "enabled", "file", "hash", "job", "kind", "next", "schedule", "title"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_prints_one_document_with_json() {
    let (world, bench) = bench().await;
    company(&world).await;
    std::fs::write(bench.path().join("people.csv"), "customer_id,name\nx1,Ann\n,Bob\n").unwrap();
    for arguments in [
        &["migrate"][..],
        &["apply"],
        &["next"],
        &["status"],
        &["schema"],
        &["completions", "bash"],
        &["plan", "birthday"],
        &["run", "birthday"],
        &["backfill", "birthday", "--from", "2026-05-29", "--to", "2026-05-30"],
        &["pause", "birthday", "--note", "stocktaking"],
        &["pause", "birthday"],
        &["resume", "birthday"],
        &["resume", "birthday"],
        &["pause", "--all"],
        &["resume", "--all"],
        &["outbox", "list"],
        &["action", "list"],
        &["import", "customers", "people.csv"],
    ] {
        let output = bench.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "tend {arguments:?}: {}", super::stderr(&output));
        assert_eq!(super::stderr(&output), "", "tend {arguments:?}");
        json(&output);
    }
}
