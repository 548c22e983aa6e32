//! What became of the slots.

use sqlx::PgConnection;

use super::{Cell, Section};
use crate::simulate::Stretch;

/// Slots that did not become a run, or not a whole one.
pub(super) async fn troubled(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Section>> {
    let rows = sqlx::query!(
        r#"select job, state, coalesce(error, reason, note, '') as "why!", count(*) as "runs!", min(business_date) as "first!"
           from tend.job_run
           where slot >= $1 and slot < $2 and (state <> 'succeeded' or note is not null and starts_with(note, 'ran without'))
           group by job, state, 3 order by 4 desc, job, 3"#,
        stretch.from,
        stretch.to
    )
    .fetch_all(conn)
    .await?;
    let row = rows.into_iter().map(|row| {
        let became = if row.state == "succeeded" { "without another".to_owned() } else { row.state };
        vec![
            Cell::Word(row.job),
            Cell::Word(became),
            Cell::Count(row.runs),
            Cell::Day(Some(row.first)),
            Cell::Word(row.why),
        ]
    });
    Ok(vec![Section {
        key: "trouble",
        title: "Runs that did not go as they should",
        note: "",
        columns: vec![("job", "job"), ("became", "became"), ("runs", "runs"), ("first", "first on"), ("why", "why")],
        rows: row.collect(),
        names: 2,
        figure: Some(2),
    }])
}

/// Slots and runs of each job.
pub(super) async fn all(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Section>> {
    let rows = sqlx::query!(
        r#"select job, count(*) as "runs!", count(*) filter (where state = 'succeeded') as "done!"
           from tend.job_run where slot >= $1 and slot < $2 group by job order by job"#,
        stretch.from,
        stretch.to
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| vec![Cell::Word(row.job), Cell::Count(row.runs), Cell::Count(row.done)]);
    Ok(vec![Section {
        key: "runs",
        title: "Runs",
        note: "",
        columns: vec![("job", "job"), ("slots", "slots"), ("succeeded", "succeeded")],
        rows: rows.collect(),
        names: 1,
        figure: Some(1),
    }])
}
