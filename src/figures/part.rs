//! Parts of figures: those of a tier, of a person, of a kind.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::is_chinese;

/// Names a part of a figure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PartName {
    /// tier, person, kind, topic, channel, urgency, clock, policy, job, reason, move, direction, product or strength.
    pub by: String,
    /// Which one; empty: those without.
    pub name: String,
}

impl PartName {
    /// Its name for people; those without have one too.
    #[must_use]
    pub fn shown(&self, locale: &str) -> &str {
        match (self.name.is_empty(), is_chinese(locale)) {
            (false, _) => &self.name,
            (true, false) => "(none)",
            (true, true) => "（无）",
        }
    }
}

/// As job files and commands say it: "tier=high".
impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.by, self.name)
    }
}

/// The title of a figure, with that of the part it is about: "Customers kept · high".
#[must_use]
pub fn titled(title: &str, part: Option<&PartName>, locale: &str) -> String {
    part.map_or_else(|| title.to_owned(), |part| format!("{title} · {}", part.shown(locale)))
}
