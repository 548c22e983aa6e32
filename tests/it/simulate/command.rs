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
    let mine = "select datname from pg_database
                where shobj_description(oid, 'pg_database') = 'copy made by tend of ' || current_database() order by 1";
    world.rows(mine).await
}

/// The address of another database on the same server.
fn beside(world: &World, name: &str) -> String {
    let own = world.url().split('?').next().unwrap().rsplit('/').next().unwrap();
    world.url().replacen(&format!("/{own}?"), &format!("/{name}?"), 1)
}

async fn drop_all(world: &World, copies: &[String]) {
    for copy in copies {
        world.sql(&format!("drop database {copy} with (force)")).await;
    }
}

fn interrupt(child: std::process::Child) -> (Option<i32>, String) {
    // SAFETY: our own child, not waited for yet.
    unsafe { libc::kill(i32::try_from(child.id()).unwrap(), libc::SIGINT) };
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
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
    let sends = json["differences"]["sends"].as_array().unwrap();
    let is_gone = |row: &Value| row["job"] == "festivals" && row["channel"] == "email" && row["other"] == 0;
    assert!(sends.iter().any(is_gone), "{json}");
    for row in sends {
        let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["channel", "difference", "job", "one", "other"]);
        assert_eq!(row["difference"].as_i64().unwrap(), row["other"].as_i64().unwrap() - row["one"].as_i64().unwrap());
    }
    let difference: i64 = sends.iter().map(|row| row["difference"].as_i64().unwrap()).sum();
    assert_eq!(json["other"]["messages"], json["one"]["messages"].as_i64().unwrap() + difference);
    assert!(json["differences"]["fewer"][0]["customer_id"].is_string(), "{json}");
    // the table is headed by what names a row in each folder
    let heads = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let compared = text.split_once("Compared with").unwrap().1;
    for head in ["job channel this folder the other difference", "customer this folder the other difference"] {
        assert!(compared.lines().any(|line| heads(line) == head), "{head}\n{compared}");
    }
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
    assert!(kept[0].starts_with("tend_copy_"), "{text}");
    let url = beside(&world, &kept[0]);
    let text = bench.ok(&["simulate", "--from", "2026-06-04", "--to", "2026-06-06", "--database", &url]);
    assert!(text.contains("2026-06-04 00:00 +08:00 to 2026-06-07 00:00 +08:00"), "{text}");
    let again = bench.run(&["simulate", "--from", "2026-06-01", "--to", "2026-06-06", "--database", &url]);
    assert_eq!(again.status.code(), Some(2), "{}", String::from_utf8_lossy(&again.stderr));
    let own = bench.run(&["simulate", "--to", "2026-06-06", "--database", world.url(), "--this-is-a-copy"]);
    assert!(String::from_utf8_lossy(&own.stderr).contains("the database of the settings itself"));
    drop_all(&world, &kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_copy_that_is_kept_stays_and_one_of_a_killed_process_does_not() {
    let (world, bench) = company().await;
    bench.ok(&["simulate", "--to", "2026-06-02", "--keep"]);
    bench.ok(&["simulate", "--to", "2026-06-02", "--keep"]);
    let kept = copies(&world).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    let mut killed = bench.command(&["simulate", "--to", "2028-06-20", "--keep"]).spawn().unwrap();
    crate::support::eventually("it is at work on the copy", async || copies(&world).await.len() == 3).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    let left = "select count(*) from pg_stat_activity a join pg_database d on d.oid = a.datid
                where shobj_description(d.oid, 'pg_database') = 'copy made by tend of ' || current_database()";
    crate::support::eventually("the server noticed", async || world.value(left).await == "0").await;
    bench.ok(&["simulate", "--to", "2026-06-02"]);
    assert_eq!(copies(&world).await, kept);
    drop_all(&world, &kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_on_which_a_simulation_was_interrupted_can_be_simulated_on_again() {
    let (world, bench) = company().await;
    bench.ok(&["simulate", "--to", "2026-06-02", "--keep"]);
    let kept = copies(&world).await;
    let url = beside(&world, &kept[0]);
    let args = |to: &'static str| ["simulate", "--to", to, "--database", &url].map(str::to_owned);
    let long = args("2028-06-20");
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let child = bench.command(&long).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let copy = sqlx::PgPool::connect(&url).await.unwrap();
    crate::support::eventually("it pays on the copy", async || {
        let paying = "select exists (select from tend.dispatcher where lease_until = 'infinity')";
        sqlx::query_scalar::<_, bool>(paying).fetch_one(&copy).await.unwrap()
    })
    .await;
    let second = bench.run(&long);
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(second.status.code() == Some(2) && said.contains("another simulation is at work"), "{said}");
    let (code, said) = interrupt(child);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("interrupted; the database of --database has come as far as it has"), "{said}");
    let stand = "select (max(slot) + interval '8 hours 1 day')::date::text from tend.job_run";
    let day: String = sqlx::query_scalar(stand).fetch_one(&copy).await.unwrap();
    copy.close().await;
    bench.ok(&["simulate", "--from", &day, "--to", &day, "--database", &url]);
    drop_all(&world, &kept).await;
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
    let (code, said) = interrupt(child);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("interrupted; the copy is gone"), "{said}");
    assert!(copies(&world).await.is_empty());
}
