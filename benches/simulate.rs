//! What a simulation costs: the shipped jobs over months of a made-up company, on a copy; seconds of each month, and of the
//! report.
//!
//! `cargo bench --bench simulate [-- --customers 20000 --days 365]`; see benches/README.md.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, Utc};
use sqlx::AssertSqlSafe;
use tend::clock::Clock;
use tend::db::embedded::Launch;
use tend::db::{Copy, Database, DatabaseSettings, migrate};
use tend::jobfile::folder::{Folder, read_folder};
use tend::jobs::KINDS;
use tend::progress::Progress;
use tend::settings::Settings;
use tend::simulate::{Course, Stretch, report};
use tokio_util::sync::CancellationToken;

/// The company as it stands in the morning.
const FROM: &str = "2026-01-06";
/// Customers somebody looks after.
const EACH: u32 = 500;
/// Somebody for so many customers, beside those of the demo.
const PEOPLE: &str = "
    insert into crm.staff (staff_id, name, email, role, manager_id, team, timezone, locale, calendar)
    select 'P' || i, 'Person ' || i, 'person' || i || '@shop.example', 'agent', case when i % 2 = 0 then 'S02' else 'S03' end,
           case when i % 2 = 0 then 'care' else 'shop' end, 'Asia/Shanghai', 'zh-CN', 'cn'
    from generate_series(1, {people}) i;
    update crm.customer set owner_id = 'P' || 1 + abs(hashtext(customer_id)) % {people};
    analyze;";
/// Sweeps of every few minutes, which find little, at most hourly.
const SWEEPS: [&str; 3] = ["sla.toml", "complaint-sla.toml", "ticket-updates.toml"];

fn main() -> anyhow::Result<()> {
    let (mut customers, mut days) = (2_000_u32, 61_u64);
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--customers" => customers = value.parse().context("--customers needs a number")?,
            "--days" => days = value.parse().context("--days needs a number")?,
            _ => bail!("known: --customers N, --days N; not {name}"),
        }
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let dir = tempfile::Builder::new().prefix("tend-bench-").tempdir()?;
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let server = Launch::new(dir.path().join("postgres")).start()?;
        let settings = DatabaseSettings::new(server.url());
        let db = Database::connect(&settings).await?;
        migrate(&db, true).await?;
        let from: NaiveDate = FROM.parse()?;
        let folder = hourly(dir.path())?;
        tend::demo::fill(&db, customers, 1, from, |_| Progress::silent()).await?;
        let pools: BTreeSet<_> = folder.jobs.values().flat_map(|job| job.code.coupon_pools()).collect();
        tend::demo::pools(&db, &pools.into_iter().collect::<Vec<_>>(), customers, from).await?;
        let people = PEOPLE.replace("{people}", &(customers / EACH).max(1).to_string());
        sqlx::raw_sql(AssertSqlSafe(people)).execute(db.pool()).await?;
        println!("{customers} customers; memory before: {} MB", memory()?);
        let began = Instant::now();
        let copy = Copy::make(&db, &settings, &CancellationToken::new(), |_| {}).await?;
        println!("{:>7.1} s  the copy", began.elapsed().as_secs_f64());
        simulated(&copy, &folder, from, from + Days::new(days)).await?;
        copy.close().await;
        Ok(())
    })
}

/// The shipped jobs.
fn hourly(dir: &Path) -> anyhow::Result<Folder> {
    for folder in ["jobs", "templates"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let copied = std::process::Command::new("cp").arg("-r").arg(from).arg(dir.join(folder)).status()?;
        anyhow::ensure!(copied.success(), "cannot copy {folder}");
    }
    let jobs = dir.join("jobs");
    for name in SWEEPS {
        let text = std::fs::read_to_string(jobs.join(name))?;
        let hourly = text.replace("\"* * * * *\" ", "\"5 * * * *\" ").replace("\"*/10 * * * *\" ", "\"15 * * * *\" ");
        anyhow::ensure!(hourly != text, "{name} has another schedule");
        std::fs::write(jobs.join(name), hourly)?;
    }
    read_folder(&jobs, KINDS).map_err(|problems| anyhow::anyhow!(problems.render(false)))
}

/// Month by month: one that begins where another ended goes on as if it were one.
async fn simulated(copy: &Copy, folder: &Folder, from: NaiveDate, to: NaiveDate) -> anyhow::Result<()> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut settings = Settings::read(&config, std::iter::empty()).map_err(|error| anyhow::anyhow!("{error}"))?;
    settings.time.source = Clock::Driven;
    let zone = settings.defaults.timezone;
    let begins = |day: NaiveDate| -> anyhow::Result<DateTime<Utc>> {
        let midnight = day.and_hms_opt(0, 0, 0).context("a midnight")?;
        Ok(midnight.and_local_timezone(zone).earliest().context("a day without a midnight")?.to_utc())
    };
    let (mut day, began) = (from, Instant::now());
    while day < to {
        let next = (day.with_day(1).unwrap_or(day) + Months::new(1)).min(to);
        let stretch = Stretch::new(begins(day)?, begins(next)?, zone)?;
        let course = Course { db: copy.db(), settings: &settings, folder, stretch, approves: true };
        let month = Instant::now();
        course.run(&Progress::silent(), &CancellationToken::new()).await?;
        println!("{:>7.1} s  {day} to {next}  {} MB at most", month.elapsed().as_secs_f64(), memory()?);
        day = next;
    }
    println!("{:>7.1} s  in all", began.elapsed().as_secs_f64());
    let (report_began, stretch) = (Instant::now(), Stretch::new(begins(from)?, begins(to)?, zone)?);
    let made = report(&mut *copy.db().pool().acquire().await?, stretch, true).await?;
    println!("{:>7.1} s  the report, of {} bytes", report_began.elapsed().as_secs_f64(), made.text().len());
    Ok(())
}

/// The most memory this process has had, in MB.
fn memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024)
}
