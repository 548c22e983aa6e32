//! Where changes are not noted: over views facts are kept by reading again what is recent, and by a weekly count; and
//! what happened while nobody noted is not missed by the run after it.

use tend::filter::{Frame, keep, watch};
use tend::jobfile::duration::Span;

use super::keeping::differences;
use super::*;

/// A customer on high by one order of a hundred days ago, one who will not be the next day, and one on mid; the orders
/// are a view of the company's.
async fn shop() -> World {
    let world = World::new().await;
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("a", 100, "1500"), ("b", 100, "150"), ("c", 365, "900"), ("c", 3, "150")]).await;
    behind_a_view(&world).await;
    evaluate(&world, &by_amount(), &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(levels(&world).await, ["a\thigh", "b\tmid", "c\thigh"]);
    world
}

/// The orders are the company's table `shop` from now on, which tells nobody of changes, and `crm.orders` a view of it.
async fn behind_a_view(world: &World) {
    world
        .sql(
            "create table shop as table crm.orders; drop table crm.orders;
             create view crm.orders as select * from shop",
        )
        .await;
}

fn order(customer: &str, placed_at: &str, amount: &str) -> String {
    format!(
        "insert into shop (customer_id, order_id, placed_at, amount, status) values ({customer}, 'new', '{placed_at}', {amount}, 'paid')"
    )
}

const NEXT: &str = "2026-06-02T00:00:00Z";
const WEEK_AFTER: &str = "2026-06-08T00:00:00Z";

#[tokio::test]
async fn over_views_what_is_recent_is_seen_by_the_next_run_and_what_lies_further_back_by_the_weekly_count() {
    let nothing = ["high", "mid", "mid"];
    for (what, change, next, week_after) in [
        ("a window moves on", String::new(), nothing, nothing),
        ("new", order("'b'", "2026-06-01T12:00Z", "5000"), ["high", "high", "mid"], ["high", "high", "mid"]),
        ("late", order("'b'", "2026-05-26T12:00Z", "5000"), ["high", "high", "mid"], ["high", "high", "mid"]),
        ("too late", order("'b'", "2026-05-24T12:00Z", "5000"), nothing, ["high", "high", "mid"]),
        ("nobody's", order("null", "2026-05-31T12:00Z", "5000"), nothing, nothing),
        (
            "cancelled",
            "update shop set status = 'cancelled' where order_id = 'o4'".to_owned(),
            ["high", "mid", "normal"],
            ["high", "mid", "normal"],
        ),
        (
            "changes hands",
            "update shop set customer_id = 'b', amount = 900 where order_id = 'o4'".to_owned(),
            ["high", "high", "normal"],
            ["high", "high", "normal"],
        ),
        (
            "deleted",
            "delete from shop where order_id = 'o4'".to_owned(),
            ["high", "mid", "normal"],
            ["high", "mid", "normal"],
        ),
        ("long ago, deleted", "delete from shop where customer_id = 'a'".to_owned(), nothing, ["normal", "mid", "mid"]),
    ] {
        let world = shop().await;
        world.sql(&change).await;
        for (run_id, at, expected) in [(2, NEXT, next), (3, WEEK_AFTER, week_after)] {
            evaluate(&world, &by_amount(), &run(run_id, at)).await.unwrap();
            let found = world.rows("select level from tend.ladder_state order by customer_id").await;
            assert_eq!(found, expected, "{what}, {at}");
        }
        assert_eq!(world.value("select count(*) from tend.fact_difference").await, "0", "{what}: no alarm");
        assert_eq!(world.value("select recounted_at from tend.fact_window").await, "2026-06-08 00:00:00+00", "{what}");
    }
}

#[tokio::test]
async fn over_views_a_night_keeps_the_facts_it_need_not_read_again_and_tells_what_the_weekly_count_corrected() {
    let world = shop().await;
    let bring_up = async |run_id: i64, at: &str| {
        let frame = Frame { as_of: instant(at), timezone: chrono_tz::UTC, window: None };
        let mut transaction = world.pool().begin().await.unwrap();
        watch::lock(&mut transaction).await.unwrap();
        let watch = watch::Watch::read(&mut transaction).await.unwrap();
        let windows = [Span::parse("365d").unwrap()];
        let refreshed = keep::bring_up(&windows, frame, run_id, &watch, &mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        refreshed
    };
    world.sql("update tend.fact set spend = 7 where customer_id = 'a'").await;
    world.sql("delete from shop where customer_id = 'b'").await;
    let night = bring_up(2, NEXT).await;
    assert_eq!(night, keep::Refreshed { recounted: false, corrected: 0 });
    // that of a is what it was made: nothing told of it, and nothing has read its orders again
    assert_eq!(world.value("select spend from tend.fact where customer_id = 'a'").await, "7");
    assert_eq!(world.value("select spend from tend.fact where customer_id = 'c'").await, "150.00");
    let weekly = bring_up(3, WEEK_AFTER).await;
    assert_eq!(weekly, keep::Refreshed { recounted: true, corrected: 2 });
    assert_eq!(differences(&world, "365 days", WEEK_AFTER).await, "0");
    assert_eq!(world.value("select count(*) from tend.fact_difference").await, "0");
}

#[tokio::test]
async fn over_views_random_changes_within_the_overlap_leave_what_a_count_over_all_orders_gives() {
    for seed in 1..4_u64 {
        let world = World::new().await;
        let mut dice = seed * 104_729;
        let mut roll = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % sides
        };
        world.sql("insert into crm.customer (customer_id) select 'c' || n from generate_series(0, 599) n").await;
        world
            .sql(
                "insert into crm.orders (customer_id, order_id, placed_at, amount)
                 select 'c' || n * 7 % 600, 'o' || n, timestamptz '2026-06-01Z' - interval '1 hour' * (n * 37 % 2400), n * 31 % 400
                 from generate_series(1, 1500) n",
            )
            .await;
        behind_a_view(&world).await;
        let job = bare("60d");
        let (mut hours, mut recounts) = (0, std::collections::BTreeSet::new());
        for night in 1..16_i64 {
            let before = (instant("2026-06-01T00:00:00Z") + chrono::TimeDelta::hours(hours)).to_rfc3339();
            hours += 6 + i64::try_from(roll(30)).unwrap();
            let at = (instant("2026-06-01T00:00:00Z") + chrono::TimeDelta::hours(hours)).to_rfc3339();
            for number in 0..roll(12) {
                let (customer, amount) = (roll(600), roll(40) * 10);
                let recent = format!("timestamptz '{before}' - interval '7 days'");
                let one = format!(
                    "order_id = (select order_id from shop where placed_at >= {recent} order by md5(order_id || {amount}) limit 1)"
                );
                let change = match roll(5) {
                    0 => format!("delete from shop where {one}"),
                    1 => format!("update shop set customer_id = 'c{customer}' where {one}"),
                    2 => format!("update shop set status = 'refunded' where {one}"),
                    3 => format!("update shop set amount = {amount} where {one}"),
                    _ => format!(
                        "insert into shop (customer_id, order_id, placed_at, amount, status)
                         values ('c{customer}', 'n{night}-{number}', {recent} + interval '1 hour' * {}, {amount}, 'paid')",
                        roll(24 * 7)
                    ),
                };
                world.sql(&change).await;
            }
            evaluate(&world, &job, &run(night, &at)).await.unwrap();
            assert_eq!(differences(&world, "60 days", &at).await, "0", "seed {seed}, night {night}");
            recounts.insert(world.value("select recounted_at from tend.fact_window").await);
        }
        assert!(recounts.len() < 6, "nearly every night counted everything: {recounts:?}");
    }
}

#[tokio::test]
async fn over_views_everybody_is_judged_so_that_what_changes_about_a_customer_is_seen_at_once() {
    let world = World::new().await;
    customers(&world, &["a", "b"]).await;
    orders(&world, &[("a", 10, "500"), ("b", 10, "500")]).await;
    behind_a_view(&world).await;
    world.sql("create table people as table crm.customer; drop table crm.customer; create view crm.customer as select * from people").await;
    let job = ladder(
        "[[retier.level]]\nname = \"abroad\"\nwhen = { field = \"country\", is = \"FR\" }\n[[retier.level]]\nname = \"rest\"\n",
    );
    evaluate(&world, &job, &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    world.sql("update people set country = 'FR' where customer_id = 'b'").await;
    evaluate(&world, &job, &run(2, NEXT)).await.unwrap();
    assert_eq!(levels(&world).await, ["a\trest", "b\tabroad"]);
}

#[tokio::test]
async fn the_run_status_and_check_say_what_is_seen_over_views_and_when() {
    let world = shop().await;
    let why = world.value("select everybody from tend.ladder_run where run_id = 1").await;
    assert!(why.contains("views"), "{why}");
    let overlap = format!("the {} days before the last run", keep::OVERLAP.num_days());
    assert_eq!(keep::RECOUNT_AFTER.num_days(), 7, "a week");
    for arguments in [&["status"][..], &["check", "--no-run", concat!(env!("CARGO_MANIFEST_DIR"), "/jobs")]] {
        let output = world.tend().args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {text}");
        for part in ["crm is views, or tables", "judges everybody", &overlap, "at least once a week"] {
            assert!(text.contains(part), "{arguments:?}: {part} in {text}");
        }
    }
}

/// Customers on tables: a on high, b on mid, c on normal; the last run on 2026-06-01.
async fn watched() -> World {
    let world = World::new().await;
    customers(&world, &["a", "b", "c"]).await;
    orders(&world, &[("a", 100, "1500"), ("b", 100, "150"), ("c", 100, "20")]).await;
    evaluate(&world, &by_amount(), &run(1, "2026-06-01T00:00:00Z")).await.unwrap();
    world
}

#[tokio::test]
async fn what_changed_while_triggers_were_off_is_seen_by_the_next_run() {
    let off_and_on = |between: &str| {
        format!(
            "alter table crm.orders disable trigger all; alter table crm.customer disable trigger all; {between};
             alter table crm.orders enable trigger all; alter table crm.customer enable trigger all"
        )
    };
    for (what, change) in [
        ("off and on", off_and_on("update crm.orders set amount = 5000 where customer_id = 'b'")),
        (
            "in one transaction",
            format!("begin; {}; commit", off_and_on("update crm.orders set amount = 5000 where customer_id = 'b'")),
        ),
        (
            "another table",
            "create table other (like crm.orders including all); insert into other select * from crm.orders;
             update other set amount = 5000 where customer_id = 'b';
             create trigger tend_inserted after insert on other referencing new table as new_rows for each statement execute function tend.note_inserted('orders');
             create trigger tend_deleted after delete on other referencing old table as old_rows for each statement execute function tend.note_deleted('orders');
             create trigger tend_updated after update on other referencing old table as old_rows new table as new_rows for each statement execute function tend.note_updated('orders', '{customer_id, order_id}');
             create trigger tend_truncated after truncate on other for each statement execute function tend.note_truncated('orders');
             drop table crm.orders; alter table other rename to orders; alter table orders set schema crm"
                .to_owned(),
        ),
    ] {
        let world = watched().await;
        world.sql(&change).await;
        evaluate(&world, &by_amount(), &run(2, NEXT)).await.unwrap();
        assert_eq!(levels(&world).await, ["a\thigh", "b\thigh", "c\tnormal"], "{what}");
        assert_eq!(differences(&world, "365 days", NEXT).await, "0", "{what}");
        assert_eq!(world.value("select count(*) from tend.fact_difference").await, "0", "{what}: no alarm");
        let why = "select everybody from tend.ladder_run where run_id =";
        assert_eq!(world.value(&format!("{why} 2")).await, "it was not told of all changes until now", "{what}");
        // and that was that
        evaluate(&world, &by_amount(), &run(3, "2026-06-03T00:00:00Z")).await.unwrap();
        assert_eq!(world.value(&format!("{why} 3")).await, "null", "{what}");
    }
}

#[tokio::test]
async fn when_views_become_tables_again_everything_is_counted_once_and_changes_are_followed_from_there() {
    let world = watched().await;
    world
        .sql("alter table crm.orders rename to kept_orders; create table shop as table crm.kept_orders; create view crm.orders as select * from shop")
        .await;
    world.sql("update shop set amount = 5000 where customer_id = 'b'").await;
    let seen = async |run_id: i64, at: &str| {
        evaluate(&world, &by_amount(), &run(run_id, at)).await.unwrap();
        assert_eq!(differences(&world, "365 days", at).await, "0", "{at}");
        levels(&world).await
    };
    assert_eq!(seen(2, NEXT).await, ["a\thigh", "b\thigh", "c\tnormal"], "what is kept of the table says nothing");
    // the table knows nothing of what the view showed, and was written to without a trigger meanwhile
    world
        .sql(
            "drop view crm.orders; alter table crm.kept_orders rename to orders;
             alter table crm.orders disable trigger tend_updated;
             update crm.orders set amount = 3000 where customer_id = 'c'",
        )
        .await;
    world.sql("alter table crm.orders enable trigger tend_updated").await;
    assert_eq!(seen(3, "2026-06-03T00:00:00Z").await, ["a\thigh", "b\tmid", "c\thigh"]);
    world.sql("update crm.orders set amount = 200 where customer_id = 'a'").await;
    assert_eq!(seen(4, "2026-06-04T00:00:00Z").await, ["a\tmid", "b\tmid", "c\thigh"]);
    assert_eq!(world.value("select evaluated from tend.ladder_run where run_id = 4").await, "1");
    assert_eq!(world.value("select count(*) from tend.fact_difference").await, "0");
}
