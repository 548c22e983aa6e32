//! A run looks at what changed and at what is due, and tells each once.

use tokio::task::JoinSet;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_followed_from_its_opening_to_its_end() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T09:01:00Z").await;
    assert_eq!(
        clocks(&world).await,
        ["T-1\tfirst_response\tall\trunning\t06-01 10:00", "T-1\tsolution\tall\trunning\t06-02 09:00"]
    );
    assert!(alerts(&world).await.is_empty());
    // 80 % of an hour
    sweep(&world, &job, "2026-06-01T09:47:00Z").await;
    assert!(alerts(&world).await.is_empty());
    sweep(&world, &job, "2026-06-01T09:48:00Z").await;
    let warned = ["T-1\tfirst_response\t80%\tstaff:a1\ttold\tnull"];
    assert_eq!(alerts(&world).await, warned);
    sweep(&world, &job, "2026-06-01T09:49:00Z").await;
    assert_eq!(alerts(&world).await, warned, "nobody hears of it twice");
    event(&world, "T-1", "2026-06-01T09:55:00Z", "agent_message", "").await;
    sweep(&world, &job, "2026-06-01T09:56:00Z").await;
    sweep(&world, &job, "2026-06-01T13:00:00Z").await;
    assert_eq!(alerts(&world).await, warned, "what was answered in time is not late");
    world.sql("update crm.ticket set state = 'solved', solved_at = '2026-06-01T14:00:00Z'").await;
    sweep(&world, &job, "2026-06-01T14:01:00Z").await;
    assert_eq!(
        clocks(&world).await,
        ["T-1\tfirst_response\tall\tmet\t06-01 10:00", "T-1\tsolution\tall\tmet\t06-02 09:00"]
    );
    assert_eq!(world.value("select count(*) from tend.sla_clock where next_at is not null").await, "0");
    assert_eq!(world.value("select count(*) from tend.sla_change").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_goes_from_the_assignee_over_the_supervisor_to_the_manager() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    for at in [
        "2026-06-01T09:48:00Z",
        "2026-06-01T10:00:00Z",
        "2026-06-01T11:00:00Z",
        "2026-06-01T12:00:00Z",
        "2026-06-01T15:00:00Z",
    ] {
        sweep(&world, &job, at).await;
    }
    let expected = [
        "T-1\tfirst_response\t80%\tstaff:a1\ttold\tnull",
        "T-1\tfirst_response\tdue\tstaff:s1\ttold\tnull",
        "T-1\tfirst_response\tafter 2h\tstaff:m1\ttold\tnull",
    ];
    assert_eq!(alerts(&world).await, expected);
    assert_eq!(
        world
            .value("select breached_at = '2026-06-01T10:00Z' from tend.sla_clock where clock = 'first_response'")
            .await,
        "true"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_somebody_looks_after_it_ends_the_chain() {
    for by_link in [true, false] {
        let world = company().await;
        let job = job(PLAIN);
        sweep(&world, &job, "2026-06-01T08:59:00Z").await;
        open(&world, "T-1", "2026-06-01T09:00:00Z").await;
        sweep(&world, &job, "2026-06-01T09:48:00Z").await;
        if by_link {
            world.sql("insert into tend.sla_ack (job, ticket_id, clock, cycle, at, by_id) select job, ticket_id, clock, cycle, '2026-06-01T09:50Z', recipient from tend.sla_alert").await;
        } else {
            event(&world, "T-1", "2026-06-01T09:50:00Z", "acknowledged", "").await;
        }
        for at in ["2026-06-01T10:00:00Z", "2026-06-01T12:30:00Z"] {
            sweep(&world, &job, at).await;
        }
        assert_eq!(alerts(&world).await, ["T-1\tfirst_response\t80%\tstaff:a1\ttold\tnull"]);
        assert_eq!(
            world.value("select breached_at is not null from tend.sla_clock where clock = 'first_response'").await,
            "true",
            "late it is all the same"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_is_stood_in_for_and_what_nobody_has_goes_to_the_owner_of_the_job() {
    let world = company().await;
    world
        .sql("insert into crm.absence (staff_id, from_day, until_day) values ('a1', '2026-05-30', '2026-06-01')")
        .await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    world
        .sql("insert into crm.ticket (ticket_id, customer_id, opened_at) values ('T-2', 'nobody', '2026-06-01T09:00Z')")
        .await;
    sweep(&world, &job, "2026-06-01T09:48:00Z").await;
    let expected = ["T-1\tfirst_response\t80%\tstaff:a2\ttold\tnull", "T-2\tfirst_response\t80%\towner\ttold\tnull"];
    assert_eq!(alerts(&world).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_urgency_or_of_the_customers_tier_finds_the_policy_anew() {
    let world = company().await;
    let text = PLAIN.replace("[[policy]]\nname = \"urgent\"", "[[policy]]\nname = \"best\"\nwhen = { ladder = \"value-tiers\", is = \"high\" }\ntargets = { solution = { within = \"6h\", time = \"elapsed\" } }\n[[policy]]\nname = \"urgent\"");
    let job = job(&text);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T09:01:00Z").await;
    world.sql("update crm.ticket set urgency = 'urgent'").await;
    sweep(&world, &job, "2026-06-01T09:02:00Z").await;
    assert_eq!(
        clocks(&world).await,
        ["T-1\tfirst_response\turgent\trunning\t06-01 09:30", "T-1\tsolution\turgent\trunning\t06-01 21:00"]
    );
    world.sql("insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason) values ('c1', 'value-tiers', 'high', '2026-06-01Z', 1, '{}')").await;
    sweep(&world, &job, "2026-06-01T09:03:00Z").await;
    assert_eq!(clocks(&world).await, ["T-1\tsolution\tbest\trunning\t06-01 15:00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_behind_a_slow_transaction_is_not_lost() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    let mut slow = world.pool().begin().await.unwrap();
    sqlx::query("insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id) values ('T-slow', 'c1', '2026-06-01T09:00Z', 'a1')")
        .execute(&mut *slow)
        .await
        .unwrap();
    open(&world, "T-quick", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T09:01:00Z").await;
    slow.commit().await.unwrap();
    sweep(&world, &job, "2026-06-01T09:02:00Z").await;
    assert_eq!(world.value("select count(distinct ticket_id) from tend.sla_clock").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_as_of_is_refused_and_the_same_one_again_changes_nothing() {
    let world = company().await;
    let job = job(PLAIN);
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T10:00:00Z").await;
    let state = (clocks(&world).await, alerts(&world).await);
    sweep(&world, &job, "2026-06-01T10:00:00Z").await;
    assert_eq!((clocks(&world).await, alerts(&world).await), state);
    let refused = swept(&world, &job, &run("2026-06-01T09:59:00Z")).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("earlier")));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sweepers_at_once_tell_each_once() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    world
        .sql("insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id) select 'T-' || n, 'c1', '2026-06-01T09:00Z', 'a1' from generate_series(1, 50) n")
        .await;
    let mut sweepers = JoinSet::new();
    for _ in 0..2 {
        let (pool, job) = (world.pool().clone(), job.clone());
        sweepers.spawn(async move {
            let run = run("2026-06-01T09:48:00Z");
            let mut cursor = None;
            loop {
                let mut transaction = pool.begin().await.unwrap();
                let mut step =
                    Step { run: &run, tx: Tx::lend(&mut transaction), cursor, cancelled: CancellationToken::new() };
                // who comes second waits for the first, and may be told that it lost a race: nothing is written then
                let Ok(stepped) = job.step(&mut step).await else { return };
                if transaction.commit().await.is_err() {
                    return;
                }
                match stepped.next {
                    Some(next) => cursor = Some(next),
                    None => return,
                }
            }
        });
    }
    while let Some(done) = sweepers.join_next().await {
        done.unwrap();
    }
    sweep(&world, &job, "2026-06-01T09:48:00Z").await;
    assert_eq!(world.value("select count(*) || ' ' || count(distinct ticket_id) from tend.sla_alert").await, "50 50");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_dies_between_its_steps_loses_and_doubles_nothing() {
    let world = company().await;
    let job = job(PLAIN);
    world
        .sql("insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id) select 'T-' || n, 'c1', '2026-06-01T09:00Z', 'a1' from generate_series(1, 40) n")
        .await;
    let run = run("2026-06-01T09:48:00Z");
    // every run dies one step later than the one before: its last step is rolled back
    for lives in 0..6 {
        let mut cursor = None;
        for place in 0..=lives {
            let mut transaction = world.pool().begin().await.unwrap();
            let mut step =
                Step { run: &run, tx: Tx::lend(&mut transaction), cursor, cancelled: CancellationToken::new() };
            let stepped = job.step(&mut step).await.unwrap();
            if place == lives {
                transaction.rollback().await.unwrap();
                break;
            }
            transaction.commit().await.unwrap();
            match stepped.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
    }
    swept(&world, &job, &run).await.unwrap();
    assert_eq!(world.value("select count(*) || ' ' || count(distinct ticket_id) from tend.sla_alert").await, "40 40");
    assert_eq!(world.value("select count(*) from tend.sla_clock").await, "80");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_between_the_instant_of_a_run_and_the_run_is_left_to_the_next_and_not_lost() {
    let world = company().await;
    let job = job(PLAIN);
    // before the first run, too
    open(&world, "T-1", "2026-06-01T08:59:30Z").await;
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    assert!(clocks(&world).await.is_empty(), "it was not there yet");
    open(&world, "T-2", "2026-06-01T09:00:30Z").await;
    event(&world, "T-2", "2026-06-01T09:02:30Z", "agent_message", "").await;
    sweep(&world, &job, "2026-06-01T09:00:00Z").await;
    assert_eq!(world.value("select count(*) from tend.sla_clock where ticket_id = 'T-1'").await, "2");
    // runs that wait for one another are late by more than a minute
    sweep(&world, &job, "2026-06-01T09:01:00Z").await;
    let running = ["T-2\tfirst_response\tall\trunning\t06-01 10:00", "T-2\tsolution\tall\trunning\t06-02 09:00"];
    assert_eq!(clocks(&world).await[2..], running);
    sweep(&world, &job, "2026-06-01T09:03:00Z").await;
    assert_eq!(clocks(&world).await[2], "T-2\tfirst_response\tall\tmet\t06-01 10:00");
    assert_eq!(world.value("select count(*) from tend.sla_change").await, "0", "nothing is left to be looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_and_calls_behind_the_as_of_are_seen_when_it_has_come_and_what_is_far_ahead_waits_once() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    event(&world, "T-1", "2027-06-01T09:00:00Z", "customer_message", "").await;
    sweep(&world, &job, "2026-06-01T09:48:00Z").await;
    for at in ["2026-06-01T09:49:30Z", "2026-06-01T09:50:30Z"] {
        world
            .sql(&format!(
                "insert into tend.sla_ack (job, ticket_id, clock, cycle, at, by_id)
                 select job, ticket_id, clock, cycle, '{at}', recipient from tend.sla_alert on conflict do nothing;
                 insert into tend.sla_change (job, ticket_id) values ('sla', 'T-1')"
            ))
            .await;
        sweep(&world, &job, "2026-06-01T09:49:00Z").await;
        assert_eq!(world.value("select count(acknowledged_at) from tend.sla_clock").await, "0");
    }
    assert_eq!(world.value("select count(*) from tend.sla_change").await, "2", "the word, and the message in a year");
    sweep(&world, &job, "2026-06-01T09:50:00Z").await;
    assert_eq!(world.value("select count(acknowledged_at) from tend.sla_clock").await, "1");
    assert_eq!(world.value("select min(not_before) = '2027-06-01T09:00Z' from tend.sla_change").await, "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_opened_while_the_first_run_is_at_work_is_not_lost() {
    let world = company().await;
    let job = job(PLAIN);
    let first = run("2026-06-01T09:05:00Z");
    // somebody began to write before the job was there, and takes until after its first run
    let mut slow = world.pool().begin().await.unwrap();
    let ticket = "insert into crm.ticket (ticket_id, customer_id, opened_at, assignee_id) values ('T-slow', 'c1', '2026-06-01T09:00Z', 'a1')";
    sqlx::query(ticket).execute(&mut *slow).await.unwrap();
    let mut cursor = None;
    for step in 0.. {
        let mut transaction = world.pool().begin().await.unwrap();
        let mut at_work =
            Step { run: &first, tx: Tx::lend(&mut transaction), cursor, cancelled: CancellationToken::new() };
        let stepped = job.step(&mut at_work).await.unwrap();
        // the first steps have read what they read, and have not committed
        if step < 3 {
            open(&world, &format!("T-{step}"), "2026-06-01T09:00:00Z").await;
        }
        transaction.commit().await.unwrap();
        cursor = stepped.next;
        if cursor.is_none() {
            break;
        }
    }
    slow.commit().await.unwrap();
    sweep(&world, &job, "2026-06-01T09:06:00Z").await;
    let forgotten = "select t.ticket_id from crm.ticket t where not exists (select from tend.sla_clock k where k.ticket_id = t.ticket_id)";
    assert_eq!(world.rows(forgotten).await, [""; 0]);
    assert!(world.value("select count(*) from crm.ticket").await.parse::<i32>().unwrap() > 2);
}
