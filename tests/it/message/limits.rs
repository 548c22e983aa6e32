//! What comes back stops what has not gone yet: canaries by bounces and complaints, and the limit of a job.

use tend::outbox::hold::{self, Decided};
use tend::outbox::returned::{About, Consequences, News, Said, Source, take};

use super::plan::{Plan, changed};
use crate::outbox::watched::alarms;
use crate::support::{World, instant};

fn with(safety: &str) -> Plan {
    Plan::file(&changed("[delivery]", &format!("[safety]\n{safety}\n\n[delivery]")))
}

async fn crowd(from: usize, to: usize) -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into tend.spec (hash, job, kind, body) values (repeat('c', 64), 'birthday', 'message', '');
             insert into tend.job_run (run_id, job, trigger, slot, business_date, business_key, state, run_after, spec_hash, progress, created_at, finished_at)
             overriding system value
             select i, 'birthday', 'schedule', '2026-11-21 00:00Z'::timestamptz + i * interval '1 hour', '2026-11-21', 'd' || i, 'succeeded', '2026-11-01Z',
                    repeat('c', 64), '{}', '2026-11-01Z', '2026-11-01Z'
             from generate_series(100, 110) i",
        )
        .await;
    more(&world, from, to).await;
    world
}

async fn more(world: &World, from: usize, to: usize) {
    world
        .sql(&format!(
            "insert into crm.customer (customer_id, email, birthday_month, birthday_day)
             select 'c' || i, 'c' || i || '@example.com', 11, 24 from generate_series({from}, {to}) i;
             insert into crm.consent (customer_id, channel, recorded_at, granted)
             select customer_id, 'email', '2020-01-01Z', true from crm.customer on conflict do nothing"
        ))
        .await;
}

/// So many of what is planned goes out and is taken.
async fn send(world: &World, most: usize, at: &str) {
    world
        .sql(&format!(
            "with sent as (
                 update tend.outbox set state = 'accepted', state_at = '{at}', attempts = 1, provider = 'smtp'
                 where message_id in (select message_id from tend.outbox where state = 'planned' order by message_id limit {most})
                 returning message_id
             )
             insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
             select message_id, 1, gen_random_uuid(), '{at}', '{at}', 'accepted', 'accepted' from sent"
        ))
        .await;
}

/// So many of what was taken come back.
async fn come_back(world: &World, many: usize, said: Said, at: &str) {
    let ids = world
        .rows(&format!("select public_id from tend.outbox where state = 'accepted' order by message_id limit {many}"))
        .await;
    assert_eq!(ids.len(), many);
    let mut conn = world.pool().acquire().await.unwrap();
    for id in ids {
        let news = News {
            about: About::Ours(id.parse().unwrap()),
            source: Source::Dsn,
            provider: None,
            said,
            code: "5.1.1".into(),
            detail: String::new(),
            at: None,
            to: Vec::new(),
        };
        take(&mut conn, &news, Consequences::default(), instant(at)).await.unwrap();
    }
}

async fn look(world: &World, now: &str) {
    let mut conn = world.pool().acquire().await.unwrap();
    hold::look(&mut conn, instant(now)).await.unwrap();
}

async fn states(world: &World) -> String {
    world.rows("select concat_ws(':', state, state_reason, count(*)) from tend.outbox where state in ('planned', 'held') group by state, state_reason order by 1").await.join(" ")
}

#[tokio::test]
async fn a_canary_is_stopped_by_bounces_and_by_complaints_that_come_back_within_its_wait() {
    for (stop_if, said, many, note) in [
        ("bounce = \"10%\"", Said::Bounced, 6, "came back"),
        ("rejected = \"3%\", bounce = \"10%\", complaint = \"0.1%\"", Said::Complained, 1, "was called spam"),
    ] {
        let world = crowd(1, 200).await;
        with(&format!("canary = {{ share = \"20%\", wait = \"1h\", stop_if = {{ {stop_if} }} }}"))
            .on(&world, "2026-11-21")
            .await;
        send(&world, 1_000, "2026-11-21T02:00:00Z").await;
        come_back(&world, many, said, "2026-11-21T02:10:00Z").await;
        look(&world, "2026-11-21T02:11:00Z").await;
        let hold = world.value("select state || ': ' || note from tend.hold where reason = 'canary'").await;
        assert!(hold.starts_with("stopped: of the first ") && hold.ends_with(&format!("{many} {note}")), "{hold}");
        assert!(states(&world).await.starts_with("held:canary:"));
    }
    // few enough, and the rest goes
    let world = crowd(1, 200).await;
    with("canary = { share = \"20%\", wait = \"1h\", stop_if = { bounce = \"50%\" } }").on(&world, "2026-11-21").await;
    send(&world, 1_000, "2026-11-21T02:00:00Z").await;
    come_back(&world, 2, Said::Bounced, "2026-11-21T02:10:00Z").await;
    look(&world, "2026-11-21T04:00:00Z").await;
    assert_eq!(world.value("select state from tend.hold").await, "released");
}

#[tokio::test]
async fn a_job_that_has_reached_its_limit_waits_until_a_person_lets_it_go_on() {
    let world = crowd(1, 300).await;
    let plan = with("limit = { bounce = \"5%\", complaint = \"1%\", over = \"7d\", at_least = 100 }");
    plan.on(&world, "2026-11-21").await;
    send(&world, 90, "2026-11-21T02:00:00Z").await;
    come_back(&world, 20, Said::Bounced, "2026-11-21T02:10:00Z").await;
    look(&world, "2026-11-21T02:11:00Z").await;
    assert_eq!(states(&world).await, "planned:210", "90 messages say nothing");
    send(&world, 110, "2026-11-21T02:12:00Z").await;
    look(&world, "2026-11-21T02:13:00Z").await;
    assert_eq!(states(&world).await, "planned:100", "no bad news since");
    come_back(&world, 1, Said::Bounced, "2026-11-21T02:14:00Z").await;
    look(&world, "2026-11-21T02:15:00Z").await;
    assert_eq!(states(&world).await, "held:limit:100");
    let note = world.value("select note from tend.safety_limit where reached_at is not null").await;
    assert_eq!(note, "21 came back of the last 200 messages");

    // whoever looks is told: the watchdog, the list, the preview
    let alarm = "limit_reached\tbirthday: 21 came back of the last 200 messages, which its file does not allow; 100 messages wait (`tend \
                 approve birthday` lets the job go on)";
    assert!(alarms(&world).await.contains(&alarm.to_owned()));
    more(&world, 301, 310).await;
    let explained = plan.explained(&world, "2026-11-22", false).await;
    assert!(explained.text.contains("10 wait: too many messages of the job came back"), "{}", explained.text);
    plan.on(&world, "2026-11-22").await;
    assert_eq!(states(&world).await, "held:limit:110", "what is planned meanwhile waits from the start");

    let mut conn = world.pool().acquire().await.unwrap();
    let decided = hold::approve(&mut conn, "birthday", None, "ben", instant("2026-11-22T03:00:00Z")).await.unwrap();
    assert!(matches!(decided, Decided::Released { planned: 110, behind: 0 }), "{decided:?}");
    look(&world, "2026-11-22T03:01:00Z").await;
    assert_eq!(states(&world).await, "planned:110");
    // what went before counts no more, also when it comes back now
    come_back(&world, 30, Said::Complained, "2026-11-22T03:02:00Z").await;
    look(&world, "2026-11-22T03:03:00Z").await;
    assert_eq!(states(&world).await, "planned:110");
    send(&world, 105, "2026-11-22T04:00:00Z").await;
    world
        .sql(
            "update tend.outbox set state = 'delivered' where state = 'accepted' and state_at < '2026-11-22T04:00:00Z'",
        )
        .await;
    come_back(&world, 2, Said::Complained, "2026-11-22T04:01:00Z").await;
    look(&world, "2026-11-22T04:02:00Z").await;
    assert_eq!(states(&world).await, "held:limit:5");
    let note = world.value("select note from tend.safety_limit").await;
    assert_eq!(note, "2 were called spam of the last 105 messages");

    // a file without the key has no limit any more
    with("max_recipients = 1000").on(&world, "2026-11-23").await;
    assert_eq!(world.value("select count(*) from tend.safety_limit").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_cannot_be_let_go_while_its_job_has_reached_the_limit_and_that_is_said() {
    let world = crowd(1, 300).await;
    with("limit = { bounce = \"5%\", at_least = 100 }").on(&world, "2026-11-21").await;
    send(&world, 200, "2026-11-21T02:00:00Z").await;
    come_back(&world, 20, Said::Bounced, "2026-11-21T02:10:00Z").await;
    look(&world, "2026-11-21T02:11:00Z").await;
    assert_eq!(states(&world).await, "held:limit:100");
    world.advance_to(instant("2026-11-21T03:00:00Z")).await;
    let run = world.value("select run_id from tend.hold where reason = 'limit'").await;
    let approve = |arguments: &[&str]| {
        let output = world.tend().arg("approve").args(arguments).output().unwrap();
        (output.status.code(), [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat())
    };
    let (code, said) = approve(&["birthday", "--run", &run, "--by", "ben"]);
    assert_eq!(
        (code, said.lines().next().unwrap_or_default()),
        (
            Some(1),
            "error: birthday waits because of its limit: 20 came back of the last 200 messages; `tend approve birthday` lets the job go on"
        ),
        "{said}"
    );
    look(&world, "2026-11-21T03:01:00Z").await;
    assert_eq!(states(&world).await, "held:limit:100", "nothing was let go, and nothing was said to be");
    let (code, said) = approve(&["birthday", "--by", "ben"]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("100 messages of birthday are owed now. On record: decided by "), "{said}");
    look(&world, "2026-11-21T03:02:00Z").await;
    assert_eq!(states(&world).await, "planned:100");
}

#[tokio::test]
async fn what_failed_came_back_and_what_was_delivered_in_the_end_did_not() {
    let world = crowd(1, 300).await;
    with("limit = { bounce = \"5%\", at_least = 100 }").on(&world, "2026-11-21").await;
    send(&world, 200, "2026-11-21T02:00:00Z").await;
    come_back(&world, 20, Said::Failed, "2026-11-21T02:10:00Z").await;
    // of these another channel has brought half, and of the others all but one were delivered after all
    world
        .sql(
            "update tend.outbox set state = 'accepted', channel = 'sms' where state = 'bounced' and message_id % 2 = 0;
             insert into tend.receipt (message_id, source, said, address_key, at, received_at, applied_at)
             select r.message_id, 'receipt', 'delivered', r.address_key, r.at, r.at, r.at
             from tend.receipt r join tend.outbox m using (message_id)
             where m.state = 'bounced' and m.message_id > (select min(message_id) from tend.outbox where state = 'bounced');
             update tend.outbox set state = 'delivered' where state = 'bounced'
                 and message_id > (select min(message_id) from tend.outbox where state = 'bounced')",
        )
        .await;
    look(&world, "2026-11-21T02:11:00Z").await;
    let note = world.value("select note from tend.safety_limit").await;
    assert_eq!(note, "11 came back of the last 200 messages");
}

#[tokio::test]
async fn the_owner_of_a_job_that_was_stopped_is_told_once_by_mail_which_the_limit_does_not_hold() {
    let world = crowd(1, 300).await;
    with("limit = { bounce = \"5%\", over = \"7d\", at_least = 100 }").on(&world, "2026-11-21").await;
    world
        .sql(
            "insert into tend.spec (hash, job, kind, body, owner) select spec_hash, job, 'message', '', 'growth@example.com' from tend.safety_limit
             on conflict (hash) do update set owner = excluded.owner",
        )
        .await;
    send(&world, 150, "2026-11-21T02:00:00Z").await;
    come_back(&world, 20, Said::Bounced, "2026-11-21T02:10:00Z").await;
    look(&world, "2026-11-21T02:11:00Z").await;
    look(&world, "2026-11-21T02:12:00Z").await;
    assert_eq!(states(&world).await, "held:limit:150 planned:1");
    let letter = "select o.recipient, o.template, l.address, l.data ->> 'job', l.data ->> 'note', l.data ->> 'waiting'
                  from tend.letter l join tend.outbox o using (message_id)";
    assert_eq!(
        world.rows(letter).await,
        ["address\ttend-stopped\tgrowth@example.com\tbirthday\t20 came back of the last 150 messages\t150"]
    );
    // let go on, and stopped again: that is news
    let mut conn = world.pool().acquire().await.unwrap();
    hold::approve(&mut conn, "birthday", None, "ben", instant("2026-11-21T03:00:00Z")).await.unwrap();
    send(&world, 120, "2026-11-21T04:00:00Z").await;
    world
        .sql(
            "update tend.outbox set state = 'delivered' where state = 'accepted' and state_at < '2026-11-21T04:00:00Z'",
        )
        .await;
    come_back(&world, 10, Said::Bounced, "2026-11-21T04:10:00Z").await;
    look(&world, "2026-11-21T04:11:00Z").await;
    assert_eq!(world.value("select count(*) from tend.letter").await, "2");
}
