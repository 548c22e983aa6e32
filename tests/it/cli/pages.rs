//! `--html FILE`: a page that is there whole or not at all.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::{bench, company, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_and_a_run_write_the_same_report_as_a_page() {
    let (world, bench) = bench().await;
    company(&world).await;
    let here = |name: &str| bench.path().join(name);
    let text = bench.ok(&["plan", "value-tiers", "--html", here("plan.html").to_str().unwrap()]);
    assert!(text.contains("get their first level"), "the text is printed as well: {text}");
    let plan = std::fs::read_to_string(here("plan.html")).unwrap();
    assert!(plan.starts_with("<!DOCTYPE html>") && plan.ends_with("</html>"), "{plan}");
    assert!(plan.contains("a preview: nothing is changed") && plan.contains("Value tiers by rank"));

    // what was there is replaced, behind a link too, and keeps its permissions
    std::fs::write(here("kept.html"), "old").unwrap();
    std::fs::set_permissions(here("kept.html"), std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink(here("kept.html"), here("link.html")).unwrap();
    bench.ok(&["run", "value-tiers", "--html", here("link.html").to_str().unwrap(), "--json"]);
    let run = std::fs::read_to_string(here("kept.html")).unwrap();
    assert!(!run.contains("a preview") && run.contains("<svg class=\"flow\""), "{run}");
    assert_eq!(std::fs::metadata(here("kept.html")).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(here("link.html").is_symlink());
    assert_eq!(parts(&bench), 0, "nothing unfinished is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_has_a_page_of_who_is_in_it_and_one_of_why_somebody_is() {
    let (world, bench) = bench().await;
    company(&world).await;
    let segment = "title = \"Buyers <b>&</b> fans\"\nwindow = \"365d\"\n\
                   when = { any = [{ field = \"spend\", at_least = 1000 }, { field = \"average_order\", above = 1 }, { field = \"average_order\", below = 0 }] }\n";
    std::fs::write(bench.path().join("jobs/segments/buyers.toml"), segment).unwrap();
    world.sql("insert into crm.customer (customer_id, name) values ('none', '<i>Nobody</i>')").await;
    world.sql("insert into crm.customer (customer_id, name) values ('big', '大卫')").await;
    world
        .sql("insert into crm.orders (customer_id, order_id, placed_at, amount) values ('big', 'big', '2026-05-20', 12345.6)")
        .await;
    let page = async |arguments: &[&str]| {
        let file = bench.path().join("segment.html");
        let all = [&["plan", "buyers", "--at", "2026-06-01", "--html", file.to_str().unwrap()], arguments].concat();
        (bench.ok(&all), std::fs::read_to_string(file).unwrap())
    };
    let (text, plan) = page(&[]).await;
    assert!(text.contains("Buyers <b>&</b> fans has "), "the text is printed as well: {text}");
    assert!(text.contains("average_order in 365d, asked for by 2 conditions"), "{text}");
    assert!(plan.starts_with("<!DOCTYPE html>") && plan.ends_with("</html>"), "{plan}");
    assert!(plan.contains("Buyers &lt;b&gt;&amp;&lt;&#x2f;b&gt; fans") && !plan.contains("<b>&"), "{plan}");
    assert!(plan.contains("<bdi>大卫</bdi>") && plan.contains("in the segment") && plan.contains("of all"), "{plan}");
    assert_eq!(plan.matches("average_order in 365d, asked for by 2 conditions").count(), 1, "{plan}");

    let (text, big) = page(&["--customer", "big"]).await;
    assert!(text.contains("+ spend in 365d is at least 1000: 12,345.60"), "{text}");
    assert!(big.contains("</b> is in the segment.") && big.contains("<bdi>12,345.60</bdi>"), "{big}");
    let (_, none) = page(&["--customer", "none"]).await;
    assert!(none.contains("</b> is not in the segment.") && none.contains("missing, so it does not hold"), "{none}");
    assert!(none.contains("&lt;i&gt;Nobody"), "{none}");
    assert_eq!(parts(&bench), 0, "nothing unfinished is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_written_is_told_before_any_work() {
    let (_world, bench) = bench().await;
    let folder = bench.path().to_str().unwrap();
    for (file, words) in [
        (folder.to_owned(), "that is a folder; name a file in it"),
        (format!("{folder}/missing/plan.html"), "missing; make it first"),
    ] {
        let output = bench.run(&["plan", "value-tiers", "--html", &file]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(words) && output.stdout.is_empty(), "{}", stderr(&output));
    }
    // a preview that fails leaves what was there
    std::fs::write(bench.path().join("plan.html"), "old").unwrap();
    let output = bench.run(&["plan", "vale-tiers", "--html", &format!("{folder}/plan.html")]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(bench.path().join("plan.html")).unwrap(), "old");
    assert_eq!(parts(&bench), 0);
}

fn parts(bench: &crate::support::process::Bench) -> usize {
    let names = std::fs::read_dir(bench.path()).unwrap().flatten();
    names.filter(|entry| entry.file_name().to_string_lossy().ends_with(".part")).count()
}
