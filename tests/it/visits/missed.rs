//! Visits that were missed are told upwards: one letter a run and supervisor.

use super::*;

const OWNED: &str = "capacity = 5\nhorizon = \"35d\"\ngap = \"7d\"\nteam = \"field\"";
const LETTERS: &str = "select m.recipient, m.template, m.locale, l.data -> 'count' as count, m.not_before, l.customers
                       from tend.outbox m join tend.letter l using (message_id) order by 1";

/// Three customers of anna and ben, visited on a Friday as it were; nobody has recorded it.
async fn friday(world: &World, job: &Arc<dyn Job>) {
    plan(world, job, &run(1, "2026-06-01")).await.unwrap();
    world
        .sql(
            "update tend.task set on_day = '2026-06-05', opens_at = '2026-06-04T16:00Z', due_at = '2026-06-05T10:00Z'
             where on_day < '2026-07-01'",
        )
        .await;
    plan(world, job, &run(2, "2026-06-05")).await.unwrap();
}

#[tokio::test]
async fn the_supervisor_gets_one_letter_in_the_own_language_and_nobody_gets_one_when_nothing_was_missed() {
    let world = World::new().await;
    staff(&world, &["anna", "ben"]).await;
    world.sql("insert into crm.staff (staff_id, name, email, role, locale) values ('boss', 'Boss', 'boss@shop.example', 'manager', 'en')").await;
    customers(&world, &[("a", "mid", "anna"), ("b", "mid", "ben"), ("c", "mid", "ben")]).await;
    let job = visits(OWNED);
    friday(&world, &job).await;
    world.sql("update tend.task set state = 'done', result = 'held', state_at = '2026-06-05T09:00Z' where customer_id = 'c' and on_day = '2026-06-05'").await;
    for (run_id, day) in [(3, "2026-06-06"), (4, "2026-06-07")] {
        plan(&world, &job, &run(run_id, day)).await.unwrap();
        assert_eq!(world.rows(LETTERS).await, [""; 0], "{day} is a day off");
    }
    let monday = run(5, "2026-06-08");
    assert_eq!(plan(&world, &job, &monday).await.unwrap()["missed"], 2);
    let told = ["staff:boss\ttend-visits\ten\t2\t2026-06-08T01:00:00+00:00\t[\"a\",\"b\"]"];
    assert_eq!(world.rows(LETTERS).await, told, "at nine, when people work");
    let rows = "select r.row ->> 'customer_id' as id, r.row ->> 'customer' as customer, r.row ->> 'day' as day, r.row ->> 'weekday' as weekday,
                       r.row ->> 'whose' as whose, r.row #>> '{link,staff}' as reader
                from tend.letter l cross join jsonb_array_elements(l.data -> 'rows') as r (row)";
    assert_eq!(
        world.rows(rows).await,
        ["a\tName of a\t2026-06-05\tFriday\tName of anna\tboss", "b\tName of b\t2026-06-05\tFriday\tName of ben\tboss"]
    );
    // the same run once more, another run of the day, the next morning
    for run in [monday, run(6, "2026-06-08T08:00:00+08:00"), run(7, "2026-06-09")] {
        assert_eq!(plan(&world, &job, &run).await.unwrap()["missed"], 0);
    }
    assert_eq!(world.rows(LETTERS).await, told, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_write_one_letter() {
    let world = World::new().await;
    staff(&world, &["anna", "boss"]).await;
    customers(&world, &[("a", "mid", "anna"), ("b", "mid", "anna")]).await;
    let job = visits(OWNED);
    friday(&world, &job).await;
    let at_once = (3..6).map(|run_id| {
        let (pool, job) = (world.pool().clone(), job.clone());
        tokio::spawn(async move {
            let run = run(run_id, "2026-06-08");
            let mut tx = pool.begin().await.unwrap();
            let mut step = Step { run: &run, tx: Tx::lend(&mut tx), cursor: None, cancelled: Default::default() };
            let did = job.step(&mut step).await.unwrap().progress;
            tx.commit().await.unwrap();
            did["missed"].as_i64().unwrap()
        })
    });
    let mut missed = 0;
    for run in at_once.collect::<Vec<_>>() {
        missed += run.await.unwrap();
    }
    assert_eq!(missed, 2);
    assert_eq!(world.value("select count(*) || ' ' || sum((data ->> 'count')::int) from tend.letter").await, "1 2");
    assert_eq!(world.value("select count(*) from tend.task_event where what = 'escalated'").await, "2");
}

#[tokio::test]
async fn where_nobody_is_above_the_owner_of_the_job_hears_of_it() {
    let world = World::new().await;
    staff(&world, &["anna"]).await;
    world.sql("update crm.staff set manager_id = null").await;
    world.sql("insert into tend.spec (hash, job, kind, body, owner) values (repeat('0', 64), 'visits', 'visits', '', 'crm@shop.example')").await;
    customers(&world, &[("a", "mid", "anna")]).await;
    let job = visits(OWNED);
    friday(&world, &job).await;
    plan(&world, &job, &run(3, "2026-06-08")).await.unwrap();
    let told = world.rows("select m.recipient, l.address, l.data -> 'orphaned' as orphaned, l.data #>> '{rows,0,link}' as link from tend.outbox m join tend.letter l using (message_id)").await;
    assert_eq!(told, ["address\tcrm@shop.example\ttrue\t"]);
}
