//! What is decided in a review: actions for its figures, each with somebody who sees to it and a day.
//!
//! Promises:
//!
//! * **An action keeps the figure as it was**: the next review says from where to where it moved.
//! * **The same said twice is one action** ([`create`](create())): a form sent again, a command repeated.
//! * **Who is to see to it hears of it** by mail, once, unless it is the one who decides.
//! * **A change made twice is one change** ([`close`](close())).
//! * No words of people in errors and logs: ids and states.

mod archive;
mod close;
mod create;
mod list;
mod tell;

use chrono::{DateTime, NaiveDate, Utc};

pub use archive::{Archived, Judged, Place, archived, jobs, latest};
pub use close::{Ending, close};
pub use create::{NewAction, create};
pub use list::{Listed, Wanted, list};

/// Longest text of an action, and longest note, characters.
pub const LONGEST: usize = 500;

/// Who says so.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// A `staff_id`, or what somebody at the command line says.
    pub who: &'a str,
    /// Account and machine of the command line; none: by link.
    pub from: Option<&'a str>,
}

/// Why nothing is done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such action.
    #[error("there is no action {0}; `tend action list --all` shows them")]
    NoAction(i64),
    /// It is over, otherwise than wanted.
    #[error("action {action} is {state} since {}; it cannot be changed any more", crate::clock::shown(*since, *zone))]
    Over {
        /// Which.
        action: i64,
        /// done or dropped.
        state: String,
        /// Since when.
        since: DateTime<Utc>,
        /// In which zone that is said.
        zone: chrono_tz::Tz,
    },
    /// Nobody has that id.
    #[error("there is nobody {0:?} among the staff (crm.staff): somebody who is there sees to it")]
    NoStaff(String),
    /// The person has left.
    #[error("{0} has left (crm.staff.active): somebody who is there sees to it")]
    Left(String),
    /// The day is over, or too far ahead.
    #[error("{due} is {why}: it is to be done between {today} and a year from then")]
    Day {
        /// What was said.
        due: NaiveDate,
        /// over, or too far ahead.
        why: &'static str,
        /// Today, in the zone of the review.
        today: NaiveDate,
    },
    /// A figure without a value cannot move.
    #[error("{figure} has no value in the review of {period}: there is nothing to compare with later")]
    NoValue {
        /// The figure.
        figure: String,
        /// The review's period.
        period: String,
    },
    /// Nothing to do.
    #[error("say what is to be done")]
    NoWords,
    /// It is dropped without a reason.
    #[error("say why it is dropped")]
    NoReason,
    /// Too many words.
    #[error("that is too long: at most {LONGEST} characters")]
    TooLong,
    /// The database refuses.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What somebody wrote as one line: no control characters, single spaces.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line of at most [`LONGEST`] characters.
fn words(text: &str) -> Result<String, Refused> {
    let line = one_line(text);
    if line.chars().count() > LONGEST { Err(Refused::TooLong) } else { Ok(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_becomes_one_line() {
        assert_eq!(one_line("  call\r\nthem\u{7}\t back  "), "call them back");
        assert_eq!(one_line("改进\u{3000}话术"), "改进 话术");
        assert!(matches!(words(&"长".repeat(501)), Err(Refused::TooLong)));
        assert_eq!(words(&"长".repeat(500)).unwrap().chars().count(), 500);
    }
}
