//! When people are told: while they work, and old news in one piece.

use super::*;

/// Answers in eight working hours; told in working time.
const DESK: &str = r#"
title = "test"
[sla]
calendar = "weekdays"
template = "sla-alert"
[[policy]]
name = "all"
targets = { first_response = { within = "2h", time = "elapsed" } }
[[policy.escalate]]
at = "80%"
to = "assignee"
[[policy.escalate]]
at = "due"
to = "assignee"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_about_at_night_waits_for_the_morning_and_is_told_in_one_piece() {
    let world = company().await;
    let job = job(DESK);
    sweep(&world, &job, "2026-06-01T10:00:00Z").await;
    // the desk (09:00 to 18:00 in Shanghai) closes at 10:00 UTC
    open(&world, "T-1", "2026-06-01T11:00:00Z").await;
    open(&world, "T-2", "2026-06-01T12:00:00Z").await;
    open(&world, "T-3", "2026-06-01T13:00:00Z").await;
    for at in [
        "2026-06-01T12:36:00Z",
        "2026-06-01T13:00:00Z",
        "2026-06-01T14:00:00Z",
        "2026-06-01T15:30:00Z",
        "2026-06-02T00:59:00Z",
    ] {
        sweep(&world, &job, at).await;
    }
    assert_eq!(
        world.value("select count(*) filter (where state = 'held') || ' ' || count(*) from tend.sla_alert").await,
        "4 6"
    );
    event(&world, "T-3", "2026-06-02T00:30:00Z", "agent_message", "").await;
    sweep(&world, &job, "2026-06-02T01:00:00Z").await;
    let expected = [
        "T-1\tfirst_response\t80%\tstaff:a1\tdropped\tovertaken",
        "T-1\tfirst_response\tdue\tstaff:a1\tsummed\tnull",
        "T-2\tfirst_response\t80%\tstaff:a1\tdropped\tovertaken",
        "T-2\tfirst_response\tdue\tstaff:a1\tsummed\tnull",
        "T-3\tfirst_response\t80%\tstaff:a1\tdropped\tovertaken",
        "T-3\tfirst_response\tdue\tstaff:a1\tdropped\tstopped",
    ];
    let mut found = alerts(&world).await;
    found.sort();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_round_the_clock_waits_for_nobody() {
    let world = company().await;
    let job = job(&DESK.replace("name = \"all\"", "name = \"all\"\nround_the_clock = true"));
    sweep(&world, &job, "2026-06-01T10:00:00Z").await;
    open(&world, "T-1", "2026-06-01T11:00:00Z").await;
    sweep(&world, &job, "2026-06-01T13:00:00Z").await;
    assert_eq!(alerts(&world).await.last().map(String::as_str), Some("T-1\tfirst_response\tdue\tstaff:a1\ttold\tnull"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_of_downtime_everybody_gets_one_summary_of_how_things_stand() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    for ticket in ["T-1", "T-2", "T-3"] {
        open(&world, ticket, "2026-06-01T09:00:00Z").await;
    }
    event(&world, "T-3", "2026-06-01T09:10:00Z", "agent_message", "").await;
    sweep(&world, &job, "2026-06-01T09:11:00Z").await;
    // down until the next day
    sweep(&world, &job, "2026-06-02T08:00:00Z").await;
    let told = world.rows("select recipient, step, count(*) from tend.sla_alert where clock = 'first_response' and state = 'summed' group by 1, 2 order by 1").await;
    assert_eq!(told, ["staff:a1\t80%\t2", "staff:m1\tafter 2h\t2", "staff:s1\tdue\t2"]);
    sweep(&world, &job, "2026-06-02T08:01:00Z").await;
    let again = world.value("select count(*) from tend.sla_alert where noticed_at > '2026-06-02T08:00Z'").await;
    assert_eq!(again, "0", "told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn otobo_events_two_sweeps_tell_once_and_a_calendar_that_never_opens_is_refused() {
    let world = company().await;
    let job = job(PLAIN);
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T09:50:00Z").await;
    sweep(&world, &job, "2026-06-01T09:50:00Z").await;
    sweep(&world, &job, "2026-06-01T09:51:00Z").await;
    assert_eq!(alerts(&world).await.len(), 1);
    assert!(Calendar::read("never", "title = \"never\"\nzone = \"UTC\"\n[hours]\n").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_set_by_hand_is_told_about_anew() {
    let world = company().await;
    let job = job(PLAIN);
    sweep(&world, &job, "2026-06-01T08:59:00Z").await;
    open(&world, "T-1", "2026-06-01T09:00:00Z").await;
    sweep(&world, &job, "2026-06-01T10:00:00Z").await;
    event(&world, "T-1", "2026-06-01T10:10:00Z", "due", "first_response 2026-06-01T14:00:00Z").await;
    sweep(&world, &job, "2026-06-01T10:11:00Z").await;
    assert_eq!(world.value("select count(*) from tend.sla_alert").await, "2");
    sweep(&world, &job, "2026-06-01T14:00:00Z").await;
    let told = world.rows("select step, state, count(*) from tend.sla_alert where clock = 'first_response' group by 1, 2 order by 1, 2").await;
    assert_eq!(told, ["80%\ttold\t2", "due\ttold\t2"]);
}
