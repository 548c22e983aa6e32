//! What people would have to do.

use sqlx::PgConnection;

use super::{Cell, Section};
use crate::simulate::Stretch;

/// Tasks of each job, with the day on which most are made, and on how many people they fall.
pub(super) async fn sections(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Section>> {
    let rows = sqlx::query!(
        r#"with made as (
               select t.job, t.kind, coalesce(t.on_day, (t.created_at at time zone $3)::date) as day, t.assignee_id
               from tend.task t
               where t.created_at >= $1 and t.created_at < $2
           ),
           daily as (
               select job, kind, day, count(*) as tasks from made group by job, kind, day
           ),
           peak as (
               select distinct on (job, kind) job, kind, day, tasks from daily order by job, kind, tasks desc, day
           )
           select m.job, m.kind, count(*) as "tasks!", count(distinct m.assignee_id) as "people!",
                  count(*) filter (where m.assignee_id is null) as "nobody!", p.day as "peak!", p.tasks as "most!"
           from made m
           join peak p on p.job = m.job and p.kind = m.kind
           group by m.job, m.kind, p.day, p.tasks
           order by 3 desc, m.job, m.kind"#,
        stretch.from,
        stretch.to,
        stretch.zone.name()
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        vec![
            Cell::Word(row.job),
            Cell::Word(row.kind),
            Cell::Count(row.tasks),
            Cell::Count(row.people),
            Cell::Count(row.nobody),
            Cell::Count(row.most),
            Cell::Day(Some(row.peak)),
        ]
    });
    Ok(vec![Section {
        key: "tasks",
        title: "What people would have to do",
        note: "Nobody does them in a simulation: no second rounds, and what is overdue is not counted.",
        columns: vec![
            ("job", "job"),
            ("kind", "kind"),
            ("tasks", "tasks"),
            ("people", "people"),
            ("nobody", "of nobody"),
            ("most", "most a day"),
            ("peak", "on"),
        ],
        rows: rows.collect(),
        names: 2,
        figure: Some(2),
    }])
}
