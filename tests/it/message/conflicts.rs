//! Jobs that give way to each other.

use super::people::{Person, come};
use super::plan::{Plan, changed};
use crate::support::World;

fn thanks(then: &str, within: &str) -> Plan {
    let file = changed(
        "[delivery]",
        &format!("[conflict]\nyields_to = [\"birthday\"]\nwithin = \"{within}\"\nthen = \"{then}\"\n\n[delivery]"),
    );
    Plan::named("thanks", &file, "[[cap]]\nname = \"many\"\ntopic = [\"none\"]\nat_most = 9\nper = \"day\"")
}

async fn world(instants: &[&str]) -> World {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 24)]).await;
    for at in instants {
        world
            .sql(&format!(
                "insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data,
                                          not_before, not_after, state, state_at, created_at)
                 values (1, 'birthday', 'x', 'a', 'o{at}', 'marketing', 'birthday', 'email', 't', 'en', '{{}}',
                         '2026-11-{at}Z', timestamptz '2026-11-{at}Z' + interval '1 day', 'accepted', '2026-11-{at}Z', '2026-11-{at}Z')"
            ))
            .await;
    }
    world
}

async fn came_to(world: &World, plan: &Plan) -> String {
    plan.on(world, "2026-11-21").await;
    let queued = world.rows("select not_before from tend.outbox where job = 'thanks'").await.join(" ");
    let refused = world
        .rows("select reason || ':' || (detail ->> 'yields_to') from tend.decision where job = 'thanks'")
        .await
        .join(" ");
    format!("{queued} | {refused}")
}

#[tokio::test]
async fn a_message_gives_way_to_one_that_is_too_near_before_or_behind() {
    // it would go on the 21st at 02:00Z
    for (other, expected) in [
        ("22 02:00", " | conflict:birthday"),
        ("24 01:59", " | conflict:birthday"),
        ("24 02:00", "2026-11-21T02:00:00+00:00 | "),
        ("18 02:00", "2026-11-21T02:00:00+00:00 | "),
    ] {
        assert_eq!(came_to(&world(&[other]).await, &thanks("skip", "3d")).await, expected, "{other}");
    }
    // what was sent counts from when it was sent; what failed does not count
    let sent = world(&["16 02:00"]).await;
    sent.sql("update tend.outbox set state_at = '2026-11-18 02:01Z', not_after = '2026-11-19Z'").await;
    assert_eq!(came_to(&sent, &thanks("skip", "3d")).await, " | conflict:birthday");
    let failed = world(&["20 02:00"]).await;
    failed.sql("update tend.outbox set state = 'rejected'").await;
    assert_eq!(came_to(&failed, &thanks("skip", "3d")).await, "2026-11-21T02:00:00+00:00 | ");
}

#[tokio::test]
async fn or_it_moves_behind_it_into_the_customers_hours_as_long_as_it_lives() {
    for (others, within, expected) in [
        (&["21 05:00"][..], "1d", "2026-11-22T05:00:00+00:00 | "),
        (&["21 15:00"], "1d", "2026-11-23T01:00:00+00:00 | "),
        (&["20 20:00", "21 09:00"], "1d", "2026-11-22T09:00:00+00:00 | "),
        (&["22 05:00"], "3d", " | conflict:birthday"),
    ] {
        assert_eq!(came_to(&world(others).await, &thanks("shift", within)).await, expected, "{others:?}");
    }
}

#[tokio::test]
async fn it_gives_way_to_what_will_be_due_in_the_days_ahead() {
    let world = World::new().await;
    come(&world, [Person::born("a", 11, 27), Person::born("b", 11, 24)]).await;
    let caps = "[[cap]]\nname = \"many\"\ntopic = [\"none\"]\nat_most = 9\nper = \"day\"";
    Plan::named("birthday", &changed("", ""), caps).on(&world, "2026-11-20").await;
    let file = changed("offset       = \"-3d\"", "offset = \"-6d\"").replace(
        "[delivery]",
        "[conflict]\nyields_to = [\"birthday\"]\nwithin = \"5d\"\nthen = \"skip\"\n\n[delivery]",
    );
    Plan::named("thanks", &file, caps).on(&world, "2026-11-21").await;
    let refused = world.rows("select customer_id || ':' || reason from tend.decision where job = 'thanks'").await;
    assert_eq!(refused, ["a:conflict", "b:conflict"]);
}
