//! The next channel steps in when one refuses for good, and only then.

use tend::outbox::desk;

use super::office::{dispatcher, fate, options, owing};
use crate::support::http::{HttpServer, Reply};
use crate::support::{World, instant};

async fn ready(state: &str) -> World {
    let world = owing(2).await;
    world
        .sql(&format!(
            "insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
             select job, customer_id, occasion, '2026-06-04', tend.address_key('email', customer_id || '@example.com'), 1, created_at from tend.outbox;
             update tend.outbox set state = '{state}', state_reason = 'no such mailbox', provider = 'mail', attempts = 1,
                                    fallback = '[{{\"channel\": \"sms\", \"locale\": \"en\", \"offer\": {{\"gift\": \"a tulip\"}}}}]'
             where customer_id = 'c1'"
        ))
        .await;
    world
}

fn recording() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let toml = format!("kind = \"recording\"\nfolder = {:?}", dir.path());
    (dir, toml)
}

async fn drained(world: &World) -> Vec<String> {
    let (_mails, mail) = recording();
    let (_texts, text) = recording();
    let text = format!("{text}\nsort = \"sms\"");
    let office = dispatcher(world, options(&[("mail", &mail), ("text", &text)]));
    office.drain_once().await.unwrap();
    office.drain_once().await.unwrap();
    world
        .rows("select customer_id, state, channel, coalesce(provider, '-'), data -> 'offer' ->> 'gift' as gift, fallback is null as spent from tend.outbox order by 1")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_for_good_goes_by_the_next_channel() {
    for state in ["rejected", "bounced"] {
        let world = ready(state).await;
        assert_eq!(
            drained(&world).await,
            ["c1\taccepted\tsms\ttext\ta tulip\ttrue", "c2\taccepted\temail\tmail\ta rose\ttrue"],
            "{state}"
        );
        let key = "select address_key = tend.address_key('sms', '+8613800000001') from tend.occasion where customer_id = 'c1'";
        assert_eq!(world.value(key).await, "true");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_when_its_fate_is_unknown_is_asked_of_the_channel_it_goes_by() {
    for (file, expected) in [("null", "resend"), ("\"hold\"", "hold")] {
        let world = ready("rejected").await;
        // the claim for the first channel wrote down what that one says
        world
            .sql(&format!(
                "update tend.outbox set on_unknown = 'drop', fallback = jsonb_set(fallback, '{{0,on_unknown}}', '{file}') where customer_id = 'c1'"
            ))
            .await;
        assert!(drained(&world).await[0].starts_with("c1\taccepted\tsms"));
        assert_eq!(world.value("select on_unknown from tend.outbox where customer_id = 'c1'").await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_or_was_stopped_does_not() {
    for state in ["in_doubt", "dead", "cancelled", "suppressed", "expired", "held"] {
        let world = ready(state).await;
        let c1 = drained(&world).await.remove(0);
        assert_eq!(c1, format!("c1\t{state}\temail\tmail\ta rose\tfalse"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_attempt_may_have_brought_does_not_and_what_a_receipt_settled_does() {
    for (attempts, expected) in
        [(2, "c1\trejected\temail\tmail\ta rose\ttrue"), (1, "c1\taccepted\tsms\ttext\ta tulip\ttrue")]
    {
        let world = ready("rejected").await;
        world
            .sql(&format!(
                "update tend.outbox set attempts = {attempts} where customer_id = 'c1';
                 insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
                 select message_id, 1, gen_random_uuid(), state_at, state_at, 'in_doubt', 'planned' from tend.outbox where customer_id = 'c1'"
            ))
            .await;
        assert_eq!(drained(&world).await[0], expected, "{attempts}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_to_an_address_that_another_customer_had_it_at_and_not_too_late() {
    let world = ready("rejected").await;
    world
        .sql(
            "update crm.customer set phone = '+8613800000001' where customer_id = 'c2';
             update tend.occasion set address_key = tend.address_key('sms', '+8613800000001') where customer_id = 'c2'",
        )
        .await;
    assert_eq!(drained(&world).await[0], "c1\trejected\temail\tmail\ta rose\ttrue");
    let world = ready("rejected").await;
    world
        .sql("update tend.outbox set not_before = '2026-05-01', not_after = '2026-05-31' where customer_id = 'c1'")
        .await;
    assert_eq!(drained(&world).await[0], "c1\trejected\temail\tmail\ta rose\ttrue");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_dispatchers_send_it_once() {
    let world = ready("rejected").await;
    let (texts, text) = recording();
    let (_mails, mail) = recording();
    let text = format!("{text}\nsort = \"sms\"");
    let offices = [(); 2].map(|()| dispatcher(&world, options(&[("mail", &mail), ("text", &text)])));
    for _ in 0..2 {
        let (one, two) = tokio::join!(offices[0].drain_once(), offices[1].drain_once());
        one.unwrap();
        two.unwrap();
    }
    assert_eq!(std::fs::read_dir(texts.path()).unwrap().count(), 1);
    assert_eq!(world.value("select count(*) from tend.attempt").await, "2");
}

/// A gateway that is not there for anybody, and waits of one minute and one hour.
async fn closed_gateway() -> (HttpServer, String) {
    let server = HttpServer::start().await;
    server.answers(Reply::Say("503 Service Unavailable", vec![], ""));
    let toml = format!(
        "kind = \"webhook\"\nurl = {:?}\nallow_private_addresses = true\nconnections = 1\nretry_after = [\"1m\", \"1h\"]",
        server.url()
    );
    (server, toml)
}

/// When the message of the first customer goes next, in minutes behind midnight; none: it does not.
async fn next(world: &World) -> String {
    world
        .value(
            "select case when state = 'planned' then round(extract(epoch from not_before - '2026-06-01') / 60)::text else state end
             from tend.outbox where customer_id = 'c1'",
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attempts_of_the_next_channel_begin_anew() {
    let world = ready("rejected").await;
    world
        .sql(
            "delete from tend.outbox where customer_id = 'c2';
             -- the first channel refused it at its third attempt
             update tend.outbox set attempts = 3;
             insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
             select message_id, n, gen_random_uuid(), state_at, state_at, case n when 3 then 'rejected' else 'retry' end,
                    case n when 3 then 'rejected' else 'planned' end from tend.outbox, generate_series(1, 3) n",
        )
        .await;
    let (server, text) = closed_gateway().await;
    let office = dispatcher(&world, options(&[("text", &text)]));
    office.drain_once().await.unwrap();
    assert_eq!((server.calls().len(), next(&world).await), (1, "1".to_owned()), "the first wait of this channel");
    world.advance_to(instant("2026-06-01T00:05:00Z")).await;
    office.drain_once().await.unwrap();
    // an hour, spread by a tenth
    let second: u32 = next(&world).await.parse().unwrap();
    assert!(server.calls().len() == 2 && (59..=71).contains(&second), "then the second: {second}");
    world.advance_to(instant("2026-06-01T02:00:00Z")).await;
    office.drain_once().await.unwrap();
    assert_eq!(fate(&world, "c1").await, "dead | 6 | gave up after 3 attempts: 503 Service Unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_sends_again_has_all_its_attempts() {
    let world = owing(1).await;
    world.sql("update tend.outbox set channel = 'sms', state = 'dead', attempts = 3").await;
    let mut conn = world.db().pool().acquire().await.unwrap();
    let id: i64 = world.value("select message_id from tend.outbox").await.parse().unwrap();
    let done = desk::resend(&mut conn, id, "ann", instant("2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(done, desk::Decided::Planned);
    let (_server, text) = closed_gateway().await;
    dispatcher(&world, options(&[("text", &text)])).drain_once().await.unwrap();
    assert_eq!(next(&world).await, "1");
}
