//! What planning visits costs: the shipped `jobs/visits.toml` for 200,000 customers of 400 people, the first morning of a
//! quarter, the next morning, and the same morning again.
//!
//! `cargo bench --bench visits [-- --customers 200000 --people 400]`; see benches/README.md.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]

#[path = "shared/memory.rs"]
mod memory;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use tend::db::embedded::Launch;
use tend::db::{Database, DatabaseSettings, migrate};
use tend::engine::door::{Run, Step, Trigger, Tx};
use tend::jobfile::folder::read_folder;
use tend::jobs::KINDS;

/// Customers with a tier and an owner each: a fifth high, two fifths in the middle, the others normal.
const COMPANY: &str = "
    insert into crm.staff (staff_id, team) select 'S' || lpad(i::text, 4, '0'), 'field' from generate_series(1, {people}) i;
    insert into crm.customer (customer_id, name, owner_id, created_at, attributes)
    select 'C' || lpad(i::text, 8, '0'), 'Customer ' || i, 'S' || lpad((1 + i % {people})::text, 4, '0'), '2020-01-01Z',
           case when i % 10 = 0 then jsonb_build_object('visit_weekday', 1 + i / 10 % 5) else '{}' end
    from generate_series(1, {customers}) i;
    insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason)
    select customer_id, 'value-tiers', (array['high', 'mid', 'mid', 'normal', 'normal'])[1 + substr(customer_id, 2)::integer / 7 % 5],
           '2020-01-01Z', 1, '{}'
    from crm.customer;
    analyze;";

fn main() -> anyhow::Result<()> {
    let (mut customers, mut people) = (200_000_u64, 400_u64);
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--customers" => customers = value.parse().context("--customers needs a number")?,
            "--people" => people = value.parse().context("--people needs a number")?,
            _ => bail!("known: --customers N, --people N; not {name}"),
        }
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let dir = tempfile::Builder::new().prefix("tend-bench-").tempdir()?;
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let server = Launch::new(dir.path().join("postgres")).parameter("shared_buffers", "512MB").start()?;
        let db = Database::connect(&DatabaseSettings::new(server.url())).await?;
        migrate(&db, true).await?;
        let company = COMPANY.replace("{customers}", &customers.to_string()).replace("{people}", &people.to_string());
        sqlx::raw_sql(AssertSqlSafe(company)).execute(db.pool()).await?;
        println!("{customers} customers of {people} people; memory before: {} MB", memory::most()?);
        for (run_id, what, at) in [
            (1, "the first morning", "2026-07-01T06:00:00+08:00"),
            (2, "the same again", "2026-07-01T06:00:00+08:00"),
            (3, "the next morning", "2026-07-02T06:00:00+08:00"),
        ] {
            morning(&db, run_id, what, at).await?;
        }
        Ok(())
    })
}

async fn morning(db: &Database, run_id: i64, what: &str, at: &str) -> anyhow::Result<()> {
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let folder = read_folder(&jobs, KINDS).map_err(|problems| anyhow::anyhow!(problems.render(false)))?;
    let job = folder.jobs.get("visits").context("there is no job visits")?;
    let (as_of, timezone) = (at.parse::<DateTime<Utc>>()?, chrono_tz::Asia::Shanghai);
    let run = Run {
        run_id,
        job: "visits".into(),
        spec_hash: "0".repeat(64),
        as_of,
        business_date: as_of.with_timezone(&timezone).date_naive(),
        timezone,
        trigger: Trigger::Schedule,
    };
    let began = Instant::now();
    let mut transaction = db.pool().begin().await?;
    let mut step = Step { run: &run, tx: Tx::lend(&mut transaction), cursor: None, cancelled: Default::default() };
    let stepped = job.code.step(&mut step).await?;
    transaction.commit().await?;
    println!(
        "{what:17}  {:>6.1} s  {} MB at most  {}",
        began.elapsed().as_secs_f64(),
        memory::most()?,
        stepped.progress
    );
    sqlx::raw_sql("analyze tend.task; analyze tend.visit_customer").execute(db.pool()).await?;
    Ok(())
}
