//! A review: what the mail is made of, and what is kept. Names no customer.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::actions::ActionSeen;
use super::catalogue::{Better, Unit};
use super::period::Period;
use super::words::Words;
pub use crate::figures::PartName;

/// All figures of a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// The job.
    pub job: String,
    /// What people call it.
    pub title: String,
    /// As of when it was made.
    pub as_of: DateTime<Utc>,
    /// What it is about.
    pub period: Period,
    /// What it is compared with.
    pub before: Period,
    /// What some targets are measured against.
    pub baseline: Option<Period>,
    /// Fewer cases than this are marked.
    pub few: i64,
    /// The language of the file.
    pub locale: String,
    /// How many figures missed their targets, with enough cases.
    pub missed: usize,
    /// What was decided on reviews before, and whether the figures moved; of those stored before there were any: nothing.
    #[serde(default)]
    pub actions: Vec<ActionSeen>,
    /// In the order of the file.
    pub sections: Vec<Section>,
}

/// Figures that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// What they are about.
    pub title: Words,
    /// What missed its target first, by weight, then what could not be computed, then the others as in the file.
    pub figures: Vec<Figure>,
}

/// A figure, of all or of a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its name in job files.
    pub name: String,
    /// Its name for people.
    pub title: Words,
    /// The part it is about; none: all.
    pub of: Option<PartName>,
    /// How it is defined.
    pub definition: Words,
    /// The unit of its values.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// In the period.
    pub now: Measured,
    /// In the period before.
    pub before: Measured,
    /// In the baseline; none: nobody asks.
    pub baseline: Option<Measured>,
    /// Now less before; none where one of them has no value.
    pub change: Option<Decimal>,
    /// What it shall be; none: nobody said.
    pub target: Option<Target>,
    /// How it stands to that.
    pub verdict: Verdict,
    /// How far it missed its target, as a share of it, times the weight the file gives it; 0 when it did not.
    pub weight: Decimal,
    /// Whether it rests on few cases.
    pub is_small: bool,
    /// Of what missed: the parts that weigh most, at most three.
    pub contributors: Vec<Part>,
    /// By what the file wants it parted.
    pub per: Option<String>,
    /// Those parts, most cases first.
    pub parts: Vec<Part>,
    /// Why it could not be computed, in plain words; then nothing else is filled in.
    pub failed: Option<String>,
}

/// A value and what it rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The value; none: of no cases there is none.
    pub value: Option<Decimal>,
    /// What was added up; of shares, those that count.
    pub hits: Option<Decimal>,
    /// How many cases.
    pub cases: i64,
}

/// A part of a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Which.
    #[serde(flatten)]
    pub part: PartName,
    /// Of people: their name.
    pub label: Option<String>,
    /// In the period.
    pub now: Measured,
    /// In the period before.
    pub before: Measured,
    /// What it does to the figure's target: how far it is from it, times its cases; of amounts and counts, what is too much,
    /// or was lost since. 0 where nothing.
    pub weight: Decimal,
    /// Whether it rests on few cases.
    pub is_small: bool,
}

/// What a figure shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// At least this.
    pub at_least: Option<Decimal>,
    /// At most this.
    pub at_most: Option<Decimal>,
    /// The change against the baseline that this comes from: -0.5.
    pub than_baseline: Option<Decimal>,
    /// As the file says it: "≤ 4h".
    pub said: String,
}

/// How a figure stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is what it shall be.
    Met,
    /// It is not.
    Missed,
    /// Nobody said what it shall be.
    NoTarget,
    /// There is a target and nothing to judge: no cases, or none in the baseline.
    NoCases,
    /// It could not be computed.
    Failed,
}

impl Review {
    /// All its figures.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.sections.iter().flat_map(|section| &section.figures)
    }

    /// The figure of that name, of all or of a part: that of the first section that has it.
    #[must_use]
    pub fn figure(&self, name: &str, of: Option<&PartName>) -> Option<&Figure> {
        self.figures().find(|figure| figure.name == name && figure.of.as_ref() == of)
    }
}

impl Part {
    /// What it is called: people have names.
    #[must_use]
    pub fn shown(&self, locale: &str) -> &str {
        self.label.as_deref().unwrap_or_else(|| self.part.shown(locale))
    }
}

impl Target {
    /// How far a value is from it, in its unit; none: it is met. Without a value of the baseline it cannot be missed.
    #[must_use]
    pub fn shortfall(&self, value: Decimal) -> Option<Decimal> {
        let short =
            self.at_least.map(|least| least - value).into_iter().chain(self.at_most.map(|most| value - most)).max()?;
        (short > Decimal::ZERO).then_some(short)
    }
}
