//! What stands between an occasion and a message: an occasion already had, the customer's status, expiry, suppression,
//! consent, the same address twice, the channel, the customer's hours.
//!
//! Promises: `ways.sql` and `policy.sql` turn the relation `candidate`, which every trigger provides, into `verdict`,
//! where each candidate either gets a message (channel, first instant, end of life) or has one reason why not, in the order of
//! design section 8. Hours are the customer's; a zone the database does not know is the zone of the file. Where
//! something is unsure (an address that is none, no word on consent) the way is closed. Consent, suppression and hours
//! are asked again by the dispatcher at the moment of sending.

use chrono::NaiveTime;

use super::channel::settings::{OnUnknown, Sort};

/// What a message is for, which decides the consent it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Advertises.
    Marketing,
    /// Looks after the customer without selling.
    Service,
    /// Belongs to something the customer started.
    Transactional,
}

impl Purpose {
    /// As job files and `tend.outbox.purpose` write them.
    pub const WORDS: [(&'static str, Self); 3] =
        [("marketing", Self::Marketing), ("service", Self::Service), ("transactional", Self::Transactional)];

    /// As stored in `tend.outbox.purpose` and `crm.consent.purpose`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Service => "service",
            Self::Transactional => "transactional",
        }
    }

    /// The rule where the file gives none: marketing only with consent, service unless it was refused.
    #[must_use]
    pub fn default_consent(self) -> Consent {
        match self {
            Self::Marketing => Consent::Granted,
            Self::Service => Consent::NotWithdrawn,
            Self::Transactional => Consent::NotNeeded,
        }
    }

    /// The hours where the file gives none: 09:00 to 20:00, as carriers ask for marketing; any hour for transactional.
    #[must_use]
    pub fn default_window(self) -> Option<Window> {
        let hours = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        (self != Self::Transactional).then(|| Window { opens: hours(9), closes: hours(20) })
    }
}

/// Whose word it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// The newest row of `crm.consent` must allow it.
    Granted,
    /// It must not forbid it.
    NotWithdrawn,
    /// It is not asked.
    NotNeeded,
}

impl Consent {
    /// As job files write them.
    pub const WORDS: [(&'static str, Self); 3] =
        [("granted", Self::Granted), ("not_withdrawn", Self::NotWithdrawn), ("not_needed", Self::NotNeeded)];

    /// As `policy.sql` calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::NotWithdrawn => "not_withdrawn",
            Self::NotNeeded => "not_needed",
        }
    }
}

/// Local hours within which a message may be sent: from `opens`, before `closes`. `closes` before `opens` crosses
/// midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first local time.
    pub opens: NaiveTime,
    /// The first local time that is too late.
    pub closes: NaiveTime,
}

impl Window {
    /// Whether a local time is within.
    #[must_use]
    pub fn contains(&self, time: NaiveTime) -> bool {
        if self.opens < self.closes {
            (self.opens..self.closes).contains(&time)
        } else {
            time >= self.opens || time < self.closes
        }
    }
}

/// What happens with a message whose hours of the day are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutsideWindow {
    /// It waits for the next ones, while it lives.
    #[default]
    Wait,
    /// It is dropped: another day it would be out of place.
    Drop,
}

impl OutsideWindow {
    /// As job files write them.
    pub const WORDS: [(&'static str, Self); 2] = [("wait", Self::Wait), ("drop", Self::Drop)];
}

/// What a job file says about policy and delivery.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What the message is for.
    pub purpose: Purpose,
    /// Whose word it takes.
    pub consent: Consent,
    /// Channels, best first.
    pub channels: Vec<Sort>,
    /// Whether the one the customer prefers goes first, if it is among them.
    pub preferred_first: bool,
    /// Local time to send at on the day it is due; without one as soon as the window is open.
    pub at: Option<NaiveTime>,
    /// The hours; none: any hour.
    pub window: Option<Window>,
    /// What happens when the hours of its day are over.
    pub outside_window: OutsideWindow,
    /// What happens when its fate is unknown; none: what the channel's settings say.
    pub on_unknown: Option<OnUnknown>,
    /// Higher goes first, 0 to 100.
    pub priority: i16,
}
