//! `tend simulate` as it is typed.

use serde_json::Value;
use tend::progress::Progress;

use crate::support::process::Bench;
use crate::support::{World, instant};

async fn company() -> (World, Bench) {
    let world = World::new().await;
    tend::demo::fill(world.db(), 60, 1, "2026-06-01".parse().unwrap(), |_| Progress::silent()).await.unwrap();
    world.advance_to(instant("2026-06-01T00:00:00Z")).await;
    let mut bench = Bench::new(world.url());
    bench.set("time.source", "driven");
    bench.only(&["birthday", "value-tiers", "festivals"]);
    (world, bench)
}

async fn copies(world: &World) -> Vec<String> {
    // other tests make copies on the same server; ours are told by what they say they are copies of
    let mine = "select datname from pg_database where starts_with(datname, 'tend_copy_')
                and shobj_description(oid, 'pg_database') = 'copy made by tend of ' || current_database() order by 1";
    world.rows(mine).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_shown_as_text_json_and_page() {
    let (world, bench) = company().await;
    let text = bench.ok(&["simulate", "--to", "2026-06-20"]);
    for part in [
        "Nothing was sent.",
        "Messages sent, by day",
        "Messages sent, by job",
        "Moves on ladders",
        "Assumed",
        "Customers who get most",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 100), "{text}");
    let page = bench.path().join("page.html");
    let json = bench.ok(&["--json", "simulate", "--to", "2026-06-20", "--html", page.to_str().unwrap()]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let days: i64 = json["days"].as_array().unwrap().iter().map(|day| day["messages"].as_i64().unwrap()).sum();
    assert!(days > 20 && json["messages"] == days, "{json}");
    let html = std::fs::read_to_string(page).unwrap();
    assert!(html.contains("<svg") && !html.contains("<script") && html.contains("week of"), "{html}");
    assert_eq!(world.value("select count(*) from tend.job_run").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_folder_is_compared() {
    let (_world, bench) = company().await;
    let other = bench.path().join("other");
    std::fs::create_dir(&other).unwrap();
    for job in ["birthday", "value-tiers"] {
        let name = format!("{job}.toml");
        std::fs::copy(bench.path().join("jobs").join(&name), other.join(&name)).unwrap();
    }
    let args = ["simulate", "--to", "2026-06-20", "--compare", "other"];
    let text = bench.ok(&args);
    assert!(text.contains("Compared with other: "), "{text}");
    let json: Value = serde_json::from_str(&bench.ok(&[&["--json"], &args[..]].concat())).unwrap();
    assert!(json["customers"]["fewer"].as_i64().unwrap() > 10, "{json}");
    let festivals = json["differences"]["sends"].as_array().unwrap();
    assert!(festivals.iter().any(|row| row["name"] == "festivals" && row["other"] == 0), "{json}");
    assert_eq!(json["other"]["messages"], json["one"]["messages"].as_i64().unwrap() + sum(festivals));
}

fn sum(rows: &[Value]) -> i64 {
    rows.iter()
        .map(|row| row["other"].as_i64().unwrap() - row["this folder"].as_i64().or(row["one"].as_i64()).unwrap())
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_folder_is_told_whole_and_nothing_is_copied() {
    let (world, bench) = company().await;
    bench.job("birthday", "title = 3\nwhat = 1\n");
    bench.job("festivals", "nothing");
    let output = bench.run(&["simulate", "--to", "2026-06-20", "--keep"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("birthday.toml") && said.contains("festivals.toml"), "{said}");
    assert!(copies(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_kept_where_asked_and_used_again_where_pointed_at() {
    let (world, bench) = company().await;
    let text = bench.ok(&["simulate", "--to", "2026-06-03", "--keep"]);
    let kept = copies(&world).await;
    assert_eq!(kept.len(), 1, "{text}");
    assert!(text.contains(&format!("Kept: the database {}", kept[0])), "{text}");
    let url = world.url().rsplit_once('/').map(|_| {
        let name = world.url().split('?').next().unwrap().rsplit('/').next().unwrap();
        world.url().replacen(&format!("/{name}?"), &format!("/{}?", kept[0]), 1)
    });
    let url = url.unwrap();
    let text = bench.ok(&["simulate", "--from", "2026-06-04", "--to", "2026-06-06", "--database", &url]);
    assert!(text.contains("2026-06-04 00:00 +08:00 to 2026-06-07 00:00 +08:00"), "{text}");
    let again = bench.run(&["simulate", "--from", "2026-06-01", "--to", "2026-06-06", "--database", &url]);
    assert_eq!(again.status.code(), Some(2), "{}", String::from_utf8_lossy(&again.stderr));
    let own = bench.run(&["simulate", "--to", "2026-06-06", "--database", world.url(), "--this-is-a-copy"]);
    assert!(String::from_utf8_lossy(&own.stderr).contains("the database of the settings itself"));
    world.sql(&format!("drop database {} with (force)", kept[0])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_interrupted_leaves_no_copy_behind() {
    let (world, bench) = company().await;
    let child = bench
        .command(&["simulate", "--to", "2028-06-20", "--keep"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    crate::support::eventually("it is at work on the copy", async || {
        let copy = copies(&world).await;
        !copy.is_empty()
    })
    .await;
    // SAFETY: our own child, not waited for yet.
    unsafe { libc::kill(i32::try_from(child.id()).unwrap(), libc::SIGINT) };
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("interrupted; the copy is gone"), "{said}");
    assert!(copies(&world).await.is_empty());
}
