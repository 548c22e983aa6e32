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
#[path = "../../../benches/stability/shop.rs"]
mod shop;
mod stability;
mod tidying;
mod tracking;
#[path = "../../../benches/shared/value_tiers.rs"]
mod value_tiers;
mod views;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use shop::step;
use tend::engine::door::{Explained, Job, JobError, Run, Tx};
use tend::jobfile::kind::{Kind as _, Ladders, ReadContext};
use tend::jobfile::problem::Problems;
use tend::jobfile::reader::Reader;
use tend::jobs::retier::{self, Ladder, Retier};

use crate::support::{World, instant};

/// The shipped ladder with another window.
fn shipped(window: &str) -> Arc<dyn Job> {
    looking_back(window, value_tiers::SHIPPED)
}

/// The shipped ladder without its stability: levels follow from the day alone.
fn bare(window: &str) -> Arc<dyn Job> {
    looking_back(window, &value_tiers::without_stability())
}

fn looking_back(window: &str, text: &str) -> Arc<dyn Job> {
    job(&text.replace("\"365d\"", &format!("\"{window}\"")))
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
    let (ladder, problems) = read_with(value_tiers::SHIPPED, retier::read);
    assert!(problems.is_empty(), "{}", problems.render(false));
    ladder.unwrap()
}

fn read_with<T>(text: &str, read: impl FnOnce(&mut Reader<'_>, &ReadContext<'_>) -> T) -> (T, Problems) {
    let spenders = ("spenders".to_owned(), ["top", "rest"].map(String::from).to_vec());
    value_tiers::read(text, &Ladders::new([spenders].into()), read)
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
    shop::run(run_id, as_of)
}

/// One run, committed.
async fn evaluate(world: &World, job: &Arc<dyn Job>, run: &Run) -> Result<Value, JobError> {
    shop::evaluate(world.pool(), job, run).await
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
pub async fn online_retail() -> Option<World> {
    let Some(folder) = shop::folder() else {
        println!("skipped: ../shared/data/online-retail is not at hand");
        return None;
    };
    let world = World::new().await;
    shop::load(world.pool(), &folder).await.unwrap();
    Some(world)
}

/// Puts the shop's customers on the tiers of the README's first row.
pub async fn tiers_of_400_days(world: &World, ladder: &str) {
    evaluate(world, &bare("400d"), &run(1, "2011-12-10T00:00:00Z")).await.unwrap();
    world.sql(&format!("update tend.ladder_state set ladder = '{ladder}'; delete from tend.ladder")).await;
}
