//! Two real daemons sweep the same deadlines and are killed by kill -9 again and again, at random and in the middle of a
//! sweep: each alert exists once, each is told once, none is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{PLAIN, company};
use crate::soak::office::{bench, caught, stop};
use crate::soak::{Dice, factor};
use crate::support::process::{Bench, Daemon};
use crate::support::smtp::SmtpServer;
use crate::support::{World, eventually, instant};

/// Tickets, opened one after the other, so many seconds apart.
const TICKETS: i64 = 120;
const APART: i64 = 60;
/// The first is opened then.
const BEGINS: &str = "2026-06-01T09:00:00Z";
/// So often somebody is killed: caught in the middle of a sweep, and at any moment.
const CAUGHT: usize = 4;
const AT_RANDOM: usize = 8;

fn opened(ticket: i64) -> DateTime<Utc> {
    instant(BEGINS) + TimeDelta::seconds(ticket * APART)
}

/// What becomes of a ticket half an hour after it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    Solved,
    Forgotten,
}

fn fate(ticket: i64) -> Fate {
    match ticket % 4 {
        0 => Fate::Answered,
        1 => Fate::Solved,
        _ => Fate::Forgotten,
    }
}

/// The company's day, with the daemons that watch over it.
struct Day {
    world: World,
    bench: Bench,
    relay: SmtpServer,
    now: DateTime<Utc>,
    daemons: Vec<(&'static str, Daemon)>,
}

impl Day {
    async fn new() -> Self {
        let world = company().await;
        let relay = SmtpServer::start().await;
        let mut bench = bench(world.url(), &relay, "hold");
        bench.only(&[]);
        let job = PLAIN.replace("24h", "4h").replace(
            "[sla]",
            "owner = \"ops@example.com\"\n[schedule]\ncron = \"* * * * *\"\ntimezone = \"UTC\"\ncatch_up = \"latest\"\n[sla]",
        );
        bench.job("sla", &job);
        // what the dead leave behind is taken over soon
        bench.set("engine.lease_ttl", "2s").set("engine.heartbeat", "400ms").set("engine.takeover_interval", "300ms");
        let now = instant(BEGINS) - TimeDelta::minutes(1);
        world.advance_to(now).await;
        bench.ok(&["apply"]);
        let daemons = ["one", "two"].map(|name| (name, bench.serve(name))).into();
        Self { world, bench, relay, now, daemons }
    }

    /// Time passes: what happens to tickets until then is on record before anybody can sweep for it.
    async fn pass(&mut self, by: TimeDelta) {
        let (from, to) = (self.now, self.now + by);
        let within = |at: DateTime<Utc>| from < at && at <= to;
        for ticket in (0..TICKETS).filter(|ticket| within(opened(*ticket))) {
            super::open(&self.world, &format!("T-{ticket}"), &opened(ticket).to_rfc3339()).await;
        }
        for ticket in 0..TICKETS {
            let (id, at) = (format!("T-{ticket}"), opened(ticket) + TimeDelta::minutes(30));
            match fate(ticket) {
                Fate::Answered if within(at) => {
                    super::event(&self.world, &id, &at.to_rfc3339(), "agent_message", "").await;
                }
                Fate::Solved if within(at) => {
                    let solved = format!(
                        "update crm.ticket set state = 'solved', solved_at = '{}' where ticket_id = '{id}'",
                        at.to_rfc3339()
                    );
                    self.world.sql(&solved).await;
                }
                _ => {}
            }
        }
        self.now = to;
        self.world.advance_to(to).await;
    }

    /// kill -9, and another start in its place.
    fn kill(&mut self, victim: usize) {
        let (name, daemon) = &mut self.daemons[victim];
        daemon.signal(libc::SIGKILL);
        *daemon = self.bench.serve(name);
    }

    /// Kills whoever is in the middle of a sweep. The other one comes as far as the lock before it is let go, so that the run
    /// is taken from the dead.
    async fn kill_at_work(&mut self) {
        let mut lock = self.world.pool().begin().await.unwrap();
        sqlx::query("lock table tend.sla_alert in access exclusive mode").execute(&mut *lock).await.unwrap();
        self.pass(TimeDelta::minutes(1)).await;
        let pids: Vec<i32> = self.daemons.iter().map(|(_, daemon)| daemon.pid()).collect();
        let victim = caught(&self.world, &pids).await;
        let before = self.rescues().await;
        self.kill(victim);
        eventually("the run is taken from the dead", async || self.rescues().await > before).await;
        lock.rollback().await.unwrap();
    }

    async fn rescues(&self) -> i64 {
        let rescues = "select coalesce(sum(rescues), 0)::bigint from tend.job_run";
        sqlx::query_scalar(rescues).fetch_one(self.world.pool()).await.unwrap()
    }

    /// Lets the daemons finish: nothing is due any more, nothing waits to be told or sent.
    async fn comes_to_rest(&self) {
        let mut asked = 0;
        eventually("nothing is left to be done", async || {
            asked += 1;
            if asked % 100 == 0 {
                // what failed under fire is tried again later
                self.world.sql("update tend.driven_clock set instant = instant + interval '1 minute'").await;
            }
            let rest = "select not exists (select from tend.job, tend.driven_clock where planned_to < instant - interval '1 minute')
                           and not exists (select from tend.job_run where state in ('due', 'running'))
                           and not exists (select from tend.sla_clock, tend.driven_clock where next_at <= instant - interval '1 minute')
                           and not exists (select from tend.sla_alert where state = 'held')
                           and not exists (select from tend.outbox where state in ('planned', 'claimed', 'handed_off'))";
            self.world.value(rest).await == "true"
        })
        .await;
    }
}

/// The alerts there must be: (ticket, clock, cycle, step, recipient).
fn expected() -> BTreeSet<String> {
    let chain = [("80%", "staff:a1"), ("due", "staff:s1"), ("after 2h", "staff:m1")];
    let clocks = |ticket: i64| match fate(ticket) {
        Fate::Answered => &["solution"][..],
        Fate::Solved => &[],
        Fate::Forgotten => &["first_response", "solution"],
    };
    let of = |ticket: i64| {
        let cycle = opened(ticket).format("%H:%M:%S").to_string();
        let rows = clocks(ticket).iter().flat_map(move |clock| chain.map(|(step, whom)| (*clock, step, whom)));
        rows.map(move |(clock, step, whom)| format!("T-{ticket}\t{clock}\t{cycle}\t{step}\t{whom}"))
    };
    (0..TICKETS).flat_map(of).collect()
}

/// What was told, letter by letter, and what came to the relay.
async fn told_once(day: &Day) {
    let world = &day.world;
    let counted = world.value("select sum((data ->> 'count')::int) from tend.letter").await;
    let told = world.value("select count(*) from tend.sla_alert where state in ('told', 'summed')").await;
    assert_eq!(counted, told, "each alert stands in one letter");
    let twice = "select row -> 'acknowledge' ->> 'subject' as alert, count(*) as letters
                 from tend.letter k cross join jsonb_array_elements(k.data -> 'rows') as r (row)
                 group by 1 having count(*) > 1";
    assert_eq!(world.rows(twice).await, [""; 0]);
    let owed = world.value("select count(*) from tend.outbox where state in ('accepted', 'in_doubt')").await;
    assert_eq!(owed, world.value("select count(*) from tend.outbox").await, "every letter went out");
    let mut mails: BTreeMap<String, usize> = BTreeMap::new();
    for mail in day.relay.mails() {
        *mails.entry(mail.message_id).or_default() += 1;
    }
    let accepted = world.value("select count(*) from tend.outbox where state = 'accepted'").await;
    assert!(mails.values().all(|count| *count == 1), "{mails:?}");
    assert!(mails.len() >= accepted.parse::<usize>().unwrap(), "{} of {accepted} arrived", mails.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn sweepers_killed_again_and_again_tell_each_alert_once_and_forget_none() {
    let mut dice = Dice::any("sweepers");
    let mut day = Day::new().await;
    let ends = opened(TICKETS) + TimeDelta::minutes(6 * 60 + 10);
    let ticks = (ends - day.now).num_minutes() / 6;
    let (caught, at_random) = (CAUGHT * factor() as usize, AT_RANDOM * factor() as usize);
    let share = |kills: usize| kills as u64 * 1_000 / ticks.unsigned_abs();
    let (mut work, mut random) = (0, 0);
    while day.now < ends {
        if work < caught && dice.roll(1_000) < share(caught) * 2 {
            day.kill_at_work().await;
            work += 1;
        }
        day.pass(TimeDelta::seconds(60 + 60 * dice.roll(10).cast_signed())).await;
        tokio::time::sleep(Duration::from_millis(10 + dice.roll(120))).await;
        if random < at_random && dice.roll(1_000) < share(at_random) * 2 {
            day.kill(usize::from(dice.roll(2) == 1));
            random += 1;
        }
    }
    day.comes_to_rest().await;
    let found = "select ticket_id, clock, to_char(cycle, 'HH24:MI:SS') as cycle, step, recipient from tend.sla_alert";
    let found = day.world.rows(found).await;
    let set: BTreeSet<String> = found.iter().cloned().collect();
    eprintln!("{} alerts; {work} killed at work, {random} at random, {} rescues", found.len(), day.rescues().await);
    assert_eq!(found.len(), set.len(), "each once");
    let expected = expected();
    let (missing, odd): (Vec<_>, Vec<_>) = (expected.difference(&set).collect(), set.difference(&expected).collect());
    assert!(missing.is_empty() && odd.is_empty(), "missing {missing:?}, nobody asked for {odd:?}");
    assert!(day.rescues().await >= i64::try_from(work).unwrap(), "runs were taken from the dead");
    assert!(work > 0, "nobody was caught at work");
    told_once(&day).await;
    stop(day.daemons.into_iter().map(|(_, daemon)| daemon).collect());
}
