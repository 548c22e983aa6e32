//! What `tend plan` shows: exactly what the run then does, and nothing stays behind.

use super::people::{Person, come};
use super::plan::{Plan, changed};
use crate::support::World;

async fn company(world: &World) {
    let person = |id: &str, day| Person::born(id, 11, day).set("name", format!("'{}'", id.to_uppercase()));
    come(
        world,
        [
            person("c01", 24).set("name", "'欧阳娜娜'").tier("high"),
            person("c02", 24).tier("mid").set("locale", "'en-GB'"),
            person("c03", 24).tier("mid"),
            person("c04", 23),
            person("c05", 23).set("email", "null").phone("+8613800138000"),
            person("c06", 22).without_consent(),
            person("c07", 22).without_consent(),
            person("c08", 22).consent("email", false),
            person("c09", 24).set("email", "'c01@example.com'"),
            person("c10", 24).set("email", "null"),
            person("c11", 24).set("status", "'closed'"),
            person("c12", 24).set("timezone", "'America/New_York'"),
            person("c13", 28),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_preview_says_who_gets_what_and_why_others_do_not() {
    let world = World::new().await;
    company(&world).await;
    let explained = Plan::shipped().explained(&world, "2026-11-21", false).await;
    insta::assert_snapshot!("text", explained.text);
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&explained.json).unwrap());
}

#[tokio::test]
async fn a_preview_reports_what_the_run_then_does_and_leaves_nothing_behind() {
    let world = World::new().await;
    company(&world).await;
    let plan = Plan::shipped();
    let preview = plan.explained(&world, "2026-11-21", false).await;
    for table in ["occasion", "outbox", "decision", "audience_count"] {
        assert_eq!(world.value(&format!("select count(*) from tend.{table}")).await, "0", "{table}");
    }
    let run = plan.explained(&world, "2026-11-21", true).await;
    assert_eq!(preview.json, run.json);
    assert_eq!(preview.text, run.text);
}

#[tokio::test]
async fn a_preview_after_the_run_shows_nobody_twice() {
    let world = World::new().await;
    company(&world).await;
    let plan = Plan::shipped();
    let run = plan.explained(&world, "2026-11-21", true).await;
    let again = plan.explained(&world, "2026-11-22", false).await;
    assert_eq!(again.json["queued"]["customers"], 0);
    assert_eq!(again.json["had_before"], run.json["queued"]["customers"]);
    assert_eq!(again.json["refused"], run.json["refused"], "the same people, for the same reasons");
}

#[tokio::test]
async fn a_preview_counts_whom_a_missing_value_dropped() {
    let world = World::new().await;
    company(&world).await;
    let file = changed("all = [{ field = \"status\", is = \"active\" }]", "field = \"country\"\nis = \"CN\"");
    let explained = Plan::file(&file).explained(&world, "2026-11-21", false).await;
    assert_eq!(explained.json["missing_values"]["country is CN"], 12, "{}", explained.json);
    assert!(explained.text.contains("no value for: country is CN"), "{}", explained.text);
}

#[tokio::test]
async fn a_night_without_birthdays_is_said_in_one_line() {
    let world = World::new().await;
    let explained = Plan::shipped().explained(&world, "2026-11-21", true).await;
    assert_eq!(
        explained.text,
        "Messages of birthday on 2026-11-21\n0 to be sent, 0 refused, 0 had before, 0 not in the audience\n"
    );
}
