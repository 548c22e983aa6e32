//! Messages that wait for a person, and runs that a person stops.

use super::{bench, company, json};
use crate::support::World;

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
async fn what_a_limit_holds_is_listed_in_words_and_points_to_approve() {
    let (world, bench) = bench().await;
    company(&world).await;
    bench.ok(&["apply"]);
    bench.ok(&["run", "birthday", "--at", "2026-06-01"]);
    world.sql("update tend.outbox set state = 'held', state_reason = 'limit' where customer_id = 'c01'").await;
    let text = bench.ok(&["outbox", "list"]);
    assert!(text.contains("waits for a person: too many of the job came back"), "{text}");
    let hint = text.split_once("\nWhat waits").unwrap().1.replace('\n', " ");
    assert!(hint.contains("too many of the job came back, goes by `tend approve`"), "{text}");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_is_approved_by_somebody_else_or_refused() {
    let world = World::new().await;
    let said = |arguments: &[&str]| {
        let output = world.tend().arg("approve").args(arguments).output().unwrap();
        let text = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    assert_eq!(said(&[]), (Some(0), "No messages wait for approval.\n".to_owned()));
    world
        .sql(
            "insert into tend.folder_revision (folder_hash, specs, applied_at, applied_by) values ('x', '{\"news\": \"s\"}', '2026-06-01Z', 'ann');
             insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data,
                                      not_before, not_after, state, state_reason, state_at, created_at)
             select run, 'news', 's', 'c' || i, 'o' || run, 'marketing', 't', 'email', 't', 'en', '{}',
                    now(), now() + interval '1 day', 'held', 'approval', now(), now()
             from generate_series(7, 8) run, generate_series(1, 3) i;
             insert into tend.hold (run_id, reason, job, spec_hash, messages, held_at)
             select run, 'approval', 'news', 's', 3, now() from generate_series(7, 8) run",
        )
        .await;
    let (_, listed) = said(&[]);
    assert!(listed.contains("news") && listed.matches("approval").count() >= 2, "{listed}");
    let (code, own) = said(&["news", "--by", "Ann"]);
    assert!(code != Some(0) && own.contains("ann put this version of news in force"), "{own}");
    let (code, none) = said(&["other", "--by", "ben"]);
    assert!(code != Some(0) && none.contains("no message of other waits"), "{none}");
    let (code, refused) = said(&["news", "--run", "8", "--refuse", "--by", "ben"]);
    assert!(refused.starts_with("3 messages of news are cancelled. On record: decided by ben, from "), "{refused}");
    assert_eq!(code, Some(0));
    let (code, json) = said(&["news", "--by", "ben", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, &json["by"], &json["said"]),
        (Some(0), &"ben".into(), &"3 messages of news are owed now.".into())
    );
    // a name is only said; the account and the machine are what the system knows, whatever the environment says
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let (account, machine) = json["from"].as_str().unwrap().split_once('@').unwrap();
    assert_eq!(machine, host.trim());
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    assert!(accounts.lines().any(|line| line.split(':').next() == Some(account)), "{account}");
    let from = json["from"].as_str().unwrap();
    let record = "select run_id, state, decided_by, decided_from from tend.hold order by run_id";
    assert_eq!(world.rows(record).await, [format!("7\treleased\tben\t{from}"), format!("8\trefused\tben\t{from}")]);
    let states = "select run_id, state, count(*) from tend.outbox group by run_id, state order by run_id";
    assert_eq!(world.rows(states).await, ["7\tplanned\t3", "8\tcancelled\t3"]);
    let (code, again) = said(&["news", "--run", "7", "--by", "ben"]);
    assert!(code != Some(0) && again.contains("no message of news of run 7 waits"), "{again}");
}
