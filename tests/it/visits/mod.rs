//! Visits: who is visited by whom on which day, night by night.

mod laws;
mod missed;
mod nights;
mod plans;
mod retail;
mod shown;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tend::engine::door::{Decided, Explained, Job, JobError, Run, Step, Trigger, Tx};
use tend::jobfile::file::JobFile;
use tend::jobfile::file::Surroundings;
use tend::jobs::KINDS;
use tend::outbox::template::TemplateFolder;

use crate::support::World;

/// The job of a file that must be without fault. The ladder `tiers` has high, mid and normal.
fn job(text: &str) -> Arc<dyn Job> {
    let levels = ["high", "mid", "normal"].map(str::to_owned).to_vec();
    let around = Surroundings {
        kinds: KINDS,
        templates: &TemplateFolder::default(),
        templates_dir: "templates",
        ladders: &[("tiers".to_owned(), levels)].into(),
        segments: &Default::default(),
        calendars: Some(tend::calendar::business::Calendars::shipped()),
        jobs: Some(&["visits"]),
    };
    let read = JobFile::read("visits", &"visits.toml".into(), &text.into(), &around);
    read.unwrap_or_else(|problems| panic!("{}", problems.render(false))).code
}

/// `[visits]` with these lines beside the cadence of the handbook.
fn visits(more: &str) -> Arc<dyn Job> {
    job(&format!(
        r#"
title = "Visits"
[schedule]
cron = "0 6 * * *"
timezone = "Asia/Shanghai"
[visits]
ladder = "tiers"
cadence = [
    {{ level = "high", visits = 2, per = "month", share = "60%" }},
    {{ level = "mid", visits = 1, per = "month", share = "30%" }},
    {{ level = "normal", visits = 1, per = "quarter", share = "10%" }},
]
calendar = "weekdays"
title = {{ zh-CN = "拜访", en = "Visit" }}
{more}
"#
    ))
}

fn run(run_id: i64, as_of: &str) -> Run {
    let as_of: DateTime<Utc> = as_of.parse().unwrap_or_else(|_| format!("{as_of}T06:00:00+08:00").parse().unwrap());
    let timezone = chrono_tz::Asia::Shanghai;
    Run {
        run_id,
        job: "visits".into(),
        spec_hash: "0".repeat(64),
        as_of,
        business_date: as_of.with_timezone(&timezone).date_naive(),
        timezone,
        trigger: Trigger::Schedule,
    }
}

/// One run, committed; what it counted.
async fn plan(world: &World, job: &Arc<dyn Job>, run: &Run) -> Result<Value, JobError> {
    let mut transaction = world.pool().begin().await.unwrap();
    let mut step = Step { run, tx: Tx::lend(&mut transaction), cursor: None, cancelled: Default::default() };
    let stepped = job.step(&mut step).await?;
    transaction.commit().await.unwrap();
    assert_eq!(stepped.next, None, "visits are planned in one step");
    Ok(stepped.progress)
}

async fn explain(world: &World, job: &Arc<dyn Job>, run: &Run) -> Explained {
    let mut conn = world.pool().acquire().await.unwrap();
    job.explain(run, &mut Tx::lend(&mut conn)).await.unwrap()
}

async fn decided(world: &World, job: &Arc<dyn Job>, run: &Run, customer: &str) -> Decided {
    let mut conn = world.pool().acquire().await.unwrap();
    job.decided(run, customer, &mut Tx::lend(&mut conn)).await.unwrap().unwrap()
}

async fn why(world: &World, job: &Arc<dyn Job>, run: &Run, customer: &str) -> Option<Explained> {
    let mut conn = world.pool().acquire().await.unwrap();
    job.history(run, customer, &mut Tx::lend(&mut conn)).await.unwrap()
}

/// People of the team `field`.
async fn staff(world: &World, ids: &[&str]) {
    for id in ids {
        world.sql(&format!("insert into crm.staff (staff_id, name, team, manager_id) values ('{id}', 'Name of {id}', 'field', 'boss')")).await;
    }
}

/// Customers as (id, level, owner), known for long.
async fn customers(world: &World, rows: &[(&str, &str, &str)]) {
    for (id, level, owner) in rows {
        world
            .sql(&format!(
                "insert into crm.customer (customer_id, name, owner_id, created_at) values ('{id}', 'Name of {id}', nullif('{owner}', ''), '2020-01-01Z');
                 insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason) values ('{id}', 'tiers', '{level}', '2020-01-01Z', 0, '{{}}')"
            ))
            .await;
    }
}

/// Day, customer, person, state of all visits.
async fn tasks(world: &World) -> Vec<String> {
    world.rows("select on_day, customer_id, assignee_id, state from tend.task where kind = 'visit' order by on_day, customer_id, task_id").await
}
