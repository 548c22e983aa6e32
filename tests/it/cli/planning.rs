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
            &["plan", "regulars", "--html", "page.html"],
        ],
    );
    insta::assert_snapshot!(text);
    let planned = json(&bench.run(&["plan", "regulars", "--at", "2026-06-01", "--json"]));
    assert_eq!(keys(&planned), ["as_of", "plan", "segment"]);
    let judged = json(&bench.run(&["plan", "value-tiers", "--at", "2026-06-01", "--customer", "c08", "--json"]));
    assert_eq!(keys(&judged["customer"]["conditions"][0]), ["holds", "name", "tree"]);
}
