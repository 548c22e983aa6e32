//! A company with a real relay, and the daemons that write to its customers while a test does them harm.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::Dice;
use crate::support::process::{Bench, Daemon};
use crate::support::smtp::SmtpServer;
use crate::support::{World, eventually, instant};

/// Connections to the relay, of each daemon.
pub const CONNECTIONS: usize = 8;
/// Lease of a dispatcher. A restart of Postgres must fit in, so that it costs nothing.
const LEASE: Duration = Duration::from_secs(5);

/// Kills and restarts while mails are sent, at most.
const HARMS: usize = 20;

/// What the customers get.
const LETTER: &str = "<mjml><mj-head><mj-title>{{ customer.name }}</mj-title><mj-preview>{{ offer.gift }}</mj-preview></mj-head>\
                      <mj-body><mj-section><mj-column><mj-text>{{ offer.gift }}</mj-text>\
                      <mj-text><a href=\"{{ links.unsubscribe }}\">Unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>";

/// The company.
pub struct Office {
    pub world: World,
    pub bench: Bench,
    pub relay: SmtpServer,
}

/// What was done to it.
#[derive(Debug, Default)]
pub struct Harm {
    /// Daemons killed in the middle of planning the mails.
    pub planning: usize,
    /// Daemons killed while mails were sent.
    pub crashes: usize,
    /// Immediate restarts of Postgres.
    pub restarts: usize,
    /// Of them, those that took so long that leases may have run out.
    pub outages: usize,
}

impl Harm {
    /// Messages that may be unknown because of it, at most.
    pub fn unknown(&self) -> usize {
        (self.crashes + self.outages * 2) * CONNECTIONS
    }
}

impl Office {
    /// `customers` with their birthday on 1 July; it is the night before they are written to.
    pub async fn with_birthdays(customers: u32, on_unknown: &str) -> Self {
        let world = World::with_own_server().await;
        let birthday: NaiveDate = "2026-07-01".parse().unwrap();
        super::company::with_birthday_on(world.pool(), customers.try_into().unwrap(), birthday).await;
        // the relay takes its time, so that there are moments to be killed in, with the mail there and not there
        world.sql("update crm.customer set email = 'weary+' || email").await;
        let relay = SmtpServer::start().await;
        let mut bench = bench(world.url(), &relay, on_unknown);
        // on a machine at its limit a heartbeat comes late, and each lease that ends is a rescue: three end a run
        bench.set("engine.lease_ttl", "6s");
        // a debug build renders slowly, and this is about sending
        for locale in ["en", "zh-CN"] {
            let file = bench.path().join(format!("templates/birthday/email.{locale}.mjml"));
            std::fs::write(file, LETTER).expect("the template is written");
        }
        world.advance_to(instant("2026-06-27T17:00:00Z")).await;
        bench.ok(&["apply"]);
        Self { world, bench, relay }
    }

    /// Lets the morning come, kills whoever plans the mails, and then at random until nothing is owed; then lets the
    /// daemons finish and stops them.
    pub async fn under_fire(&self, customers: u32, dice: &mut Dice) -> Harm {
        let mut daemons = vec![("one", self.bench.serve("one")), ("two", self.bench.serve("two"))];
        let mut harm = Harm::default();
        // one more, and the run would be given up
        let kills = u64::try_from(tend::engine::RESCUES - 1).unwrap();
        let _clock = self.killed_while_planning(kills, &mut daemons, &mut harm).await;
        self.until_all_is_sent(customers, &mut daemons, dice, &mut harm).await;
        stop(daemons.into_iter().map(|(_, daemon)| daemon).collect());
        harm
    }

    /// Starts daemons on what is owed already, and harms them until all is sent.
    pub async fn only_sending_under_fire(&self, customers: u32, dice: &mut Dice, harm: &mut Harm) {
        let mut daemons = vec![("one", self.bench.serve("one")), ("two", self.bench.serve("two"))];
        let _clock = Clock::run(self.world.pool().clone());
        self.until_all_is_sent(customers, &mut daemons, dice, harm).await;
        stop(daemons.into_iter().map(|(_, daemon)| daemon).collect());
    }

    /// Kills and restarts at random until nothing is owed and everything is in order.
    async fn until_all_is_sent(
        &self,
        customers: u32,
        daemons: &mut [(&str, Daemon)],
        dice: &mut Dice,
        harm: &mut Harm,
    ) {
        let (began, given) = (Instant::now(), Duration::from_secs(240) * super::factor());
        while !self.all_sent(customers).await {
            assert!(began.elapsed() < given, "it must come to an end: {harm:?} {:#?}", self.books().await);
            tokio::time::sleep(Duration::from_millis(200 + dice.roll(2_000))).await;
            if harm.crashes + harm.restarts >= HARMS * super::factor() as usize {
                continue; // on a machine at its limit daemons would be killed before they get anywhere
            }
            if dice.roll(4) == 0 {
                self.restart_postgres(harm).await;
            } else {
                self.killed(usize::from(dice.roll(2) == 1), daemons);
                harm.crashes += 1;
            }
            for (_, daemon) in daemons.iter_mut() {
                assert!(daemon.alive(), "a daemon waits for its database, it does not give up:\n{}", daemon.log());
            }
        }
        eprintln!("{harm:?}; all sent after {:.1?}", began.elapsed());
        eventually("both daemons are at work, and what the dead ones left behind is in order", async || {
            // one that was killed a moment ago still has its lease, and the one in its place may not be up yet
            let dispatching = self.world.rows("select split_part(host, ':', 2) from tend.dispatcher").await;
            self.figure("select count(*) from tend.outbox where state in ('planned', 'claimed')").await == 0
                && dispatching.len() == daemons.len()
                && daemons.iter().all(|(_, daemon)| dispatching.contains(&daemon.pid().to_string()))
        })
        .await;
    }

    /// The morning comes; its mails are planned by the owner after this many, who die in the middle of it.
    async fn killed_while_planning(&self, kills: u64, daemons: &mut [(&str, Daemon)], harm: &mut Harm) -> Clock {
        // every owner gets as far as this lock
        let mut lock = self.world.pool().begin().await.unwrap();
        sqlx::query("lock table tend.occasion in access exclusive mode").execute(&mut *lock).await.unwrap();
        self.world.advance_to(instant("2026-06-28T02:00:30Z")).await;
        let clock = Clock::run(self.world.pool().clone());
        for kill in 0..kills {
            let victim = self.planning(kill, daemons).await;
            self.killed(victim, daemons);
            harm.planning += 1;
        }
        eventually("the run is taken from the last dead owner", async || self.rescues().await == Some(kills)).await;
        lock.rollback().await.unwrap();
        eprintln!("{kills} owners killed while they planned");
        eventually("the mails are planned all the same", async || {
            let failed = self.figure("select count(*) from tend.job_run where state = 'failed'").await;
            assert_eq!(failed, 0, "{kills} kills are fewer than end a run: {:#?}", self.books().await);
            self.figure("select count(*) from tend.job_run where job = 'birthday' and state = 'succeeded'").await == 1
        })
        .await;
        clock
    }

    /// Which daemon is in the middle of planning, after so many rescues.
    async fn planning(&self, rescues: u64, daemons: &[(&str, Daemon)]) -> usize {
        let mut owner = None;
        eventually("a daemon plans the mails", async || {
            let host: Option<String> = sqlx::query_scalar(
                "select lease.host from tend.lease join tend.job_run as run using (run_id)
                 join pg_stat_activity as activity on activity.pid = lease.backend_pid
                 where run.job = 'birthday' and run.state = 'running' and activity.wait_event_type = 'Lock'",
            )
            .fetch_optional(self.world.pool())
            .await
            .unwrap();
            let pid = host.and_then(|host| host.rsplit(':').next()?.parse::<i32>().ok());
            owner = daemons.iter().position(|(_, daemon)| Some(daemon.pid()) == pid);
            owner.is_some() && self.rescues().await == Some(rescues)
        })
        .await;
        owner.expect("just found")
    }

    /// How often the run that plans the mails was taken from a dead owner.
    async fn rescues(&self) -> Option<u64> {
        let rescues = "select rescues from tend.job_run where job = 'birthday'";
        let rescues: Option<i32> = sqlx::query_scalar(rescues).fetch_optional(self.world.pool()).await.unwrap();
        rescues.and_then(|rescues| rescues.try_into().ok())
    }

    /// kill -9, and another start in its place.
    fn killed(&self, victim: usize, daemons: &mut [(&str, Daemon)]) {
        let (name, daemon) = &mut daemons[victim];
        daemon.signal(libc::SIGKILL);
        *daemon = self.bench.serve(name);
    }

    async fn restart_postgres(&self, harm: &mut Harm) {
        let began = Instant::now();
        self.world.restart_immediately().await;
        harm.restarts += 1;
        // the lease may have been renewed a heartbeat before, and its owner needs a moment to come back
        if began.elapsed() > LEASE.mul_f64(0.4) {
            harm.outages += 1;
        }
    }

    async fn all_sent(&self, customers: u32) -> bool {
        let owed = "select count(*) filter (where state not in ('planned', 'claimed')) from tend.outbox";
        let sent: Result<i64, _> = sqlx::query_scalar(owed).fetch_one(self.world.pool()).await;
        // what is claimed by the dead needs no more harm
        sent.is_ok_and(|sent| sent + 100 >= i64::from(customers))
    }

    /// A number from the database.
    pub async fn figure(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.world.pool()).await.unwrap()
    }

    /// Runs and messages, for the one who looks for what went wrong.
    async fn books(&self) -> (Vec<String>, Vec<String>) {
        (self.world.rows("select * from tend.job_run order by run_id").await, self.states().await)
    }

    /// How many messages are in which state.
    pub async fn states(&self) -> Vec<String> {
        self.world.rows("select state, count(*) from tend.outbox group by state order by state").await
    }
}

/// Waits until one of the daemons is in a step that a lock holds up; which.
pub async fn caught(world: &World, pids: &[i32]) -> usize {
    let mut found = None;
    eventually("a daemon is in its step", async || {
        let host: Option<String> = sqlx::query_scalar(
            "select l.host from tend.lease l join pg_stat_activity a on a.pid = l.backend_pid where a.wait_event_type = 'Lock'",
        )
        .fetch_optional(world.pool())
        .await
        .unwrap();
        let pid = host.and_then(|host| host.rsplit(':').next()?.parse::<i32>().ok());
        found = pids.iter().position(|other| Some(*other) == pid);
        found.is_some()
    })
    .await;
    found.expect("just found")
}

/// Two daemons are told to stop and do.
pub fn stop(daemons: Vec<Daemon>) {
    for daemon in daemons {
        let status = daemon.stop(Duration::from_secs(20));
        assert!(status.success(), "a daemon that is told to stop ends well, not with {status}");
    }
}

/// Settings of a daemon that notices everything soon, with the relay as its only channel.
pub fn bench(url: &str, relay: &SmtpServer, on_unknown: &str) -> Bench {
    let mut bench = Bench::new(url);
    // other jobs would take the places of the runs that are to be killed
    bench.only(&["birthday", "value-tiers"]);
    let channel = format!(
        "[channels.relay]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"care@shop.example\"\n\
         connections = {CONNECTIONS}\non_unknown = \"{on_unknown}\"\n",
        relay.port()
    );
    std::fs::write(bench.path().join("config/staging.toml"), channel).expect("the settings are written");
    bench.set("environment", "staging").set("time.source", "driven").set("engine.plan_interval", "100ms");
    bench.set("engine.lease_ttl", "3s").set("engine.heartbeat", "500ms").set("engine.takeover_interval", "500ms");
    bench.set("outbox.lease_ttl", format!("{}s", LEASE.as_secs())).set("outbox.heartbeat", "1s");
    bench.set("outbox.interval", "200ms").set("engine.backoff_first", "5s").set("engine.backoff_max", "20s");
    bench
}

/// Time passes twenty times as fast, so that nobody waits long for a second attempt.
struct Clock(JoinHandle<()>);

impl Clock {
    fn run(pool: PgPool) -> Self {
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                // the server may be down at the moment
                let _ = sqlx::query("update tend.driven_clock set instant = instant + interval '1 second'")
                    .execute(&pool)
                    .await;
            }
        }))
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.0.abort();
    }
}
