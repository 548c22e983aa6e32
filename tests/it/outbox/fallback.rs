//! The next channel steps in when one refuses for good, and only then.

use super::office::{dispatcher, options, owing};
use crate::support::World;

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
