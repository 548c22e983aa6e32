//! The dispatcher over the recording channel: who gets a message, who does not any more, and what is written.

use std::collections::BTreeSet;

use super::office::{dispatcher, fate, options, owing, states};
use crate::support::instant;

fn folder() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let toml = format!("kind = \"recording\"\nfolder = {:?}", dir.path());
    (dir, toml)
}

fn files(dir: &tempfile::TempDir) -> BTreeSet<String> {
    std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_is_paid_once_and_nothing_is_left_behind() {
    let world = owing(1_000).await;
    let (dir, toml) = folder();
    let office = dispatcher(&world, options(&[("mail", &toml)]));
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t1000"]);
    let expected = world.rows("select public_id || '.eml' as name from tend.outbox").await;
    assert_eq!(files(&dir), expected.into_iter().collect());
    assert_eq!(
        world.value("select count(*) from tend.attempt where outcome = 'accepted' and attempt = 1").await,
        "1000"
    );
    assert_eq!(world.value("select count(*) from tend.dispatcher").await, "0");
    assert_eq!(
        world
            .value("select count(*) from tend.outbox where owner is not null or attempts <> 1 or provider <> 'mail'")
            .await,
        "0"
    );
    office.drain_once().await.unwrap();
    assert_eq!(office.sent()["mail"].accepted, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_suppression_address_and_end_of_life_are_asked_at_the_moment_of_sending() {
    let world = owing(12).await;
    world
        .sql(
            "insert into crm.consent (customer_id, channel, purpose, recorded_at, granted) values
                 ('c1', 'email', 'marketing', '2026-05-01', true), ('c1', 'email', 'marketing', '2026-05-31', false),
                 ('c2', 'email', 'marketing', '2026-05-01', false), ('c2', 'email', 'marketing', '2026-05-31', true),
                 ('c3', 'sms', 'marketing', '2026-05-31', false);
             insert into tend.suppression (channel, address_key, reason, recorded_at, lifted_at) values
                 ('email', tend.address_key('email', 'C4@Example.com'), 'bounced', '2026-05-01', null),
                 ('email', tend.address_key('email', 'c5@example.com'), 'bounced', '2026-05-01', '2026-05-02');
             update crm.customer set email = null where customer_id = 'c6';
             update crm.customer set email = 'not an address' where customer_id = 'c7';
             delete from crm.customer where customer_id = 'c8';
             update crm.customer set status = 'closed' where customer_id = 'c9';
             update tend.outbox set not_before = '2026-05-01', not_after = '2026-06-01' where customer_id = 'c10';
             update tend.outbox set not_before = '2026-06-02' where customer_id = 'c11';
             update tend.outbox set zone = 'Asia/Shanghai', opens = '09:00', closes = '20:00' where customer_id = 'c12'",
        )
        .await;
    let (dir, toml) = folder();
    let office = dispatcher(&world, options(&[("mail", &toml)]));
    office.drain_once().await.unwrap();
    let mut fates = Vec::new();
    for customer in 1..=12 {
        fates.push(format!("c{customer}: {}", fate(&world, &format!("c{customer}")).await));
    }
    insta::assert_snapshot!(fates.join("\n"));
    assert_eq!(files(&dir).len(), 3);
    // eight in the morning in Shanghai: an hour too early, and then it is time
    assert_eq!(
        world.value("select not_before from tend.outbox where customer_id = 'c12'").await,
        "2026-06-01 01:00:00+00"
    );
    world.advance_to(instant("2026-06-02T01:00:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(files(&dir).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_sending_is_paused() {
    let world = owing(5).await;
    let (dir, toml) = folder();
    let office = dispatcher(&world, options(&[("mail", &toml)]));
    world.sql("insert into tend.sending_pause (paused_at, paused_by) values ('2026-06-01', 'test')").await;
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["planned\t5"]);
    world.sql("delete from tend.sending_pause").await;
    office.drain_once().await.unwrap();
    assert_eq!((states(&world).await, files(&dir).len()), (vec!["accepted\t5".to_owned()], 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn higher_priority_goes_first_and_the_future_waits() {
    let world = owing(30).await;
    world
        .sql(
            "update tend.outbox set channel = 'sms', priority = case when customer_id in ('c7', 'c9') then 90 else 50 end,
                 not_before = case when customer_id = 'c9' then '2026-06-03' else not_before end::timestamptz",
        )
        .await;
    let dir = tempfile::tempdir().unwrap();
    let toml = format!("kind = \"recording\"\nsort = \"sms\"\nfolder = {:?}", dir.path());
    let mut options = options(&[("text", &toml)]);
    options.outbox.batch = 1;
    dispatcher(&world, options).drain_once().await.unwrap();
    let lines = std::fs::read_to_string(dir.path().join("sms.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (first["to"].as_str(), first["text"].as_str()),
        (Some("+8613800000007"), Some("Happy birthday Customer 7, a rose"))
    );
    assert_eq!((lines.lines().count(), fate(&world, "c9").await), (29, "planned | 0".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_staging_everything_goes_to_one_address() {
    let world = owing(2).await;
    let (dir, toml) = folder();
    let mut options = options(&[("mail", &toml)]);
    options.outbox.redirect_to =
        Some(tend::outbox::channel::settings::Redirect { email: Some("staging@shop.example".into()), sms: None });
    dispatcher(&world, options).drain_once().await.unwrap();
    for file in files(&dir) {
        let bytes = std::fs::read(dir.path().join(file)).unwrap();
        let mail = mail_parser::MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(mail.to().unwrap().first().unwrap().address(), Some("staging@shop.example"));
        assert!(mail.subject().unwrap().starts_with("[redirected] Happy birthday, Customer "));
        assert!(mail.header_raw("X-Tend-Redirected-From").unwrap().trim().starts_with('c'));
        assert!(!String::from_utf8_lossy(&bytes).contains("example.com"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_fails_ends_in_a_dead_letter_that_says_why() {
    let world = owing(2).await;
    world.sql("update tend.outbox set data = '{}' where customer_id = 'c1'; update tend.outbox set template = 'gone' where customer_id = 'c2'").await;
    let (_dir, toml) = folder();
    dispatcher(&world, options(&[("mail", &toml)])).drain_once().await.unwrap();
    insta::assert_snapshot!(format!("{}\n{}", fate(&world, "c1").await, fate(&world, "c2").await));
}
