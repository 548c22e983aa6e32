//! Writes an answer down, and what follows from it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{Question, Said};
use crate::outbox::survey::TaskOrder;

/// Records an answer, unless it is the one the customer gave already. True when it was written.
pub async fn record(
    conn: &mut PgConnection,
    question: &Question,
    said: &Said,
    language: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let before = question.before.as_ref().map(|before| &before.said);
    if before == Some(said) {
        return Ok(false);
    }
    sqlx::query_file!(
        "src/web/answer/record.sql",
        question.message_id,
        question.survey.kind.as_str(),
        said.given.score,
        said.given.choice,
        said.comment,
        language,
        now
    )
    .execute(&mut *conn)
    .await?;
    match question.survey.follows(&said.given) {
        Some(follow) => order(conn, question, &follow.create_task, now).await?,
        None if before.is_some() => spare(conn, question, now).await?,
        None => {}
    }
    Ok(true)
}

/// The task that follows. There is one for an answer however often it is changed: one nobody has touched, or that was
/// spared before, becomes what follows now.
async fn order(conn: &mut PgConnection, question: &Question, task: &TaskOrder, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query_file!(
        "src/web/answer/task.sql",
        question.message_id,
        task.kind,
        question.job,
        question.customer_id,
        task.title,
        task.to,
        now,
        now + TimeDelta::seconds(task.due_secs)
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Nothing follows from the answer as it is now: what nobody has touched need not be done.
async fn spare(conn: &mut PgConnection, question: &Question, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update tend.task
         set state = 'cancelled', state_at = $2, detail = detail || '{\"spared\": true}',
             note = 'The customer changed the answer since; as it is now, nothing has to be done.'
         where origin = 'answer:' || $1::bigint and state = 'open' and state_at = created_at",
        question.message_id,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}
