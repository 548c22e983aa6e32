//! What a full evaluation of a value ladder costs, beside the least it can cost on the same tables.
//!
//! `cargo bench --bench retier [-- --customers 1000000 --orders 10000000 --rounds 5]`; see benches/README.md.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, PgPool};
use tend::db::embedded::Launch;
use tend::db::{Database, DatabaseSettings, migrate};
use tend::engine::door::{Job, Run, Step, Trigger, Tx};
use tend::jobfile::kind::{Cuts, Kind as _, Ladders, ReadContext};
use tend::jobfile::reader::read_text;
use tend::jobs::retier::Retier;
use tend::outbox::template::TemplateFolder;

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
const FILE: &str = include_str!("../../jobs/value-tiers.toml");

struct Size {
    customers: u64,
    orders: u64,
    rounds: u32,
}

impl Size {
    fn from_arguments() -> anyhow::Result<Self> {
        let mut size = Self { customers: 1_000_000, orders: 0, rounds: 5 };
        let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a number"))?;
            match name.as_str() {
                "--customers" => size.customers = value.parse()?,
                "--orders" => size.orders = value.parse()?,
                "--rounds" => size.rounds = value.parse()?,
                _ => bail!("known: --customers, --orders, --rounds; not {name}"),
            }
        }
        if size.orders == 0 {
            size.orders = size.customers * 10;
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

    let start: DateTime<Utc> = "2026-05-01T00:00:00Z".parse()?;
    let (mut bare_times, mut tend_times) = (Vec::new(), Vec::new());
    for round in 0..=size.rounds {
        let at = start + TimeDelta::days(round.into());
        let run_id = i64::from(round) + 1;
        let (bare_took, (tend_took, progress)) = if round % 2 == 0 {
            (run_bare(pool, &bare, at).await?, run_tend(&db, &*tend, at, run_id).await?)
        } else {
            let tend_first = run_tend(&db, &*tend, at, run_id).await?;
            (run_bare(pool, &bare, at).await?, tend_first)
        };
        same_levels(pool).await?;
        let kind = if round == 0 { "first, every row written (not counted)" } else { "" };
        println!("{}  bare {}  tend {}  {progress}  {kind}", at.date_naive(), seconds(bare_took), seconds(tend_took));
        if round > 0 {
            bare_times.push(bare_took);
            tend_times.push(tend_took);
        }
    }
    let (bare_median, tend_median) = (median(bare_times), median(tend_times));
    let ratio = tend_median.as_secs_f64() / bare_median.as_secs_f64();
    println!("median      bare {}  tend {}  ratio {ratio:.2}", seconds(bare_median), seconds(tend_median));
    db.close().await;
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

/// The shipped ladder.
fn tend_ladder() -> anyhow::Result<Arc<dyn Job>> {
    let (templates, ladders) = (TemplateFolder::default(), Ladders::default());
    let cuts = Cuts::default();
    let context = ReadContext {
        job: LADDER,
        timezone: chrono_tz::UTC,
        templates: &templates,
        templates_dir: "templates",
        ladders: &ladders,
        cuts: &cuts,
    };
    let (job, problems) = read_text(&"jobs/value-tiers.toml".into(), &FILE.into(), |file| {
        file.leave(&["title", "description", "owner", "schedule", "check"]);
        Retier.read(file, &context)
    });
    job.with_context(|| problems.render(false))
}

/// The shared baseline where it is at hand, else our copy of its meaning.
fn bare_statement() -> String {
    let mut shared =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|at| at.join("shared/bench/retier_bare.sql"));
    let found = shared.find_map(|file| std::fs::read_to_string(file).ok());
    found.unwrap_or_else(|| include_str!("bare.sql").to_owned())
}

async fn run_bare(pool: &PgPool, statement: &str, at: DateTime<Utc>) -> anyhow::Result<Duration> {
    let statement = statement.replace(":at", &format!("'{}'", at.to_rfc3339())).replace(":window", "'365 days'");
    let begun = Instant::now();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await?;
    Ok(begun.elapsed())
}

async fn run_tend(db: &Database, job: &dyn Job, at: DateTime<Utc>, run_id: i64) -> anyhow::Result<(Duration, String)> {
    let run = Run {
        run_id,
        job: LADDER.to_owned(),
        spec_hash: "0".repeat(64),
        as_of: at,
        business_date: at.date_naive(),
        timezone: chrono_tz::UTC,
        trigger: Trigger::Schedule,
    };
    let begun = Instant::now();
    let mut transaction = db.begin("bench").await?;
    let mut step = Step { run: &run, tx: Tx::lend(&mut transaction), cursor: None, cancelled: Default::default() };
    let stepped = job.step(&mut step).await?;
    transaction.commit().await?;
    let mut counts = String::new();
    for (name, value) in stepped.progress.as_object().into_iter().flatten() {
        write!(counts, "{name} {value} ")?;
    }
    Ok((begun.elapsed(), counts))
}

/// A comparison of two different results would mean nothing.
async fn same_levels(pool: &PgPool) -> anyhow::Result<()> {
    let different: i64 = sqlx::query_scalar(
        "select count(*) from bare_state b full join tend.ladder_state s using (customer_id) where b.level is distinct from s.level",
    )
    .fetch_one(pool)
    .await?;
    if different > 0 {
        bail!("{different} customers are on another level than the bare statement says");
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
