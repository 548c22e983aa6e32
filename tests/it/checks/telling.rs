//! What is told about checks that fail, and about those that cannot be run.

use serde_json::json;

use super::{folder, try_out};
use crate::support::World;
use crate::support::process::Bench;

const LADDER: &str = r#"
title = "Spend"
[schedule]
cron = "0 2 * * *"
timezone = "Asia/Shanghai"
[retier]
window = "30d"
[[retier.level]]
name = "high"
when = { all = [{ field = "spend", top = "20%" }, { field = "repurchase_rate", at_least = "60%" }] }
[[retier.level]]
name = "normal"
"#;

/// The ladder with these checks, as `spend.toml` in a folder.
fn with(checks: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("spend.toml"), format!("{LADDER}{checks}")).unwrap();
    dir
}

const FAILING: &str = r#"
[[check]]
name = "a cent too little"
on = "2026-06-01"
cuts = { spend = { "20%" = "5000" } }
customer = { orders = [{ at = "2026-05-20", amount = "4999.98" }, { at = "2026-05-21", amount = "0.01" }] }
expect = { level = "high" }

[[check]]
name = "nothing is asked of the last level"
on = "2026-06-01"
customer = {}
expect = { level = "normal" }

[[check]]
name = "once high, high for ever"
on = "2026-06-01"
customer = { level = "high", orders = [{ at = "2026-01-20", amount = "4999.99" }] }
expect = { level = "high" }

[[check]]
name = "the same order twice"
on = "2026-06-01"
customer = { orders = [{ order_id = "a", at = "2026-05-20", amount = 1 }, { order_id = "a", at = "2026-05-21", amount = 1 }] }
expect = { level = "normal" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_check_is_told_with_its_place_what_was_expected_what_came_and_why() {
    let dir = with(FAILING);
    let report = try_out(&folder(dir.path())).await;
    assert!(!report.passed());
    let text = report.to_string().replace(&dir.path().display().to_string(), "jobs");
    insta::assert_snapshot!(text);
    let json = report.json();
    let first = &json[0];
    assert_eq!((&first["passed"], &first["line"], &first["column"]), (&json!(false), &json!(19), &json!(10)));
    assert_eq!((&first["expected"], &first["got"]), (&json!("level \"high\""), &json!("level \"normal\"")));
    assert_eq!(json[1]["passed"], true);
}

const SEGMENT: &str = r#"
title = "Big spenders"
timezone = "Asia/Shanghai"
when = { all = [{ field = "spend", within = "30d", top = "20%" }, { ladder = "spend", is = "high" }] }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_checked_like_a_job_at_the_beginning_of_the_day_in_its_own_zone() {
    let dir = with("");
    let segments = dir.path().join("segments");
    std::fs::create_dir(&segments).unwrap();
    let check = |name: &str, at: &str, expect: bool| {
        format!(
            "\n[[check]]\nname = \"{name}\"\non = \"2026-06-01\"\ncuts = {{ \"spend in 30d\" = {{ \"20%\" = \"5000\" }} }}\n\
             customer = {{ levels = {{ spend = \"high\" }}, orders = [{{ at = \"{at}\", amount = \"5000\" }}] }}\nexpect = {{ member = {expect} }}\n"
        )
    };
    let file = SEGMENT.to_owned()
        + &check("the evening before", "2026-05-31 23:59", true)
        + &check("the same morning", "2026-06-01 00:00", false)
        + &check("long ago", "2026-04-01", true);
    std::fs::write(segments.join("big.toml"), file).unwrap();
    let report = try_out(&folder(dir.path())).await;
    let passed: Vec<_> = report.outcomes.iter().map(|outcome| outcome.passed).collect();
    assert_eq!(passed, [true, true, false], "{report}");
    insta::assert_snapshot!(report.to_string().replace(&dir.path().display().to_string(), "jobs"));
    let json = report.json();
    assert_eq!((&json[2]["segment"], &json[2]["job"]), (&json!("big"), &json!(null)));
    assert_eq!(json[2]["conditions"]["tree"]["parts"][1]["holds"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_ends_with_3_when_a_check_fails_and_prints_one_document() {
    let world = World::empty().await;
    let bench = Bench::new(&super::nowhere(&world));
    bench.job("spend", &format!("{LADDER}{FAILING}"));
    let output = bench.run(&["check"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("jobs/spend.toml:19:10") && text.contains("spend: 3 of 4 checks failed"), "{text}");
    let output = bench.run(&["check", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed = document["checks"].as_array().unwrap().iter().filter(|check| check["passed"] == false).count();
    assert_eq!(failed, 3);
    let output = bench.run(&["check", "--no-run", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["checks"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_on_each_day_of_a_check_and_the_last_is_judged() {
    let dir = with(
        r#"
[[check]]
name = "high in May, normal in July"
on = ["2026-06-01", "2026-07-15"]
customer = { orders = [{ at = "2025-05-20", amount = "1" }, { at = "2026-05-21", amount = "10" }] }
expect = { level = "normal" }

[[check]]
name = "high in May"
on = ["2026-06-01"]
customer = { orders = [{ at = "2025-05-20", amount = "1" }, { at = "2026-05-21", amount = "10" }] }
expect = { level = "high" }
"#,
    );
    let report = try_out(&folder(dir.path())).await;
    assert!(report.passed(), "{report}");
    assert!(report.outcomes[0].why.contains("spend"), "{}", report.outcomes[0].why);
}

#[test]
fn a_run_works_from_the_stored_file_whose_checks_nobody_reads() {
    use tend::engine::specs::StoredSpec;
    let dir = with(&format!(
        "{FAILING}\n[[check]]\nname = \"x\"\non = \"2026-06-01\"\ncustomer = {{ levels = {{ spend = \"high\" }} }}\nexpect = {{ level = \"normal\" }}\n"
    ));
    let job = folder(dir.path()).jobs.remove("spend").unwrap();
    assert_eq!(job.checks.len(), 5);
    let stored = StoredSpec {
        hash: job.hash.clone(),
        job: job.job.clone(),
        kind: job.kind.to_owned(),
        body: job.text.to_string(),
        templates: Default::default(),
        segments: Default::default(),
        ladders: job.ladders.clone(),
    };
    let spec = tend::jobfile::file::spec_from_stored(&stored, tend::jobs::KINDS).unwrap();
    assert_eq!(spec.hash, job.hash);
}
