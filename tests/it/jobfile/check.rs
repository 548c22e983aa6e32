//! What `tend check` says about a folder that is right.

use tend::jobfile::check::report;

use super::{ladder, read, write};
use crate::support::instant;

#[test]
fn the_next_runs_are_shown_with_what_daylight_saving_does_to_them() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "tiers", &ladder("Tiers", "30 2 * * *").replace("Asia/Shanghai", "Europe/Paris"));
    let later =
        ladder("Later", "0 4 * * *").replace("[schedule]", "after = [\"tiers\"]\nenabled = false\n\n[schedule]");
    write(dir.path(), "later", &later);
    let by_hand = ladder("By hand", "0 4 * * *");
    let (head, rest) = (by_hand.find("[schedule]").unwrap(), by_hand.find("[retier]").unwrap());
    write(dir.path(), "by-hand", &format!("{}{}", &by_hand[..head], &by_hand[rest..]));
    let report = report(&read(dir.path()), instant("2026-03-28T12:00:00Z"));
    insta::assert_snapshot!(report.to_string());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["jobs"][2]["next"][0]["utc"], "2026-03-29T01:00:00Z");
    assert_eq!(json["jobs"][0]["schedule"], serde_json::Value::Null);
}

#[test]
fn every_shipped_folder_is_right() {
    let report = report(&read(std::path::Path::new("jobs")), instant("2026-06-01T00:00:00Z"));
    assert!(!report.jobs.is_empty());
}
