//! What is on record about one customer under a job that makes tasks: `tend why`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use crate::clock::shown;
use crate::engine::door::{Explained, Run};
use crate::jobs::layout::hang;

/// Width of the instants in front of what happened then.
const WHEN: usize = 26;

/// Something that happened to a task of the job.
#[derive(Debug, Serialize)]
struct Happened {
    task_id: i64,
    round: i16,
    title: String,
    origin: String,
    state: String,
    result: Option<String>,
    at: DateTime<Utc>,
    what: String,
    by: Option<String>,
    staff_id: Option<String>,
    due_at: Option<DateTime<Utc>>,
}

/// The tasks of the job about the customer with what happened to each, up to the as-of of `run`; none when there is no
/// such customer. Notes are not shown: `tend task show` has them.
pub(super) async fn history(run: &Run, customer: &str, conn: &mut PgConnection) -> sqlx::Result<Option<Explained>> {
    let known =
        sqlx::query_scalar!(r#"select exists (select from crm.customer where customer_id = $1) as "known!""#, customer);
    if !known.fetch_one(&mut *conn).await? {
        return Ok(None);
    }
    let rows = sqlx::query_as!(
        Happened,
        "select t.task_id, t.round, t.title, t.origin, t.state, t.result, e.at, e.what, e.by, e.staff_id, e.due_at
         from tend.task t
         join tend.task_event e on e.task_id = t.task_id
         where t.job = $1 and t.customer_id = $2 and e.at <= $3
         order by t.created_at, t.task_id, e.event_id",
        run.job,
        customer,
        run.as_of
    );
    let rows = rows.fetch_all(conn).await?;
    let text = text(&rows, run);
    Ok(Some(Explained { json: json!({ "tasks": rows }), text, html: None }))
}

fn text(rows: &[Happened], run: &Run) -> String {
    if rows.is_empty() {
        return "No run made a task about this customer.\n".to_owned();
    }
    let mut text = String::new();
    let mut last = 0;
    for row in rows {
        if row.task_id != last {
            let result = row.result.as_deref().map(|result| format!(": {result}")).unwrap_or_default();
            let head = format!("Task {}, round {}: {} ({}{result})", row.task_id, row.round, row.title, row.state);
            text.push_str(if last == 0 { "" } else { "\n" });
            text.push_str(&hang("", &head, 0, 0));
            text.push_str(&hang("", &format!("from {}", row.origin), 2, 0));
            last = row.task_id;
        }
        text.push_str(&hang(&shown(row.at, run.timezone), &row.words(run), 2, WHEN));
    }
    text
}

impl Happened {
    fn words(&self, run: &Run) -> String {
        let mut words = self.what.replace('_', " ");
        if let Some(by) = &self.by {
            words.push_str(&format!(" by {by}"));
        }
        if let Some(staff) = self.staff_id.as_ref().filter(|_| self.what != "done" && self.what != "not_reached") {
            words.push_str(&format!(", {staff} has it"));
        }
        if let Some(due) = self.due_at.filter(|_| matches!(self.what.as_str(), "created" | "moved" | "reopened")) {
            words.push_str(&format!(", due {}", shown(due, run.timezone)));
        }
        words
    }
}
