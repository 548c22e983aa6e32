//! What a decision rests on: how every comparison came out, and the figures that were looked at.
//!
//! Figures are facts about orders and levels of ladders. The customer's own fields and attributes are looked at but
//! never copied: a reason is kept for years, a name or an address is not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Filter;
use super::compose::Composer;
use super::emit::Emit;
use super::facts::{self, Kept, Rank};
use super::field::{Field, Kind, Source};
use super::leaf::{Leaf, Subject};
use crate::jobfile::duration::Span;

/// The comparisons of several conditions, in their order.
#[derive(Debug)]
pub struct Evidence<'f> {
    comparisons: Vec<Comparison<'f>>,
}

/// One comparison, for people.
#[derive(Debug)]
pub struct Comparison<'f> {
    /// Which of the conditions it belongs to.
    pub filter: usize,
    /// Stands below `none`: it is in the way when it holds.
    pub negated: bool,
    /// The field it looks at, when it looks at one.
    pub field: Option<&'static Field>,
    /// What it looks at holds.
    pub kind: Kind,
    /// What it looks at, with its window unless that is the file's: "spend", "spend in 90d".
    pub subject: String,
    /// What it asks for: "is at least 60%".
    pub asked: String,
    /// For ranks: "20%".
    pub share: Option<String>,
    /// The name of its figure, when it has one.
    pub figure: Option<String>,
    pub(super) leaf: &'f Leaf,
}

impl<'f> Evidence<'f> {
    /// Of several conditions of a file with that window.
    pub fn of(filters: impl IntoIterator<Item = &'f Filter>, window: Span) -> Self {
        let mut comparisons = Vec::new();
        for (at, filter) in filters.into_iter().enumerate() {
            collect(filter, false, &mut |leaf, negated| comparisons.push(Comparison::new(at, leaf, negated, window)));
        }
        Self { comparisons }
    }

    /// The comparisons, in the order of `held`.
    #[must_use]
    pub fn into_comparisons(self) -> Vec<Comparison<'f>> {
        self.comparisons
    }

    /// The ranks, each with its figure and its share in words.
    pub fn ranks(&self) -> impl Iterator<Item = (Rank, &str, &str)> {
        self.comparisons.iter().filter_map(|comparison| {
            let rank = Rank::of(comparison.leaf)?;
            Some((rank, comparison.figure.as_deref()?, comparison.share.as_deref()?))
        })
    }

    /// What each comparison says.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.comparisons.iter().map(|comparison| format!("{} {}", comparison.subject, comparison.asked)).collect()
    }

    /// The figures, each with a comparison that looks at it.
    fn figures(&self) -> Vec<(&str, &Leaf)> {
        let named =
            self.comparisons.iter().filter_map(|comparison| Some((comparison.figure.as_deref()?, comparison.leaf)));
        named.collect::<BTreeMap<_, _>>().into_iter().collect()
    }
}

/// Visits the comparisons in the order of the file; those below an odd number of `none` are negated.
fn collect<'f>(filter: &'f Filter, negated: bool, visit: &mut impl FnMut(&'f Leaf, bool)) {
    match filter {
        Filter::All(inner) | Filter::Any(inner) | Filter::One(inner) => {
            inner.iter().for_each(|filter| collect(filter, negated, visit))
        }
        Filter::None(inner) => inner.iter().for_each(|filter| collect(filter, !negated, visit)),
        Filter::Segment { inner, .. } => collect(inner, negated, visit),
        Filter::Leaf(leaf) => visit(leaf, negated),
    }
}

impl<'f> Comparison<'f> {
    /// What it asks for, to stand behind a figure: "at least 60%", but "is 3".
    #[must_use]
    pub fn briefly(&self) -> &str {
        let bare = self.asked.strip_prefix("is ").filter(|_| self.leaf.operator.name != "is");
        bare.unwrap_or(&self.asked)
    }

    fn new(filter: usize, leaf: &'f Leaf, negated: bool, own: Span) -> Self {
        let (field, has_figure) = match &leaf.subject {
            Subject::Field { field, .. } => (Some(*field), !matches!(field.source, Source::Customer(_))),
            Subject::Attribute(_) => (None, false),
            Subject::Event(_) | Subject::Ladder { .. } => (None, true),
            Subject::Size(_) | Subject::Standing(_) => (None, false),
        };
        let subject = leaf.figure(Some(own));
        Self {
            filter,
            negated,
            field,
            kind: leaf.subject.kind(),
            figure: has_figure.then(|| subject.clone()),
            subject,
            asked: leaf.demand(),
            share: leaf.share(),
            leaf,
        }
    }
}

impl Composer {
    /// Fills three slots with what the conditions rest on.
    ///
    /// `columns`, in a select list over `c` and the facts: the figures as `figure_1` and so on, then, to be named `held`
    /// by the template, an array with true, false or null (a value was missing) for each comparison. `figures`, over those columns: them by name, as `jsonb`.
    /// `cuts`, an aggregate over those columns: figure → share → lowest value still in, as `jsonb`.
    #[must_use]
    pub fn evidence(self, columns: &str, figures: &str, cuts: &str, evidence: &Evidence<'_>) -> Self {
        let named = evidence.figures();
        self.outcomes(columns, figures, evidence).fill_with(cuts, |emit| cuts_sql(emit, evidence, &named))
    }

    /// Fills the first two of these alone.
    #[must_use]
    pub fn outcomes(self, columns: &str, figures: &str, evidence: &Evidence<'_>) -> Self {
        let named = evidence.figures();
        self.fill_with(columns, |emit| columns_sql(emit, evidence, &named)).fill_with(figures, |emit| {
            objects(named.iter().zip(1..).map(|((name, _), place)| (emit.text(name), format!("figure_{place}"))))
        })
    }
}

fn columns_sql(emit: &mut Emit, evidence: &Evidence<'_>, figures: &[(&str, &Leaf)]) -> String {
    let outcomes = evidence.comparisons.iter().map(|comparison| {
        let held = comparison.leaf.sql(emit);
        match comparison.leaf.missing_sql(emit) {
            Some(missing) => format!("case when {missing} then null else {held} end"),
            None => held,
        }
    });
    let held = format!("array[{}]::boolean[]", outcomes.collect::<Vec<_>>().join(", "));
    let mut sql = String::new();
    for ((_, leaf), place) in figures.iter().zip(1..) {
        let _ = write!(sql, "{} as figure_{place}, ", leaf.value(emit));
    }
    sql + &held
}

fn cuts_sql(emit: &mut Emit, evidence: &Evidence<'_>, figures: &[(&str, &Leaf)]) -> String {
    if let Some(Kept::Touched(known)) = emit.kept.clone() {
        let mut cuts: BTreeMap<&str, BTreeMap<&str, Option<String>>> = BTreeMap::new();
        for (rank, figure, share) in evidence.ranks() {
            cuts.entry(figure).or_default().insert(share, known.get(&rank).cloned().flatten());
        }
        let cuts = serde_json::to_string(&cuts).expect("texts become JSON");
        return format!("{}::jsonb", emit.text(&cuts));
    }
    let mut cuts: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for (comparison, held) in evidence.comparisons.iter().zip(1..) {
        let (Some(figure), Some(share)) = (comparison.figure.as_deref(), comparison.share.as_deref()) else { continue };
        let place = figures.iter().position(|(name, _)| *name == figure).map_or(0, |at| at + 1);
        let lowest = match comparison.leaf.cut {
            Some(cut) => format!("{}::text", emit.number(cut)),
            None => {
                let lowest = format!("min(figure_{place}) filter (where held[{held}])");
                facts::written(comparison.field.map_or("", |field| field.name), &lowest)
            }
        };
        cuts.entry(figure).or_default().insert(share, lowest);
    }
    let shares: Vec<_> = cuts
        .into_iter()
        .map(|(figure, shares)| {
            let shares: Vec<_> = shares.into_iter().map(|(share, lowest)| (emit.text(share), lowest)).collect();
            (emit.text(figure), objects(shares))
        })
        .collect();
    objects(shares)
}

/// A `jsonb` object; in pieces, since a function takes at most 100 arguments.
fn objects(pairs: impl IntoIterator<Item = (String, String)>) -> String {
    let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{key}, {value}")).collect();
    let pieces: Vec<_> = pairs.chunks(40).map(|pairs| format!("jsonb_build_object({})", pairs.join(", "))).collect();
    if pieces.is_empty() { "'{}'::jsonb".to_owned() } else { format!("({})", pieces.join(" || ")) }
}
