//! A ticket with its log.

use chrono::{DateTime, Utc};

use super::{Clock, Instant};

/// A ticket, as the company's tables have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The company's key.
    pub ticket_id: String,
    /// Whose it is.
    pub customer_id: String,
    /// When it arrived.
    pub opened_at: Instant,
    /// What it is about.
    pub topic: Option<String>,
    /// How it came.
    pub channel: Option<String>,
    /// request, complaint or a word of the company.
    pub kind: String,
    /// urgent or normal.
    pub urgency: String,
    /// How it stands.
    pub state: String,
    /// Who has it.
    pub assignee_id: Option<String>,
    /// When it was solved, as its row says.
    pub solved_at: Option<Instant>,
    /// When it was closed, as its row says.
    pub closed_at: Option<Instant>,
    /// What happened to it.
    pub events: Vec<Event>,
    /// When callbacks about it were done.
    pub called_back: Vec<Instant>,
}

/// Something that happened to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Names it within the ticket; decides the order within an instant where nothing else does.
    pub event_id: String,
    /// When.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It was opened, in that state when the log says one.
    Opened(Option<String>),
    /// It came to a state.
    State(String),
    /// The customer wrote or called.
    CustomerMessage,
    /// Somebody of the staff wrote to, or called, the customer.
    AgentMessage,
    /// Its kind was set.
    Kind,
    /// Its urgency was changed.
    Urgency,
    /// A deadline was set by hand; none: taken back.
    Due(Clock, Option<Instant>),
    /// Somebody of the staff has seen that it is late, and looks after it.
    Acknowledged,
    /// What moves no clock: who has it, how it came.
    Other,
}

impl What {
    /// Reads a row of `crm.ticket_event`. A deadline that cannot be read moves nothing.
    #[must_use]
    pub fn read(kind: &str, value: Option<&str>) -> Self {
        let word = value.map(str::trim).filter(|value| !value.is_empty());
        match kind {
            "opened" => Self::Opened(word.map(str::to_owned)),
            "state" => word.map_or(Self::Other, |state| Self::State(state.to_owned())),
            "customer_message" => Self::CustomerMessage,
            "agent_message" => Self::AgentMessage,
            "kind" => Self::Kind,
            "urgency" => Self::Urgency,
            "due" => word.and_then(due).unwrap_or(Self::Other),
            "acknowledged" => Self::Acknowledged,
            _ => Self::Other,
        }
    }

    /// What counts first of several things in one instant: how it stands, then who said something.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Opened(_) => 0,
            Self::State(_) => 1,
            Self::CustomerMessage => 2,
            _ => 3,
        }
    }
}

/// "solution 2026-06-02T10:00:00+08:00", or "solution -".
fn due(text: &str) -> Option<What> {
    let (clock, at) = text.split_once(char::is_whitespace)?;
    let clock = Clock::of(clock)?;
    match at.trim() {
        "-" => Some(What::Due(clock, None)),
        at => DateTime::parse_from_rfc3339(at).ok().map(|at| What::Due(clock, Some(at.with_timezone(&Utc)))),
    }
}
