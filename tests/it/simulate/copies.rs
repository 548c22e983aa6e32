//! The copy: all rows, nothing of the original's life, gone afterwards.

use tend::db::{Database, DatabaseSettings, NotACopy, take_over};
use tend::outbox::home::{self, Place};
use tend::simulate::begin;
use tokio_util::sync::CancellationToken;

use super::{Company, books, copy_of, count, same};
use crate::support::{World, instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_every_row_and_goes_on_counting_where_the_original_stands() {
    let company = Company::shipped(60, "2026-06-01").await;
    let live = company.stretch("2026-05-31T16:00:00Z", "2026-06-01T16:00:00Z");
    // a history to copy: a day of the company on a first copy
    let first = company.copy().await;
    company.simulate(&first, live).await;
    let settings = DatabaseSettings::new(company.world.url());
    let second = tend::db::Copy::make(first.db(), &settings, &CancellationToken::new(), |_| {}).await.unwrap();
    same(&books(first.db().pool(), true).await, &books(second.db().pool(), true).await);
    let next = "select max(last_value) from pg_sequences where sequencename = 'job_run_run_id_seq'";
    assert_eq!(count(first.db(), next).await, count(second.db(), next).await);
    assert!(count(second.db(), "select count(*) from tend.job_run").await > 10);
    // triggers that noted all that came before are trusted, others are not
    let watched = "select count(*) from tend.change_reader where watch = tend.change_watch()";
    assert!(count(first.db(), watched).await > 0);
    assert_eq!(count(first.db(), watched).await, count(second.db(), watched).await);
    first.close().await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_sends_nothing_and_has_no_secret() {
    let world = World::new().await;
    world
        .sql(
            "insert into tend.link_secret (secret) values ('s3cret');
             insert into tend.dispatcher (host, registered_at, lease_until) values ('alive', 'epoch', 'infinity')",
        )
        .await;
    let copy = copy_of(&world).await;
    assert_eq!(count(copy.db(), "select count(*) from tend.link_secret").await, 0);
    assert_eq!(count(copy.db(), "select count(*) from tend.dispatcher").await, 0);
    let place = home::look(&mut copy.db().pool().acquire().await.unwrap()).await.unwrap();
    assert_eq!(place, Place::Moved, "a dispatcher that starts on it holds everything");
    let name = copy.name().to_owned();
    let exists = format!("select count(*) from pg_database where datname = '{name}'");
    assert_eq!(world.value(&exists).await, "1");
    copy.close().await;
    assert_eq!(world.value(&exists).await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_made_while_the_original_is_at_work_and_where_crm_is_views() {
    let world = World::new().await;
    world
        .sql(
            "create schema company;
             alter table crm.customer set schema company; alter table crm.product_view set schema company;
             alter table crm.orders set schema company;
             alter table company.customer alter column status drop not null;
             alter table company.orders drop constraint orders_status_check;
             create view crm.customer as select * from company.customer;
             create view crm.orders as select * from company.orders;
             insert into company.customer (customer_id, status) values ('nobody knows', null);
             insert into company.orders (customer_id, order_id, placed_at, amount, status) values ('a''b', 'o', '2026-01-01Z', 5, 'shipped');
             create view crm.product_view as select customer_id, view_id::varchar as view_id, at, product_id, channel, 1 as further from company.product_view;
             insert into company.customer (customer_id, tags, attributes) values ('a''b', '{\"x y\",z}', '{\"k\": \"\\\\n\\t\"}');
             insert into company.product_view (customer_id, view_id, at, product_id) values ('a''b', 'v', '2026-01-01Z', E'p\\\\\\n\\t')",
        )
        .await;
    let mut busy = world.pool().begin().await.unwrap();
    sqlx::query("insert into company.customer (customer_id) values ('not yet')").execute(&mut *busy).await.unwrap();
    let copy = copy_of(&world).await;
    busy.commit().await.unwrap();
    let rows =
        "select coalesce(string_agg(x::text, ' '), '') from (select customer_id, tags, attributes from crm.customer) x";
    let views = "select string_agg(concat_ws('|', customer_id, view_id, product_id), ' ') from crm.product_view";
    // values that the contract's own tables would refuse are copied as the views show them
    let odd = "select count(*) || ' ' || (select string_agg(status, ' ') from crm.orders) from crm.customer where status is null";
    assert_eq!(world.value(odd).await, "1 shipped");
    for query in [views, odd, rows] {
        let query = if query == rows { format!("{rows} where customer_id <> 'not yet'") } else { query.to_owned() };
        let copied: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(query.clone())).fetch_one(copy.db().pool()).await.unwrap();
        assert_eq!(copied, world.value(&query).await);
    }
    let kind = "select count(*) from pg_class where oid = 'crm.customer'::regclass and relkind = 'r'";
    assert_eq!(count(copy.db(), kind).await, 1, "a table, whatever the original has");
    copy.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_interrupted_leaves_nothing_behind() {
    let world = World::with_own_server().await;
    let databases = "select string_agg(datname, ' ' order by datname) from pg_database";
    let before = world.value(databases).await;
    let stop = CancellationToken::new();
    stop.cancel();
    let settings = DatabaseSettings::new(world.url());
    let made = tend::db::Copy::make(world.db(), &settings, &stop, |_| {}).await;
    assert!(matches!(made, Err(tend::db::CopyError::Interrupted)));
    assert_eq!(world.value(databases).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_copy_is_taken_for_one() {
    let (original, other) = (World::new().await, World::new().await);
    let said = async |db: &Database, said: bool| take_over(db, original.db(), said).await;
    assert!(matches!(said(original.db(), true).await, Err(NotACopy::Original)));
    assert!(matches!(said(other.db(), false).await, Err(NotACopy::Unmarked)));
    other
        .sql("insert into tend.replica (instance, host, version, started_at, seen_at) values (gen_random_uuid(), 'shop:7', '1', now(), clock_timestamp())")
        .await;
    let refused = said(other.db(), true).await.unwrap_err();
    assert!(refused.to_string().starts_with("shop:7 is at work"), "{refused}");
    other.sql("update tend.replica set seen_at = now() - interval '3 minutes'").await;
    // a lease without an end is what a simulation left that was killed
    other.sql("insert into tend.dispatcher (host, registered_at, lease_until) values ('s', now(), 'infinity')").await;
    let taken = said(other.db(), true).await.unwrap();
    assert_eq!(other.value("select count(*) from tend.replica").await, "0");
    assert_eq!(other.value("select count(*) from tend.dispatcher").await, "0");
    assert!(matches!(said(other.db(), true).await, Err(NotACopy::Simulated)));
    taken.release().await;
    said(other.db(), true).await.unwrap().release().await;
    // it is on record as a copy now; a database that is its own place never is one
    let mut conn = other.pool().acquire().await.unwrap();
    assert_eq!(home::look(&mut conn).await.unwrap(), Place::Moved);
    home::settle(&mut conn, "ann", instant("2026-06-01T00:00:00Z")).await.unwrap();
    assert!(matches!(said(other.db(), true).await, Err(NotACopy::Sends)));
    let copy = copy_of(&original).await;
    said(copy.db(), false).await.unwrap().release().await;
    copy.close().await;
}

#[tokio::test]
async fn a_simulation_begins_where_the_data_stand() {
    let world = World::new().await;
    let mut conn = world.pool().acquire().await.unwrap();
    let zone = chrono_tz::Asia::Shanghai;
    let now = instant("2026-06-01T04:00:00Z");
    assert_eq!(begin(&mut conn, None, now, zone).await.unwrap(), now);
    let stand = instant("2026-06-01T01:00:00Z");
    world
        .sql(&format!("insert into tend.ladder (ladder, as_of, run_id, spec_hash) values ('l', '{stand}', 1, 'x')"))
        .await;
    assert_eq!(begin(&mut conn, None, now, zone).await.unwrap(), now);
    assert_eq!(begin(&mut conn, None, instant("2026-05-01T00:00:00Z"), zone).await.unwrap(), stand);
    let midnight = instant("2026-05-31T16:00:00Z");
    assert_eq!(begin(&mut conn, Some(midnight), now, zone).await.unwrap(), stand, "a day under way");
    let later = instant("2026-07-01T00:00:00Z");
    assert_eq!(begin(&mut conn, Some(later), now, zone).await.unwrap(), later);
    let refused = begin(&mut conn, Some(instant("2026-05-30T00:00:00Z")), now, zone).await.unwrap_err();
    assert!(refused.to_string().starts_with("the data have come to 2026-06-01 09:00 +08:00"), "{refused}");
}
