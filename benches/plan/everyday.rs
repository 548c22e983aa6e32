//! Six of the shipped jobs on an ordinary morning: most customers have no occasion.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tend::db::Database;
use tend::engine::door::Trigger;
use tend::jobfile::folder::read_folder;
use tend::jobs::KINDS;

/// The jobs, as they lie in `jobs/`.
const JOBS: [&str; 6] =
    ["birthday", "browse-no-buy", "dormant-wakeup", "habit-coupon", "purchase-anniversary", "welcome"];

/// Plans each of them on a company of so many customers, which is made when the database is empty.
pub async fn measure(db: &Database, customers: u64) -> anyhow::Result<()> {
    let sql = include_str!("everyday.sql").replace("{customers}", &customers.to_string());
    super::fill(db, customers, &sql).await?;
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let folder = read_folder(&jobs, KINDS).map_err(|problems| anyhow::anyhow!(problems.render(false)))?;
    let mut whole = Duration::ZERO;
    for (place, name) in JOBS.into_iter().enumerate() {
        let job = folder.jobs.get(name).with_context(|| format!("there is no {name}"))?;
        let run_id = i64::try_from(place)? + 1;
        let (took, progress) =
            super::plan(db, &*job.code, name, run_id, Trigger::Schedule, "2026-06-02T01:00:00Z").await?;
        println!("{name:20}  {:>5.1} s  {progress}", took.as_secs_f64());
        whole += took;
    }
    println!("six shipped jobs, {customers} customers, an ordinary morning: {:.1} s", whole.as_secs_f64());
    Ok(())
}
