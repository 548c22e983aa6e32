//! Who moved on the ladders.

use sqlx::PgConnection;

use super::{Cell, Section};
use crate::simulate::Stretch;

pub(super) async fn sections(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Section>> {
    Ok(vec![moves(conn, stretch).await?, levels(conn, stretch).await?])
}

async fn moves(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select ladder, from_level, to_level, direction, count(*) as "moves!", count(distinct customer_id) as "customers!"
           from tend.ladder_move where at >= $1 and at < $2
           group by 1, 2, 3, 4 order by 1, 5 desc, 2, 3"#,
        stretch.from,
        stretch.to
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let way = if row.direction == "rose" { "▲" } else { "▼" };
        let words = [row.ladder, format!("{way} {} → {}", row.from_level, row.to_level)].map(Cell::Word);
        words.into_iter().chain([Cell::Count(row.moves), Cell::Count(row.customers)]).collect()
    });
    Ok(Section {
        key: "moves",
        title: "Moves on ladders",
        note: "Nobody buys in a simulation, so that customers fall more than they will.",
        columns: vec![("ladder", "ladder"), ("move", "move"), ("moves", "moves"), ("customers", "customers")],
        rows: rows.collect(),
        names: 2,
        figure: Some(2),
    })
}

async fn levels(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"with now as (
               select ladder, level, count(*) as customers from tend.ladder_state group by 1, 2
           ), moved as (
               -- where those who moved stood at first
               select distinct on (customer_id, ladder) customer_id, ladder, from_level
               from tend.ladder_move where at >= $1 and at < $2
               order by customer_id, ladder, at, run_id
           ), before as (
               -- who came in the stretch stood nowhere
               select s.ladder, coalesce(m.from_level, case when s.since < $1 then s.level end) as level, count(*) as customers
               from tend.ladder_state s
               left join moved m on m.customer_id = s.customer_id and m.ladder = s.ladder
               group by 1, 2
           )
           select coalesce(now.ladder, before.ladder) as "ladder!", coalesce(now.level, before.level) as "level!",
                  coalesce(before.customers, 0) as "before!", coalesce(now.customers, 0) as "after!"
           from now full join before on before.ladder = now.ladder and before.level = now.level
           where coalesce(now.level, before.level) is not null
             and exists (select from tend.job j where j.job = coalesce(now.ladder, before.ladder) and j.enabled and j.removed_at is null)
           order by 1, 4 desc, 2"#,
        stretch.from,
        stretch.to
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        vec![Cell::Word(row.ladder), Cell::Word(row.level), Cell::Count(row.before), Cell::Count(row.after)]
    });
    Ok(Section {
        key: "levels",
        title: "Customers on each level",
        note: "",
        columns: vec![("ladder", "ladder"), ("level", "level"), ("before", "before"), ("after", "after")],
        rows: rows.collect(),
        names: 2,
        figure: Some(3),
    })
}
