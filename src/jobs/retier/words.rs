//! Reasons in words: what a customer's figures were, and what the conditions of the levels ask for.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

use super::Ladder;
use super::found::{Cuts, CutsBefore, Sample};
use super::near::{Near, Neighbour};
use crate::filter::{Comparison, field};
use crate::jobs::layout;
use crate::jobs::missing::{self, Missing};

pub(super) struct Words<'a> {
    ladder: &'a Ladder,
    cuts: &'a Cuts,
    zone: Tz,
    /// The comparisons of all levels, from the top, as `held` in a reason lists them.
    comparisons: Vec<Comparison<'a>>,
}

/// Where a rank begins, in words.
#[derive(Debug, Serialize)]
pub(super) struct Cut {
    /// "spend, top 20%"
    pub rank: String,
    /// From which value on; none when nobody was ranked.
    pub now: Option<String>,
    /// The same at the run before.
    pub was: Option<String>,
    /// "+20.48"; none when it has not moved or cannot be told.
    pub moved: Option<String>,
}

impl<'a> Words<'a> {
    pub fn new(ladder: &'a Ladder, cuts: &'a Cuts, zone: Tz) -> Self {
        Self { ladder, cuts, zone, comparisons: ladder.evidence().into_comparisons() }
    }

    /// "spend 2,310.00 (top 20% begins at 2,059.45), repurchase rate 67% (at least 60%)"
    ///
    /// Who fell is told which conditions of the level before do not hold, who rose which of the new level do. A first
    /// level at the end of the ladder is explained by what the level above it asks for.
    pub fn reason(&self, sample: &Sample) -> String {
        let beside = self.beside(sample);
        if sample.reason.pointer("/stability/override").is_some() {
            return beside.join(", ");
        }
        let mut parts = vec![self.conditions(sample)];
        parts.extend(beside);
        parts.join(", ")
    }

    /// What decided beside the conditions of `when` (`stability` in a reason, see tend.ladder_state.reason).
    fn beside(&self, sample: &Sample) -> Vec<String> {
        let said = |key: &str| sample.reason.get("stability")?.get(key)?.as_str();
        let local = |key: &str, format: &str| {
            let instant: Option<DateTime<Utc>> = said(key).and_then(|text| text.parse().ok());
            instant.map(|at| at.with_timezone(&self.zone).format(format).to_string())
        };
        let mut parts = Vec::new();
        // the instant: at midnight the day before is the last one
        if let Some(until) = local("until", "%Y-%m-%d %H:%M") {
            parts.push(format!("{} by hand until {until}", sample.to));
        }
        if let Some(due) = said("due") {
            parts.push(format!("the conditions ask for {due}"));
        }
        if sample.reason.pointer("/stability/one_level").is_some() {
            parts.push("falls one level at a time".to_owned());
        }
        if let Some(since) = local("since", "%Y-%m-%d") {
            parts.push(format!("a lower level has been due since {since}"));
        }
        match said("by") {
            Some("keep") => parts.push(format!("stays on {} by its `keep`", sample.to)),
            Some("margin") => parts.push(format!("stays on {} by the margin", sample.to)),
            _ => {}
        }
        parts
    }

    fn conditions(&self, sample: &Sample) -> String {
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
        let told: Vec<_> = of_level.map(|(at, comparison)| (held(&sample.reason, at), comparison)).collect();
        let fits = |held: Option<bool>, comparison: &Comparison<'_>| (held == Some(true)) != comparison.negated;
        let fitting: Vec<_> = told.iter().filter(|(held, comparison)| fits(*held, comparison) == wanted).collect();
        // a nested group can fail although every single comparison fits: then all are told
        let chosen = if fitting.is_empty() { told.iter().collect() } else { fitting };
        chosen
            .into_iter()
            .map(|(held, comparison)| self.told(&sample.reason, *held, comparison))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn told(&self, reason: &Value, held: Option<bool>, comparison: &Comparison<'_>) -> String {
        let subject = comparison.subject.replace('_', " ");
        let figure = comparison.figure.as_deref().and_then(|figure| reason.get("facts")?.get(figure));
        match (figure, held) {
            (_, None) => {
                let asked = comparison.asked.strip_prefix("is ").unwrap_or(&comparison.asked);
                format!("{subject} is missing ({asked} is asked for)")
            }
            (None, Some(true)) => format!("{subject} {}", comparison.asked),
            (None, Some(false)) => format!("not: {subject} {}", comparison.asked),
            (Some(figure), Some(held)) => {
                let rest = match (comparison.share.as_deref(), held) {
                    (Some(share), held) => self.ranked(comparison, share, held),
                    (None, true) => comparison.briefly().to_owned(),
                    (None, false) => format!("not {}", comparison.briefly()),
                };
                format!("{subject} {} ({rest})", self.figure(figure, comparison.kind))
            }
        }
    }

    /// A figure for people; instants by the clock of the job: "2025-05-19 16:33".
    fn figure(&self, figure: &Value, kind: field::Kind) -> String {
        let instant = match kind {
            field::Kind::Instant => figure.as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok()),
            _ => None,
        };
        instant
            .map_or_else(|| shown(figure, kind), |at| at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M").to_string())
    }

    fn ranked(&self, comparison: &Comparison<'_>, share: &str, held: bool) -> String {
        let cut = comparison.figure.as_ref().and_then(|figure| self.cuts.get(figure)?.get(share)?.as_deref());
        match (cut.map(|cut| shown(&Value::from(cut), comparison.kind)), held) {
            (Some(cut), true) => format!("top {share} begins at {cut}"),
            (Some(cut), false) => format!("below the top {share}, which begins at {cut}"),
            (None, _) => format!("nobody is in the top {share}"),
        }
    }

    /// "spend, top 20%: from 2,059.45 on", with where it was at the run before.
    pub fn cuts(&self, before: Option<&CutsBefore>) -> Vec<Cut> {
        let mut cuts = Vec::new();
        for (figure, shares) in self.cuts {
            let kind = self.comparisons.iter().find(|known| known.figure.as_ref() == Some(figure));
            let kind = kind.map_or(field::Kind::Number, |known| known.kind);
            for (share, now) in shares {
                let was = before.and_then(|before| before.cuts.get(figure)?.get(share)).and_then(Option::as_deref);
                let moved = now.as_deref().zip(was).and_then(|(now, was)| {
                    let moved = Decimal::from_str(now).ok()? - Decimal::from_str(was).ok()?;
                    let sign = if moved.is_sign_negative() { "−" } else { "+" };
                    (!moved.is_zero()).then(|| format!("{sign}{}", gap(moved.abs(), kind)))
                });
                let value = |cut: &str| shown(&Value::from(cut), kind);
                cuts.push(Cut {
                    rank: format!("{}, top {share}", figure.replace('_', " ")),
                    now: now.as_deref().map(value),
                    was: was.map(value),
                    moved,
                });
            }
        }
        cuts
    }

    /// "high: spend is among the top 20%, which begins at 1,190.48"; where not everybody was looked at, with among whom.
    pub fn edge(&self, near: &Near) -> String {
        let first = &self.comparisons[near.comparisons[0]];
        let mut levels: Vec<&str> = near.comparisons.iter().map(|at| self.level_of(*at)).collect();
        levels.dedup();
        let begins = match &first.share {
            Some(_) => format!(", which begins at {}", shown(&json!(near.edge.value), first.kind)),
            None => String::new(),
        };
        let among = near.among.map(|most| format!(" (of the {} who spent most)", layout::count(most.into())));
        let subject = first.subject.replace('_', " ");
        format!("{}: {subject} {}{begins}{}", levels.join(", "), first.asked, among.unwrap_or_default())
    }

    fn level_of(&self, comparison: usize) -> &str {
        &self.ladder.levels()[self.comparisons[comparison].filter].title
    }

    /// "1,133.89 (56.59 short), would rise to high"
    pub fn neighbour(&self, near: &Near, customer: &Neighbour, holds: bool) -> String {
        let first = &self.comparisons[near.comparisons[0]];
        let away = near.distance(customer);
        let distance = match (away.is_zero(), holds, near.edge.holds_above, first.kind) {
            (true, ..) => "exactly there".to_owned(),
            (_, true, ..) => format!("{} to spare", gap(away, first.kind)),
            (_, _, true, _) => format!("{} short", gap(away, first.kind)),
            (.., field::Kind::Count | field::Kind::Days) => format!("{} too many", gap(away, first.kind)),
            _ => format!("{} too much", gap(away, first.kind)),
        };
        let value = shown(&json!(customer.value), first.kind);
        format!("{value} ({distance}){}", self.prospect(near, customer, holds))
    }

    /// What would become of a customer on the other side of an edge.
    fn prospect(&self, near: &Near, customer: &Neighbour, holds: bool) -> String {
        let title = |place: usize| &self.ladder.levels()[place].title;
        match (customer.would, holds) {
            (Some(level), true) => return format!(", else due for {}", title(level)),
            (Some(level), false) => return format!(", would rise to {}", title(level)),
            (None, true) => return String::new(),
            (None, false) => {}
        }
        let level = self.comparisons[near.comparisons[0]].filter;
        let stands = customer.level.as_deref().and_then(|stands| self.ladder.place(stands));
        if let Some(stands) = stands.filter(|stands| *stands <= level) {
            return format!(", is {} already", title(stands));
        }
        let lacking = self.comparisons.iter().enumerate().filter(|(at, other)| {
            let held = held(&customer.reason, *at) == Some(true);
            other.filter == level && !near.comparisons.contains(at) && held == other.negated
        });
        let lacking: Vec<_> =
            lacking.map(|(at, other)| self.told(&customer.reason, held(&customer.reason, at), other)).collect();
        if lacking.is_empty() { String::new() } else { format!("; besides: {}", lacking.join(", ")) }
    }

    /// The values that customers lack, by how many lack one for each condition.
    pub fn missing(&self, lacking: &BTreeMap<String, i64>) -> Vec<Missing> {
        missing::once(self.comparisons.iter().map(|comparison| {
            let words = format!("{} {}", comparison.subject, comparison.asked);
            let customers = lacking.get(&words).copied().unwrap_or(0);
            (comparison.subject.clone(), words, customers)
        }))
    }

    /// What the figures mean that the ladder looks at: the field's name and its definition.
    pub fn definitions(&self) -> BTreeMap<&'static str, &'static str> {
        let with_figure = self.comparisons.iter().filter(|comparison| comparison.figure.is_some());
        with_figure.filter_map(|comparison| comparison.field).map(|field| (field.name, field.doc)).collect()
    }
}

/// How a comparison came out, by a reason.
fn held(reason: &Value, at: usize) -> Option<bool> {
    reason.get("held")?.get(at)?.as_bool()
}

/// A difference for people: of shares in points.
fn gap(away: Decimal, kind: field::Kind) -> String {
    match kind {
        field::Kind::Share => {
            format!("{} points", layout::decimal((away * Decimal::ONE_HUNDRED).round_dp(1).normalize()))
        }
        _ => shown(&json!(away), kind),
    }
}

/// A figure for people: amounts with two decimals, shares as percentages.
fn shown(value: &Value, kind: field::Kind) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let Ok(mut number) = text.parse::<Decimal>() else { return text };
    match kind {
        field::Kind::Share => format!("{}%", layout::decimal((number * Decimal::ONE_HUNDRED).round_dp(1).normalize())),
        field::Kind::Days | field::Kind::Count => {
            let number = number.normalize();
            match kind {
                field::Kind::Days => format!("{number} day{}", if number == Decimal::ONE { "" } else { "s" }),
                _ => layout::decimal(number),
            }
        }
        field::Kind::Number => {
            number.rescale(2);
            layout::decimal(number)
        }
        _ => layout::decimal(number),
    }
}
