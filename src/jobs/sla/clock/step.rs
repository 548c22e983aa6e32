//! When the steps of a chain are due.

use super::{Cycle, Instant, Time};
use crate::calendar::business::{Calendar, Trouble};

/// When somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// When this share of the target is used, in thousandths; at least `lead` seconds before it is due. A lead as long as
    /// the target itself would fire at once, so then the share alone decides.
    Share {
        /// Thousandths of the target.
        share: i64,
        /// Seconds before it is due, at least.
        lead: i64,
    },
    /// So many seconds after the clock has started.
    Start(i64),
    /// So many seconds before it is due; never where the target is no longer than that.
    Before(i64),
    /// So many seconds after it is due.
    After(i64),
}

/// The instant of a step of a cycle; none while nobody knows it, and for a step that does not fit the target. Seconds are
/// those of the target: business seconds or seconds on the wall.
///
/// # Errors
/// When the calendar does not know the days.
pub fn passed(at: At, cycle: &Cycle, calendar: &Calendar) -> Result<Option<Instant>, Trouble> {
    let Some(due) = cycle.due else { return Ok(None) };
    let time = Time::of(cycle.target.counted, calendar);
    let whole = match cycle.by_hand {
        Some(due) => time.measure(cycle.start, due, &cycle.pauses)?,
        None => cycle.target.secs,
    };
    let from_start = |secs: i64| time.add(cycle.start, secs, &cycle.pauses).map(Some);
    match at {
        At::Share { share, lead } => {
            // rounded up: never before the share is used
            let used = (whole * share + 999) / 1000;
            from_start(if lead < whole { used.min(whole - lead) } else { used })
        }
        At::Start(secs) => from_start(secs),
        At::Before(secs) if secs < whole => from_start(whole - secs),
        At::Before(_) => Ok(None),
        At::After(0) => Ok(Some(due)),
        At::After(secs) => time.add(due, secs, &cycle.pauses).map(Some),
    }
}
