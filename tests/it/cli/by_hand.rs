//! `tend override`.

use super::{bench, company, json, stderr, whoami};

#[tokio::test(flavor = "multi_thread")]
async fn a_level_is_given_by_hand_listed_shown_in_previews_and_taken_back() {
    let (world, bench) = bench().await;
    company(&world).await;
    bench.ok(&["apply"]);
    bench.ok(&["run", "value-tiers", "--at", "2026-05-30"]);
    assert_eq!(bench.ok(&["override"]), "No level is given by hand.\n");
    let said = bench.ok(&["override", "value-tiers", "c11", "high", "--until", "2026-12-31", "--note", "a complaint"]);
    assert!(
        said.starts_with(
            "c11 has high on value-tiers by hand until 2027-01-01 00:00 +08:00 (Asia/Shanghai), from the next run"
        ),
        "the last day counts: {said}"
    );
    let listed = bench.ok(&["override", "value-tiers"]);
    assert!(listed.contains("c11") && listed.contains(&whoami()) && listed.contains("a complaint"), "{listed}");
    let foretold = json(&bench.run(&["plan", "value-tiers", "--at", "2026-06-01", "--json"]));
    let sample =
        foretold["plan"]["samples"].as_array().unwrap().iter().find(|sample| sample["customer_id"] == "c11").unwrap();
    assert_eq!((&sample["to"], &sample["reason"]["stability"]["override"]), (&"high".into(), &1.into()));
    let said = bench.ok(&["override", "value-tiers", "c11", "--clear"]);
    assert_eq!(said, "The next run of value-tiers judges c11 by the conditions again.\n");
    let again = bench.run(&["override", "value-tiers", "c11", "--clear"]);
    assert_eq!(
        (again.status.code(), stderr(&again)),
        (Some(1), "error: c11 has no level by hand on value-tiers.\n".to_owned())
    );
    assert_eq!(json(&bench.run(&["override", "--json"])).as_array().unwrap().len(), 0);
    let past = json(&bench.run(&["override", "value-tiers", "c11", "--past", "--json"]));
    assert_eq!((&past[0]["level"], &past[0]["ended_by"]), (&"high".into(), &whoami().into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_or_over_is_refused_with_what_was_meant() {
    let (world, bench) = bench().await;
    company(&world).await;
    let said = |arguments: &[&str]| {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        stderr(&output)
    };
    let until = ["--until", "2026-12-31"];
    let with = |arguments: [&'static str; 4]| [&arguments[..], &until[..]].concat();
    let unknown = said(&with(["override", "value-tier", "c11", "high"]));
    assert!(unknown.contains("there is no ladder `value-tier`. Did you mean `value-tiers`?"), "{unknown}");
    let unknown = said(&with(["override", "value-tiers", "c11", "hihg"]));
    assert!(unknown.contains("the ladder value-tiers has no level `hihg`. Did you mean `high`?"), "{unknown}");
    let unknown = said(&with(["override", "value-tiers", "C011", "high"]));
    assert!(unknown.contains("there is no customer `C011`. Did you mean `c01`?"), "{unknown}");
    let over = said(&["override", "value-tiers", "c11", "high", "--until", "2026-05-31"]);
    assert!(over.contains("--until is over already"), "{over}");
    assert!(said(&["override", "value-tiers", "c11", "high"]).contains("--until"), "an end is needed");
}
