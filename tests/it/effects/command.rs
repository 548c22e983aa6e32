//! `tend effects`: as text, as JSON, as a page.

use std::process::Output;

use serde_json::Value;

use crate::support::World;
use crate::support::process::Bench;

async fn bench() -> (World, Bench) {
    let world = World::new().await;
    let mut bench = Bench::new(world.url());
    bench.set("time.source", "driven");
    (world, bench)
}

/// Birthdays on 4 June, half of them held out, messages that arrived, and orders after them.
async fn company(world: &World, bench: &Bench) {
    let file = std::fs::read_to_string(bench.path().join("jobs/birthday.toml")).unwrap();
    bench.job("birthday", &file.replace("[delivery]", "[experiment]\nholdout = \"50%\"\n\n[delivery]"));
    world
        .sql(
            "insert into crm.customer (customer_id, name, email, locale, timezone, birthday_month, birthday_day)
             select 'c' || n, '客户' || n, 'c' || n || '@example.com', case when n % 3 = 0 then 'en' else 'zh-CN' end, 'Asia/Shanghai', 6, 4
             from generate_series(1, 200) n;
             insert into crm.consent (customer_id, channel, purpose, recorded_at, granted)
             select customer_id, 'email', 'marketing', '2025-01-01', true from crm.customer",
        )
        .await;
    bench.ok(&["run", "birthday", "--at", "2026-06-01"]);
    // what a dispatcher, and the shop, write
    world
        .sql(
            "update tend.outbox set state = 'accepted', state_at = '2026-06-01T02:00:05Z', attempts = 1;
             insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
             select message_id, 1, gen_random_uuid(), '2026-06-01T02:00:01Z', '2026-06-01T02:00:05Z', 'accepted', 'accepted' from tend.outbox;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select customer_id, 'm' || customer_id, '2026-06-10T02:00:00Z', 88.8 from
                 (select customer_id, row_number() over (order by customer_id) as n from tend.outbox) o where n % 2 = 0;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select customer_id, 'h' || customer_id, '2026-06-10T02:00:00Z', 66.6 from
                 (select customer_id, row_number() over (order by customer_id) as n from tend.holdout) o where n % 8 = 0",
        )
        .await;
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ran_is_told_as_text_json_and_page() {
    let (world, bench) = bench().await;
    company(&world, &bench).await;
    world.advance_to("2026-08-01T00:00:00Z".parse().unwrap()).await;
    let page = bench.path().join("effects.html");
    let asked = ["effects", "birthday", "--from", "2026-06-01", "--to", "2026-06-30"];
    let text = bench.ok(&[&asked[..], &["--html", page.to_str().unwrap()]].concat());
    insta::assert_snapshot!(text);
    assert!(tend::jobs::layout::fits(&text), "{text}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("With and without the message"), "{page}");
    let told = json(&bench.run(&[&asked[..], &["--json"]].concat()));
    assert_eq!(told["sent"]["planned"], told["over"]["arrived"]);
    assert_eq!(told["goal"]["within"], "33d");
    assert!(told["lift"]["bought"]["low"].as_f64().unwrap() > 0.0);
    let shown = text + &page + &told.to_string();
    assert!(!shown.contains("@example") && !shown.contains("客户1"), "an address or a name was shown");

    let all = bench.ok(&["effects", "--from", "2026-06-01"]);
    // which jobs are shipped is no matter here
    let (told, silent) = all.split_once("  · Without messages in this time: ").expect("jobs without messages");
    insta::assert_snapshot!(told);
    assert!(silent.contains("winback") && !silent.contains("birthday"), "{silent}");
    assert!(tend::jobs::layout::fits(&all), "{all}");
    let overview = json(&bench.run(&["effects", "--from", "2026-06-01", "--json"]));
    assert_eq!(overview["jobs"].as_array().unwrap().len(), 1);
    // who asks about one customer is told as well
    let buyer = world.value("select min(customer_id) from crm.orders where order_id like 'm%'").await;
    let why = bench.ok(&["why", "--customer", &buyer, "--job", "birthday", "--at", "2026-07-01"]);
    let credited = format!("the order m{buyer} of 88.80 CNY is credited to this message");
    assert!(why.contains(&credited), "{why}");
    let before = bench.ok(&["why", "--customer", &buyer, "--job", "birthday", "--at", "2026-06-09"]);
    assert!(!before.contains("is credited"), "{before}");
    // before the time is over nothing is judged
    world.advance_to("2026-06-20T00:00:00Z".parse().unwrap()).await;
    let early = bench.ok(&["effects", "birthday"]);
    assert!(early.contains("messages the time of 33 days is not over, the last until 2026-07-04 10:00."), "{early}");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_those_of_the_jobs_zone_and_what_cannot_be_asked_is_told() {
    let (world, bench) = bench().await;
    world.advance_to("2026-11-01T12:00:00Z".parse().unwrap()).await;
    let file = std::fs::read_to_string(bench.path().join("jobs/welcome.toml")).unwrap();
    bench.job("welcome", &file.replace("Asia/Shanghai", "Europe/Berlin"));
    // the day on which summer time ends is 25 hours long there
    let told = json(&bench.run(&["effects", "welcome", "--from", "2026-10-25", "--to", "2026-10-25", "--json"]));
    assert_eq!(
        (&told["period"]["from"], &told["period"]["to"]),
        (&"2026-10-24T22:00:00Z".into(), &"2026-10-25T23:00:00Z".into())
    );
    for (arguments, words) in [
        (
            &["effects", "welcome", "--from", "2026-10-25", "--to", "2026-10-24"][..],
            "--from 2026-10-25 is later than --to 2026-10-24",
        ),
        (&["effects", "value-tiers"][..], "value-tiers sends no messages"),
        (&["effects", "welcom"][..], "welcome"),
    ] {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(words), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let nothing = bench.ok(&["effects"]);
    assert!(nothing.contains("No message was planned in this time."), "{nothing}");
}
