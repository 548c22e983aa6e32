//! What people have to do: who gets it, what becomes of it, what is on record.

mod answers;
mod assigning;
mod changing;
mod jobs;
mod mails;
mod plans;

use serde_json::Map;
use tend::task::{self, NewTask};

use crate::support::{World, instant};

/// When the tests' tasks are made: a Monday morning in Shanghai.
pub const NOW: &str = "2026-06-01T02:00:00Z";

/// A task about a customer, whose it is, due within a day.
pub fn task(origin: &str, customer: &str, team: Option<&str>) -> NewTask {
    NewTask {
        kind: "callback",
        origin: origin.into(),
        job: "callbacks".into(),
        customer_id: customer.into(),
        ticket_id: None,
        title: "Call back".into(),
        team: team.map(str::to_owned),
        backup: None,
        assignee_id: None,
        opens_at: instant(NOW),
        due_at: instant("2026-06-02T02:00:00Z"),
        round: 1,
        on_day: None,
        starts: None,
        zone: "Asia/Shanghai",
        run_id: 7,
        guarded: false,
        detail: Map::new(),
    }
}

/// The jobs whose tasks are looked after.
pub fn named(name: &str) -> [String; 1] {
    [name.to_owned()]
}

/// Makes tasks and finds who does them.
pub async fn made(world: &World, tasks: &[NewTask]) -> Vec<i64> {
    let mut conn = world.pool().acquire().await.unwrap();
    let made = task::create(&mut conn, tasks, instant(NOW)).await.unwrap();
    task::assign(&mut conn, &made, instant(NOW)).await.unwrap();
    made
}

/// Who has each task, by what it comes from.
pub async fn whose(world: &World) -> Vec<String> {
    world
        .rows("select origin, coalesce(assignee_id, 'nobody') as who from tend.task order by origin collate \"C\"")
        .await
}

/// What is on record of a task: what, state before, by whom, who has it, what was said.
pub async fn record(world: &World, task: i64) -> Vec<String> {
    let rows = "select what, coalesce(from_state, '-') as state, coalesce(by, '-') as by, coalesce(staff_id, '-') as staff, coalesce(note, '-') as note";
    let rows = world.rows(&format!("{rows} from tend.task_event where task_id = {task} order by event_id")).await;
    rows.into_iter().map(|row| row.replace('\t', " ")).collect()
}
