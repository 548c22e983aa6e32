//! What planning costs: six of the shipped jobs on an ordinary morning ([`everyday`]); then when everybody has the
//! occasion: six jobs judge all customers, each writes to a sixth of them, with caps, hold-out, consent and fallback
//! channels. Then one campaign to half of them, beside a bare insert of the rows it
//! wrote into tables alike: what no planning can be faster than.
//!
//! `cargo bench --bench plan [-- --customers 1000000]`; see benches/README.md. With `--database URL` it takes a database
//! of your choice instead, fills it once and measures what everybody has, or with `--everyday` the ordinary morning: what it planned there is emptied at the next start, the customers stay. A statement
//! can then be looked at with `auto_explain` (`alter database … set auto_explain.log_analyze = on`).
#![allow(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use tend::db::embedded::Launch;
use tend::db::{Database, DatabaseSettings, migrate};
use tend::engine::door::{Job, Run, Step, Trigger, Tx};
use tend::jobfile::kind::{CAPS, Cuts, Kind as _, Ladders, ReadContext, SegmentSource, Segments};
use tend::jobfile::reader::read_text;
use tend::jobs::message::MessageKind;
use tend::outbox::template::TemplateFolder;

mod everyday;

const SERVER: [(&str, &str); 7] = [
    ("shared_buffers", "2GB"),
    ("work_mem", "256MB"),
    ("maintenance_work_mem", "512MB"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "1h"),
    ("synchronous_commit", "off"),
    ("autovacuum", "off"),
];
const JOBS: usize = 6;
const FILE: &str = include_str!("../../jobs/birthday.toml");
const CAPS_FILE: &str = include_str!("../../jobs/policy/caps.toml");
/// Customers from {customers} on: all born on one day, nine in ten with a yes, half of them with a phone, a tenth far away.
const CUSTOMERS: &str = "
    insert into crm.customer (customer_id, name, email, phone, locale, timezone, birthday_month, birthday_day)
    select 'C' || lpad(i::text, 8, '0'), 'Customer ' || i, 'c' || i || '@example.com',
           case when i % 2 = 0 then '+86138' || lpad(i::text, 8, '0') end, case when i % 3 = 0 then 'en' else 'zh-CN' end,
           case when i % 10 = 0 then 'America/New_York' else 'Asia/Shanghai' end, 6, 4
    from generate_series(1, {customers}) i;
    insert into crm.consent (customer_id, channel, recorded_at, granted, source, wording)
    select customer_id, c.channel, '2025-01-01Z', true, 'form', 'v1'
    from crm.customer cross join (values ('email'), ('sms')) c (channel)
    where substr(customer_id, 2)::integer % 10 <> 0;
    insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason)
    select customer_id, 'value-tiers', (array['high', 'mid', 'normal'])[1 + substr(customer_id, 2)::integer % 3], '2025-01-01Z', 1, '{}'
    from crm.customer;";

fn main() -> anyhow::Result<()> {
    let mut customers = 1_000_000_u64;
    let (mut database, mut everyday) = (None, false);
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{name} needs a value"));
        match name.as_str() {
            "--everyday" => everyday = true,
            "--customers" => customers = value()?.parse().context("--customers needs a number")?,
            "--database" => database = Some(value()?),
            _ => bail!("known: --customers N, --database URL, --everyday; not {name}"),
        }
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        if let Some(url) = database {
            let db = open(&url).await?;
            return if everyday { everyday::measure(&db, customers).await } else { measure(&db, customers).await };
        }
        let dir = tempfile::Builder::new().prefix("tend-bench-").tempdir()?;
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let launch = Launch::new(dir.path().join("postgres"));
        let server = SERVER.iter().fold(launch, |launch, (name, value)| launch.parameter(name, value)).start()?;
        let db = open(&server.url()).await?;
        everyday::measure(&db, customers).await?;
        sqlx::raw_sql("drop schema crm, tend cascade").execute(db.pool()).await?;
        drop(db);
        measure(&open(&server.url()).await?, customers).await
    })
}

async fn open(url: &str) -> anyhow::Result<Database> {
    let db = Database::connect(&DatabaseSettings::new(url)).await?;
    migrate(&db, true).await?;
    Ok(db)
}

async fn measure(db: &Database, customers: u64) -> anyhow::Result<()> {
    fill(db, customers, &CUSTOMERS.replace("{customers}", &customers.to_string())).await?;
    let mut whole = Duration::ZERO;
    for place in 0..JOBS {
        let took = campaign(db, &format!("job-{place}"), place, JOBS).await?;
        whole += took;
        // as autovacuum does on a server of its own accord
        sqlx::raw_sql("analyze tend.outbox; analyze tend.occasion; analyze tend.decision").execute(db.pool()).await?;
    }
    println!("{customers} customers x {JOBS} jobs: {:.1} s", whole.as_secs_f64());
    clear(db).await?;
    let took = campaign(db, "to-half", 0, 2).await?.as_secs_f64();
    let bare = bare(db).await?.as_secs_f64();
    println!("bare insert of the same rows: {bare:.1} s; planning them took {:.1} times as long", took / bare);
    Ok(())
}

/// Plans a job for one of so many shares of the customers, and says what it took.
async fn campaign(db: &Database, name: &str, place: usize, shares: usize) -> anyhow::Result<Duration> {
    let job = job(name, place, shares)?;
    let (took, progress) =
        plan(db, &*job, name, i64::try_from(place)? + 1, Trigger::Backfill, "2026-06-01T00:00:00Z").await?;
    println!("{name:7}  {:>5.1} s  {progress}", took.as_secs_f64());
    Ok(took)
}

/// Inserts the rows of the campaign into tables with the same columns, checks and indexes, in one transaction.
async fn bare(db: &Database) -> anyhow::Result<Duration> {
    const TABLES: [&str; 4] = ["occasion", "outbox", "holdout", "decision"];
    let made = TABLES.map(|table| format!("create table bare.{table} (like tend.{table} including all)")).join("; ");
    let made = format!("drop schema if exists bare cascade; create schema bare; {made}");
    sqlx::raw_sql(AssertSqlSafe(made)).execute(db.pool()).await?;
    let began = Instant::now();
    let mut tx = db.pool().begin().await?;
    for table in TABLES {
        let sql = format!("insert into bare.{table} overriding system value select * from tend.{table}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    let took = began.elapsed();
    sqlx::raw_sql("drop schema bare cascade").execute(db.pool()).await?;
    Ok(took)
}

/// Fills an empty database; one that was filled before is made as it was then.
async fn fill(db: &Database, customers: u64, sql: &str) -> anyhow::Result<()> {
    let there: i64 = sqlx::query_scalar("select count(*) from crm.customer").fetch_one(db.pool()).await?;
    match u64::try_from(there)? {
        0 => {
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(db.pool()).await?;
        }
        there if there == customers => {}
        there => bail!("the database holds {there} customers, not {customers}"),
    }
    clear(db).await
}

/// Forgets what was planned.
async fn clear(db: &Database) -> anyhow::Result<()> {
    let written = "tend.outbox, tend.occasion, tend.decision, tend.holdout, tend.audience_count, tend.reservation";
    sqlx::raw_sql(AssertSqlSafe(format!("truncate {written}"))).execute(db.pool()).await?;
    sqlx::raw_sql("vacuum analyze").execute(db.pool()).await?;
    Ok(())
}

/// The shipped birthday file, for one of so many shares of the customers, with a hold-out.
fn job(name: &str, place: usize, shares: usize) -> anyhow::Result<Arc<dyn Job>> {
    let share = format!(
        "all = [{{ field = \"status\", is = \"active\" }}, {{ bucket = {{ of = {shares}, from = {place}, to = {place} }} }}]"
    );
    let text = FILE
        .replace("all = [{ field = \"status\", is = \"active\" }]", &share)
        .replace("[delivery]", "[experiment]\nholdout = \"5%\"\n\n[delivery]");
    let templates = TemplateFolder::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"))?;
    let ladders =
        Ladders::new([("value-tiers".to_owned(), ["high", "mid", "normal"].map(String::from).to_vec())].into());
    let caps = SegmentSource { file: "jobs/policy/caps.toml".into(), text: CAPS_FILE.into() };
    let (cuts, segments) = (Cuts::default(), Segments::new([(CAPS.to_owned(), caps)].into()));
    let context = ReadContext {
        job: name,
        timezone: chrono_tz::Asia::Shanghai,
        templates: &templates,
        templates_dir: "templates",
        ladders: &ladders,
        cuts: &cuts,
        segments: &segments,
        calendars: &Default::default(),
        jobs: None,
    };
    let (job, problems) = read_text(&format!("{name}.toml").into(), &text.into(), |file| {
        file.leave(&["title", "description", "owner", "after", "schedule", "check"]);
        MessageKind.read(file, &context)
    });
    job.filter(|_| problems.is_empty()).with_context(|| problems.render(false))
}

/// Plans a job; the days ahead are looked at where a schedule is the trigger.
async fn plan(
    db: &Database,
    job: &dyn Job,
    name: &str,
    run_id: i64,
    trigger: Trigger,
    as_of: &str,
) -> anyhow::Result<(Duration, String)> {
    let as_of: DateTime<Utc> = as_of.parse()?;
    let run = Run {
        run_id,
        job: name.into(),
        spec_hash: "0".repeat(64),
        as_of,
        business_date: as_of.with_timezone(&chrono_tz::Asia::Shanghai).date_naive(),
        timezone: chrono_tz::Asia::Shanghai,
        trigger,
    };
    let began = Instant::now();
    let mut tx = db.pool().begin().await?;
    let mut step = Step { run: &run, tx: Tx::lend(&mut tx), cursor: None, cancelled: Default::default() };
    let stepped = job.step(&mut step).await.map_err(|error| anyhow::anyhow!("{error:#}"))?;
    tx.commit().await?;
    Ok((began.elapsed(), stepped.progress.to_string()))
}
