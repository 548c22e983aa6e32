//! The days of one customer's new visits chosen anew together: what has no day for the sake of the gap has one as soon as
//! those behind or before it make way.

use chrono::NaiveDate;

use super::board::{Board, Visit};

/// What it costs to move a visit rather than leave it; far above the visits of a day.
const MOVED: u64 = 10_000;

/// The cheapest way to have a visit on a day, and on which day the one before it then is.
type Way = Option<(u64, Option<usize>)>;

impl Board<'_> {
    /// Finds a day for the visit by moving other new visits of its customer too, as few as will do, to the days with
    /// least. Visits ahead, which people know of, stay. False: there is none, and nothing was changed.
    pub(super) fn settle(&mut self, visit: usize) -> bool {
        let customer = self.visits[visit].customer;
        let mut own: Vec<usize> = self.by_customer[customer].clone();
        own.retain(|other| *other != visit && self.visits[*other].moves && self.visits[*other].ahead.is_none());
        own.push(visit);
        // of those of a cycle, who may be early is
        own.sort_by_key(|other| {
            let Visit { cycle, window, day, .. } = &self.visits[*other];
            (cycle.first, window.start, *day, *other)
        });
        let Some(days) = self.ways(customer, &own) else { return false };
        for (other, day) in own.into_iter().zip(days) {
            if self.visits[other].gone {
                self.put_back(other, day);
            } else {
                self.shift(other, day);
            }
        }
        true
    }

    /// Puts a visit that is off the board on this day.
    pub(super) fn put_back(&mut self, visit: usize, day: usize) {
        let customer = self.visits[visit].customer;
        self.visits[visit] = Visit { day, gone: false, ..self.visits[visit].clone() };
        self.counts[day] += 1;
        self.by_day[day].push(visit);
        self.by_customer[customer].push(visit);
    }

    /// Days for these visits of the customer, in their order: each in its window, with room, and with the gap to each other and
    /// to whatever else the customer has.
    fn ways(&self, customer: usize, own: &[usize]) -> Option<Vec<usize>> {
        let fixed: Vec<NaiveDate> = self.fixed(customer, own);
        let gap = self.gap();
        let free = |day: usize| !fixed.iter().any(|other| (*other - self.date(day)).num_days().abs() < gap);
        let mut table: Vec<Vec<Way>> = Vec::with_capacity(own.len());
        for visit in own {
            let Visit { window, day: at, gone, .. } = &self.visits[*visit];
            let mut ways: Vec<Way> = vec![None; self.counts.len()];
            // the cheapest of the one before that is far enough behind
            let (mut before, mut seen): (Way, usize) = (None, 0);
            for day in window.clone() {
                if let Some(last) = table.last() {
                    while seen < day && (self.date(day) - self.date(seen)).num_days() >= gap {
                        before = [before, last[seen].map(|(cost, _)| (cost, Some(seen)))].into_iter().flatten().min();
                        seen += 1;
                    }
                }
                let start = if table.is_empty() { Some((0, None)) } else { before };
                let mine = own.iter().filter(|other| !self.visits[**other].gone && self.visits[**other].day == day);
                let count = self.counts[day] - mine.count() as u32;
                if count < self.rooms[day] && free(day) {
                    let moved = if *gone || *at != day { MOVED } else { 0 };
                    ways[day] = start.map(|(cost, from)| (cost + moved + u64::from(count), from));
                }
            }
            table.push(ways);
        }
        let last = table.last()?;
        let (_, mut day) = last.iter().enumerate().filter_map(|(day, way)| Some(((*way)?.0, day))).min()?;
        let mut days = vec![day];
        for ways in table.iter().skip(1).rev() {
            day = ways[day]?.1?;
            days.push(day);
        }
        days.reverse();
        Some(days)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ahead, Cadence, Customer, Day, Per, Plan, Rules, Why, place};
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    /// The days of one customer with so many visits a month and a gap, on these working days of June.
    fn planned(visits: u16, gap: i64, days: &[(u32, u32)], ahead: &[u32]) -> Plan {
        let june = |day: u32| NaiveDate::from_ymd_opt(2026, 6, day).expect("a day of June");
        let tiers = vec![Cadence { visits, per: Per::Month, share: 1.0 }];
        let (first, until) = (day("2026-06-01"), day("2026-06-30"));
        let rules = Rules { tiers, gap, first, until, told: day("2026-05-31") };
        let days: Vec<Day> = days.iter().map(|(day, room)| Day { date: june(*day), room: *room }).collect();
        let customer = Customer {
            id: "c1".to_owned(),
            tier: 0,
            begin: day("2020-01-01"),
            had: vec![],
            missed: vec![],
            last: None,
            wish: Default::default(),
            ahead: ahead.iter().map(|day| Ahead { on: june(*day), stays: true }).collect(),
        };
        place(&rules, &days, &[customer])
    }

    fn days_of(plan: &Plan) -> Vec<u32> {
        use chrono::Datelike as _;
        let mut days: Vec<u32> = plan.changes[0].new.iter().map(|(_, on)| on.day()).collect();
        days.sort_unstable();
        days
    }

    #[test]
    fn visits_make_way_for_each_other_where_the_days_allow_it() {
        // level alone would put them where there is no third
        assert_eq!(days_of(&planned(3, 10, &[(1, 1), (8, 1), (11, 1), (15, 1), (22, 1)], &[])), [1, 11, 22]);
        assert_eq!(days_of(&planned(3, 7, &[(3, 1), (4, 1), (10, 1), (11, 1), (17, 1)], &[])), [3, 10, 17]);
        // round what people know
        assert_eq!(days_of(&planned(3, 7, &[(1, 1), (5, 1), (8, 1), (12, 1), (15, 1)], &[8])), [1, 15]);
    }

    #[test]
    fn what_no_order_of_days_makes_possible_is_short_for_the_gap() {
        let plan = planned(3, 10, &[(1, 1), (8, 1), (15, 1), (20, 1)], &[]);
        assert_eq!(days_of(&plan).len(), 2);
        assert_eq!(
            plan.changes[0].short.iter().map(|short| (short.visits, short.why)).collect::<Vec<_>>(),
            [(1, Why::Gap)]
        );
    }
}
