//! `tend plan` on a segment and on a single customer.

use super::texts::session;
use super::{bench, company, json, keys};

const SEGMENT: &str = r#"title = "Regulars"
window = "365d"
when = { all = [
    { segment = "chinese" },
    { field = "spend", at_least = 200 },
    { event = "order", last = { within = "150d" } },
    { none = [{ tag = "staff" }, { attribute = "points", above = 10 }] },
] }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_counted_and_a_customer_explained() {
    let (world, bench) = bench().await;
    company(&world).await;
    let dir = bench.path().join("jobs/segments");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("regulars.toml"), SEGMENT).unwrap();
    std::fs::write(
        dir.join("chinese.toml"),
        "title = \"Who reads Chinese\"\nwhen = { field = \"language\", is = \"zh\" }\n",
    )
    .unwrap();
    let text = session(
        &bench,
        &[
            &["plan", "regulars", "--at", "2026-06-01"],
            &["plan", "regulars", "--at", "2026-06-01", "--customer", "c08"],
            &["plan", "value-tiers", "--at", "2026-06-01", "--customer", "c08"],
            &["plan", "birthday", "--at", "2026-06-01", "--customer", "c09"],
            &["plan", "regulars", "--customer", "nobody"],
            &["plan", "birthday", "--customer", "c09", "--html", "page.html"],
            &["plan", "regulrs"],
        ],
    );
    insta::assert_snapshot!(text);
    let planned = json(&bench.run(&["plan", "regulars", "--at", "2026-06-01", "--json"]));
    assert_eq!(keys(&planned), ["as_of", "plan", "segment"]);
    let judged = json(&bench.run(&["plan", "value-tiers", "--at", "2026-06-01", "--customer", "c08", "--json"]));
    assert_eq!(
        keys(&judged["customer"]["conditions"][0]),
        ["can_keep", "holds", "keep", "margin", "name", "title", "tree"]
    );
    assert_eq!(judged["customer"]["result"], "mid");
    let page = bench.path().join("c08.html");
    bench.ok(&["plan", "value-tiers", "--at", "2026-06-01", "--customer", "c08", "--html", page.to_str().unwrap()]);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("spend in 365d is among the top 20%"), "{page}");
}
