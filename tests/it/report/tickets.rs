//! Figures about tickets, by hand.

use chrono::{DateTime, Utc};
use tend::jobs::report::{find, measure};

use super::{Ask, company, ticket};

const FIGURES: [&str; 12] = [
    "first_answer",
    "first_answer_p90",
    "solve_time",
    "sla_met",
    "overdue",
    "solve_rate",
    "complaints_solved",
    "reopen_rate",
    "handover",
    "repeat_rate",
    "tickets",
    "complaints",
];

#[tokio::test]
async fn of_no_tickets_there_is_nothing_to_say() {
    let world = company().await;
    for figure in FIGURES {
        assert_eq!(Ask::may(&world).told(figure).await, "nothing", "{figure}");
    }
}

#[tokio::test]
async fn a_first_answer_belongs_to_the_period_in_which_it_came() {
    let world = company().await;
    // an hour; two hours, of a complaint; opened in April, answered on the first of May
    ticket(&world, "t1", "c1", "2026-05-04 10:00", "assignee_id = 'ann'", "agent_message - ann 2026-05-04 11:00").await;
    let log = "agent_message - bob 2026-05-05 12:00; agent_message - bob 2026-05-05 18:00";
    ticket(&world, "t2", "c2", "2026-05-05 10:00", "kind = 'complaint', assignee_id = 'bob'", log).await;
    ticket(&world, "t3", "c2", "2026-04-30 23:00", "", "agent_message - bob 2026-05-01 00:00").await;
    // answered in April and again in May, answered in June, not answered, a word before it was opened
    ticket(
        &world,
        "t4",
        "c1",
        "2026-04-01 10:00",
        "",
        "agent_message - ann 2026-04-02 10:00; agent_message - ann 2026-05-02 10:00",
    )
    .await;
    ticket(&world, "t5", "c1", "2026-05-31 23:00", "", "agent_message - ann 2026-06-01 00:00").await;
    ticket(&world, "t6", "c1", "2026-05-31 10:00", "", "customer_message - - 2026-05-31 12:00").await;
    ticket(
        &world,
        "t7",
        "c3",
        "2026-05-06 10:00",
        "",
        "agent_message - ann 2026-05-06 09:00; agent_message - ann 2026-05-06 20:00",
    )
    .await;
    let may = Ask::may(&world);
    // 1 h, 2 h, 1 h, 10 h: half above an hour and a half; a tenth above 2 h and seven tenths of the way to 10 h
    assert_eq!(may.told("first_answer").await, "5400 of 4");
    assert_eq!(may.told("first_answer_p90").await, "27360 of 4");
    assert_eq!(may.by("first_answer", "kind").await, "complaint 7200 of 1, request 3600 of 3");
    assert_eq!(may.by("first_answer", "tier").await, "high 3600 of 1, mid 7200 of 3");
    assert_eq!(may.by("first_answer", "person").await, " 19800 of 2, ann 3600 of 1, bob 7200 of 1");
    assert_eq!(may.clone().of(&["bob"]).told("first_answer").await, "7200 of 1");
    assert_eq!(may.days("2026-06-01", "2026-06-30").told("first_answer").await, "3600 of 1");
}

#[tokio::test]
async fn the_days_are_those_of_the_zone_also_when_the_clocks_change() {
    let world = company().await;
    // Sunday 29 March 2026: London leaves out an hour; the day is from 00:00Z to 23:00Z
    for (id, at) in [
        ("a", "2026-03-28 23:59:59.999999Z"),
        ("b", "2026-03-29 00:00Z"),
        ("c", "2026-03-29 22:59Z"),
        ("d", "2026-03-29 23:00Z"),
    ] {
        world
            .sql(&format!("insert into crm.ticket (ticket_id, customer_id, opened_at) values ('{id}', 'c1', '{at}')"))
            .await;
    }
    let day = |zone| Ask::may(&world).days("2026-03-29", "2026-03-29").within(zone);
    assert_eq!(day(chrono_tz::Europe::London).told("tickets").await, "2 of 2");
    // in Shanghai that day is over at 16:00Z
    assert_eq!(day(chrono_tz::Asia::Shanghai).told("tickets").await, "2 of 2");
    assert_eq!(day(chrono_tz::UTC).told("tickets").await, "3 of 3");
}

#[tokio::test]
async fn what_is_solved_is_as_it_stood_when_the_review_was_made() {
    let world = company().await;
    let solved = |at: &str| format!("state solved ann {at}");
    ticket(&world, "t1", "c1", "2026-05-04 10:00", "solved_at = '2026-05-05 10:00+08'", &solved("2026-05-05 10:00"))
        .await;
    // opened again, and not solved since
    let log = "state solved ann 2026-05-06 10:00; state open - 2026-05-07 10:00";
    ticket(&world, "t2", "c1", "2026-05-04 10:00", "solved_at = '2026-05-06 10:00+08'", log).await;
    // opened again in June, after the review: in May it was solved
    let log = "state solved ann 2026-05-20 10:00; state open - 2026-06-03 10:00; state solved ann 2026-06-04 10:00";
    ticket(&world, "t3", "c2", "2026-05-19 10:00", "kind = 'complaint', solved_at = '2026-06-04 10:00+08'", log).await;
    // solved in the hours before the review, and after it; without a log: by its own columns
    ticket(&world, "t4", "c2", "2026-05-31 20:00", "solved_at = '2026-06-01 07:59+08'", "").await;
    ticket(&world, "t5", "c2", "2026-05-31 20:00", "kind = 'complaint', solved_at = '2026-06-01 08:01+08'", "").await;
    ticket(&world, "t6", "c2", "2026-05-31 20:00", "closed_at = '2026-05-31 21:00+08'", "").await;
    ticket(&world, "t7", "c3", "2026-05-31 20:00", "", "").await;
    // of April
    ticket(&world, "t8", "c3", "2026-04-30 23:59", "solved_at = '2026-05-01 10:00+08'", "").await;
    let may = Ask::may(&world);
    assert_eq!(may.told("solve_rate").await, "0.571429 of 7");
    assert_eq!(may.rows("solve_rate").await.whole.unwrap().hits.unwrap().to_string(), "4");
    assert_eq!(may.told("complaints_solved").await, "0.5 of 2");
    assert_eq!(may.told("tickets").await, "7 of 7");
    assert_eq!(may.told("complaints").await, "2 of 2");
    // t1 a day, t8 10 h 1 min; t2 and t3 are open again or were solved later
    assert_eq!(may.told("solve_time").await, "61230 of 2");
}

#[tokio::test]
async fn a_solving_after_which_it_is_open_again_is_reopened_and_closing_is_no_second_solving() {
    let world = company().await;
    let log = "state solved ann 2026-05-05 10:00; state closed ann 2026-05-06 10:00";
    ticket(&world, "t1", "c1", "2026-05-04 10:00", "", log).await;
    // solved twice, once in vain
    let log = "state solved ann 2026-05-05 10:00; state open - 2026-05-06 10:00; state solved ann 2026-05-07 10:00";
    ticket(&world, "t2", "c1", "2026-05-04 10:00", "assignee_id = 'ann'", log).await;
    // open again an hour before the review, and an hour after it
    ticket(
        &world,
        "t3",
        "c2",
        "2026-05-04 10:00",
        "",
        "state solved bob 2026-05-31 10:00; state open - 2026-06-01 07:00",
    )
    .await;
    ticket(
        &world,
        "t4",
        "c2",
        "2026-05-04 10:00",
        "",
        "state solved bob 2026-05-31 10:00; state open - 2026-06-01 09:00",
    )
    .await;
    ticket(&world, "t5", "c3", "2026-05-04 10:00", "solved_at = '2026-05-31 10:00+08'", "").await;
    let may = Ask::may(&world);
    assert_eq!(may.told("reopen_rate").await, "0.333333 of 6");
    assert_eq!(may.by("reopen_rate", "person").await, " 0.25 of 4, ann 0.5 of 2");
}

#[tokio::test]
async fn who_asks_again_about_the_same_within_a_week_asks_again() {
    let world = company().await;
    let asked = |id: &'static str, customer: &'static str, at: &'static str, topic: &'static str| {
        let says = if topic.is_empty() { "topic = null".to_owned() } else { format!("topic = '{topic}'") };
        let world = &world;
        async move { ticket(world, id, customer, at, &says, "").await }
    };
    asked("t1", "c1", "2026-04-28 10:00", "delivery").await;
    asked("t2", "c1", "2026-05-04 10:00", "delivery").await; // again, the first was in April
    asked("t3", "c1", "2026-05-05 10:00", "product").await; // something else
    asked("t4", "c2", "2026-05-05 10:00", "delivery").await; // somebody else
    asked("t5", "c2", "2026-05-12 10:00", "delivery").await; // to the minute a week later: again
    asked("t6", "c2", "2026-05-19 10:01", "delivery").await; // a minute more
    asked("t7", "c3", "2026-05-20 10:00", "").await;
    asked("t8", "c3", "2026-05-20 10:00", "").await; // at the same instant: one of the two is the second
    assert_eq!(Ask::may(&world).told("repeat_rate").await, "0.428571 of 7");
    assert_eq!(Ask::may(&world).by("repeat_rate", "topic").await, " 0.5 of 2, delivery 0.5 of 4, product 0 of 1");
}

#[tokio::test]
async fn a_deadline_belongs_to_the_period_in_which_it_was_decided() {
    let world = company().await;
    for id in ["t1", "t2", "t3"] {
        ticket(&world, id, "c1", "2026-04-30 10:00", "assignee_id = 'ann'", "").await;
    }
    let clock = |ticket: &str, clock: &str, state: &str, stopped: &str, breached: &str| {
        let instant = |at: &str| if at.is_empty() { "null".to_owned() } else { format!("'{at}+08'") };
        let used = if stopped.is_empty() { "null" } else { "1" };
        format!(
            "insert into tend.sla_clock (job, ticket_id, clock, cycle, customer_id, policy, started_at, counted, target_secs, by_hand, state,
                                         stopped_at, breached_at, used_secs)
             values ('sla', '{ticket}', '{clock}', '2026-04-30Z', 'c1', 'normal', '2026-04-30Z', 'elapsed', 3600, false, '{state}', {}, {}, {used})",
            instant(stopped),
            instant(breached)
        )
    };
    for statement in [
        clock("t1", "first_response", "met", "2026-05-01 00:00", ""),
        clock("t1", "solution", "running", "", "2026-05-31 23:59:59"), // passed, and still running
        clock("t2", "first_response", "missed", "2026-06-02 10:00", "2026-05-10 10:00"), // passed in May, done in June
        clock("t2", "solution", "ended", "2026-05-10 10:00", ""),      // no longer needed
        clock("t3", "first_response", "met", "2026-04-30 23:59", ""),  // of April
        clock("t3", "solution", "met", "2026-05-03 10:00", ""),
        clock("t3", "callback", "running", "", ""),
    ] {
        world.sql(&statement).await;
    }
    let may = Ask::may(&world);
    assert_eq!(may.told("sla_met").await, "0.5 of 4");
    assert_eq!(may.told("overdue").await, "0.5 of 4");
    assert_eq!(may.by("sla_met", "clock").await, "first_response 0.5 of 2, solution 0.5 of 2");
    assert_eq!(may.clone().of(&["bob"]).told("sla_met").await, "nothing");
    assert_eq!(may.days("2026-04-01", "2026-04-30").told("overdue").await, "0 of 1");
}

#[tokio::test]
async fn a_hand_over_counts_the_hours_people_work_until_it_is_taken_up() {
    let world = company().await;
    // Friday 17:00 to Monday 10:00
    let log = "assigned ann - 2026-05-08 09:00; assigned bob ann 2026-05-08 17:00; agent_message - bob 2026-05-11 10:00; agent_message - bob 2026-05-12 10:00";
    ticket(&world, "t1", "c1", "2026-05-08 09:00", "", log).await;
    // the first to have it; given on before it was taken up; given to the same again; not taken up by whom it was given to
    ticket(
        &world,
        "t2",
        "c1",
        "2026-05-08 09:00",
        "",
        "assigned ann - 2026-05-08 09:00; agent_message - ann 2026-05-08 11:00",
    )
    .await;
    let log = "assigned ann - 2026-05-08 09:00; assigned bob ann 2026-05-08 10:00; assigned ann bob 2026-05-08 11:00; agent_message - ann 2026-05-08 13:00";
    ticket(&world, "t3", "c2", "2026-05-08 09:00", "", log).await;
    let log = "assigned ann - 2026-05-08 09:00; assigned ann - 2026-05-08 10:00; agent_message - ann 2026-05-08 13:00";
    ticket(&world, "t4", "c2", "2026-05-08 09:00", "", log).await;
    let log =
        "assigned ann - 2026-05-08 09:00; assigned bob ann 2026-05-08 10:00; agent_message - ann 2026-05-08 13:00";
    ticket(&world, "t5", "c2", "2026-05-08 09:00", "", log).await;
    let hour = |at: &str| at.parse::<DateTime<Utc>>().unwrap();
    // 09:00 to 18:00 on Friday the 8th and Monday the 11th
    let hours = vec![
        (hour("2026-05-08T01:00:00Z"), hour("2026-05-08T10:00:00Z")),
        (hour("2026-05-11T01:00:00Z"), hour("2026-05-11T10:00:00Z")),
    ];
    let may = Ask { hours, ..Ask::may(&world) };
    // t1 two hours; t3 two hours from ann's second turn on
    assert_eq!(may.told("handover").await, "7200 of 2");
    assert_eq!(may.by("handover", "person").await, "ann 7200 of 1, bob 7200 of 1");
    assert_eq!(may.clone().of(&["bob"]).told("handover").await, "7200 of 1");
    // nobody works, so it took no time
    assert_eq!(Ask::may(&world).told("handover").await, "0 of 2");
}

#[tokio::test]
async fn surges_belong_to_the_period_in_which_they_began() {
    let world = company().await;
    world
        .sql(
            "insert into tend.surge (job, subject, began_at, count, usual) values
             ('early', 'product', '2026-05-01 00:00+08', 5, 1), ('early', 'product', '2026-05-20 08:30+08', 5, 1),
             ('early', 'service', '2026-05-31 23:59+08', 5, 1), ('early', 'service', '2026-06-01 00:00+08', 5, 1)",
        )
        .await;
    assert_eq!(Ask::may(&world).told("complaint_surges").await, "3 of 3");
    assert_eq!(Ask::may(&world).by("complaint_surges", "topic").await, "product 2 of 2, service 1 of 1");
}

#[tokio::test]
async fn figures_of_a_month_do_not_read_the_log_of_all_years() {
    let world = company().await;
    // three years of tickets, 30 a day, each with an assignment, an answer and an end
    world
        .sql(
            "insert into crm.ticket (ticket_id, customer_id, opened_at, kind, topic, urgency, channel, state, assignee_id, solved_at)
             select 't' || i, 'c1', timestamptz '2023-06-10Z' + i * interval '48 minutes', 'request', 'x', 'normal', 'mail', 'solved', 'ann',
                    timestamptz '2023-06-10Z' + i * interval '48 minutes' + interval '2 hours'
             from generate_series(1, 32000) i;
             insert into crm.ticket_event (ticket_id, event_id, at, kind, value, by_id)
             select ticket_id, 'e' || n, opened_at + n * interval '30 minutes', (array['assigned', 'agent_message', 'state'])[n],
                    (array['ann', null, 'solved'])[n], case when n > 1 then 'ann' end
             from crm.ticket cross join generate_series(1, 3) n;
             analyze crm.ticket; analyze crm.ticket_event",
        )
        .await;
    let ask = Ask::may(&world);
    let mut tx = world.pool().begin().await.unwrap();
    let mut before = 0;
    // hand-overs look back two months further; an end is looked at with what was before it
    for (figure, most) in [("first_answer", 5_000), ("handover", 25_000), ("reopen_rate", 10_000)] {
        measure(&mut tx, find(figure).unwrap(), &ask.period(), &ask.asked()).await.unwrap();
        let read = "select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where relid = 'crm.ticket_event'::regclass";
        let read: i64 = sqlx::query_scalar(read).fetch_one(&mut *tx).await.unwrap();
        assert!(read - before < most, "{figure} reads {} of 96,000 rows for 930 tickets", read - before);
        before = read;
    }
}
