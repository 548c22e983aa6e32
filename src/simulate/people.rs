//! What people do in a simulation: they make the visits of each day.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Records the visits whose time is over by `now` as made when it was. Those over by `since` have been: what else is overdue
/// grows over a year, and is not to be read at every instant.
///
/// # Errors
/// When the database refuses.
pub async fn visit(conn: &mut PgConnection, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "with made as (
             update tend.task set state = 'done', state_at = greatest(due_at, created_at)
             where kind = 'visit' and state in ('planned', 'open') and due_at <= $1
               and due_at > coalesce($2::timestamptz, '-infinity')
             returning task_id, assignee_id, state_at
         )
         insert into tend.task_event (task_id, at, what, from_state, staff_id)
         select task_id, state_at, 'done', 'open', assignee_id from made",
        now,
        since
    )
    .execute(conn)
    .await
    .map(drop)
}
