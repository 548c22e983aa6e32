//! Callbacks that answers to surveys ask for: until the customer is satisfied, like all callbacks.

use tend::task::{self, Change, Refused};

use super::jobs::{Shipped, ends};
use crate::support::{World, instant};

/// Two low scores of customers of `li`, who reports to `wu`; each asks for a callback within a day.
async fn asked() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, team, manager_id, role) values
                 ('wu', 'Wu', 'care', null, 'supervisor'), ('li', 'Li', 'care', 'wu', 'agent'), ('ma', 'Ma', 'care', 'wu', 'agent');
             insert into crm.customer (customer_id, name, owner_id) values ('c1', '陈静', 'li'), ('c2', 'Ann', 'li');
             insert into tend.task (kind, origin, job, customer_id, title, team, assignee_id, zone, opens_at, due_at, state_at, created_at, guarded)
             select 'callback', 'answer:' || n, 'nps', 'c' || n, 'A very low NPS', 'supervisor', 'wu', 'Asia/Shanghai', '2026-06-01T01:00Z',
                    '2026-06-02T01:00Z', '2026-06-01T01:00Z', '2026-06-01T01:00Z', true
             from generate_series(1, 2) n",
        )
        .await;
    world
}

const TASKS: &str = "select origin, job, round, state, coalesce(assignee_id, 'nobody') as who, to_char(due_at at time zone 'UTC', 'DD HH24:MI') as due, title
                     from tend.task order by task_id";

#[tokio::test]
async fn not_satisfied_after_an_answer_is_called_again_until_satisfied_or_ended_by_a_supervisor() {
    let (world, job) = (asked().await, Shipped::job("callbacks"));
    ends(&world, 1, "not_satisfied", "2026-06-01T08:00:00Z").await;
    let (done, _) = job.at(&world, "2026-06-01T08:05:00Z").await;
    assert_eq!(done["rounds"], 1, "{done}");
    let rounds = [
        "answer:1\tnps\t1\tdone\twu\t02 01:00\tA very low NPS",
        "answer:2\tnps\t1\topen\twu\t02 01:00\tA very low NPS",
        "answer:1:2\tcallbacks\t2\topen\twu\t02 08:00\tA very low NPS",
    ];
    assert_eq!(world.rows(TASKS).await, rounds, "in the words of the survey, for whom it named");
    assert_eq!(job.at(&world, "2026-06-01T09:05:00Z").await.0["rounds"], 0);
    ends(&world, 3, "not_satisfied", "2026-06-01T10:00:00Z").await;
    assert_eq!(job.at(&world, "2026-06-01T10:05:00Z").await.0["rounds"], 1);
    assert_eq!(world.value("select max(origin) from tend.task").await, "answer:2");
    assert_eq!(world.value("select origin from tend.task where round = 3").await, "answer:1:3");
    // nobody but a supervisor gives it up
    let give_up = Change::Cancel { reason: "moved abroad".into() };
    let mut conn = world.pool().acquire().await.unwrap();
    let refused = task::change(&mut conn, 4, &give_up, Some("li"), instant("2026-06-01T11:00:00Z")).await;
    assert!(matches!(refused, Err(Refused::Guarded(4))), "{refused:?}");
    task::change(&mut conn, 4, &give_up, Some("wu"), instant("2026-06-01T11:00:00Z")).await.unwrap();
    assert_eq!(job.at(&world, "2026-06-01T12:05:00Z").await.0["rounds"], 0);
}

#[tokio::test]
async fn what_an_answer_asked_for_is_overdue_like_any_other_callback_and_another_file_leaves_it_alone() {
    let world = asked().await;
    world.sql("update tend.task set assignee_id = 'li', team = 'owner'").await;
    let others = Shipped::job("complaint-callbacks").at(&world, "2026-06-02T01:35:00Z").await.0;
    assert_eq!((&others["escalated"], &others["rounds"]), (&0.into(), &0.into()));
    let job = Shipped::job("callbacks");
    assert_eq!(job.at(&world, "2026-06-02T00:05:00Z").await.0["escalated"], 0);
    let (late, _) = job.at(&world, "2026-06-02T02:05:00Z").await;
    assert_eq!((&late["escalated"], &late["letters"]), (&2.into(), &1.into()), "{late}");
    assert_eq!(world.value("select string_agg(distinct assignee_id, ',') from tend.task").await, "wu");
    assert_eq!(world.value("select recipient from tend.outbox").await, "staff:wu");
    let (again, _) = job.at(&world, "2026-06-02T03:05:00Z").await;
    assert_eq!((&again["escalated"], &again["letters"]), (&0.into(), &0.into()));
    // who is away is relieved of it
    world.sql("insert into crm.absence values ('wu', '2026-06-02', '2026-06-30')").await;
    world.sql("update tend.task set assignee_id = 'ma', due_at = '2026-06-04T02:00Z', escalated_at = null, team = 'owner'").await;
    world.sql("insert into crm.absence values ('ma', '2026-06-02', '2026-06-30')").await;
    job.at(&world, "2026-06-02T04:05:00Z").await;
    assert_eq!(world.value("select string_agg(distinct assignee_id, ',') from tend.task").await, "li");
}
