//! The clocks of a ticket, out of its log of events and the targets of a policy; pure.
//!
//! Promises: every due instant follows from the log, so it can be computed again at any time and gives the same; seconds
//! are kept; a target that ends exactly at closing time is due at closing time. The rules, clock by clock:
//!
//! | clock | starts | is met by | runs again |
//! |---|---|---|---|
//! | first response | when the ticket is opened | the first message of the staff, or solving | no |
//! | next response | at the oldest message of the customer nobody has answered | a message of the staff, or solving | with the next message |
//! | update | when the ticket is opened, then at every message of the staff | the next message of the staff | each time |
//! | plan | when the ticket is opened | a state that says there is a plan, or solving | no |
//! | solution | when the ticket is opened | solving; a ticket that is opened again goes on where it stood | no |
//! | callback | when the ticket is solved | a message of the staff after that, or a callback that is done | with every solving |
//! | inform | when the ticket is opened, or its kind or urgency is changed | a message of the staff after that | with every change |
//! | register | when the ticket is opened | a topic | no |
//!
//! Time in which the ticket waits for the customer, and time in which it is solved, does not count (except for callbacks,
//! which begin there). Nobody's reassignment moves anything, a change of urgency keeps the pauses, and an instant that a
//! person has set wins over the computed one.

mod cycle;
mod starts;
mod step;
mod ticket;
mod time;
mod timeline;

use chrono::{DateTime, Utc};

pub use cycle::{Cycle, State, cycles};
pub use step::{At, passed};
pub use ticket::{Event, Ticket, What};
pub use time::Time;
pub use timeline::{Standing, Timeline};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// Until the customer hears from somebody for the first time.
    FirstResponse,
    /// Until a message of the customer is answered.
    NextResponse,
    /// Between two messages of the staff.
    Update,
    /// Until there is a plan.
    Plan,
    /// Until the ticket is solved.
    Solution,
    /// From solving until the customer is called back.
    Callback,
    /// Until the customer is told that the case is a special one.
    Inform,
    /// Until the ticket is recorded with its topic.
    Register,
}

impl Clock {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Register,
        Self::FirstResponse,
        Self::Inform,
        Self::NextResponse,
        Self::Update,
        Self::Plan,
        Self::Solution,
        Self::Callback,
    ];

    /// The word in job files and in `tend.sla_clock.clock`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextResponse => "next_response",
            Self::Update => "update",
            Self::Plan => "plan",
            Self::Solution => "solution",
            Self::Callback => "callback",
            Self::Inform => "inform",
            Self::Register => "register",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|clock| clock.word() == word)
    }

    /// In a sentence.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::FirstResponse => "first response",
            Self::NextResponse => "next response",
            Self::Update => "update",
            Self::Plan => "plan",
            Self::Solution => "solution",
            Self::Callback => "callback",
            Self::Inform => "word to the customer",
            Self::Register => "recording",
        }
    }
}

/// How the time of a target is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// While somebody works, by the calendar.
    Business,
    /// By the clock on the wall.
    Elapsed,
}

impl Counted {
    /// The word in job files and in `tend.sla_clock.counted`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Elapsed => "elapsed",
        }
    }
}

/// How long a clock may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Which clock.
    pub clock: Clock,
    /// Seconds.
    pub secs: i64,
    /// How they are counted.
    pub counted: Counted,
}

/// What the states of a ticket mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct States {
    /// In these the ticket waits for the customer.
    pub pause: Vec<String>,
    /// In these, or after them, there is a plan.
    pub planned: Vec<String>,
    /// In these nothing has to be done any more.
    pub over: Vec<String>,
}

/// An instant, as everything here has them.
pub type Instant = DateTime<Utc>;
