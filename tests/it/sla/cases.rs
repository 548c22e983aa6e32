//! The cases of notes/service.md, section 4, that need a ticket's clocks; the arithmetic ones are in `calendar`.
//!
//! Times are UTC. Zammad's tests set the first response by hand, apart from contacts: here an answer is an answer, so the
//! first response of those cases is looked at on a ticket with that answer, the others on one with the contacts.

use tend::calendar::business::Calendar;
use tend::jobs::sla::clock::{Clock, Counted, Cycle, Event, State, States, Target, Ticket, What, cycles};

use crate::support::instant;

/// Calendars of the notes.
fn calendar(name: &str) -> Calendar {
    let (zone, days, hours, more) = match name {
        "A" => ("Europe/Berlin", WEEK, "08:00-18:00", ""),
        "B" => ("Europe/Berlin", DAILY, "09:00-18:00", ""),
        "C" => ("Europe/Berlin", WEEK, "09:00-17:00", ""),
        "C22" => ("Europe/Berlin", WEEK, "09:00-17:00", "2015-09-22"),
        "D" => ("Europe/Berlin", WEEK, "08:00-20:00", "2016-11-01"),
        _ => ("UTC", DAILY, "00:00-24:00", ""),
    };
    super::calendar(zone, days, hours, more)
}

const WEEK: &str = "monday-friday";
const DAILY: &str = "monday-sunday";

/// Of Zammad: pending and what is closed stand still.
pub fn states() -> States {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    States { pause: words(&["pending"]), planned: words(&["planned"]), over: words(&["solved", "closed", "merged"]) }
}

/// A ticket of its log: (instant, kind, value); the first line opens it.
pub fn ticket(log: &[(&str, &str, &str)]) -> Ticket {
    let events = (1..).zip(log).map(|(place, (at, kind, value))| Event {
        event_id: format!("e{place:03}"),
        at: instant(at),
        what: What::read(kind, Some(*value)),
    });
    let state = log.iter().rev().find(|(_, kind, value)| matches!(*kind, "state" | "opened") && !value.is_empty());
    Ticket {
        ticket_id: "T-1".to_owned(),
        customer_id: "c1".to_owned(),
        opened_at: instant(log[0].0),
        topic: None,
        channel: None,
        kind: "request".to_owned(),
        urgency: "normal".to_owned(),
        state: state.map_or("open", |(_, _, state)| state).to_owned(),
        assignee_id: None,
        solved_at: None,
        closed_at: None,
        events: events.collect(),
        called_back: Vec::new(),
    }
}

/// Targets in minutes of business time.
pub fn targets(minutes: &[(Clock, i64)]) -> Vec<Target> {
    minutes
        .iter()
        .map(|(clock, minutes)| Target { clock: *clock, secs: minutes * 60, counted: Counted::Business })
        .collect()
}

/// Clock; due (empty: none); minutes used; minutes left; of the last cycle.
type Expected = (Clock, &'static str, Option<(i64, i64)>);

struct Case {
    name: &'static str,
    calendar: &'static str,
    targets: &'static [(Clock, i64)],
    log: &'static [(&'static str, &'static str, &'static str)],
    as_of: &'static str,
    expected: &'static [Expected],
}

const FR: Clock = Clock::FirstResponse;
const RESP: Clock = Clock::NextResponse;
const SOL: Clock = Clock::Solution;
const UPD: Clock = Clock::Update;
const HOUR_TWO_THREE: &[(Clock, i64)] = &[(FR, 60), (RESP, 120), (SOL, 180)];

const CASES: &[Case] = &[
    Case {
        name: "1: three clocks from the first message on",
        calendar: "A",
        targets: HOUR_TWO_THREE,
        log: &[("2013-03-21T09:30:00Z", "opened", ""), ("2013-03-21T09:30:00Z", "customer_message", "")],
        as_of: "2013-03-21T09:30:00Z",
        expected: &[
            (FR, "2013-03-21T10:30:00Z", None),
            (RESP, "2013-03-21T11:30:00Z", None),
            (SOL, "2013-03-21T12:30:00Z", None),
        ],
    },
    Case {
        name: "2: the first response in time",
        calendar: "A",
        targets: &[(FR, 60)],
        log: &[("2013-03-21T09:30:00Z", "opened", ""), ("2013-03-21T10:00:00Z", "agent_message", "")],
        as_of: "2013-03-21T15:00:00Z",
        expected: &[(FR, "2013-03-21T10:30:00Z", Some((30, 30)))],
    },
    Case {
        name: "3: the first response too late",
        calendar: "A",
        targets: &[(FR, 60)],
        log: &[("2013-03-21T09:30:00Z", "opened", ""), ("2013-03-21T14:00:00Z", "agent_message", "")],
        as_of: "2013-03-21T15:00:00Z",
        expected: &[(FR, "2013-03-21T10:30:00Z", Some((270, -210)))],
    },
    Case {
        name: "4: an answer in time",
        calendar: "A",
        targets: HOUR_TWO_THREE,
        log: &[
            ("2013-03-21T09:30:00Z", "opened", ""),
            ("2013-03-21T09:30:00Z", "customer_message", ""),
            ("2013-03-21T11:00:00Z", "agent_message", ""),
        ],
        as_of: "2013-03-21T11:00:00Z",
        expected: &[(RESP, "2013-03-21T11:30:00Z", Some((90, 30))), (SOL, "2013-03-21T12:30:00Z", None)],
    },
    Case {
        name: "5: an answer too late",
        calendar: "A",
        targets: HOUR_TWO_THREE,
        log: &[
            ("2013-03-21T09:30:00Z", "opened", ""),
            ("2013-03-21T09:30:00Z", "customer_message", ""),
            ("2013-03-21T12:00:00Z", "agent_message", ""),
        ],
        as_of: "2013-03-21T12:00:00Z",
        expected: &[(RESP, "2013-03-21T11:30:00Z", Some((150, -30)))],
    },
    Case {
        name: "6: the customer again",
        calendar: "A",
        targets: HOUR_TWO_THREE,
        log: &[
            ("2013-03-21T09:30:00Z", "opened", ""),
            ("2013-03-21T09:30:00Z", "customer_message", ""),
            ("2013-03-21T12:00:00Z", "agent_message", ""),
            ("2013-03-21T12:05:00Z", "customer_message", ""),
        ],
        as_of: "2013-03-21T12:05:00Z",
        expected: &[(RESP, "2013-03-21T14:05:00Z", None)],
    },
    Case {
        name: "7: and answered again",
        calendar: "A",
        targets: HOUR_TWO_THREE,
        log: &[
            ("2013-03-21T09:30:00Z", "opened", ""),
            ("2013-03-21T09:30:00Z", "customer_message", ""),
            ("2013-03-21T12:00:00Z", "agent_message", ""),
            ("2013-03-21T12:05:00Z", "customer_message", ""),
            ("2013-03-21T12:10:00Z", "agent_message", ""),
        ],
        as_of: "2013-03-21T12:10:00Z",
        expected: &[(RESP, "2013-03-21T14:05:00Z", Some((5, 115)))],
    },
    Case {
        name: "8: an answer given while pending counts",
        calendar: "A",
        targets: HOUR_TWO_THREE,
        log: &[
            ("2013-03-21T09:30:00Z", "opened", ""),
            ("2013-03-21T09:30:00Z", "customer_message", ""),
            ("2013-03-21T09:45:00Z", "state", "pending"),
            ("2013-03-21T09:45:00Z", "agent_message", ""),
        ],
        as_of: "2013-03-21T18:00:00Z",
        expected: &[(FR, "2013-03-21T10:30:00Z", Some((15, 45)))],
    },
    Case {
        name: "9: without a message of the customer there is nothing to answer",
        calendar: "C",
        targets: &[(FR, 60), (RESP, 180), (SOL, 240)],
        log: &[("2013-03-21T09:30:00Z", "opened", "")],
        as_of: "2013-03-21T09:30:00Z",
        expected: &[(FR, "2013-03-21T10:30:00Z", None), (RESP, "", None), (SOL, "2013-03-21T13:30:00Z", None)],
    },
    Case {
        name: "9b: no policy matches any more: no clock is left",
        calendar: "C",
        targets: &[],
        log: &[("2013-03-21T09:30:00Z", "opened", ""), ("2013-03-21T09:40:00Z", "urgency", "normal")],
        as_of: "2013-03-21T09:40:00Z",
        expected: &[(FR, "", None), (RESP, "", None), (SOL, "", None)],
    },
    Case {
        name: "10: pending and closed do not count",
        calendar: "B",
        targets: &[(FR, 120), (RESP, 180), (SOL, 250)],
        log: &[
            ("2013-06-04T09:00:00Z", "opened", ""),
            ("2013-06-04T09:30:00Z", "state", "pending"),
            ("2013-06-04T09:45:00Z", "state", "open"),
            ("2013-06-04T10:00:00Z", "state", "closed"),
            ("2013-06-04T10:30:00Z", "state", "open"),
        ],
        as_of: "2013-06-04T10:30:00Z",
        expected: &[(FR, "2013-06-04T11:45:00Z", None)],
    },
    Case {
        name: "11: what ends at closing time is due at closing time (Zammad: at the next opening, 2013-06-05 07:00)",
        calendar: "B",
        targets: &[(FR, 120), (RESP, 180), (SOL, 250)],
        log: &[
            ("2013-06-04T09:00:00Z", "opened", ""),
            ("2013-06-04T10:00:00Z", "state", "pending"),
            ("2013-06-04T15:00:00Z", "state", "open"),
        ],
        as_of: "2013-06-04T15:00:00Z",
        expected: &[(FR, "2013-06-04T16:00:00Z", None)],
    },
    Case {
        name: "12: pending from the beginning uses nothing",
        calendar: "B",
        targets: &[(SOL, 240)],
        log: &[
            ("2013-06-04T09:00:00Z", "opened", ""),
            ("2013-06-04T09:00:00Z", "state", "pending"),
            ("2013-06-04T12:00:00Z", "state", "closed"),
        ],
        as_of: "2013-06-04T15:00:00Z",
        expected: &[(SOL, "2013-06-04T16:00:00Z", Some((0, 240)))],
    },
    Case {
        name: "13: on a holiday",
        calendar: "D",
        targets: &[(FR, 120), (RESP, 1200)],
        log: &[("2016-11-01T13:56:21Z", "opened", ""), ("2016-11-01T13:56:21Z", "customer_message", "")],
        as_of: "2016-11-01T13:56:21Z",
        expected: &[(FR, "2016-11-02T09:00:00Z", None), (RESP, "2016-11-03T15:00:00Z", None)],
    },
    Case {
        name: "14: answered and pending: nothing is due",
        calendar: "D",
        targets: &[(FR, 120), (RESP, 1200)],
        log: &[
            ("2016-11-01T13:56:21Z", "opened", ""),
            ("2016-11-01T13:56:21Z", "customer_message", ""),
            ("2016-11-01T15:25:40Z", "state", "pending"),
            ("2016-11-01T15:25:40Z", "agent_message", ""),
            ("2016-11-01T15:59:14Z", "state", "open"),
            ("2016-11-01T15:59:14Z", "customer_message", ""),
        ],
        as_of: "2016-11-01T15:59:14Z",
        expected: &[(RESP, "2016-11-03T15:00:00Z", None)],
    },
    Case {
        name: "15: in summer time",
        calendar: "C",
        targets: &[(FR, 120), (RESP, 180), (SOL, 240)],
        log: &[("2013-10-21T09:30:00Z", "opened", "")],
        as_of: "2013-10-21T09:30:00Z",
        expected: &[(FR, "2013-10-21T11:30:00Z", None), (SOL, "2013-10-21T13:30:00Z", None)],
    },
    Case {
        name: "16: before opening time",
        calendar: "C",
        targets: &[(FR, 120), (RESP, 180), (SOL, 240)],
        log: &[("2013-10-21T05:30:00Z", "opened", "")],
        as_of: "2013-10-21T05:30:00Z",
        expected: &[(FR, "2013-10-21T09:00:00Z", None), (SOL, "2013-10-21T11:00:00Z", None)],
    },
    Case {
        name: "17: over a holiday",
        calendar: "C22",
        targets: &[(FR, 120), (RESP, 180), (SOL, 240)],
        log: &[("2015-09-21T14:30:00Z", "opened", "")],
        as_of: "2015-09-21T14:30:00Z",
        expected: &[(FR, "2015-09-23T08:30:00Z", None), (SOL, "2015-09-23T10:30:00Z", None)],
    },
    Case {
        name: "20: ten minutes pending in the middle",
        calendar: "F",
        targets: &[(FR, 30), (UPD, 60), (SOL, 75)],
        log: &[
            ("2013-06-04T09:00:00Z", "opened", ""),
            ("2013-06-04T09:10:00Z", "state", "pending"),
            ("2013-06-04T09:20:00Z", "state", "open"),
        ],
        as_of: "2013-06-04T09:20:00Z",
        expected: &[(UPD, "2013-06-04T10:10:00Z", None), (SOL, "2013-06-04T10:25:00Z", None)],
    },
    Case {
        name: "20b: after an answer the update is due an hour later, whatever the customer writes",
        calendar: "F",
        targets: &[(FR, 30), (UPD, 60), (SOL, 75)],
        log: &[
            ("2013-06-04T09:00:00Z", "opened", ""),
            ("2013-06-04T09:20:00Z", "agent_message", ""),
            ("2013-06-04T09:50:00Z", "customer_message", ""),
        ],
        as_of: "2013-06-04T09:50:00Z",
        expected: &[(UPD, "2013-06-04T10:20:00Z", Some((30, 30)))],
    },
];

/// The last cycle of a clock.
pub fn last(all: &[Cycle], clock: Clock) -> Option<&Cycle> {
    all.iter().rev().find(|cycle| cycle.target.clock == clock)
}

#[test]
fn the_cases_of_the_notes_come_out_as_noted() {
    for case in CASES {
        let as_of = instant(case.as_of);
        let all = cycles(&ticket(case.log), &targets(case.targets), &calendar(case.calendar), &states(), &[], as_of);
        for (clock, due, figures) in case.expected {
            let found = last(&all, *clock);
            let due = (!due.is_empty()).then(|| instant(due));
            assert_eq!(found.and_then(|cycle| cycle.due), due, "{}: {clock:?}", case.name);
            if let Some((used, left)) = figures {
                let found = found.unwrap();
                assert_eq!((found.used / 60, found.left().unwrap() / 60), (*used, *left), "{}: {clock:?}", case.name);
            }
        }
    }
}

#[test]
fn the_longest_of_several_answers_is_kept() {
    let log = CASES.iter().find(|case| case.name.starts_with("7:")).unwrap().log;
    let all =
        cycles(&ticket(log), &targets(HOUR_TWO_THREE), &calendar("A"), &states(), &[], instant("2013-03-21T18:00:00Z"));
    let used: Vec<i64> = all.iter().filter(|cycle| cycle.target.clock == RESP).map(|cycle| cycle.used / 60).collect();
    assert_eq!(used, [150, 5]);
}

#[test]
fn case_14_while_pending_nothing_is_due() {
    let log = &CASES.iter().find(|case| case.name.starts_with("14:")).unwrap().log[..4];
    let all = cycles(
        &ticket(log),
        &targets(&[(FR, 120), (RESP, 1200), (SOL, 2400)]),
        &calendar("D"),
        &states(),
        &[],
        instant("2016-11-01T15:30:00Z"),
    );
    assert!(
        all.iter().all(|cycle| !cycle.state.is_open() || (cycle.state == State::Paused && cycle.due.is_none())),
        "{all:?}"
    );
}

/// The next deadline of all clocks.
fn next(all: &[Cycle]) -> Option<chrono::DateTime<chrono::Utc>> {
    all.iter().filter(|cycle| cycle.state.is_open()).filter_map(|cycle| cycle.due).min()
}

#[test]
fn the_next_deadline_is_the_first_of_those_that_are_open() {
    for (case, expected) in [("1:", "2013-03-21T10:30:00Z"), ("4:", "2013-03-21T12:30:00Z")] {
        let case = CASES.iter().find(|one| one.name.starts_with(case)).unwrap();
        let all = cycles(
            &ticket(case.log),
            &targets(case.targets),
            &calendar(case.calendar),
            &states(),
            &[],
            instant(case.as_of),
        );
        assert_eq!(next(&all), Some(instant(expected)), "{}", case.name);
    }
}
