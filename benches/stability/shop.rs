//! Nine months of a real shop, night by night: the Online Retail data, on which ladders are evaluated as if each night
//! were today.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::postgres::PgPoolCopyExt as _;
use sqlx::{PgConnection, PgPool};
use tend::engine::door::{Job, JobError, Run, Step, Trigger, Tx};

/// Evaluated from this night to [`LAST`], the day after the last order.
const FIRST: &str = "2011-03-01T00:00:00Z";
const LAST: &str = "2011-12-10T00:00:00Z";

/// The data, beside the repository or a worktree of it.
pub fn folder() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.map(|folder| folder.join("shared/data/online-retail")).find(|folder| folder.is_dir())
}

/// Takes the shop's customers and orders in.
pub async fn load(pool: &PgPool, folder: &Path) -> anyhow::Result<()> {
    for (file, table, columns) in [
        ("customers.csv.gz", "crm.customer", "customer_id, name, country, timezone, created_at"),
        ("orders.csv.gz", "crm.orders", "order_id, customer_id, placed_at, amount, currency"),
    ] {
        let csv = Command::new("gzip").arg("-dc").arg(folder.join(file)).output().context("gzip")?;
        ensure!(csv.status.success(), "gzip -dc {file}: {}", String::from_utf8_lossy(&csv.stderr));
        let mut copy =
            pool.copy_in_raw(&format!("copy {table} ({columns}) from stdin with (format csv, header)")).await?;
        copy.send(csv.stdout).await?;
        copy.finish().await?;
    }
    Ok(())
}

/// Evaluates the ladders every night, in this order; how many nights. The shop grows: nobody is known before the first
/// order.
pub async fn nights(pool: &PgPool, ladders: &[(&str, Arc<dyn Job>)]) -> anyhow::Result<i64> {
    let (first, last): (DateTime<Utc>, DateTime<Utc>) = (FIRST.parse()?, LAST.parse()?);
    sqlx::raw_sql(
        "create table waiting_room as select * from crm.customer;
         delete from crm.customer;
         create index on waiting_room (created_at)",
    )
    .execute(pool)
    .await?;
    let nights = (last - first).num_days() + 1;
    for night in 0..nights {
        let as_of = first + TimeDelta::days(night);
        sqlx::query("insert into crm.customer select * from waiting_room where created_at < $1 on conflict do nothing")
            .bind(as_of)
            .execute(pool)
            .await?;
        for (place, (name, ladder)) in (0..).zip(ladders) {
            let run = Run { job: (*name).to_owned(), ..run(1 + night * 10 + place, as_of) };
            evaluate(pool, ladder, &run).await?;
        }
        if night % 50 == 0 {
            sqlx::raw_sql("analyze").execute(pool).await?;
        }
    }
    Ok(nights)
}

/// A scheduled run of the ladder by value.
pub fn run(run_id: i64, as_of: DateTime<Utc>) -> Run {
    Run {
        run_id,
        job: "value-tiers".into(),
        spec_hash: "0".repeat(64),
        as_of,
        business_date: as_of.date_naive(),
        timezone: chrono_tz::Asia::Shanghai,
        trigger: Trigger::Schedule,
    }
}

/// One run, committed; what it counted.
pub async fn evaluate(pool: &PgPool, ladder: &Arc<dyn Job>, run: &Run) -> Result<Value, JobError> {
    let mut transaction = pool.begin().await?;
    let progress = step(ladder, run, &mut transaction).await?;
    transaction.commit().await?;
    Ok(progress)
}

/// One run, not committed; what it counted.
pub async fn step(ladder: &Arc<dyn Job>, run: &Run, conn: &mut PgConnection) -> Result<Value, JobError> {
    let mut step = Step { run, tx: Tx::lend(conn), cursor: None, cancelled: Default::default() };
    let stepped = ladder.step(&mut step).await?;
    assert_eq!(stepped.next, None, "a ladder is one step");
    Ok(stepped.progress)
}
