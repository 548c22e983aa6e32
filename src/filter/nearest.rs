//! Who is nearest to where a comparison changes sides: the cut of a rank, or the figure a condition names.

use rust_decimal::Decimal;

use super::compose::Composer;
use super::emit::Emit;
use super::evidence::Comparison;
use super::facts::{self, Kept};
use super::field::{Kind, Source};
use super::leaf::Subject;
use super::operand::Scalar;
use crate::jobfile::duration::Span;

/// Where a comparison of a fact about orders changes sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    window: Option<Span>,
    column: &'static str,
    /// The figure at which it does.
    pub value: Decimal,
    /// The comparison holds for more, not for less.
    pub holds_above: bool,
    /// The figure itself belongs to the upper side.
    at_upper: bool,
}

impl Comparison<'_> {
    /// Where it changes sides, when it compares a fact with one figure; `cut` is that of a rank.
    #[must_use]
    pub fn edge(&self, cut: Option<Decimal>) -> Option<Edge> {
        let Subject::Field { field, window } = &self.leaf.subject else { return None };
        let column = match field.source {
            Source::Windowed { column, .. } if OWN.contains(&column) => column,
            Source::Ever(column) if field.kind == Kind::Days => column,
            _ => return None,
        };
        let (holds_above, at_upper) = match self.leaf.operator.name {
            "top" | "at_least" => (true, true),
            "above" => (true, false),
            "below" => (false, true),
            "at_most" => (false, false),
            _ => return None,
        };
        let value = match (self.leaf.operator.name, self.leaf.operand.first()?) {
            ("top", _) => cut?,
            (_, Scalar::Number(number)) => *number,
            _ => return None,
        };
        Some(Edge { window: *window, column, value, holds_above, at_upper })
    }
}

impl Edge {
    /// Whether an index over kept facts finds who is near it.
    fn has_index(&self) -> bool {
        matches!(self.column, DAYS | "spend")
    }

    /// Among how many of those who spent most in the window [`Composer::nearest`] looks for who is near it; none: among
    /// everybody.
    #[must_use]
    pub fn among(&self, kept: &Kept) -> Option<u32> {
        (matches!(kept, Kept::Touched(_)) && !self.has_index()).then_some(FOREMOST)
    }
}

impl Composer {
    /// Fills a slot with a query: the customers nearest to each of the edges, at most `each` on either side, as (edge,
    /// upper, customer_id, value). Behind [`Composer::facts`], which must offer the windows. Among whom
    /// those are looked for [`Edge::among`] tells.
    #[must_use]
    pub fn nearest(self, slot: &str, edges: &[Edge], each: u32) -> Self {
        self.fill_with(slot, |emit| {
            let sides = edges
                .iter()
                .enumerate()
                .flat_map(|(at, edge)| [true, false].map(|upper| side(emit, at, edge, upper, each)));
            sides.collect::<Vec<_>>().join("\n    union all\n    ")
        })
    }
}

/// Where facts are kept, an index knows who spent how much and who ordered when. Who is nearest by another figure is
/// looked for among so many who spent most: everybody's figures would take longer than the night.
const FOREMOST: u32 = 2_000;

/// Those on one side of an edge. No window function: the nearest few are picked without sorting the others.
fn side(emit: &mut Emit, at: usize, edge: &Edge, upper: bool, each: u32) -> String {
    let mut facts = facts::everybody(emit, edge.window);
    if emit.looks_at_few() && !edge.has_index() {
        facts = format!(
            "(select p.* from {facts} p where p.orders > 0 order by p.spend desc, p.customer_id limit {FOREMOST})"
        );
    }
    let (by, bound, upper_sign) = bound(emit, edge);
    let lower_sign = if upper_sign == ">=" { "<" } else { "<=" };
    // fewer days are a later instant
    let later = (edge.column == DAYS) != upper;
    let (sign, order) = if later { (upper_sign, "asc") } else { (lower_sign, "desc") };
    // many share a rate or a number of orders: then those who spend most
    let ties = if edge.has_index() { "" } else { "p.spend desc, " };
    let bought = if edge.column == DAYS { "" } else { " and p.orders > 0" };
    format!(
        "(select {at} as edge, {upper} as upper, p.customer_id, p.{column}::numeric as value\
         \n     from {facts} p where {by} {sign} {bound}{bought} order by {by} {order}, {ties}p.customer_id limit {each})",
        column = edge.column,
    )
}

/// Figures that follow from the customer's own orders alone. Shares of everything and scores change with everybody's:
/// there is no figure to reach.
const OWN: [&str; 5] = ["spend", "orders", "repeat_orders", "repurchase_rate", "average_order"];

const DAYS: &str = "days_since_last_order";

/// What is compared with what: (column, bound, sign of the upper side). Days are compared as the instant they begin at,
/// which an index can serve.
fn bound(emit: &mut Emit, edge: &Edge) -> (String, String, &'static str) {
    if edge.column != DAYS {
        let sign = if edge.at_upper { ">=" } else { ">" };
        return (format!("p.{}", edge.column), emit.number(edge.value), sign);
    }
    let days = edge.value.round().try_into().unwrap_or(0_i64) - i64::from(edge.at_upper);
    let day = emit.frame.today() - chrono::TimeDelta::days(days);
    let start = emit.frame.start_of(day);
    ("p.last_order_at".to_owned(), emit.instant(start), ">=")
}
