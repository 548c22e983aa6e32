//! Who may be written to, and by which channel.

use super::people::{Person, come, outcome, queued};
use super::plan::{Plan, changed};
use crate::support::World;

fn born(id: &str) -> Person {
    Person::born(id, 11, 24)
}

async fn run(file: &str, people: impl IntoIterator<Item = Person>) -> (World, String) {
    let world = World::new().await;
    come(&world, people).await;
    Plan::file(file).on(&world, "2026-11-21").await;
    let outcome = outcome(&world).await;
    (world, outcome)
}

/// customer:channel of what was queued.
async fn channels(world: &World) -> String {
    world.rows("select customer_id || ':' || channel from tend.outbox order by customer_id").await.join(" ")
}

fn shipped() -> String {
    changed("", "")
}

#[tokio::test]
async fn consent_is_the_newest_word_and_silence_is_not_consent() {
    let people = [
        born("a-yes"),
        born("b-never").without_consent(),
        born("c-withdrawn").consent("email", false),
        born("d-again").consent("email", false).consent("email", true),
        born("e-sms-only").without_consent().consent("sms", true),
    ];
    let (_, outcome) = run(&shipped(), people).await;
    assert_eq!(outcome, "a-yes d-again | b-never:no_consent c-withdrawn:consent_withdrawn e-sms-only:no_consent");
}

#[tokio::test]
async fn consent_to_something_else_does_not_count() {
    let world = World::new().await;
    come(&world, [born("a").without_consent()]).await;
    world.sql("insert into crm.consent values ('a', 'email', 'service', '2026-01-01Z', true)").await;
    Plan::shipped().on(&world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, " | a:no_consent");
}

#[tokio::test]
async fn a_file_may_ask_only_that_consent_was_not_withdrawn() {
    let file = changed("consent  = \"granted\"", "consent = \"not_withdrawn\"");
    let people = [born("a-yes"), born("b-never").without_consent(), born("c-withdrawn").consent("email", false)];
    assert_eq!(run(&file, people).await.1, "a-yes b-never | c-withdrawn:consent_withdrawn");
}

#[tokio::test]
async fn a_transactional_message_asks_nobody() {
    let file = changed("purpose  = \"marketing\"", "purpose = \"transactional\"").replace("consent  = \"granted\"", "");
    let people = [born("a").without_consent(), born("b").consent("email", false)];
    assert_eq!(run(&file, people).await.1, "a b | ");
}

#[tokio::test]
async fn a_suppressed_address_gets_nothing_until_it_is_lifted() {
    let world = World::new().await;
    come(&world, [born("a"), born("b"), born("c").set("email", "'A@Example.com'").set("birthday_day", 23)]).await;
    world
        .sql(
            "insert into tend.suppression (channel, address_key, reason, recorded_at, lifted_at) values
             ('email', tend.address_key('email', 'a@example.com'), 'bounced', '2026-01-01Z', null),
             ('email', tend.address_key('email', 'b@example.com'), 'bounced', '2026-01-01Z', '2026-02-01Z')",
        )
        .await;
    Plan::shipped().on(&world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, "b | a:suppressed c:suppressed");
}

#[tokio::test]
async fn an_address_must_be_there_and_look_like_one() {
    let people = [
        born("a").set("email", "null"),
        born("b").set("email", "'  '"),
        born("c").set("email", "'somebody'"),
        born("d").set("email", "'a@b c'"),
        born("e").set("email", "null").phone("13800138000"),
        born("f").set("email", "null").phone("+8613800138000"),
    ];
    let (world, outcome) = run(&shipped(), people).await;
    assert_eq!(outcome, "f | a:no_address b:no_address c:bad_address d:bad_address e:bad_address");
    assert_eq!(channels(&world).await, "f:sms");
}

#[tokio::test]
async fn the_preferred_channel_goes_first_and_the_others_step_in() {
    let both = |id: &str| born(id).phone(&format!("+86138001380{}", id.len() + 10));
    let people = [
        both("a").set("preferred_channel", "'sms'"),
        both("bb").set("preferred_channel", "'email'"),
        both("ccc"),
        both("dddd").set("preferred_channel", "'wechat'"),
        born("eeeee").set("preferred_channel", "'sms'"),
        both("ffffff").set("preferred_channel", "'sms'").consent("sms", false),
        both("ggggggg").set("preferred_channel", "'email'").consent("email", false),
    ];
    let (world, _) = run(&shipped(), people).await;
    assert_eq!(channels(&world).await, "a:sms bb:email ccc:email dddd:email eeeee:email ffffff:email ggggggg:sms");
}

#[tokio::test]
async fn a_file_that_does_not_ask_for_the_preferred_channel_keeps_its_own_order() {
    let file = changed("[\"preferred\", \"email\", \"sms\"]", "[\"sms\", \"email\"]");
    let people = [born("a").phone("+8613800138000").set("preferred_channel", "'email'"), born("b")];
    let (world, _) = run(&file, people).await;
    assert_eq!(channels(&world).await, "a:sms b:email");
}

#[tokio::test]
async fn why_no_way_is_open_is_said_for_each() {
    let person = born("a").consent("email", false).phone("+8613800138000").consent("sms", false);
    let world = World::new().await;
    come(&world, [person]).await;
    world
        .sql(
            "insert into tend.suppression (channel, address_key, reason, recorded_at)
             values ('sms', tend.address_key('sms', '+8613800138000'), 'unsubscribed', '2026-01-01Z')",
        )
        .await;
    Plan::shipped().on(&world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, " | a:consent_withdrawn");
    let channels = world.value("select detail -> 'channels' from tend.decision").await;
    assert_eq!(channels, r#"{"sms": "suppressed", "email": "consent_withdrawn"}"#);
}

#[tokio::test]
async fn who_is_not_in_the_audience_is_counted_by_the_condition_that_failed_first() {
    let file = changed(
        "all = [{ field = \"status\", is = \"active\" }]",
        "all = [{ field = \"status\", is = \"active\" }, { field = \"country\", in = [\"CN\", \"HK\"] }]\nnone = [{ tag = \"no-mail\" }]",
    );
    let people = [
        born("a").set("country", "'CN'"),
        born("b").set("status", "'closed'").set("country", "'GB'"),
        born("c").set("country", "'GB'"),
        born("d"),
        born("e").set("country", "'HK'").set("tags", "'{no-mail}'"),
    ];
    let (world, outcome) = run(&file, people).await;
    assert_eq!(outcome, "a | ");
    let outside = world.rows("select reason, customers from tend.audience_count order by reason").await;
    insta::assert_snapshot!(outside.join("\n"));
}

#[tokio::test]
async fn the_language_is_the_nearest_the_template_has() {
    let people = [
        born("a").set("locale", "'zh_HK'"),
        born("b").set("locale", "'en-GB'"),
        born("c").set("locale", "'fr'"),
        born("d").set("locale", "null"),
        born("e").set("locale", "'EN'"),
    ];
    let (world, _) = run(&shipped(), people).await;
    let lines = queued(&world).await;
    let languages: Vec<_> = lines.iter().map(|line| line.split(' ').nth(5).unwrap()).collect();
    assert_eq!(languages, ["zh-CN", "en", "zh-CN", "zh-CN", "en"]);
}
