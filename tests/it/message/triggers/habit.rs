//! Habits: the hour of the week at which somebody usually buys.

use super::super::people::{Person, come, outcome};
use super::super::plan::{Plan, with_trigger};
use super::{a_second_run_finds_nothing, at, lives, order, order_of, preview_is_run, told};
use crate::support::World;

const HABIT: &str = "on = \"habit\"\nahead = \"2h\"\nmin_orders = 3\nshare = \"60%\"\nwithin = \"84d\"";

/// The shipped file with another trigger, and without an hour of its own.
fn job(trigger: &str) -> Plan {
    let text = with_trigger(trigger)
        .replace("at       = \"10:00\"", "")
        .replace("[\"09:00\", \"20:00\"]", "[\"06:00\", \"22:00\"]");
    Plan::file(&text)
}

/// Orders at that time on the last so many Saturdays before 2026-11-28.
async fn saturdays(world: &World, customer: &str, weeks: std::ops::Range<i32>, time: &str) {
    for week in weeks {
        order(world, customer, &time.replace("SAT", &format!("2026-{}", saturday(week)))).await;
    }
}

fn saturday(week: i32) -> String {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 28).unwrap() - chrono::Days::new(7 * week as u64);
    day.format("%m-%d").to_string()
}

#[tokio::test]
async fn who_buys_on_saturday_mornings_is_told_on_saturday_before() {
    let world = World::new().await;
    come(&world, ["latte", "late", "seldom", "any", "old", "once"].map(Person::new)).await;
    saturdays(&world, "latte", 1..5, "SAT 10:40+08").await;
    saturdays(&world, "late", 1..3, "SAT 19:40+08").await;
    saturdays(&world, "late", 3..5, "SAT 20:10+08").await;
    saturdays(&world, "seldom", 1..3, "SAT 10:40+08").await;
    saturdays(&world, "any", 1..4, "SAT 10:40+08").await;
    for day in ["11-24", "11-23", "11-19", "11-18"] {
        order(&world, "any", &format!("2026-{day} 15:00+08")).await;
    }
    for week in 13..17 {
        order(&world, "old", &format!("2026-{} 10:40+08", saturday(week))).await;
    }
    let plan = job(HABIT);
    // Friday evening
    at(&plan, &world, "2026-11-27 20:00").await;
    assert_eq!(
        told(&world).await,
        [
            r#"late habit:2026-11-28 2026-11-28 {"of": 4, "hour": 19, "orders": 4, "weekday": 6}"#,
            r#"latte habit:2026-11-28 2026-11-28 {"of": 4, "hour": 10, "orders": 4, "weekday": 6}"#,
        ]
    );
    assert_eq!(lives(&world).await, ["late 11-28 17:00 11-28 19:00", "latte 11-28 08:00 11-28 10:00"]);
    a_second_run_finds_nothing(&plan, &world, "2026-11-27 20:00").await;
    a_second_run_finds_nothing(&plan, &world, "2026-11-28 11:00").await;
}

#[tokio::test]
async fn on_other_days_nobody_is_told_and_next_week_again_unless_the_file_says_otherwise() {
    let world = World::new().await;
    come(&world, [Person::new("a")]).await;
    saturdays(&world, "a", 1..6, "SAT 10:00+08").await;
    let (weekly, monthly) = (job(HABIT), job(&format!("{HABIT}\nagain_after = \"28d\"")));
    for day in ["2026-11-25", "2026-11-26"] {
        at(&weekly, &world, &format!("{day} 20:00")).await;
    }
    assert_eq!(outcome(&world).await, " | ");
    for day in ["2026-11-27", "2026-12-04"] {
        at(&weekly, &world, &format!("{day} 20:00")).await;
    }
    assert_eq!(outcome(&world).await, "a a | ");
    world.sql("truncate tend.occasion, tend.outbox cascade").await;
    for day in ["2026-11-27", "2026-12-04"] {
        at(&monthly, &world, &format!("{day} 20:00")).await;
    }
    assert_eq!(outcome(&world).await, "a | a:already_had");
}

#[tokio::test]
async fn the_hour_is_the_customers_also_when_the_clocks_change() {
    let world = World::new().await;
    come(&world, [Person::new("york").set("timezone", "'America/New_York'")]).await;
    // nine in the morning in New York, summer time; on 2026-11-01 the clocks go back
    for day in ["10-10", "10-17", "10-24", "10-31"] {
        order(&world, "york", &format!("2026-{day} 13:10Z")).await;
    }
    at(&job(HABIT), &world, "2026-11-07 08:00").await;
    assert_eq!(lives(&world).await, ["york 11-07 07:00 11-07 09:00"]);
    assert_eq!(world.value("select not_before from tend.outbox").await, "2026-11-07 12:00:00+00");
}

#[tokio::test]
async fn only_orders_of_the_products_the_file_names_count() {
    let world = World::new().await;
    come(&world, [Person::new("latte"), Person::new("tea")]).await;
    for week in 1..5 {
        order_of(&world, "latte", &format!("2026-{} 10:00+08", saturday(week)), "'LATTE'").await;
        order_of(&world, "tea", &format!("2026-{} 10:00+08", saturday(week)), "'TEA'").await;
        order_of(&world, "latte", &format!("2026-{} 15:00+08", saturday(week)), "'TEA'").await;
    }
    at(&job(&format!("{HABIT}\nproduct = \"LATTE\"")), &world, "2026-11-27 20:00").await;
    assert_eq!(
        told(&world).await,
        [r#"latte habit:2026-11-28 2026-11-28 {"of": 4, "hour": 10, "orders": 4, "weekday": 6}"#]
    );
}

#[tokio::test]
async fn a_preview_is_the_run_and_nobody_is_an_answer() {
    let world = World::new().await;
    let plan = job(HABIT);
    preview_is_run(&plan, &world, "2026-11-28").await;
    come(&world, [Person::new("a"), Person::new("b").without_consent()]).await;
    saturdays(&world, "a", 1..5, "SAT 18:00+08").await;
    saturdays(&world, "b", 1..5, "SAT 18:00+08").await;
    preview_is_run(&plan, &world, "2026-11-28").await;
    assert_eq!(outcome(&world).await, "a | b:no_consent");
}
