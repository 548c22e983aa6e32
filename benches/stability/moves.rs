//! The moves of a replayed ladder: how many, how many for nothing, and whether anybody rose late.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

/// A move back within so many days is one nobody should have seen.
pub const SOON: i64 = 30;

/// A move: when, from which place to which (0 is the top).
#[derive(Clone, Copy)]
struct Move {
    at: DateTime<Utc>,
    from: usize,
    to: usize,
}

impl Move {
    fn rose(&self) -> bool {
        self.to < self.from
    }
}

/// All moves of a ladder.
pub struct Moves {
    /// Customer → moves in order.
    of: BTreeMap<String, Vec<Move>>,
}

impl Moves {
    /// What is on record of a ladder by value.
    pub async fn read(pool: &PgPool, ladder: &str) -> sqlx::Result<Self> {
        // the levels from the top
        let rows: Vec<(String, DateTime<Utc>, i32, i32)> = sqlx::query_as(
            "select m.customer_id, m.at, array_position(l.levels, m.from_level), array_position(l.levels, m.to_level)
             from tend.ladder_move m cross join (values ('{high,mid,normal}'::text[])) l (levels)
             where m.ladder = $1 order by 1, 2",
        )
        .bind(ladder)
        .fetch_all(pool)
        .await?;
        let place = |position: i32| usize::try_from(position).unwrap_or(usize::MAX);
        let mut of: BTreeMap<String, Vec<Move>> = BTreeMap::new();
        for (customer, at, from, to) in rows {
            of.entry(customer).or_default().push(Move { at, from: place(from), to: place(to) });
        }
        Ok(Self { of })
    }

    /// Moves up.
    pub fn up(&self) -> usize {
        self.of.values().flatten().filter(|one| one.rose()).count()
    }

    /// Moves down.
    pub fn down(&self) -> usize {
        self.of.values().flatten().filter(|one| !one.rose()).count()
    }

    /// Moves that the next one undoes, at least in part, within [`SOON`] days.
    pub fn reversed(&self) -> usize {
        let pairs = self.of.values().flat_map(|moves| moves.windows(2));
        pairs
            .filter(|pair| pair[0].rose() != pair[1].rose() && pair[1].at - pair[0].at <= TimeDelta::days(SOON))
            .count()
    }

    /// The nights on which the rule alone made somebody rise whom `kept`, the same rule with stability, left lower.
    pub fn late_in(&self, kept: &Self) -> Vec<String> {
        let mut late = Vec::new();
        for (customer, rule) in &self.of {
            let mut ahead = kept.of.get(customer).into_iter().flatten().peekable();
            let mut stands = rule[0].from;
            for due in rule {
                while let Some(one) = ahead.next_if(|one| one.at <= due.at) {
                    stands = one.to;
                }
                if due.to < stands {
                    late.push(format!("{customer} on {}", due.at));
                }
            }
        }
        late
    }

    /// "3,585 moves, …" for people.
    pub fn line(&self) -> String {
        let (up, down) = (self.up(), self.down());
        format!("{} moves: {up} up, {down} down; {} reversed within {SOON} days", up + down, self.reversed())
    }
}
