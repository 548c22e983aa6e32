//! Silence: who is told, once a silence.

use super::super::people::{Person, come, outcome, refused};
use super::{a_second_run_finds_nothing, at, contact, job, lives, order, preview_is_run, told, view};
use crate::support::World;

const ORDERS: &str = "on = \"inactivity\"\nof = [\"order\"]\nafter = \"180d\"";

#[tokio::test]
async fn on_the_first_night_only_those_are_told_who_crossed_the_line_lately() {
    let world = World::new().await;
    come(&world, ["crossed", "earlier", "border", "over", "ages", "never", "active"].map(Person::new)).await;
    // 180 days after these days it is 2026-12-01, …
    for (who, day) in [
        ("crossed", "2026-06-04"),
        ("earlier", "2026-05-30"),
        ("border", "2026-05-22"),
        ("over", "2026-05-21"),
        ("ages", "2023-01-01"),
        ("active", "2026-06-05"),
    ] {
        order(&world, who, &format!("{day} 12:00+08")).await;
    }
    let plan = job(ORDERS);
    at(&plan, &world, "2026-12-01 08:00").await;
    assert_eq!(outcome(&world).await, "border crossed earlier | ");
    assert_eq!(told(&world).await[1], r#"crossed inactive:2026-06-04 2026-12-01 {"days": 180, "since": "2026-06-04"}"#);
    assert_eq!(
        lives(&world).await,
        ["border 12-01 10:00 12-02 00:00", "crossed 12-01 10:00 12-15 00:00", "earlier 12-01 10:00 12-10 00:00"]
    );
    a_second_run_finds_nothing(&plan, &world, "2026-12-01 08:00").await;
    at(&plan, &world, "2026-12-02 08:00").await;
    assert_eq!(outcome(&world).await, "active border crossed earlier | ");
}

#[tokio::test]
async fn a_silence_is_told_once_and_a_new_one_after_activity_again() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    order(&world, "a", "2026-01-01 12:00+08").await;
    let plan = job(ORDERS);
    for day in ["2026-06-30", "2026-07-01", "2026-07-10"] {
        at(&plan, &world, &format!("{day} 08:00")).await;
    }
    order(&world, "a", "2026-07-12 12:00+08").await;
    for day in ["2027-01-07", "2027-01-08", "2027-01-09"] {
        at(&plan, &world, &format!("{day} 08:00")).await;
    }
    let occasions: Vec<_> = told(&world).await;
    let days: Vec<_> = occasions.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(days, ["inactive:2026-01-01", "inactive:2026-07-12"]);
}

#[tokio::test]
async fn a_last_sign_of_life_that_is_corrected_makes_no_second_message() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    order(&world, "a", "2026-06-04 12:00+08").await;
    let plan = job(ORDERS);
    at(&plan, &world, "2026-12-01 08:00").await;
    // an order of the 8th arrives late: the silence begins four days later
    order(&world, "a", "2026-06-08 12:00+08").await;
    at(&plan, &world, "2026-12-05 08:00").await;
    assert_eq!(told(&world).await.len(), 1);
    assert_eq!(refused(&world).await, ["a inactive:2026-06-08 already_had"]);
}

#[tokio::test]
async fn what_counts_as_a_sign_of_life_the_file_says() {
    let world = World::new().await;
    come(&world, ["asked", "called", "looked", "opened", "quiet"].map(Person::new)).await;
    for who in ["asked", "called", "looked", "opened", "quiet"] {
        order(&world, who, "2026-06-04 12:00+08").await;
    }
    contact(&world, "asked", "enquiry", "in", "2026-09-01 12:00+08").await;
    contact(&world, "called", "visit", "out", "2026-09-01 12:00+08").await;
    view(&world, "looked", "P1", "2026-09-01 12:00+08").await;
    world
        .sql("insert into crm.ticket (ticket_id, customer_id, opened_at) values ('t', 'opened', '2026-09-01 12:00+08')")
        .await;
    for (of, expected) in [
        ("\"order\"", "asked called looked opened quiet | "),
        ("\"order\", \"interaction\"", "called looked opened quiet | "),
        ("\"order\", \"view\"", "asked called opened quiet | "),
        ("\"order\", \"ticket\"", "asked called looked quiet | "),
        ("\"interaction\", \"order\", \"ticket\", \"view\"", "called quiet | "),
        ("\"view\"", " | "),
    ] {
        world.sql("truncate tend.occasion, tend.outbox cascade").await;
        at(&job(&ORDERS.replace("\"order\"", of)), &world, "2026-12-01 08:00").await;
        assert_eq!(outcome(&world).await, expected, "{of}");
    }
}

#[tokio::test]
async fn the_days_of_a_silence_are_the_customers() {
    let world = World::new().await;
    come(
        &world,
        [
            Person::new("east"),
            Person::new("west").set("timezone", "'America/New_York'"),
            Person::new("lost").set("timezone", "'Mars/Olympus'"),
        ],
    )
    .await;
    for who in ["east", "west", "lost"] {
        order(&world, who, "2026-06-03 20:00Z").await;
    }
    let plan = job(ORDERS);
    // the 4th in Shanghai, the 3rd in New York
    at(&plan, &world, "2026-11-30 08:00").await;
    assert_eq!(outcome(&world).await, "west | ");
    at(&plan, &world, "2026-12-01 08:00").await;
    assert_eq!(outcome(&world).await, "east lost west | ");
}

#[tokio::test]
async fn a_preview_is_the_run_and_nobody_is_an_answer() {
    let world = World::new().await;
    let plan = job(ORDERS);
    preview_is_run(&plan, &world, "2026-12-01").await;
    come(&world, [Person::new("a"), Person::new("b").set("status", "'closed'")]).await;
    order(&world, "a", "2026-06-04 12:00+08").await;
    order(&world, "b", "2026-06-04 12:00+08").await;
    preview_is_run(&plan, &world, "2026-12-01").await;
    assert_eq!(outcome(&world).await, "a | ");
}
