//! Who is nearest to where the conditions of a ladder change sides, and what would become of them on the other side.

use std::str::FromStr as _;

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgConnection;

use super::Ladder;
use super::found::{Cuts, Found};
use crate::engine::door::{JobError, Run};
use crate::filter::{self, Edge, Kept, Requirements, Tracking};
use crate::jobfile::duration::Span;

/// Customers told on either side of an edge.
pub(super) const TOLD: usize = 5;
/// Customers looked at on either side, among whom those are told first who would move.
const LOOKED_AT: u32 = 40;

/// An edge with those nearest to it.
#[derive(Debug)]
pub(super) struct Near {
    /// Where it is.
    pub edge: Edge,
    /// The comparisons that change sides there, by their place among those of the ladder.
    pub comparisons: Vec<usize>,
    /// For whom they do not hold.
    pub short: Vec<Neighbour>,
    /// For whom they hold.
    pub reached: Vec<Neighbour>,
    /// Those near it were looked for among so many who spent most; none: among all.
    pub among: Option<u32>,
}

/// A customer near an edge.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Neighbour {
    edge: i32,
    upper: bool,
    pub value: Decimal,
    pub customer_id: String,
    pub name: String,
    /// The level after the run.
    pub level: Option<String>,
    /// As in `tend.ladder_state`.
    pub reason: Value,
    /// Place of the level the conditions would ask for on the other side, when it is another one.
    #[sqlx(skip)]
    pub would: Option<usize>,
}

impl Near {
    /// How far a customer is from it.
    pub fn distance(&self, neighbour: &Neighbour) -> Decimal {
        (neighbour.value - self.edge.value).abs()
    }
}

/// Those near each edge, as they stand after the run; empty when the ladder stands at another run by now.
pub(super) async fn near(
    ladder: &Ladder,
    found: &Found,
    run: &Run,
    conn: &mut PgConnection,
) -> Result<Vec<Near>, JobError> {
    let mut near = edges(ladder, &found.cuts);
    let stands = sqlx::query_scalar!("select run_id from tend.ladder where ladder = $1", run.job);
    if near.is_empty() || stands.fetch_optional(&mut *conn).await? != Some(run.run_id) {
        return Ok(Vec::new());
    }
    let frame = ladder.frame(run);
    let needs = Requirements::of(ladder.conditions());
    let edges: Vec<_> = near.iter().map(|one| one.edge.clone()).collect();
    let composer = filter::compose(include_str!("near.sql"), frame);
    let composer = match kept(ladder, &found.cuts, &needs.windows_of(&frame), run, &mut *conn).await? {
        Some(kept) => {
            let customers = found.count(|flow| flow.to.is_some());
            for one in &mut near {
                one.among = one.edge.among(&kept).filter(|most| i64::from(*most) < customers);
            }
            composer.kept_facts(kept)
        }
        None => composer,
    };
    let statement = composer
        .bind(run.job.clone())
        .facts("facts", &needs)
        .nearest("nearest", &edges, LOOKED_AT)
        .fact_joins("joins", &needs)
        .outcomes("evidence", "figures", &ladder.evidence())
        .finish();
    let neighbours: Vec<Neighbour> = statement.query_as().fetch_all(conn).await?;
    for mut neighbour in neighbours {
        let Some(one) = usize::try_from(neighbour.edge).ok().and_then(|edge| near.get_mut(edge)) else { continue };
        let holds = neighbour.upper == one.edge.holds_above;
        neighbour.would = would(ladder, &neighbour, &one.comparisons, !holds);
        if holds { one.reached.push(neighbour) } else { one.short.push(neighbour) }
    }
    for one in &mut near {
        let edge = one.edge.value;
        for side in [&mut one.short, &mut one.reached] {
            side.sort_by_cached_key(|customer| {
                (customer.would.is_none(), (customer.value - edge).abs(), customer.customer_id.clone())
            });
            side.truncate(TOLD);
        }
    }
    Ok(near)
}

/// Where the facts are to be had: they are kept when the run has brought them to its as-of, and then ranks are compared
/// with the cuts the run has found, unless a condition needs everybody anyway.
async fn kept(
    ladder: &Ladder,
    cuts: &Cuts,
    windows: &[Span],
    run: &Run,
    conn: &mut PgConnection,
) -> Result<Option<Kept>, JobError> {
    let windows: Vec<String> = windows.iter().map(Span::to_string).collect();
    let count = i64::try_from(windows.len()).unwrap_or(i64::MAX);
    let there = sqlx::query_scalar!(
        r#"select count(*) = $3 as "there!" from tend.fact_window
           where span = any($1) and as_of = $2"#,
        &windows,
        run.as_of,
        count
    );
    if !there.fetch_one(conn).await? {
        return Ok(None);
    }
    if Tracking::of(ladder.conditions(), ladder.window).is_err() {
        return Ok(Some(Kept::Everybody));
    }
    let evidence = ladder.evidence();
    let known = evidence.ranks().map(|(rank, figure, share)| (rank, cut(cuts, figure, share)));
    Ok(Some(Kept::Touched(known.collect())))
}

fn cut(cuts: &Cuts, figure: &str, share: &str) -> Option<String> {
    cuts.get(figure)?.get(share)?.clone()
}

/// The edges of the conditions to get on a level, each once, with the comparisons that change sides there. The first
/// conditions of a ladder are those, level by level from the top; what else it asks for follows behind.
fn edges(ladder: &Ladder, cuts: &Cuts) -> Vec<Near> {
    let mut near: Vec<Near> = Vec::new();
    for (at, comparison) in ladder.evidence().into_comparisons().iter().enumerate() {
        let cut = match (&comparison.figure, &comparison.share) {
            (Some(figure), Some(share)) => cut(cuts, figure, share),
            _ => None,
        };
        if comparison.filter >= ladder.levels.len() - 1 {
            break;
        }
        let Some(edge) = comparison.edge(cut.and_then(|cut| Decimal::from_str(&cut).ok())) else { continue };
        match near.iter_mut().find(|known| known.edge == edge) {
            Some(known) => known.comparisons.push(at),
            None => near.push(Near { edge, comparisons: vec![at], short: vec![], reached: vec![], among: None }),
        }
    }
    near
}

/// The place of the level the conditions would ask for if these comparisons came out so, when that is up from the
/// customer's level (coming to hold) or down (ceasing to).
fn would(ladder: &Ladder, customer: &Neighbour, comparisons: &[usize], held: bool) -> Option<usize> {
    let stands = customer.level.as_deref().and_then(|level| ladder.place(level))?;
    let outcomes = customer.reason.get("held")?.as_array()?.iter().enumerate();
    let outcomes = outcomes.map(|(at, was)| if comparisons.contains(&at) { held } else { was.as_bool() == Some(true) });
    let due = ladder.due(&mut outcomes.collect::<Vec<_>>().into_iter());
    let moves = if held { due < stands } else { due > stands };
    moves.then_some(due)
}
