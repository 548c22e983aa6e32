//! What a sweep over deadlines costs: with nothing due, with events, with deadlines that come about; against the number of
//! open tickets, which it must not follow.
//!
//! `cargo bench --bench sla [-- --tickets 1000000 --events 1000 --due 1000 --rounds 5]`; see benches/README.md.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, PgPool};
use tend::db::embedded::Launch;
use tend::db::{Database, DatabaseSettings, migrate};
use tend::engine::door::{Job, Run, Step, Trigger, Tx};
use tokio_util::sync::CancellationToken;

mod reading;

const SHIPPED: &str = include_str!("../../jobs/sla.toml");
const SERVER: [(&str, &str); 5] = [
    ("shared_buffers", "1GB"),
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "1h"),
    ("synchronous_commit", "off"),
    ("autovacuum", "off"),
];

struct Size {
    tickets: u64,
    events: u64,
    due: u64,
    rounds: u32,
}

impl Size {
    fn from_arguments() -> anyhow::Result<Self> {
        let mut size = Self { tickets: 1_000_000, events: 1_000, due: 1_000, rounds: 5 };
        let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a number"))?;
            match name.as_str() {
                "--tickets" => size.tickets = value.parse()?,
                "--events" => size.events = value.parse()?,
                "--due" => size.due = value.parse()?,
                "--rounds" => size.rounds = value.parse()?,
                _ => bail!("known: --tickets, --events, --due, --rounds; not {name}"),
            }
        }
        Ok(size)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let size = Size::from_arguments()?;
    let dir = tempfile::tempdir()?;
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755))?;
    let launch = Launch::new(dir.path().join("postgres"));
    let server = SERVER.iter().fold(launch, |launch, (name, value)| launch.parameter(name, value)).start()?;
    let db = Database::connect(&DatabaseSettings::new(server.url())).await?;
    migrate(&db, true).await?;
    let job = job()?;
    println!(
        "a sweep of jobs/sla.toml: nothing due, {} events, {} tickets due; medians of {} rounds",
        size.events, size.due, size.rounds
    );
    let mut rest = Rest { pool: db.pool(), job: &job, now: "2026-06-01T02:00:00Z".parse()?, made: 0 };
    for share in [10, 3, 1] {
        rest.measure(&size, size.tickets / share).await?;
    }
    Ok(())
}

fn job() -> anyhow::Result<Arc<dyn Job>> {
    let (sla, problems) = reading::read(SHIPPED);
    Ok(Arc::new(sla.with_context(|| problems.render(false))?))
}

/// Tickets that are there, and the time.
struct Rest<'a> {
    pool: &'a PgPool,
    job: &'a Arc<dyn Job>,
    now: DateTime<Utc>,
    made: u64,
}

impl Rest<'_> {
    async fn measure(&mut self, size: &Size, tickets: u64) -> anyhow::Result<()> {
        self.fill(tickets).await?;
        let filled = self.sweep().await?;
        self.sql("vacuum analyze").await?;
        let (mut idle, mut busy, mut due) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..size.rounds {
            idle.push(self.sweep().await?);
            self.sql(&format!(
                "insert into crm.ticket_event (ticket_id, event_id, at, kind, by_id)
                 select 'T-' || (1 + (n * 7919 + {round} * 104729) % {tickets}), 'r{tickets}-{round}-' || n, '{at}', 'agent_message', 'a1'
                 from generate_series(1, {events}) n",
                at = self.now.to_rfc3339(),
                events = size.events
            ))
            .await?;
            busy.push(self.sweep().await?);
            // so many deadlines come about with the next minute
            self.sql(&format!(
                "update tend.sla_clock set next_at = '{at}' where (job, ticket_id, clock) in
                     (select job, ticket_id, clock from tend.sla_clock where next_at is not null and clock = 'solution'
                      order by ticket_id offset {skip} limit {due})",
                at = self.now.to_rfc3339(),
                skip = u64::from(round) * size.due,
                due = size.due
            ))
            .await?;
            due.push(self.sweep().await?);
        }
        println!(
            "{tickets:>9} open tickets: nothing due {}  events {}  due {}   (all computed anew: {:.1} s)",
            shown(&mut idle),
            shown(&mut busy),
            shown(&mut due),
            filled.as_secs_f64()
        );
        Ok(())
    }

    /// Tickets of 10,000 customers, opened over the last days, most of them answered.
    async fn fill(&mut self, tickets: u64) -> anyhow::Result<()> {
        if self.made == 0 {
            self.sql(
                "insert into crm.staff (staff_id, name, role, manager_id) values ('a1', 'Agent', 'agent', 's1'), ('s1', 'Supervisor', 'supervisor', null);
                 insert into crm.customer (customer_id, owner_id) select 'C' || n, 'a1' from generate_series(1, 10000) n",
            )
            .await?;
        }
        let (from, at) = (self.made + 1, self.now.to_rfc3339());
        self.sql(&format!(
            "insert into crm.ticket (ticket_id, customer_id, opened_at, channel, urgency, assignee_id)
             select 'T-' || n, 'C' || (1 + n % 10000), timestamptz '{at}' - interval '1 second' * (n % 100000), (array['app', 'phone', 'email'])[1 + n % 3],
                    case when n % 20 = 0 then 'urgent' else 'normal' end, 'a1'
             from generate_series({from}, {tickets}) n;
             insert into crm.ticket_event (ticket_id, event_id, at, kind, by_id)
             select 'T-' || n, 'first', timestamptz '{at}' - interval '1 second' * (n % 100000) + interval '5 minutes', 'agent_message', 'a1'
             from generate_series({from}, {tickets}) n where n % 50 > 0;
             analyze"
        ))
        .await?;
        self.made = tickets;
        Ok(())
    }

    async fn sql(&self, statements: &str) -> anyhow::Result<()> {
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(self.pool).await?;
        Ok(())
    }

    /// One run a minute later, step by step; how long it took.
    async fn sweep(&mut self) -> anyhow::Result<Duration> {
        self.now += TimeDelta::minutes(1);
        let run = Run {
            run_id: 1,
            job: "sla".to_owned(),
            spec_hash: "spec".to_owned(),
            as_of: self.now,
            business_date: self.now.date_naive(),
            timezone: chrono_tz::UTC,
            trigger: Trigger::Schedule,
        };
        let begun = Instant::now();
        let mut cursor = None;
        loop {
            let mut transaction = self.pool.begin().await?;
            let mut step =
                Step { run: &run, tx: Tx::lend(&mut transaction), cursor, cancelled: CancellationToken::new() };
            let stepped = self.job.step(&mut step).await?;
            transaction.commit().await?;
            match stepped.next {
                Some(next) => cursor = Some(next),
                None => return Ok(begun.elapsed()),
            }
        }
    }
}

fn shown(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    format!("{:>7.1} ms", median.as_secs_f64() * 1_000.0)
}
