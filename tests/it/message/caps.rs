//! Caps over all jobs: what counts, for whom, who goes first, and that no two runs take the last place.

use super::people::{Person, come};
use super::plan::{Plan, changed, read_under, with_trigger};
use crate::outbox::office::{dispatcher, options, stored};
use crate::support::{World, instant};
use tend::outbox::dispatch::Dispatcher;

const TWO_A_WEEK: &str = "[[cap]]\nname = \"week\"\npurpose = [\"marketing\"]\nat_most = 2\nwithin = \"7d\"";
const ONE_A_WEEK: &str = "[[cap]]\nname = \"week\"\npurpose = [\"marketing\"]\nat_most = 1\nwithin = \"7d\"";

/// A job about birthdays, so many days ahead.
fn job(name: &str, days_ahead: i32, priority: i32, caps: &str) -> Plan {
    let file = changed("offset       = \"-3d\"", &format!("offset = \"-{days_ahead}d\""))
        .replace("priority = 80", &format!("priority = {priority}"))
        .replace("expire_after = \"4d\"", "expire_after = \"2d\"");
    Plan::named(name, &file, caps)
}

async fn born(ids: &[&str]) -> World {
    let world = World::new().await;
    come(&world, ids.iter().map(|id| Person::born(id, 11, 24))).await;
    world
}

/// Messages of another job, at these instants of 2026, by mail unless said otherwise.
async fn had(world: &World, customer: &str, instants: &[&str], columns: &str) {
    for (place, at) in instants.iter().enumerate() {
        world
            .sql(&format!(
                "insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data,
                                          not_before, not_after, state, state_at, created_at)
                 values (1, 'other', 'x', '{customer}', '{place}' || '{at}', 'marketing', 'news', 'email', 't', 'en', '{{}}',
                         '2026-{at}Z', timestamptz '2026-{at}Z' + interval '1 day', 'accepted', '2026-{at}Z', '2026-{at}Z');
                 {}",
                if columns.is_empty() { String::new() } else { format!("update tend.outbox set {columns} where job = 'other' and customer_id = '{customer}'") }
            ))
            .await;
    }
}

/// What the run of a job for 21 November decided, in one line: customers, then reasons with the cap.
async fn decided(world: &World, job: &str) -> String {
    let queued =
        world.rows(&format!("select customer_id from tend.outbox where job = '{job}' order by 1")).await.join(" ");
    let refused = world
        .rows(&format!(
            "select concat_ws(':', customer_id, reason, detail ->> 'cap') from tend.decision where job = '{job}' order by 1"
        ))
        .await
        .join(" ");
    format!("{queued} | {refused}")
}

#[tokio::test]
async fn the_third_job_of_the_week_is_one_too_many_and_the_plan_says_which_cap() {
    let world = born(&["a", "b"]).await;
    world.sql("update crm.consent set granted = false where customer_id = 'b'").await;
    for name in ["first", "second"] {
        job(name, 3, 50, TWO_A_WEEK).on(&world, "2026-11-21").await;
    }
    let third = job("third", 3, 50, TWO_A_WEEK);
    let explained = third.explained(&world, "2026-11-21", false).await;
    assert!(explained.text.contains("as many messages as a cap allows: week"), "{}", explained.text);
    third.on(&world, "2026-11-21").await;
    assert_eq!(decided(&world, "second").await, "a | b:consent_withdrawn");
    assert_eq!(decided(&world, "third").await, " | a:capped:week b:consent_withdrawn");
}

#[tokio::test]
async fn what_finally_failed_gives_its_place_back_and_what_may_have_arrived_does_not() {
    let states = [
        "rejected",
        "bounced",
        "expired",
        "suppressed",
        "cancelled",
        "dead",
        "in_doubt",
        "delivered",
        "complained",
        "held",
    ];
    let world = born(&states).await;
    for state in states {
        had(&world, state, &["11-20 04:00"], &format!("state = '{state}'")).await;
    }
    come(&world, [Person::born("lost", 11, 24), Person::born("next", 11, 24)]).await;
    had(&world, "lost", &["11-20 04:00"], "state = 'dead', attempts = 1").await;
    world
        .sql(
            "insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
             select message_id, 1, gen_random_uuid(), state_at, state_at, 'in_doubt', 'dead' from tend.outbox where customer_id = 'lost'",
        )
        .await;
    // sent again because nobody knew, and then refused
    come(&world, [Person::born("twice", 11, 24)]).await;
    had(&world, "twice", &["11-20 04:00"], "state = 'rejected', attempts = 2").await;
    world
        .sql(
            "insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
             select message_id, 1, gen_random_uuid(), state_at, state_at, 'in_doubt', 'planned' from tend.outbox where customer_id = 'twice'",
        )
        .await;
    // refused by one channel, and about to go by another
    had(&world, "next", &["11-20 04:00"], "state = 'rejected', fallback = '[{\"channel\": \"sms\"}]'").await;
    job("mine", 3, 50, ONE_A_WEEK).on(&world, "2026-11-21").await;
    assert_eq!(
        decided(&world, "mine").await,
        "bounced cancelled dead expired rejected suppressed | complained:capped:week delivered:capped:week \
         held:capped:week in_doubt:capped:week lost:capped:week next:capped:week twice:capped:week"
    );
}

#[tokio::test]
async fn several_messages_of_one_run_take_their_places_behind_those_there_were() {
    let world = World::new().await;
    come(&world, ["a", "b", "c"].map(Person::new)).await;
    had(&world, "a", &["09-20 04:00"], "").await;
    had(&world, "b", &["09-20 04:00", "09-21 04:00"], "").await;
    // the Mid-Autumn Festival of 2026 is 25 September
    let file = with_trigger(
        "on = \"holiday\"\noffset = \"-20d\"\nexpire_after = \"21d\"\ndays = [{ name = \"mid_autumn\" }, { name = \"national_day\" }]",
    );
    let caps = TWO_A_WEEK.replace("7d", "30d");
    Plan::named("festivals", &file, &caps).on(&world, "2026-09-22").await;
    let queued = "select customer_id || ':' || count(*) from tend.outbox where job = 'festivals' group by customer_id order by 1";
    assert_eq!(world.rows(queued).await, ["a:1", "c:2"]);
}

#[tokio::test]
async fn a_rolling_cap_holds_for_every_stretch_before_and_behind() {
    let world = born(&["a-edge", "b-inside", "c-both", "d-around", "e-behind"]).await;
    // the message goes on 21 November at 02:00Z
    had(&world, "a-edge", &["11-14 02:00", "11-14 01:00"], "").await;
    had(&world, "b-inside", &["11-14 02:01", "11-15 01:00"], "").await;
    // four days before and four days behind: with this one never more than two in seven days
    had(&world, "c-both", &["11-17 02:00", "11-25 02:00"], "").await;
    had(&world, "d-around", &["11-18 02:00", "11-24 01:00"], "").await;
    had(&world, "e-behind", &["11-22 02:00", "11-27 02:00"], "state = 'planned'").await;
    job("mine", 3, 50, TWO_A_WEEK).on(&world, "2026-11-21").await;
    assert_eq!(
        decided(&world, "mine").await,
        "a-edge c-both | b-inside:capped:week d-around:capped:week e-behind:capped:week"
    );
}

#[tokio::test]
async fn a_day_is_the_customers_own() {
    let world = born(&["china", "home"]).await;
    world.sql("update crm.customer set timezone = 'America/New_York' where customer_id = 'home'").await;
    // in New York still the evening of the 20th, in Shanghai the morning of the 21st
    for customer in ["china", "home"] {
        had(&world, customer, &["11-21 01:00"], "").await;
    }
    job("mine", 3, 50, "[[cap]]\nname = \"day\"\ntopic = [\"birthday\", \"news\"]\nat_most = 1\nper = \"day\"")
        .on(&world, "2026-11-21")
        .await;
    assert_eq!(decided(&world, "mine").await, "home | china:capped:day");
}

#[tokio::test]
async fn a_cap_of_one_channel_leaves_the_others() {
    let world = World::new().await;
    let both = |id: &str, phone: &str| Person::born(id, 11, 24).phone(phone).set("preferred_channel", "'sms'");
    come(
        &world,
        [both("a", "+8613800138001"), both("b", "+8613800138002"), both("c", "+8613800138003").set("email", "null")],
    )
    .await;
    for customer in ["a", "c"] {
        had(&world, customer, &["11-20 04:00"], "channel = 'sms'").await;
    }
    // a mail that may still go as a text message counts as one
    had(&world, "b", &["11-20 04:00"], "fallback = '[{\"channel\": \"sms\"}]'").await;
    job("mine", 3, 50, "[[cap]]\nname = \"texts\"\nchannel = [\"sms\"]\nat_most = 1\nwithin = \"7d\"")
        .on(&world, "2026-11-21")
        .await;
    let channels =
        world.rows("select customer_id || ':' || channel from tend.outbox where job = 'mine' order by 1").await;
    assert_eq!(channels, ["a:email", "b:email"]);
    assert_eq!(decided(&world, "mine").await, "a b | c:capped:texts");
}

#[tokio::test]
async fn a_cap_with_a_condition_is_for_those_only() {
    let world = World::new().await;
    let people = [
        Person::born("a", 11, 24).tier("normal"),
        Person::born("b", 11, 24).tier("high"),
        Person::born("c", 11, 24).tier("normal"),
    ];
    come(&world, people).await;
    for customer in ["a", "b"] {
        had(&world, customer, &["11-20 04:00"], "").await;
    }
    let caps = "[[cap]]\nname = \"normal\"\npurpose = [\"marketing\"]\nat_most = 1\nwithin = \"30d\"\nwhen = { ladder = \"value-tiers\", is = \"normal\" }";
    job("mine", 3, 50, caps).on(&world, "2026-11-21").await;
    assert_eq!(decided(&world, "mine").await, "b c | a:capped:normal");
}

#[tokio::test]
async fn a_birthday_of_the_days_ahead_keeps_its_place_against_todays_newsletter() {
    for (priority, expected) in [(40, " | a:capped:week"), (90, "a | ")] {
        let world = born(&["a"]).await;
        let birthday = job("birthday", 3, 80, ONE_A_WEEK);
        birthday.on(&world, "2026-11-18").await;
        let kept = world.rows("select job, customer_id, occasion, channel, at from tend.reservation").await;
        assert_eq!(kept, ["birthday\ta\tbirthday:2026\temail\t2026-11-21T02:00:00+00:00"]);
        job("newsletter", 5, priority, ONE_A_WEEK).on(&world, "2026-11-19").await;
        assert_eq!(decided(&world, "newsletter").await, expected, "priority {priority}");
        birthday.on(&world, "2026-11-21").await;
        assert_eq!(world.value("select count(*) from tend.reservation").await, "0");
        let birthday = if priority == 40 { "a | " } else { " | a:capped:week" };
        assert_eq!(decided(&world, "birthday").await, birthday, "priority {priority}");
    }
}

#[tokio::test]
async fn no_place_is_kept_for_who_would_not_get_the_message_or_for_a_job_that_is_paused() {
    let world = born(&["a", "b"]).await;
    world.sql("update crm.consent set granted = false where customer_id = 'a'").await;
    job("birthday", 3, 80, ONE_A_WEEK).on(&world, "2026-11-18").await;
    assert_eq!(world.rows("select customer_id from tend.reservation").await, ["b"]);
    world.sql("update crm.consent set granted = true where customer_id = 'a'").await;
    world
        .sql(
            "insert into tend.spec (hash, job, kind, body) values (repeat('b', 64), 'birthday', 'message', '');
             insert into tend.job (job, kind, spec_hash, revision, enabled, known_since, planned_to, schedule_hash, paused_at)
             values ('birthday', 'message', repeat('b', 64), 1, true, '2026-01-01Z', '2026-01-01Z', '', '2026-11-18Z')",
        )
        .await;
    job("newsletter", 5, 40, ONE_A_WEEK).on(&world, "2026-11-19").await;
    assert_eq!(decided(&world, "newsletter").await, "a b | ");
}

/// Customers with a birthday in three days.
async fn three_hundred(world: &World) {
    world
        .sql(
            "insert into crm.customer (customer_id, email, birthday_month, birthday_day)
             select 'c' || i, 'c' || i || '@example.com', 11, 24 from generate_series(1, 300) i;
             insert into crm.consent (customer_id, channel, recorded_at, granted) select customer_id, 'email', '2020-01-01Z', true from crm.customer",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_dispatchers_that_send_while_three_jobs_are_planned_send_nobody_more_than_the_cap() {
    let world = World::new().await;
    three_hundred(&world).await;
    stored(&world).await;
    world.sql("insert into tend.spec (hash, job, kind, body, templates) select repeat('0', 64), 't', kind, body, templates from tend.spec").await;
    let dir = tempfile::tempdir().unwrap();
    let mail = format!("kind = \"recording\"\nfolder = {:?}", dir.path());
    let offices = [(); 2].map(|()| dispatcher(&world, options(&[("mail", &mail)])));
    let jobs = ["one", "two", "three"].map(|name| job(name, 3, 50, TWO_A_WEEK));
    let as_of = instant("2026-11-21T03:00:00Z");
    world.advance_to(as_of).await;
    let sending = async |office: &Dispatcher| {
        for _ in 0..20 {
            office.drain_once().await.unwrap();
        }
    };
    let (first, second, third, ..) = tokio::join!(
        jobs[0].try_at(&world, as_of),
        jobs[1].try_at(&world, as_of),
        jobs[2].try_at(&world, as_of),
        sending(&offices[0]),
        sending(&offices[1])
    );
    for done in [first, second, third] {
        done.unwrap();
    }
    tokio::join!(sending(&offices[0]), sending(&offices[1]));
    let mut received: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for file in std::fs::read_dir(dir.path()).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap();
        let mail = mail_parser::MessageParser::default().parse(&bytes).unwrap();
        let to = mail.to().and_then(|to| to.first()?.address()).unwrap().to_owned();
        *received.entry(to).or_default() += 1;
    }
    assert_eq!((received.len(), received.values().max(), received.values().sum::<usize>()), (300, Some(&2), 600));
    assert_eq!(world.value("select count(*) from tend.outbox where state = 'accepted'").await, "600");
    assert_eq!(world.value("select count(*) from tend.decision where reason = 'capped'").await, "300");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_jobs_planned_at_once_never_take_more_places_than_there_are() {
    let world = World::new().await;
    three_hundred(&world).await;
    let jobs = ["one", "two", "three"].map(|name| job(name, 3, 50, TWO_A_WEEK));
    let as_of = instant("2026-11-21T00:00:00Z");
    let (first, second, third) =
        tokio::join!(jobs[0].try_at(&world, as_of), jobs[1].try_at(&world, as_of), jobs[2].try_at(&world, as_of));
    for done in [first, second, third] {
        done.unwrap();
    }
    let most = "select max(n) || ' ' || sum(n) from (select count(*) n from tend.outbox group by customer_id) c";
    assert_eq!(world.value(most).await, "2 600");
    assert_eq!(world.value("select count(*) from tend.decision where reason = 'capped'").await, "300");
}

#[test]
fn what_is_wrong_with_the_caps_is_said_where_it_stands() {
    let caps = "[[cap]]\nname = \"a\"\nat_most = 2\nwithin = \"7d\"\n\
                [[cap]]\nname = \"a\"\npurpose = [\"marketting\"]\nat_most = 0\nper = \"day\"\nwithin = \"7d\"\n\
                [[cap]]\nname = \"c\"\ntopic = [\"news\"]\nat_most = 2\nper = \"week\"\nwhen = { ladder = \"value-tier\", is = \"high\" }\n\
                [[cap]]\nname = \"d\"\nchannel = []\nat_most = 2\ntill = 3";
    let segments = tend::jobfile::kind::Segments::new(
        [(
            tend::jobfile::kind::CAPS.to_owned(),
            tend::jobfile::kind::SegmentSource { file: "jobs/policy/caps.toml".into(), text: caps.into() },
        )]
        .into(),
    );
    let ladders = tend::jobfile::kind::Ladders::new(
        [("value-tiers".to_owned(), vec!["high".to_owned(), "low".to_owned()])].into(),
    );
    let kind: &dyn tend::jobfile::kind::Kind = &tend::jobs::message::MessageKind;
    insta::assert_snapshot!(kind.check_policy(&segments, &ladders).render(false));
    let (_, problems) = read_under("birthday", &super::plan::shipped(), super::plan::SHANGHAI, Some(caps));
    let said: Vec<_> = problems.iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(said, ["the caps that count the messages of this job are wrong themselves"]);
}
