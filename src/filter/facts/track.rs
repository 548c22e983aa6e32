//! Which customers a condition can come out differently for than at the last evaluation.
//!
//! A condition depends on rows (whose changes are noted), on ranks (whose cuts move) and on the as-of: an instant that
//! lay within 30 days may not any more. For the last kind every comparison of an instant is one with a few bounds that
//! move with the as-of; only instants a bound has passed over can come out differently. What is not known here to be
//! tracked is not: then everybody is evaluated.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::prelude::ToPrimitive;
use sqlx::PgConnection;

use super::{Rank, Universe, score};
use crate::filter::Filter;
use crate::filter::compose::{Frame, compose};
use crate::filter::emit::Emit;
use crate::filter::event::{Event, Happened};
use crate::filter::field::{Kind, Source};
use crate::filter::leaf::{Leaf, Subject};
use crate::filter::operand::{Day, Scalar};
use crate::filter::period::Period;
use crate::filter::standing::Standing;
use crate::jobfile::duration::Span;

/// Operators whose outcome depends on the value alone.
const TIMELESS: &[&str] = &[
    "is",
    "is_not",
    "in",
    "not_in",
    "above",
    "at_least",
    "below",
    "at_most",
    "between",
    "not_between",
    "present",
    "empty",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "matches",
    "has",
    "has_any",
    "has_all",
    "has_none",
];

/// Tables of `crm` whose changes are noted.
const NOTED: &[&str] = &["orders", "customer", "interaction", "ticket", "consent"];

/// What must be watched so that conditions need not be evaluated for everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tracking {
    /// Changes of what, as `tend.change_reader.about`.
    pub about: BTreeSet<String>,
    /// Ranks whose cuts matter.
    pub ranks: BTreeSet<Rank>,
    moving: Vec<Moving>,
}

/// Instants that are compared with bounds that move.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Moving {
    of: Instants,
    bounds: Vec<Bound>,
}

/// Where the instants stand.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Instants {
    /// Of any order that counts, the first among them: the orders have an index by time.
    Order,
    LastOrder(Span),
    CreatedAt,
    LevelSince(String),
    /// Of moves along a ladder.
    Moved(String),
    Event(&'static Event),
    /// When a ticket was over.
    TicketOver,
    Consent,
}

/// An instant that moves with the as-of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// The as-of and so long from it.
    AsOf(TimeDelta),
    /// Where the local day begins that is so many days from today.
    Day(i64),
    /// Where a period of the calendar begins.
    Begin(Period),
    /// Where the first day after it begins.
    End(Period),
}

impl Bound {
    fn at(self, frame: &Frame) -> Option<DateTime<Utc>> {
        match self {
            Self::AsOf(delta) => frame.as_of.checked_add_signed(delta),
            Self::Day(days) => frame.today().checked_add_signed(TimeDelta::days(days)).map(|day| frame.start_of(day)),
            Self::Begin(period) => Some(frame.start_of(period.days(frame.today()).0)),
            Self::End(period) => Some(frame.start_of(period.days(frame.today()).1)),
        }
    }
}

impl Tracking {
    /// Of conditions of a file with that window.
    ///
    /// # Errors
    /// The first comparison that cannot be tracked, in words.
    pub fn of<'f>(filters: impl IntoIterator<Item = &'f Filter>, window: Span) -> Result<Self, String> {
        // whether a customer is there at all decides, too
        let mut tracking = Self { about: BTreeSet::from(["customer".to_owned()]), ..Self::default() };
        for leaf in filters.into_iter().flat_map(Filter::leaves) {
            if tracking.add(leaf, window).is_none() {
                return Err(leaf.describe());
            }
        }
        Ok(tracking)
    }

    fn add(&mut self, leaf: &Leaf, own: Span) -> Option<()> {
        let operator = leaf.operator.name;
        match &leaf.subject {
            Subject::Field { field, window } => match (field.source, window) {
                (Source::Customer(_), _) if TIMELESS.contains(&operator) => {}
                (Source::Customer(_), _) if field.name == "created_at" => self.moves(Instants::CreatedAt, leaf)?,
                (Source::Windowed { column: "contribution", .. }, _) => return None,
                (Source::Windowed { column, .. }, _) if score::find(column).is_some() => return None,
                (Source::Windowed { .. }, Some(window)) => {
                    self.about.insert(format!("facts:{window}"));
                    match Rank::of(leaf) {
                        Some(rank) if rank.universe == Universe::Buyers => drop(self.ranks.insert(rank)),
                        None if TIMELESS.contains(&operator) => {}
                        _ => return None,
                    }
                }
                (Source::Ever(column), _) => {
                    self.about.insert(format!("facts:{own}"));
                    let of = if column == "first_order_at" { Instants::Order } else { Instants::LastOrder(own) };
                    self.moves(of, leaf)?;
                }
                _ => return None,
            },
            Subject::Size(list) if matches!(**list, Subject::Attribute(_)) || list.kind() == Kind::Tags => {
                return TIMELESS.contains(&operator).then_some(());
            }
            // the same for a customer on every day, or everybody's moves at once
            Subject::Standing(Standing::Bucket { moves, .. }) => return moves.is_none().then_some(()),
            Subject::Standing(Standing::Consented { .. }) => {
                self.about.insert("consent".to_owned());
                // what was recorded ahead counts from then on
                self.moving.push(Moving { of: Instants::Consent, bounds: vec![Bound::AsOf(TimeDelta::zero())] });
            }
            Subject::Attribute(_) => {
                let is_plain = leaf.operand.iter().all(|scalar| match scalar {
                    Scalar::Span(_) => false,
                    Scalar::Day(day) => matches!(day, Day::Fixed(_)),
                    _ => true,
                });
                let is_known = TIMELESS.contains(&operator) || ["on", "before", "after"].contains(&operator);
                return (is_plain && is_known).then_some(());
            }
            Subject::Event(happened) => self.happens(happened, leaf)?,
            Subject::Ladder { name, within, .. } if leaf.operator.moves.is_some() => {
                // every move is a change of the level, and that is noted
                self.about.insert(format!("ladder:{name}"));
                let span = match leaf.operand.first() {
                    Some(Scalar::Span(span)) => Some(*span),
                    _ => *within,
                };
                let bounds = std::iter::once(TimeDelta::zero()).chain(span.map(|span| -span.as_delta()));
                self.moving
                    .push(Moving { of: Instants::Moved(name.clone()), bounds: bounds.map(Bound::AsOf).collect() });
            }
            Subject::Ladder { name, held, .. } if TIMELESS.contains(&operator) => {
                self.about.insert(format!("ladder:{name}"));
                if let Some(held) = held {
                    let bounds = vec![Bound::AsOf(-held.as_delta())];
                    self.moving.push(Moving { of: Instants::LevelSince(name.clone()), bounds });
                }
            }
            // what others add is not tracked until it is written here
            _ => return None,
        }
        Some(())
    }

    /// An event matters again, or no more, when the as-of or the beginning of a window passes over it.
    fn happens(&mut self, happened: &Happened, leaf: &Leaf) -> Option<()> {
        let table = happened.event.table.strip_prefix("crm.").filter(|table| NOTED.contains(table))?;
        if happened.only.iter().any(|(which, _)| which.depends_on_as_of()) {
            // of tickets alone: one is open until it is over
            let bounds = vec![Bound::AsOf(TimeDelta::zero())];
            self.moving.push(Moving { of: Instants::TicketOver, bounds });
        }
        self.about.insert(table.to_owned());
        let mut bounds = if happened.measure.is_instant() { bounds(leaf)? } else { Vec::new() };
        bounds.push(Bound::AsOf(TimeDelta::zero()));
        if let Some(window) = happened.window {
            bounds.push(Bound::AsOf(-window.as_delta()));
        }
        if let Some(reach) = happened.reach() {
            bounds.push(Bound::AsOf(-reach.as_delta()));
        }
        self.moving.push(Moving { of: Instants::Event(happened.event), bounds });
        Some(())
    }

    fn moves(&mut self, of: Instants, leaf: &Leaf) -> Option<()> {
        let bounds = bounds(leaf)?;
        if !bounds.is_empty() {
            self.moving.push(Moving { of, bounds });
        }
        Some(())
    }

    /// Touches, for a reader, whose instants a bound passed over between two as-ofs.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn touch_moved(
        &self,
        reader: &str,
        old: &Frame,
        new: &Frame,
        conn: &mut PgConnection,
    ) -> sqlx::Result<()> {
        for moving in &self.moving {
            for bound in &moving.bounds {
                let (Some(from), Some(to)) = (bound.at(old), bound.at(new)) else { continue };
                if from != to {
                    // a bound of a day is where its zone says; a clock set back over midnight reaches a little before it
                    let (from, to) = (from.min(to) - TimeDelta::hours(3), from.max(to) + TimeDelta::hours(3));
                    moving.of.touch(reader, from, to, conn).await?;
                }
            }
        }
        Ok(())
    }
}

/// The bounds an instant or a number of days since one is compared with; none when the operator is not known here.
fn bounds(leaf: &Leaf) -> Option<Vec<Bound>> {
    let operator = leaf.operator.name;
    if leaf.subject.kind() == Kind::Days {
        // n days ago is from where that day begins up to where the next one does
        let days = leaf
            .operand
            .iter()
            .filter_map(|scalar| if let Scalar::Number(days) = scalar { days.to_i64() } else { None });
        return TIMELESS
            .contains(&operator)
            .then(|| days.flat_map(|days| [Bound::Day(-days), Bound::Day(1 - days)]).collect());
    }
    let now = Bound::AsOf(TimeDelta::zero());
    Some(match (operator, leaf.operand.first()) {
        ("present" | "empty", _) => Vec::new(),
        ("within", Some(Scalar::Span(span))) => vec![Bound::AsOf(-span.as_delta()), now],
        ("older_than", Some(Scalar::Span(span))) => vec![Bound::AsOf(-span.as_delta())],
        ("next", Some(Scalar::Span(span))) => vec![now, Bound::AsOf(span.as_delta())],
        ("on" | "before" | "after", Some(Scalar::Day(Day::Fixed(_)))) => Vec::new(),
        ("on" | "before" | "after", Some(Scalar::Day(Day::Today(days)))) => {
            vec![Bound::Day(*days), Bound::Day(days + 1)]
        }
        ("on" | "during", Some(Scalar::Period(period))) => vec![Bound::Begin(*period), Bound::End(*period)],
        _ => return None,
    })
}

impl Instants {
    /// Touches, for a reader, whose instants lie between these two.
    async fn touch(
        &self,
        reader: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        conn: &mut PgConnection,
    ) -> sqlx::Result<()> {
        compose(include_str!("happened.sql"), Frame { as_of: to, timezone: chrono_tz::UTC, window: None })
            .bind(reader.to_owned())
            .bind(from)
            .bind(to)
            .fill_with("rows", |emit| self.rows(emit))
            .fill_with("at", |_| self.at().to_owned())
            .finish()
            .query()
            .execute(conn)
            .await
            .map(drop)
    }

    /// The rows they stand in, as `e`.
    fn rows(&self, emit: &mut Emit) -> String {
        let of = |table, key, value: String| format!("(select * from {table} where {key} = {value}) e");
        match self {
            Self::Order => "crm.orders e".to_owned(),
            Self::LastOrder(window) => of("tend.fact", "span", emit.text(&window.to_string())),
            Self::LevelSince(ladder) => of("tend.ladder_state", "ladder", emit.text(ladder)),
            Self::Moved(ladder) => of("tend.ladder_move", "ladder", emit.text(ladder)),
            Self::CreatedAt => "crm.customer e".to_owned(),
            Self::TicketOver => "crm.ticket e".to_owned(),
            Self::Consent => "crm.consent e".to_owned(),
            Self::Event(event) => format!("{} e", event.table),
        }
    }

    fn at(&self) -> &'static str {
        match self {
            Self::Order => "e.placed_at",
            Self::LastOrder(_) => "e.last_order_at",
            Self::LevelSince(_) => "e.since",
            Self::Moved(_) => "e.at",
            Self::CreatedAt => "e.created_at",
            Self::TicketOver => "least(e.solved_at, e.closed_at)",
            Self::Consent => "e.recorded_at",
            Self::Event(event) => event.at,
        }
    }
}
