//! One occasion, one message: missed mornings, second runs, shared addresses, corrected birthdays.

use tend::engine::door::JobError;

use super::people::{Person, come, outcome, queued, refused};
use super::plan::{Plan, changed};
use crate::support::{World, instant};

/// Everything a run writes about customers.
async fn written(world: &World) -> Vec<String> {
    let mut all = world.rows("select * from tend.occasion order by 1, 2, 3").await;
    all.extend(world.rows("select * from tend.outbox order by 1").await);
    all.extend(world.rows("select * from tend.decision order by 1, 2, 3, 4, 5").await);
    all
}

#[tokio::test]
async fn a_missed_morning_is_made_up_for_while_the_birthday_is_ahead() {
    let world = World::new().await;
    let people = [
        Person::born("past", 11, 22),
        Person::born("today", 11, 23),
        Person::born("ahead", 11, 24),
        Person::born("due", 11, 26),
    ];
    come(&world, people).await;
    // the daemon stood still from the 19th to the 22nd
    Plan::shipped().on(&world, "2026-11-23").await;
    assert_eq!(
        queued(&world).await,
        [
            "ahead birthday:2026 2026-11-24 normal email zh-CN 2026-11-23 10:00 Asia/Shanghai",
            "due birthday:2026 2026-11-26 normal email zh-CN 2026-11-23 10:00 Asia/Shanghai",
            "today birthday:2026 2026-11-23 normal email zh-CN 2026-11-23 10:00 Asia/Shanghai",
        ]
    );
    assert_eq!(refused(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_message_lives_until_the_birthday_has_ended_where_the_customer_is() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24), Person::born("b", 11, 24).set("timezone", "'America/New_York'")]).await;
    Plan::shipped().on(&world, "2026-11-21").await;
    let ends = world.rows("select customer_id, not_after from tend.outbox order by 1").await;
    assert_eq!(ends, ["a\t2026-11-24T16:00:00+00:00", "b\t2026-11-25T05:00:00+00:00"]);
}

#[tokio::test]
async fn a_shorter_life_is_kept() {
    let world = World::new().await;
    come(&world, [Person::born("over", 11, 24), Person::born("alive", 11, 25)]).await;
    let plan = Plan::file(&changed("expire_after = \"4d\"", "expire_after = \"1d\""));
    // due on the 21st and dead at its end; due on the 22nd
    plan.on(&world, "2026-11-22").await;
    assert_eq!(outcome(&world).await, "alive | ");
    assert_eq!(world.value("select not_after from tend.outbox").await, "2026-11-22 16:00:00+00");
}

#[tokio::test]
async fn too_late_for_today_and_dead_tomorrow_is_expired() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 21)]).await;
    // half past nine in the evening of the birthday: the window opens again tomorrow
    Plan::shipped().try_at(&world, instant("2026-11-21T13:30:00Z")).await.unwrap();
    assert_eq!(outcome(&world).await, " | a:expired");
}

#[tokio::test]
async fn a_second_run_for_the_same_slot_changes_nothing() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24), Person::born("b", 11, 22).without_consent(), Person::born("c", 11, 23)])
        .await;
    let plan = Plan::shipped();
    let first = plan.on(&world, "2026-11-21").await;
    let before = written(&world).await;
    let second = plan.on(&world, "2026-11-21").await;
    assert_eq!(written(&world).await, before);
    assert_eq!((&first.progress["queued"], &second.progress["queued"]), (&2.into(), &0.into()));
    assert_eq!(second.progress["had_before"], 2);
}

#[tokio::test]
async fn later_nights_add_neither_messages_nor_decisions() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24), Person::born("b", 11, 24).without_consent()]).await;
    let plan = Plan::shipped();
    for day in ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"] {
        plan.on(&world, day).await;
    }
    assert_eq!(outcome(&world).await, "a | b:no_consent");
    let held = world.rows("select at::date, last_at::date from tend.decision").await;
    assert_eq!(held, ["2026-11-21\t2026-11-24"], "from the first to the last night");
}

#[tokio::test]
async fn who_agrees_meanwhile_gets_it_and_the_earlier_reason_stays_on_record() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24).without_consent()]).await;
    let plan = Plan::shipped();
    plan.on(&world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, " | a:no_consent");
    world.sql("insert into crm.consent values ('a', 'email', 'marketing', '2026-11-21 12:00Z', true)").await;
    plan.on(&world, "2026-11-22").await;
    assert_eq!(outcome(&world).await, "a | a:no_consent");
}

#[tokio::test]
async fn next_year_has_its_own_message() {
    let world = World::new().await;
    come(&world, [Person::born("a", 1, 2)]).await;
    let plan = Plan::shipped();
    for day in ["2026-12-30", "2026-12-31", "2027-01-02", "2027-12-30"] {
        plan.on(&world, day).await;
    }
    let had = world.rows("select occasion, occurs_on from tend.occasion order by 1").await;
    assert_eq!(had, ["birthday:2027\t2027-01-02", "birthday:2028\t2028-01-02"]);
}

#[tokio::test]
async fn a_run_that_is_rolled_back_claims_nothing() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24)]).await;
    let plan = Plan::shipped();
    plan.explained(&world, "2026-11-21", false).await;
    assert_eq!(written(&world).await, [""; 0]);
    plan.on(&world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, "a | ");
}

#[tokio::test]
async fn the_ledger_refuses_what_was_claimed_meanwhile_and_the_step_is_tried_again() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24)]).await;
    let plan = Plan::shipped();
    let mut other = world.pool().begin().await.unwrap();
    sqlx::query(
        "insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, run_id, claimed_at)
         values ('birthday', 'a', 'birthday:2026', '2026-11-24', 'x', 1, '2026-11-21 00:00Z')",
    )
    .execute(&mut *other)
    .await
    .unwrap();
    let (outcome, ()) = tokio::join!(plan.try_at(&world, instant("2026-11-21T00:00:00Z")), async {
        let waiting = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')";
        crate::support::eventually("the run waits", async || world.value(waiting).await == "true").await;
        other.commit().await.unwrap();
    });
    assert!(matches!(outcome, Err(JobError::Retry { .. })), "{outcome:?}");
    assert_eq!(plan.on(&world, "2026-11-21").await.progress["had_before"], 1);
}

#[tokio::test]
async fn the_same_address_on_two_customers_gets_one() {
    let world = World::new().await;
    let shared = |id: &str| Person::born(id, 11, 24).set("email", "' Family@Example.com '");
    come(&world, [shared("b2"), shared("a1").set("email", "'family@example.com'"), shared("B3")]).await;
    let plan = Plan::shipped();
    plan.on(&world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, "B3 | a1:same_address b2:same_address", "the smallest id, letter by letter");
    // the next nights know it too, also for who comes later
    come(&world, [shared("A0")]).await;
    plan.on(&world, "2026-11-22").await;
    assert_eq!(outcome(&world).await, "B3 | A0:same_address a1:same_address b2:same_address");
    assert_eq!(
        world.value("select detail from tend.decision where customer_id = 'A0'").await,
        r#"{"channel": "email", "sent_to": "B3", "occurs_on": "2026-11-24"}"#
    );
}

#[tokio::test]
async fn the_same_address_on_different_days_gets_each() {
    let world = World::new().await;
    let shared = |id: &str, day| Person::born(id, 11, day).set("email", "'family@example.com'");
    come(&world, [shared("a", 23), shared("b", 24)]).await;
    Plan::shipped().on(&world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, "a b | ");
}

#[tokio::test]
async fn a_winner_who_may_not_be_written_to_does_not_take_the_address() {
    let world = World::new().await;
    let shared = |id: &str| Person::born(id, 11, 24).set("email", "'family@example.com'");
    come(&world, [shared("a").without_consent(), shared("b")]).await;
    Plan::shipped().on(&world, "2026-11-21").await;
    assert_eq!(outcome(&world).await, "b | a:no_consent");
}

#[tokio::test]
async fn a_corrected_birthday_does_not_make_a_second_message() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24), Person::born("new-year", 12, 30)]).await;
    let plan = Plan::shipped();
    plan.on(&world, "2026-11-21").await;
    plan.on(&world, "2026-12-27").await;
    world.sql("update crm.customer set birthday_day = 28 where customer_id = 'a'").await;
    world.sql("update crm.customer set birthday_month = 1, birthday_day = 2 where customer_id = 'new-year'").await;
    plan.on(&world, "2026-11-25").await;
    plan.on(&world, "2026-12-30").await;
    assert_eq!(outcome(&world).await, "a new-year | a:already_had new-year:already_had");
    assert_eq!(
        world.value("select detail from tend.decision where customer_id = 'new-year'").await,
        r#"{"had": "birthday:2026", "had_on": "2026-12-30", "occurs_on": "2027-01-02"}"#
    );
    // a year later all is as usual
    plan.on(&world, "2027-12-30").await;
    assert_eq!(world.value("select count(*) from tend.outbox where customer_id = 'new-year'").await, "2");
}

#[tokio::test]
async fn a_catch_up_of_an_old_slot_mails_nothing_that_is_over() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24)]).await;
    Plan::shipped().on(&world, "2026-11-21").await;
    // planned by the as-of of the slot; whoever pays it in December finds it dead
    assert_eq!(world.value("select not_after < '2026-12-01 00:00Z' from tend.outbox").await, "true");
}
