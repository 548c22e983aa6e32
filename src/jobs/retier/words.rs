//! Reasons in words: what a customer's figures were, and what the conditions of the levels ask for.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use super::Ladder;
use super::found::{Cuts, Sample};
use crate::filter::{Comparison, field};
use crate::jobs::layout;

pub(super) struct Words<'a> {
    ladder: &'a Ladder,
    cuts: &'a Cuts,
    /// The comparisons of all levels, from the top, as `held` in a reason lists them.
    comparisons: Vec<Comparison<'a>>,
}

impl<'a> Words<'a> {
    pub fn new(ladder: &'a Ladder, cuts: &'a Cuts) -> Self {
        Self { ladder, cuts, comparisons: ladder.evidence().into_comparisons() }
    }

    /// "spend 2,310.00 (top 20% begins at 2,059.45), repurchase rate 67% (at least 60%)"
    ///
    /// Who fell is told which conditions of the level before do not hold, who rose which of the new level do. A first
    /// level at the end of the ladder is explained by what the level above it asks for.
    pub fn reason(&self, sample: &Sample) -> String {
        let to = self.ladder.place(&sample.to);
        let from = sample.from.as_deref().and_then(|from| self.ladder.place(from));
        let last = self.ladder.levels().len() - 1;
        let (level, wanted) = match (from, to) {
            (Some(from), Some(to)) if from < to => (from, false),
            (_, Some(to)) if to == last => (last - 1, false),
            (_, Some(to)) => (to, true),
            (_, None) => return String::new(),
        };
        let of_level = self.comparisons.iter().enumerate().filter(|(_, comparison)| comparison.filter == level);
        let told: Vec<_> = of_level.map(|(at, comparison)| (self.held(sample, at), comparison)).collect();
        let fits = |held: Option<bool>, comparison: &Comparison<'_>| (held == Some(true)) != comparison.negated;
        let fitting: Vec<_> = told.iter().filter(|(held, comparison)| fits(*held, comparison) == wanted).collect();
        // a nested group can fail although every single comparison fits: then all are told
        let chosen = if fitting.is_empty() { told.iter().collect() } else { fitting };
        chosen.into_iter().map(|(held, comparison)| self.told(sample, *held, comparison)).collect::<Vec<_>>().join(", ")
    }

    fn held(&self, sample: &Sample, at: usize) -> Option<bool> {
        sample.reason.get("held")?.get(at)?.as_bool()
    }

    fn told(&self, sample: &Sample, held: Option<bool>, comparison: &Comparison<'_>) -> String {
        let subject = comparison.subject.replace('_', " ");
        let asked = comparison.asked.strip_prefix("is ").unwrap_or(&comparison.asked);
        let figure = comparison.figure.as_deref().and_then(|figure| sample.reason.get("facts")?.get(figure));
        match (figure, held) {
            (_, None) => format!("{subject} is missing ({asked} is asked for)"),
            (None, Some(true)) => format!("{subject} {}", comparison.asked),
            (None, Some(false)) => format!("not: {subject} {}", comparison.asked),
            (Some(figure), Some(held)) => {
                let rest = match (comparison.share.as_deref(), held) {
                    (Some(share), held) => self.ranked(comparison, share, held),
                    (None, true) => asked.to_owned(),
                    (None, false) => format!("not {asked}"),
                };
                format!("{subject} {} ({rest})", shown(figure, comparison.kind))
            }
        }
    }

    fn ranked(&self, comparison: &Comparison<'_>, share: &str, held: bool) -> String {
        let cut = comparison.figure.as_ref().and_then(|figure| self.cuts.get(figure)?.get(share)?.as_deref());
        match (cut.map(|cut| shown(&Value::from(cut), comparison.kind)), held) {
            (Some(cut), true) => format!("top {share} begins at {cut}"),
            (Some(cut), false) => format!("below the top {share}, which begins at {cut}"),
            (None, _) => format!("nobody is in the top {share}"),
        }
    }

    /// "spend, top 20%: from 2,059.45 on"
    pub fn cuts(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (figure, shares) in self.cuts {
            let kind =
                self.comparisons.iter().find(|known| known.figure.as_ref() == Some(figure)).map(|known| known.kind);
            for (share, cut) in shares {
                let from = cut.as_ref().map_or_else(
                    || "nobody was ranked".to_owned(),
                    |cut| format!("from {} on", shown(&Value::from(cut.as_str()), kind.unwrap_or(field::Kind::Number))),
                );
                lines.push(format!("{}, top {share}: {from}", figure.replace('_', " ")));
            }
        }
        lines
    }

    /// What the figures mean that the ladder looks at: the field's name and its definition.
    pub fn definitions(&self) -> BTreeMap<&'static str, &'static str> {
        let with_figure = self.comparisons.iter().filter(|comparison| comparison.figure.is_some());
        with_figure.filter_map(|comparison| comparison.field).map(|field| (field.name, field.doc)).collect()
    }
}

/// A figure for people: amounts with two decimals, shares as percentages.
fn shown(value: &Value, kind: field::Kind) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let Ok(mut number) = text.parse::<Decimal>() else { return text };
    match kind {
        field::Kind::Share => format!("{}%", layout::decimal((number * Decimal::ONE_HUNDRED).round_dp(1).normalize())),
        field::Kind::Days => format!("{number} days"),
        field::Kind::Number => {
            number.rescale(2);
            layout::decimal(number)
        }
        _ => layout::decimal(number),
    }
}
