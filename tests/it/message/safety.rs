//! Approval by another person, guards before anything is queued, and a share that goes first.

use tend::outbox::desk;
use tend::outbox::hold::{self, Decided};

use super::plan::{Plan, changed};
use crate::support::{World, instant};

fn with(safety: &str) -> Plan {
    Plan::file(&changed("[delivery]", &format!("[safety]\n{safety}\n\n[delivery]")))
}

async fn crowd(count: usize) -> World {
    let world = World::new().await;
    world
        .sql(&format!(
            "insert into crm.customer (customer_id, email, birthday_month, birthday_day)
             select 'c' || i, 'c' || i || '@example.com', 11, 24 from generate_series(1, {count}) i;
             insert into crm.consent (customer_id, channel, recorded_at, granted) select customer_id, 'email', '2020-01-01Z', true from crm.customer"
        ))
        .await;
    world
}

async fn states(world: &World) -> String {
    world.rows("select concat_ws(':', state, state_reason, count(*)) from tend.outbox group by state, state_reason order by 1").await.join(" ")
}

const NOW: &str = "2026-11-21T01:00:00Z";

async fn approve(world: &World, run: Option<i64>, by: &str) -> Decided {
    let mut conn = world.pool().acquire().await.unwrap();
    hold::approve(&mut conn, "birthday", run, by, instant(NOW)).await.unwrap()
}

async fn look(world: &World, now: &str) {
    let mut conn = world.pool().acquire().await.unwrap();
    hold::look(&mut conn, instant(now)).await.unwrap();
}

#[tokio::test]
async fn what_needs_approval_waits_for_another_person() {
    let world = crowd(3).await;
    world
        .sql("insert into tend.folder_revision (folder_hash, specs, applied_at, applied_by) values ('x', jsonb_build_object('birthday', repeat('0', 64)), '2026-11-01Z', 'ann')")
        .await;
    let explained = with("approval = \"required\"").explained(&world, "2026-11-21", true).await;
    assert!(explained.text.contains("3 wait until another person approves them"), "{}", explained.text);
    assert_eq!(states(&world).await, "held:approval:3");
    assert_eq!(approve(&world, None, "Ann").await, Decided::Own { by: "ann".into() });
    assert_eq!(approve(&world, Some(7), "ben").await, Decided::Nothing);
    let mut conn = world.pool().acquire().await.unwrap();
    let waiting = hold::waiting(&mut conn, None).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].messages, waiting[0].run_id), (1, 3, 100));
    assert_eq!(approve(&world, None, "ben").await, Decided::Released { planned: 3, behind: 0 });
    assert_eq!(states(&world).await, "planned:3");
    assert_eq!(approve(&world, None, "ben").await, Decided::Nothing);
    let kept = world.rows("select reason, state, messages, decided_by from tend.hold").await;
    assert_eq!(kept, ["approval\treleased\t3\tben"]);
}

#[tokio::test]
async fn the_first_run_of_a_version_is_enough_and_every_run_where_the_file_says_so() {
    for (word, expected) in [("first_run", "planned:2"), ("required", "held:approval:1 planned:1")] {
        let world = crowd(1).await;
        let plan = with(&format!("approval = \"{word}\""));
        plan.on(&world, "2026-11-21").await;
        assert_eq!(states(&world).await, "held:approval:1");
        approve(&world, None, "ben").await;
        world
            .sql(
                "insert into crm.customer (customer_id, email, birthday_month, birthday_day) values ('late', 'late@example.com', 11, 24);
                 insert into crm.consent (customer_id, channel, recorded_at, granted) values ('late', 'email', '2020-01-01Z', true)",
            )
            .await;
        plan.on(&world, "2026-11-22").await;
        assert_eq!(states(&world).await, expected, "{word}");
    }
}

#[tokio::test]
async fn a_run_may_be_refused_and_what_nobody_approves_dies() {
    let world = crowd(2).await;
    with("approval = \"required\"").on(&world, "2026-11-21").await;
    let mut conn = world.pool().acquire().await.unwrap();
    assert_eq!(hold::refuse(&mut conn, "birthday", None, "ben", instant(NOW)).await.unwrap(), Decided::Refused(2));
    assert_eq!(states(&world).await, "cancelled:not approved by ben:2");
    let world = crowd(2).await;
    with("approval = \"required\"").on(&world, "2026-11-21").await;
    world.sql("update tend.outbox set state = 'expired'").await;
    look(&world, "2026-11-25T00:00:00Z").await;
    assert_eq!(world.value("select state from tend.hold").await, "over");
}

#[tokio::test]
async fn a_run_that_would_write_to_too_many_is_stopped_before_anything_is_queued() {
    let world = crowd(30).await;
    let plan = with("max_recipients = 29");
    let error = plan.try_at(&world, instant("2026-11-21T00:00:00Z")).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "the run would write to 30 customers, and `max_recipients` is 29. Nothing was queued. `tend plan birthday --at 2026-11-21` \
         shows who; if it is right, change `max_recipients` in birthday.toml, then `tend run birthday --at 2026-11-21`"
    );
    assert_eq!(world.value("select count(*) from tend.outbox").await, "0");
    assert_eq!(world.value("select count(*) from tend.occasion").await, "0");
    // who looks at it is told, and sees everything
    let explained = plan.explained(&world, "2026-11-21", false).await;
    assert!(
        explained.text.contains("The run would be stopped: the run would write to 30 customers"),
        "{}",
        explained.text
    );
    assert!(explained.text.contains("30 to be sent"), "{}", explained.text);
    with("max_recipients = 30").on(&world, "2026-11-21").await;
    assert_eq!(world.value("select count(*) from tend.outbox").await, "30");
}

#[tokio::test]
async fn a_run_that_is_far_from_the_middle_of_the_last_ones_is_stopped() {
    let past = |queued: &[i64]| {
        let rows = queued.iter().enumerate().map(|(day, queued)| {
            format!(
                "('birthday', 'schedule', '2026-11-{:02} 00:00Z', '2026-11-{:02}', 'd{day}', 'succeeded', '2026-11-01Z', repeat('c', 64), '{{\"queued\": {queued}}}', '2026-11-01Z', '2026-11-01Z')",
                day + 1, day + 1
            )
        });
        format!(
            "insert into tend.spec (hash, job, kind, body) values (repeat('c', 64), 'birthday', 'message', '');
             insert into tend.job_run (job, trigger, slot, business_date, business_key, state, run_after, spec_hash, progress, created_at, finished_at) values {}",
            rows.collect::<Vec<_>>().join(", ")
        )
    };
    for (queued, today, stopped) in [
        (&[50, 40, 1, 60, 55][..], 100, true),
        (&[50, 40, 1, 60, 55], 75, false),
        // too few runs to say what is usual; too small a difference to matter
        (&[50, 40], 100, false),
        (&[5, 5, 5], 24, false),
        (&[5, 5, 5], 26, true),
    ] {
        let world = crowd(today).await;
        world.sql(&past(queued)).await;
        let done = with("max_change = \"50%\"").try_at(&world, instant("2026-11-21T00:00:00Z")).await;
        assert_eq!(done.is_err(), stopped, "{queued:?} → {today}: {done:?}");
        if let Err(error) = done {
            assert!(error.to_string().contains("(the middle one), and `max_change` is 50%"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_share_goes_first_and_the_rest_follows_when_it_was_taken_well() {
    for (refused, later, state, planned) in
        [(0, "2026-11-21T03:00:00Z", "released", true), (5, "2026-11-21T02:00:00Z", "stopped", false)]
    {
        let world = crowd(200).await;
        with("canary = { share = \"10%\", wait = \"1h\", stop_if = { rejected = \"3%\" } }")
            .on(&world, "2026-11-21")
            .await;
        let first: i64 = world.value("select count(*) from tend.outbox where state = 'planned'").await.parse().unwrap();
        assert!((8..=35).contains(&first), "{first}");
        look(&world, "2026-11-22T02:00:00Z").await;
        assert_eq!(world.value("select state from tend.hold").await, "waiting", "no answers yet");
        world
            .sql(&format!(
                "update tend.outbox set state = 'accepted', state_at = '2026-11-21 02:00Z' where state = 'planned';
                 update tend.outbox set state = 'rejected' where message_id in (select message_id from tend.outbox where state = 'accepted' limit {refused})"
            ))
            .await;
        if refused == 0 {
            look(&world, "2026-11-21T02:59:59Z").await;
            assert_eq!(world.value("select state from tend.hold").await, "waiting", "the wait is not over");
        }
        look(&world, later).await;
        assert_eq!(world.value("select state from tend.hold").await, state);
        let rest = if planned { "planned" } else { "held" };
        let count = world.value(&format!("select count(*) from tend.outbox where state = '{rest}'")).await;
        assert_eq!(count, (200 - first).to_string());
        if !planned {
            assert_eq!(approve(&world, None, "ben").await, Decided::Nothing, "only by name");
            assert_eq!(approve(&world, Some(100), "ben").await, Decided::Released { planned: 200 - first, behind: 0 });
        }
    }
}

#[tokio::test]
async fn approval_comes_first_and_then_the_share() {
    let world = crowd(200).await;
    with("approval = \"required\"\ncanary = { share = \"10%\", wait = \"1h\", stop_if = { rejected = \"3%\" } }")
        .on(&world, "2026-11-21")
        .await;
    assert_eq!(states(&world).await, "held:approval:200");
    let Decided::Released { planned, behind } = approve(&world, None, "ben").await else { panic!("not released") };
    assert!((8..=35).contains(&planned) && planned + behind == 200, "{planned} {behind}");
    assert_eq!(states(&world).await, format!("held:canary:{behind} planned:{planned}"));
}

#[tokio::test]
async fn a_share_that_taught_nothing_lets_nobody_follow() {
    for state in ["expired", "cancelled", "suppressed", "in_doubt"] {
        let world = crowd(100).await;
        with("canary = { share = \"10%\", wait = \"1h\", stop_if = { rejected = \"3%\" } }")
            .on(&world, "2026-11-21")
            .await;
        world
            .sql(&format!(
                "update tend.outbox set state = '{state}', state_at = '2026-11-21 02:00Z' where state = 'planned'"
            ))
            .await;
        look(&world, "2026-11-21T03:00:00Z").await;
        let hold = world.value("select state || ': ' || note from tend.hold").await;
        assert_eq!(hold, "stopped: of the first messages none is known to have been taken", "{state}");
        assert_eq!(world.value("select count(*) from tend.outbox where state = 'planned'").await, "0");
    }
}

#[tokio::test]
async fn a_message_of_a_run_that_waits_is_not_let_go_by_itself() {
    let world = crowd(2).await;
    with("approval = \"required\"").on(&world, "2026-11-21").await;
    let mut conn = world.pool().acquire().await.unwrap();
    for reason in ["approval", "canary"] {
        world.sql(&format!("update tend.outbox set state_reason = '{reason}'")).await;
        let decided = desk::resend(&mut conn, 1, "ann", instant(NOW)).await.unwrap();
        assert_eq!(decided, desk::Decided::NotApproved, "{reason}");
    }
    assert_eq!(states(&world).await, "held:canary:2");
    assert_eq!(desk::give_up(&mut conn, 1, "ann", instant(NOW)).await.unwrap(), desk::Decided::Dropped);
}
