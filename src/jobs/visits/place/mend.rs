//! What could not stand where it was put: another day, another visit's day, or the reason why there is none.

use std::ops::Range;

use super::board::{Board, Visit};
use super::{Cycle, Plan, Short, Why};

impl Board<'_> {
    /// Moves visits that are too close to others of the customer. Those that find no place leave the board.
    pub(super) fn mend(&mut self) {
        for visit in self.movable() {
            if self.may(visit, self.visits[visit].day) {
                continue;
            }
            let days = self.nearest(visit);
            if let Some(other) = days.iter().find_map(|day| self.partner(visit, *day, |_| true)) {
                self.swap(visit, other);
            } else if let Some(day) = self.open_day(visit) {
                self.shift(visit, day);
            } else if !self.settle(visit) {
                self.take_off(visit);
                self.homeless.push(visit);
            }
        }
    }

    /// The day with least of those with room that the visit may have.
    fn open_day(&self, visit: usize) -> Option<usize> {
        let own = self.visits[visit].gone.then_some(self.visits[visit].day);
        let open = own.into_iter().chain(self.nearest(visit)).filter(|day| self.counts[*day] < self.rooms[*day]);
        open.filter(|day| self.may(visit, *day)).min_by_key(|day| self.counts[*day])
    }

    fn take_off(&mut self, visit: usize) {
        let Visit { customer, day, .. } = self.visits[visit];
        self.visits[visit].gone = true;
        self.counts[day] -= 1;
        self.by_day[day].retain(|other| *other != visit);
        self.by_customer[customer].retain(|other| *other != visit);
    }

    /// What found no place takes what others left, or is short.
    pub(super) fn give_up(&mut self, plan: &mut Plan) {
        for visit in std::mem::take(&mut self.homeless) {
            if let Some(day) = self.open_day(visit) {
                self.put_back(visit, day);
                continue;
            }
            if self.settle(visit) {
                continue;
            }
            let Visit { customer, cycle, ahead, .. } = self.visits[visit];
            let changes = &mut plan.changes[customer];
            changes.homeless.extend(ahead);
            match changes.short.iter_mut().find(|short| short.cycle == cycle && short.why == Why::Gap) {
                Some(short) => short.visits += 1,
                None => changes.short.push(Short { cycle, visits: 1, why: Why::Gap }),
            }
        }
    }

    /// Room that nobody could take who was given it goes to who was given none: the upper tiers first, who waits longest
    /// first.
    pub(super) fn fill_up(&mut self, plan: &mut Plan) {
        let mut short: Vec<(usize, Short)> = Vec::new();
        for (customer, changes) in plan.changes.iter_mut().enumerate() {
            short.extend(changes.short.drain(..).map(|short| (customer, short)));
        }
        let order = |(customer, short): &(usize, Short)| {
            (
                self.customers[*customer].tier,
                short.cycle,
                self.last(*customer, short.cycle),
                &self.customers[*customer].id,
            )
        };
        short.sort_by(|one, other| order(one).cmp(&order(other)));
        for (customer, mut short) in short {
            let window = self.days_of(short.cycle);
            let window = window.start.max(self.place_of(self.customers[customer].begin)).min(window.end)..window.end;
            // days people know the visits of come last
            let untold = window.start.max(self.untold()).min(window.end)..window.end;
            while short.visits > 0
                && (self.added(customer, short.cycle, &untold) || self.added(customer, short.cycle, &window))
            {
                short.visits -= 1;
            }
            let has_room = window.clone().any(|day| self.counts[day] < self.rooms[day]);
            // what had no day for the gap's sake keeps that reason when others have taken the room since
            short.why = if has_room || short.why == Why::Gap { Why::Gap } else { Why::Full };
            match plan.changes[customer].short.iter_mut().find(|known| known.cycle == short.cycle) {
                Some(known) => known.visits += short.visits,
                None if short.visits > 0 => plan.changes[customer].short.push(short),
                None => {}
            }
        }
    }
    /// Adds a visit somewhere in these days; false when there is no place.
    fn added(&mut self, customer: usize, cycle: Cycle, window: &Range<usize>) -> bool {
        if window.is_empty() {
            return false;
        }
        let (day, window) = (window.start, window.clone());
        let visit = self.visits.len();
        self.visits.push(Visit { customer, cycle, day, ahead: None, moves: true, window, gone: true });
        if let Some(day) = self.open_day(visit) {
            self.put_back(visit, day);
            return true;
        }
        let settled = self.settle(visit);
        if !settled {
            self.visits.pop();
        }
        settled
    }
}
