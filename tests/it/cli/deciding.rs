//! Messages that wait for a person, and runs that a person stops.

use super::{bench, company, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_doubt_is_listed_sent_again_or_given_up() {
    let (world, bench) = bench().await;
    company(&world).await;
    bench.ok(&["apply"]);
    bench.ok(&["run", "birthday", "--at", "2026-06-01"]);
    world
        .sql(
            "update tend.outbox set state = 'held', state_reason = 'copied database', state_at = '2026-06-01T00:00Z'
             where customer_id in ('c01', 'c02')",
        )
        .await;
    let listed = json(&bench.run(&["outbox", "list", "--json"]));
    let numbers: Vec<String> = listed.as_array().unwrap().iter().map(|row| row["message_id"].to_string()).collect();
    assert_eq!(numbers.len(), 2);
    let text = bench.ok(&["outbox", "list"]);
    assert!(text.contains("copied database") && text.contains("2026-06-01 08:00 +08:00"), "{text}");
    let said = bench.ok(&["outbox", "resend", &numbers[0]]);
    assert_eq!(said, format!("message {} is owed again, under the same Message-ID\n", numbers[0]));
    let said = bench.ok(&["outbox", "drop", &numbers[1]]);
    assert_eq!(said, format!("message {} is given up\n", numbers[1]));
    let states =
        "select string_agg(state, ',' order by message_id) from tend.outbox where customer_id in ('c01', 'c02')";
    assert_eq!(world.value(states).await, "planned,cancelled");
    assert_eq!(bench.run(&["outbox", "drop", &numbers[1]]).status.code(), Some(1));
    assert_eq!(bench.ok(&["outbox", "list"]), "No message waits for a person.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_that_fails_leaves_nothing_to_be_run_later() {
    let (world, bench) = bench().await;
    company(&world).await;
    bench.ok(&["apply"]);
    bench.ok(&["run", "value-tiers", "--at", "2026-05-30"]);
    let output = bench.run(&["backfill", "value-tiers", "--from", "2026-05-01", "--to", "2026-05-04"]);
    assert_eq!(output.status.code(), Some(1));
    let rows = world
        .rows("select state, count(*), min(reason) like '%before it did not succeed' as why from tend.job_run where trigger = 'backfill' group by 1 order by 1")
        .await;
    assert_eq!(rows, ["cancelled\t3\ttrue", "failed\t1\tnull"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_is_cancelled_and_one_that_is_over_is_not() {
    let (world, bench) = bench().await;
    bench.ok(&["apply"]);
    let run = json(&bench.run(&["run", "value-tiers", "--at", "2026-05-30", "--json"]))["run"].to_string();
    let output = bench.run(&["cancel", &run]);
    assert_eq!(output.status.code(), Some(1));
    assert!(super::stderr(&output).contains(&format!("run {run} is over: it succeeded")), "{}", super::stderr(&output));
    world
        .sql(
            "insert into tend.job_run (job, trigger, slot, business_date, business_key, request_id, run_after, spec_hash, created_at)
             select job, 'manual', slot, business_date, business_key, 'later', '2027-01-01', spec_hash, created_at from tend.job_run",
        )
        .await;
    let waiting = world.value("select run_id from tend.job_run where state = 'due'").await;
    assert_eq!(bench.ok(&["cancel", &waiting]), format!("Run {waiting} is cancelled; it had not started.\n"));
}
