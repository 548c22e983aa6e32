//! Who does it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Finds who does each of these tasks, as far as they are open or planned, from whose they are (`tend.task.team`):
///
/// 1. `assignee`: who had the ticket, else the customer's owner; `owner`: the owner; `supervisor`: whom the owner reports
///    to, else whom the ticket's assignee reports to. Who is away on that day or has left is stood in for by the deputy;
/// 2. else the member of the team with the least open work who is there: of the team the task names, else of the
///    assignee's or the owner's; for a supervisor's task one of the supervisors there. Of several tasks at once each goes to
///    who then has the least, equals in the order of their ids;
/// 3. else a supervisor of these people;
/// 4. else nobody.
///
/// Gives how many have somebody else now than before.
///
/// # Errors
/// When the database refuses.
pub async fn assign(conn: &mut PgConnection, tasks: &[i64], at: DateTime<Utc>) -> sqlx::Result<i64> {
    if tasks.is_empty() {
        return Ok(0);
    }
    sqlx::query_file_scalar!("src/task/assign.sql", tasks, at).fetch_one(conn).await
}

/// The same for the tasks of these jobs that have nobody, or somebody who has left, or who is away until they are due.
///
/// # Errors
/// When the database refuses.
pub async fn assign_again(conn: &mut PgConnection, jobs: &[String], at: DateTime<Utc>) -> sqlx::Result<i64> {
    let orphans = sqlx::query_scalar!(
        r#"select t.task_id
           from tend.task t
           left join crm.staff s on s.staff_id = t.assignee_id
           cross join lateral (select ($2::timestamptz at time zone t.zone)::date as today, (t.due_at at time zone t.zone)::date as due_on) d
           where t.job = any ($1::text[]) and t.state in ('planned', 'open')
             and (t.assignee_id is null or s.staff_id is null or not s.active
                  or t.state = 'open' and exists (select from crm.absence a
                                                  where a.staff_id = s.staff_id and d.today between a.from_day and a.until_day
                                                    and d.due_on <= a.until_day))
           order by t.task_id"#,
        jobs,
        at
    )
    .fetch_all(&mut *conn)
    .await?;
    assign(conn, &orphans, at).await
}
