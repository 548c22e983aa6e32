//! Places the visits of one person: who is visited on which day. Pure: the same people, days and wishes give the same
//! plan.
//!
//! Promises: visits stand on the person's working days only, never more a day than the person can make; two visits of a
//! customer, and a visit and a contact that counts, are at least the gap apart; days come out level (within one of each
//! other in a cycle, as far as what stands there already allows); each tier has its share of the effort ([`share`]), and
//! when it does not do for all, who waits longest is visited first. What stands already stays, unless it cannot: then it is
//! moved, within its cycle; what is no longer owed is taken back, the latest first. Wishes are kept where that costs
//! nobody else's wish and keeps the days level.

mod board;
mod level;
mod mend;
mod settle;
mod share;

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::cycle::{Cycle, Per};
use super::wish::Weekdays;
use board::Board;
use share::Want;

/// How often a tier is visited.
#[derive(Debug, Clone, PartialEq)]
pub struct Cadence {
    /// Visits a cycle.
    pub visits: u16,
    /// The cycle.
    pub per: Per,
    /// Its share of the effort, 0 to 1.
    pub share: f64,
}

/// What holds for everybody.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The tiers, from the top.
    pub tiers: Vec<Cadence>,
    /// Days between two visits of a customer, at least.
    pub gap: i64,
    /// The first day something may be placed on.
    pub first: NaiveDate,
    /// The last day that is planned: the end of a cycle of each tier.
    pub until: NaiveDate,
    /// Up to here people know their days: what is new goes behind it, where it can.
    pub told: NaiveDate,
}

/// A working day of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Which day.
    pub date: NaiveDate,
    /// Visits the person can make.
    pub room: u32,
}

/// A visit that stands already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// Its day.
    pub on: NaiveDate,
    /// It stays whatever happens: a person put it there, or it is of today.
    pub stays: bool,
}

/// A customer of the person.
#[derive(Debug, Clone)]
pub struct Customer {
    /// The company's key.
    pub id: String,
    /// Its tier.
    pub tier: usize,
    /// From when on visits are owed.
    pub begin: NaiveDate,
    /// Days of visits and contacts that count as visits, sorted, none twice.
    pub had: Vec<NaiveDate>,
    /// Visits that were missed and are to be made up for, by day.
    pub missed: Vec<NaiveDate>,
    /// When somebody was there last, as far as it is known.
    pub last: Option<NaiveDate>,
    /// Weekdays the customer likes; none: any.
    pub wish: Weekdays,
    /// Visits ahead.
    pub ahead: Vec<Ahead>,
}

/// What becomes of the visits of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Of [`Customer::ahead`]: place in it, new day.
    pub moved: Vec<(usize, NaiveDate)>,
    /// Of [`Customer::ahead`]: no longer owed.
    pub surplus: Vec<usize>,
    /// Of [`Customer::ahead`]: it cannot stand and there is no other day.
    pub homeless: Vec<usize>,
    /// New ones.
    pub new: Vec<(Cycle, NaiveDate)>,
    /// What is owed and has no day.
    pub short: Vec<Short>,
}

/// Visits that are owed and have no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// In which cycle.
    pub cycle: Cycle,
    /// How many.
    pub visits: u32,
    /// Why.
    pub why: Why,
}

/// Why a visit has no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The days are full.
    Full,
    /// On every day that is left it would be too close to another visit.
    Gap,
}

/// What a tier has in a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Customers.
    pub customers: u32,
    /// Visits owed in all.
    pub owed: u32,
    /// Of these: made, or made needless by a contact.
    pub had: u32,
    /// Of these: with a day.
    pub placed: u32,
    /// Of these: without.
    pub short: u32,
}

/// The plan of a person.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What changes, customer by customer in the order they were given.
    pub changes: Vec<Changes>,
    /// By tier and cycle.
    pub figures: BTreeMap<(usize, Cycle), Figures>,
}

/// The visits of a tier in a cycle that have to be placed.
struct Group {
    tier: usize,
    cycle: Cycle,
    /// Of customers' visits ahead: customer, place in [`Customer::ahead`].
    loose: Vec<(usize, usize)>,
    /// Customers with visits to add.
    more: Vec<More>,
    /// How many stand and stay.
    stand: u32,
}

/// Visits to add for a customer.
#[derive(Debug, Clone, Copy)]
struct More {
    customer: usize,
    /// How many there are in the cycle.
    has: u32,
    /// How many are to be added.
    visits: u32,
}

/// Plans the visits of a person. `days` are the working days from the first to the last that is planned, in order.
#[must_use]
pub fn place(rules: &Rules, days: &[Day], customers: &[Customer]) -> Plan {
    let mut plan = Plan { changes: vec![Changes::default(); customers.len()], figures: BTreeMap::new() };
    let mut board = Board::new(rules, days, customers);
    let groups = demand(rules, days, customers, &mut board, &mut plan);
    let given = shared(rules, days, &groups, &board);
    // what has fewer days to be on goes first: the days of a month are part of a quarter's
    let mut order: Vec<(&Group, u32)> = groups.iter().zip(given).collect();
    order.sort_by_key(|(group, _)| (group.cycle.per, group.tier, group.cycle.first));
    for (group, more) in &order {
        board.place_new(group, *more, &mut plan);
    }
    for (group, _) in &order {
        board.place_loose(group, &mut plan);
    }
    board.mend();
    board.give_up(&mut plan);
    board.fill_up(&mut plan);
    board.keep_wishes();
    // a wish that was kept may have left room
    board.fill_up(&mut plan);
    tell(&board, customers, &mut plan);
    plan
}

/// What is owed and what stands; what stands and stays is put on the board.
fn demand(rules: &Rules, days: &[Day], customers: &[Customer], board: &mut Board<'_>, plan: &mut Plan) -> Vec<Group> {
    let mut groups: BTreeMap<(usize, Cycle), Group> = BTreeMap::new();
    for (tier, cadence) in rules.tiers.iter().enumerate() {
        for cycle in Cycle::over(cadence.per, rules.first, rules.until) {
            groups.insert((tier, cycle), Group { tier, cycle, loose: vec![], more: vec![], stand: 0 });
        }
    }
    let mut stands = standing(rules, days, customers);
    for (at, customer) in customers.iter().enumerate() {
        let cadence = &rules.tiers[customer.tier];
        for cycle in Cycle::over(cadence.per, rules.first, rules.until) {
            let Some(group) = groups.get_mut(&(customer.tier, cycle)) else { continue };
            let within = |days: &[NaiveDate]| days.iter().filter(|day| cycle.holds(**day)).count() as u32;
            let owed = u32::from(cycle.owed(cadence.visits, customer.begin));
            // each that was missed is made up for once
            let missed = within(&customer.missed);
            let had = within(&customer.had).saturating_sub(missed.min(u32::from(cadence.visits)));
            let mut ahead: Vec<usize> =
                (0..customer.ahead.len()).filter(|n| cycle.holds(customer.ahead[*n].on)).collect();
            ahead.sort_by_key(|n| (!customer.ahead[*n].stays, customer.ahead[*n].on));
            let keep = u32::from(cadence.visits).saturating_sub(had) as usize;
            for surplus in ahead.split_off(keep.min(ahead.len())) {
                if customer.ahead[surplus].stays { ahead.push(surplus) } else { plan.changes[at].surplus.push(surplus) }
            }
            for one in &ahead {
                if stands.remove(&(at, *one)) {
                    board.stands(at, *one, cycle);
                    group.stand += 1;
                } else {
                    group.loose.push((at, *one));
                }
            }
            let has = had + ahead.len() as u32;
            if owed > has {
                group.more.push(More { customer: at, has, visits: owed - has });
            }
            let figures = plan.figures.entry((customer.tier, cycle)).or_default();
            figures.customers += 1;
            figures.owed += owed.max(has);
            figures.had += had;
            figures.placed += ahead.len() as u32;
        }
    }
    groups.into_values().collect()
}

/// Which of the visits ahead can stand: on working days with room, those of the upper tiers first where there is too
/// little.
fn standing(rules: &Rules, days: &[Day], customers: &[Customer]) -> std::collections::BTreeSet<(usize, usize)> {
    let mut by_day: BTreeMap<NaiveDate, Vec<(bool, usize, usize, usize)>> = BTreeMap::new();
    for (at, customer) in customers.iter().enumerate() {
        for (place, ahead) in customer.ahead.iter().enumerate() {
            by_day.entry(ahead.on).or_default().push((!ahead.stays, customer.tier, at, place));
        }
    }
    let mut stands = std::collections::BTreeSet::new();
    for (day, mut visits) in by_day {
        visits.sort_unstable();
        let known = days.binary_search_by_key(&day, |known| known.date).ok();
        let room = known.map_or(0, |place| days[place].room as usize);
        let stay = visits.iter().filter(|(moves, ..)| !moves).count();
        // what is of today, or was put there by a person, stands in any case
        let room = if day < rules.first { visits.len() } else { room.max(stay) };
        stands.extend(visits.iter().take(room).map(|(_, _, at, place)| (*at, *place)));
    }
    stands
}

/// How many of the new visits of each group there is room for.
fn shared(rules: &Rules, days: &[Day], groups: &[Group], board: &Board<'_>) -> Vec<u32> {
    let rooms: Vec<u32> = days.iter().map(|day| day.room).collect();
    let tiers = rules.tiers.iter().enumerate().map(|(tier, cadence)| {
        let wants = groups.iter().filter(|group| group.tier == tier).map(|group| Want {
            days: board.days_of(group.cycle),
            has: group.stand + group.loose.len() as u32,
            more: group.more.iter().map(|more| more.visits).sum(),
        });
        (cadence.share, wants.collect())
    });
    share::share(&rooms, &tiers.collect::<Vec<_>>()).concat()
}

/// Writes down what the board says.
fn tell(board: &Board<'_>, customers: &[Customer], plan: &mut Plan) {
    for visit in board.visits() {
        let changes = &mut plan.changes[visit.customer];
        let day = board.date(visit.day);
        match visit.ahead {
            Some(place) if customers[visit.customer].ahead[place].on != day => changes.moved.push((place, day)),
            Some(_) => {}
            None => changes.new.push((visit.cycle, day)),
        }
    }
    for (customer, changes) in customers.iter().zip(&mut plan.changes) {
        changes.new.sort_unstable();
        changes.moved.sort_unstable();
        for short in &changes.short {
            if let Some(figures) = plan.figures.get_mut(&(customer.tier, short.cycle)) {
                figures.short += short.visits;
            }
        }
        for (cycle, _) in &changes.new {
            if let Some(figures) = plan.figures.get_mut(&(customer.tier, *cycle)) {
                figures.placed += 1;
            }
        }
        for place in &changes.homeless {
            let cycle = board.cycle_of(customer.tier, customer.ahead[*place].on);
            if let Some(figures) = plan.figures.get_mut(&(customer.tier, cycle)) {
                figures.placed -= 1;
            }
        }
    }
}
