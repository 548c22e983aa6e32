//! No occasion but the schedule.

use super::super::people::{Person, come, outcome};
use super::{a_second_run_finds_nothing, at, job, lives, preview_is_run, told};
use crate::support::World;

#[tokio::test]
async fn everybody_gets_one_and_the_next_when_the_time_between_is_over() {
    let world = World::new().await;
    come(&world, [Person::new("a"), Person::new("b").set("timezone", "'America/New_York'")]).await;
    let plan = job("on = \"schedule\"\nagain_after = \"60d\"");
    at(&plan, &world, "2026-01-01 08:00").await;
    a_second_run_finds_nothing(&plan, &world, "2026-01-01 08:00").await;
    for day in ["2026-01-02", "2026-03-01", "2026-03-02", "2026-03-03"] {
        at(&plan, &world, &format!("{day} 08:00")).await;
    }
    let expected =
        ["a schedule:1 2026-01-01", "a schedule:2 2026-03-02", "b schedule:1 2026-01-01", "b schedule:2 2026-03-02"];
    let told: Vec<_> =
        told(&world).await.iter().map(|line| line.splitn(4, ' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(told, expected);
    assert_eq!(world.value("select count(*) from tend.decision").await, "0", "to wait is no refusal");
    assert_eq!(lives(&world).await[0], "a 01-01 10:00 01-02 00:00");
}

#[tokio::test]
async fn who_has_not_agreed_waits_for_the_same_one_in_one_row() {
    let world = World::new().await;
    come(&world, [Person::new("a").without_consent()]).await;
    let plan = job("on = \"schedule\"");
    for day in 1..=5 {
        at(&plan, &world, &format!("2026-01-0{day} 08:00")).await;
    }
    assert_eq!(world.value("select count(*) from tend.decision").await, "1");
    world.sql("insert into crm.consent (customer_id, channel, recorded_at, granted) values ('a', 'email', '2026-01-05 12:00Z', true)").await;
    for day in 6..=7 {
        at(&plan, &world, &format!("2026-01-0{day} 08:00")).await;
    }
    assert_eq!(outcome(&world).await, "a a | a:no_consent", "one each day without again_after");
}

#[tokio::test]
async fn a_preview_is_the_run_and_nobody_is_an_answer() {
    let world = World::new().await;
    let plan = job("on = \"schedule\"\nagain_after = \"60d\"");
    preview_is_run(&plan, &world, "2026-01-01").await;
    come(&world, [Person::new("a"), Person::new("b").set("status", "'closed'")]).await;
    preview_is_run(&plan, &world, "2026-01-02").await;
    let again = plan.explained(&world, "2026-01-03", false).await;
    assert_eq!((&again.json["queued"]["customers"], &again.json["had_before"]), (&0.into(), &1.into()));
}
