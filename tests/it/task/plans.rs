//! What the statements about tasks read where there are many: rows by index, whatever is over and done.

use std::collections::BTreeMap;

use tend::task::{self, Wanted};

use super::jobs::Shipped;
use crate::support::{World, instant};

/// 300 people, 40,000 tasks that are over, as many changes of them, 20,000 solved tickets, and a few things to do.
async fn city() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, team, manager_id) select 's' || n, 'S', 'care', 's1' from generate_series(1, 300) n;
             insert into crm.customer (customer_id, name, owner_id) select 'c' || n, 'C', 's' || n % 300 + 1 from generate_series(1, 20000) n;
             insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id, state, solved_at)
             select 'T' || n, 'c' || n, '2026-01-01Z', 's' || n % 300 + 1, 'solved', timestamptz '2026-06-01Z' - interval '30 minutes' * n
             from generate_series(1, 20000) n;
             insert into tend.task (kind, origin, job, customer_id, title, team, assignee_id, zone, opens_at, due_at, state, state_at, result, created_at)
             select 'callback', case when n % 2 = 0 then 'answer:' || n else 'old:' || n end, case when n % 2 = 0 then 'csat' else 'callbacks' end,
                    'c' || n % 20000 + 1, 'Call', 'owner', 's' || n % 300 + 1, 'Asia/Shanghai', '2026-01-01Z', '2026-01-02Z', 'done', '2026-01-02Z',
                    case when n % 500 = 0 then 'not_satisfied' else 'satisfied' end, '2026-01-01Z'
             from generate_series(1, 40000) n;
             insert into tend.task (kind, origin, job, customer_id, title, team, assignee_id, zone, opens_at, due_at, state, state_at, created_at)
             select 'callback', 'answer:9' || n, 'nps', 'c' || n, 'Call', 'owner', case when n > 100005 then 's7' end, 'Asia/Shanghai', '2026-05-30Z', '2026-05-31Z',
                    case when n % 3 = 0 then 'planned' else 'open' end, '2026-05-30Z', '2026-05-29Z'
             from generate_series(100001, 100020) n;
             insert into tend.task_event (task_id, at, what) select task_id, state_at, 'done' from tend.task;
             analyze",
        )
        .await;
    world
}

/// How often each big table was read from end to end since the transaction began, and by index.
async fn reads(conn: &mut sqlx::PgConnection) -> BTreeMap<String, (i64, i64)> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select relname::text, seq_scan, coalesce(idx_scan, 0) from pg_stat_xact_user_tables
         where (schemaname, relname) in (('tend', 'task'), ('tend', 'task_event'), ('crm', 'ticket'), ('crm', 'customer'))",
    )
    .fetch_all(conn)
    .await
    .unwrap();
    rows.into_iter().map(|(table, whole, by_index)| (table, (whole, by_index))).collect()
}

#[tokio::test]
async fn a_run_of_callbacks_reads_no_big_table_from_end_to_end() {
    let (world, job) = (city().await, Shipped::job("callbacks"));
    let mut tx = world.pool().begin().await.unwrap();
    let done = job.step_in(&mut tx, "2026-06-01T01:05:00Z").await;
    let reads = reads(&mut tx).await;
    tx.rollback().await.unwrap();
    for made in ["tasks", "rounds", "opened", "escalated"] {
        assert!(done[made].as_i64() > Some(0), "{made}: {done}");
    }
    for table in ["task", "task_event", "ticket", "customer"] {
        assert_eq!(reads[table].0, 0, "{table}: {reads:?}");
        assert!(reads[table].1 > 0, "{table}: {reads:?}");
    }
}

#[tokio::test]
async fn a_list_of_somebodys_tasks_a_change_and_a_look_read_by_index() {
    let world = city().await;
    let mut tx = world.pool().begin().await.unwrap();
    let now = instant("2026-06-01T01:00:00Z");
    let open = Wanted {
        staff_id: Some("s7".into()),
        states: vec!["open".into(), "planned".into()],
        limit: 50,
        ..Wanted::default()
    };
    assert_eq!(task::list(&mut tx, &open, now).await.unwrap().len(), 15);
    let of_customer = Wanted { customer_id: Some("c7".into()), limit: 50, ..Wanted::default() };
    assert_eq!(task::list(&mut tx, &of_customer, now).await.unwrap().len(), 2);
    let one: i64 = sqlx::query_scalar("select max(task_id) from tend.task").fetch_one(&mut *tx).await.unwrap();
    assert!(task::show(&mut tx, one, now).await.unwrap().is_some());
    let done = task::Change::Done { result: task::SATISFIED.into(), note: None };
    task::change(&mut tx, one, &done, None, now).await.unwrap();
    let reads = reads(&mut tx).await;
    tx.rollback().await.unwrap();
    for table in ["task", "task_event"] {
        assert_eq!(reads[table].0, 0, "{table}: {reads:?}");
    }
}
