//! Writes an answer down, and what follows from it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{Question, Said};
use crate::outbox::survey::TaskOrder;
use crate::task;

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
async fn order(
    conn: &mut PgConnection,
    question: &Question,
    order: &TaskOrder,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let made = sqlx::query_file_scalar!(
        "src/web/answer/task.sql",
        question.message_id,
        order.kind,
        question.job,
        question.customer_id,
        order.title,
        order.to,
        now,
        now + TimeDelta::seconds(order.due_secs)
    );
    let made = made.fetch_all(&mut *conn).await?;
    task::assign(conn, &made, now).await.map(drop)
}

/// Nothing follows from the answer as it is now: what nobody has touched need not be done.
async fn spare(conn: &mut PgConnection, question: &Question, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "with spared as (
             update tend.task
             set state = 'cancelled', state_at = $2, detail = detail || '{\"spared\": true}',
                 note = 'The customer changed the answer since; as it is now, nothing has to be done.'
             where origin = 'answer:' || $1::bigint and state = 'open' and state_at = created_at
             returning task_id, assignee_id, note
         )
         insert into tend.task_event (task_id, at, what, from_state, staff_id, note)
         select task_id, $2, 'cancelled', 'open', assignee_id, note from spared",
        question.message_id,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}
