//! Word about tickets: each step once, from the beginning, and only the furthest.

use super::super::people::{Person, come};
use super::super::plan::said_of;
use super::{a_second_run_finds_nothing, at, job, preview_is_run};
use crate::support::World;

async fn ticket(world: &World, id: &str, customer: &str, opened: &str) {
    let values = format!("('{id}', '{customer}', '{opened}+08')");
    world.sql(&format!("insert into crm.ticket (ticket_id, customer_id, opened_at) values {values}")).await;
}

async fn becomes(world: &World, id: &str, change: &str) {
    world.sql(&format!("update crm.ticket set {change} where ticket_id = '{id}'")).await;
}

/// Who was told what so far.
async fn told(world: &World) -> Vec<String> {
    world.rows("select customer_id || ' ' || occasion as told from tend.outbox order by message_id").await
}

const ALL: &str = "on = \"ticket\"";

#[tokio::test]
async fn each_step_is_told_once_several_on_one_day_and_of_several_at_once_the_last() {
    let world = World::new().await;
    come(&world, ["a", "b"].map(Person::new)).await;
    let plan = job(ALL);
    ticket(&world, "T1", "a", "2026-06-01 09:00").await;
    at(&plan, &world, "2026-06-01 09:05").await;
    a_second_run_finds_nothing(&plan, &world, "2026-06-01 09:05").await;
    becomes(&world, "T1", "assignee_id = 's1'").await;
    at(&plan, &world, "2026-06-01 09:15").await;
    becomes(&world, "T1", "state = 'pending'").await;
    at(&plan, &world, "2026-06-01 09:25").await;
    becomes(&world, "T1", "state = 'open'").await;
    at(&plan, &world, "2026-06-01 09:35").await;
    becomes(&world, "T1", "assignee_id = 's2'").await;
    at(&plan, &world, "2026-06-01 09:45").await;
    becomes(&world, "T1", "state = 'solved', solved_at = '2026-06-01 10:00+08'").await;
    at(&plan, &world, "2026-06-01 10:05").await;
    at(&plan, &world, "2026-06-01 10:15").await;
    // the other took all its steps between two runs
    ticket(&world, "T2", "b", "2026-06-01 11:00").await;
    becomes(&world, "T2", "assignee_id = 's1', state = 'pending'").await;
    at(&plan, &world, "2026-06-01 11:05").await;
    assert_eq!(
        told(&world).await,
        [
            "a ticket:T1:received",
            "a ticket:T1:assigned:s1",
            "a ticket:T1:moved:pending",
            "a ticket:T1:assigned:s2",
            "a ticket:T1:solved",
            "b ticket:T2:moved:pending",
        ]
    );
    assert_eq!(world.value("select count(*) from tend.decision").await, "0");
    let detail = "select (data -> 'occasion') - 'kind' - 'date' - 'year' as told from tend.outbox where occasion = 'ticket:T1:solved'";
    assert_eq!(
        world.value(detail).await,
        r#"{"news": "solved", "state": "solved", "topic": "", "ticket": "T1", "ticket_kind": "request"}"#
    );
}

#[tokio::test]
async fn two_tickets_of_one_customer_are_told_of_on_the_same_day_and_two_customers_of_one_address_both() {
    let world = World::new().await;
    come(&world, ["a", "b"].map(Person::new)).await;
    world.sql("update crm.customer set email = 'both@example.com'").await;
    let plan = job(ALL);
    for (id, customer) in [("T1", "a"), ("T2", "a"), ("T3", "b")] {
        ticket(&world, id, customer, "2026-06-01 22:00").await;
    }
    preview_is_run(&plan, &world, "2026-06-02").await;
    assert_eq!(told(&world).await, ["a ticket:T1:received", "a ticket:T2:received", "b ticket:T3:received"]);
}

#[tokio::test]
async fn of_tickets_that_were_there_before_the_job_only_the_end_is_told_and_old_news_never() {
    let world = World::new().await;
    come(&world, ["old", "ends", "past", "closed", "long", "ahead"].map(Person::new)).await;
    let plan = job(ALL);
    ticket(&world, "old", "old", "2026-05-20 09:00").await;
    becomes(&world, "old", "assignee_id = 's1', state = 'pending'").await;
    ticket(&world, "ends", "ends", "2026-05-20 09:00").await;
    becomes(&world, "ends", "state = 'solved', solved_at = '2026-06-01 08:00+08'").await;
    ticket(&world, "past", "past", "2026-05-20 09:00").await;
    becomes(&world, "past", "state = 'solved', solved_at = '2026-05-31 09:00+08'").await;
    ticket(&world, "closed", "closed", "2026-05-20 09:00").await;
    becomes(&world, "closed", "state = 'closed', closed_at = '2026-06-01 08:00+08'").await;
    ticket(&world, "long", "long", "2026-03-01 09:00").await;
    ticket(&world, "ahead", "ahead", "2026-06-01 09:00").await;
    at(&plan, &world, "2026-06-01 09:00").await;
    assert_eq!(told(&world).await, ["closed ticket:closed:solved", "ends ticket:ends:solved"]);
}

#[tokio::test]
async fn the_file_says_what_is_told_and_of_which_tickets() {
    let world = World::new().await;
    come(&world, ["a", "b"].map(Person::new)).await;
    let plan = job("on = \"ticket\"\ntell = [\"received\", \"solved\"]\nkind = \"complaint\"");
    ticket(&world, "T1", "a", "2026-06-01 09:00").await;
    becomes(&world, "T1", "kind = 'complaint', assignee_id = 's1', state = 'pending'").await;
    ticket(&world, "T2", "b", "2026-06-01 09:00").await;
    at(&plan, &world, "2026-06-01 09:05").await;
    assert_eq!(told(&world).await, ["a ticket:T1:received"], "it has come further, and that is not told");
    assert!(said_of("on = \"ticket\"\ntell = [\"solvd\"]").contains("did you mean `solved`"));
    assert!(said_of("on = \"ticket\"\nexpire_after = \"30d\"").contains("old news"));
}

#[tokio::test]
async fn what_becomes_of_a_ticket_days_later_is_told_also_when_its_arrival_was_not() {
    let world = World::new().await;
    come(&world, ["a", "old"].map(Person::new)).await;
    let plan = job("on = \"ticket\"\ntell = [\"assigned\", \"solved\"]");
    // the job has run since Thursday
    world
        .sql(
            "insert into tend.spec (hash, job, kind, body) values (repeat('c', 64), 'birthday', 'message', '');
             insert into tend.job_run (job, trigger, slot, business_date, business_key, state, run_after, spec_hash, created_at, finished_at)
             values ('birthday', 'schedule', '2026-05-28 09:00+08', '2026-05-28', 'd', 'succeeded', '2026-05-28Z', repeat('c', 64), '2026-05-28Z', '2026-05-28Z')",
        )
        .await;
    ticket(&world, "T1", "a", "2026-05-29 17:00").await;
    ticket(&world, "T2", "old", "2026-05-20 17:00").await;
    at(&plan, &world, "2026-05-29 17:05").await;
    becomes(&world, "T1", "assignee_id = 's1'").await;
    becomes(&world, "T2", "assignee_id = 's1'").await;
    at(&plan, &world, "2026-06-01 09:05").await;
    assert_eq!(told(&world).await, ["a ticket:T1:assigned:s1"], "the other was there before the job");
}
