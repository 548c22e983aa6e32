//! What becomes of the tasks of some jobs as time goes by. Each is for the runs of the job that looks after them, and a second
//! time changes nothing.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Opens what was planned for until now; gives how many.
///
/// # Errors
/// When the database refuses.
pub async fn open_due(conn: &mut PgConnection, jobs: &[String], at: DateTime<Utc>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"with opened as (
               update tend.task set state = 'open', state_at = $2
               where job = any ($1::text[]) and state = 'planned' and opens_at <= $2
               returning task_id, assignee_id
           ),
           noted as (
               insert into tend.task_event (task_id, at, what, from_state, staff_id)
               select task_id, $2, 'opened', 'planned', assignee_id from opened order by task_id
           )
           select count(*) as "opened!" from opened"#,
        jobs,
        at
    )
    .fetch_one(conn)
    .await
}

/// Gives what is overdue to the supervisor of whoever has it, once; it stays open. Gives the numbers of these tasks. Where
/// there is no supervisor, or it is the supervisor's already with nobody above, it stays where it is and counts as told.
///
/// # Errors
/// When the database refuses.
pub async fn escalate(conn: &mut PgConnection, jobs: &[String], at: DateTime<Utc>) -> sqlx::Result<Vec<i64>> {
    sqlx::query_file_scalar!("src/task/escalate.sql", jobs, at).fetch_all(conn).await
}

/// Ends these tasks as missed, as far as they are overdue and not over; gives their numbers.
///
/// # Errors
/// When the database refuses.
pub async fn miss(conn: &mut PgConnection, tasks: &[i64], at: DateTime<Utc>) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"with late as materialized (
               select task_id, state from tend.task
               where task_id = any ($1) and state in ('planned', 'open') and due_at < $2
               order by task_id for update
           ),
           missed as (
               update tend.task t set state = 'missed', state_at = $2 from late l where t.task_id = l.task_id
               returning t.task_id, l.state, t.assignee_id
           ),
           noted as (
               insert into tend.task_event (task_id, at, what, from_state, staff_id)
               select task_id, $2, 'missed', state, assignee_id from missed order by task_id
           )
           select task_id from missed order by task_id"#,
        tasks,
        at
    )
    .fetch_all(conn)
    .await
}

/// Cancels these tasks because tend has found that nobody needs them any more, as far as they are not over; gives how many.
///
/// # Errors
/// When the database refuses.
pub async fn cancel(conn: &mut PgConnection, tasks: &[i64], why: &str, at: DateTime<Utc>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"with idle as materialized (
               select task_id, state from tend.task where task_id = any ($1) and state in ('planned', 'open')
               order by task_id for update
           ),
           cancelled as (
               update tend.task t set state = 'cancelled', state_at = $3, note = $2 from idle i where t.task_id = i.task_id
               returning t.task_id, i.state, t.assignee_id
           ),
           noted as (
               insert into tend.task_event (task_id, at, what, from_state, staff_id, note)
               select task_id, $3, 'cancelled', state, assignee_id, $2 from cancelled order by task_id
           )
           select count(*) as "cancelled!" from cancelled"#,
        tasks,
        why,
        at
    )
    .fetch_one(conn)
    .await
}
