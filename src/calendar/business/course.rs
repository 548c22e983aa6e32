//! How an answer came about: the stretches between two instants, those that count and those that do not.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::line::merged;
use super::{Calendar, Pause, Trouble, Why, Window, zone};

/// One stretch of the way from one instant to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stretch {
    /// Time that counts.
    Open(Window),
    /// Open time that does not count.
    Paused(Window),
    /// Days on which nobody works, both included, for one and the same reason; days off by their day of the week are one
    /// stretch, whichever they are.
    Closed {
        /// The first of them.
        from: NaiveDate,
        /// The last of them.
        to: NaiveDate,
        /// Why nobody works.
        why: Why,
    },
}

impl Calendar {
    /// The open times between two instants in order, with the reason for each.
    ///
    /// # Errors
    /// Outside the days it knows.
    pub fn windows(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Window>, Trouble> {
        let course = self.course(from, to, &[])?;
        let open = course.into_iter().filter_map(|stretch| match stretch {
            Stretch::Open(window) => Some(window),
            Stretch::Paused(_) | Stretch::Closed { .. } => None,
        });
        Ok(open.collect())
    }

    /// The way from one instant to another: what counted, what was paused, and the whole days between on which nobody
    /// worked. The open stretches add up to [`Calendar::measure`].
    ///
    /// # Errors
    /// Outside the days it knows.
    pub fn course(&self, from: DateTime<Utc>, to: DateTime<Utc>, pauses: &[Pause]) -> Result<Vec<Stretch>, Trouble> {
        if to <= from {
            return Ok(Vec::new());
        }
        // asked about in the same words as everything else
        self.measure(from, to, &[])?;
        let zone = self.zone();
        let (first, last) = (from.with_timezone(&zone).date_naive(), to.with_timezone(&zone).date_naive());
        let mut way: Vec<Stretch> = Vec::new();
        let mut reached = from;
        // a night shift of the day before may still be at work
        let before = self.span().0.max(first - Days::new(1));
        for date in before.iter_days().take_while(|date| *date <= last.min(self.span().1)) {
            let day = self.day(date)?;
            let whole = zone::edge(zone, date, 0) >= from && zone::edge(zone, date + Days::new(1), 0) <= to;
            if day.open.is_empty() && whole {
                closed(&mut way, date, &day.why);
            }
            for (opens, closes) in day.open {
                let (opens, closes) = (opens.max(reached), closes.min(to));
                if opens < closes {
                    reached = closes;
                    counted(&mut way, Window { from: opens, to: closes, why: day.why.clone() }, pauses);
                }
            }
        }
        Ok(way)
    }
}

/// Adds a day on which nobody works to those before it, if they are off for the same reason.
fn closed(way: &mut Vec<Stretch>, date: NaiveDate, reason: &Why) {
    let weekly = |why: &Why| matches!(why, Why::Weekday(_));
    match way.last_mut() {
        Some(Stretch::Closed { to, why, .. })
            if *to + Days::new(1) == date && (why == reason || weekly(why) && weekly(reason)) =>
        {
            *to = date;
        }
        _ => way.push(Stretch::Closed { from: date, to: date, why: reason.clone() }),
    }
}

/// Adds an open window, cut at pauses.
fn counted(way: &mut Vec<Stretch>, window: Window, pauses: &[Pause]) {
    let mut at = window.from;
    let part = |from, to| Window { from, to, why: window.why.clone() };
    for pause in merged(pauses) {
        let (from, to) = (pause.from.max(at), pause.to.min(window.to));
        if from >= to {
            continue;
        }
        if at < from {
            way.push(Stretch::Open(part(at, from)));
        }
        way.push(Stretch::Paused(part(from, to)));
        at = to;
    }
    if at < window.to {
        way.push(Stretch::Open(part(at, window.to)));
    }
}
