//! What the shipped monthly review costs: the time of each section and of the whole with its mails and workbooks, and the most
//! memory the process has had.
//!
//! `cargo bench --bench report [-- --customers 1000000 --orders 10000000 --tickets 1000000]`; see benches/README.md.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]

#[path = "../shared/memory.rs"]
mod memory;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use tend::db::embedded::Launch;
use tend::db::{Database, DatabaseSettings, migrate};
use tend::engine::door::{Job, Run, Step, Trigger, Tx};
use tend::jobfile::folder::read_folder;
use tend::jobs::KINDS;

const SERVER: [(&str, &str); 6] = [
    ("shared_buffers", "2GB"),
    ("maintenance_work_mem", "512MB"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "1h"),
    ("synchronous_commit", "off"),
    ("autovacuum", "off"),
];
const JOB: &str = "monthly-review";
/// Monday, the first working day after May.
const MORNING: &str = "2026-06-01T08:00:00+08:00";

fn main() -> anyhow::Result<()> {
    let (mut customers, mut orders, mut tickets) = (1_000_000_u64, 10_000_000_u64, 1_000_000_u64);
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        let number = value.parse().with_context(|| format!("{name} needs a number"))?;
        match name.as_str() {
            "--customers" => customers = number,
            "--orders" => orders = number,
            "--tickets" => tickets = number,
            _ => bail!("known: --customers N, --orders N, --tickets N; not {name}"),
        }
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let dir = tempfile::Builder::new().prefix("tend-bench-").tempdir()?;
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let launch = SERVER
            .iter()
            .fold(Launch::new(dir.path().join("postgres")), |launch, (name, value)| launch.parameter(name, value));
        let server = launch.start()?;
        let db = Database::connect(&DatabaseSettings::new(server.url())).await?;
        migrate(&db, true).await?;
        let numbers = [("{customers}", customers), ("{orders}", orders), ("{tickets}", tickets)];
        for text in [include_str!("../retier/generate.sql"), include_str!("company.sql")] {
            let text =
                numbers.iter().fold(text.to_owned(), |text, (name, number)| text.replace(name, &number.to_string()));
            sqlx::raw_sql(AssertSqlSafe(text)).execute(db.pool()).await?;
        }
        println!("{customers} customers, {orders} orders, {tickets} tickets; memory before: {} MB", memory::most()?);
        let text = std::fs::read_to_string(jobs().join(format!("{JOB}.toml")))?;
        for (title, text) in sections(&text) {
            let seconds = reviewed(&db, &text, None).await?.0;
            println!("{seconds:>7.2} s  {} MB at most  {title}", memory::most()?);
        }
        let (seconds, progress) = reviewed(&db, &text, Some(1)).await?;
        println!("{seconds:>7.2} s  {} MB at most  the whole, with mails and workbooks: {progress}", memory::most()?);
        Ok(())
    })
}

fn jobs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs")
}

/// The file with one of its sections each, without readers, targets of others or checks.
fn sections(text: &str) -> Vec<(String, String)> {
    let begin = text.find("[[report.section]]").unwrap_or(text.len());
    let end = text.find("[[report.target]]").unwrap_or(text.len());
    let readers = ["to ", "teams ", "template ", "locale "];
    let head = |line: &&str| !readers.iter().any(|key| line.starts_with(key));
    let head: String = text[..begin].lines().filter(head).map(|line| format!("{line}\n")).collect();
    let parts = text[begin..end].split("[[report.section]]").skip(1);
    let one = |part: &str| {
        let title = part.split("en = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
        let section: String =
            part.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
        (title, format!("{head}[[report.section]]{section}"))
    };
    parts.map(one).collect()
}

/// A run of the file on these data: seconds, and what it says of itself. Kept when it has a number.
async fn reviewed(db: &Database, text: &str, keep: Option<i64>) -> anyhow::Result<(f64, serde_json::Value)> {
    let dir = tempfile::tempdir()?;
    for folder in ["jobs", "templates", "config"] {
        let from = jobs().join("..").join(folder);
        let copied = std::process::Command::new("cp").arg("-r").arg(from).arg(dir.path().join(folder)).status()?;
        anyhow::ensure!(copied.success(), "cannot copy {folder}");
    }
    std::fs::write(dir.path().join("jobs").join(format!("{JOB}.toml")), text)?;
    let folder =
        read_folder(&dir.path().join("jobs"), KINDS).map_err(|problems| anyhow::anyhow!(problems.render(false)))?;
    let job: Arc<dyn Job> = Arc::clone(&folder.jobs.get(JOB).context("there is no such job")?.code);
    let (as_of, timezone) = (MORNING.parse::<DateTime<Utc>>()?, chrono_tz::Asia::Shanghai);
    let run = Run {
        run_id: keep.unwrap_or(9),
        job: JOB.into(),
        spec_hash: "0".repeat(64),
        as_of,
        business_date: as_of.with_timezone(&timezone).date_naive(),
        timezone,
        trigger: Trigger::Schedule,
    };
    let began = Instant::now();
    let mut cursor = None;
    loop {
        let mut transaction = db.pool().begin().await?;
        let mut step = Step { run: &run, tx: Tx::lend(&mut transaction), cursor, cancelled: Default::default() };
        let stepped = job.step(&mut step).await?;
        match keep {
            Some(_) => transaction.commit().await?,
            None => transaction.rollback().await?,
        }
        let seconds = began.elapsed().as_secs_f64();
        let Some(next) = stepped.next else { return Ok((seconds, stepped.progress)) };
        println!("{seconds:>7.2} s  {} MB at most  so far: {}", memory::most()?, stepped.progress);
        cursor = Some(next);
    }
}
