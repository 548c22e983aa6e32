//! Visits: how many a week, by whom, and what is short.

use sqlx::PgConnection;

use super::{Cell, Section};
use crate::simulate::Stretch;

pub(super) async fn sections(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Section>> {
    Ok(vec![weeks(conn, stretch).await?, people(conn, stretch).await?, short(conn).await?])
}

async fn weeks(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select t.job, date_trunc('week', t.on_day)::date as "monday!", count(*) as "visits!",
                  count(distinct t.assignee_id) as "people!", count(distinct t.customer_id) as "customers!"
           from tend.task t
           where t.kind = 'visit' and t.state <> 'cancelled' and t.on_day >= ($1::timestamptz at time zone $3)::date
             and t.on_day < ($2::timestamptz at time zone $3)::date
           group by 1, 2 order by 1, 2"#,
        stretch.from,
        stretch.to,
        stretch.zone.name()
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let figures = [row.visits, row.people, row.customers].map(Cell::Count);
        [Cell::Word(row.job), Cell::Word(row.monday.to_string())].into_iter().chain(figures).collect()
    });
    Ok(Section {
        key: "visits",
        title: "Visits a week",
        note: "Each is taken to be made on its day.",
        columns: vec![
            ("job", "job"),
            ("week", "week from"),
            ("visits", "visits"),
            ("people", "people"),
            ("customers", "customers"),
        ],
        rows: rows.collect(),
        names: 2,
        figure: Some(2),
    })
}

async fn people(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select d.job, coalesce(d.assignee_id, '') as "staff_id!", sum(d.visits)::bigint as "visits!", count(*) as "days!",
                  max(d.visits) as "most!"
           from (select t.job, t.assignee_id, t.on_day, count(*) as visits from tend.task t
                 where t.kind = 'visit' and t.state <> 'cancelled' and t.on_day >= ($1::timestamptz at time zone $3)::date
                   and t.on_day < ($2::timestamptz at time zone $3)::date
                 group by 1, 2, 3) d
           group by 1, 2 order by 1, 3 desc, 2"#,
        stretch.from,
        stretch.to,
        stretch.zone.name()
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let figures = [row.visits, row.days, row.most].map(Cell::Count);
        [Cell::Word(row.job), Cell::Word(row.staff_id)].into_iter().chain(figures).collect()
    });
    Ok(Section {
        key: "visits_by_person",
        title: "Who visits",
        note: "",
        columns: vec![
            ("job", "job"),
            ("staff_id", "person"),
            ("visits", "visits"),
            ("days", "days with any"),
            ("most", "most on a day"),
        ],
        rows: rows.collect(),
        names: 2,
        figure: Some(2),
    })
}

async fn short(conn: &mut PgConnection) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select job, level, short_why as "why!", count(*) as "customers!", sum(short)::bigint as "visits!"
           from tend.visit_customer where short > 0 group by 1, 2, 3 order by 1, 5 desc, 2, 3"#
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let why = match row.why.as_str() {
            "full" => "the days are full",
            "gap" => "too close to another visit",
            _ => "nobody can go",
        };
        let words = [row.job, row.level, why.to_owned()].map(Cell::Word);
        words.into_iter().chain([row.customers, row.visits].map(Cell::Count)).collect()
    });
    Ok(Section {
        key: "visits_short",
        title: "Visits without a day at the end",
        note: "",
        columns: vec![
            ("job", "job"),
            ("level", "level"),
            ("why", "why"),
            ("customers", "customers"),
            ("visits", "visits"),
        ],
        rows: rows.collect(),
        names: 3,
        figure: Some(4),
    })
}
