//! Events: looked at again and again without buying, a ticket solved, an enquiry.

use super::super::people::{Person, come, outcome, refused};
use super::{a_second_run_finds_nothing, at, contact, job, lives, order_of, preview_is_run, told, view};
use crate::support::World;

const BROWSED: &str =
    "on = \"event\"\nevent = \"view\"\ncount = 3\nwithin = \"7d\"\nsame = \"product\"\nwithout = { event = \"order\" }";

#[tokio::test]
async fn looked_at_the_same_thing_three_times_within_a_week_and_did_not_buy_it() {
    let world = World::new().await;
    come(&world, ["three", "two", "mixed", "slow", "bought", "other", "unknown", "again"].map(Person::new)).await;
    let days = ["11-16", "11-18", "11-20"].map(|day| format!("2026-{day} 20:00+08"));
    for who in ["three", "bought", "other", "unknown", "again"] {
        for day in &days {
            view(&world, who, "P1", day).await;
        }
    }
    for (who, product, day) in [
        ("two", "P1", &days[1]),
        ("two", "P1", &days[2]),
        ("mixed", "P1", &days[0]),
        ("mixed", "P2", &days[1]),
        ("mixed", "P1", &days[2]),
        ("slow", "P1", &"2026-11-13 19:59+08".to_owned()),
        ("slow", "P1", &days[1]),
        ("slow", "P1", &days[2]),
    ] {
        view(&world, who, product, day).await;
    }
    order_of(&world, "bought", "2026-11-20 21:00+08", "'P1'").await;
    order_of(&world, "other", "2026-11-20 21:00+08", "'P2'").await;
    order_of(&world, "unknown", "2026-11-20 21:00+08", "null").await;
    order_of(&world, "again", "2026-11-15 21:00+08", "'P1'").await;
    let plan = job(BROWSED);
    at(&plan, &world, "2026-11-21 08:00").await;
    assert_eq!(outcome(&world).await, "again other three | ");
    assert_eq!(
        told(&world).await[2],
        r#"three view:v3 2026-11-20 {"count": 3, "since": "2026-11-16", "product": "P1"}"#
    );
    assert_eq!(lives(&world).await[2], "three 11-21 10:00 11-23 20:00");
    a_second_run_finds_nothing(&plan, &world, "2026-11-21 08:00").await;
}

#[tokio::test]
async fn views_before_a_purchase_do_not_count_and_those_after_it_do() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    let plan = job(BROWSED);
    for day in ["11-16", "11-17"] {
        view(&world, "a", "P1", &format!("2026-{day} 20:00+08")).await;
    }
    order_of(&world, "a", "2026-11-17 21:00+08", "'P1'").await;
    view(&world, "a", "P1", "2026-11-18 20:00+08").await;
    at(&plan, &world, "2026-11-19 08:00").await;
    assert_eq!(outcome(&world).await, " | ");
    for day in ["11-19", "11-20"] {
        view(&world, "a", "P1", &format!("2026-{day} 20:00+08")).await;
    }
    at(&plan, &world, "2026-11-21 08:00").await;
    assert_eq!(told(&world).await, [r#"a view:v5 2026-11-20 {"count": 3, "since": "2026-11-18", "product": "P1"}"#]);
}

#[tokio::test]
async fn a_spree_that_goes_on_is_told_once_and_a_new_one_after_a_while() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    let plan = job(&format!("{BROWSED}\nagain_after = \"14d\""));
    for day in 1..=20 {
        view(&world, "a", "P1", &format!("2026-11-{day:02} 20:00+08")).await;
        at(&plan, &world, &format!("2026-11-{:02} 08:00", day + 1)).await;
    }
    let days: Vec<_> = told(&world).await.iter().map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect();
    assert_eq!(days, ["2026-11-03", "2026-11-17"]);
    assert!(refused(&world).await.iter().all(|line| line.ends_with("already_had")));
}

#[tokio::test]
async fn each_ticket_is_told_once_when_it_is_solved_even_when_its_time_is_corrected() {
    let world = World::new().await;
    come(&world, [Person::new("a"), Person::new("b"), Person::new("open")]).await;
    world
        .sql(
            "insert into crm.ticket (ticket_id, customer_id, opened_at, kind, solved_at) values
             ('t1', 'a', '2026-11-01 10:00+08', 'complaint', '2026-11-20 10:00+08'),
             ('t2', 'b', '2026-11-01 10:00+08', 'request', '2026-11-20 10:00+08'),
             ('t3', 'open', '2026-11-20 10:00+08', 'complaint', null)",
        )
        .await;
    let plan = job("on = \"event\"\nevent = \"ticket_solved\"\nkind = \"complaint\"");
    at(&plan, &world, "2026-11-21 08:00").await;
    world.sql("update crm.ticket set solved_at = solved_at + interval '1 day' where ticket_id = 't1'").await;
    at(&plan, &world, "2026-11-22 08:00").await;
    let told_now = told(&world).await;
    assert_eq!(told_now.len(), 1, "{told_now:?}");
    assert!(told_now[0].starts_with("a ticket_solved:t1 2026-11-20"), "{told_now:?}");
    let opened = job("on = \"event\"\nevent = \"ticket_opened\"\nkind = [\"complaint\", \"request\"]");
    world.sql("truncate tend.occasion, tend.outbox, tend.decision cascade").await;
    at(&opened, &world, "2026-11-21 08:00").await;
    assert_eq!(outcome(&world).await, "open | ");
}

#[tokio::test]
async fn an_enquiry_that_no_order_followed() {
    let world = World::new().await;
    come(&world, ["asked", "bought", "complained", "long"].map(Person::new)).await;
    for (who, kind, day) in
        [("asked", "enquiry", 20), ("bought", "enquiry", 20), ("complained", "complaint", 20), ("long", "enquiry", 17)]
    {
        contact(&world, who, kind, "in", &format!("2026-11-{day} 10:00+08")).await;
    }
    order_of(&world, "bought", "2026-11-20 11:00+08", "null").await;
    let plan = job("on = \"event\"\nevent = \"interaction\"\nkind = \"enquiry\"\nwithout = { event = \"order\" }");
    at(&plan, &world, "2026-11-21 08:00").await;
    assert_eq!(outcome(&world).await, "asked | ");
    let orders = job("on = \"event\"\nevent = \"order\"\nwithout = { event = \"interaction\" }");
    world.sql("truncate tend.occasion, tend.outbox cascade").await;
    at(&orders, &world, "2026-11-21 08:00").await;
    assert_eq!(outcome(&world).await, "bought | ");
}

#[tokio::test]
async fn a_preview_is_the_run_and_nobody_is_an_answer() {
    let world = World::new().await;
    let plan = job(BROWSED);
    preview_is_run(&plan, &world, "2026-11-21").await;
    come(&world, [Person::new("a"), Person::new("b").without_consent()]).await;
    for who in ["a", "b", "nobody"] {
        for day in 18..21 {
            view(&world, who, "P1", &format!("2026-11-{day} 20:00+08")).await;
        }
    }
    preview_is_run(&plan, &world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, "a | b:no_consent");
}
