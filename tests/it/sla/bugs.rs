//! Bugs of others, by their numbers: each would have been caught here.

use tend::jobs::sla::clock::{At, Clock, Counted, State, Target, Ticket, cycles, passed};

use super::cases::{last, states, targets, ticket};
use crate::support::instant;

fn always() -> tend::calendar::business::Calendar {
    super::calendar("UTC", "monday-sunday", "00:00-24:00", "")
}

const OPENED: (&str, &str, &str) = ("2026-06-01T09:00:00Z", "opened", "");

#[test]
fn glpi_6902_and_15605_a_change_of_urgency_keeps_the_pauses() {
    let log = [
        OPENED,
        ("2026-06-01T09:10:00Z", "state", "pending"),
        ("2026-06-01T10:10:00Z", "state", "open"),
        ("2026-06-01T10:20:00Z", "urgency", "urgent"),
    ];
    // the urgent policy promises half of what the other did, from the same beginning, and the hour of waiting stays out
    for (minutes, due) in [(120, "2026-06-01T12:00:00Z"), (60, "2026-06-01T11:00:00Z")] {
        let all = cycles(
            &ticket(&log),
            &targets(&[(Clock::Solution, minutes)]),
            &always(),
            &states(),
            &[],
            instant("2026-06-01T10:20:00Z"),
        );
        assert_eq!(all[0].due, Some(instant(due)));
        assert_eq!((all[0].used / 60, all[0].pauses.len()), (20, 1));
    }
}

#[test]
fn glpi_15429_a_step_before_the_end_does_not_come_before_the_beginning() {
    let all = cycles(
        &ticket(&[OPENED]),
        &targets(&[(Clock::FirstResponse, 10)]),
        &always(),
        &states(),
        &[],
        instant("2026-06-01T09:00:00Z"),
    );
    // 30 minutes before the end of ten would be before the start: such a step never comes
    assert_eq!(passed(At::Before(1_800), &all[0], &always()), Ok(None));
    // a lead longer than the target leaves the share alone
    let warned = passed(At::Share { share: 800, lead: 900 }, &all[0], &always());
    assert_eq!(warned, Ok(Some(instant("2026-06-01T09:08:00Z"))));
    // one that fits brings the warning forward
    let warned = passed(At::Share { share: 800, lead: 300 }, &all[0], &always());
    assert_eq!(warned, Ok(Some(instant("2026-06-01T09:05:00Z"))));
}

#[test]
fn chatwoot_10178_and_15024_solving_stops_and_freezes_every_clock() {
    let log = [OPENED, ("2026-06-01T09:00:00Z", "customer_message", ""), ("2026-06-01T09:30:00Z", "state", "solved")];
    let all_clocks = [Clock::FirstResponse, Clock::NextResponse, Clock::Update, Clock::Solution, Clock::Inform];
    let targets = targets(&all_clocks.map(|clock| (clock, 60)));
    let early = cycles(&ticket(&log), &targets, &always(), &states(), &[], instant("2026-06-01T09:30:00Z"));
    let late = cycles(&ticket(&log), &targets, &always(), &states(), &[], instant("2026-06-09T09:30:00Z"));
    assert_eq!(early, late, "nothing moves after solving");
    assert!(
        late.iter().all(|cycle| !cycle.state.is_open() && cycle.breached_at.is_none() && cycle.used == 1_800),
        "{late:?}"
    );
}

#[test]
fn chatwoot_a_word_of_thanks_after_the_end_starts_no_next_response() {
    let mut log = vec![
        OPENED,
        ("2026-06-01T09:00:00Z", "customer_message", ""),
        ("2026-06-01T09:20:00Z", "agent_message", ""),
        ("2026-06-01T09:30:00Z", "state", "solved"),
        ("2026-06-01T09:40:00Z", "customer_message", ""),
    ];
    let targets = targets(&[(Clock::NextResponse, 60)]);
    let of = |log: &[(&str, &str, &str)]| {
        cycles(&ticket(log), &targets, &always(), &states(), &[], instant("2026-06-02T09:00:00Z"))
    };
    assert_eq!(of(&log).iter().map(|cycle| cycle.state).collect::<Vec<_>>(), [State::Met]);
    // a message that opens the ticket again waits for an answer from then on
    log.push(("2026-06-01T10:00:00Z", "state", "open"));
    let again = of(&log);
    assert_eq!((again.len(), again[1].state, again[1].due), (2, State::Running, Some(instant("2026-06-01T11:00:00Z"))));
}

#[test]
fn chatwoot_13516_a_new_assignee_restarts_nothing() {
    let before = cycles(
        &ticket(&[OPENED]),
        &targets(&[(Clock::Solution, 60)]),
        &always(),
        &states(),
        &[],
        instant("2026-06-01T09:50:00Z"),
    );
    let log = [OPENED, ("2026-06-01T09:45:00Z", "assigned", "a2")];
    let after = cycles(
        &ticket(&log),
        &targets(&[(Clock::Solution, 60)]),
        &always(),
        &states(),
        &[],
        instant("2026-06-01T09:50:00Z"),
    );
    assert_eq!(before, after);
}

#[test]
fn zammad_188_a_ticket_opened_again_goes_on_where_it_stood() {
    let log = [OPENED, ("2026-06-01T09:40:00Z", "state", "closed"), ("2026-06-03T09:00:00Z", "state", "open")];
    let all = cycles(
        &ticket(&log),
        &targets(&[(Clock::Solution, 60)]),
        &always(),
        &states(),
        &[],
        instant("2026-06-03T09:00:00Z"),
    );
    assert_eq!((all.len(), all[0].used / 60, all[0].due), (1, 40, Some(instant("2026-06-03T09:20:00Z"))));
}

#[test]
fn zammad_904_and_2949_what_was_imported_closed_or_merged_is_never_late() {
    for state in ["closed", "merged"] {
        let mut imported = ticket(&[("2019-01-01T09:00:00Z", "opened", "")]);
        state.clone_into(&mut imported.state);
        let everything = targets(&Clock::ALL.map(|clock| (clock, 60)));
        let all = cycles(&imported, &everything, &always(), &states(), &[], instant("2026-06-01T09:00:00Z"));
        assert!(all.iter().all(|cycle| cycle.state == State::Ended && cycle.breached_at.is_none()), "{all:?}");
    }
}

#[test]
fn zammad_3140_what_was_answered_is_not_late() {
    let log = [OPENED, ("2026-06-01T09:00:00Z", "customer_message", ""), ("2026-06-01T09:50:00Z", "agent_message", "")];
    let all = cycles(
        &ticket(&log),
        &targets(&[(Clock::FirstResponse, 60), (Clock::NextResponse, 60)]),
        &always(),
        &states(),
        &[],
        instant("2026-06-09T09:00:00Z"),
    );
    assert!(all.iter().all(|cycle| cycle.state == State::Met), "{all:?}");
}

#[test]
fn zammad_498_and_4348_a_second_message_of_the_day_has_a_cycle_of_its_own() {
    let log = [
        OPENED,
        ("2026-06-01T09:00:00Z", "customer_message", ""),
        ("2026-06-01T12:00:00Z", "agent_message", ""),
        ("2026-06-01T13:00:00Z", "customer_message", ""),
    ];
    let all = cycles(
        &ticket(&log),
        &targets(&[(Clock::NextResponse, 60)]),
        &always(),
        &states(),
        &[],
        instant("2026-06-01T15:00:00Z"),
    );
    let breached: Vec<_> = all.iter().map(|cycle| (cycle.cycle, cycle.breached_at.is_some())).collect();
    assert_eq!(breached, [(instant("2026-06-01T09:00:00Z"), true), (instant("2026-06-01T13:00:00Z"), true)]);
}

#[test]
fn osticket_a_deadline_set_by_hand_wins_and_can_be_taken_back() {
    let mut log = vec![OPENED, ("2026-06-01T09:10:00Z", "due", "solution 2026-06-05T18:00:00+08:00")];
    let targets = targets(&[(Clock::Solution, 60)]);
    let of = |log: &[(&str, &str, &str)]| {
        cycles(&ticket(log), &targets, &always(), &states(), &[], instant("2026-06-02T09:00:00Z"))
    };
    let by_hand = of(&log);
    assert_eq!((by_hand[0].due, by_hand[0].breached_at), (Some(instant("2026-06-05T10:00:00Z")), None));
    assert_ne!(
        by_hand[0].cycle, by_hand[0].start,
        "what was told about the old deadline is told again about the new one"
    );
    log.push(("2026-06-01T12:00:00Z", "urgency", "urgent"));
    assert_eq!(of(&log)[0].due, by_hand[0].due, "a later change of urgency does not move it");
    log.push(("2026-06-01T13:00:00Z", "due", "solution -"));
    assert_eq!(
        (of(&log)[0].due, of(&log)[0].cycle),
        (Some(instant("2026-06-01T10:00:00Z")), instant("2026-06-01T09:00:00Z"))
    );
}

#[test]
fn frappe_2449_time_on_hold_is_counted_once_also_over_the_night() {
    let desk = super::calendar("UTC", "monday-friday", "09:00-17:00", "");
    let log = [OPENED, ("2026-06-01T16:00:00Z", "state", "pending"), ("2026-06-02T10:00:00Z", "state", "open")];
    let all = cycles(
        &ticket(&log),
        &targets(&[(Clock::Solution, 8 * 60)]),
        &desk,
        &states(),
        &[],
        instant("2026-06-02T10:00:00Z"),
    );
    // seven hours on Monday; the hold takes one working hour on each day
    assert_eq!((all[0].used / 3_600, all[0].due), (7, Some(instant("2026-06-02T11:00:00Z"))));
}

#[test]
fn a_callback_begins_with_solving_and_the_word_that_it_is_solved_is_none() {
    let mut log =
        vec![OPENED, ("2026-06-01T10:00:00Z", "agent_message", ""), ("2026-06-01T10:00:00Z", "state", "solved")];
    let target = [Target { clock: Clock::Callback, secs: 86_400, counted: Counted::Elapsed }];
    let of = |log: &[(&str, &str, &str)]| {
        cycles(&ticket(log), &target, &always(), &states(), &[], instant("2026-06-03T09:00:00Z"))
    };
    let waiting = of(&log);
    assert_eq!((waiting[0].state, waiting[0].breached_at), (State::Running, Some(instant("2026-06-02T10:00:00Z"))));
    log.push(("2026-06-02T09:00:00Z", "agent_message", ""));
    assert_eq!(of(&log)[0].state, State::Met);
}

#[test]
fn a_plan_is_a_state_and_a_topic_is_a_record() {
    let mut complaint = ticket(&[OPENED, ("2026-06-01T12:00:00Z", "state", "planned")]);
    let wanted = targets(&[(Clock::Register, 10), (Clock::Plan, 24 * 60)]);
    let of = |ticket: &Ticket| cycles(ticket, &wanted, &always(), &states(), &[], instant("2026-06-01T13:00:00Z"));
    let without = of(&complaint);
    assert_eq!(last(&without, Clock::Plan).map(|cycle| (cycle.state, cycle.used)), Some((State::Met, 10_800)));
    assert!(
        last(&without, Clock::Register)
            .is_some_and(|cycle| cycle.state == State::Running && cycle.breached_at.is_some())
    );
    complaint.topic = Some("product".to_owned());
    assert_eq!(last(&of(&complaint), Clock::Register).map(|cycle| cycle.state), Some(State::Met));
}

#[test]
fn a_ticket_without_a_log_is_read_from_its_row() {
    let mut plain = ticket(&[OPENED]);
    plain.events.clear();
    let wanted = targets(&[(Clock::FirstResponse, 60), (Clock::Solution, 60)]);
    let of = |ticket: &Ticket| cycles(ticket, &wanted, &always(), &states(), &[], instant("2026-06-01T11:00:00Z"));
    assert!(of(&plain).iter().all(|cycle| cycle.state == State::Running && cycle.breached_at.is_some()));
    "pending".clone_into(&mut plain.state);
    assert!(of(&plain).iter().all(|cycle| cycle.state == State::Paused && cycle.due.is_none()));
    "solved".clone_into(&mut plain.state);
    plain.solved_at = Some(instant("2026-06-01T09:30:00Z"));
    assert!(of(&plain).iter().all(|cycle| cycle.state == State::Met && cycle.used == 1_800));
}
