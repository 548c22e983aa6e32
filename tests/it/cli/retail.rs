//! A real shop's orders through the command line, against the figures of the data's README.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{bench, json};
use crate::support::process::Bench;

/// The data, beside the repository or a worktree of it.
pub fn data() -> Option<PathBuf> {
    let ancestors = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    ancestors.map(|folder| folder.join("shared/data/online-retail")).find(|folder| folder.is_dir())
}

/// `zcat FILE | tend import KIND -`
pub fn import(bench: &Bench, kind: &str, file: &Path) -> Value {
    let mut zcat = Command::new("zcat").arg(file).stdout(Stdio::piped()).spawn().expect("zcat starts");
    let mut command = bench.command(&["import", kind, "-", "--json"]);
    let output = command.stdin(zcat.stdout.take().expect("its output")).output().expect("tend starts");
    assert!(zcat.wait().expect("zcat ends").success());
    assert!(output.status.success(), "{}", super::stderr(&output));
    json(&output)
}

fn levels(report: &Value) -> Vec<(String, i64)> {
    let levels = report["levels"].as_array().unwrap().iter();
    levels.map(|level| (level["level"].as_str().unwrap().to_owned(), level["after"].as_i64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn value_tiers_of_online_retail_are_as_its_readme_says() {
    let Some(data) = data() else {
        return eprintln!("skipped: ../shared/data/online-retail is not here");
    };
    for (window, high, mid, normal, cuts) in
        [("400d", 829, 1_507, 2_002, ["2059.45", "490.22"]), ("365d", 813, 1_475, 2_050, ["2040.10", "483.86"])]
    {
        let (world, bench) = bench().await;
        let customers = import(&bench, "customers", &data.join("customers.csv.gz"));
        let orders = import(&bench, "orders", &data.join("orders.csv.gz"));
        assert_eq!((&customers["inserted"], &orders["inserted"]), (&4_338.into(), &18_532.into()));
        let again = import(&bench, "orders", &data.join("orders.csv.gz"));
        assert_eq!(
            (&again["unchanged"], &again["changed"], &again["inserted"]),
            (&18_532.into(), &0.into(), &0.into())
        );
        let shipped = std::fs::read_to_string(bench.path().join("jobs/value-tiers.toml")).unwrap();
        bench.job("value-tiers", &shipped.replace("\"365d\"", &format!("\"{window}\"")));
        let arguments = ["value-tiers", "--at", "2011-12-10T00:00Z", "--json"];
        let plan = json(&bench.run(&[&["plan"][..], &arguments].concat()));
        assert_eq!(world.value("select count(*) from tend.ladder_state").await, "0", "a plan leaves nothing behind");
        let run = json(&bench.run(&[&["run"][..], &arguments].concat()));
        assert_eq!(plan["plan"], run["did"], "the preview printed what the run did");
        let expected = [("high", high), ("mid", mid), ("normal", normal)].map(|(level, many)| (level.to_owned(), many));
        assert_eq!(levels(&run["did"]), expected, "{window}");
        assert_eq!(run["did"]["cuts"]["spend"], serde_json::json!({ "20%": cuts[0], "60%": cuts[1] }));
        let second = json(&bench.run(&[&["run"][..], &arguments].concat()));
        for moves in ["assigned", "rose", "fell", "gone"] {
            assert_eq!(second["did"][moves], 0, "{moves} of a second run");
        }
        let stored = world.rows("select level, count(*) from tend.ladder_state group by level order by level").await;
        assert_eq!(stored, [format!("high\t{high}"), format!("mid\t{mid}"), format!("normal\t{normal}")]);
    }
}
