//! Tasks as people look at them.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

/// Which tasks somebody wants to see; none: all.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this person.
    pub staff_id: Option<String>,
    /// Of people of this team, or waiting for one of it.
    pub team: Option<String>,
    /// With nobody to do them.
    pub unassigned: bool,
    /// In one of these states.
    pub states: Vec<String>,
    /// today, overdue or week (today and the six days after), by the day in the task's zone.
    pub due: Option<&'static str>,
    /// About this customer.
    pub customer_id: Option<String>,
    /// This one alone.
    pub task_id: Option<i64>,
    /// At most so many, the most urgent first.
    pub limit: i64,
}

/// A task in a list.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Its number.
    pub task_id: i64,
    /// callback, visit or rescue.
    pub kind: String,
    /// Which round.
    pub round: i16,
    /// planned, open, done, missed or cancelled.
    pub state: String,
    /// One line.
    pub title: String,
    /// The job that asked for it.
    pub job: String,
    /// About whom.
    pub customer_id: String,
    /// The customer's name; empty when unknown.
    pub customer: String,
    /// The ticket it is about.
    pub ticket_id: Option<String>,
    /// Who has it.
    pub assignee_id: Option<String>,
    /// The name of that person; empty when unknown.
    pub assignee: String,
    /// Whose it is, as the job file says.
    pub team: Option<String>,
    /// From when it can be done.
    pub opens_at: DateTime<Utc>,
    /// By when it has to be done.
    pub due_at: DateTime<Utc>,
    /// The day it is planned for.
    pub on_day: Option<NaiveDate>,
    /// The time of that day.
    pub starts: Option<NaiveTime>,
    /// Zone of the job.
    pub zone: String,
    /// Overdue and not over.
    pub overdue: bool,
    /// Since when the supervisor has it because it is overdue.
    pub escalated_at: Option<DateTime<Utc>>,
    /// What came of it.
    pub result: Option<String>,
}

/// A task with all that is on record of it.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The task.
    #[serde(flatten)]
    pub task: Listed,
    /// Only a supervisor may cancel it.
    pub guarded: bool,
    /// The latest words about it.
    pub note: Option<String>,
    /// What it rests on.
    pub detail: Value,
    /// What happened, from the beginning.
    pub events: Vec<Event>,
}

/// What happened to a task.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// When.
    pub at: DateTime<Utc>,
    /// What, a word of `tend.task_event`.
    pub what: String,
    /// Its state before.
    pub from_state: Option<String>,
    /// Who did it; none: tend, or the command line without a name.
    pub by: Option<String>,
    /// Who has it from then on.
    pub staff_id: Option<String>,
    /// By when it is due from then on.
    pub due_at: Option<DateTime<Utc>>,
    /// What was said.
    pub note: Option<String>,
}

/// The tasks that are wanted, as of `now`, the soonest due first.
///
/// # Errors
/// When the database refuses.
pub async fn list(conn: &mut PgConnection, wanted: &Wanted, now: DateTime<Utc>) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_file_as!(
        Listed,
        "src/task/list.sql",
        now,
        wanted.staff_id,
        wanted.team,
        wanted.unassigned,
        &wanted.states,
        wanted.due,
        wanted.customer_id,
        wanted.task_id,
        wanted.limit
    )
    .fetch_all(conn)
    .await
}

/// A task with its history; none when there is none of that number.
///
/// # Errors
/// When the database refuses.
pub async fn show(conn: &mut PgConnection, task: i64, now: DateTime<Utc>) -> sqlx::Result<Option<Shown>> {
    let wanted = Wanted { task_id: Some(task), limit: 1, ..Wanted::default() };
    let Some(listed) = list(&mut *conn, &wanted, now).await?.into_iter().next() else { return Ok(None) };
    let rest = sqlx::query!("select guarded, note, detail from tend.task where task_id = $1", task);
    let rest = rest.fetch_one(&mut *conn).await?;
    let events = sqlx::query_as!(
        Event,
        "select at, what, from_state, by, staff_id, due_at, note from tend.task_event where task_id = $1 order by event_id",
        task
    );
    let events = events.fetch_all(conn).await?;
    Ok(Some(Shown { task: listed, guarded: rest.guarded, note: rest.note, detail: rest.detail, events }))
}
