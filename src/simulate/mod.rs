//! What a job folder will do over the next months, run on a copy: many runs in a row, nothing sent.
//!
//! Promises: the runs are the real ones (planner, claim, steps, `after`, retries) at the driven instants at which a daemon
//! would have something to do, each slot committed; who would be sent to is decided by the dispatcher's own statements, at the
//! moment of sending; two simulations of the same copy say the same. What cannot be known is assumed, and the assumptions are
//! part of every report.
//!
//! ```text
//!   original ──db::copy──▶ copy ──course──▶ runs, moves, messages of the stretch ──figures──▶ report, compare
//! ```

mod compare;
mod course;
pub mod figures;
mod idle;
mod page;
pub mod people;
mod picture;
mod report;
mod text;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;

pub use compare::Comparison;
pub use course::{Course, begin};
pub use report::{Report, report};

/// The longest stretch, in days.
pub const LONGEST: i64 = 3 * 366;

/// A stretch of time, its end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant behind it.
    pub to: DateTime<Utc>,
    /// Zone of its days.
    pub zone: Tz,
}

impl Stretch {
    /// Its first and its last day.
    #[must_use]
    pub fn days(&self) -> (NaiveDate, NaiveDate) {
        let day = |at: DateTime<Utc>| at.with_timezone(&self.zone).date_naive();
        (day(self.from), day(self.to - chrono::TimeDelta::seconds(1)))
    }
}

/// Why there is no simulation.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The data are further.
    #[error(
        "the data have come to {0}: what ran until then has been decided and is not undone; simulate from that day on"
    )]
    TooEarly(String),
    /// It ends before it begins.
    #[error("the stretch ends before it begins: from {0} to {1}")]
    Empty(String, String),
    /// Too long.
    #[error("that is longer than three years; nothing stays as it is for so long")]
    TooLong,
    /// Somebody stopped it.
    #[error("interrupted")]
    Interrupted,
    /// The job folder cannot be put in force.
    #[error("the job folder cannot be put in force on the copy: {0:#}")]
    Folder(anyhow::Error),
    /// The copy refuses.
    #[error("the copy refuses: {0}")]
    Database(#[from] sqlx::Error),
    /// The page cannot be made.
    #[error("the page cannot be made: {0}")]
    Page(String),
}
