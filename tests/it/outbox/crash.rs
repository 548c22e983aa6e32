//! Dispatchers killed at random moments: nobody gets a message twice, nobody is forgotten, and each crash leaves at most
//! one message in doubt per connection.

use std::collections::BTreeMap;
use std::time::Duration;

use tend::clock::Clock;
use tend::db::{Database, DatabaseSettings};
use tend::outbox::dispatch::{Dispatcher, Options};
use tokio_util::sync::CancellationToken;

use super::office::{options, owing};
use crate::support::smtp::SmtpServer;
use crate::support::{World, eventually};

const CONNECTIONS: usize = 5;
const MESSAGES: usize = 400;

fn settings(server: &SmtpServer, on_unknown: &str) -> Options {
    let toml = format!(
        "kind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"care@shop.example\"\nconnections = {CONNECTIONS}\n\
         on_unknown = \"{on_unknown}\"\nretry_after = [\"0s\", \"0s\", \"0s\", \"0s\", \"0s\", \"0s\", \"0s\", \"0s\"]",
        server.port()
    );
    let mut options = options(&[("mail", &toml)]);
    options.outbox.lease_ttl = Duration::from_millis(400);
    options.outbox.heartbeat = Duration::from_millis(100);
    options.outbox.batch = 60;
    options
}

/// A dispatcher on a runtime of its own that vanishes from one moment to the next, with its connections.
async fn killed_after(world: &World, options: Options, life: Duration) {
    let url = world.url().to_owned();
    tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.spawn(async move {
            let db = Database::connect(&DatabaseSettings::new(url)).await.unwrap();
            Dispatcher::new(db, Clock::Driven, options).unwrap().run(CancellationToken::new()).await;
        });
        std::thread::sleep(life);
        runtime.shutdown_timeout(Duration::ZERO);
    })
    .await
    .unwrap();
}

async fn crashes(on_unknown: &str, seed: u64) -> (World, SmtpServer, u64) {
    let world = owing(MESSAGES).await;
    let server = SmtpServer::start().await;
    let (mut random, mut crashes) = (seed, 0);
    while world.value("select count(*) from tend.outbox where state in ('planned', 'claimed')").await != "0" {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let life = Duration::from_millis(120 + crashes * 5 + (random >> 33) % 400);
        // longer and longer, since a loaded machine needs a while to start; two at a time, so that one recovers what the other left
        tokio::join!(
            killed_after(&world, settings(&server, on_unknown), life),
            killed_after(&world, settings(&server, on_unknown), life / 2)
        );
        crashes += 2;
        assert!(crashes < 200, "it must come to an end: {:?}", super::office::states(&world).await);
    }
    let last = super::office::dispatcher(&world, settings(&server, on_unknown));
    eventually("everything is in order", async || {
        last.drain_once().await.unwrap();
        world.value("select count(*) from tend.dispatcher").await == "0"
            && world.value("select count(*) from tend.outbox where state in ('planned', 'claimed')").await == "0"
    })
    .await;
    (world, server, crashes)
}

fn by_recipient(server: &SmtpServer) -> BTreeMap<String, Vec<String>> {
    let mut mails: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in server.mails() {
        mails.entry(mail.to.split('@').next().unwrap().to_owned()).or_default().push(mail.message_id);
    }
    mails
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_message_twice_and_each_crash_leaves_at_most_one_in_doubt_per_connection() {
    let (world, server, crashes) = crashes("hold", 1).await;
    let mails = by_recipient(&server);
    assert!(
        mails.values().all(|ids| ids.len() == 1),
        "twice: {:?}",
        mails.iter().filter(|(_, ids)| ids.len() > 1).collect::<Vec<_>>()
    );
    let accepted = world.rows("select customer_id from tend.outbox where state = 'accepted'").await;
    let in_doubt = world.rows("select customer_id from tend.outbox where state = 'in_doubt'").await;
    assert_eq!(accepted.len() + in_doubt.len(), MESSAGES, "the books balance");
    assert!(accepted.iter().all(|customer| mails.contains_key(customer)), "accepted means sent");
    assert!(mails.keys().all(|customer| accepted.contains(customer) || in_doubt.contains(customer)));
    assert!(
        in_doubt.len() as u64 <= crashes * CONNECTIONS as u64,
        "{} in doubt after {crashes} crashes",
        in_doubt.len()
    );
    let unknown = "select count(*) from tend.attempt where outcome = 'in_doubt' and becomes = 'in_doubt' and finished_at is not null";
    assert_eq!(world.value(unknown).await, in_doubt.len().to_string());
    assert_eq!(world.value("select count(*) from tend.attempt where outcome is null").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_resend_everybody_gets_the_message_and_a_second_copy_is_recognisable() {
    let (world, server, _) = crashes("resend", 7).await;
    let mails = by_recipient(&server);
    assert_eq!(mails.len(), MESSAGES);
    assert!(mails.values().all(|ids| ids.iter().all(|id| *id == ids[0])));
    assert_eq!(super::office::states(&world).await, [format!("accepted\t{MESSAGES}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_lost_its_lease_hands_nothing_off() {
    let world = owing(50).await;
    let server = SmtpServer::start().await;
    world.sql("update crm.customer set email = 'slow+' || customer_id || '@example.com'").await;
    let mut options = settings(&server, "hold");
    options.outbox.lease_ttl = Duration::from_secs(60);
    options.outbox.heartbeat = Duration::from_secs(20);
    let zombie = super::office::dispatcher(&world, options);
    let running = tokio::spawn({
        let zombie = zombie.clone();
        async move { zombie.run(CancellationToken::new()).await }
    });
    eventually("it works", async || server.mails().len() >= 3).await;
    // somebody finds its lease run out while it is at work, as after SIGSTOP
    world.sql("update tend.dispatcher set lease_until = now() - interval '1 minute'").await;
    let found = zombie.recover().await.unwrap();
    assert_eq!(found.dispatchers, 1);
    assert!((1..=CONNECTIONS as u64).contains(&found.unknown), "{found:?}");
    eventually("the rest is paid under a new lease", async || {
        world.value("select count(*) from tend.outbox where state in ('planned', 'claimed')").await == "0"
    })
    .await;
    running.abort();
    assert!(by_recipient(&server).values().all(|ids| ids.len() == 1));
    let mails = server.mails().len();
    assert_eq!(mails, 50);
    assert_eq!(
        world.value("select count(*) from tend.outbox where state = 'in_doubt'").await,
        found.unknown.to_string()
    );
}
