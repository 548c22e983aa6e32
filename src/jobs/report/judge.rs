//! From what was measured to figures: verdicts against targets, what weighs most, the order. Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::catalogue::{Aggregate, Better, Entry};
use super::review::{Figure, Measured, Part, PartName, Section, Target, Verdict};

/// What was measured of a figure in a period: the whole, and its parts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// Of all; none: there were no cases.
    pub whole: Option<Measured>,
    /// Of each part.
    pub parts: BTreeMap<PartName, Measured>,
}

/// What a file says a figure shall be.
#[derive(Debug, Clone, PartialEq)]
pub struct Aim {
    /// Which figure.
    pub figure: String,
    /// Of which part; none: of all.
    pub of: Option<PartName>,
    /// How much.
    pub bound: Bound,
    /// As the file says it.
    pub said: String,
    /// How much a miss weighs against that of others.
    pub weight: Decimal,
}

/// How much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// At least.
    AtLeast(Decimal),
    /// At most.
    AtMost(Decimal),
    /// A change against the baseline: -0.5.
    Change(Decimal),
}

/// The figure's periods as they were measured.
#[derive(Debug)]
pub struct Measurements<'m> {
    /// The period.
    pub now: &'m Rows,
    /// The one before.
    pub before: &'m Rows,
    /// The baseline; none: nobody asks.
    pub baseline: Option<&'m Rows>,
}

/// Contributors shown.
const HEAVIEST: usize = 3;

impl Rows {
    fn of(&self, entry: &Entry, part: Option<&PartName>) -> Measured {
        let found = match part {
            None => self.whole,
            Some(part) => self.parts.get(part).copied(),
        };
        found.unwrap_or(Measured { value: entry.of_nothing(), hits: None, cases: 0 })
    }
}

/// A figure, of all or of the part its aim is about. `per`: by what the file wants it parted; `few`: fewer cases are marked.
#[must_use]
pub fn figure(entry: &Entry, measured: &Measurements<'_>, aim: Option<&Aim>, per: Option<&str>, few: i64) -> Figure {
    let of = aim.and_then(|aim| aim.of.as_ref());
    let [now, before] = [measured.now, measured.before].map(|rows| rows.of(entry, of));
    let baseline = measured.baseline.map(|rows| rows.of(entry, of));
    let target = aim.map(|aim| target(aim, entry, baseline));
    let parts = |by: &str| parts(entry, measured, target.as_ref(), by, few);
    let verdict = verdict(target.as_ref(), &now);
    let missed = verdict == Verdict::Missed && of.is_none();
    let weight = match (&target, now.value, aim) {
        (Some(target), Some(value), Some(aim)) => relative(target, value) * aim.weight,
        _ => Decimal::ZERO,
    };
    let by = per.into_iter().chain(entry.by.iter().copied());
    let contributors =
        by.map(parts).find_map(|parts| missed.then(|| heaviest(parts)).filter(|heavy| !heavy.is_empty()));
    Figure {
        name: entry.name.to_owned(),
        title: entry.title.clone(),
        of: of.cloned(),
        definition: entry.definition.clone(),
        unit: entry.unit,
        better: entry.better,
        now,
        before,
        baseline,
        change: now.value.zip(before.value).map(|(now, before)| now - before),
        verdict,
        weight,
        is_small: entry.is_small(now.cases, few),
        contributors: contributors.unwrap_or_default(),
        per: per.filter(|_| of.is_none()).map(str::to_owned),
        parts: per.filter(|_| of.is_none()).map(parts).unwrap_or_default(),
        target,
        failed: None,
    }
}

/// A figure that could not be computed.
#[must_use]
pub fn failed(entry: &Entry, aim: Option<&Aim>, why: String) -> Figure {
    let none = Measurements { now: &Rows::default(), before: &Rows::default(), baseline: None };
    let nothing = Measured::default();
    let verdict = Verdict::Failed;
    Figure {
        now: nothing,
        before: nothing,
        change: None,
        verdict,
        failed: Some(why),
        ..figure(entry, &none, aim, None, 0)
    }
}

/// Puts what missed its target first: the heaviest first, what rests on few cases behind the others; then what failed.
pub fn sort(section: &mut Section) {
    section.figures.sort_by_key(|figure| {
        let rank = match figure.verdict {
            Verdict::Missed => i32::from(figure.is_small),
            Verdict::Failed => 2,
            Verdict::Met | Verdict::NoTarget | Verdict::NoCases => 3,
        };
        (rank, std::cmp::Reverse(figure.weight))
    });
}

fn target(aim: &Aim, entry: &Entry, baseline: Option<Measured>) -> Target {
    let (at_least, at_most, than_baseline) = match aim.bound {
        Bound::AtLeast(value) => (Some(value), None, None),
        Bound::AtMost(value) => (None, Some(value), None),
        Bound::Change(change) => {
            let level = baseline.and_then(|baseline| baseline.value).map(|value| value * (Decimal::ONE + change));
            match entry.better {
                Better::Less => (None, level, Some(change)),
                // 45 % more than 98 % of all is all of them
                Better::More | Better::Neither => {
                    let most = entry.unit.most();
                    (level.map(|level| most.map_or(level, |most| level.min(most))), None, Some(change))
                }
            }
        }
    };
    Target { at_least, at_most, than_baseline, said: aim.said.clone() }
}

fn verdict(target: Option<&Target>, now: &Measured) -> Verdict {
    match (target, now.value) {
        (None, _) => Verdict::NoTarget,
        (Some(target), Some(value)) if target.at_least.is_some() || target.at_most.is_some() => {
            if target.shortfall(value).is_some() { Verdict::Missed } else { Verdict::Met }
        }
        (Some(_), _) => Verdict::NoCases,
    }
}

/// How far a value is from its target, as a share of that; of a target of nothing, the distance itself.
fn relative(target: &Target, value: Decimal) -> Decimal {
    let goal = target.at_least.or(target.at_most).unwrap_or_default().abs();
    let short = target.shortfall(value).unwrap_or_default();
    if goal.is_zero() { short } else { short / goal }
}

/// The parts by one trait, most cases first.
fn parts(entry: &Entry, measured: &Measurements<'_>, target: Option<&Target>, by: &str, few: i64) -> Vec<Part> {
    let mut names: Vec<&PartName> = [measured.now, measured.before].iter().flat_map(|rows| rows.parts.keys()).collect();
    names.retain(|name| name.by == by);
    names.sort();
    names.dedup();
    let part = |name: &PartName| {
        let [now, before] = [measured.now, measured.before].map(|rows| rows.of(entry, Some(name)));
        let weight = target.map_or(Decimal::ZERO, |target| weight(entry, target, &now, &before));
        Part { part: name.clone(), label: None, now, before, weight, is_small: entry.is_small(now.cases, few) }
    };
    let mut parts: Vec<Part> = names.into_iter().map(part).collect();
    parts.sort_by_key(|part| std::cmp::Reverse((part.now.cases, part.before.cases)));
    parts
}

/// What a part does to the target of the whole.
fn weight(entry: &Entry, target: &Target, now: &Measured, before: &Measured) -> Decimal {
    let Some(value) = now.value else { return Decimal::ZERO };
    match entry.aggregate {
        // no part of an amount has to reach the target of the whole
        Aggregate::Sum | Aggregate::Count if target.at_least.is_some() => {
            (before.value.unwrap_or_default() - value).max(Decimal::ZERO)
        }
        Aggregate::Sum | Aggregate::Count => value,
        Aggregate::Mean | Aggregate::Median | Aggregate::P90 => {
            target.shortfall(value).unwrap_or_default() * Decimal::from(now.cases)
        }
    }
}

/// The heaviest; none where there is nothing to tell apart.
fn heaviest(mut parts: Vec<Part>) -> Vec<Part> {
    if parts.len() < 2 {
        return Vec::new();
    }
    parts.retain(|part| part.weight > Decimal::ZERO);
    parts.sort_by_key(|part| std::cmp::Reverse(part.weight));
    parts.truncate(HEAVIEST);
    parts
}
