//! `tend explain ticket`.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_explained_window_by_window() {
    let world = company().await;
    let job = job(r#"
title = "test"
[sla]
calendar = "cn"
template = "sla-alert"
[[escalate]]
at = "80%"
to = ["assignee", "supervisor"]
[[escalate]]
at = "due"
to = "role:manager"
[[policy]]
name = "calls"
when = { ticket = "channel", is = "phone" }
targets = { first_response = { within = "2h" } }
[[policy]]
name = "all"
targets = { first_response = { within = "8h", urgency = { urgent = "1h" } }, solution = { within = "20h" } }
"#);
    let utc = |local: &str| format!("{local}+08:00");
    sweep(&world, &job, &utc("2026-02-13T10:00:00")).await;
    open(&world, "T-1", &utc("2026-02-13T16:00:00")).await;
    event(&world, "T-1", &utc("2026-02-13T16:30:00"), "state", "pending").await;
    event(&world, "T-1", &utc("2026-02-13T17:00:00"), "state", "open").await;
    sweep(&world, &job, &utc("2026-02-14T17:00:00")).await;
    let explained = explain(&world, &job, "T-1", &utc("2026-02-14T17:00:00")).await;
    insta::assert_snapshot!("a_ticket_is_explained_window_by_window", explained.text);
    assert_eq!(explained.json["policy"], "all");
    assert_eq!(explained.json["clocks"][0]["pauses"][0]["from"], "2026-02-13T08:30:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_is_late_and_who_would_be_told() {
    let world = company().await;
    let job = job(PLAIN);
    for ticket in ["T-1", "T-2"] {
        open(&world, ticket, "2026-06-01T09:00:00Z").await;
    }
    world.sql("update crm.ticket set state = 'pending' where ticket_id = 'T-2'").await;
    let run = run("2026-06-01T10:00:00Z");
    let mut transaction = world.pool().begin().await.unwrap();
    let mut cursor = None;
    loop {
        let mut step = Step { run: &run, tx: Tx::lend(&mut transaction), cursor, cancelled: CancellationToken::new() };
        cursor = job.step(&mut step).await.unwrap().next;
        if cursor.is_none() {
            break;
        }
    }
    let explained = job.explain(&run, &mut Tx::lend(&mut transaction)).await.unwrap();
    transaction.rollback().await.unwrap();
    insta::assert_snapshot!("a_plan_says_what_is_late_and_who_would_be_told", explained.text);
    assert_eq!(world.value("select count(*) from tend.sla_clock").await, "0", "a plan changes nothing");
}

#[test]
fn what_is_wrong_with_a_file_is_said_all_at_once() {
    let (_, problems) = read(
        r#"
title = "test"
[sla]
calendar = "chn"
waiting = ["pending", "solved"]
template = "sla-alert"
stale_after = "1m"
[[escalate]]
at = "120%"
to = "assinee"
[[escalate]]
to = []
[[policy]]
name = "first"
targets = { first_response = { within = "8h" }, solution = { within = "4h" }, answer = { within = "1h" } }
[[policy]]
name = "first"
when = { field = "spend", within = "365d", top = "20%" }
targets = { first_response = { within = "0h", time = "working" } }
[[policy.escalate]]
at = "due"
before = "1h"
to = "supervisor"
[[policy.escalate]]
clocks = ["solution"]
after = "1h"
lead = "5m"
to = "supervisor"
[[policy]]
name = "last"
targets = {}
"#,
    );
    insta::assert_snapshot!("what_is_wrong_with_a_file_is_said_all_at_once", problems.render(false));
}
