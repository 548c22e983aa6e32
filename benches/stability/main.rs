//! What the shipped stability of `jobs/value-tiers.toml` spares the customers of a real shop, and what it costs: the
//! Online Retail data, evaluated every night from 2011-03-01 to 2011-12-10 with a window of 365 days, without stability
//! and with it.
//!
//! Printed for both: moves, up, down, and those that the next move undoes within 30 days; and how many rises the
//! stability delays (none may be). `tests/it/retier/replay.rs` holds the figures.
//!
//! `cargo bench --bench stability`; it needs `shared/data/online-retail` in a folder above the repository, and says so where
//! that is missing. See benches/README.md.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]

mod moves;
mod shop;
#[path = "../shared/value_tiers.rs"]
mod value_tiers;

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use moves::Moves;
use tend::db::embedded::Launch;
use tend::db::{Database, DatabaseSettings, migrate};
use tend::engine::door::Job;
use tend::jobfile::kind::{Kind as _, Ladders};
use tend::jobs::retier::Retier;

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let Some(folder) = shop::folder() else {
        println!("not measured: there is no shared/data/online-retail in a folder above");
        return Ok(());
    };
    let dir = tempfile::Builder::new().prefix("tend-bench-").tempdir()?;
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let server = Launch::new(dir.path().join("postgres")).parameter("synchronous_commit", "off").start()?;
    let db = Database::connect(&DatabaseSettings::new(server.url())).await?;
    migrate(&db, true).await?;
    shop::load(db.pool(), &folder).await?;

    let ladders = [("bare", ladder(&value_tiers::without_stability())?), ("shipped", ladder(value_tiers::SHIPPED)?)];
    let begun = Instant::now();
    let nights = shop::nights(db.pool(), &ladders).await?;
    println!("{nights} nights of two ladders in {:.1} s", begun.elapsed().as_secs_f64());
    let (bare, shipped) = (Moves::read(db.pool(), "bare").await?, Moves::read(db.pool(), "shipped").await?);
    println!("without stability           {}", bare.line());
    println!("with the shipped stability  {}", shipped.line());
    println!("rises later than without    {}", bare.late_in(&shipped).len());
    db.close().await;
    Ok(())
}

fn ladder(text: &str) -> anyhow::Result<Arc<dyn Job>> {
    let (job, problems) = value_tiers::read(text, &Ladders::default(), |file, context| Retier.read(file, context));
    job.with_context(|| problems.render(false))
}
