//! What a night of a value ladder costs after a few customers changed, beside a full evaluation and the least that one
//! can cost on the same tables.
//!
//! `cargo bench --bench retier [-- --customers 1000000 --orders 10000000 --changed 10000 --rounds 5]`; see
//! benches/README.md.
//!
//! How a night grows with the customers alone, beside the plain scan of the kept facts, tell these two: the same number
//! of changes and of orders a customer, twice the customers. Nights alone are measured, without what they are compared with else.
//!
//! ```text
//! cargo bench --bench retier -- --nights-only --customers 1000000 --orders 10000000 --changed 10000
//! cargo bench --bench retier -- --nights-only --customers 2000000 --orders 20000000 --changed 10000
//! ```
#![allow(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]

#[path = "../shared/value_tiers.rs"]
mod value_tiers;

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, PgPool};
use tend::db::embedded::Launch;
use tend::db::{Database, DatabaseSettings, migrate};
use tend::engine::door::{Job, Run, Step, Trigger, Tx};
use tend::jobfile::kind::Ladders;
use tend::jobs::retier::{self, Ladder, Scope};

/// The same for both sides.
const SERVER: [(&str, &str); 7] = [
    ("shared_buffers", "2GB"),
    ("work_mem", "128MB"),
    ("maintenance_work_mem", "512MB"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "1h"),
    ("synchronous_commit", "off"),
    ("autovacuum", "off"),
];
const LADDER: &str = "value-tiers";
/// The same ladder, every night for everybody with all orders counted.
const FULL: &str = "value-tiers-in-full";

struct Size {
    customers: u64,
    orders: u64,
    /// Customers with a new order each night.
    changed: u64,
    rounds: u32,
    /// Neither the full evaluation nor the bare statement.
    nights_only: bool,
}

impl Size {
    fn from_arguments() -> anyhow::Result<Self> {
        let mut size = Self { customers: 1_000_000, orders: 0, changed: 0, rounds: 5, nights_only: false };
        let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
        while let Some(name) = arguments.next() {
            if name == "--nights-only" {
                size.nights_only = true;
                continue;
            }
            let value = arguments.next().with_context(|| format!("{name} needs a number"))?;
            match name.as_str() {
                "--customers" => size.customers = value.parse()?,
                "--orders" => size.orders = value.parse()?,
                "--changed" => size.changed = value.parse()?,
                "--rounds" => size.rounds = value.parse()?,
                _ => bail!("known: --customers, --orders, --changed, --rounds, --nights-only; not {name}"),
            }
        }
        if size.orders == 0 {
            size.orders = size.customers * 10;
        }
        if size.changed == 0 {
            size.changed = size.customers / 100;
        }
        Ok(size)
    }
}

fn main() -> anyhow::Result<()> {
    let size = Size::from_arguments()?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(&size))
}

async fn measure(size: &Size) -> anyhow::Result<()> {
    let dir = tempfile::Builder::new().prefix("tend-bench-").tempdir()?;
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let launch = Launch::new(dir.path().join("postgres"));
    let server = SERVER.iter().fold(launch, |launch, (name, value)| launch.parameter(name, value)).start()?;
    let db = Database::connect(&DatabaseSettings::new(server.url())).await?;
    migrate(&db, true).await?;
    let pool = db.pool();
    generate(pool, size).await?;
    let tend = tend_ladder()?;
    let bare = bare_statement();

    let start: DateTime<Utc> = "2026-06-01T00:00:00Z".parse()?;
    let mut times = Times::default();
    for round in 0..=size.rounds {
        let at = start + TimeDelta::days(round.into());
        if round > 0 {
            change(pool, size, at).await?;
        }
        let run_id = i64::from(round) * 2 + 1;
        let (night, progress) = run_tend(&db, &tend, at, run_id).await?;
        let compared = if size.nights_only { None } else { Some(compare(&db, &tend, &bare, at, run_id + 1).await?) };
        let looked_at: i64 = sqlx::query_scalar("select evaluated from tend.ladder_run where run_id = $1")
            .bind(run_id)
            .fetch_one(pool)
            .await?;
        let scan = scan_facts(pool).await?;
        let kind = if round == 0 { "first, every row written (not counted)" } else { "" };
        println!(
            "{}  {}night {}  scan of facts {}  looked at {looked_at}  {progress}  {kind}",
            at.date_naive(),
            compared.map_or_else(String::new, |(bare, full)| format!(
                "bare {}  full {}  ",
                seconds(bare),
                seconds(full)
            )),
            seconds(night),
            seconds(scan)
        );
        if round == 0 {
            // as autovacuum does on a server of its own accord
            sqlx::raw_sql("vacuum analyze").execute(pool).await?;
        } else {
            if let Some((bare, full)) = compared {
                times.bare.push(bare);
                times.full.push(full);
            }
            times.night.push(night);
            times.scan.push(scan);
        }
    }
    times.print();
    db.close().await;
    Ok(())
}

#[derive(Default)]
struct Times {
    bare: Vec<Duration>,
    full: Vec<Duration>,
    night: Vec<Duration>,
    scan: Vec<Duration>,
}

impl Times {
    fn print(self) {
        let compared = !self.full.is_empty();
        let (bare, full, night, scan) = (median(self.bare), median(self.full), median(self.night), median(self.scan));
        println!("median      night {}  scan of facts {}", seconds(night), seconds(scan));
        if compared {
            let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
            println!("            bare {}  full {}", seconds(bare), seconds(full));
            println!(
                "ratios      full to bare {:.2}  night to full {:.3}  night to bare {:.3}",
                ratio(full, bare),
                ratio(night, full),
                ratio(night, bare)
            );
        }
    }
}

/// A new order, on the day before, for so many customers all over the table.
async fn change(pool: &PgPool, size: &Size, at: DateTime<Utc>) -> anyhow::Result<()> {
    let begun = Instant::now();
    sqlx::query(
        "insert into crm.orders (customer_id, order_id, placed_at, amount)
         select 'C' || lpad((1 + (n * 7919 + extract(day from $1)::bigint * 31) % $2)::text, 8, '0'),
                'N' || to_char($1, 'YYYYMMDD') || n, $1 - interval '1 day' * n / ($3 + 1), 10 + n % 300
         from generate_series(1, $3::bigint) n",
    )
    .bind(at)
    .bind(i64::try_from(size.customers)?)
    .bind(i64::try_from(size.changed)?)
    .execute(pool)
    .await?;
    println!("{}  {} new orders in {}", at.date_naive(), size.changed, seconds(begun.elapsed()));
    Ok(())
}

async fn generate(pool: &PgPool, size: &Size) -> anyhow::Result<()> {
    println!("{} customers, {} orders: generating …", size.customers, size.orders);
    let begun = Instant::now();
    let script = include_str!("generate.sql")
        .replace("{customers}", &size.customers.to_string())
        .replace("{orders}", &size.orders.to_string());
    sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await?;
    sqlx::raw_sql("create table bare_state (customer_id text primary key, level text)").execute(pool).await?;
    sqlx::raw_sql("vacuum analyze").execute(pool).await?;
    println!("generated in {}", seconds(begun.elapsed()));
    Ok(())
}

/// The shipped ladder; the bare statement knows no hold.
fn tend_ladder() -> anyhow::Result<Ladder> {
    let (ladder, problems) = value_tiers::read(&value_tiers::without_stability(), &Ladders::default(), retier::read);
    ladder.with_context(|| problems.render(false))
}

/// The shared baseline where it is at hand, else our copy of its meaning.
fn bare_statement() -> String {
    let mut shared =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|at| at.join("shared/bench/retier_bare.sql"));
    let found = shared.find_map(|file| std::fs::read_to_string(file).ok());
    found.unwrap_or_else(|| include_str!("bare.sql").to_owned())
}

/// What grows with the number of customers even where nothing changed: reading all kept facts once.
async fn scan_facts(pool: &PgPool) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let _: i64 =
        sqlx::query_scalar("select count(*) from tend.fact where span = '365d' and orders > 0 and spend >= 100")
            .fetch_one(pool)
            .await?;
    Ok(begun.elapsed())
}

async fn run_bare(pool: &PgPool, statement: &str, at: DateTime<Utc>) -> anyhow::Result<Duration> {
    let statement = statement.replace(":at", &format!("'{}'", at.to_rfc3339())).replace(":window", "'365 days'");
    let begun = Instant::now();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await?;
    Ok(begun.elapsed())
}

/// What decides the same without the night's means: the bare statement and the full evaluation, which must agree with
/// the night on every customer.
async fn compare(
    db: &Database,
    ladder: &Ladder,
    bare: &str,
    at: DateTime<Utc>,
    run_id: i64,
) -> anyhow::Result<(Duration, Duration)> {
    let bare = run_bare(db.pool(), bare, at).await?;
    let full = run_full(db, ladder, at, run_id).await?;
    same_levels(db.pool()).await?;
    Ok((bare, full))
}

fn run_of(ladder: &str, at: DateTime<Utc>, run_id: i64) -> Run {
    Run {
        run_id,
        job: ladder.to_owned(),
        spec_hash: "0".repeat(64),
        as_of: at,
        business_date: at.date_naive(),
        timezone: chrono_tz::UTC,
        trigger: Trigger::Schedule,
    }
}

/// The ladder's own statement without kept facts: everybody is judged, all orders are counted.
async fn run_full(db: &Database, ladder: &Ladder, at: DateTime<Utc>, run_id: i64) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut transaction = db.begin("bench").await?;
    // as a run has it
    sqlx::raw_sql("set local work_mem = '256MB'; set local jit = off").execute(&mut *transaction).await?;
    let statement = ladder.statement(&run_of(FULL, at, run_id), &Scope::default());
    statement.query().execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(begun.elapsed())
}

async fn run_tend(
    db: &Database,
    ladder: &Ladder,
    at: DateTime<Utc>,
    run_id: i64,
) -> anyhow::Result<(Duration, String)> {
    let run = run_of(LADDER, at, run_id);
    let begun = Instant::now();
    let mut transaction = db.begin("bench").await?;
    let mut step = Step { run: &run, tx: Tx::lend(&mut transaction), cursor: None, cancelled: Default::default() };
    let stepped = ladder.step(&mut step).await?;
    transaction.commit().await?;
    let mut counts = String::new();
    for (name, value) in stepped.progress.as_object().into_iter().flatten() {
        write!(counts, "{name} {value} ")?;
    }
    Ok((begun.elapsed(), counts))
}

/// A comparison of two different results would mean nothing.
async fn same_levels(pool: &PgPool) -> anyhow::Result<()> {
    for ladder in [LADDER, FULL] {
        let different: i64 = sqlx::query_scalar(
            "select count(*) from bare_state b
             full join (select customer_id, level from tend.ladder_state where ladder = $1) s using (customer_id)
             where b.level is distinct from s.level",
        )
        .bind(ladder)
        .fetch_one(pool)
        .await?;
        if different > 0 {
            bail!("{ladder}: {different} customers are on another level than the bare statement says");
        }
    }
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn seconds(time: Duration) -> String {
    format!("{:7.2} s", time.as_secs_f64())
}
