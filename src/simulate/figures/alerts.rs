//! Who would be told about deadlines of tickets, day by day.

use sqlx::PgConnection;

use super::{Cell, Section};
use crate::simulate::Stretch;

/// Alerts a day and job.
pub(super) async fn sections(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Section>> {
    let rows = sqlx::query!(
        r#"select (noticed_at at time zone $3)::date as "day!", job, count(*) filter (where state in ('told', 'summed')) as "told!",
                  count(*) filter (where state = 'dropped') as "dropped!", count(distinct ticket_id) as "tickets!"
           from tend.sla_alert
           where noticed_at >= $1 and noticed_at < $2
           group by 1, 2 order by 1, 2"#,
        stretch.from,
        stretch.to,
        stretch.zone.name()
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let day = Cell::Day(Some(row.day));
        vec![day, Cell::Word(row.job), Cell::Count(row.told), Cell::Count(row.tickets), Cell::Count(row.dropped)]
    });
    Ok(vec![Section {
        key: "alerts",
        title: "Alerts about deadlines of tickets",
        note: "Nothing happens to tickets during a simulation: what is open stays open.",
        columns: vec![
            ("day", "day"),
            ("job", "job"),
            ("told", "told"),
            ("tickets", "tickets"),
            ("not_needed", "not needed"),
        ],
        rows: rows.collect(),
        names: 2,
        figure: Some(2),
    }])
}
