//! Time as a target counts it.

use chrono::TimeDelta;

use super::{Counted, Instant};
use crate::calendar::business::{Calendar, Pause, Trouble};

/// Business time by a calendar, or time by the clock on the wall.
#[derive(Debug, Clone, Copy)]
pub enum Time<'c> {
    /// While somebody works.
    Business(&'c Calendar),
    /// Always.
    Elapsed,
}

impl<'c> Time<'c> {
    /// As a target says it.
    #[must_use]
    pub fn of(counted: Counted, calendar: &'c Calendar) -> Self {
        match counted {
            Counted::Business => Self::Business(calendar),
            Counted::Elapsed => Self::Elapsed,
        }
    }

    /// So many seconds on. The pauses are in order and do not meet.
    ///
    /// # Errors
    /// When the calendar never opens, or does not know the days.
    pub fn add(self, from: Instant, secs: i64, pauses: &[Pause]) -> Result<Instant, Trouble> {
        match self {
            Self::Business(calendar) => calendar.add(from, secs, pauses),
            Self::Elapsed => {
                let mut end = from + TimeDelta::seconds(secs);
                for pause in pauses.iter().filter(|pause| pause.to > from) {
                    // a pause that begins where the time is up prolongs nothing
                    if pause.from >= end {
                        break;
                    }
                    end += pause.to - pause.from.max(from);
                }
                Ok(end)
            }
        }
    }

    /// The seconds between two instants; 0 when the second is not after the first.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn measure(self, from: Instant, until: Instant, pauses: &[Pause]) -> Result<i64, Trouble> {
        if until <= from {
            return Ok(0);
        }
        match self {
            Self::Business(calendar) => calendar.measure(from, until, pauses),
            Self::Elapsed => {
                let paused =
                    pauses.iter().map(|pause| (pause.to.min(until) - pause.from.max(from)).max(TimeDelta::zero()));
                Ok(((until - from) - paused.sum::<TimeDelta>()).num_seconds())
            }
        }
    }
}
