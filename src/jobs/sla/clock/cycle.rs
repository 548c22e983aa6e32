//! What a clock shows: due when, met or not, how much is used.

use super::starts::{self, Lap};
use super::{Clock, Instant, States, Target, Ticket, Time, Timeline, What};
use crate::calendar::business::{Calendar, Pause, Trouble};

/// How a cycle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It runs.
    Running,
    /// It stands still: the customer is waited for.
    Paused,
    /// In time.
    Met,
    /// Done, but too late.
    Missed,
    /// No longer needed, before it was due.
    Ended,
}

impl State {
    /// The word in `tend.sla_clock.state`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Ended => "ended",
        }
    }

    /// Whether something still has to be done.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}

/// One run of a clock, with everything that explains it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// Its target.
    pub target: Target,
    /// From when it counts.
    pub start: Instant,
    /// Names the cycle: its start; where somebody set a deadline by hand, when that was done.
    pub cycle: Instant,
    /// The deadline that somebody set by hand.
    pub by_hand: Option<Instant>,
    /// When it is due; none while it stands still and was not due before.
    pub due: Option<Instant>,
    /// How it stands.
    pub state: State,
    /// When it was met, or ended.
    pub stopped_at: Option<Instant>,
    /// When it was broken.
    pub breached_at: Option<Instant>,
    /// Seconds used, of the target's time, until it stopped or until now.
    pub used: i64,
    /// What was taken out.
    pub pauses: Vec<Pause>,
    /// When somebody said that he looks after it.
    pub acknowledged_at: Option<Instant>,
    /// Why there is no due instant though there should be one.
    pub trouble: Option<String>,
}

impl Cycle {
    /// Seconds left, negative when it took too long. None where the deadline was set by hand.
    #[must_use]
    pub fn left(&self) -> Option<i64> {
        self.by_hand.is_none().then_some(self.target.secs - self.used)
    }
}

/// All cycles of a ticket's clocks as of an instant, clock by clock, each in order of time.
#[must_use]
pub fn cycles(
    ticket: &Ticket,
    targets: &[Target],
    calendar: &Calendar,
    states: &States,
    acknowledged: &[(Clock, Instant)],
    as_of: Instant,
) -> Vec<Cycle> {
    let timeline = Timeline::of(ticket, states, as_of);
    let mut all = Vec::new();
    for target in targets.iter().filter(|_| ticket.opened_at <= as_of) {
        let laps = starts::laps(target.clock, ticket, &timeline);
        let by_hand = by_hand(target.clock, &timeline, &laps);
        for (place, lap) in laps.iter().enumerate() {
            let hand = by_hand.filter(|(at, _)| *at == place).map(|(_, set)| set);
            let counting = Counting { time: Time::of(target.counted, calendar), timeline: &timeline, as_of };
            let mut cycle = counting.cycle(*target, *lap, hand);
            cycle.acknowledged_at = acknowledged_at(&cycle, &timeline, acknowledged);
            all.push(cycle);
        }
    }
    all
}

/// When a deadline was set, and for when.
type Set = (Instant, Instant);

/// The last deadline set by hand, unless it was taken back, and the cycle it is for: the one that ran then.
fn by_hand(clock: Clock, timeline: &Timeline, laps: &[Lap]) -> Option<(usize, Set)> {
    let mut last = None;
    for (at, what) in &timeline.said {
        if let What::Due(which, due) = what
            && *which == clock
        {
            last = due.map(|due| (*at, due));
        }
    }
    let (at, due) = last?;
    let place = laps.iter().rposition(|lap| lap.start <= at).unwrap_or(0);
    (!laps.is_empty()).then_some((place, (at, due)))
}

/// The first word that somebody looks after it: of all clocks in the log, of this one elsewhere.
fn acknowledged_at(cycle: &Cycle, timeline: &Timeline, elsewhere: &[(Clock, Instant)]) -> Option<Instant> {
    let logged = timeline.said.iter().filter(|(_, what)| *what == What::Acknowledged).map(|(at, _)| *at);
    let said = elsewhere.iter().filter(|(clock, _)| *clock == cycle.target.clock).map(|(_, at)| *at);
    let within = |at: &Instant| *at >= cycle.cycle && cycle.stopped_at.is_none_or(|stop| *at <= stop);
    logged.chain(said).filter(within).min()
}

struct Counting<'a> {
    time: Time<'a>,
    timeline: &'a Timeline,
    as_of: Instant,
}

impl Counting<'_> {
    fn cycle(&self, target: Target, lap: Lap, by_hand: Option<Set>) -> Cycle {
        let stop = lap.stop;
        let end = stop.map_or(self.as_of, |stop| stop.at).max(lap.start);
        let pauses = if target.clock.pauses() { self.timeline.pauses(lap.start, end) } else { Vec::new() };
        let waits = stop.is_none() && target.clock.waits(self.timeline);
        let mut cycle = Cycle {
            target,
            start: lap.start,
            cycle: by_hand.map_or(lap.start, |(set_at, _)| set_at.max(lap.start)),
            by_hand: by_hand.map(|(_, due)| due),
            due: None,
            state: if waits { State::Paused } else { State::Running },
            stopped_at: stop.map(|stop| stop.at),
            breached_at: None,
            used: 0,
            pauses,
            acknowledged_at: None,
            trouble: None,
        };
        match self.counted(&mut cycle, waits, end) {
            Ok(()) => {}
            Err(trouble) => cycle.trouble = Some(trouble.to_string()),
        }
        let until = stop.map_or(self.as_of, |stop| stop.at);
        cycle.breached_at = cycle.due.filter(|due| match stop {
            // what is done in the very instant is done in time
            Some(stop) => stop.at > *due,
            None => until >= *due,
        });
        if let Some(stop) = stop {
            cycle.state = match (cycle.breached_at, stop.done) {
                (Some(_), _) => State::Missed,
                (None, true) => State::Met,
                (None, false) => State::Ended,
            };
        }
        cycle
    }

    fn counted(&self, cycle: &mut Cycle, waits: bool, end: Instant) -> Result<(), Trouble> {
        cycle.used = self.time.measure(cycle.start, end, &cycle.pauses)?;
        if let Some(due) = cycle.by_hand {
            cycle.due = Some(due);
            return Ok(());
        }
        // while it stands still nobody knows when it is due, unless it was due before
        let (still, before) = match cycle.pauses.split_last() {
            Some((last, before)) if waits => (Some(last.from), before),
            _ => (None, cycle.pauses.as_slice()),
        };
        let due = self.time.add(cycle.start, cycle.target.secs, before)?;
        cycle.due = Some(due).filter(|due| still.is_none_or(|still| *due <= still));
        Ok(())
    }
}
