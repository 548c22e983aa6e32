//! Any interleaving of planners and claimers over random clocks, crashes, restarts and catch-up settings gives each
//! slot one row and one execution.

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tend::engine::Engine;

use super::crash::{crash_after, settle_down};
use super::stage::{Act, Stage, Toy};
use crate::support::instant;

#[derive(Debug, Clone)]
enum Event {
    /// The clock moves by so many minutes, also back.
    Clock(i64),
    Pass(usize),
    /// A pass that is dropped after so many polls.
    Crash(usize, u32),
    /// Two replicas at once, each perhaps crashing.
    Both(u32, u32),
    /// A replica that is paused long enough to lose its leases, if it has any.
    LeasesEnd,
    Restart(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let replica = 0..2_usize;
    let polls = prop_oneof![1 => Just(u32::MAX), 3 => 1..160_u32];
    let event = prop_oneof![
        4 => (-90..400_i64).prop_map(Event::Clock),
        2 => replica.clone().prop_map(Event::Pass),
        3 => (replica.clone(), 1..120_u32).prop_map(|(replica, polls)| Event::Crash(replica, polls)),
        3 => (polls.clone(), polls).prop_map(|(one, two)| Event::Both(one, two)),
        2 => Just(Event::LeasesEnd),
        1 => replica.prop_map(Event::Restart),
    ];
    prop::collection::vec(event, 5..25)
}

fn toy() -> impl Strategy<Value = Toy> {
    let cron = prop::sample::select(vec!["0 * * * *", "*/20 * * * *", "0 2 * * *", "15 1,13 * * *"]);
    let catch_up = prop::sample::select(vec!["skip", "latest", "all"]);
    let act = prop::sample::select(vec![Act::Count, Act::Steps(2), Act::FailBelow(2)]);
    (cron, catch_up, prop::option::of(1..24_u64), 1..5_u32, act).prop_map(|(cron, catch_up, window_hours, max, act)| {
        Toy { window_hours, max, ..Toy::new(cron, act).catch_up(catch_up) }
    })
}

#[test]
fn any_interleaving_gives_each_slot_one_row_and_one_execution() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner =
        TestRunner::new(Config { cases: 16, max_shrink_iters: 40, failure_persistence: None, ..Config::default() });
    // whatever chance brings, somebody dies in the middle of a run: this case sees to it
    let hourly = Toy::new("0 * * * *", Act::Steps(2)).catch_up("all");
    let deaths = (10..90).step_by(5).flat_map(|polls| [Event::Clock(60), Event::Crash(0, polls), Event::LeasesEnd]);
    let rescues = runtime.block_on(play(hourly.clone(), hourly, deaths.collect()));
    assert!(rescues > 0, "no crash left a run without an owner: the test proves nothing");
    runner
        .run(&(toy(), toy(), events()), |(one, two, events)| {
            runtime.block_on(play(one, two, events));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Plays one case; how many runs were taken from dead owners.
async fn play(one: Toy, two: Toy, events: Vec<Event>) -> i64 {
    let stage = Stage::new().await;
    let begin = instant("2026-06-01T00:00:00Z");
    let two = Toy { after: vec!["one".to_owned()], ..two };
    stage.install("one", &one).await;
    stage.install("two", &two).await;
    let mut replicas = [stage.engine(), stage.engine()];
    let (mut now, mut latest) = (begin, begin);
    for event in events {
        match event {
            Event::Clock(minutes) => {
                now = begin.max(now + TimeDelta::minutes(minutes));
                latest = latest.max(now);
                stage.world.advance_to(now).await;
            }
            Event::Pass(replica) => crashing(&replicas[replica], u32::MAX).await,
            Event::Crash(replica, polls) => crashing(&replicas[replica], polls).await,
            Event::Both(first, second) => {
                tokio::join!(crashing(&replicas[0], first), crashing(&replicas[1], second));
            }
            Event::LeasesEnd => stage.expire_leases().await,
            Event::Restart(replica) => replicas[replica] = stage.engine(),
        }
    }
    // Retries, waits for each other and hours of backoff come to an end; late in the evening nobody waits for a slot of
    // the day that is still to come.
    let evening = (latest + TimeDelta::hours(12)).with_time(NaiveTime::from_hms_opt(23, 50, 0).unwrap()).unwrap();
    let end = evening.max(latest + TimeDelta::hours(12));
    let mut now = latest;
    while now <= end {
        stage.world.advance_to(now).await;
        stage.expire_leases().await;
        crashing(&stage.engine(), u32::MAX).await;
        now += TimeDelta::hours(1);
    }
    stage.world.advance_to(end).await;
    settle_down(&stage).await;
    for (job, toy) in [("one", &one), ("two", &two)] {
        check(&stage, job, toy, begin, end).await;
    }
    stage.world.value("select coalesce(sum(rescues), 0) from tend.job_run").await.parse().unwrap()
}

/// A pass that may be dropped, or may lose a connection to a takeover: both are what the test is about.
async fn crashing(engine: &Arc<Engine>, polls: u32) {
    let _ = crash_after(polls, engine.pass_once()).await;
}

async fn check(stage: &Stage, job: &str, toy: &Toy, begin: DateTime<Utc>, end: DateTime<Utc>) {
    let schedule = tend::engine::schedule::Schedule::parse(toy.cron.as_deref().unwrap(), chrono_tz::UTC, None).unwrap();
    let due: Vec<String> =
        schedule.between(begin, end, 100_000).iter().map(|slot| slot.format("%m-%d %H:%M").to_string()).collect();
    let rows: Vec<String> = stage.runs(job).await.iter().map(|row| row[..11].to_owned()).collect();
    assert_eq!(rows, due, "{job}: every slot one row");
    let steps = if let Act::Steps(steps) = toy.act { steps } else { 1 };
    let wrong = format!(
        "select count(*) from tend.job_run as run
         where job = '{job}'
           and (select count(*) from toy.done where done.run_id = run.run_id)
               <> case state when 'succeeded' then {steps} when 'skipped' then 0 else -1 end
           and not (state = 'failed' and rescues = 3)"
    );
    assert_eq!(stage.world.value(&wrong).await, "0", "{job}: every run one execution, {:?}", stage.runs(job).await);
    let doubled =
        "select count(*) from (select 1 from toy.done group by job, as_of, step having count(*) > 1) as doubled";
    assert_eq!(stage.world.value(doubled).await, "0", "{job}: nothing twice");
}
