//! Ladders: who stands on which level, who moved and why.

mod by_hand;
mod explaining;
mod judging;
mod keeping;
mod levels;
mod nearest;
mod picturing;
mod plans;
mod properties;
mod replay;
mod stability;
mod tidying;
mod tracking;
mod views;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::postgres::PgPoolCopyExt as _;
use tend::engine::door::{Explained, Job, JobError, Run, Step, Trigger, Tx};
use tend::jobfile::kind::{Cuts, Kind as _, Ladders, ReadContext};
use tend::jobfile::problem::Problems;
use tend::jobfile::reader::{Reader, read_text};
use tend::jobs::retier::{self, Ladder, Retier};
use tend::outbox::template::TemplateFolder;

use crate::support::{World, instant};

/// The shipped ladder with another window.
fn shipped(window: &str) -> Arc<dyn Job> {
    let text = include_str!("../../../jobs/value-tiers.toml").replace("\"365d\"", &format!("\"{window}\""));
    job(&text)
}

/// The shipped ladder without its stability: levels follow from the day alone.
fn bare(window: &str) -> Arc<dyn Job> {
    let text = include_str!("../../../jobs/value-tiers.toml").replace("\"365d\"", &format!("\"{window}\""));
    let from = text.find("[retier.stability]").unwrap();
    let to = from + text[from..].find("\n\n").unwrap();
    job(&format!("{}{}", &text[..from], &text[to..]))
}

/// The job of a file that must be without fault.
fn job(text: &str) -> Arc<dyn Job> {
    let (job, problems) = read(text);
    assert!(problems.is_empty(), "{}", problems.render(false));
    job.unwrap()
}

fn read(text: &str) -> (Option<Arc<dyn Job>>, Problems) {
    read_with(text, |file, context| Retier.read(file, context))
}

fn shipped_ladder() -> Ladder {
    let (ladder, problems) = read_with(include_str!("../../../jobs/value-tiers.toml"), retier::read);
    assert!(problems.is_empty(), "{}", problems.render(false));
    ladder.unwrap()
}

fn read_with<T>(text: &str, read: impl FnOnce(&mut Reader<'_>, &ReadContext<'_>) -> T) -> (T, Problems) {
    let templates = TemplateFolder::default();
    let spenders = ("spenders".to_owned(), ["top", "rest"].map(String::from).to_vec());
    let (ladders, cuts) = (Ladders::new([spenders].into()), Cuts::default());
    let context = ReadContext {
        job: "value-tiers",
        timezone: chrono_tz::Asia::Shanghai,
        templates_dir: "templates",
        templates: &templates,
        ladders: &ladders,
        cuts: &cuts,
        segments: &Default::default(),
        jobs: None,
    };
    read_text(&"jobs/value-tiers.toml".into(), &text.into(), |file| {
        file.leave(&["title", "description", "owner", "schedule", "check"]);
        read(file, &context)
    })
}

fn ladder(levels: &str) -> Arc<dyn Job> {
    job(&format!("title = \"test\"\n[retier]\nwindow = \"365d\"\n{levels}"))
}

/// high from 1,000 on, mid from 100 on, normal for the others.
fn by_amount() -> Arc<dyn Job> {
    ladder(
        "[[retier.level]]\nname = \"high\"\nwhen = { field = \"spend\", at_least = 1000 }\n\
         [[retier.level]]\nname = \"mid\"\nwhen = { field = \"spend\", at_least = 100 }\n\
         [[retier.level]]\nname = \"normal\"\n",
    )
}

fn run(run_id: i64, at: &str) -> Run {
    run_at(run_id, instant(at))
}

fn run_at(run_id: i64, as_of: chrono::DateTime<chrono::Utc>) -> Run {
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

/// One run, committed.
async fn evaluate(world: &World, job: &Arc<dyn Job>, run: &Run) -> Result<Value, JobError> {
    let mut transaction = world.pool().begin().await.unwrap();
    let progress = step(job, run, &mut transaction).await?;
    transaction.commit().await.unwrap();
    Ok(progress)
}

async fn step(job: &Arc<dyn Job>, run: &Run, conn: &mut sqlx::PgConnection) -> Result<Value, JobError> {
    let mut step = Step { run, tx: Tx::lend(conn), cursor: None, cancelled: Default::default() };
    let stepped = job.step(&mut step).await?;
    assert_eq!(stepped.next, None, "a ladder is one step");
    Ok(stepped.progress)
}

/// What the run would do: in a transaction that is rolled back.
async fn preview(world: &World, job: &Arc<dyn Job>, run: &Run) -> Explained {
    let mut transaction = world.pool().begin().await.unwrap();
    step(job, run, &mut transaction).await.unwrap();
    let explained = job.explain(run, &mut Tx::lend(&mut transaction)).await.unwrap();
    transaction.rollback().await.unwrap();
    explained
}

async fn explain(world: &World, job: &Arc<dyn Job>, run: &Run) -> Explained {
    let mut conn = world.pool().acquire().await.unwrap();
    job.explain(run, &mut Tx::lend(&mut conn)).await.unwrap()
}

async fn levels(world: &World) -> Vec<String> {
    world.rows("select customer_id, level from tend.ladder_state order by 1").await
}

async fn customers(world: &World, ids: &[&str]) {
    for id in ids {
        world.sql(&format!("insert into crm.customer (customer_id, name) values ('{id}', 'Name of {id}')")).await;
    }
}

/// Orders as (customer, days before 2026-06-01, amount); their ids count up.
async fn orders(world: &World, rows: &[(&str, i32, &str)]) {
    for (customer, days, amount) in rows {
        world
            .sql(&format!(
                "insert into crm.orders (customer_id, order_id, placed_at, amount) \
                 select '{customer}', 'o' || count(*) + 1, timestamptz '2026-06-01Z' - interval '24 hours' * {days}, {amount} from crm.orders"
            ))
            .await;
    }
}

/// The shop's customers and orders; none, with a word, where the data are not at hand.
async fn online_retail() -> Option<World> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.ancestors().map(|folder| folder.join("shared/data/online-retail")).find(|folder| folder.is_dir());
    let Some(folder) = folder else {
        println!("skipped: ../shared/data/online-retail is not at hand");
        return None;
    };
    let world = World::new().await;
    for (file, table, columns) in [
        ("customers.csv.gz", "crm.customer", "customer_id, name, country, timezone, created_at"),
        ("orders.csv.gz", "crm.orders", "order_id, customer_id, placed_at, amount, currency"),
    ] {
        let csv = std::process::Command::new("gzip").arg("-dc").arg(folder.join(file)).output().unwrap();
        assert!(csv.status.success(), "gzip -dc {file}");
        let statement = format!("copy {table} ({columns}) from stdin with (format csv, header)");
        let mut copy = world.pool().copy_in_raw(&statement).await.unwrap();
        copy.send(csv.stdout).await.unwrap();
        copy.finish().await.unwrap();
    }
    Some(world)
}
