//! Fire lag, takeover after kill -9, and what an idle `tend serve` costs, with the shipped settings on a real clock.
//!
//! `cargo bench --bench daemon`; takes about seven minutes. See `benches/README.md`.

#![allow(clippy::disallowed_methods, reason = "a benchmark makes its own environment")]

#[path = "../tests/it/support/process.rs"]
mod process;

use std::time::{Duration, Instant};

use process::{Bench, Daemon};
use sqlx::PgPool;
use tend::db::embedded::Launch;
use tend::db::{Database, DatabaseSettings, migrate};

const JOBS: usize = 4;
const MINUTES: u64 = 3;
const TAKEOVERS: usize = 3;

#[tokio::main]
async fn main() {
    let dir = tempfile::Builder::new().prefix("tend-bench-").tempdir().expect("a folder");
    open_to_all(dir.path());
    let postgres = Launch::new(dir.path().join("postgres")).durable(true).start().expect("a private Postgres");
    let db = Database::connect(&DatabaseSettings::new(postgres.url())).await.expect("a connection");
    migrate(&db, true).await.expect("a schema");
    let bench = Bench::new(&postgres.url());
    std::fs::remove_dir_all(bench.path().join("jobs")).expect("the shipped jobs are set aside");
    std::fs::create_dir(bench.path().join("jobs")).expect("an empty folder");
    for number in 0..JOBS {
        bench.ladder(&format!("minutely-{number}"), &in_shanghai("* * * * *"));
    }
    bench.ok(&["apply"]);
    fire_lag(&bench, db.pool()).await;
    takeover(&bench, db.pool()).await;
    idle(&bench).await;
}

/// A schedule; its job finds nothing to do.
fn in_shanghai(cron: &str) -> String {
    format!("cron = \"{cron}\"\ntimezone = \"Asia/Shanghai\"")
}

async fn fire_lag(bench: &Bench, pool: &PgPool) {
    let daemon = bench.serve("lag");
    let wanted = i64::try_from(JOBS).expect("small") * i64::try_from(MINUTES).expect("small");
    wait(pool, "select count(*) >= $1 from tend.job_run where trigger = 'schedule' and state = 'succeeded'", wanted)
        .await;
    let mut lags: Vec<f64> = sqlx::query_scalar(
        "select extract(epoch from started_at - slot)::float8 * 1000 from tend.job_run where trigger = 'schedule' and started_at is not null",
    )
    .fetch_all(pool)
    .await
    .expect("the lags");
    lags.sort_by(f64::total_cmp);
    println!(
        "fire lag, {} runs of {JOBS} jobs a minute: median {:.0} ms, worst {:.0} ms",
        lags.len(),
        lags[lags.len() / 2],
        lags[lags.len() - 1]
    );
    daemon.stop(Duration::from_secs(30));
}

/// From kill -9 in the middle of a step to the claim by the other daemon.
async fn takeover(bench: &Bench, pool: &PgPool) {
    let mut times = Vec::new();
    for round in 0..TAKEOVERS {
        let mut lock = pool.begin().await.expect("a transaction");
        sqlx::query("lock table tend.ladder_state in access exclusive mode")
            .execute(&mut *lock)
            .await
            .expect("the lock");
        let victim = bench.serve("victim");
        wait(pool, "select count(*) > $1 from tend.lease l join pg_stat_activity a on a.pid = l.backend_pid where a.wait_event_type = 'Lock'", 0)
            .await;
        let heir = bench.serve("heir");
        wait(
            pool,
            "select count(*) > $1 from tend.replica where seen_at > clock_timestamp() - interval '15 seconds'",
            1,
        )
        .await;
        let token: i64 = sqlx::query_scalar("select max(token) from tend.job_run where state = 'running'")
            .fetch_one(pool)
            .await
            .expect("a token");
        victim.kill();
        let killed = Instant::now();
        wait(
            pool,
            "select count(*) > 0 from tend.job_run r join tend.lease l using (run_id) where r.state = 'running' and l.token > $1 and l.until > clock_timestamp()",
            token,
        )
        .await;
        times.push(killed.elapsed());
        lock.rollback().await.expect("the lock is released");
        heir.stop(Duration::from_secs(40));
        eprintln!("takeover {} of {TAKEOVERS}: {:.1} s", round + 1, times[round].as_secs_f64());
    }
    times.sort();
    println!(
        "takeover after kill -9 (lease 30 s, heartbeat 10 s): median {:.1} s, worst {:.1} s",
        times[times.len() / 2].as_secs_f64(),
        times[times.len() - 1].as_secs_f64()
    );
}

async fn idle(bench: &Bench) {
    for number in 0..JOBS {
        bench.ladder(&format!("minutely-{number}"), &in_shanghai("0 3 1 1 *"));
    }
    bench.ok(&["apply"]);
    let daemon = bench.serve("idle");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (before, began) = (cpu(&daemon), Instant::now());
    tokio::time::sleep(Duration::from_secs(60)).await;
    let used = cpu(&daemon) - before;
    println!(
        "idle serve: {:.2} % of one core, {:.1} MB resident",
        100.0 * used.as_secs_f64() / began.elapsed().as_secs_f64(),
        resident(&daemon)
    );
    daemon.stop(Duration::from_secs(30));
}

/// CPU time of the process so far (`/proc/PID/stat`, 100 ticks a second on Linux).
fn cpu(daemon: &Daemon) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", daemon.pid())).expect("the process is there");
    let after_name = stat.rsplit_once(')').expect("a name in parentheses").1;
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).map(|text| text.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}

fn resident(daemon: &Daemon) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("the process is there");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a resident size");
    line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok()).expect("kilobytes") / 1024.0
}

async fn wait(pool: &PgPool, condition: &'static str, bound: i64) {
    let deadline = Instant::now() + Duration::from_secs(300);
    while !sqlx::query_scalar::<_, bool>(condition).bind(bound).fetch_one(pool).await.expect("a condition") {
        assert!(Instant::now() < deadline, "waited five minutes for: {condition}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn open_to_all(dir: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).expect("the folder is opened");
}
