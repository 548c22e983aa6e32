//! What people have to do: making tasks, finding who does them, changing them.
//!
//! A task is unique by what it comes from, so that a second run, or a second answer, adds nothing. Promises:
//!
//! * **Every change is one row of `tend.task_event`**, in the transaction that makes it: who, when, from which state.
//! * **A change made twice is one change**: a button pressed twice, a command repeated ([`Changed::Already`]).
//! * **Somebody who is away or has left gets no task** ([`assign`](assign())); where nobody can be found it stands without anybody, is
//!   listed so, and is tried again.
//! * **What is overdue is told upwards once** ([`escalate`]), and again only after it was moved to another time.
//! * No note, name or reason in errors and logs: ids and states.

mod assign;
mod change;
mod create;
pub mod feed;
pub mod ics;
mod list;
mod upkeep;

pub use assign::{assign, assign_again};
pub use change::{Change, Changed, Refused, change};
pub use create::{NewTask, create};
pub use list::{Event, Listed, Shown, Wanted, list, show};
pub use upkeep::{cancel, escalate, miss, open_due};

/// Longest note or reason, characters.
pub const LONGEST_NOTE: usize = 2_000;

/// The customer agrees that all is well; of callbacks.
pub const SATISFIED: &str = "satisfied";
/// The customer does not; another round follows where the job has rounds.
pub const NOT_SATISFIED: &str = "not_satisfied";

/// What can come of a task of a kind, as `tend.task.result` has it; the first is the best.
#[must_use]
pub fn results(kind: &str) -> &'static [&'static str] {
    match kind {
        "visit" => &["held", "not_wanted"],
        "rescue" => &["stays", "undecided", "leaves"],
        _ => &[SATISFIED, NOT_SATISFIED],
    }
}
