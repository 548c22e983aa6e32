//! Two daemons on one database through a year of slots: none twice, none missing.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tend::engine::schedule::Schedule;

use super::Dice;
use crate::support::process::Bench;
use crate::support::{World, eventually};

async fn settled(pool: &PgPool) -> bool {
    sqlx::query_scalar::<_, bool>(
        "select not exists (select from tend.job, tend.driven_clock where enabled and planned_to < instant)
            and not exists (select from tend.job_run, tend.driven_clock where state in ('due', 'running') and slot <= instant)",
    )
    .fetch_one(pool)
    .await
    .unwrap_or(false)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_run_every_slot_of_a_year_once() {
    let world = World::new().await;
    super::company::with_birthday_on(world.pool(), 20, "2026-07-01".parse().unwrap()).await;
    let mut bench = Bench::new(world.url());
    bench.only(&["birthday", "value-tiers"]);
    bench.set("time.source", "driven").set("engine.plan_interval", "40ms").set("engine.lease_ttl", "2s");
    bench.set("engine.heartbeat", "500ms").set("engine.takeover_interval", "500ms");
    let both_bends = "cron = \"30 1,2 * * *\"\ntimezone = \"America/New_York\"";
    bench.ladder("new-york", &format!("{both_bends}\ncatch_up = \"all\"\nwindow = \"7d\""));
    let begin: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    world.advance_to(begin).await;
    bench.ok(&["apply"]);

    let mut daemons = vec![bench.serve("one"), bench.serve("two")];
    let mut dice = Dice::new(7);
    let mut now = begin;
    let end = begin + TimeDelta::days(365);
    while now < end {
        now = (now + TimeDelta::hours(6 + i64::try_from(dice.roll(36)).unwrap())).min(end);
        world.advance_to(now).await;
        if dice.roll(40) == 0 {
            let victim = usize::try_from(dice.roll(2)).unwrap();
            daemons.remove(victim).kill();
            daemons.push(bench.serve("again"));
        }
        let pool = world.pool();
        eventually(&format!("every slot up to {now} has its run"), async || settled(pool).await).await;
    }
    for daemon in daemons {
        assert!(daemon.stop(Duration::from_secs(15)).success(), "a daemon that is told to stop ends well");
    }

    let rows: Vec<(String, DateTime<Utc>, String, i32, i64)> = sqlx::query_as(
        "select job, slot, state, attempt, count(*) over (partition by job, slot) from tend.job_run order by job, slot",
    )
    .fetch_all(world.pool())
    .await
    .unwrap();
    let mut found: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
    for (job, slot, state, _, same) in &rows {
        assert_eq!(*same, 1, "{job} at {slot} has {same} rows");
        assert!(matches!(state.as_str(), "succeeded" | "skipped"), "{job} at {slot} is {state}");
        found.entry(job.clone()).or_default().push(*slot);
    }
    for (job, cron, zone) in [
        ("new-york", "30 1,2 * * *", chrono_tz::America::New_York),
        ("value-tiers", "0 2 * * *", chrono_tz::Asia::Shanghai),
        ("birthday", "0 8 * * *", chrono_tz::Asia::Shanghai),
    ] {
        let expected = Schedule::parse(cron, zone, None).unwrap().between(begin, end, 2_000);
        assert_eq!(found.get(job), Some(&expected), "the slots of {job}");
    }
    let mails: i64 = sqlx::query_scalar("select count(*) from tend.outbox where job = 'birthday'")
        .fetch_one(world.pool())
        .await
        .unwrap();
    assert_eq!(mails, 20, "one birthday mail for each of the twenty customers in a whole year");
}
