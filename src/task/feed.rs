//! What a person has to do, as a feed for the person's own calendar.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::ics::Entry;

/// Most entries of a feed: a year of eight a day.
const MOST: i64 = 3_000;

/// The tasks of a member of staff from two weeks back to ninety days ahead; none when there is no such person, or the
/// person has left. What was cancelled is left out, so that calendars drop it.
///
/// # Errors
/// When the database cannot be asked.
pub async fn of(staff_id: &str, now: DateTime<Utc>, conn: &mut PgConnection) -> sqlx::Result<Option<Vec<Entry>>> {
    let known = sqlx::query_scalar!(
        r#"select exists (select from crm.staff where staff_id = $1 and active) as "known!""#,
        staff_id
    );
    if !known.fetch_one(&mut *conn).await? {
        return Ok(None);
    }
    let entries = sqlx::query_as!(
        Entry,
        r#"select t.task_id, t.title, coalesce(nullif(c.name, ''), t.customer_id) as "customer!", nullif(c.phone, '') as phone,
                  coalesce(t.on_day, (t.due_at at time zone t.zone)::date) as "day!",
                  (t.on_day + t.starts) at time zone t.zone as begins, case when t.on_day is null then t.due_at end as ends
           from tend.task t
           left join crm.customer c on c.customer_id = t.customer_id
           where t.assignee_id = $1 and t.state <> 'cancelled'
             and t.due_at between $2::timestamptz - interval '14 days' and $2::timestamptz + interval '90 days'
           order by t.due_at, t.task_id
           limit $3"#,
        staff_id,
        now,
        MOST
    );
    Ok(Some(entries.fetch_all(conn).await?))
}
