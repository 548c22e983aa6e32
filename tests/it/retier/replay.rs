//! A year of a real shop, night by night: what stability spares the customers, and what it costs.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;

/// A move back within so many days is one nobody should have seen.
const SOON: i64 = 30;

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

struct Replayed {
    /// Customer → moves in order.
    moves: BTreeMap<String, Vec<Move>>,
}

impl Replayed {
    async fn of(world: &World, ladder: &str) -> Self {
        let rows: Vec<(String, DateTime<Utc>, String, String)> = sqlx::query_as(
            "select customer_id, at, from_level, to_level from tend.ladder_move where ladder = $1 order by 1, 2",
        )
        .bind(ladder)
        .fetch_all(world.pool())
        .await
        .unwrap();
        let place = |level: &str| ["high", "mid", "normal"].iter().position(|known| *known == level).unwrap();
        let mut moves: BTreeMap<String, Vec<Move>> = BTreeMap::new();
        for (customer, at, from, to) in rows {
            moves.entry(customer).or_default().push(Move { at, from: place(&from), to: place(&to) });
        }
        Self { moves }
    }

    fn count(&self, which: impl Fn(&Move) -> bool) -> usize {
        self.moves.values().flatten().filter(|one| which(one)).count()
    }

    /// Moves that the next one undoes, at least in part, within 30 days.
    fn reversed(&self) -> usize {
        let pairs = self.moves.values().flat_map(|moves| moves.windows(2));
        pairs
            .filter(|pair| pair[0].rose() != pair[1].rose() && pair[1].at - pair[0].at <= TimeDelta::days(SOON))
            .count()
    }

    fn line(&self, name: &str) -> String {
        let (up, down) = (self.count(Move::rose), self.count(|one| !one.rose()));
        format!("{name}: {} moves, {up} up, {down} down, {} reversed within {SOON} days", up + down, self.reversed())
    }
}

/// The shop as it grows: nobody is known before the first order.
async fn known_by(world: &World, as_of: DateTime<Utc>) {
    sqlx::query("insert into crm.customer select * from waiting_room where created_at < $1 on conflict do nothing")
        .bind(as_of)
        .execute(world.pool())
        .await
        .unwrap();
}

async fn nights(world: &World, jobs: &[(&str, Arc<dyn Job>)]) {
    let (first, last) = (instant("2011-03-01T00:00:00Z"), instant("2011-12-10T00:00:00Z"));
    world.sql("create table waiting_room as select * from crm.customer; delete from crm.customer").await;
    world.sql("create index on waiting_room (created_at)").await;
    for night in 0..=(last - first).num_days() {
        let as_of = first + TimeDelta::days(night);
        known_by(world, as_of).await;
        for (place, (name, job)) in (0..).zip(jobs) {
            let run = Run { job: (*name).to_owned(), ..run_at(1 + night * 10 + place, as_of) };
            evaluate(world, job, &run).await.unwrap();
        }
        if night % 50 == 0 {
            world.sql("analyze").await;
        }
    }
}

/// The nights on which the rule alone would have made somebody rise who stood lower, by both ladders' moves: the level
/// due without stability is the level on the ladder without.
fn late_upgrades(without: &Replayed, with: &Replayed) -> Vec<String> {
    let mut late = Vec::new();
    let none = Vec::new();
    for (customer, rule) in &without.moves {
        let kept = with.moves.get(customer).unwrap_or(&none);
        let mut stands = rule[0].from;
        let mut ahead = kept.iter().peekable();
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

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_stability_spares_customers_the_ups_and_downs_of_a_year_and_delays_no_rise() {
    let Some(world) = online_retail().await else { return };
    let started = std::time::Instant::now();
    nights(&world, &[("bare", bare("365d")), ("shipped", shipped("365d"))]).await;
    let (bare, shipped) = (Replayed::of(&world, "bare").await, Replayed::of(&world, "shipped").await);
    println!("{}", bare.line("without stability"));
    println!("{}", shipped.line("with the shipped stability"));
    println!("{:?} for 285 nights of two ladders", started.elapsed());

    let near = |found: usize, expected: usize| found.abs_diff(expected) * 100 <= expected;
    let (up, down) = (bare.count(Move::rose), bare.count(|one| !one.rose()));
    assert!(near(up + down, 3_585) && near(up, 2_879) && near(down, 706), "{}", bare.line("without"));
    assert!(bare.reversed().abs_diff(600) <= 20, "{}", bare.line("without"));
    assert!(shipped.reversed() <= 150, "{}", shipped.line("with"));
    assert!(shipped.count(|one| !one.rose()) >= 300, "{}", shipped.line("with"));
    assert_eq!(late_upgrades(&bare, &shipped), [""; 0]);
}
