//! What is offered to whom, and in which words.

use super::people::{Person, come, outcome};
use super::plan::{Plan, changed, shipped};
use crate::support::World;

fn born(id: &str) -> Person {
    Person::born(id, 11, 24)
}

async fn offers(file: &str) -> (World, Vec<String>) {
    let world = World::new().await;
    let people = [
        born("a").tier("high"),
        born("b").tier("mid"),
        born("c").tier("normal"),
        born("d"),
        born("e").tier("mid").set("locale", "'en'"),
    ];
    come(&world, people).await;
    Plan::file(file).on(&world, "2026-11-21").await;
    let offers =
        world.rows("select customer_id || ' ' || (data -> 'offer') from tend.outbox order by customer_id").await;
    (world, offers)
}

#[tokio::test]
async fn each_tier_has_its_own_offer_and_no_tier_has_the_last() {
    let (_, offers) = offers(&shipped()).await;
    insta::assert_snapshot!(offers.join("\n"));
}

#[tokio::test]
async fn without_a_last_resort_some_get_nothing() {
    let file = changed(
        "[[offer]]\nname = \"normal\"",
        "[[offer]]\nwhen = { ladder = \"value-tiers\", is = \"normal\" }\nname = \"normal\"",
    );
    let (world, _) = offers(&file).await;
    assert_eq!(outcome(&world).await, "a b c e | d:no_offer");
}

#[tokio::test]
async fn the_occasion_is_told_to_the_template() {
    let (world, _) = offers(&shipped()).await;
    assert_eq!(
        world.value("select data -> 'occasion' from tend.outbox where customer_id = 'a'").await,
        r#"{"date": "2026-11-24", "kind": "birthday", "year": 2026}"#
    );
}

#[tokio::test]
async fn offers_can_look_at_orders() {
    let file = changed(
        "when = { ladder = \"value-tiers\", is = \"high\" }",
        "when = { field = \"spend\", at_least = 1000, within = \"365d\" }",
    )
    .replace(
        "when = { ladder = \"value-tiers\", is = \"mid\" }",
        "when = { field = \"last_order_at\", older_than = \"180d\" }",
    );
    let world = World::new().await;
    come(&world, [born("a"), born("b"), born("c")]).await;
    world
        .sql(
            "insert into crm.orders (customer_id, order_id, placed_at, amount) values
             ('a', '1', '2026-10-01Z', 999.99), ('a', '2', '2026-10-02Z', 0.01), ('b', '3', '2025-10-01Z', 5000)",
        )
        .await;
    Plan::file(&file).on(&world, "2026-11-21").await;
    let offers =
        world.rows("select customer_id || ':' || (data -> 'offer' ->> 'name') from tend.outbox order by 1").await;
    assert_eq!(offers, ["a:high", "b:mid", "c:normal"]);
}
