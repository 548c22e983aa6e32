//! Changes taken one by one and everything computed anew agree; an edited policy clears what no longer applies.

use super::*;

const CLOCKS: &str = "select ticket_id, clock, cycle, policy, started_at, due_at, state, stopped_at, breached_at, used_secs, acknowledged_at, next_at
                      from tend.sla_clock order by ticket_id, clock, cycle";

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_changes_and_a_computation_of_everything_give_the_same() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T00:00:00Z").await;
    // 60 tickets with a log that follows from their number
    for hour in 1..=20 {
        let at = format!("2026-06-01T{hour:02}:00:00Z");
        for place in 0..3 {
            let number = hour * 3 + place;
            open(&world, &format!("T-{number:03}"), &at).await;
        }
        let before = (hour * 3 - 2).max(3);
        for (place, (kind, value)) in
            [("state", "pending"), ("agent_message", ""), ("state", "open"), ("customer_message", "")]
                .iter()
                .enumerate()
        {
            let number = (before * 7 + place * 5) % (hour * 3) + 3;
            let at = format!("2026-06-01T{hour:02}:{:02}:00Z", 10 + place * 10);
            if number < hour * 3 {
                event(&world, &format!("T-{number:03}"), &at, kind, value).await;
            }
        }
        if hour % 4 == 0 {
            let number = hour * 2;
            event(&world, &format!("T-{number:03}"), &format!("2026-06-01T{hour:02}:55:00Z"), "state", "closed").await;
        }
        sweep(&world, &job, &format!("2026-06-01T{hour:02}:59:00Z")).await;
    }
    let step_by_step = world.rows(CLOCKS).await;
    assert!(step_by_step.len() > 60, "{}", step_by_step.len());
    world.sql("truncate tend.sla_clock; update tend.sla_job set basis = null").await;
    // tickets that are over are settled by their change: they are told of all
    world.sql("insert into tend.sla_change (job, ticket_id) select 'sla', ticket_id from crm.ticket").await;
    sweep(&world, &job, "2026-06-01T20:59:00Z").await;
    assert_eq!(world.rows(CLOCKS).await, step_by_step);
}

#[tokio::test(flavor = "multi_thread")]
async fn zammad_4353_and_534_an_edited_policy_computes_open_tickets_anew_and_clears_what_no_longer_applies() {
    let world = company().await;
    let before = job(PLAIN);
    sweep(&world, &before, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    open(&world, "T-2", "2026-06-01T09:00:00Z").await;
    world.sql("update crm.ticket set urgency = 'urgent' where ticket_id = 'T-2'").await;
    sweep(&world, &before, "2026-06-01T09:01:00Z").await;
    assert_eq!(clocks(&world).await.len(), 4);
    let after =
        job(&PLAIN.replace("name = \"all\"\n", "name = \"calls\"\nwhen = { ticket = \"channel\", is = \"phone\" }\n"));
    sweep(&world, &after, "2026-06-01T09:02:00Z").await;
    assert_eq!(
        clocks(&world).await,
        ["T-2\tfirst_response\turgent\trunning\t06-01 09:30", "T-2\tsolution\turgent\trunning\t06-01 21:00"]
    );
    // and nobody is told of what no longer applies
    sweep(&world, &after, "2026-06-01T09:58:00Z").await;
    assert_eq!(world.value("select count(*) from tend.sla_alert where ticket_id = 'T-1'").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_over_nothing_looks_at_no_ticket() {
    let world = company().await;
    let job = job(PLAIN);
    world
        .sql("insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id) select 'T-' || n, 'c1', '2026-06-01T09:00Z', 'a1' from generate_series(1, 500) n")
        .await;
    assert_eq!(sweep(&world, &job, "2026-06-01T09:01:00Z").await["tickets"], 500);
    assert_eq!(sweep(&world, &job, "2026-06-01T09:02:00Z").await["tickets"], 0);
    event(&world, "T-7", "2026-06-01T09:02:30Z", "agent_message", "").await;
    assert_eq!(sweep(&world, &job, "2026-06-01T09:03:00Z").await["tickets"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statements_of_a_sweep_use_their_indexes() {
    let world = company().await;
    let job = job(PLAIN);
    world
        .sql(
            "insert into crm.customer (customer_id) select 'x' || n from generate_series(1, 20000) n;
             insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id, solved_at, state)
                 select 'T-' || n, 'c' || n % 100, '2026-05-01Z', 'a1', case when n % 10 > 0 then timestamptz '2026-05-02Z' end, case when n % 10 > 0 then 'solved' else 'open' end
                 from generate_series(1, 20000) n;
             insert into crm.ticket_event (ticket_id, event_id, at, kind) select 'T-' || n, 'e', '2026-05-01T01:00Z', 'agent_message' from generate_series(1, 20000) n;",
        )
        .await;
    sweep(&world, &job, "2026-06-01T09:01:00Z").await;
    world.sql("analyze").await;
    let read = |file: &str| {
        std::fs::read_to_string(format!("{}/src/jobs/sla/{file}.sql", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let due = read("due").replace("$1", "'sla'").replace("$2", "timestamptz '2026-06-01T09:01Z'").replace("$3", "2000");
    // what lies ahead waits, however much of it there is
    world.sql("insert into tend.sla_change select 'sla', 'T-' || n, timestamptz '2026-07-01Z' + interval '1 s' * n from generate_series(1, 20000) n; analyze tend.sla_change").await;
    let changed =
        read("changed").replace("$1", "'sla'").replace("$2", "2000").replace("$3", "timestamptz '2026-06-01T09:01Z'");
    let rebuild = read("rebuild")
        .replace("$1", "'sla'")
        .replace("$2", "'T-1'")
        .replace("$3", "timestamptz '2026-06-01Z'")
        .replace("$4", "50");
    let people = read("people")
        .replace("$1", "array['T-1']")
        .replace("$2", "array['assignee']")
        .replace("$3", "date '2026-06-01'");
    for (statement, scanned) in [(due, "sla_clock"), (changed, "sla_change"), (rebuild, "ticket"), (people, "ticket")] {
        let plan = explained(&world, &statement).await;
        assert!(!plan.contains(&format!("Seq Scan on {scanned}")), "{plan}");
    }
    let (sla, _) = super::read(PLAIN);
    let composed = sla.unwrap().statement(&super::run("2026-06-01T09:01:00Z"), &["T-1".to_owned()]).explain();
    let plan: Vec<String> = composed.query_scalar().fetch_all(world.pool()).await.unwrap();
    let plan = plan.join("\n");
    assert!(!plan.contains("Seq Scan on ticket") && !plan.contains("Seq Scan on customer"), "{plan}");
}

async fn explained(world: &World, statement: &str) -> String {
    let plan: Vec<String> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("explain {statement}"))).fetch_all(world.pool()).await.unwrap();
    plan.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn over_views_tickets_are_read_again_with_an_overlap() {
    let world = company().await;
    let job = job(PLAIN);
    // no trigger can be put on views: what they do not note is found all the same
    world
        .sql(
            "alter table crm.ticket disable trigger user; alter table crm.ticket_event disable trigger user;
             alter table crm.customer disable trigger user",
        )
        .await;
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T09:01:00Z").await;
    assert_eq!(clocks(&world).await.len(), 2);
    event(&world, "T-1", "2026-06-01T09:10:00Z", "agent_message", "").await;
    sweep(&world, &job, "2026-06-01T09:11:00Z").await;
    assert_eq!(world.value("select state from tend.sla_clock where clock = 'first_response'").await, "met");
    // what the overlap cannot see is found within the hour
    world.sql("update crm.ticket set urgency = 'urgent'").await;
    sweep(&world, &job, "2026-06-01T12:00:00Z").await;
    assert_eq!(world.value("select distinct policy from tend.sla_clock").await, "urgent");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_changes_that_were_not_noted_everything_is_computed_anew() {
    let world = company().await;
    let job = job(PLAIN);
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T09:01:00Z").await;
    world.sql("alter table crm.ticket disable trigger tend_sla_updated").await;
    world.sql("update crm.ticket set urgency = 'urgent'").await;
    world.sql("alter table crm.ticket enable trigger tend_sla_updated").await;
    sweep(&world, &job, "2026-06-01T09:02:00Z").await;
    assert_eq!(world.value("select distinct policy from tend.sla_clock").await, "urgent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_gone_has_no_deadlines_and_nobody_is_told() {
    let world = company().await;
    let job = job(&PLAIN.replace("calendar = \"always\"", "calendar = \"weekdays\""));
    sweep(&world, &job, "2026-06-01T10:00:00Z").await;
    open(&world, "T-1", "2026-06-01T11:00:00Z").await;
    sweep(&world, &job, "2026-06-01T12:00:00Z").await;
    assert_eq!(world.value("select count(*) from tend.sla_alert where state = 'held'").await, "2");
    world.sql("delete from crm.ticket").await;
    sweep(&world, &job, "2026-06-02T01:00:00Z").await;
    assert!(clocks(&world).await.is_empty());
    assert_eq!(world.value("select string_agg(distinct reason, ',') from tend.sla_alert").await, "gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_job_that_is_gone_nothing_is_noted_any_more() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    world
        .sql(
            "insert into tend.spec (hash, job, kind, body) values (repeat('0', 64), 'sla', 'sla', '');
             insert into tend.job (job, kind, spec_hash, revision, enabled, known_since, planned_to, schedule_hash)
             values ('sla', 'sla', repeat('0', 64), 1, true, '2026-06-01Z', '2026-06-01Z', '')",
        )
        .await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    assert_eq!(world.value("select count(*) from tend.sla_change").await, "1");
    world.sql("update tend.job set removed_at = '2026-06-01Z'").await;
    open(&world, "T-2", "2026-06-01T09:00:00Z").await;
    assert_eq!(world.value("select count(*) from tend.sla_change").await, "0");
    sweep(&world, &job, "2026-06-01T09:01:00Z").await;
    assert_eq!(world.value("select count(distinct ticket_id) from tend.sla_clock").await, "2", "it begins anew");
}
