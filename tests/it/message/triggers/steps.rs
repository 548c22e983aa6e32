//! Further messages of an occasion.

use super::super::people::{Person, come, refused};
use super::super::plan::{Plan, SHANGHAI, read, said_of, with_trigger};
use super::{at, order};
use crate::support::World;

const TWO: &str = "\n[[step]]\nname = \"reminder\"\nafter = \"7d\"\nchannels = [\"sms\"]\n\
    only_if = { none = [{ event = \"order\", within = \"7d\" }] }\n\
    [[step]]\nname = \"last\"\nafter = \"10d\"\nexpire_after = \"9d\"\nchannels = [\"email\"]\n";

fn job() -> Plan {
    Plan::file(&(with_trigger("on = \"inactivity\"\nof = [\"order\"]\nafter = \"30d\"") + TWO))
}

/// Customers whose silence of 30 days is complete on 2026-12-01.
async fn silent(world: &World, people: impl IntoIterator<Item = Person>, ids: &[&str]) {
    come(world, people).await;
    for id in ids {
        order(world, id, "2026-11-01 12:00+08").await;
    }
}

async fn sent(world: &World) {
    world.sql("update tend.outbox set state = 'accepted' where state = 'planned'").await;
}

async fn steps(world: &World) -> Vec<String> {
    let rows = world.rows(
        "select customer_id, step, channel, run_id, data -> 'occasion' ->> 'kind', data -> 'occasion' ->> 'since'
         from tend.outbox order by 1, message_id",
    );
    rows.await.iter().map(|line| line.split('\t').take(3).collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn the_second_message_goes_out_days_later_when_its_condition_holds() {
    let world = World::new().await;
    let people = [
        Person::new("quiet").phone("+8613800138000"),
        Person::new("bought").phone("+8613800138001"),
        Person::new("mute"),
        Person::new("closed").phone("+8613800138002"),
    ];
    silent(&world, people, &["quiet", "bought", "mute", "closed"]).await;
    let plan = job();
    at(&plan, &world, "2026-12-01 08:00").await;
    sent(&world).await;
    order(&world, "bought", "2026-12-05 12:00+08").await;
    world.sql("update crm.customer set status = 'closed' where customer_id = 'closed'").await;
    at(&plan, &world, "2026-12-07 08:00").await;
    assert_eq!(steps(&world).await.len(), 4, "six days later it is too early");
    at(&plan, &world, "2026-12-08 08:00").await;
    assert_eq!(
        steps(&world).await,
        ["bought  email", "closed  email", "mute  email", "quiet  email", "quiet reminder sms"]
    );
    assert_eq!(refused(&world).await.len(), 1);
    assert_eq!(world.value("select customer_id || step || reason from tend.decision").await, "mutereminderno_address");
    assert_eq!(
        world.rows("select reason, customers from tend.audience_count where run_id = (select max(run_id) from tend.audience_count) order by 1").await,
        ["none of: number of orders in 7d is at least 1\t1", "status is active\t1"]
    );
    let told = "select data -> 'occasion' ->> 'kind' || ' ' || (data -> 'occasion' ->> 'since') from tend.outbox where step = 'reminder'";
    assert_eq!(world.value(told).await, "inactivity 2026-11-01", "templates know the occasion");
    at(&plan, &world, "2026-12-08 08:00").await;
    at(&plan, &world, "2026-12-09 08:00").await;
    assert_eq!(steps(&world).await.len(), 5, "nobody gets it twice");
    sent(&world).await;
    at(&plan, &world, "2026-12-11 08:00").await;
    let last: Vec<_> = steps(&world).await.into_iter().filter(|line| line.contains("last")).collect();
    assert_eq!(last, ["bought last email", "mute last email", "quiet last email"]);
}

#[tokio::test]
async fn a_step_waits_for_the_message_before_and_dies_of_age() {
    let world = World::new().await;
    silent(&world, [Person::new("a").phone("+8613800138000")], &["a"]).await;
    let plan = job();
    at(&plan, &world, "2026-12-01 08:00").await;
    at(&plan, &world, "2026-12-08 08:00").await;
    assert_eq!(steps(&world).await, ["a  email"], "the first still waits to be sent");
    sent(&world).await;
    at(&plan, &world, "2026-12-10 08:00").await;
    assert_eq!(steps(&world).await, ["a  email", "a reminder sms"]);
    world
        .sql("delete from tend.occasion where step = 'reminder'; delete from tend.outbox where step = 'reminder'")
        .await;
    at(&plan, &world, "2026-12-20 08:00").await;
    assert_eq!(steps(&world).await, ["a  email"], "its life is over; the last step's, too");
}

#[tokio::test]
async fn of_several_steps_that_are_due_only_the_last_is_sent() {
    let world = World::new().await;
    silent(&world, [Person::new("a").phone("+8613800138000")], &["a"]).await;
    let plan = Plan::file(
        &(with_trigger("on = \"inactivity\"\nof = [\"order\"]\nafter = \"30d\"")
            + &TWO.replace("after = \"7d\"", "after = \"7d\"\nexpire_after = \"30d\"")),
    );
    at(&plan, &world, "2026-12-01 08:00").await;
    sent(&world).await;
    // the daemon stood still
    at(&plan, &world, "2026-12-13 08:00").await;
    assert_eq!(steps(&world).await, ["a  email", "a last email"]);
    sent(&world).await;
    at(&plan, &world, "2026-12-14 08:00").await;
    assert_eq!(steps(&world).await.len(), 2, "the one it passed over does not follow");
}

#[tokio::test]
async fn who_did_not_get_the_first_gets_no_other() {
    let world = World::new().await;
    silent(&world, [Person::new("a").without_consent().phone("+8613800138000").consent("sms", false)], &["a"]).await;
    let plan = job();
    for day in ["2026-12-01", "2026-12-08", "2026-12-11"] {
        at(&plan, &world, &format!("{day} 08:00")).await;
    }
    assert_eq!(steps(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_preview_shows_the_steps() {
    let world = World::new().await;
    silent(&world, [Person::new("a").phone("+8613800138000")], &["a"]).await;
    let plan = job();
    at(&plan, &world, "2026-12-01 08:00").await;
    sent(&world).await;
    let preview = plan.explained(&world, "2026-12-08", false).await;
    let run = plan.explained(&world, "2026-12-08", true).await;
    assert_eq!((&preview.json, &preview.text), (&run.json, &run.text));
    assert!(preview.text.contains("normal (step reminder)"), "{}", preview.text);
    assert_eq!(preview.json["queued"]["by"][0]["step"], "reminder");
}

#[test]
fn every_mistake_in_a_step_is_told() {
    let said = |steps: &str| {
        let (_, problems) = read(&(with_trigger("on = \"schedule\"") + steps), SHANGHAI);
        problems
            .iter()
            .map(|problem| format!("{} ({})", problem.message, problem.help.as_deref().unwrap_or("-")))
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(said_of("on = \"schedule\""), "");
    insta::assert_snapshot!(
        [
            "[[step]]\nafter = \"7d\"",
            "[[step]]\nname = \"a\"",
            "[[step]]\nname = \"A b\"\nafter = \"7d\"",
            "[[step]]\nname = \"a\"\nafter = \"12h\"",
            "[[step]]\nname = \"a\"\nafter = \"7d\"\n[[step]]\nname = \"a\"\nafter = \"7d\"",
            "[[step]]\nname = \"a\"\nafter = \"7d\"\ntemplate = \"brithday\"",
            "[[step]]\nname = \"a\"\nafter = \"7d\"\nchannels = [\"fax\"]",
            "[[step]]\nname = \"a\"\nafter = \"7d\"\nexpire_after = \"0d\"\nwehn = 1",
            "[[step]]\nname = \"a\"\nafter = \"7d\"\nonly_if = { field = \"stauts\", is = \"active\" }",
        ]
        .map(said)
        .join("\n")
    );
}

#[tokio::test]
async fn who_had_the_first_only_on_paper_gets_no_other() {
    for (state, more, gets) in [
        ("accepted", "", true),
        ("in_doubt", "", true),
        ("rejected", "", false),
        ("bounced", "", false),
        ("expired", "", false),
        ("suppressed", "", false),
        ("cancelled", "", false),
        ("dead", "", false),
        ("dead", "in_doubt", true),
    ] {
        let world = World::new().await;
        silent(&world, [Person::new("a").phone("+8613800138000")], &["a"]).await;
        let plan = job();
        at(&plan, &world, "2026-12-01 08:00").await;
        world.sql(&format!("update tend.outbox set state = '{state}', fallback = null, attempts = 1")).await;
        if !more.is_empty() {
            world
                .sql(&format!(
                    "insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
                     select message_id, 1, gen_random_uuid(), state_at, state_at, '{more}', 'dead' from tend.outbox"
                ))
                .await;
        }
        at(&plan, &world, "2026-12-08 08:00").await;
        assert_eq!(steps(&world).await.len(), if gets { 2 } else { 1 }, "{state} {more}");
    }
}

#[tokio::test]
async fn a_step_waits_while_the_message_before_may_still_go_by_another_channel() {
    let world = World::new().await;
    silent(&world, [Person::new("a").phone("+8613800138000")], &["a"]).await;
    let plan = job();
    at(&plan, &world, "2026-12-01 08:00").await;
    sent(&world).await;
    at(&plan, &world, "2026-12-08 08:00").await;
    world
        .sql("update tend.outbox set state = 'rejected', fallback = '[{\"channel\": \"email\"}]' where step = 'reminder'")
        .await;
    at(&plan, &world, "2026-12-11 08:00").await;
    assert_eq!(steps(&world).await, ["a  email", "a reminder sms"]);
    world.sql("update tend.outbox set fallback = null where step = 'reminder'").await;
    at(&plan, &world, "2026-12-12 08:00").await;
    assert_eq!(steps(&world).await, ["a  email", "a reminder sms", "a last email"]);
}

#[tokio::test]
async fn a_code_that_was_given_back_is_not_carried_by_a_later_step() {
    let world = World::new().await;
    silent(&world, [Person::new("a").phone("+8613800138000")], &["a"]).await;
    let file = with_trigger("on = \"inactivity\"\nof = [\"order\"]\nafter = \"30d\"") + TWO;
    let coupon = "name = \"normal\"\ncoupon = { pool = \"p\", on_empty = \"send_without\" }";
    let plan = Plan::file(&file.replacen("name = \"normal\"", coupon, 1));
    world.sql("insert into tend.coupon_pool (pool, low_water, created_at) values ('p', 0, 'epoch')").await;
    at(&plan, &world, "2026-12-01 08:00").await;
    sent(&world).await;
    world.sql("insert into tend.coupon (pool, code, imported_at) values ('p', 'X', 'epoch')").await;
    at(&plan, &world, "2026-12-08 08:00").await;
    let carries = "select coalesce(string_agg(step, ' '), '') from tend.outbox where coupon_id is not null";
    assert_eq!(world.value(carries).await, "reminder");
    world.sql("update tend.outbox set state = 'rejected', fallback = null where step = 'reminder'").await;
    assert_eq!(world.value("select count(*) from tend.coupon where reserved_at is null").await, "1");
    // another customer has it now
    world.sql("update tend.coupon set reserved_at = '2026-12-09'").await;
    at(&plan, &world, "2026-12-11 08:00").await;
    assert_eq!(steps(&world).await.len(), 3);
    assert_eq!(world.value(carries).await, "", "the code is somebody else's");
}
