//! Making tasks.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use sqlx::types::Json;

/// A task to be made; the fields are the columns of `tend.task`.
#[derive(Debug, Clone, Serialize)]
pub struct NewTask {
    /// callback, visit or rescue.
    pub kind: &'static str,
    /// What it comes from; with the kind it names the task.
    pub origin: String,
    /// The job whose file asks for it.
    pub job: String,
    /// About whom.
    pub customer_id: String,
    /// The ticket it is about.
    pub ticket_id: Option<String>,
    /// One line.
    pub title: String,
    /// Whose it is: assignee, owner, supervisor or a team.
    pub team: Option<String>,
    /// Team that has it when none of those can.
    pub backup: Option<String>,
    /// Who does it, where that is known already; none: [`assign`](super::assign()) finds out.
    pub assignee_id: Option<String>,
    /// From when it can be done.
    pub opens_at: DateTime<Utc>,
    /// By when it has to be done.
    pub due_at: DateTime<Utc>,
    /// Which round.
    pub round: i16,
    /// The day it is planned for.
    pub on_day: Option<NaiveDate>,
    /// The time of that day.
    pub starts: Option<NaiveTime>,
    /// The job's zone.
    pub zone: &'static str,
    /// The run that makes it.
    pub run_id: i64,
    /// Only a supervisor may cancel it.
    pub guarded: bool,
    /// What it rests on.
    pub detail: Map<String, Value>,
}

/// Makes those tasks that are not there yet, and gives their numbers in the order of what they come from. What opens after
/// `at` is planned.
///
/// # Errors
/// When the database refuses.
pub async fn create(conn: &mut PgConnection, tasks: &[NewTask], at: DateTime<Utc>) -> sqlx::Result<Vec<i64>> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_file_scalar!("src/task/create.sql", Json(tasks) as _, at).fetch_all(conn).await
}
