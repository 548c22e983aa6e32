//! All open time of a calendar on one line, so that adding and measuring are searches and not walks.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{Calendar, Pause, Trouble, zone};

/// The days of a calendar whose data never ends. Whoever asks for another day has a wrong year.
pub(super) const FIRST: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");
pub(super) const LAST: NaiveDate = NaiveDate::from_ymd_opt(2099, 12, 31).expect("a date");

const SECOND: i64 = 1_000_000;

/// A stretch of open time; instants are microseconds since 1970, as Postgres keeps them.
#[derive(Debug, Clone, Copy)]
struct Piece {
    from: i64,
    to: i64,
    /// Open microseconds of the line before this stretch.
    before: i64,
}

/// Open time from the first day of a calendar to its last: stretches in order that do not touch.
#[derive(Debug)]
pub(super) struct Line {
    stretches: Vec<Piece>,
    /// The instant at which the first day begins.
    first: i64,
    /// The instant at which the last day is over.
    end: i64,
}

impl Line {
    pub(super) fn of(calendar: &Calendar) -> Self {
        let (zone, (first, last)) = (calendar.zone(), calendar.span());
        let end = zone::edge(zone, last + Days::new(1), 0).timestamp_micros();
        let mut stretches: Vec<Piece> = Vec::new();
        for date in first.iter_days().take_while(|date| *date <= last) {
            for window in calendar.rule(date).0 {
                let from = zone::edge(zone, date, window.from).timestamp_micros();
                let to = zone::edge(zone, date, window.to).timestamp_micros();
                // the night shift of the last day is cut off: what else there is on the day after is not known
                join(&mut stretches, from, to.min(end));
            }
        }
        let mut before = 0;
        for stretch in &mut stretches {
            stretch.before = before;
            before += stretch.to - stretch.from;
        }
        Self { stretches, first: zone::edge(zone, first, 0).timestamp_micros(), end }
    }

    pub(super) fn next_open(&self, calendar: &Calendar, at: DateTime<Utc>) -> Result<DateTime<Utc>, Trouble> {
        self.some(calendar)?;
        let from = self.known(calendar, at)?;
        match self.opens(from).ok_or_else(|| calendar.beyond())? {
            // as it was asked, with whatever is finer than microseconds
            open if open == from => Ok(at),
            later => Ok(instant(later)),
        }
    }

    pub(super) fn add(
        &self,
        calendar: &Calendar,
        from: DateTime<Utc>,
        secs: i64,
        pauses: &[Pause],
    ) -> Result<DateTime<Utc>, Trouble> {
        self.some(calendar)?;
        let mut left = micros(calendar, secs)?;
        let mut at = self.known(calendar, from)?;
        for (begins, ends) in in_micros(pauses) {
            if ends <= at {
                continue;
            }
            if begins > at {
                let open = self.open_before(begins) - self.open_before(at);
                if left > 0 && left <= open {
                    break;
                }
                if left == 0 && self.opens(at).is_some_and(|next| next < begins) {
                    break;
                }
                left -= open;
            }
            at = ends;
        }
        let reached = match left {
            0 => self.opens(at),
            _ => self.open_before(at).checked_add(left).and_then(|open| self.passed(open)),
        };
        reached.map(instant).ok_or_else(|| calendar.beyond())
    }

    pub(super) fn is_open(&self, calendar: &Calendar, at: DateTime<Utc>) -> Result<bool, Trouble> {
        let at = self.known(calendar, at)?;
        Ok(self.opens(at) == Some(at))
    }

    pub(super) fn back(&self, calendar: &Calendar, to: DateTime<Utc>, secs: i64) -> Result<DateTime<Utc>, Trouble> {
        self.some(calendar)?;
        let to = self.known(calendar, to)?;
        let goal = self.open_before(to) - micros(calendar, secs)?;
        let found = match secs {
            0 => self.closed_last(to),
            // inside a stretch, or where one begins: the later of two instants between which nobody works
            _ if goal >= 0 => {
                let begun = self.stretches.partition_point(|stretch| stretch.before <= goal);
                self.stretches[..begun].last().map(|stretch| stretch.from + goal - stretch.before)
            }
            _ => None,
        };
        found.map(instant).ok_or_else(|| calendar.before())
    }

    pub(super) fn measure(
        &self,
        calendar: &Calendar,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        pauses: &[Pause],
    ) -> Result<i64, Trouble> {
        if to <= from {
            return Ok(0);
        }
        let (from, to) = (self.known(calendar, from)?, self.known(calendar, to)?);
        let mut open = self.open_before(to) - self.open_before(from);
        for (begins, ends) in in_micros(pauses) {
            let (begins, ends) = (begins.max(from), ends.min(to));
            if begins < ends {
                open -= self.open_before(ends) - self.open_before(begins);
            }
        }
        Ok(open / SECOND)
    }

    fn some(&self, calendar: &Calendar) -> Result<(), Trouble> {
        match self.stretches.is_empty() {
            true => Err(Trouble::NeverOpen { calendar: calendar.name().to_owned() }),
            false => Ok(()),
        }
    }

    fn known(&self, calendar: &Calendar, at: DateTime<Utc>) -> Result<i64, Trouble> {
        let at = at.timestamp_micros();
        if at < self.first {
            return Err(calendar.before());
        }
        if at > self.end { Err(calendar.beyond()) } else { Ok(at) }
    }

    /// How many stretches were over at an instant.
    fn ended(&self, at: i64) -> usize {
        self.stretches.partition_point(|stretch| stretch.to <= at)
    }

    /// The first open instant from `at` on.
    fn opens(&self, at: i64) -> Option<i64> {
        self.stretches.get(self.ended(at)).map(|stretch| stretch.from.max(at))
    }

    /// The last instant up to `at` before which somebody worked.
    fn closed_last(&self, at: i64) -> Option<i64> {
        let begun = self.stretches.partition_point(|stretch| stretch.from < at);
        begun.checked_sub(1).map(|last| self.stretches[last].to.min(at))
    }

    /// Open microseconds before an instant.
    fn open_before(&self, at: i64) -> i64 {
        let ended = self.ended(at);
        match self.stretches.get(ended) {
            Some(stretch) => stretch.before + (at - stretch.from).max(0),
            None => self.stretches.last().map_or(0, |last| last.before + last.to - last.from),
        }
    }

    /// The first instant before which so much (more than nothing) was open.
    fn passed(&self, open: i64) -> Option<i64> {
        let begun = self.stretches.partition_point(|stretch| stretch.before < open);
        let stretch = self.stretches[..begun].last()?;
        let at = stretch.from + open - stretch.before;
        (at <= stretch.to).then_some(at)
    }
}

/// Adds a window behind the others. A night shift can reach into the windows of the day after.
fn join(stretches: &mut Vec<Piece>, from: i64, to: i64) {
    if from >= to {
        return;
    }
    match stretches.last_mut() {
        Some(last) if from <= last.to => last.to = last.to.max(to),
        _ => stretches.push(Piece { from, to, before: 0 }),
    }
}

/// Pauses in order, each instant once.
pub(super) fn merged(pauses: &[Pause]) -> Vec<Pause> {
    let mut all: Vec<Pause> = pauses.iter().copied().filter(|pause| pause.from < pause.to).collect();
    all.sort_unstable_by_key(|pause| pause.from);
    let mut merged: Vec<Pause> = Vec::with_capacity(all.len());
    for pause in all {
        match merged.last_mut() {
            Some(last) if pause.from <= last.to => last.to = last.to.max(pause.to),
            _ => merged.push(pause),
        }
    }
    merged
}

/// The same in microseconds.
fn in_micros(pauses: &[Pause]) -> impl Iterator<Item = (i64, i64)> {
    merged(pauses).into_iter().map(|pause| (pause.from.timestamp_micros(), pause.to.timestamp_micros()))
}

fn micros(calendar: &Calendar, secs: i64) -> Result<i64, Trouble> {
    if secs < 0 {
        return Err(Trouble::Negative);
    }
    secs.checked_mul(SECOND).ok_or_else(|| calendar.beyond())
}

fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).expect("inside the years of the table")
}
