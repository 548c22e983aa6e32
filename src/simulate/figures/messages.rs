//! Messages to customers: sent, not sent and why, caps, busy customers, coupon codes. Those to people of the house are letters.

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::PgConnection;

use super::{Cell, Column, Section, Sent};
use crate::jobs::message::refusal_in_words;
use crate::simulate::Stretch;

/// Customers named as the busiest.
const BUSIEST: i64 = 10;

pub(super) async fn sections(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Section>> {
    Ok(vec![
        by_job(conn, stretch).await?,
        busiest(conn, stretch).await?,
        caps(conn, stretch).await?,
        reasons(conn, stretch).await?,
        stuck(conn, stretch).await?,
        coupons(conn, stretch).await?,
    ])
}

/// Messages by day and job, in order.
///
/// # Errors
/// When the copy refuses.
pub async fn sent(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Sent>> {
    sqlx::query_as!(
        Sent,
        r#"select (state_at at time zone $3)::date as "day!", job, count(*) as "messages!" from tend.outbox
           where recipient is null and state in ('accepted', 'delivered') and state_at >= $1 and state_at < $2
           group by 1, 2 order by 1, 2"#,
        stretch.from,
        stretch.to,
        stretch.zone.name()
    )
    .fetch_all(conn)
    .await
}

/// Customers with the number of messages they got, in the order of the bytes of their ids.
pub fn per_customer<'c>(conn: &'c mut PgConnection, stretch: &Stretch) -> BoxStream<'c, sqlx::Result<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select customer_id, count(*) as "messages!" from tend.outbox
           where recipient is null and state in ('accepted', 'delivered') and state_at >= $1 and state_at < $2
           group by customer_id order by customer_id collate "C""#,
        stretch.from,
        stretch.to
    );
    Box::pin(rows.fetch(conn).map_ok(|row| (row.customer_id, row.messages)))
}

async fn by_job(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select job, channel, count(*) as "messages!", count(distinct customer_id) as "customers!",
                  min(state_at at time zone $3)::date as "first!", max(state_at at time zone $3)::date as "last!"
           from tend.outbox
           where recipient is null and state in ('accepted', 'delivered') and state_at >= $1 and state_at < $2
           group by job, channel order by 3 desc, 1, 2"#,
        stretch.from,
        stretch.to,
        stretch.zone.name()
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let figures = [Cell::Count(row.messages), Cell::Count(row.customers)];
        let days = [Cell::Day(Some(row.first)), Cell::Day(Some(row.last))];
        [Cell::Word(row.job), Cell::Word(row.channel)].into_iter().chain(figures).chain(days).collect()
    });
    Ok(Section {
        key: "sends",
        title: "Messages sent, by job",
        note: "",
        columns: vec![
            ("job", "job"),
            ("channel", "channel"),
            ("messages", "messages"),
            ("customers", "customers"),
            ("first", "first on"),
            ("last", "last on"),
        ],
        rows: rows.collect(),
        names: 2,
        figure: Some(2),
    })
}

async fn busiest(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select customer_id, sum(messages)::bigint as "messages!",
                  string_agg(job || ' ' || messages, ', ' order by messages desc, job) as "jobs!"
           from (select customer_id, job, count(*) as messages from tend.outbox
                 where recipient is null and state in ('accepted', 'delivered') and state_at >= $1 and state_at < $2 group by 1, 2) m
           group by customer_id order by 2 desc, customer_id collate "C" limit $3"#,
        stretch.from,
        stretch.to,
        BUSIEST
    )
    .fetch_all(conn)
    .await?;
    let rows =
        rows.into_iter().map(|row| vec![Cell::Word(row.customer_id), Cell::Count(row.messages), Cell::Word(row.jobs)]);
    Ok(Section {
        key: "busiest",
        title: "Customers who get most",
        note: "",
        columns: vec![("customer_id", "customer"), ("messages", "messages"), ("jobs", "from")],
        rows: rows.collect(),
        names: 1,
        figure: None,
    })
}

/// Occasions and those who had them, by job and something else.
fn occasions(
    (key, title, note): (&'static str, &'static str, &'static str),
    by: [Column; 2],
    rows: impl Iterator<Item = ([String; 2], i64, i64)>,
) -> Section {
    let rows = rows.map(|(words, occasions, customers)| {
        words.map(Cell::Word).into_iter().chain([Cell::Count(occasions), Cell::Count(customers)]).collect()
    });
    let figures = [("occasions", "occasions"), ("customers", "customers")];
    let columns = by.into_iter().chain(figures).collect();
    Section { key, title, note, columns, rows: rows.collect(), names: 2, figure: Some(2) }
}

async fn caps(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select coalesce(detail ->> 'cap', '') as "cap!", job, count(*) as "occasions!", count(distinct customer_id) as "customers!"
           from tend.decision where reason = 'capped' and last_at >= $1 and last_at < $2
           group by 1, 2 order by 3 desc, 1, 2"#,
        stretch.from,
        stretch.to
    )
    .fetch_all(conn)
    .await?;
    let told = "An occasion is counted once, on however many days the cap was full; some were sent later.";
    let rows = rows.into_iter().map(|row| ([row.cap, row.job], row.occasions, row.customers));
    Ok(occasions(("caps", "Caps hit", told), [("cap", "cap"), ("job", "job")], rows))
}

async fn reasons(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select d.job, d.reason, count(*) as "occasions!", count(distinct d.customer_id) as "customers!"
           from tend.decision d
           where d.last_at >= $1 and d.last_at < $2
             and not exists (select from tend.outbox m where m.job = d.job and m.customer_id = d.customer_id
                               and m.occasion = d.occasion and m.step = d.step)
           group by 1, 2 order by 3 desc, 1, 2"#,
        stretch.from,
        stretch.to
    )
    .fetch_all(conn)
    .await?;
    let told = "Of those in the audience. An occasion with several reasons is counted with each.";
    let rows =
        rows.into_iter().map(|row| ([row.job, refusal_in_words(&row.reason, None)], row.occasions, row.customers));
    let by = [("job", "job"), ("reason", "reason")];
    Ok(occasions(("not_sent", "Occasions without a message, and why", told), by, rows))
}

async fn stuck(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select job, channel, state, coalesce(state_reason, '') as "why!", count(*) as "messages!"
           from tend.outbox
           where state not in ('accepted', 'delivered') and (created_at >= $1 or state_at >= $1)
             -- what waits for its hours at the end is on its way
             and not (state = 'planned' and not_before >= $2)
           group by 1, 2, 3, 4 order by 5 desc, 1, 2, 3, 4"#,
        stretch.from,
        stretch.to
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let why = match (row.state.as_str(), row.why.is_empty()) {
            ("planned", true) => "no channel of the settings carries it".to_owned(),
            _ => row.why,
        };
        let words = [row.job, row.channel, row.state, why].map(Cell::Word);
        words.into_iter().chain([Cell::Count(row.messages)]).collect()
    });
    Ok(Section {
        key: "stuck",
        title: "Messages planned and not sent",
        note: "",
        columns: vec![
            ("job", "job"),
            ("channel", "channel"),
            ("state", "state"),
            ("why", "why"),
            ("messages", "messages"),
        ],
        rows: rows.collect(),
        names: 4,
        figure: Some(4),
    })
}

async fn coupons(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Section> {
    let rows = sqlx::query!(
        r#"select p.pool, c.used as "used!", c."left" as "left!", w.waiting as "waiting!",
                  case when c."left" = 0 then (greatest(c.last_taken, c.last_end::timestamp at time zone 'UTC') at time zone $3)::date end as empty_since
           from tend.coupon_pool p
           cross join lateral (
               select count(*) filter (where c.reserved_at >= $1 and c.reserved_at < $2) as used,
                      count(*) filter (where c.reserved_at is null and coalesce(c.expires_on, 'infinity') >= d.last_day) as "left",
                      max(c.reserved_at) as last_taken,
                      max(c.expires_on) filter (where c.reserved_at is null) as last_end
               from (select (($2::timestamptz - interval '1 second') at time zone 'UTC')::date as last_day) d
               left join tend.coupon c on c.pool = p.pool) c
           cross join lateral (
               select count(*) as waiting from tend.outbox o
               where o.created_at >= $1 and o.created_at < $2 and o.data -> 'coupon' ->> 'pool' = p.pool and o.coupon_id is null
                 and o.state in ('held', 'expired')) w
           order by p.pool"#,
        stretch.from,
        stretch.to,
        stretch.zone.name()
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let figures = [row.used, row.left, row.waiting].map(Cell::Count);
        std::iter::once(Cell::Word(row.pool)).chain(figures).chain([Cell::Day(row.empty_since)]).collect()
    });
    Ok(Section {
        key: "coupons",
        title: "Coupon codes",
        note: "",
        columns: vec![
            ("pool", "pool"),
            ("used", "used"),
            ("left", "left"),
            ("waiting", "messages left waiting"),
            ("empty_since", "empty since"),
        ],
        rows: rows.collect(),
        names: 1,
        figure: Some(1),
    })
}
