//! What people do with a task.

use chrono::{DateTime, Utc};
use tend::task::{self, Change, Changed, Refused};

use super::{NOW, made, named, record, task as wanted};
use crate::support::{World, instant};

async fn office() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, role, manager_id, active) values
                 ('wu', 'agent', null, true), ('li', 'agent', 'wu', true), ('head', 'supervisor', null, true),
                 ('was-head', 'supervisor', null, false), ('gone', 'agent', 'wu', false);
             insert into crm.customer (customer_id, owner_id) values ('c1', 'li')",
        )
        .await;
    world
}

async fn change(
    world: &World,
    id: i64,
    change: Change,
    by: Option<&str>,
    at: DateTime<Utc>,
) -> Result<Changed, String> {
    let mut tx = world.db().begin("test").await.unwrap();
    let changed = task::change(&mut tx, id, &change, by, at).await;
    tx.commit().await.unwrap();
    changed.map_err(|refused| match refused {
        Refused::Database(error) => panic!("{error}"),
        refused => refused.to_string(),
    })
}

fn done(result: &str) -> Change {
    Change::Done { result: result.into(), note: Some(" all well ".into()) }
}

#[tokio::test]
async fn a_task_is_done_once_with_one_of_its_results() {
    let world = office().await;
    let id = made(&world, &[wanted("a", "c1", Some("owner"))]).await[0];
    let at = instant("2026-06-01T08:00:00Z");
    let wrong = change(&world, id, done("satisfyed"), Some("li"), at).await.unwrap_err();
    assert!(wrong.contains("did you mean satisfied?"), "{wrong}");
    let wrong = change(&world, id, done("x"), Some("li"), at).await.unwrap_err();
    assert!(wrong.contains("it ends with satisfied, not_satisfied"), "{wrong}");
    let wrong = change(&world, id, done("satisfied"), Some("lee"), at).await.unwrap_err();
    assert!(wrong.contains("nobody \"lee\" among the staff"), "{wrong}");
    let long = Change::Done { result: "satisfied".into(), note: Some("x".repeat(2_001)) };
    assert!(change(&world, id, long, Some("li"), at).await.unwrap_err().contains("at most 2000 characters"));
    assert_eq!(record(&world, id).await.len(), 2, "nothing was written");
    assert_eq!(change(&world, id, done("satisfied"), Some("li"), at).await, Ok(Changed::Now));
    assert_eq!(change(&world, id, done("satisfied"), Some("li"), at).await, Ok(Changed::Already));
    assert_eq!(record(&world, id).await[2..], ["done open li li all well"]);
    let stands = "select state, result, note, state_at at time zone 'UTC' as since from tend.task";
    assert_eq!(world.rows(stands).await, ["done\tsatisfied\tall well\t2026-06-01T08:00:00"]);
    for other in [
        done("not_satisfied"),
        Change::NotReached { note: None },
        Change::Cancel { reason: "why not".into() },
        Change::Give { staff: "wu".into(), note: None },
        Change::MoveTo { at: instant("2026-06-05T08:00:00Z"), note: None },
    ] {
        let over = change(&world, id, other, Some("wu"), at).await.unwrap_err();
        assert_eq!(over, format!("task {id} is done since 2026-06-01 16:00 +08:00; it cannot be changed any more"));
    }
    let missing = change(&world, 999, done("satisfied"), None, at).await.unwrap_err();
    assert_eq!(missing, "there is no task 999; `tend task list` shows them");
}

#[tokio::test]
async fn it_moves_to_another_time_or_person_and_what_was_missed_comes_back() {
    let world = office().await;
    let mut visit = wanted("visit", "c1", Some("owner"));
    visit.kind = "visit";
    visit.on_day = Some("2026-06-03".parse().unwrap());
    visit.starts = Some("10:00:00".parse().unwrap());
    (visit.opens_at, visit.due_at) = (instant("2026-06-03T02:00:00Z"), instant("2026-06-03T03:00:00Z"));
    let ids = made(&world, &[wanted("call", "c1", Some("owner")), visit]).await;
    let (call, visit) = (ids[0], ids[1]);
    let move_to = |at: &str| Change::MoveTo { at: instant(at), note: None };
    let now = instant(NOW);
    assert_eq!(change(&world, visit, move_to("2026-06-04T06:30:00Z"), Some("li"), now).await, Ok(Changed::Now));
    let stands = |id: i64| {
        format!(
            "select state, on_day, starts, opens_at at time zone 'UTC' as opens, due_at at time zone 'UTC' as due from tend.task where task_id = {id}"
        )
    };
    assert_eq!(
        world.rows(&stands(visit)).await,
        ["planned\t2026-06-04\t14:30:00\t2026-06-04T06:30:00\t2026-06-04T07:30:00"]
    );
    assert_eq!(change(&world, visit, move_to("2026-06-04T06:30:00Z"), Some("li"), now).await, Ok(Changed::Already));
    assert_eq!(change(&world, call, move_to("2026-06-04T06:30:00Z"), Some("li"), now).await, Ok(Changed::Now));
    assert_eq!(world.rows(&stands(call)).await, ["open\tnull\tnull\t2026-06-01T02:00:00\t2026-06-04T06:30:00"]);
    for (at, why) in [("2026-06-01T02:00:00Z", "is over"), ("2027-07-01T00:00:00Z", "is too far ahead")] {
        assert!(change(&world, call, move_to(at), None, now).await.unwrap_err().contains(why));
    }
    let give = |staff: &str| Change::Give { staff: staff.into(), note: Some("please".into()) };
    assert_eq!(change(&world, call, give("wu"), Some("li"), now).await, Ok(Changed::Now));
    assert_eq!(change(&world, call, give("wu"), Some("li"), now).await, Ok(Changed::Already));
    assert!(change(&world, call, give("gone"), None, now).await.unwrap_err().starts_with("gone has left"));
    assert!(change(&world, call, give("who"), None, now).await.unwrap_err().contains("nobody \"who\""));
    assert_eq!(record(&world, call).await[2..], ["moved open li li -", "moved open li wu please"]);
    // overdue, told upwards, moved: it can be overdue again
    let mut conn = world.pool().acquire().await.unwrap();
    let late = instant("2026-06-05T00:00:00Z");
    assert_eq!(task::escalate(&mut conn, &named("callbacks"), late).await.unwrap(), [call]);
    assert_eq!(change(&world, call, move_to("2026-06-06T00:00:00Z"), Some("wu"), late).await, Ok(Changed::Now));
    assert_eq!(task::escalate(&mut conn, &named("callbacks"), late).await.unwrap(), Vec::<i64>::new());
    assert_eq!(task::escalate(&mut conn, &named("callbacks"), instant("2026-06-06T00:00:01Z")).await.unwrap(), [call]);
    // what was missed can be done later, or planned anew
    task::open_due(&mut conn, &named("callbacks"), late).await.unwrap();
    assert_eq!(task::miss(&mut conn, &[visit], late).await.unwrap(), [visit]);
    assert_eq!(change(&world, visit, move_to("2026-06-08T06:00:00Z"), Some("li"), late).await, Ok(Changed::Now));
    assert_eq!(
        world.rows(&stands(visit)).await,
        ["planned\t2026-06-08\t14:00:00\t2026-06-08T06:00:00\t2026-06-08T07:00:00"]
    );
}

#[tokio::test]
async fn a_try_in_vain_is_noted_once_and_leaves_the_task_open() {
    let world = office().await;
    let id = made(&world, &[wanted("a", "c1", Some("owner"))]).await[0];
    let tried = |note: &str| Change::NotReached { note: Some(note.into()) };
    let minute = |minute: u32| instant(&format!("2026-06-01T03:{minute:02}:00Z"));
    assert_eq!(change(&world, id, tried("engaged"), Some("li"), minute(0)).await, Ok(Changed::Now));
    assert_eq!(change(&world, id, tried("engaged"), Some("li"), minute(9)).await, Ok(Changed::Already));
    assert_eq!(change(&world, id, tried("engaged"), Some("li"), minute(11)).await, Ok(Changed::Now));
    assert_eq!(record(&world, id).await[2..], ["not_reached open li li engaged", "not_reached open li li engaged"]);
    assert_eq!(world.value("select state from tend.task").await, "open");
}

#[tokio::test]
async fn what_must_not_be_forgotten_only_a_supervisor_cancels_and_says_why() {
    let world = office().await;
    let mut guarded = wanted("a", "c1", Some("owner"));
    guarded.guarded = true;
    let ids = made(&world, &[guarded, wanted("b", "c1", Some("owner"))]).await;
    let cancel = |reason: &str| Change::Cancel { reason: reason.into() };
    let at = instant(NOW);
    assert_eq!(change(&world, ids[0], cancel(" "), Some("head"), at).await.unwrap_err(), "say why: --reason \"…\"");
    for by in [None, Some("li"), Some("was-head")] {
        let refused = change(&world, ids[0], cancel("why not"), by, at).await.unwrap_err();
        assert!(refused.starts_with("only a supervisor may cancel task"), "{by:?} {refused}");
    }
    // by role, and because li reports to wu
    assert_eq!(change(&world, ids[0], cancel("moved abroad"), Some("wu"), at).await, Ok(Changed::Now));
    assert_eq!(change(&world, ids[0], cancel("moved abroad"), Some("head"), at).await, Ok(Changed::Already));
    assert_eq!(change(&world, ids[1], cancel("why not"), Some("li"), at).await, Ok(Changed::Now));
    assert_eq!(record(&world, ids[0]).await[2..], ["cancelled open wu li moved abroad"]);
}
