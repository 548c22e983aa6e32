//! Policies: what is promised to whom, and who hears when it is not kept.

use crate::filter::Filter;
use crate::jobfile::duration::Span;

use super::clock::{At, Clock, Counted, Target, Ticket};

/// One policy. The first of a file whose condition holds is that of a ticket.
#[derive(Debug)]
pub struct Policy {
    /// Its name, in explanations and on record.
    pub name: String,
    /// Which tickets; none: all.
    pub when: Option<Filter>,
    /// How long each clock may run.
    pub rules: Vec<Rule>,
    /// Who is told, in the order of the file.
    pub steps: Vec<Step>,
    /// People are told at any hour, not only while they work.
    pub round_the_clock: bool,
}

/// The target of one clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which clock.
    pub clock: Clock,
    /// How time counts.
    pub counted: Counted,
    /// How long it may run.
    pub within: Span,
    /// Shorter where the ticket has such a property: the shortest that fits counts.
    pub shorter: Vec<Shorter>,
}

/// A shorter target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shorter {
    /// What of the ticket.
    pub property: Property,
    /// What it has to be.
    pub value: String,
    /// How long.
    pub within: Span,
}

/// What of a ticket can make its targets shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// How it came.
    Channel,
    /// How urgent it is.
    Urgency,
    /// What kind it is.
    Kind,
    /// What it is about.
    Topic,
}

impl Property {
    /// All, as job files call them.
    pub const ALL: [(&'static str, Self); 4] =
        [("channel", Self::Channel), ("urgency", Self::Urgency), ("kind", Self::Kind), ("topic", Self::Topic)];

    /// The word in job files.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, property)| *property == self).map_or("", |(word, _)| word)
    }

    fn of(self, ticket: &Ticket) -> Option<&str> {
        match self {
            Self::Channel => ticket.channel.as_deref(),
            Self::Urgency => Some(&ticket.urgency),
            Self::Kind => Some(&ticket.kind),
            Self::Topic => ticket.topic.as_deref(),
        }
    }
}

impl Rule {
    /// What makes the target of this ticket; none: the plain one.
    #[must_use]
    pub fn shorter_for(&self, ticket: &Ticket) -> Option<&Shorter> {
        let fitting = self.shorter.iter().filter(|one| one.property.of(ticket) == Some(&one.value));
        fitting.min_by_key(|one| one.within).filter(|one| one.within < self.within)
    }

    /// The target of this ticket.
    #[must_use]
    pub fn target(&self, ticket: &Ticket) -> Target {
        let within = self.shorter_for(ticket).map_or(self.within, |one| one.within);
        Target { clock: self.clock, secs: within.as_seconds(), counted: self.counted }
    }

    /// The shortest and the longest there can be.
    #[must_use]
    pub fn range(&self) -> (Span, Span) {
        (self.shorter.iter().map(|one| one.within).fold(self.within, Span::min), self.within)
    }
}

impl Policy {
    /// The targets of a ticket.
    #[must_use]
    pub fn targets(&self, ticket: &Ticket) -> Vec<Target> {
        self.rules.iter().map(|rule| rule.target(ticket)).collect()
    }

    /// The target of a clock.
    #[must_use]
    pub fn rule(&self, clock: Clock) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.clock == clock)
    }
}

/// A step of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Names it on record: what it is told by never to be done twice.
    pub name: String,
    /// Of which clocks; empty: of all.
    pub clocks: Vec<Clock>,
    /// When.
    pub at: At,
    /// Who is told.
    pub to: Vec<Recipient>,
}

impl Step {
    /// Whether it is about a clock.
    #[must_use]
    pub fn is_about(&self, clock: Clock) -> bool {
        self.clocks.is_empty() || self.clocks.contains(&clock)
    }
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// Whoever has the ticket; nobody yet: the customer's own agent.
    Assignee,
    /// The customer's own agent; none: whoever has the ticket.
    Owner,
    /// Everybody of the team of whoever has the ticket.
    Team,
    /// Whom that person reports to.
    Supervisor,
    /// Everybody with that role.
    Role(String),
    /// A group, through the robot of that channel.
    Robot(String),
    /// The customer, by the jobs that tell news about tickets.
    Customer,
}

impl Recipient {
    /// The plain words.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("assignee", Self::Assignee),
        ("owner", Self::Owner),
        ("team", Self::Team),
        ("supervisor", Self::Supervisor),
        ("customer", Self::Customer),
    ];

    /// As job files say it, and `tend.sla_alert.asked`.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Role(role) => format!("role:{role}"),
            Self::Robot(channel) => format!("robot:{channel}"),
            plain => Self::WORDS.iter().find(|(_, one)| one == plain).map_or("", |(word, _)| word).to_owned(),
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let named = |rest: &str| Some(rest.trim()).filter(|name| !name.is_empty()).map(str::to_owned);
        match word.split_once(':') {
            Some(("role", name)) => named(name).map(Self::Role),
            Some(("robot", name)) => named(name).map(Self::Robot),
            _ => Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, recipient)| recipient.clone()),
        }
    }

    /// Whether it is somebody who works at hours.
    #[must_use]
    pub fn works(&self) -> bool {
        !matches!(self, Self::Customer)
    }
}
