//! Anniversaries of the first and the last purchase, of becoming a customer, of a day among the attributes.

use super::super::people::{Person, come, outcome, refused};
use super::{a_second_run_finds_nothing, at, job, lives, order, preview_is_run, told};
use crate::support::World;

fn on(field: &str, more: &str) -> String {
    format!("on = \"anniversary\"\nfield = \"{field}\"\noffset = \"0d\"\nfeb_29 = \"feb_28\"\n{more}")
}

#[tokio::test]
async fn years_since_the_first_purchase_are_counted_on_the_customers_calendar() {
    let world = World::new().await;
    let people = ["east", "west", "one", "none"].map(Person::new);
    let [east, west, one, none] = people;
    come(&world, [east, west.set("timezone", "'America/New_York'"), one, none]).await;
    // half past one in the night of the 2nd in Shanghai, noon of the 1st in New York
    for (who, when) in [("east", "2024-06-01 17:30Z"), ("west", "2024-06-01 17:30Z"), ("one", "2026-06-02 03:00Z")] {
        order(&world, who, when).await;
    }
    order(&world, "east", "2025-06-02 03:00Z").await;
    let plan = job(&on("first_order", ""));
    at(&plan, &world, "2027-06-01 08:00").await;
    assert_eq!(told(&world).await, [r#"west first_order:2027 2027-06-01 {"since": "2024-06-01", "years": 3}"#]);
    at(&plan, &world, "2027-06-02 08:00").await;
    assert_eq!(
        told(&world).await,
        [
            r#"east first_order:2027 2027-06-02 {"since": "2024-06-02", "years": 3}"#,
            r#"one first_order:2027 2027-06-02 {"since": "2026-06-02", "years": 1}"#,
            r#"west first_order:2027 2027-06-01 {"since": "2024-06-01", "years": 3}"#,
        ]
    );
    assert_eq!(
        lives(&world).await,
        ["east 06-02 10:00 06-03 00:00", "one 06-02 10:00 06-03 00:00", "west 06-01 10:00 06-02 00:00"]
    );
    a_second_run_finds_nothing(&plan, &world, "2027-06-02 08:00").await;
}

#[tokio::test]
async fn only_paid_orders_begin_anything_and_the_day_itself_is_no_anniversary() {
    let world = World::new().await;
    come(&world, [Person::new("a"), Person::new("b")]).await;
    order(&world, "a", "2024-06-02 03:00Z").await;
    world.sql("update crm.orders set status = 'refunded'").await;
    order(&world, "a", "2025-03-01 03:00Z").await;
    order(&world, "b", "2027-06-02 00:30Z").await;
    at(&job(&on("first_order", "")), &world, "2027-06-02 09:00").await;
    assert_eq!(outcome(&world).await, " | ");
}

#[tokio::test]
async fn milestones_leave_the_other_years_out() {
    let world = World::new().await;
    let years = [1, 2, 3, 4, 5, 10];
    come(&world, years.map(|year| Person::new(&format!("y{year:02}")))).await;
    for year in years {
        order(&world, &format!("y{year:02}"), &format!("{}-06-02 03:00Z", 2027 - year)).await;
    }
    at(&job(&on("first_order", "years = { at_least = 2, milestones = [3, 5, 10] }")), &world, "2027-06-02 08:00").await;
    assert_eq!(outcome(&world).await, "y03 y05 y10 | ");
    world.sql("truncate tend.occasion, tend.outbox cascade").await;
    at(&job(&on("first_order", "years = { at_least = 4 }")), &world, "2027-06-02 08:00").await;
    assert_eq!(outcome(&world).await, "y04 y05 y10 | ");
}

#[tokio::test]
async fn a_purchase_on_29_february_comes_round_as_the_file_says() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    order(&world, "a", "2024-02-29 03:00Z").await;
    for (rule, day, who) in [
        ("feb_28", "2027-02-28", "a | "),
        ("feb_28", "2027-03-01", " | "),
        ("mar_1", "2027-02-28", " | "),
        ("mar_1", "2027-03-01", "a | "),
        ("leap_years_only", "2027-02-28", " | "),
        ("leap_years_only", "2027-03-01", " | "),
        ("leap_years_only", "2028-02-29", "a | "),
        ("feb_28", "2028-02-28", " | "),
    ] {
        world.sql("truncate tend.occasion, tend.outbox cascade").await;
        at(&job(&on("first_order", "").replace("feb_28", rule)), &world, &format!("{day} 08:00")).await;
        assert_eq!(outcome(&world).await, who, "{rule} {day}");
    }
}

#[tokio::test]
async fn a_corrected_date_does_not_make_a_second_message() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    order(&world, "a", "2024-06-02 03:00Z").await;
    let plan = job(&on("first_order", ""));
    at(&plan, &world, "2027-06-02 08:00").await;
    world.sql("update crm.orders set placed_at = '2023-06-04 03:00Z'").await;
    at(&plan, &world, "2027-06-04 08:00").await;
    assert_eq!(told(&world).await.len(), 1);
    assert_eq!(refused(&world).await, ["a first_order:2027 already_had"]);
    at(&plan, &world, "2028-06-04 08:00").await;
    assert_eq!(told(&world).await[1], r#"a first_order:2028 2028-06-04 {"since": "2023-06-04", "years": 5}"#);
}

#[tokio::test]
async fn the_last_purchase_is_the_one_nothing_followed() {
    let world = World::new().await;
    come(&world, [Person::new("a"), Person::new("b")]).await;
    for (who, when) in [("a", "2026-06-02 03:00Z"), ("b", "2026-06-02 03:00Z"), ("b", "2027-01-05 03:00Z")] {
        order(&world, who, when).await;
    }
    at(&job(&on("last_order", "")), &world, "2027-06-02 08:00").await;
    assert_eq!(outcome(&world).await, "a | ");
}

#[tokio::test]
async fn days_among_the_attributes_and_the_day_somebody_became_a_customer() {
    let world = World::new().await;
    let with = |id: &str, attributes: &str| Person::new(id).set("attributes", format!("'{attributes}'"));
    come(
        &world,
        [
            with("day", r#"{"contract": {"signed": "2024-06-02"}}"#),
            with("instant", r#"{"contract": {"signed": "2025-06-02T23:30:00+08:00"}}"#),
            with("number", r#"{"contract": {"signed": 20240602}}"#),
            with("words", r#"{"contract": {"signed": "in June"}}"#),
            with("never", r#"{"contract": {"signed": "2023-02-30"}}"#),
            with("null", r#"{"contract": {"signed": null}}"#),
            with("absent", "{}"),
        ],
    )
    .await;
    at(&job(&on("attributes.contract.signed", "")), &world, "2027-06-02 08:00").await;
    let expected = [
        r#"day contract.signed:2027 2027-06-02 {"since": "2024-06-02", "years": 3}"#,
        r#"instant contract.signed:2027 2027-06-02 {"since": "2025-06-02", "years": 2}"#,
    ];
    assert_eq!(told(&world).await, expected);
    world.sql("truncate tend.occasion, tend.outbox cascade; update crm.customer set created_at = '2025-06-01 16:00Z' where customer_id = 'words'").await;
    at(&job(&on("created_at", "")), &world, "2027-06-02 08:00").await;
    assert_eq!(told(&world).await, [r#"words created_at:2027 2027-06-02 {"since": "2025-06-02", "years": 2}"#]);
}

#[tokio::test]
async fn a_preview_is_the_run_and_nobody_is_an_answer() {
    let world = World::new().await;
    let plan = job(&on("first_order", "").replace("\"0d\"", "\"-3d\""));
    preview_is_run(&plan, &world, "2027-05-30").await;
    come(&world, [Person::new("a"), Person::new("b").without_consent()]).await;
    order(&world, "a", "2024-06-02 03:00Z").await;
    order(&world, "b", "2024-06-01 03:00Z").await;
    preview_is_run(&plan, &world, "2027-05-30").await;
    assert_eq!(outcome(&world).await, "a | b:no_consent");
}
