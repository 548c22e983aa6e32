//! Word about tickets that take longer than was promised: a job about deadlines says so, a message job tells it.

use super::people::{Person, come};
use super::plan::{Plan, with_trigger};
use crate::support::{World, instant};

#[tokio::test]
async fn a_customer_is_told_once_that_it_takes_longer_and_only_while_the_ticket_is_open() {
    let world = World::new().await;
    come(&world, ["ann", "bob", "eve"].map(Person::new)).await;
    world
        .sql(
            "insert into crm.ticket (ticket_id, customer_id, opened_at, solved_at, state) values
                 ('T-1', 'ann', '2026-06-01T01:00Z', null, 'open'), ('T-2', 'bob', '2026-06-01T01:00Z', '2026-06-01T01:30Z', 'solved'),
                 ('T-3', 'eve', '2026-06-01T01:00Z', null, 'open');
             insert into tend.sla_alert (job, ticket_id, clock, cycle, step, asked, recipient, customer_id, policy, at, noticed_at, not_before, state, state_at)
             select 'sla', t.ticket_id, 'solution', t.opened_at, 'due', 'customer', case when t.ticket_id = 'T-3' then 'staff:a1' else 'customer' end, t.customer_id,
                    'all', i.at, i.at, i.at, 'told', i.at
             from crm.ticket t cross join (values (timestamptz '2026-06-01T02:00Z')) i (at)",
        )
        .await;
    let plan = Plan::file(&with_trigger("on = \"ticket\"\ntell = [\"late\", \"solved\"]"));
    for (at, told) in [("2026-06-01T01:59:00Z", 1), ("2026-06-01T02:05:00Z", 2), ("2026-06-01T02:10:00Z", 2)] {
        plan.try_at(&world, instant(at)).await.unwrap();
        let rows = world.rows("select customer_id, occasion from tend.outbox order by 1").await;
        assert_eq!(rows.len(), told, "{at}: {rows:?}");
    }
    let news =
        world.rows("select customer_id, data -> 'occasion' ->> 'news' as news from tend.outbox order by 1").await;
    assert_eq!(news, ["ann\tlate", "bob\tsolved"]);
}
