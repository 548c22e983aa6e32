//! `tend why`: the chain of decisions for one person.

use super::texts::session;
use super::{bench, company, json, keys};

#[tokio::test(flavor = "multi_thread")]
async fn why_a_customer_got_a_message_or_none_is_told_from_the_first_decision_to_the_last_attempt() {
    let (world, bench) = bench().await;
    company(&world).await;
    world.advance_to("2026-06-03T00:30:00Z".parse().unwrap()).await;
    world
        .sql(
            "update crm.customer set preferred_channel = 'email', phone = '+8613800138000' where customer_id = 'c09';
             update crm.consent set source = 'form', wording = 'v2' where customer_id = 'c09'",
        )
        .await;
    session(&bench, &[&["run", "value-tiers", "--at", "2026-06-01"], &["run", "birthday", "--at", "2026-06-01"]]);
    // what became of it, as a dispatcher writes it
    world
        .sql(
            "update tend.outbox set state = 'accepted', state_at = '2026-06-01T02:00:05Z', attempts = 2 where customer_id = 'c09';
             insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes, retry_at, code, detail)
             select message_id, a.n, gen_random_uuid(), '2026-06-01T02:00:00Z'::timestamptz + a.n * interval '1 minute',
                    '2026-06-01T02:00:01Z'::timestamptz + a.n * interval '1 minute', a.outcome, a.becomes,
                    case when a.n = 1 then '2026-06-01T02:01:00Z'::timestamptz end, a.code, a.detail
             from tend.outbox,
                  (values (1, 'retry', 'planned', '451', 'try later'), (2, 'accepted', 'accepted', '250', 'ok')) a (n, outcome, becomes, code, detail)
             where customer_id = 'c09';
             insert into tend.suppression (channel, address_key, reason, recorded_at)
             values ('email', tend.address_key('email', 'c8@example.com'), 'unsubscribed', '2026-06-01T03:00:00Z')",
        )
        .await;
    // what the customer answered, and what somebody has to do about it
    world
        .sql(
            "insert into tend.answer (message_id, job, customer_id, occasion, survey, score, choice, comment, locale, answered_at, changed_at)
             select message_id, job, customer_id, occasion, 'csat', 2, 'service', 'my number is 13800138000', 'en', '2026-06-01T04:00:00Z', '2026-06-01T05:00:00Z'
             from tend.outbox where customer_id = 'c09';
             insert into tend.task (kind, origin, job, customer_id, title, team, opens_at, due_at, state_at, created_at)
             select 'callback', 'answer:' || message_id, job, customer_id, 'Call', 'owner', '2026-06-01T04:00:00Z', '2026-06-02T04:00:00Z',
                    '2026-06-01T04:00:00Z', '2026-06-01T04:00:00Z'
             from tend.answer",
        )
        .await;
    session(&bench, &[&["run", "birthday", "--at", "2026-06-02"]]);
    let text = session(
        &bench,
        &[
            &["why", "--customer", "c09", "--job", "birthday", "--at", "2026-06-02"],
            &["why", "--customer", "c12", "--job", "birthday", "--at", "2026-06-02"],
            &["why", "--customer", "c08", "--job", "birthday", "--at", "2026-05-02"],
            &["why", "--customer", "c10", "--job", "value-tiers", "--at", "2026-06-02"],
            &["why", "--customer", "nobody", "--job", "birthday"],
            &["why", "--customer", "c09", "--job", "birthdays"],
        ],
    );
    insta::assert_snapshot!(text);
    let why = json(&bench.run(&["why", "--customer", "c09", "--job", "birthday", "--at", "2026-06-02", "--json"]));
    let names = ["as_of", "conditions", "customer_id", "history", "job", "runs", "spec", "would_decide", "would_fail"];
    assert_eq!(keys(&why), names);
    let shown = serde_json::to_string(&why).unwrap() + &text;
    assert!(!shown.contains('@') && !shown.contains("13800138000"), "an address was shown");
}
