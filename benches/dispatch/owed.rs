//! What is owed, and paying it.

use sqlx::AssertSqlSafe;
use tend::clock::Clock;
use tend::db::{Database, DatabaseSettings, migrate};
use tend::outbox::channel::settings::ChannelSettings;
use tend::outbox::dispatch::{Company, Dispatcher, Options};

const MJML: &str = include_str!("mail.mjml");

pub async fn database(url: &str) -> Database {
    let db = Database::connect(&DatabaseSettings::new(url)).await.expect("a database");
    migrate(&db, true).await.expect("migrations");
    sql(
        &db,
        &format!(
            "insert into tend.template (hash, body) values (repeat('1', 64), $t${MJML}$t$);
             insert into tend.spec (hash, job, kind, body, templates)
             values (repeat('a', 64), 't', 'message', '', jsonb_build_object('birthday/email.en.mjml', repeat('1', 64)))"
        ),
    )
    .await;
    db
}

/// So many customers, each owed one mail; what was before is gone.
pub async fn fill(db: &Database, messages: usize) {
    sql(
        db,
        &format!(
            "truncate crm.customer, crm.consent, tend.outbox, tend.attempt, tend.suppression, tend.provider_state;
             insert into crm.customer (customer_id, name, email, locale)
             select 'c' || i, 'Customer ' || i, 'c' || i || '@example.com', 'en' from generate_series(1, {messages}) i;
             insert into crm.consent (customer_id, channel, purpose, recorded_at, granted)
             select 'c' || i, 'email', 'marketing', now() - interval '1 year', true from generate_series(1, {messages}) i;
             insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data,
                                      not_before, not_after, state_at, created_at)
             select 1, 't', repeat('a', 64), 'c' || i, 'birthday:2026', 'marketing', 'birthday', 'email', 'birthday', 'en',
                    '{{\"offer\": {{\"gift\": \"a rose\"}}, \"occasion\": {{\"date\": \"2026-06-04\", \"year\": 2026, \"kind\": \"birthday\"}}}}',
                    now() - interval '1 minute', now() + interval '1 day', now(), now()
             from generate_series(1, {messages}) i;
             analyze crm.customer; analyze crm.consent; analyze tend.outbox; checkpoint"
        ),
    )
    .await;
}

/// Pays it all.
pub async fn pay(db: &Database, port: u16, connections: usize) {
    let settings = format!(
        "kind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"Shop <care@shop.example>\"\nconnections = {connections}"
    );
    let channel: ChannelSettings = toml::from_str(&settings).expect("settings");
    let company = Company { name: "Shop".into(), url: "https://shop.example".into(), address: "1 Road".into() };
    let options = Options {
        channels: [("smtp".to_owned(), channel)].into(),
        company,
        host: "bench".into(),
        ..Options::default()
    };
    let dispatcher = Dispatcher::new(db.clone(), Clock::Database, options).expect("a dispatcher");
    dispatcher.drain_once().await.expect("a database");
}

/// Every message was accepted, once.
pub async fn check(db: &Database, messages: usize) {
    let accepted: i64 =
        sqlx::query_scalar("select count(*) from tend.outbox where state = 'accepted' and attempts = 1")
            .fetch_one(db.pool())
            .await
            .expect("a count");
    assert_eq!(usize::try_from(accepted).ok(), Some(messages), "every message is accepted");
}

async fn sql(db: &Database, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(db.pool()).await.expect("statements");
}
