//! Letters: what people of the house would get, such as agendas and alerts.

use sqlx::PgConnection;

use super::{Cell, Section};
use crate::simulate::Stretch;

/// Letters of each job, with the day on which most go out.
pub(super) async fn sections(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Section>> {
    let rows = sqlx::query!(
        r#"with went as (
               select job, channel, recipient, (state_at at time zone $3)::date as day from tend.outbox
               where recipient is not null and state in ('accepted', 'delivered') and state_at >= $1 and state_at < $2
           ),
           daily as (
               select job, channel, day, count(*) as letters from went group by job, channel, day
           ),
           peak as (
               select distinct on (job, channel) job, channel, day, letters from daily order by job, channel, letters desc, day
           )
           select w.job, w.channel, count(*) as "letters!", count(distinct w.recipient) as "people!", p.letters as "most!", p.day as "peak!"
           from went w
           join peak p on p.job = w.job and p.channel = w.channel
           group by w.job, w.channel, p.day, p.letters
           order by 3 desc, w.job, w.channel"#,
        stretch.from,
        stretch.to,
        stretch.zone.name()
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let figures = [row.letters, row.people, row.most].map(Cell::Count);
        let words = [row.job, row.channel].map(Cell::Word);
        words.into_iter().chain(figures).chain([Cell::Day(Some(row.peak))]).collect()
    });
    Ok(vec![Section {
        key: "letters",
        title: "Letters to people of the house",
        note: "",
        columns: vec![
            ("job", "job"),
            ("channel", "channel"),
            ("letters", "letters"),
            ("people", "people"),
            ("most", "most a day"),
            ("peak", "on"),
        ],
        rows: rows.collect(),
        names: 2,
        figure: Some(2),
    }])
}
