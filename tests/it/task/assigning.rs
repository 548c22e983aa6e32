//! Who gets a task.

use tend::task;

use super::{NOW, made, named, record, task as wanted, whose};
use crate::support::{World, instant};

/// `li` looks after c1, `zhao` after c2; both report to `wu`, who reports to `boss`.
async fn office() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, role, team, manager_id) values
                 ('boss', 'Boss', 'manager', null, null), ('wu', 'Wu', 'supervisor', 'care', 'boss'),
                 ('li', 'Li', 'agent', 'care', 'wu'), ('zhao', 'Zhao', 'agent', 'care', 'wu'), ('ma', 'Ma', 'agent', 'shop', 'wu');
             insert into crm.customer (customer_id, owner_id) values ('c1', 'li'), ('c2', 'zhao'), ('c3', null);
             insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id) values ('T1', 'c1', '2026-05-30Z', 'ma')",
        )
        .await;
    world
}

#[tokio::test]
async fn the_tickets_assignee_comes_before_the_owner_and_a_supervisor_is_whom_the_owner_reports_to() {
    let world = office().await;
    let mut tasks = [
        wanted("a", "c1", Some("assignee")),
        wanted("b", "c1", Some("owner")),
        wanted("c", "c1", Some("supervisor")),
        wanted("d", "c2", Some("assignee")),
        wanted("e", "nobody", Some("owner")),
    ];
    tasks[0].ticket_id = Some("T1".into());
    let ids = made(&world, &tasks).await;
    assert_eq!(whose(&world).await, ["a\tma", "b\tli", "c\twu", "d\tzhao", "e\tnobody"]);
    assert_eq!(record(&world, ids[0]).await, ["created - - - -", "assigned open - ma -"]);
    assert_eq!(record(&world, ids[4]).await, ["created - - - -"], "nobody was found, and nothing is made up");
    assert_eq!(made(&world, &tasks).await, Vec::<i64>::new(), "a second time adds nothing");
    assert_eq!(world.value("select count(*) from tend.task_event").await, "9");
}

#[tokio::test]
async fn who_is_away_is_stood_in_for_along_the_deputies_and_circles_end() {
    let world = office().await;
    world
        .sql(
            "update crm.staff set deputy_id = 'zhao' where staff_id = 'li';
             update crm.staff set deputy_id = 'ma' where staff_id = 'zhao';
             insert into crm.absence values ('li', '2026-06-01', '2026-06-01')",
        )
        .await;
    made(&world, &[wanted("one", "c1", Some("owner"))]).await;
    world.sql("insert into crm.absence values ('zhao', '2026-05-20', '2026-06-05')").await;
    made(&world, &[wanted("two", "c1", Some("owner"))]).await;
    // ma has left, and would be stood in for by li: a circle of three, all of them away
    world.sql("update crm.staff set active = false, deputy_id = 'li' where staff_id = 'ma'").await;
    made(&world, &[wanted("three", "c1", Some("owner"))]).await;
    assert_eq!(whose(&world).await, ["one\tzhao", "three\twu", "two\tma"], "of the team only the supervisor is there");
    // everybody is away, the manager too
    world
        .sql("insert into crm.absence values ('wu', '2026-06-01', '2026-06-02'), ('boss', '2026-06-01', '2026-06-01')")
        .await;
    made(&world, &[wanted("zero", "c1", Some("owner"))]).await;
    assert_eq!(whose(&world).await.last().unwrap(), "zero\tnobody");
    // the next day the manager is back, and the run of the job finds her
    let mut conn = world.pool().acquire().await.unwrap();
    let later = instant("2026-06-02T01:00:00Z");
    world.sql("update tend.task set due_at = '2026-06-03Z' where origin = 'zero'").await;
    assert_eq!(task::assign_again(&mut conn, &named("another job"), later).await.unwrap(), 0);
    world.sql("delete from crm.absence where staff_id in ('zhao', 'li')").await;
    assert_eq!(task::assign_again(&mut conn, &named("callbacks"), later).await.unwrap(), 3);
    assert_eq!(task::assign_again(&mut conn, &named("callbacks"), later).await.unwrap(), 0);
    assert_eq!(
        whose(&world).await,
        ["one\tzhao", "three\tli", "two\tli", "zero\tli"],
        "wu is away until it is due and ma has left: li is back"
    );
}

#[tokio::test]
async fn the_last_day_away_counts_in_the_zone_of_the_task() {
    let world = office().await;
    world.sql("insert into crm.absence values ('li', '2026-05-25', '2026-06-01'); update crm.staff set deputy_id = 'zhao' where staff_id = 'li'").await;
    let mut tasks = [wanted("shanghai", "c1", Some("owner")), wanted("later", "c1", Some("owner"))];
    tasks[0].opens_at = instant("2026-06-01T15:59:00Z");
    tasks[1].opens_at = instant("2026-06-01T16:00:00Z");
    made(&world, &tasks).await;
    assert_eq!(whose(&world).await, ["later\tli", "shanghai\tzhao"]);
    assert_eq!(world.value("select count(*) from tend.task where state = 'planned'").await, "2");
}

#[tokio::test]
async fn a_team_shares_evenly_and_equal_loads_go_by_name() {
    let world = office().await;
    world
        .sql(
            "update crm.staff set active = false where staff_id = 'wu';
             insert into crm.staff (staff_id, team, active) values ('an', 'care', true), ('gone', 'care', false)",
        )
        .await;
    made(&world, &[wanted("x1", "c1", Some("owner")), wanted("x2", "c1", Some("owner"))]).await;
    let tasks: Vec<_> = (1..=7).map(|n| wanted(&format!("t{n}"), "c3", Some("care"))).collect();
    made(&world, &tasks).await;
    // li has two already
    let dealt = ["t1\tan", "t2\tzhao", "t3\tan", "t4\tzhao", "t5\tan", "t6\tli", "t7\tzhao", "x1\tli", "x2\tli"];
    assert_eq!(whose(&world).await, dealt);
    assert_eq!(
        world.rows("select assignee_id, count(*) from tend.task group by 1 order by 1").await,
        ["an\t3", "li\t3", "zhao\t3"]
    );
    world.sql("delete from tend.task where origin like 't%'").await;
    made(&world, &tasks).await;
    assert_eq!(whose(&world).await, dealt, "the same again");
}

#[tokio::test]
async fn where_no_person_can_the_team_does_and_a_team_of_nobody_goes_to_its_supervisor() {
    let world = office().await;
    world.sql("update crm.staff set active = false where staff_id in ('li', 'ma')").await;
    let mut named = wanted("named", "c3", Some("owner"));
    named.backup = Some("care".into());
    made(&world, &[wanted("owners", "c1", Some("owner")), named, wanted("shop", "c3", Some("shop"))]).await;
    assert_eq!(
        whose(&world).await,
        ["named\twu", "owners\tzhao", "shop\twu"],
        "zhao and wu share; nobody of the shop is left"
    );
    let boss = wanted("boss", "c3", Some("supervisor"));
    made(&world, &[boss]).await;
    assert_eq!(whose(&world).await[0], "boss\tboss", "of those who lead, who has least");
}

#[tokio::test]
async fn what_is_overdue_goes_upwards_once() {
    let world = office().await;
    let ids = made(&world, &[wanted("late", "c1", Some("owner")), wanted("orphan", "c3", Some("owner"))]).await;
    let mut conn = world.pool().acquire().await.unwrap();
    let due = instant("2026-06-02T02:00:00Z");
    assert_eq!(
        task::escalate(&mut conn, &named("callbacks"), due).await.unwrap(),
        Vec::<i64>::new(),
        "not overdue to the second"
    );
    let late = instant("2026-06-02T02:00:01Z");
    assert_eq!(task::escalate(&mut conn, &named("callbacks"), late).await.unwrap(), ids);
    assert_eq!(
        task::escalate(&mut conn, &named("callbacks"), instant("2026-06-09T02:00:01Z")).await.unwrap(),
        Vec::<i64>::new()
    );
    assert_eq!(whose(&world).await, ["late\twu", "orphan\tnobody"]);
    assert_eq!(record(&world, ids[0]).await.last().unwrap(), "escalated open - wu -");
    assert_eq!(
        world.value("select string_agg(distinct state || ' ' || team, '') from tend.task").await,
        "open supervisor"
    );
    // wu leaves: what was raised is a supervisor's still
    world.sql("update crm.staff set active = false where staff_id = 'wu'").await;
    task::assign_again(&mut conn, &named("callbacks"), late).await.unwrap();
    assert_eq!(
        whose(&world).await,
        ["late\tboss", "orphan\tboss"],
        "whom wu reports to; and of those who lead, the one there is"
    );
}

#[tokio::test]
async fn what_was_planned_opens_in_time_and_what_nobody_needs_is_cancelled_both_once() {
    let world = office().await;
    let mut planned = wanted("planned", "c1", Some("owner"));
    planned.opens_at = instant("2026-06-01T03:00:00Z");
    let ids = made(&world, &[planned, wanted("plain", "c1", Some("owner"))]).await;
    let mut conn = world.pool().acquire().await.unwrap();
    assert_eq!(task::open_due(&mut conn, &named("callbacks"), instant("2026-06-01T02:59:59Z")).await.unwrap(), 0);
    assert_eq!(task::open_due(&mut conn, &named("callbacks"), instant("2026-06-01T03:00:00Z")).await.unwrap(), 1);
    assert_eq!(task::open_due(&mut conn, &named("callbacks"), instant("2026-06-01T03:00:00Z")).await.unwrap(), 0);
    assert_eq!(record(&world, ids[1]).await.last().unwrap(), "opened planned - li -");
    let late = instant("2026-06-03T00:00:00Z");
    assert_eq!(task::miss(&mut conn, &ids[..1], instant(NOW)).await.unwrap(), Vec::<i64>::new(), "not due yet");
    assert_eq!(task::miss(&mut conn, &ids[..1], late).await.unwrap(), &ids[..1]);
    assert_eq!(task::miss(&mut conn, &ids[..1], late).await.unwrap(), Vec::<i64>::new());
    assert_eq!(task::cancel(&mut conn, &ids, "reopened", late).await.unwrap(), 1);
    assert_eq!(task::cancel(&mut conn, &ids, "reopened", late).await.unwrap(), 0);
    assert_eq!(
        world.rows("select state, note from tend.task order by task_id").await,
        ["missed\tnull", "cancelled\treopened"]
    );
}
