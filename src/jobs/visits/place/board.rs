//! The days of a person with the visits on them: new ones get days in order, then conflicts are mended and wishes kept by
//! swapping, which leaves every day as full as it was.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{Datelike, Days, NaiveDate};

use super::level::fill;
use super::{Customer, Cycle, Day, Group, More, Plan, Rules, Short, Why};

/// A visit on the board.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub customer: usize,
    pub cycle: Cycle,
    /// Place of its day.
    pub day: usize,
    /// Which of the customer's visits ahead it is; none: a new one.
    pub ahead: Option<usize>,
    /// Whether it may be moved.
    pub moves: bool,
    /// Places of the days it may have.
    pub window: Range<usize>,
    pub gone: bool,
}

pub(super) struct Board<'b> {
    rules: &'b Rules,
    days: &'b [Day],
    pub(super) customers: &'b [Customer],
    pub(super) rooms: Vec<u32>,
    /// Visits a day.
    pub(super) counts: Vec<u32>,
    pub(super) visits: Vec<Visit>,
    pub(super) by_day: Vec<Vec<usize>>,
    pub(super) by_customer: Vec<Vec<usize>>,
    /// Days of customers that are not on the board: visits that were, contacts, days that are no working days.
    others: Vec<Vec<NaiveDate>>,
    /// Visits that have no day yet, off the board.
    pub(super) homeless: Vec<usize>,
}

/// Days somebody was there.
fn were(customer: &Customer) -> Vec<NaiveDate> {
    customer.had.iter().copied().filter(|day| !customer.missed.contains(day)).collect()
}

impl<'b> Board<'b> {
    pub(super) fn new(rules: &'b Rules, days: &'b [Day], customers: &'b [Customer]) -> Self {
        Self {
            rules,
            days,
            customers,
            rooms: days.iter().map(|day| day.room).collect(),
            counts: vec![0; days.len()],
            visits: Vec::new(),
            by_day: vec![Vec::new(); days.len()],
            by_customer: vec![Vec::new(); customers.len()],
            others: customers.iter().map(were).collect(),
            homeless: Vec::new(),
        }
    }

    pub(super) fn date(&self, day: usize) -> NaiveDate {
        self.days[day].date
    }

    pub(super) fn visits(&self) -> impl Iterator<Item = &Visit> {
        self.visits.iter().filter(|visit| !visit.gone)
    }

    pub(super) fn cycle_of(&self, tier: usize, day: NaiveDate) -> Cycle {
        self.rules.tiers[tier].per.of(day)
    }

    /// The place of the first day that is not before this one.
    pub(super) fn place_of(&self, date: NaiveDate) -> usize {
        self.days.partition_point(|day| day.date < date)
    }

    pub(super) fn days_of(&self, cycle: Cycle) -> Range<usize> {
        self.place_of(cycle.first)..self.days.partition_point(|day| day.date <= cycle.last())
    }

    /// A visit ahead that stays where it is.
    pub(super) fn stands(&mut self, customer: usize, ahead: usize, cycle: Cycle) {
        let date = self.customers[customer].ahead[ahead].on;
        match self.days.binary_search_by_key(&date, |day| day.date) {
            Ok(day) => self.put(Visit {
                customer,
                cycle,
                day,
                ahead: Some(ahead),
                moves: false,
                window: day..day + 1,
                gone: false,
            }),
            Err(_) => self.others[customer].push(date),
        }
    }

    pub(super) fn put(&mut self, visit: Visit) {
        let at = self.visits.len();
        self.counts[visit.day] += 1;
        self.by_day[visit.day].push(at);
        self.by_customer[visit.customer].push(at);
        self.visits.push(visit);
    }

    /// Gives days to as many of the new visits as there is room for: who waits longest first.
    pub(super) fn place_new(&mut self, group: &Group, given: u32, plan: &mut Plan) {
        let range = self.days_of(group.cycle);
        let untold = range.start.max(self.untold()).min(range.end);
        let (behind, left) = fill(&self.counts[untold..range.end], &self.rooms[untold..range.end], given);
        let mut added = vec![0; untold - range.start];
        added.extend(behind);
        let full: Vec<u32> =
            self.counts[range.clone()].iter().zip(&added).map(|(count, added)| count + added).collect();
        let (more, left) = fill(&full, &self.rooms[range.clone()], left);
        let served = self.choose(group, given - left, plan);
        let mut wanted: Vec<(f64, usize)> = Vec::new();
        let many = served.len();
        for (rank, (customer, visits)) in served.into_iter().enumerate() {
            let phase = (rank as f64 + 0.5) / many as f64;
            wanted.extend((0..visits).map(|nth| (self.desired(group.cycle, customer, (nth, visits), phase), customer)));
        }
        wanted.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let slots = added.iter().zip(&more).enumerate().flat_map(|(day, (first, second))| {
            let (day, late) = (range.start + day, *second > 0);
            std::iter::repeat_n((day, late), (first + second) as usize)
        });
        for ((_, customer), (day, late)) in wanted.into_iter().zip(slots.collect::<Vec<_>>()) {
            let begin = self.place_of(self.customers[customer].begin);
            let from = if late { range.start } else { untold }.max(begin).min(range.end);
            self.put(Visit {
                customer,
                cycle: group.cycle,
                day,
                ahead: None,
                moves: true,
                window: from..range.end,
                gone: false,
            });
        }
    }

    /// Which customers get how many of so many visits: each a first one before anybody a second, who waits longest first.
    /// In the order of their waiting. The others are short.
    fn choose(&self, group: &Group, many: u32, plan: &mut Plan) -> Vec<(usize, u32)> {
        let mut waiting: Vec<(Option<NaiveDate>, More)> =
            group.more.iter().map(|more| (self.last(more.customer, group.cycle), *more)).collect();
        let id = |more: &More| self.customers[more.customer].id.as_str();
        waiting.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| id(&one.1).cmp(id(&other.1))));
        let (mut given, mut left) = (vec![0; waiting.len()], many);
        for nth in 0..waiting.iter().map(|(_, more)| more.has + more.visits).max().unwrap_or(0) {
            for (given, (_, more)) in given.iter_mut().zip(&waiting) {
                if (more.has..more.has + more.visits).contains(&nth) && left > 0 {
                    *given += 1;
                    left -= 1;
                }
            }
        }
        for ((_, more), given) in waiting.iter().zip(&given).filter(|((_, more), given)| more.visits > **given) {
            let visits = more.visits - given;
            plan.changes[more.customer].short.push(Short { cycle: group.cycle, visits, why: Why::Full });
        }
        let served = waiting.into_iter().zip(given).filter(|(_, given)| *given > 0);
        served.map(|((_, more), given)| (more.customer, given)).collect()
    }

    /// When somebody was with the customer, or will be, before the cycle.
    pub(super) fn last(&self, customer: usize, cycle: Cycle) -> Option<NaiveDate> {
        let known = self.customers[customer].last.into_iter().chain(self.others[customer].iter().copied());
        let planned = self.by_customer[customer].iter().map(|visit| self.date(self.visits[*visit].day));
        known.chain(planned).filter(|day| *day < cycle.first).max()
    }

    /// Where in the cycle a new visit had best be, 0 to 1: evenly behind each other, and away from those the customer has.
    fn desired(&self, cycle: Cycle, customer: usize, (nth, visits): (u32, u32), phase: f64) -> f64 {
        let share = |date: NaiveDate| ((date - cycle.first).num_days() as f64 / cycle.days() as f64).clamp(0.0, 1.0);
        let even = (f64::from(nth) + phase) / f64::from(visits);
        let has = self.others[customer].iter().copied();
        let has = has.chain(self.by_customer[customer].iter().map(|visit| self.date(self.visits[*visit].day)));
        let before = has.filter(|day| *day < cycle.last()).max();
        let gap = Days::new(self.rules.gap.unsigned_abs());
        let open = before.and_then(|day| day.checked_add_days(gap)).map_or(0.0, share);
        let begin = open.max(share(self.customers[customer].begin));
        if open >= 1.0 { even } else { begin + even * (1.0 - begin) }
    }

    /// Gives other days to visits that cannot stand where they are.
    pub(super) fn place_loose(&mut self, group: &Group, plan: &mut Plan) {
        let range = self.days_of(group.cycle);
        let many = group.loose.len();
        let (added, left) = fill(&self.counts[range.clone()], &self.rooms[range.clone()], many as u32);
        let mut loose = group.loose.clone();
        loose.sort_by_key(|(customer, ahead)| {
            (self.last(*customer, group.cycle), self.customers[*customer].ahead[*ahead].on, *customer)
        });
        for (customer, ahead) in loose.split_off(many - left as usize) {
            if range.is_empty() {
                plan.changes[customer].homeless.push(ahead);
                plan.changes[customer].short.push(Short { cycle: group.cycle, visits: 1, why: Why::Full });
                continue;
            }
            let (cycle, window, day) = (group.cycle, range.clone(), range.start);
            self.homeless.push(self.visits.len());
            self.visits.push(Visit { customer, cycle, day, ahead: Some(ahead), moves: true, window, gone: true });
        }
        loose.sort_by_key(|(customer, ahead)| (self.customers[*customer].ahead[*ahead].on, *customer));
        let slots =
            added.iter().enumerate().flat_map(|(day, many)| std::iter::repeat_n(range.start + day, *many as usize));
        for ((customer, ahead), day) in loose.into_iter().zip(slots.collect::<Vec<_>>()) {
            let (cycle, window) = (group.cycle, range.clone());
            self.put(Visit { customer, cycle, day, ahead: Some(ahead), moves: true, window, gone: false });
        }
    }

    /// Days between two visits of a customer, at least: two on a day are none.
    pub(super) fn gap(&self) -> i64 {
        self.rules.gap.max(1)
    }

    /// Days on which the customer has anything but these visits.
    pub(super) fn fixed(&self, customer: usize, but: &[usize]) -> Vec<NaiveDate> {
        let others = self.by_customer[customer].iter().filter(|visit| !but.contains(visit));
        others.map(|visit| self.date(self.visits[*visit].day)).chain(self.others[customer].iter().copied()).collect()
    }

    /// The first day people do not know the visits of.
    pub(super) fn untold(&self) -> usize {
        self.place_of(self.rules.told.succ_opt().unwrap_or(self.rules.told))
    }

    /// Whether the visit could stand on that day, whoever else is there.
    pub(super) fn may(&self, visit: usize, day: usize) -> bool {
        let Visit { customer, window, .. } = &self.visits[visit];
        let date = self.date(day);
        let close = |other: NaiveDate| (other - date).num_days().abs() < self.gap();
        let others = self.by_customer[*customer].iter().filter(|other| **other != visit);
        window.contains(&day)
            && !others.map(|other| self.date(self.visits[*other].day)).any(close)
            && !self.others[*customer].iter().any(|other| close(*other))
    }

    fn wished(&self, visit: usize, day: usize) -> bool {
        self.customers[self.visits[visit].customer].wish.holds(self.date(day).weekday())
    }

    fn wishes(&self, visit: usize) -> bool {
        !self.customers[self.visits[visit].customer].wish.is_empty()
    }

    pub(super) fn movable(&self) -> Vec<usize> {
        (0..self.visits.len()).filter(|visit| self.visits[*visit].moves && !self.visits[*visit].gone).collect()
    }

    /// The days a visit may have, the nearest first.
    pub(super) fn nearest(&self, visit: usize) -> Vec<usize> {
        let Visit { day, window, .. } = &self.visits[visit];
        let mut days: Vec<usize> = window.clone().filter(|other| other != day).collect();
        days.sort_by_key(|other| (other.abs_diff(*day), *other));
        days
    }

    /// Another visit the visit can change places with on that day.
    pub(super) fn partner(&self, visit: usize, day: usize, agrees: impl Fn(usize) -> bool) -> Option<usize> {
        if !self.may(visit, day) {
            return None;
        }
        let here = self.visits[visit].day;
        let can = |other: usize| {
            let (one, two) = (&self.visits[visit], &self.visits[other]);
            two.moves && one.customer != two.customer && agrees(other) && self.may(other, here)
        };
        self.by_day[day].iter().copied().find(|other| can(*other))
    }

    pub(super) fn swap(&mut self, one: usize, other: usize) {
        let (here, there) = (self.visits[one].day, self.visits[other].day);
        self.shift(one, there);
        self.shift(other, here);
    }

    pub(super) fn shift(&mut self, visit: usize, day: usize) {
        let before = std::mem::replace(&mut self.visits[visit].day, day);
        self.by_day[before].retain(|other| *other != visit);
        self.by_day[day].push(visit);
        self.counts[before] -= 1;
        self.counts[day] += 1;
    }

    /// Brings visits to the weekdays their customers like.
    pub(super) fn keep_wishes(&mut self) {
        let level = self.levels();
        let mut wishing = self.movable();
        wishing.retain(|visit| self.wishes(*visit));
        wishing.sort_by_key(|visit| (self.customers[self.visits[*visit].customer].tier, *visit));
        for visit in wishing {
            let here = self.visits[visit].day;
            if self.wished(visit, here) {
                continue;
            }
            let days: Vec<usize> = self.nearest(visit).into_iter().filter(|day| self.wished(visit, *day)).collect();
            let agrees = |other: usize, day: usize| !self.wished(other, day) || self.wished(other, here);
            if let Some(other) = days.iter().find_map(|day| self.partner(visit, *day, |other| agrees(other, *day))) {
                self.swap(visit, other);
                continue;
            }
            let even = |day: usize| {
                level[day].0 == level[here].0
                    && f64::from(self.counts[day]) <= level[day].1
                    && f64::from(self.counts[here]) >= level[here].1
            };
            let open = |day: &usize| self.counts[*day] < self.rooms[*day] && even(*day) && self.may(visit, *day);
            if let Some(day) = days.iter().copied().find(open) {
                self.shift(visit, day);
            }
        }
    }

    /// For each day, which of the shortest cycles it is in and how many visits a day has there on average.
    fn levels(&self) -> Vec<(Cycle, f64)> {
        let shortest = self.rules.tiers.iter().map(|tier| tier.per).min();
        let cycle = |day: &Day| shortest.map_or_else(|| super::Per::Year.of(day.date), |per| per.of(day.date));
        let mut sums: BTreeMap<Cycle, (u32, u32)> = BTreeMap::new();
        for (day, count) in self.days.iter().zip(&self.counts) {
            let sum = sums.entry(cycle(day)).or_default();
            *sum = (sum.0 + count, sum.1 + 1);
        }
        let level = |cycle: Cycle| sums.get(&cycle).map_or(0.0, |(count, days)| f64::from(*count) / f64::from(*days));
        self.days.iter().map(cycle).map(|cycle| (cycle, level(cycle))).collect()
    }
}
