//! Deadlines of tickets: the cases of the notes, the bugs of others, the sweep, who is told.

mod bugs;
mod cases;
mod explained;
mod killed;
mod pages;
#[path = "../../../benches/sla/reading.rs"]
mod reading;
mod recount;
mod steps;
mod surges;
mod sweep;
mod told;

use std::sync::Arc;

use reading::read;
use serde_json::Value;
use tend::calendar::business::Calendar;
use tend::engine::door::{Explained, Job, JobError, Run, Step, Trigger, Tx};
use tokio_util::sync::CancellationToken;

use crate::support::{World, instant};

/// A calendar with the same hours on some days of the week, and one day off.
fn calendar(zone: &str, days: &str, hours: &str, off: &str) -> Calendar {
    let off = match off {
        "" => String::new(),
        day => format!("\n[off]\n\"{day}\" = \"Holiday\"\n"),
    };
    let known = if off.is_empty() { "" } else { "first_day = \"2010-01-01\"\nlast_day = \"2020-12-31\"\n" };
    let text = format!("title = \"test\"\nzone = \"{zone}\"\n{known}\n[hours]\n{days} = [\"{hours}\"]\n{off}");
    Calendar::read("test", &text).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}"))
}

/// A policy for everything: an hour to answer, a day to solve, elapsed; the assignee hears at 80 %, the supervisor when it
/// is due, a manager two hours later.
const PLAIN: &str = r#"
title = "test"
[sla]
calendar = "always"
template = "sla-alert"
[[escalate]]
at = "80%"
to = "assignee"
[[escalate]]
at = "due"
to = "supervisor"
[[escalate]]
after = "2h"
to = "role:manager"
[[policy]]
name = "urgent"
when = { ticket = "urgency", is = "urgent" }
targets = { first_response = { within = "30m", time = "elapsed" }, solution = { within = "12h", time = "elapsed" } }
[[policy]]
name = "all"
targets = { first_response = { within = "1h", time = "elapsed" }, solution = { within = "24h", time = "elapsed" } }
"#;

/// The job of a file that must be without fault.
fn job(text: &str) -> Arc<dyn Job> {
    let (job, problems) = read(text);
    assert!(problems.is_empty(), "{}", problems.render(false));
    Arc::new(job.unwrap())
}

fn run(at: &str) -> Run {
    Run {
        run_id: 1,
        job: "sla".to_owned(),
        spec_hash: "spec".to_owned(),
        as_of: instant(at),
        business_date: instant(at).date_naive(),
        timezone: chrono_tz::UTC,
        trigger: Trigger::Schedule,
    }
}

/// All steps of a run, each committed.
async fn sweep(world: &World, job: &Arc<dyn Job>, at: &str) -> Value {
    swept(world, job, &run(at)).await.unwrap()
}

async fn swept(world: &World, job: &Arc<dyn Job>, run: &Run) -> Result<Value, JobError> {
    let mut cursor = None;
    loop {
        let mut transaction = world.pool().begin().await.unwrap();
        let mut step = Step { run, tx: Tx::lend(&mut transaction), cursor, cancelled: CancellationToken::new() };
        let stepped = job.step(&mut step).await?;
        transaction.commit().await.unwrap();
        match stepped.next {
            Some(next) => cursor = Some(next),
            None => return Ok(stepped.progress),
        }
    }
}

async fn explain(world: &World, job: &Arc<dyn Job>, ticket: &str, at: &str) -> Explained {
    let mut conn = world.pool().acquire().await.unwrap();
    job.ticket(&run(at), ticket, &mut Tx::lend(&mut conn)).await.unwrap().unwrap()
}

/// A company with an agent, his deputy, their supervisor and a manager, and one customer of the agent.
async fn company() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, email, role, manager_id, team, deputy_id) values
                 ('a1', 'Agent', 'a1@example.com', 'agent', 's1', 'desk', 'a2'),
                 ('a2', 'Deputy', 'a2@example.com', 'agent', 's1', 'desk', null),
                 ('s1', 'Supervisor', 's1@example.com', 'supervisor', 'm1', null, null),
                 ('m1', 'Manager', 'm1@example.com', 'manager', null, null, null);
             insert into crm.customer (customer_id, name, owner_id) values ('c1', 'Ann', 'a1')",
        )
        .await;
    world
}

/// A ticket of the customer c1, had by a1.
async fn open(world: &World, ticket: &str, at: &str) {
    world
        .sql(&format!(
            "insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id) values ('{ticket}', 'c1', '{at}', 'a1')"
        ))
        .await;
}

/// An event of a ticket.
async fn event(world: &World, ticket: &str, at: &str, kind: &str, value: &str) {
    world
        .sql(&format!(
            "insert into crm.ticket_event (ticket_id, event_id, at, kind, value)
             select '{ticket}', 'e' || count(*), '{at}', '{kind}', nullif('{value}', '') from crm.ticket_event"
        ))
        .await;
}

async fn clocks(world: &World) -> Vec<String> {
    world.rows("select ticket_id, clock, policy, state, to_char(due_at, 'MM-DD HH24:MI') as due from tend.sla_clock order by ticket_id, clock, cycle").await
}

async fn alerts(world: &World) -> Vec<String> {
    world.rows("select ticket_id, clock, step, recipient, state, reason from tend.sla_alert order by alert_id").await
}
