//! What a run wrote, or a preview would write.

use std::fmt::Write as _;

use serde_json::json;
use sqlx::PgConnection;

use crate::engine::door::{Explained, JobError, Run};

/// Lines shown.
const SHOWN: usize = 40;

/// The letters of a run: who gets one, and how much is in it.
pub(super) async fn explain(run: &Run, conn: &mut PgConnection) -> Result<Explained, JobError> {
    let rows = sqlx::query!(
        r#"select substr(o.recipient, 7) as "staff_id!", coalesce(s.name, '') as "name!", o.locale, o.not_before,
                  coalesce((l.data ->> 'overdue_count')::bigint, 0) as "overdue!", coalesce((l.data ->> 'today_count')::bigint, 0) as "today!",
                  coalesce((l.data ->> 'week_count')::bigint, 0) as "week!"
           from tend.outbox o
           join tend.letter l using (message_id)
           left join crm.staff s on o.recipient = 'staff:' || s.staff_id
           where o.run_id = $1 and o.job = $2
           order by 5 desc, 6 desc, 1"#,
        run.run_id,
        run.job
    )
    .fetch_all(conn)
    .await?;
    let mut text = format!("{} agendas for {}.\n", rows.len(), run.business_date);
    if !rows.is_empty() {
        let _ = writeln!(text, "\n{:>8} {:>6} {:>6}  who", "overdue", "today", "later");
    }
    for row in rows.iter().take(SHOWN) {
        let who = [row.name.as_str(), row.staff_id.as_str()].join(" ");
        let _ = writeln!(text, "{:>8} {:>6} {:>6}  {}", row.overdue, row.today, row.week, who.trim());
    }
    if rows.len() > SHOWN {
        let _ = writeln!(text, "… and {} more: --json lists all", rows.len() - SHOWN);
    }
    let agendas: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({ "staff_id": row.staff_id, "locale": row.locale, "not_before": row.not_before, "overdue": row.overdue,
                    "today": row.today, "week": row.week })
        })
        .collect();
    Ok(Explained { json: json!({ "date": run.business_date, "agendas": agendas }), text, html: None })
}
