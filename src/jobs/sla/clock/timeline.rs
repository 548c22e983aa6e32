//! The log of a ticket in order: when it waited, when it was over, who said something when.
//!
//! A log that says nothing about states leaves that to the ticket's row. Where the row says another state than the log
//! ends with, the row is right: what was merged, closed or opened again without a word in the log is not chased.

use super::{Instant, States, Ticket, What};
use crate::calendar::business::Pause;

/// How a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The staff have to do something.
    Open,
    /// The customer has to do something.
    Waiting,
    /// Nobody has to do anything.
    Over,
}

/// A ticket from one change of its standing to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: Instant,
    pub standing: Standing,
    /// Somebody knows when it began; not so of what was closed without a word about when.
    pub known: bool,
}

/// The log in order, up to an instant.
#[derive(Debug, Clone)]
pub struct Timeline {
    stretches: Vec<Stretch>,
    /// What was said and done, in order.
    pub(super) said: Vec<(Instant, What)>,
    /// When it first came to a state that says there is a plan.
    pub(super) planned_at: Option<Instant>,
    until: Instant,
}

impl Timeline {
    /// Of a ticket as it was known at `as_of`.
    #[must_use]
    pub fn of(ticket: &Ticket, states: &States, as_of: Instant) -> Self {
        let mut events: Vec<_> = ticket.events.iter().filter(|event| event.at <= as_of).collect();
        events.sort_by(|a, b| (a.at, a.what.rank(), &a.event_id).cmp(&(b.at, b.what.rank(), &b.event_id)));
        let mut timeline = Self { stretches: Vec::new(), said: Vec::new(), planned_at: None, until: as_of };
        timeline.enter(ticket.opened_at, Standing::Open, true);
        let mut logged = false;
        for event in &events {
            match &event.what {
                What::State(state) | What::Opened(Some(state)) => {
                    logged |= matches!(event.what, What::State(_));
                    timeline.planned_at =
                        timeline.planned_at.or(Some(event.at).filter(|_| states.planned.contains(state)));
                    timeline.enter(event.at.max(ticket.opened_at), states.standing(state), true);
                }
                What::Opened(None) | What::Other => {}
                what => timeline.said.push((event.at, what.clone())),
            }
        }
        let all_known = events.len() == ticket.events.len();
        if all_known {
            let last = events.last().map_or(ticket.opened_at, |event| event.at).max(ticket.opened_at);
            // the row knows of a plan the log says nothing about
            timeline.planned_at = timeline.planned_at.or(Some(last).filter(|_| states.planned.contains(&ticket.state)));
            timeline.as_the_row_says(ticket, states, if logged { last } else { ticket.opened_at });
        }
        timeline
    }

    /// The row's own word, from `since` where it does not say itself when.
    fn as_the_row_says(&mut self, ticket: &Ticket, states: &States, since: Instant) {
        let ended = [ticket.solved_at, ticket.closed_at].into_iter().flatten().min();
        let standing = match states.standing(&ticket.state) {
            _ if ended.is_some_and(|at| at <= self.until) => Standing::Over,
            // a row that says when it ends later has not ended yet
            Standing::Over if ended.is_some() => return,
            standing => standing,
        };
        if standing == self.standing() {
            return;
        }
        match (standing, ended) {
            (Standing::Over, Some(at)) => self.enter(at.max(self.last_change()), standing, true),
            (Standing::Over, None) => self.enter(since.max(self.last_change()), standing, false),
            _ => self.enter(since.max(self.last_change()), standing, true),
        }
    }

    fn last_change(&self) -> Instant {
        self.stretches.last().map_or(self.until, |last| last.from)
    }

    fn enter(&mut self, from: Instant, standing: Standing, known: bool) {
        if self.stretches.last().is_some_and(|last| last.from == from) {
            self.stretches.pop();
        }
        if self.stretches.last().is_none_or(|last| last.standing != standing) {
            self.stretches.push(Stretch { from, standing, known });
        }
    }

    /// How it stands at the end.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.stretches.last().map_or(Standing::Open, |last| last.standing)
    }

    /// The stretch that is still going on, when it is one of those in which nothing has to be done.
    pub(super) fn over(&self) -> Option<Stretch> {
        self.stretches.last().copied().filter(|last| last.standing == Standing::Over)
    }

    /// Every time it was over, and when it was opened again.
    pub(super) fn overs(&self) -> impl Iterator<Item = (Stretch, Option<Instant>)> {
        let next = self.stretches.iter().skip(1).map(|next| Some(next.from)).chain([None]);
        self.stretches.iter().copied().zip(next).filter(|(stretch, _)| stretch.standing == Standing::Over)
    }

    /// What does not count between two instants: waiting for the customer, and being over.
    #[must_use]
    pub fn pauses(&self, from: Instant, until: Instant) -> Vec<Pause> {
        let next = self.stretches.iter().skip(1).map(|next| next.from).chain([self.until.max(until)]);
        let mut pauses: Vec<Pause> = Vec::new();
        for (stretch, to) in self.stretches.iter().zip(next) {
            let (begin, end) = (stretch.from.max(from), to.min(until));
            if stretch.standing == Standing::Open || begin >= end {
                continue;
            }
            match pauses.last_mut() {
                Some(last) if last.to == begin => last.to = end,
                _ => pauses.push(Pause { from: begin, to: end }),
            }
        }
        pauses
    }

    /// The messages of the staff.
    pub(super) fn answers(&self) -> impl Iterator<Item = Instant> {
        self.said.iter().filter(|(_, what)| *what == What::AgentMessage).map(|(at, _)| *at)
    }
}

impl States {
    /// What a state means.
    #[must_use]
    pub fn standing(&self, state: &str) -> Standing {
        let among = |words: &[String]| words.iter().any(|word| word == state);
        match () {
            () if among(&self.over) => Standing::Over,
            () if among(&self.pause) => Standing::Waiting,
            () => Standing::Open,
        }
    }
}
