//! Facts about customers' orders: the one place they are defined.
//!
//! An order counts when it is paid and was placed before the as-of. A window goes from exactly its length before the
//! as-of (included) up to the as-of (not included). An order is a repeat when the customer has an earlier one, ever;
//! so the repeats in a window are its orders less one if the first order ever lies in it. That needs no sorting: one
//! pass over the orders and one hash aggregate give the facts of every window.
//!
//! A rank is the share of the ranked customers who have strictly more, so that equal values rank equally. Ranked are
//! those who bought in the window, or all customers (those who bought nothing with 0, or behind everybody where they
//! have no value).

pub mod keep;
mod rank;
mod score;
pub mod track;
pub mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::compose::Frame;
use super::emit::Emit;
use super::event::Happened;
use super::field::Source;
use super::leaf::{Leaf, Subject};
use super::{Filter, event, field};
use crate::jobfile::duration::Span;

pub(super) use rank::written;
pub use rank::{Cuts, Kept, Rank, cuts, touch_between};

/// An amount of nothing, written as amounts are, however it came about.
pub(super) const NOTHING: &str = "0.00";

/// Who is ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Universe {
    /// Those with an order in the window.
    #[default]
    Buyers,
    /// All customers.
    All,
}

/// What is asked of one window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowNeeds {
    /// The share of all spend.
    pub contribution: bool,
    /// Columns that are ranked, and among whom.
    pub ranks: BTreeSet<(&'static str, Universe)>,
    /// Scores.
    pub scores: BTreeSet<&'static str>,
}

/// What conditions need of the facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// The windows, each with what is asked beyond its plain columns.
    pub windows: BTreeMap<Span, WindowNeeds>,
    /// Something that looks back without end: first and last order.
    pub history: bool,
    /// What is asked of the tables of events.
    pub(super) events: event::Asked,
}

impl Requirements {
    /// Of several conditions together.
    #[must_use]
    pub fn of<'f>(filters: impl IntoIterator<Item = &'f Filter>) -> Self {
        let mut needs = Self::default();
        for leaf in filters.into_iter().flat_map(Filter::leaves) {
            needs.add(leaf);
        }
        needs
    }

    /// The same with a window that is needed in any case.
    #[must_use]
    pub fn with_window(mut self, window: Span) -> Self {
        self.windows.entry(window).or_default();
        self
    }

    /// Nothing is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty() && !self.history && self.events.is_empty()
    }

    fn add(&mut self, leaf: &Leaf) {
        if let Subject::Event(happened) = &leaf.subject {
            let columns = self.events.entry(happened.event.name).or_default();
            columns.insert(happened.column(), (**happened).clone());
        }
        let Subject::Field { field, window } = &leaf.subject else { return };
        match (field.source, window) {
            (Source::Windowed { column, .. }, Some(window)) => {
                let needs = self.windows.entry(*window).or_default();
                needs.contribution |= column == "contribution";
                needs.scores.extend(score::find(column));
                if leaf.operator.name == "top" && leaf.cut.is_none() {
                    needs.ranks.insert((column, leaf.universe));
                }
            }
            (Source::Ever(_), _) => self.history = true,
            _ => {}
        }
    }

    /// What is asked of events: those of a customer matter to these conditions as far back as [`Happened::reach`].
    pub fn happened(&self) -> impl Iterator<Item = &Happened> {
        self.events.values().flat_map(|columns| columns.values())
    }

    /// The windows whose facts a statement with that frame looks at.
    #[must_use]
    pub fn windows_of(&self, frame: &Frame) -> Vec<Span> {
        self.relations(frame).into_iter().filter_map(|(window, _)| window).collect()
    }

    /// The relations to offer: each window, and one without window when only the history is asked for.
    fn relations(&self, frame: &Frame) -> Vec<(Option<Span>, WindowNeeds)> {
        let mut all: Vec<_> = self.windows.iter().map(|(window, needs)| (Some(*window), needs.clone())).collect();
        if let Some(own) = frame.window
            && self.history
            && !self.windows.contains_key(&own)
        {
            all.push((Some(own), WindowNeeds::default()));
        }
        if self.history && frame.window.is_none() {
            all.push((None, WindowNeeds::default()));
        }
        all
    }
}

/// Alias of a window's facts in slots.
pub(super) fn alias(frame: &Frame, window: Option<Span>) -> String {
    match window {
        None if frame.window.is_some() => "f".into(),
        None => "f_ever".into(),
        Some(window) if frame.window == Some(window) => "f".into(),
        Some(window) => format!("f_{window}"),
    }
}

/// Column of a rank.
pub(super) fn rank_column(column: &str, universe: Universe) -> String {
    match universe {
        Universe::Buyers => format!("{column}_above"),
        Universe::All => format!("{column}_above_all"),
    }
}

fn relation(window: Option<Span>) -> String {
    window.map_or_else(|| "fact_ever".into(), |window| format!("fact_{window}"))
}

/// What a window's facts are made of: the aggregates of all customers.
fn base(emit: &Emit, window: Option<Span>) -> String {
    match (emit.kept.is_some(), window) {
        (true, Some(window)) => format!("kept_{window}"),
        _ => "fact_base".into(),
    }
}

/// Everybody's facts of a window (none: of the file's own), as something to select from.
pub(super) fn everybody(emit: &mut Emit, window: Option<Span>) -> String {
    match (window.or(emit.frame.window), &emit.kept) {
        (Some(window), Some(Kept::Touched(_))) => format!("({})", facts_of_kept(emit, window, "")),
        (window, _) => relation(window),
    }
}

fn suffix(window: Option<Span>) -> String {
    window.map_or_else(String::new, |window| format!("_{window}"))
}

/// The orders that count, of everybody.
fn counted(emit: &mut Emit) -> String {
    format!("from crm.orders o where o.status = 'paid' and o.placed_at < {}", emit.as_of())
}

/// What is aggregated over a customer's orders.
fn aggregates(emit: &mut Emit, windows: &[Option<Span>]) -> String {
    let mut sql = "min(o.placed_at) as first_order_at, max(o.placed_at) as last_order_at".to_owned();
    for window in windows.iter().copied().flatten() {
        let start = emit.instant(emit.frame.as_of - window.as_delta());
        let _ = write!(
            sql,
            ",\n           coalesce(sum(o.amount) filter (where o.placed_at >= {start}), {NOTHING}) as spend_{window},\
             \n           count(*) filter (where o.placed_at >= {start}) as orders_{window}"
        );
    }
    sql
}

/// The columns of a window's facts, over the aggregates `b`.
fn columns(emit: &mut Emit, window: Option<Span>) -> String {
    let timezone = emit.frame.timezone.name().to_owned();
    let (zone, today) = (emit.text(&timezone), emit.date(emit.frame.today()));
    let mut sql = format!(
        "b.first_order_at, b.last_order_at,\n           \
         ({today} - (b.last_order_at at time zone {zone})::date) as days_since_last_order"
    );
    if let Some(window) = window {
        let start = emit.instant(emit.frame.as_of - window.as_delta());
        let (spend, orders) = (format!("b.spend_{window}"), format!("b.orders_{window}"));
        let repeats = format!("({orders} - (b.first_order_at >= {start})::integer)");
        let _ = write!(
            sql,
            ",\n           {spend} as spend, {orders} as orders, {repeats} as repeat_orders,\n           \
             {repeats}::numeric / nullif({orders}, 0) as repurchase_rate, {spend} / nullif({orders}, 0) as average_order"
        );
    }
    sql
}

/// The facts of all customers as CTEs, each ended by a comma.
pub(super) fn cte(emit: &mut Emit, needs: &Requirements) -> String {
    let relations = needs.relations(&emit.frame);
    if relations.is_empty() || emit.looks_at_few() {
        return String::new();
    }
    let windows: Vec<_> = relations.iter().map(|(window, _)| *window).collect();
    let mut sql = if emit.kept.is_some() {
        windows.iter().copied().flatten().map(|window| format!("kept_{window} as ({}\n),\n", kept(window))).collect()
    } else {
        format!(
            "fact_base as (\n    select o.customer_id, {}\n    {}\n    group by o.customer_id\n),\n",
            aggregates(emit, &windows),
            counted(emit)
        )
    };
    for (window, needs) in relations {
        let _ = write!(sql, "{} as (\n    {}\n),\n", relation(window), of_all(emit, window, &needs));
    }
    sql
}

/// The aggregates of a window as they are kept.
fn kept(window: Span) -> String {
    format!(
        "\n    select k.customer_id, k.first_order_at, k.last_order_at, k.spend as spend_{window}, k.orders as orders_{window}\
         \n    from tend.fact k\n    where k.span = '{window}'"
    )
}

/// One window's facts of all customers, over their aggregates.
fn of_all(emit: &mut Emit, window: Option<Span>, needs: &WindowNeeds) -> String {
    score::beside(ranked(emit, window, needs), &needs.scores)
}

/// With ranks and contribution.
fn ranked(emit: &mut Emit, window: Option<Span>, needs: &WindowNeeds) -> String {
    let base = base(emit, window);
    let plain = format!("select b.customer_id, {}\n    from {base} b", columns(emit, window));
    if !needs.contribution && needs.ranks.is_empty() {
        return plain;
    }
    let mut extra = String::new();
    let suffix = suffix(window);
    if needs.contribution {
        let _ =
            write!(extra, ",\n           p.spend / nullif((select sum(spend{suffix}) from {base}), 0) as contribution");
    }
    let population = needs.ranks.iter().any(|(_, universe)| *universe == Universe::All);
    // one number for the whole statement is cheaper than a second pass over the rows, where both are the same
    let buyers = if population {
        "nullif(count(*) filter (where p.orders > 0) over (), 0)".to_owned()
    } else {
        format!("(select nullif(count(*), 0) from {base} where orders{suffix} > 0)")
    };
    for (column, _) in needs.ranks.iter().filter(|(_, universe)| *universe == Universe::Buyers) {
        let _ = write!(
            extra,
            ",\n           case when p.orders > 0 then (rank() over (order by case when p.orders > 0 then {value} end desc nulls last) - 1)::numeric\
             \n                / {buyers} end as {name}",
            value = ranked_value(column),
            name = rank_column(column, Universe::Buyers),
        );
    }
    if !population {
        return format!("select p.*{extra}\n    from (\n    {plain}\n    ) p");
    }
    for (column, _) in needs.ranks.iter().filter(|(_, universe)| *universe == Universe::All) {
        let value =
            if is_zero(column) { format!("coalesce({}, 0)", ranked_value(column)) } else { ranked_value(column) };
        let _ = write!(
            extra,
            ",\n           case when {value} is not null then (rank() over (order by {value} desc nulls last) - 1)::numeric\
             \n                / (select nullif(count(*), 0) from crm.customer) end as {name}",
            name = rank_column(column, Universe::All),
        );
    }
    let listed = PLAIN_COLUMNS.iter().map(|column| format!("p.{column}")).collect::<Vec<_>>().join(", ");
    format!(
        "select everyone.customer_id, {listed}{extra}\n    from crm.customer everyone\n    left join (\n    {plain}\n    ) p on p.customer_id = everyone.customer_id"
    )
}

/// What every window has.
const PLAIN_COLUMNS: [&str; 8] = [
    "first_order_at",
    "last_order_at",
    "days_since_last_order",
    "spend",
    "orders",
    "repeat_orders",
    "repurchase_rate",
    "average_order",
];

/// Ranking by contribution is ranking by spend, and needs no total.
fn ranked_value(column: &str) -> String {
    if column == "contribution" { "p.spend".into() } else { format!("p.{column}") }
}

fn is_zero(column: &str) -> bool {
    field::find(column).is_some_and(|field| matches!(field.source, Source::Windowed { zero: true, .. }))
}

/// Joins of `c` to the facts of [`cte`]; of those looked at, to what is kept of them.
pub(super) fn joins(emit: &mut Emit, needs: &Requirements) -> String {
    let touched = emit.looks_at_few();
    let joins = needs.relations(&emit.frame).into_iter().map(|(window, _)| {
        let alias = alias(&emit.frame, window);
        match window {
            // `offset 0`: one look-up by key for each of the few, whatever the planner thinks of the table
            Some(window) if touched => {
                let facts = facts_of_kept(emit, window, "and k.customer_id = c.customer_id offset 0");
                format!("left join lateral (\n    {facts}\n) {alias} on true")
            }
            _ => format!("left join {} {alias} on {alias}.customer_id = c.customer_id", relation(window)),
        }
    });
    joins.collect::<Vec<_>>().join("\n")
}

/// The plain facts of a window over what is kept, of everybody or of whom `of` narrows it to.
fn facts_of_kept(emit: &mut Emit, window: Span, of: &str) -> String {
    format!("select b.customer_id, {}\n    from ({} {of}) b", columns(emit, Some(window)), kept(window))
}

/// Joins of `c` to the facts of a few customers.
pub(super) fn lateral(emit: &mut Emit, needs: &Requirements) -> String {
    let mut joins = Vec::new();
    for (window, needs) in needs.relations(&emit.frame) {
        let alias = alias(&emit.frame, window);
        let (aggregates, counted) = (aggregates(emit, &[window]), counted(emit));
        joins.push(if needs == WindowNeeds::default() {
            let columns = columns(emit, window);
            format!(
                "left join lateral (\n    select {columns}\n    from (select {aggregates}\n          {counted}\
                 \n            and o.customer_id = c.customer_id having count(*) > 0) b\n) {alias} on true"
            )
        } else {
            let facts = of_all(emit, window, &needs);
            format!(
                "left join (\n    with fact_base as (select o.customer_id, {aggregates}\n    {counted}\n    group by o.customer_id)\
                 \n    {facts}\n) {alias} on {alias}.customer_id = c.customer_id"
            )
        });
    }
    joins.join("\n")
}
