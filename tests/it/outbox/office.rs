//! What the tests of the dispatcher share: customers, a stored template, owed messages, dispatchers.
#![allow(dead_code, reason = "each topic uses what it needs")]

use std::collections::BTreeMap;

use tend::outbox::channel::settings::ChannelSettings;
use tend::outbox::dispatch::{Company, Dispatcher, Options};

use crate::support::World;

pub const MJML: &str = "<mjml><mj-head><mj-title>Happy birthday, {{ customer.name }}</mj-title></mj-head><mj-body><mj-section><mj-column>\
<mj-text>Dear {{ customer.name }}, {{ offer.gift }} from {{ company.name }}.</mj-text></mj-column></mj-section></mj-body></mjml>";

/// Stores the templates of job `t` and the spec that names them.
pub async fn stored(world: &World) {
    world
        .sql(&format!(
            "insert into tend.template (hash, body) values (repeat('1', 64), $t${MJML}$t$), (repeat('2', 64), $t${}$t$),
                 (repeat('3', 64), 'Happy birthday {{{{ customer.name }}}}, {{{{ offer.gift }}}}');
             insert into tend.spec (hash, job, kind, body, templates) values (repeat('a', 64), 't', 'message', '',
                 jsonb_build_object('birthday/email.en.mjml', repeat('1', 64), 'birthday/email.zh-CN.mjml', repeat('2', 64),
                                    'birthday/sms.en.txt', repeat('3', 64)))",
            MJML.replace("Happy birthday, {{ customer.name }}", "生日快乐，{{ customer.name }}")
        ))
        .await;
}

/// A world with `count` customers, each owed a birthday mail. Customer 7 is `c7` with `c7@example.com`.
pub async fn owing(count: usize) -> World {
    let world = World::new().await;
    stored(&world).await;
    owe(&world, count).await;
    world
}

/// Adds customers and what they are owed.
pub async fn owe(world: &World, count: usize) {
    world
        .sql(&format!(
            "insert into crm.customer (customer_id, name, email, phone, locale)
             select 'c' || i, 'Customer ' || i, 'c' || i || '@example.com', '+861380000' || lpad(i::text, 4, '0'), 'en' from generate_series(1, {count}) i;
             insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, provider, template, locale, data,
                                      not_before, not_after, on_unknown, state_at, created_at)
             select 1, 't', repeat('a', 64), 'c' || i, 'birthday:2026', 'marketing', 'birthday', 'email', null, 'birthday', 'en',
                    '{{\"offer\": {{\"gift\": \"a rose\"}}, \"occasion\": {{\"date\": \"2026-06-04\", \"year\": 2026, \"kind\": \"birthday\"}}}}',
                    '2026-06-01T00:00:00Z', '2026-06-04T00:00:00Z', null, '2026-06-01T00:00:00Z', '2026-06-01T00:00:00Z'
             from generate_series(1, {count}) i"
        ))
        .await;
}

/// A channel from the text of its settings.
pub fn channel(toml: &str) -> ChannelSettings {
    toml::from_str(toml).unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

/// Options with these channels, a short lease and quick looks.
pub fn options(channels: &[(&str, &str)]) -> Options {
    let channels: BTreeMap<_, _> = channels.iter().map(|(name, toml)| ((*name).to_owned(), channel(toml))).collect();
    let mut options = Options { channels, host: "test".into(), ..Options::default() };
    options.company = Company { name: "Shop".into(), url: "https://shop.example".into(), address: "1 Road".into() };
    options.outbox.interval = std::time::Duration::from_millis(20);
    options
}

/// A dispatcher on the world.
pub fn dispatcher(world: &World, options: Options) -> Dispatcher {
    Dispatcher::new(world.db().clone(), world.clock(), options).unwrap_or_else(|error| panic!("{error:#}"))
}

/// How many messages are in each state.
pub async fn states(world: &World) -> Vec<String> {
    world.rows("select state, count(*) from tend.outbox group by state order by state").await
}

/// State and reason of one customer's message.
pub async fn fate(world: &World, customer: &str) -> String {
    world
        .value(&format!(
            "select concat_ws(' | ', state, attempts, state_reason) from tend.outbox where customer_id = '{customer}'"
        ))
        .await
}
