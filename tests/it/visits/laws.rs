//! Laws of placing visits, over random people, days, tiers and customers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate};
use proptest::prelude::*;
use serde_json::json;
use tend::jobs::visits::cycle::{Cycle, Per};
use tend::jobs::visits::place::{Ahead, Cadence, Changes, Customer, Day, Plan, Rules, Why, place};
use tend::jobs::visits::wish::Weekdays;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day + Days::new(days)
}

/// Tiers, a person, and the person's customers.
#[derive(Debug, Clone)]
struct Company {
    rules: Rules,
    days: Vec<Day>,
    customers: Vec<Customer>,
}

const FIRST: &str = "2026-01-01";

/// Weekdays without the given ones, until the end of the quarter.
fn working_days(off: &BTreeSet<u64>, rooms: &[u32]) -> Vec<Day> {
    let days = (0..90_u64).map(|n| (n, later(day(FIRST), n)));
    let days = days.filter(|(n, date)| date.weekday().number_from_monday() <= 5 && !off.contains(n));
    days.map(|(n, date)| Day { date, room: rooms[n as usize % rooms.len()] }).collect()
}

prop_compose! {
    fn cadences()(kind in 0..4_usize, split in any::<bool>()) -> (Vec<Cadence>, i64) {
        let of = |visits, per, share| Cadence { visits, per, share };
        let shares = if split { [0.6, 0.3, 0.1] } else { [1.0, 0.0, 0.0] };
        let [a, b, c] = shares;
        match kind {
            0 => (vec![of(2, Per::Month, a), of(1, Per::Month, b), of(1, Per::Quarter, c)], 7),
            1 => (vec![of(1, Per::Week, a), of(2, Per::Month, b), of(3, Per::Quarter, c)], 3),
            2 => (vec![of(4, Per::Quarter, a), of(1, Per::Month, b + c)], 10),
            _ => (vec![of(1, Per::Month, 1.0)], 14),
        }
    }
}

/// Tier, days since the beginning, days since the last contact, weekday.
type Drawn = (usize, Option<u64>, Option<u64>, Option<u8>);

prop_compose! {
    fn customers(most: usize, tiers: usize)(drawn in prop::collection::vec(
        (0..tiers, prop::option::of(0..60_u64), prop::option::of(1..60_u64), prop::option::of(1..6_u8)), 0..most)) -> Vec<Customer> {
        let one = |(n, (tier, begin, last, wish)): (usize, Drawn)| {
            let last = last.map(|days| day(FIRST) - Days::new(days));
            Customer {
                id: format!("c{n:03}"),
                tier,
                // most have been there for long
                begin: begin.filter(|days| days % 4 == 0).map_or(day("2020-01-01"), |days| later(day(FIRST), days)),
                had: last.into_iter().collect(),
                missed: vec![],
                last,
                wish: wish.map(|number| Weekdays::read(&json!(number))).unwrap_or_default(),
                ahead: vec![],
            }
        };
        drawn.into_iter().enumerate().map(one).collect()
    }
}

fn companies(most: usize) -> impl Strategy<Value = Company> {
    let shape = (cadences(), prop::collection::btree_set(0..90_u64, 0..25), prop::collection::vec(1..8_u32, 1..3));
    shape.prop_flat_map(move |((tiers, gap), off, rooms)| {
        let days = working_days(&off, &rooms);
        customers(most, tiers.len()).prop_map(move |customers| Company {
            rules: Rules {
                tiers: tiers.clone(),
                gap,
                first: day(FIRST),
                until: day("2026-03-31"),
                told: day("2025-12-31"),
            },
            days: days.clone(),
            customers,
        })
    })
}

impl Company {
    fn plan(&self) -> Plan {
        place(&self.rules, &self.days, &self.customers)
    }

    /// What is written down of a plan: everything up to a day; the rest is planned again.
    fn apply(&mut self, plan: &Plan, until: NaiveDate) {
        for (customer, changes) in self.customers.iter_mut().zip(&plan.changes) {
            for (place, date) in &changes.moved {
                customer.ahead[*place].on = *date;
            }
            let drop: BTreeSet<usize> = changes.surplus.iter().chain(&changes.homeless).copied().collect();
            let kept =
                customer.ahead.iter().enumerate().filter(|(place, _)| !drop.contains(place)).map(|(_, ahead)| *ahead);
            let new = changes.new.iter().map(|(_, on)| Ahead { on: *on, stays: false });
            customer.ahead = kept.chain(new).filter(|ahead| ahead.on <= until).collect();
        }
        self.rules.told = until.max(self.rules.told);
    }

    /// All visits after the plan, by customer.
    fn visits(&self, plan: &Plan) -> Vec<Vec<NaiveDate>> {
        let mut after = self.clone();
        after.apply(plan, NaiveDate::MAX);
        after.customers.iter().map(|customer| customer.ahead.iter().map(|ahead| ahead.on).collect()).collect()
    }

    fn counts(&self, plan: &Plan) -> BTreeMap<NaiveDate, u32> {
        let mut counts: BTreeMap<NaiveDate, u32> = self.days.iter().map(|day| (day.date, 0)).collect();
        for day in self.visits(plan).concat() {
            *counts.entry(day).or_default() += 1;
        }
        counts
    }

    /// A night later: what was planned for the days before has been done.
    fn wake(&mut self, today: NaiveDate) {
        self.rules.first = today;
        self.days.retain(|day| day.date >= today);
        for customer in &mut self.customers {
            let (past, ahead): (Vec<Ahead>, Vec<Ahead>) = customer.ahead.iter().partition(|ahead| ahead.on < today);
            customer.had.extend(past.iter().map(|visit| visit.on));
            customer.had.sort_unstable();
            customer.last = customer.had.last().copied();
            customer.ahead = ahead;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn visits_stand_on_working_days_with_room_and_a_gap_between_them(company in companies(60)) {
        let plan = company.plan();
        let rooms: BTreeMap<_, _> = company.days.iter().map(|day| (day.date, day.room)).collect();
        for (date, count) in company.counts(&plan) {
            prop_assert!(rooms.get(&date).is_some_and(|room| count <= *room), "{count} on {date}");
        }
        for (customer, visits) in company.customers.iter().zip(company.visits(&plan)) {
            let mut all: Vec<_> = customer.had.iter().copied().chain(visits.iter().copied()).collect();
            all.sort_unstable();
            for pair in all.windows(2) {
                prop_assert!((pair[1] - pair[0]).num_days() >= company.rules.gap, "{} {all:?}", customer.id);
            }
            prop_assert!(visits.iter().all(|date| *date >= customer.begin), "{} {visits:?}", customer.id);
        }
    }

    #[test]
    fn nobody_gets_more_than_is_owed_and_what_is_owed_is_made_placed_or_short(company in companies(60)) {
        let plan = company.plan();
        for (figures, cycle) in plan.figures.iter().map(|((_, cycle), figures)| (figures, cycle)) {
            prop_assert_eq!(figures.owed, figures.had + figures.placed + figures.short, "{}", cycle.name());
        }
        for (customer, visits) in company.customers.iter().zip(company.visits(&plan)) {
            let cadence = &company.rules.tiers[customer.tier];
            for cycle in Cycle::over(cadence.per, company.rules.first, company.rules.until) {
                let in_cycle = visits.iter().filter(|day| cycle.holds(**day)).count();
                prop_assert!(in_cycle <= usize::from(cycle.owed(cadence.visits, customer.begin)));
            }
        }
    }

    #[test]
    fn every_working_day_is_within_one_of_the_level_of_its_cycle(company in companies(60)) {
        // days of one room, since what is full is not level; nobody comes late, who could not be placed early
        let mut company = company;
        for day in &mut company.days {
            day.room = 8;
        }
        for customer in &mut company.customers {
            (customer.begin, customer.had, customer.last) = (day("2020-01-01"), vec![], None);
        }
        let plan = company.plan();
        let shortest = company.rules.tiers.iter().map(|tier| tier.per).min().unwrap();
        let mut cycles: BTreeMap<Cycle, Vec<u32>> = BTreeMap::new();
        for (date, count) in company.counts(&plan) {
            cycles.entry(shortest.of(date)).or_default().push(count);
        }
        for (cycle, counts) in cycles {
            let level = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
            for count in &counts {
                prop_assert!((f64::from(*count) - level).abs() <= 1.0, "{} {level} {counts:?}", cycle.name());
            }
        }
    }

    #[test]
    fn the_same_company_has_the_same_plan(company in companies(60)) {
        prop_assert_eq!(company.plan().changes, company.plan().changes);
    }

    #[test]
    fn a_second_run_changes_nothing_that_people_know_of(company in companies(60), told in 0..90_u64, roomy in any::<bool>()) {
        let mut company = company;
        for day in company.days.iter_mut().filter(|_| roomy) {
            day.room = 60;
        }
        let until = later(day(FIRST), told);
        let once = company.plan();
        // where days are full, one may be found for somebody that was not seen before
        let counts = company.counts(&once);
        let full = company.days.iter().any(|day| counts[&day.date] >= day.room);
        company.apply(&once, until);
        let again = company.plan();
        for (customer, changes) in company.customers.iter().zip(&again.changes) {
            prop_assert!(changes.moved.is_empty() && changes.surplus.is_empty() && changes.homeless.is_empty(), "{} {changes:?}", customer.id);
            let known = changes.new.iter().all(|(_, on)| *on > until);
            prop_assert!(known || full, "{} {:?} until {until}", customer.id, changes.new.first());
        }
        let placed = |plan: &Plan| plan.figures.values().map(|figures| figures.placed).sum::<u32>();
        prop_assert!(placed(&again) == placed(&once) || full, "{} after {}", placed(&again), placed(&once));
    }

    #[test]
    fn night_by_night_nothing_is_moved_and_nobody_is_visited_too_often_or_too_soon(company in companies(40), ahead in 1..30_u64) {
        let mut company = company;
        let (owed, gap) = (company.plan(), company.rules.gap);
        for night in 0..90_u64 {
            let today = later(day(FIRST), night);
            company.wake(today);
            let plan = company.plan();
            for changes in &plan.changes {
                prop_assert!(changes.moved.is_empty() && changes.surplus.is_empty() && changes.homeless.is_empty(), "{today} {changes:?}");
            }
            company.apply(&plan, later(today, ahead));
        }
        company.wake(day("2026-04-01"));
        for customer in &company.customers {
            prop_assert!(customer.had.windows(2).all(|pair| (pair[1] - pair[0]).num_days() >= gap), "{customer:?}");
            let cadence = &company.rules.tiers[customer.tier];
            for cycle in Cycle::over(cadence.per, day(FIRST), company.rules.until) {
                prop_assert!(customer.had.iter().filter(|day| cycle.holds(**day)).count() <= usize::from(cadence.visits));
            }
        }
        // what was possible in one go is possible night by night
        let made: u32 = company.customers.iter().map(|customer| customer.had.iter().filter(|on| **on >= day(FIRST)).count() as u32).sum();
        let whole = owed.figures.values().map(|figures| figures.placed).sum::<u32>();
        prop_assert!((made + 3) * 10 >= whole * 9, "{made} of {whole}");
    }

    #[test]
    fn who_is_served_waited_at_least_as_long_as_who_is_not(company in companies(80)) {
        let mut company = company;
        for day in &mut company.days {
            day.room = 1;
        }
        for customer in &mut company.customers {
            customer.begin = day("2020-01-01");
            // long ago enough for any day to do
            customer.had.clear();
            customer.last = customer.last.map(|last| last - Days::new(100));
        }
        let plan = company.plan();
        let first = |tier: usize| company.rules.tiers[tier].per.of(day(FIRST));
        for (served, got) in company.customers.iter().zip(&plan.changes) {
            for (waits, other) in company.customers.iter().zip(&plan.changes) {
                let cycle = first(served.tier);
                let has = |changes: &Changes| changes.new.iter().any(|(of, _)| *of == cycle);
                let gaps = other.short.iter().any(|short| short.why == Why::Gap);
                if served.tier == waits.tier && has(got) && !has(other) && !gaps {
                    prop_assert!(served.last <= waits.last, "{} {:?} before {} {:?}", served.id, served.last, waits.id, waits.last);
                }
            }
        }
    }

    #[test]
    fn a_tier_has_what_is_guaranteed_to_it_whatever_the_others_want(company in companies(120)) {
        let mut company = company;
        for customer in &mut company.customers {
            (customer.begin, customer.had, customer.last) = (day("2020-01-01"), vec![], None);
        }
        let plan = company.plan();
        for ((tier, cycle), figures) in &plan.figures {
            let room: u32 = company.days.iter().filter(|day| cycle.holds(day.date)).map(|day| day.room).sum();
            let guaranteed = (company.rules.tiers[*tier].share * f64::from(room)).floor() as u32;
            let gap: u32 = plan.changes.iter().zip(&company.customers).filter(|(_, customer)| customer.tier == *tier)
                .flat_map(|(changes, _)| &changes.short)
                .filter(|short| short.cycle == *cycle && short.why == Why::Gap)
                .map(|short| short.visits).sum();
            prop_assert!(figures.placed + gap >= figures.owed.min(guaranteed), "{tier} {}: {figures:?} of {guaranteed}", cycle.name());
        }
    }

    #[test]
    fn when_somebody_is_away_only_what_lies_in_it_is_moved(company in companies(60), from in 0..60_u64, days in 1..15_u64) {
        let mut company = company;
        company.apply(&company.plan(), day("2026-03-31"));
        let away = later(day(FIRST), from)..later(day(FIRST), from + days);
        company.days.retain(|day| !away.contains(&day.date));
        let plan = company.plan();
        for (customer, changes) in company.customers.iter().zip(&plan.changes) {
            prop_assert!(changes.surplus.is_empty());
            for place in changes.moved.iter().map(|(place, _)| place).chain(&changes.homeless) {
                prop_assert!(away.contains(&customer.ahead[*place].on), "{} {changes:?}", customer.id);
            }
            let per = company.rules.tiers[customer.tier].per;
            let stays_within = |(place, on): &(usize, NaiveDate)| per.of(*on) == per.of(customer.ahead[*place].on);
            prop_assert!(changes.moved.iter().all(|moved| !away.contains(&moved.1) && stays_within(moved)));
        }
        for (customer, visits) in company.customers.iter().zip(company.visits(&plan)) {
            let mut visits = visits;
            visits.sort_unstable();
            prop_assert!(visits.windows(2).all(|pair| (pair[1] - pair[0]).num_days() >= company.rules.gap), "{} {visits:?}", customer.id);
        }
    }

    #[test]
    fn a_wish_costs_nobody_a_visit_and_a_lone_one_is_kept(company in companies(60), weekday in 1..6_u8) {
        let mut plain = company.clone();
        for customer in &mut plain.customers {
            customer.wish = Weekdays::default();
        }
        let placed = |plan: &Plan| plan.figures.values().map(|figures| figures.placed).sum::<u32>();
        prop_assert!(placed(&company.plan()) >= placed(&plain.plan()));
        let lone = Customer { wish: Weekdays::read(&json!(weekday)), begin: day("2020-01-01"), had: vec![], last: None,
            id: "lone".into(), tier: 0, missed: vec![], ahead: vec![] };
        let rules = Rules { tiers: vec![Cadence { visits: 1, per: Per::Month, share: 1.0 }], ..company.rules };
        let days = working_days(&BTreeSet::new(), &[3]);
        let plan = place(&rules, &days, &[lone]);
        prop_assert_eq!(plan.changes[0].new.len(), 3);
        for (_, on) in &plan.changes[0].new {
            prop_assert_eq!(on.weekday().number_from_monday(), u32::from(weekday));
        }
    }
}
