//! What a customer answered to the messages of a job, and the task that came of it: for `tend why`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::clock::shown;
use crate::engine::door::Run;

/// An answer as it stood at an instant. What the customer wrote is not shown, only that there is something to read.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub message_id: i64,
    survey: String,
    score: Option<i16>,
    choice: Option<String>,
    has_comment: bool,
    pub answered_at: DateTime<Utc>,
    changed_at: Option<DateTime<Utc>>,
    /// What a person has to do about it: kind, state, whose, by when.
    task: Option<String>,
    task_state: Option<String>,
    task_of: Option<String>,
    task_due_at: Option<DateTime<Utc>>,
}

/// The answers to these messages up to the as-of of `run`.
pub(super) async fn answers(ids: &[i64], run: &Run, conn: &mut PgConnection) -> sqlx::Result<Vec<Answer>> {
    sqlx::query_as!(
        Answer,
        r#"select a.message_id, a.survey, a.score, a.choice, a.comment is not null as "has_comment!", a.answered_at, a.changed_at,
                  t.kind as "task?", t.state as "task_state?", coalesce(t.assignee_id, t.team) as task_of, t.due_at as "task_due_at?"
           from tend.answer a
           left join tend.task t on t.origin = 'answer:' || a.message_id
           where a.message_id = any($1) and a.answered_at < $2
           order by a.message_id"#,
        ids,
        run.as_of
    )
    .fetch_all(conn)
    .await
}

impl Answer {
    pub(super) fn words(&self, run: &Run) -> String {
        let score = self.score.map(|score| score.to_string());
        let said: Vec<String> = [score, self.choice.clone()].into_iter().flatten().collect();
        let comment = if self.has_comment { ", with a comment" } else { "" };
        let changed =
            self.changed_at.map_or_else(String::new, |at| format!(", changed at {}", shown(at, run.timezone)));
        let task = self.task.as_ref().map_or_else(String::new, |kind| {
            let of = self.task_of.as_ref().map_or_else(String::new, |of| format!(" for {of}"));
            let due = self.task_due_at.map_or_else(String::new, |at| format!(", due {}", shown(at, run.timezone)));
            format!("; {kind}{of}: {}{due}", self.task_state.as_deref().unwrap_or_default())
        });
        format!("answered {}: {}{comment}{changed}{task}", self.survey, said.join(", "))
    }
}
