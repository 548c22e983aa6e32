//! The kinds that make tasks: callbacks until satisfied, rescue calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono_tz::Asia::Shanghai;
use serde_json::Value;
use sqlx::PgConnection;
use tend::engine::door::{Explained, Job, Run, Step, Trigger, Tx};
use tend::jobfile::folder::read_folder;
use tend::jobs::KINDS;
use tend::task::{self, Change};
use tokio_util::sync::CancellationToken;

use super::record;
use crate::support::{World, instant};

/// A job of the shipped folder.
pub(super) struct Shipped {
    name: &'static str,
    code: Arc<dyn Job>,
    runs: AtomicI64,
}

impl Shipped {
    pub(super) fn job(name: &'static str) -> Self {
        let folder = read_folder(std::path::Path::new("jobs"), KINDS).unwrap_or_else(|e| panic!("{}", e.render(false)));
        Self { name, code: folder.jobs[name].code.clone(), runs: AtomicI64::new(100) }
    }

    fn run(&self, at: &str) -> Run {
        let as_of = instant(at);
        Run {
            run_id: self.runs.fetch_add(1, Ordering::SeqCst),
            job: self.name.into(),
            spec_hash: "0".repeat(64),
            as_of,
            business_date: as_of.with_timezone(&Shanghai).date_naive(),
            timezone: Shanghai,
            trigger: Trigger::Schedule,
        }
    }

    /// What a run did, in counts and in words.
    pub(super) async fn at(&self, world: &World, at: &str) -> (Value, Explained) {
        let run = self.run(at);
        let mut tx = world.pool().begin().await.unwrap();
        let done = self.step(&mut tx, &run).await;
        let told = self.code.explain(&run, &mut Tx::lend(&mut tx)).await.unwrap();
        tx.commit().await.unwrap();
        (done, told)
    }

    /// What a run did in a transaction that is the caller's.
    pub(super) async fn step_in(&self, conn: &mut PgConnection, at: &str) -> Value {
        self.step(conn, &self.run(at)).await
    }

    async fn step(&self, conn: &mut PgConnection, run: &Run) -> Value {
        let mut step = Step { run, tx: Tx::lend(conn), cursor: None, cancelled: CancellationToken::new() };
        self.code.step(&mut step).await.unwrap().progress
    }
}

/// Customers c1 to c3 of `li`, who reports to `wu`; T1 of c1 solved at nine in the morning of 1 June in Shanghai.
async fn office() -> World {
    let world = World::new().await;
    world
        .sql(
            "insert into crm.staff (staff_id, name, team, manager_id, role) values
                 ('wu', 'Wu', 'care', null, 'supervisor'), ('li', 'Li', 'care', 'wu', 'agent'), ('ma', 'Ma', 'care', 'wu', 'agent');
             insert into crm.customer (customer_id, name, owner_id) values ('c1', '陈静', 'li'), ('c2', 'Ann', 'li'), ('c3', 'Bob', null);
             insert into crm.ticket (ticket_id, customer_id, opened_at, kind, assignee_id, state, solved_at) values
                 ('T1', 'c1', '2026-05-31Z', 'request', 'ma', 'solved', '2026-06-01T01:00:00Z'),
                 ('T2', 'c2', '2026-05-31Z', 'complaint', 'ma', 'solved', '2026-06-01T01:00:00Z')",
        )
        .await;
    world
}

/// Round, state, who has it and by when, in the order in which they were made.
async fn tasks(world: &World) -> Vec<String> {
    let rows = "select ticket_id, round, state, coalesce(assignee_id, 'nobody') as who, to_char(due_at at time zone 'UTC', 'DD HH24:MI') as due from tend.task order by task_id";
    world.rows(rows).await.into_iter().map(|row| row.replace('\t', " ")).collect()
}

pub(super) async fn ends(world: &World, task: i64, result: &str, at: &str) {
    let mut tx = world.pool().begin().await.unwrap();
    let change = Change::Done { result: result.into(), note: None };
    task::change(&mut tx, task, &change, Some("ma"), instant(at)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn first(world: &World) -> i64 {
    world.value("select max(task_id) from tend.task").await.parse().unwrap()
}

#[tokio::test]
async fn a_solved_request_is_called_about_until_the_customer_is_satisfied() {
    let (world, job) = (office().await, Shipped::job("callbacks"));
    let (done, told) = job.at(&world, "2026-06-01T01:15:00Z").await;
    assert_eq!((&done["tasks"], &done["outside_audience"]), (&1.into(), &1.into()), "{done}");
    assert_eq!(tasks(&world).await, ["T1 1 open ma 02 01:00"]);
    assert_eq!(world.value("select origin from tend.task").await, "ticket:T1:20260601T010000.000000:1");
    insta::assert_snapshot!("what_a_run_of_callbacks_says", told.text);
    let (again, _) = job.at(&world, "2026-06-01T01:30:00Z").await;
    assert_eq!((&again["tasks"], &again["rounds"]), (&0.into(), &0.into()));
    // not satisfied twice, then satisfied
    ends(&world, first(&world).await, "not_satisfied", "2026-06-01T08:00:00Z").await;
    assert_eq!(job.at(&world, "2026-06-01T08:15:00Z").await.0["rounds"], 1);
    assert_eq!(job.at(&world, "2026-06-01T08:30:00Z").await.0["rounds"], 0);
    ends(&world, first(&world).await, "not_satisfied", "2026-06-02T07:00:00Z").await;
    assert_eq!(job.at(&world, "2026-06-02T07:15:00Z").await.0["rounds"], 1);
    ends(&world, first(&world).await, "satisfied", "2026-06-03T06:00:00Z").await;
    assert_eq!(job.at(&world, "2026-06-03T07:15:00Z").await.0["rounds"], 0);
    let rounds = ["T1 1 done ma 02 01:00", "T1 2 done ma 02 08:00", "T1 3 done ma 03 07:00"];
    assert_eq!(tasks(&world).await, rounds);
    assert_eq!(
        world.value("select string_agg(right(origin, 2), '' order by task_id) from tend.task").await,
        ":1:2:3",
        "each round names itself"
    );
}

#[tokio::test]
async fn a_supervisor_ends_it_with_a_reason_and_nobody_else() {
    let (world, job) = (office().await, Shipped::job("callbacks"));
    job.at(&world, "2026-06-01T01:15:00Z").await;
    ends(&world, first(&world).await, "not_satisfied", "2026-06-01T08:00:00Z").await;
    job.at(&world, "2026-06-01T08:15:00Z").await;
    let mut tx = world.pool().begin().await.unwrap();
    let cancel = Change::Cancel { reason: "a competitor's product".into() };
    let second = first(&world).await;
    assert!(task::change(&mut tx, second, &cancel, Some("ma"), instant("2026-06-01T09:00:00Z")).await.is_err());
    task::change(&mut tx, second, &cancel, Some("wu"), instant("2026-06-01T09:00:00Z")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(job.at(&world, "2026-06-01T09:15:00Z").await.0["rounds"], 0);
    assert_eq!(tasks(&world).await, ["T1 1 done ma 02 01:00", "T1 2 cancelled ma 02 08:00"]);
}

#[tokio::test]
async fn a_request_opened_again_takes_its_round_along_and_the_next_solving_begins_anew() {
    let (world, job) = (office().await, Shipped::job("callbacks"));
    job.at(&world, "2026-06-01T01:15:00Z").await;
    // opened again, once as the row says it
    world.sql("update crm.ticket set state = 'open', solved_at = null where ticket_id = 'T1'").await;
    assert_eq!(job.at(&world, "2026-06-01T02:00:00Z").await.0["cancelled"], 1);
    world
        .sql("update crm.ticket set state = 'solved', solved_at = '2026-06-01T03:00:00Z' where ticket_id = 'T1'")
        .await;
    assert_eq!(job.at(&world, "2026-06-01T03:15:00Z").await.0["tasks"], 1);
    // and once as its log says it, the row keeping when it was solved last
    world.sql("insert into crm.ticket_event (ticket_id, event_id, at, kind, value) values ('T1', 'e1', '2026-06-01T04:00:00Z', 'state', 'open')").await;
    assert_eq!(job.at(&world, "2026-06-01T03:59:59Z").await.0["cancelled"], 0, "not yet");
    let (done, _) = job.at(&world, "2026-06-01T04:00:00Z").await;
    assert_eq!((&done["cancelled"], &done["tasks"]), (&1.into(), &0.into()));
    world.sql("update crm.ticket set solved_at = '2026-06-01T05:00:00Z' where ticket_id = 'T1';
               insert into crm.ticket_event (ticket_id, event_id, at, kind, value) values ('T1', 'e2', '2026-06-01T05:00:00Z', 'state', 'solved')").await;
    job.at(&world, "2026-06-01T05:15:00Z").await;
    assert_eq!(
        tasks(&world).await,
        ["T1 1 cancelled ma 02 01:00", "T1 1 cancelled ma 02 03:00", "T1 1 open ma 02 05:00"]
    );
    // not satisfied, and opened again before the next round: the next solving is asked about instead
    ends(&world, first(&world).await, "not_satisfied", "2026-06-01T06:00:00Z").await;
    world.sql("update crm.ticket set solved_at = null where ticket_id = 'T1'").await;
    assert_eq!(job.at(&world, "2026-06-01T06:15:00Z").await.0["rounds"], 0);
}

#[tokio::test]
async fn who_calls_late_is_told_on_once_and_what_nobody_can_do_is_listed() {
    let (world, job) = (office().await, Shipped::job("callbacks"));
    world.sql("update crm.ticket set kind = 'request'; update crm.ticket set customer_id = 'c3', assignee_id = null where ticket_id = 'T2'").await;
    job.at(&world, "2026-06-01T01:15:00Z").await;
    assert_eq!(tasks(&world).await, ["T1 1 open ma 02 01:00", "T2 1 open nobody 02 01:00"]);
    let (done, told) = job.at(&world, "2026-06-02T01:15:00Z").await;
    assert_eq!(done["escalated"], 2);
    assert!(told.text.contains("1 with nobody to do them"), "{}", told.text);
    assert_eq!(told.json["unassigned"], 1);
    assert_eq!(tasks(&world).await, ["T1 1 open wu 02 01:00", "T2 1 open nobody 02 01:00"]);
    assert_eq!(record(&world, 1).await.last().unwrap(), "escalated open - wu -");
    // as a supervisor's task it finds one of them at the next run
    assert_eq!(job.at(&world, "2026-06-02T01:30:00Z").await.0["escalated"], 0);
    assert_eq!(tasks(&world).await[1], "T2 1 open wu 02 01:00");
    assert_eq!(record(&world, 1).await.len(), 3);
}

#[tokio::test]
async fn what_is_found_late_leaves_some_time_and_what_is_too_old_is_left() {
    let (world, job) = (office().await, Shipped::job("callbacks"));
    world.sql("update crm.ticket set solved_at = '2026-05-29T12:00:00Z' where ticket_id = 'T1'; update crm.ticket set kind = 'request', solved_at = '2026-05-28T23:59:59Z' where ticket_id = 'T2'").await;
    let (done, _) = job.at(&world, "2026-06-01T00:00:00Z").await;
    assert_eq!((&done["tasks"], &done["escalated"]), (&1.into(), &0.into()));
    assert_eq!(tasks(&world).await, ["T1 1 open ma 01 06:00"], "a quarter of a day");
}

#[tokio::test]
async fn two_runs_at_once_make_one_task() {
    let (world, job) = (office().await, Shipped::job("callbacks"));
    let (one, two) = tokio::join!(job.at(&world, "2026-06-01T01:15:00Z"), job.at(&world, "2026-06-01T01:15:00Z"));
    let made = |done: &Value| done["tasks"].as_i64().unwrap();
    assert_eq!(made(&one.0) + made(&two.0), 1);
    assert_eq!(tasks(&world).await.len(), 1);
    assert_eq!(record(&world, 1).await.len(), 2);
}

#[tokio::test]
async fn a_supervisor_calls_who_has_come_to_be_at_risk_once_for_each_time() {
    let (world, job) = (office().await, Shipped::job("rescue-calls"));
    let moved = async |run: i64, at: &str, from: &str, to: &str| {
        let direction = if to == "at-risk" { "rose" } else { "fell" };
        world
            .sql(&format!(
                "insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason)
                 values ('c1', 'churn-risk', {run}, '{at}', '{from}', '{to}', '{direction}', '{{}}'),
                        ('c3', 'churn-risk', {run}, '{at}', '{from}', '{to}', '{direction}', '{{}}')"
            ))
            .await;
    };
    moved(1, "2026-06-01T02:50:00Z", "calm", "at-risk").await;
    let (done, _) = job.at(&world, "2026-06-01T03:10:00Z").await;
    assert_eq!(done["tasks"], 2);
    let calls = async || {
        world.rows("select customer_id, state, coalesce(assignee_id, 'nobody') as who, to_char(due_at at time zone 'UTC', 'MM-DD HH24:MI') as due from tend.task order by task_id").await
    };
    let one = ["c1\topen\twu\t06-02 02:50", "c3\topen\twu\t06-02 02:50"];
    assert_eq!(calls().await, one, "whom li reports to; and without an owner one of those who lead");
    for at in ["2026-06-01T03:10:00Z", "2026-06-02T03:10:00Z"] {
        assert_eq!(job.at(&world, at).await.0["tasks"], 0);
    }
    // calm and at risk again while the call is still open: no second one; after it, another
    moved(2, "2026-06-03T02:50:00Z", "at-risk", "calm").await;
    moved(3, "2026-06-04T02:50:00Z", "calm", "at-risk").await;
    assert_eq!(job.at(&world, "2026-06-04T03:10:00Z").await.0["tasks"], 0);
    ends(&world, 1, "stays", "2026-06-04T05:00:00Z").await;
    assert_eq!(job.at(&world, "2026-06-04T06:00:00Z").await.0["tasks"], 1);
    assert_eq!(calls().await.len(), 3);
    assert_eq!(job.at(&world, "2026-06-20T06:00:00Z").await.0["tasks"], 0);
}

/// The letters owed: to whom, and what each lists.
async fn letters(world: &World) -> Vec<String> {
    let rows = "select o.recipient, l.data ->> 'new_count' as new, l.data ->> 'overdue_count' as overdue,
                       l.data -> 'overdue' -> 0 ->> 'customer' as customer, l.data -> 'overdue' -> 0 ->> 'before' as before,
                       to_char(o.not_before at time zone 'UTC', 'DD HH24:MI') as begins, o.customer_id || o.data::text as bare
                from tend.outbox o join tend.letter l using (message_id) order by o.message_id";
    world.rows(rows).await.into_iter().map(|row| row.replace('\t', " ")).collect()
}

#[tokio::test]
async fn the_supervisor_gets_one_letter_a_run_about_all_that_is_overdue() {
    let (world, job) = (office().await, Shipped::job("callbacks"));
    world.sql("update crm.ticket set kind = 'request'").await;
    job.at(&world, "2026-06-01T01:15:00Z").await;
    assert_eq!(letters(&world).await, Vec::<String>::new(), "what is new stands in the agenda");
    assert_eq!(job.at(&world, "2026-06-02T01:15:00Z").await.0["letters"], 1);
    assert_eq!(letters(&world).await, ["staff:wu 0 2 陈静 Ma 02 01:15 {}"], "names stand in the letter alone");
    assert_eq!(job.at(&world, "2026-06-02T01:30:00Z").await.0["letters"], 0);
    let rescue = Shipped::job("rescue-calls");
    world
        .sql(
            "insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason)
               values ('c1', 'churn-risk', 1, '2026-06-02T00:00Z', 'calm', 'at-risk', 'rose', '{}')",
        )
        .await;
    rescue.at(&world, "2026-06-02T03:10:00Z").await;
    assert_eq!(letters(&world).await[1], "staff:wu 1 0 null null 02 03:10 {}", "a rescue call is told at once");
}

#[tokio::test]
async fn with_a_calendar_tasks_open_and_are_told_on_in_its_hours() {
    let world = office().await;
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string("jobs/callbacks.toml").unwrap();
    let text = text.replace("# calendar = \"cn\" ", "calendar = \"weekdays\" ");
    let text = text.split("# Examples").next().unwrap().to_owned();
    std::fs::write(dir.path().join("callbacks.toml"), &text).unwrap();
    let read = |dir: &std::path::Path| {
        let folder = read_folder(dir, KINDS).unwrap_or_else(|e| panic!("{}", e.render(false)));
        Shipped { name: "callbacks", code: folder.jobs["callbacks"].code.clone(), runs: AtomicI64::new(100) }
    };
    let job = read(dir.path());
    // solved on Friday at six in the evening in Shanghai: opens on Monday at nine, due by three in the afternoon
    world
        .sql("update crm.ticket set solved_at = '2026-06-05T10:00:01Z', kind = 'request' where ticket_id = 'T1'")
        .await;
    job.at(&world, "2026-06-05T10:15:00Z").await;
    let stands = "select state, to_char(opens_at at time zone 'UTC', 'DD HH24:MI') as opens, to_char(due_at at time zone 'UTC', 'DD HH24:MI') as due, coalesce(escalated_at::text, '-') as told from tend.task";
    assert_eq!(world.rows(stands).await, ["planned\t08 01:00\t08 07:00\t-"]);
    assert_eq!(job.at(&world, "2026-06-08T01:00:00Z").await.0["opened"], 1);
    // overdue in the evening: told on the next morning
    world.sql("update tend.task set due_at = '2026-06-08T10:00:00Z'").await;
    assert_eq!(job.at(&world, "2026-06-08T10:15:00Z").await.0["escalated"], 0);
    assert_eq!(job.at(&world, "2026-06-09T01:00:00Z").await.0["escalated"], 1);
    // nine business hours from Friday ten in the morning: Monday ten in the morning
    std::fs::write(
        dir.path().join("callbacks.toml"),
        text.replace("due      = \"24h\"", "time = \"business\"\ndue      = \"9h\""),
    )
    .unwrap();
    world
        .sql("update crm.ticket set solved_at = '2026-06-05T02:00:00Z', kind = 'request' where ticket_id = 'T2'")
        .await;
    read(dir.path()).at(&world, "2026-06-05T02:15:00Z").await;
    assert_eq!(world.rows(&format!("{stands} where ticket_id = 'T2'")).await, ["open\t05 02:15\t08 02:00\t-"]);
}
