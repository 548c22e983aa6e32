//! Cuts: where the top of a rank ends.
//!
//! A customer is among the top x of N when fewer than x·N have strictly more, that is when its value is not below the
//! value at place ⌈x·N⌉ from the top, equal values counted one by one. That value is the cut; who shares it is in. So
//! a rank needs no ranking: the number of ranked customers and of those from the old cut on tell how far the new cut
//! is from the old one, and only those between the two can have changed sides.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sqlx::PgConnection;

use super::{Universe, facts_of_kept};
use crate::filter::compose::{Composer, Frame, compose};
use crate::filter::emit::Emit;
use crate::filter::field::{self, Kind, Source};
use crate::filter::leaf::{Leaf, Subject};
use crate::filter::operand::Scalar;
use crate::jobfile::duration::Span;

/// A rank conditions ask for: the top `share` by `column`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    pub(in crate::filter) window: Span,
    pub(in crate::filter) column: &'static str,
    pub(in crate::filter) universe: Universe,
    pub(in crate::filter) share: Decimal,
}

/// The lowest value still in, exactly; none when nobody is.
pub type Cuts = BTreeMap<Rank, Option<String>>;

/// Whose facts are taken from where they are kept.
#[derive(Debug, Clone)]
pub enum Kept {
    /// Everybody's; ranks are found by ranking.
    Everybody,
    /// Those a statement looks at; the cuts of the ranks are known.
    Touched(Cuts),
}

impl Rank {
    /// Of a comparison, when it asks for a rank; one whose cut a check gives does not.
    pub(in crate::filter) fn of(leaf: &Leaf) -> Option<Self> {
        let Subject::Field { field, window: Some(window) } = &leaf.subject else { return None };
        let (Source::Windowed { column, .. }, Some(Scalar::Number(share))) = (field.source, leaf.operand.first())
        else {
            return None;
        };
        let asked = leaf.operator.name == "top" && leaf.cut.is_none();
        asked.then_some(Self { window: *window, column, universe: leaf.universe, share: *share })
    }

    /// The comparison with a cut, over the alias of the window's facts.
    pub(in crate::filter) fn reaches(&self, alias: &str, cut: Option<String>, emit: &mut Emit) -> String {
        match cut {
            Some(cut) => format!("{alias}.orders > 0 and {alias}.{} >= {}::numeric", self.column, emit.text(&cut)),
            None => "false".to_owned(),
        }
    }

    /// The place from the top at which the cut is.
    fn place(&self, ranked: i64) -> i64 {
        (self.share * Decimal::from(ranked)).ceil().to_i64().unwrap_or(i64::MAX).clamp(0, ranked)
    }
}

/// The cuts at the instant the kept facts stand at, given those of before.
///
/// # Errors
/// When the database refuses.
pub async fn cuts(before: &Cuts, frame: Frame, conn: &mut PgConnection) -> sqlx::Result<Cuts> {
    let mut cuts = Cuts::new();
    let mut windows: Vec<Span> = before.keys().map(|rank| rank.window).collect();
    windows.dedup();
    for window in windows {
        let ranks: Vec<_> = before.iter().filter(|(rank, _)| rank.window == window).collect();
        let (ranked, from_old): (i64, Vec<i64>) =
            over_kept(include_str!("ranked.sql"), window, frame, |composer| composer)
                .fill_with("from_old_cut", |emit| {
                    let counts = ranks.iter().map(|(rank, old)| match old {
                        Some(old) => {
                            format!("count(*) filter (where p.{} >= {}::numeric)", rank.column, emit.text(old))
                        }
                        None => "0".to_owned(),
                    });
                    counts.collect::<Vec<_>>().join(", ")
                })
                .finish()
                .query_as()
                .fetch_one(&mut *conn)
                .await?;
        for ((rank, old), from_old) in ranks.into_iter().zip(from_old) {
            let cut = step(*rank, old.as_deref(), ranked, from_old, frame, conn).await?;
            cuts.insert(*rank, cut);
        }
    }
    Ok(cuts)
}

/// A cut as text: equal amounts are written alike, whoever of those who share it has how many decimals.
pub(in crate::filter) fn written(column: &str, value: &str) -> String {
    match field::find(column).map(|field| field.kind) {
        Some(Kind::Number) => format!("(round({value}, greatest(2, scale(trim_scale({value})))))::text"),
        _ => format!("({value})::text"),
    }
}

/// From the old cut, which so many reach, to the new one.
async fn step(
    rank: Rank,
    old: Option<&str>,
    ranked: i64,
    from_old: i64,
    frame: Frame,
    conn: &mut PgConnection,
) -> sqlx::Result<Option<String>> {
    let place = rank.place(ranked);
    if place == 0 {
        return Ok(None);
    }
    let (comparison, order, offset) = match old {
        Some(_) if from_old >= place => (">=", "asc", from_old - place),
        Some(_) => ("<", "desc", place - from_old - 1),
        None => ("", "desc", place - 1),
    };
    over_kept(include_str!("cut.sql"), rank.window, frame, |composer| composer.bind(offset))
        .fill_with("value", |_| written(rank.column, &format!("p.{}", rank.column)))
        .fill_with("beyond", |emit| match old {
            Some(old) => format!("p.{} {comparison} {}::numeric", rank.column, emit.text(old)),
            None => "true".to_owned(),
        })
        .fill_with("order", |_| format!("p.{} {order}", rank.column))
        .finish()
        .query_scalar()
        .fetch_optional(conn)
        .await
}

/// Touches, for a reader, the customers between two cuts: they alone change sides without having changed themselves.
///
/// # Errors
/// When the database refuses.
pub async fn touch_between(
    reader: &str,
    old: &Cuts,
    new: &Cuts,
    frame: Frame,
    conn: &mut PgConnection,
) -> sqlx::Result<()> {
    for (rank, new) in new {
        let (Some(Some(old)), Some(new)) = (old.get(rank), new) else { continue };
        if old == new {
            continue;
        }
        let reader = reader.to_owned();
        over_kept(include_str!("between.sql"), rank.window, frame, |composer| composer.bind(reader))
            .fill_with("between", |emit| {
                let (old, new, value) = (emit.text(old), emit.text(new), format!("p.{}", rank.column));
                format!(
                    "{value} >= least({old}::numeric, {new}::numeric) and {value} < greatest({old}::numeric, {new}::numeric)"
                )
            })
            .finish()
            .query()
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// A statement over the kept facts of a window.
fn over_kept(template: &'static str, window: Span, frame: Frame, bind: impl FnOnce(Composer) -> Composer) -> Composer {
    bind(compose(template, frame)).fill_with("facts", |emit| facts_of_kept(emit, window, ""))
}
