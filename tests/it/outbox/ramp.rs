//! Warming up: little on the first day, more on each further one, over all replicas.

use super::office::{dispatcher, options, owing, states};
use crate::support::instant;
use crate::support::smtp::SmtpServer;

fn settings(server: &SmtpServer, rates: &str) -> String {
    format!(
        "kind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"care@shop.example\"\n\
         connections = 2\nrates = {{ {rates} }}",
        server.port()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_channel_sends_more_every_day_over_all_replicas_and_status_says_so() {
    let world = owing(40).await;
    let server = SmtpServer::start().await;
    let toml = settings(&server, "ramp = { first_day = 5, factor = 2.0, full = 15 }");
    let (one, two) = (dispatcher(&world, options(&[("mail", &toml)])), dispatcher(&world, options(&[("mail", &toml)])));
    let both = async || {
        let (one, two) = tokio::join!(one.drain_once(), two.drain_once());
        one.and(two).unwrap();
    };
    both().await;
    assert_eq!(states(&world).await, ["accepted\t5", "planned\t35"], "the first day");
    world.advance_to(instant("2026-06-01T23:59:59Z")).await;
    both().await;
    assert_eq!(states(&world).await, ["accepted\t5", "planned\t35"], "the rest of the first day");
    let driven = [("TEND__TIME__SOURCE".to_owned(), "driven".to_owned())];
    let settings = tend::settings::Settings::read(std::path::Path::new("config"), driven).unwrap();
    let engine = tend::daemon::engine(world.db(), &settings);
    let said = tend::engine::status::status(&engine).await.unwrap().text(chrono_tz::UTC).to_string();
    assert!(
        said.contains("channel mail: day 1 of sending, 5 of 5 messages on 2026-06-01; the rest waits for the next day (no limit from 15 a day on)"),
        "{said}"
    );
    world.advance_to(instant("2026-06-02T08:00:00Z")).await;
    both().await;
    assert_eq!(states(&world).await, ["accepted\t15", "planned\t25"], "the second day");
    world.advance_to(instant("2026-06-03T08:00:00Z")).await;
    both().await;
    assert_eq!(states(&world).await, ["accepted\t40"], "20 would be more than the full rate: no limit any more");
    assert_eq!(server.mails().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_warms_up_by_itself_and_a_day_of_rest_does_not_count() {
    let world = owing(20).await;
    world.sql("update crm.customer set email = customer_id || '@big.example' where length(customer_id) = 3").await;
    let server = SmtpServer::start().await;
    let rates = "domains = { \"big.example\" = { ramp = { first_day = 2, factor = 2.0, full = 100 } } }";
    let office = dispatcher(&world, options(&[("mail", &settings(&server, rates))]));
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t11", "planned\t9"], "nine to others, two to the domain");
    assert_eq!(
        world.value("select distinct not_before::text from tend.outbox where state = 'planned'").await,
        "2026-06-02 00:00:00+00",
        "they wait for the next day"
    );
    // nobody sends on the second day
    world.advance_to(instant("2026-06-03T08:00:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(states(&world).await, ["accepted\t15", "expired\t5"], "the second day of sending allows four");
    assert_eq!(world.value("select stage || ' ' || sent from tend.ramp").await, "2 4");
}
