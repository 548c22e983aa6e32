//! What makes an occasion: each trigger at the borders of its days, with data missing, changed and absent.

mod dated;
mod event;
mod habit;
mod holiday;
mod inactivity;
mod reading;
mod scale;
mod schedule;
mod steps;
mod ticket;

use super::plan::{Plan, with_trigger};
use crate::support::{World, instant};

/// A job with that trigger, otherwise the shipped one for birthdays.
fn job(trigger: &str) -> Plan {
    Plan::file(&with_trigger(trigger))
}

/// Runs it at a local time in Shanghai.
async fn at(plan: &Plan, world: &World, local: &str) {
    plan.try_at(world, instant(&format!("{}:00+08:00", local.replace(' ', "T")))).await.unwrap();
}

/// Who is told of what, with what templates know of it beyond kind, date and year.
async fn told(world: &World) -> Vec<String> {
    let rows = world.rows(
        "select m.customer_id, m.occasion, o.occurs_on,
                (m.data -> 'occasion') - 'kind' - 'date' - 'year' as occasion
         from tend.outbox m join tend.occasion o using (job, customer_id, occasion, step)
         order by 1, 3, 2",
    );
    rows.await.iter().map(|line| line.replace('\t', " ")).collect()
}

/// From when to when, on the customer's clock.
async fn lives(world: &World) -> Vec<String> {
    let rows = world.rows(
        "select customer_id, to_char(not_before at time zone coalesce(zone, 'Asia/Shanghai'), 'MM-DD HH24:MI') as a,
                to_char(not_after at time zone coalesce(zone, 'Asia/Shanghai'), 'MM-DD HH24:MI') as b
         from tend.outbox order by 1, not_before",
    );
    rows.await.iter().map(|line| line.replace('\t', " ")).collect()
}

async fn order(world: &World, customer: &str, at: &str) {
    order_of(world, customer, at, "null").await;
}

async fn order_of(world: &World, customer: &str, at: &str, product: &str) {
    world
        .sql(&format!(
            "insert into crm.orders (customer_id, order_id, placed_at, amount, product_id)
             select '{customer}', 'o' || count(*) + 1, '{at}', 10, {product} from crm.orders"
        ))
        .await;
}

async fn view(world: &World, customer: &str, product: &str, at: &str) {
    world
        .sql(&format!(
            "insert into crm.product_view (customer_id, view_id, at, product_id)
             select '{customer}', 'v' || count(*) + 1, '{at}', '{product}' from crm.product_view"
        ))
        .await;
}

async fn contact(world: &World, customer: &str, kind: &str, direction: &str, at: &str) {
    world
        .sql(&format!(
            "insert into crm.interaction (customer_id, interaction_id, at, kind, direction)
             select '{customer}', 'i' || count(*) + 1, '{at}', '{kind}', '{direction}' from crm.interaction"
        ))
        .await;
}

/// What a run for the same instant finds after the first: nothing new, nothing refused anew.
async fn a_second_run_finds_nothing(plan: &Plan, world: &World, local: &str) {
    let rows = "select (select count(*) from tend.outbox) || ' ' || (select count(*) from tend.decision)";
    let before = world.value(rows).await;
    at(plan, world, local).await;
    assert_eq!(world.value(rows).await, before);
}

/// What a preview says is what the run does.
async fn preview_is_run(plan: &Plan, world: &World, day: &str) {
    let preview = plan.explained(world, day, false).await;
    let run = plan.explained(world, day, true).await;
    assert_eq!(preview.json, run.json);
    assert_eq!(preview.text, run.text);
}
