//! The dispatcher against a real SMTP server that misbehaves: every fault ends in a clear line and a correct row.

use std::sync::Arc;

use super::office::{dispatcher, fate, options, owing, states};
use crate::support::smtp::{Encryption, Manners, SmtpServer, acceptor, authority};
use crate::support::{World, instant};

/// Settings of a channel to the server.
fn settings(server: &SmtpServer, more: &str) -> String {
    format!(
        "kind = \"smtp\"\nhost = \"localhost\"\nport = {}\nfrom = \"Shop <care@shop.example>\"\nhello = \"tend.test\"\ntimeout = \"400ms\"\n\
         connect_timeout = \"2s\"\nconnections = 1\n{}{more}",
        server.port(),
        if more.contains("tls =") { "" } else { "tls = \"none\"\n" },
    )
}

async fn address(world: &World, customer: &str, local: &str) {
    world
        .sql(&format!(
            "update crm.customer set email = '{local}@shop-{customer}.example' where customer_id = '{customer}'"
        ))
        .await;
}

async fn attempts(world: &World, customer: &str) -> String {
    let query = format!(
        "select string_agg(concat_ws(' ', a.attempt, a.outcome, a.becomes, a.code), ', ' order by a.attempt)
         from tend.attempt a join tend.outbox o using (message_id) where o.customer_id = '{customer}'"
    );
    world.value(&query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_server_ends_in_a_clear_reason_and_a_correct_row() {
    every_fault(false).await;
    every_fault(true).await;
}

/// The same faults end in the same rows whether commands go one by one or several in a packet.
async fn every_fault(one_by_one: bool) {
    let faults = [
        "plain",
        "refuse-450",
        "refuse-550",
        "after-450",
        "after-550",
        "drop-mid",
        "drop-after",
        "stall",
        "plain",
        "slow",
    ];
    let world = owing(faults.len()).await;
    for (at, fault) in faults.iter().enumerate() {
        address(&world, &format!("c{}", at + 1), fault).await;
    }
    let server = SmtpServer::with(Manners { one_by_one, ..Manners::default() }).await;
    let office = dispatcher(&world, options(&[("mail", &settings(&server, "retry_after = [\"1h\"]"))]));
    // trouble of the channel stops it in between; a minute later it goes on
    for minute in 1..6 {
        office.drain_once().await.unwrap();
        world.advance_to(instant("2026-06-01T00:00:00Z") + chrono::TimeDelta::seconds(minute * 61)).await;
    }
    let mut fates = Vec::new();
    for (at, fault) in faults.iter().enumerate() {
        let customer = format!("c{}", at + 1);
        fates.push(format!("{fault}: {} [{}]", fate(&world, &customer).await, attempts(&world, &customer).await));
    }
    insta::assert_snapshot!("faults", fates.join("\n"));
    let taken: Vec<String> =
        server.mails().into_iter().map(|mail| mail.to.split('@').next().unwrap().to_owned()).collect();
    assert_eq!(
        taken.iter().filter(|to| *to == "drop-after").count(),
        1,
        "what may have arrived is not sent again: {taken:?}"
    );
    assert_eq!(taken.iter().filter(|to| *to == "stall").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_refused_for_the_moment_is_tried_again_by_the_series_and_then_given_up() {
    let world = owing(1).await;
    address(&world, "c1", "refuse-450").await;
    let server = SmtpServer::start().await;
    let office = dispatcher(&world, options(&[("mail", &settings(&server, "retry_after = [\"1m\", \"10m\"]"))]));
    office.drain_once().await.unwrap();
    assert!(fate(&world, "c1").await.starts_with("planned | 1 | RCPT: 450"));
    office.drain_once().await.unwrap();
    assert_eq!(attempts(&world, "c1").await, "1 retry planned 450", "not before its time");
    world.advance_to(instant("2026-06-01T00:01:10Z")).await;
    office.drain_once().await.unwrap();
    world.advance_to(instant("2026-06-01T00:30:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(
        fate(&world, "c1").await,
        "dead | 3 | gave up after 3 attempts: RCPT: 450 4.7.1 <***> you send too fast"
    );
    assert_eq!(attempts(&world, "c1").await, "1 retry planned 450, 2 retry planned 450, 3 retry dead 450");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_refuses_three_times_waits_and_the_others_go_on() {
    let world = owing(8).await;
    world
        .sql(
            "update crm.customer set email = 'refuse-450+' || customer_id || '@slow.example' where customer_id <> 'c8'",
        )
        .await;
    let server = SmtpServer::start().await;
    let mut options = options(&[("mail", &settings(&server, ""))]);
    options.outbox.batch = 4;
    let office = dispatcher(&world, options);
    office.drain_once().await.unwrap();
    assert!(world.value("select count(*) from tend.attempt where outcome = 'retry'").await.parse::<i32>().unwrap() < 7);
    assert_eq!(fate(&world, "c8").await, "accepted | 1");
    let waiting = world.value("select count(*) from tend.outbox where state_reason = 'waits for its hours or its domain' and state = 'planned'").await;
    assert_ne!(waiting, "0");
    assert_eq!(
        world.value("select provider || ' ' || failures from tend.provider_state where open_until is not null").await,
        "domain:mail:slow.example 3"
    );
    // the server has come to its senses
    world.sql("update crm.customer set email = customer_id || '@slow.example'").await;
    world.advance_to(instant("2026-06-01T01:00:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t8"]);
    assert_eq!(world.value("select failures from tend.provider_state").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_larger_than_the_server_takes_is_refused_before_it_is_sent() {
    let world = owing(1).await;
    let server = SmtpServer::with(Manners { size: Some(500), ..Manners::default() }).await;
    dispatcher(&world, options(&[("mail", &settings(&server, ""))])).drain_once().await.unwrap();
    let said = fate(&world, "c1").await;
    assert!(
        said.starts_with("rejected | 1 | the mail has ") && said.contains(" bytes and the server takes 500: "),
        "{said}"
    );
    assert_eq!(server.mails().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn greylisting_is_waited_out_and_says_nothing_about_the_domain() {
    let world = owing(6).await;
    world.sql("update crm.customer set email = 'grey+' || email where customer_id <> 'c6'").await;
    let server = SmtpServer::start().await;
    let office = dispatcher(&world, options(&[("mail", &settings(&server, ""))]));
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t1", "planned\t5"], "the one who is no newcomer has its mail");
    assert_eq!(world.value("select count(*) from tend.provider_state where open_until is not null").await, "0");
    let soonest = "select min(extract(epoch from not_before - '2026-06-01'))::int >= 300 from tend.outbox where state = 'planned'";
    assert_eq!(world.value(soonest).await, "true", "nobody comes back before the list lets him in");
    world.sql("update crm.customer set email = customer_id || '@example.com'").await;
    world.advance_to(instant("2026-06-01T01:00:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_421_is_left_alone_and_nothing_is_lost() {
    let world = owing(6).await;
    let server = SmtpServer::start().await;
    address(&world, "c1", "refuse-421").await;
    let office = dispatcher(&world, options(&[("mail", &settings(&server, ""))]));
    office.drain_once().await.unwrap();
    assert!(fate(&world, "c1").await.starts_with("planned | 1 | RCPT: 421 4.7.0 too many mails"));
    assert_eq!(states(&world).await, ["planned\t6"]);
    assert_eq!(world.value("select open_until from tend.provider_state").await, "2026-06-01 00:01:00+00");
    world.advance_to(instant("2026-06-01T00:00:59Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(server.mails().len(), 0);
    address(&world, "c1", "plain").await;
    world.advance_to(instant("2026-06-01T00:02:00Z")).await;
    server.busy(true);
    office.drain_once().await.unwrap();
    assert_eq!(server.mails().len(), 0, "421 as a greeting stops it too");
    server.busy(false);
    world.advance_to(instant("2026-06-01T01:00:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_or_refuses_us_costs_no_attempt() {
    let wrong_login = SmtpServer::with(Manners { login: Some("tend:right".into()), ..Manners::default() }).await;
    let unreachable = SmtpServer::start().await;
    let closed = settings(&unreachable, "");
    drop(unreachable);
    let named =
        SmtpServer::with(Manners { tls: Some((acceptor(), Encryption::FirstByte)), ..Manners::default() }).await;
    let wrong_name = settings(&named, &format!("tls = \"tls\"\nca_file = {:?}", authority()))
        .replace("\"localhost\"", "\"127.0.0.1\"");
    let unknown_authority = settings(&named, "tls = \"tls\"");
    let plain = SmtpServer::start().await;
    let no_starttls = settings(&plain, "tls = \"starttls\"");
    let mut fates = Vec::new();
    for (what, toml, port) in [
        ("wrong password", settings(&wrong_login, "username = \"tend\"\npassword = \"wrong\""), wrong_login.port()),
        (
            "nobody listens",
            closed.clone(),
            closed.split("port = ").nth(1).unwrap().lines().next().unwrap().parse().unwrap(),
        ),
        ("wrong name", wrong_name, named.port()),
        ("unknown authority", unknown_authority, named.port()),
        ("no STARTTLS", no_starttls, plain.port()),
    ] {
        let world = owing(3).await;
        dispatcher(&world, options(&[("mail", &toml)])).drain_once().await.unwrap();
        assert_eq!(states(&world).await, ["planned\t3"], "{what}");
        assert_eq!(world.value("select count(*) from tend.attempt").await, "0", "{what}");
        let reason = world.value("select reason from tend.provider_state").await.replace(&port.to_string(), "PORT");
        assert_eq!(
            world.value("select max(state_reason) from tend.outbox").await.replace(&port.to_string(), "PORT"),
            reason
        );
        fates.push(format!("{what}: {reason}"));
    }
    insta::assert_snapshot!(fates.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_by_tls_and_login() {
    for (encryption, word) in [(Encryption::FirstByte, "tls"), (Encryption::Starttls, "starttls")] {
        let world = owing(5).await;
        let manners =
            Manners { login: Some("tend:right".into()), tls: Some((acceptor(), encryption)), ..Manners::default() };
        let server = SmtpServer::with(manners).await;
        let login = format!("tls = \"{word}\"\nca_file = {:?}\nusername = \"tend\"\npassword = \"right\"", authority());
        dispatcher(&world, options(&[("mail", &settings(&server, &login))])).drain_once().await.unwrap();
        assert_eq!(states(&world).await, ["accepted\t5"], "{word}");
        assert_eq!((server.mails().len(), server.connections()), (5, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_the_server_closed_meanwhile_is_no_failure_of_the_message() {
    let world = owing(9).await;
    let server = SmtpServer::with(Manners { mails_per_connection: Some(2), ..Manners::default() }).await;
    dispatcher(&world, options(&[("mail", &settings(&server, ""))])).drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t9"]);
    assert_eq!((server.mails().len(), server.connections()), (9, 5));
    assert_eq!(world.value("select max(attempts) from tend.outbox").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_unknown_says_what_happens_to_a_message_whose_fate_is_unknown() {
    for (word, expected, sent) in [("hold", "in_doubt | 1", 1), ("drop", "dead | 1", 1), ("resend", "planned | 1", 2)] {
        let world = owing(1).await;
        address(&world, "c1", "drop-after").await;
        let server = SmtpServer::start().await;
        let office = dispatcher(&world, options(&[("mail", &settings(&server, &format!("on_unknown = \"{word}\"")))]));
        office.drain_once().await.unwrap();
        assert!(fate(&world, "c1").await.starts_with(expected), "{}", fate(&world, "c1").await);
        world.advance_to(instant("2026-06-01T02:00:00Z")).await;
        office.drain_once().await.unwrap();
        let mails = server.mails();
        assert_eq!(mails.len(), sent, "{word}");
        assert!(mails.iter().all(|mail| mail.message_id == mails[0].message_id), "sent again under the same id");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_hold_over_replicas_and_by_recipient_domain() {
    let world = owing(40).await;
    world.sql("update crm.customer set email = customer_id || '@qq.example' where customer_id ~ '0$'").await;
    let server = SmtpServer::start().await;
    let toml = settings(&server, "[rates]\nper_second = 10\n[rates.domains.\"qq.example\"]\nper_minute = 1");
    let offices = [dispatcher(&world, options(&[("mail", &toml)])), dispatcher(&world, options(&[("mail", &toml)]))];
    let mut counts = Vec::new();
    for step in 0..45 {
        world.advance_to(instant("2026-06-01T00:00:00Z") + chrono::TimeDelta::milliseconds(step * 100)).await;
        let before = server.mails().len();
        let (one, two) = tokio::join!(offices[0].drain_once(), offices[1].drain_once());
        one.and(two).unwrap();
        counts.push(server.mails().len() - before);
    }
    assert!(counts.windows(10).all(|ten| ten.iter().sum::<usize>() <= 10), "ten in any second: {counts:?}");
    assert!(server.mails().len() >= 36, "{counts:?}");
    assert_eq!(server.mails().iter().filter(|mail| mail.to.ends_with("@qq.example")).count(), 1);
    assert_eq!(world.value("select count(*) from tend.outbox where state = 'planned' and state_reason = 'waits for the rate of its domain'").await, "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_stop_finishes_what_is_in_the_network_and_gives_the_rest_back() {
    let world = owing(300).await;
    world.sql("update crm.customer set email = 'slow+' || customer_id || '@example.com'").await;
    let server = Arc::new(SmtpServer::start().await);
    let office = dispatcher(&world, options(&[("mail", &settings(&server, ""))]));
    let cancel = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn({
        let (office, cancel) = (office.clone(), cancel.clone());
        async move { office.run(cancel).await }
    });
    crate::support::eventually("some mails went", async || server.mails().len() >= 5).await;
    cancel.cancel();
    running.await.unwrap();
    let sent = server.mails().len();
    assert!(sent < 300);
    assert_eq!(states(&world).await, [format!("accepted\t{sent}"), format!("planned\t{}", 300 - sent)]);
    assert_eq!(world.value("select count(*) from tend.dispatcher").await, "0");
}
