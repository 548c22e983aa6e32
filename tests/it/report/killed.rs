//! Two real daemons make the same reviews and are killed by kill -9 in the middle of making them and at any moment: each reader
//! gets each review once.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::mailed::house;
use crate::soak::Dice;
use crate::soak::office::{bench, caught, stop};
use crate::support::process::{Bench, Daemon};
use crate::support::smtp::SmtpServer;
use crate::support::{World, eventually, instant};

/// Mornings with a review of the day before.
const DAYS: i64 = 9;
/// 08:00 in Shanghai.
const BEGINS: &str = "2026-05-11T00:00:00Z";
/// mary, han, the boss, nora and sid.
const READERS: i64 = 5;

const JOB: &str = r#"title = "The day"
owner = "owner@shop.example"
[schedule]
cron = "0 8 * * *"
timezone = "Asia/Shanghai"
catch_up = "all"
[report]
period = "day"
to = ["role:manager", "boss@shop.example"]
teams = "role:supervisor"
template = "review"
locale = "en"
[[report.section]]
title = "Service"
figures = ["first_answer", "tickets"]
per = "person"
[[report.target]]
figure = "first_answer"
at_most = "4h"
"#;

struct Mornings {
    world: World,
    bench: Bench,
    relay: SmtpServer,
    daemons: Vec<(&'static str, Daemon)>,
}

impl Mornings {
    async fn new() -> Self {
        let world = house().await;
        // the relay takes its time, so that there are moments to be killed in
        world.sql("update crm.staff set email = 'weary+' || email where email is not null").await;
        let relay = SmtpServer::start().await;
        let mut bench = bench(world.url(), &relay, "hold");
        bench.only(&[]);
        bench.job("day", JOB);
        // on a machine at its limit a heartbeat comes late, and three leases that end give a run up
        bench.set("engine.lease_ttl", "5s").set("engine.takeover_interval", "300ms");
        world.advance_to(instant(BEGINS) - TimeDelta::hours(1)).await;
        bench.ok(&["apply"]);
        let daemons = ["one", "two"].map(|name| (name, bench.serve(name))).into();
        Self { world, bench, relay, daemons }
    }

    /// kill -9, and another start in its place.
    fn kill(&mut self, victim: usize) {
        let (name, daemon) = &mut self.daemons[victim];
        daemon.signal(libc::SIGKILL);
        *daemon = self.bench.serve(name);
    }

    /// It becomes morning; whoever makes the review is killed while it is being kept.
    async fn killed_at_work(&mut self, morning: DateTime<Utc>) {
        let mut lock = self.world.pool().begin().await.unwrap();
        sqlx::query("lock table tend.report in access exclusive mode").execute(&mut *lock).await.unwrap();
        self.world.advance_to(morning).await;
        let pids: Vec<i32> = self.daemons.iter().map(|(_, daemon)| daemon.pid()).collect();
        let victim = caught(&self.world, &pids).await;
        self.kill(victim);
        lock.rollback().await.unwrap();
    }

    /// Lets the reviews of so many days be made and their mails go out.
    async fn comes_to_rest(&self, days: i64) {
        let mut asked = 0;
        let reviews = format!(
            "select (select count(*) from tend.report where team = '') = {days}
            and not exists (select from tend.job_run where state in ('due', 'running'))
            and not exists (select from tend.outbox where state in ('planned', 'claimed', 'handed_off'))"
        );
        eventually("every review is made and its mails are out", async || {
            asked += 1;
            if asked % 100 == 0 {
                // what failed under fire is tried again later
                self.world.sql("update tend.driven_clock set instant = instant + interval '1 minute'").await;
            }
            self.world.value(&reviews).await == "true"
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn daemons_killed_again_and_again_send_each_review_once_to_each_reader() {
    let mut dice = Dice::any("reviews");
    let mut mornings = Mornings::new().await;
    let mut kills = 0;
    for day in 0..DAYS {
        let morning = instant(BEGINS) + TimeDelta::days(day);
        if day % 3 == 0 {
            mornings.killed_at_work(morning).await;
            kills += 1;
        } else {
            mornings.world.advance_to(morning).await;
        }
        tokio::time::sleep(Duration::from_millis(50 + dice.roll(600))).await;
        if dice.roll(2) == 0 {
            mornings.kill(usize::from(dice.roll(2) == 1));
            kills += 1;
        }
        mornings.comes_to_rest(day + 1).await;
    }
    let world = &mornings.world;
    let teams = "select team, count(*), count(distinct period) from tend.report group by 1 order by 1";
    assert_eq!(world.rows(teams).await, ["", "north", "south"].map(|team| format!("{team}\t{DAYS}\t{DAYS}")));
    let owed = "select count(*), count(distinct (occasion, step)) from tend.outbox where job = 'day'";
    assert_eq!(world.rows(owed).await, [format!("{0}\t{0}", DAYS * READERS)], "a mail a reader and day");
    let states = "select count(*) from tend.outbox where state not in ('accepted', 'in_doubt')";
    assert_eq!(world.value(states).await, "0", "all went out");
    let kept = "select count(*) from tend.outbox o where not exists (
                    select from tend.archive a join tend.attempt t using (message_id, attempt) where a.message_id = o.message_id)";
    assert_eq!(world.value(kept).await, "0", "each is kept as it was handed off");
    let mut mails: BTreeMap<String, usize> = BTreeMap::new();
    for mail in mornings.relay.mails() {
        *mails.entry(mail.message_id).or_default() += 1;
    }
    let accepted: usize =
        world.value("select count(*) from tend.outbox where state = 'accepted'").await.parse().unwrap();
    eprintln!("{kills} kills, {} mails, {accepted} known to have arrived", mails.len());
    assert!(mails.values().all(|count| *count == 1), "{mails:?}");
    assert!(mails.len() >= accepted, "{} of {accepted} arrived", mails.len());
    stop(mornings.daemons.into_iter().map(|(_, daemon)| daemon).collect());
}
