//! When the clocks start and what stops them, before anything is counted.

use super::{Clock, Instant, Standing, Ticket, Timeline, What};

/// One run of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lap {
    pub start: Instant,
    pub stop: Option<Stop>,
}

/// What stopped it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    pub at: Instant,
    /// What was asked for was done; else it was no longer needed.
    pub done: bool,
}

const fn done(at: Instant) -> Stop {
    Stop { at, done: true }
}

/// The runs of a clock, in order.
pub(super) fn laps(clock: Clock, ticket: &Ticket, timeline: &Timeline) -> Vec<Lap> {
    let opened = ticket.opened_at;
    match clock {
        Clock::FirstResponse => vec![until_answered(opened, timeline)],
        Clock::NextResponse => unanswered(timeline),
        Clock::Update => between_answers(opened, timeline),
        Clock::Plan => {
            let planned = timeline.planned_at.map(|at| done(at.max(opened)));
            vec![Lap { start: opened, stop: planned.or_else(|| over(timeline, true)) }]
        }
        Clock::Solution => vec![Lap { start: opened, stop: over(timeline, true) }],
        Clock::Callback => callbacks(ticket, timeline),
        Clock::Inform => {
            let changed = timeline.said.iter().filter(|(_, what)| matches!(what, What::Kind | What::Urgency));
            let start = changed.map(|(at, _)| *at).next_back().map_or(opened, |at| at.max(opened));
            vec![until_answered(start, timeline)]
        }
        Clock::Register => {
            let set = timeline.said.iter().find(|(_, what)| *what == What::Kind).map(|(at, _)| (*at).max(opened));
            let recorded = match (set, &ticket.topic) {
                (Some(at), _) => Some(done(at)),
                (None, Some(_)) => Some(done(opened)),
                (None, None) => None,
            };
            vec![Lap { start: opened, stop: recorded.or_else(|| over(timeline, false)) }]
        }
    }
}

/// That nothing has to be done any more stops every clock; as long as it stays so. Whether that is what the clock asked
/// for, `fulfils` says; never where nobody knows when it ended.
fn over(timeline: &Timeline, fulfils: bool) -> Option<Stop> {
    timeline.over().map(|over| Stop { at: over.from, done: fulfils && over.known })
}

fn until_answered(start: Instant, timeline: &Timeline) -> Lap {
    let answer = timeline.answers().find(|at| *at >= start).map(done);
    // what was solved was answered
    Lap { start, stop: answer.or_else(|| over(timeline, true)) }
}

/// From the oldest message of the customer that nobody has answered. A word of thanks after the end starts nothing; a
/// message that opened the ticket again does.
fn unanswered(timeline: &Timeline) -> Vec<Lap> {
    let mut laps = Vec::new();
    let mut open: Option<Instant> = None;
    for (at, what) in &timeline.said {
        match what {
            What::CustomerMessage => open = open.or(Some(*at)),
            What::AgentMessage => laps.extend(open.take().map(|start| Lap { start, stop: Some(done(*at)) })),
            _ => {}
        }
    }
    let Some(start) = open else { return laps };
    let over = over(timeline, true);
    match over {
        // said after the end, or at it: goodbye
        Some(over) if start >= over.at => {}
        _ => laps.push(Lap { start, stop: over }),
    }
    laps
}

fn between_answers(opened: Instant, timeline: &Timeline) -> Vec<Lap> {
    let mut laps = Vec::new();
    let mut start = opened;
    // what is said to the customer while nothing has to be done starts no waiting for the next word
    for at in timeline.answers().filter(|at| *at >= opened) {
        laps.push(Lap { start, stop: Some(done(at)) });
        start = at;
    }
    laps.push(Lap { start, stop: over(timeline, false).map(|stop| Stop { at: stop.at.max(start), ..stop }) });
    laps
}

/// From every solving on. Opened again, there is nothing to call back about.
fn callbacks(ticket: &Ticket, timeline: &Timeline) -> Vec<Lap> {
    let mut calls: Vec<Instant> = timeline.answers().chain(ticket.called_back.iter().copied()).collect();
    calls.sort_unstable();
    let known = timeline.overs().filter(|(over, _)| over.known);
    let laps = known.map(|(over, again)| {
        // the word that it is solved, said while solving it, is no callback
        let call = calls.iter().copied().find(|at| *at > over.from && again.is_none_or(|again| *at <= again));
        Lap { start: over.from, stop: call.map(done).or_else(|| again.map(|at| Stop { at, done: false })) }
    });
    laps.collect()
}

impl Clock {
    /// Whether time in which the customer is waited for, or nothing has to be done, is taken out.
    pub(super) fn pauses(self) -> bool {
        self != Self::Callback
    }

    /// Whether it stands still now.
    pub(super) fn waits(self, timeline: &Timeline) -> bool {
        self.pauses() && timeline.standing() == Standing::Waiting
    }
}
