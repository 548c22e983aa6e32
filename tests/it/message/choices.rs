//! What customers said on the public pages, at planning.

use super::people::{Person, come, outcome};
use super::plan::{Plan, changed};
use crate::support::World;

/// One word of a customer about mail.
fn word(customer: &str, purpose: &str, topic: &str, granted: bool, day: &str) -> String {
    format!(
        "insert into tend.choice (customer_id, channel, address_key, purpose, topic, granted, at, source)
         values ('{customer}', 'email', tend.address_key('email', '{customer}@example.com'), '{purpose}', '{topic}', {granted}, '{day}', 'page');"
    )
}

async fn planned(file: &str, people: impl IntoIterator<Item = Person>, words: &[String]) -> String {
    let world = World::new().await;
    come(&world, people).await;
    world.sql(&words.concat()).await;
    Plan::file(file).on(&world, "2026-11-21").await;
    outcome(&world).await
}

fn born(id: &str) -> Person {
    Person::born(id, 11, 24)
}

#[tokio::test]
async fn the_newest_word_on_the_topic_or_on_all_of_the_purpose_decides() {
    let (off, on) = (false, true);
    let words = [
        word("a", "marketing", "birthday", off, "2026-06-01"),
        word("b", "marketing", "", off, "2026-06-01"),
        word("c", "marketing", "festivals", off, "2026-06-01"),
        word("d", "service", "", off, "2026-06-01"),
        word("e", "marketing", "", off, "2026-06-01"),
        word("e", "marketing", "birthday", on, "2026-06-02"),
        word("f", "marketing", "birthday", on, "2026-06-01"),
        word("f", "marketing", "", off, "2026-06-02"),
    ];
    let people = ["a", "b", "c", "d", "e", "f", "g"].map(born);
    let outcome = planned(&changed("", ""), people, &words).await;
    assert_eq!(outcome, "c d e g | a:unsubscribed b:unsubscribed f:unsubscribed");
}

#[tokio::test]
async fn a_yes_on_the_page_is_consent_until_the_company_records_a_newer_no_and_a_no_outlives_any_import() {
    let words = [
        word("a", "marketing", "", true, "2026-06-01"),
        word("b", "marketing", "", true, "2026-06-01"),
        word("c", "marketing", "", true, "2026-06-01"),
        word("d", "marketing", "", false, "2026-06-01"),
    ];
    let world = World::new().await;
    come(&world, ["a", "b", "c", "d"].map(|id| born(id).without_consent())).await;
    world.sql(&words.concat()).await;
    world
        .sql(
            "insert into crm.consent values ('b', 'email', 'marketing', '2026-05-01Z', false),
                 ('c', 'email', 'marketing', '2026-07-01Z', false), ('d', 'email', 'marketing', '2026-07-01Z', true)",
        )
        .await;
    Plan::shipped().on(&world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, "a b | c:consent_withdrawn d:unsubscribed");
}

#[tokio::test]
async fn who_unsubscribed_gets_nothing_at_the_same_address_under_another_number_nor_at_a_new_address() {
    let words = [word("a", "marketing", "", false, "2026-06-01"), word("b", "marketing", "", false, "2026-06-01")];
    let people = [
        born("a").set("email", "'new@example.com'"),
        born("c").set("email", "'B@example.com'").set("birthday_day", 23),
        born("d"),
    ];
    assert_eq!(planned(&changed("", ""), people, &words).await, "d | a:unsubscribed c:unsubscribed");
}

#[tokio::test]
async fn a_job_that_asks_for_no_consent_honours_it_all_the_same_and_a_transactional_one_goes_out() {
    let words = [word("a", "service", "birthday", false, "2026-06-01")];
    let unasked = changed("purpose  = \"marketing\"", "purpose = \"service\"");
    let unasked = unasked.replace("consent  = \"granted\"", "consent = \"not_needed\"");
    assert_eq!(planned(&unasked, [born("a")], &words).await, " | a:unsubscribed");
    let owed = changed("purpose  = \"marketing\"", "purpose = \"transactional\"").replace("consent  = \"granted\"", "");
    assert_eq!(planned(&owed, [born("a")], &words).await, "a | ");
}
