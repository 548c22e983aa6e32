//! Shares a person's days out among the tiers: each is guaranteed its part of the effort, what it does not need passes to
//! the tiers below, and what nobody below needs goes back to those from the top that are still short.

use std::ops::Range;

/// What a tier wants of a stretch of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Want {
    /// The days, by their place.
    pub days: Range<usize>,
    /// Visits that stand there already, or have to move within it.
    pub has: u32,
    /// Visits to be added.
    pub more: u32,
}

/// Rounding errors of sums of shares stay far below this.
const SMALL: f64 = 1e-6;

/// How many of the visits to be added each want gets. `tiers`: from the top, the share of the effort and its wants, in the
/// order of days, none overlapping; `rooms` are visits a day.
pub(super) fn share(rooms: &[u32], tiers: &[(f64, Vec<Want>)]) -> Vec<Vec<u32>> {
    let mut open = vec![0.0; rooms.len()];
    let mut given: Vec<Vec<(u32, u32)>> = Vec::with_capacity(tiers.len());
    for (share, wants) in tiers {
        for (open, room) in open.iter_mut().zip(rooms) {
            *open += share * f64::from(*room);
        }
        let taken = wants.iter().map(|want| {
            let has = take(&mut open, want, want.has);
            (has, take(&mut open, want, want.more))
        });
        given.push(taken.collect());
    }
    // what stands beyond the share of its tier has taken of the others' before anybody is given more
    let each = || {
        tiers
            .iter()
            .map(|(_, wants)| wants)
            .zip(0..)
            .flat_map(|(wants, tier)| wants.iter().zip(0..).map(move |(want, at)| (want, tier, at)))
    };
    for (want, tier, at) in each() {
        let (has, _): (u32, u32) = given[tier][at];
        take(&mut open, want, want.has - has);
    }
    for (want, tier, at) in each() {
        given[tier][at].1 += take(&mut open, want, want.more - given[tier][at].1);
    }
    given.into_iter().map(|tier| tier.into_iter().map(|(_, more)| more).collect()).collect()
}

/// Takes out of what is open on the days of a want: as much of so many visits as is left.
fn take(open: &mut [f64], want: &Want, visits: u32) -> u32 {
    let open = &mut open[want.days.clone()];
    let sum: f64 = open.iter().sum();
    let left = (sum + SMALL).floor();
    let taken = if left >= f64::from(visits) { visits } else { left as u32 };
    let kept = if sum > 0.0 { (1.0 - f64::from(taken) / sum).max(0.0) } else { 0.0 };
    for day in open {
        *day *= kept;
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(days: Range<usize>, has: u32, more: u32) -> Want {
        Want { days, has, more }
    }

    #[test]
    fn each_tier_has_its_share_and_what_it_does_not_need_passes_down() {
        // a month of 22 days for 10: 132, 66 and 22 visits
        let rooms = [10; 22];
        let shared = |needs: [u32; 3]| {
            let tiers = [0.6, 0.3, 0.1].into_iter().zip(needs).map(|(share, need)| (share, vec![want(0..22, 0, need)]));
            share(&rooms, &tiers.collect::<Vec<_>>()).concat()
        };
        assert_eq!(shared([110, 100, 100]), [110, 88, 22], "22 pass from the top to the middle");
        assert_eq!(shared([200, 100, 100]), [132, 66, 22], "nobody takes what is guaranteed to another");
        assert_eq!(shared([110, 20, 100]), [110, 20, 90], "and on to the last");
        assert_eq!(shared([200, 20, 10]), [190, 20, 10], "what nobody below needs goes back up");
        assert_eq!(shared([200, 200, 0]), [154, 66, 0], "to the top first");
    }

    #[test]
    fn a_quarter_counts_what_is_left_of_its_months_and_what_stands_there_already() {
        let rooms = [10; 65];
        let months = [0..22, 22..43, 43..65];
        let monthly = |more: u32| months.clone().map(|days| want(days, 0, more)).to_vec();
        let given = share(&rooms, &[(0.6, monthly(110)), (0.3, monthly(101)), (0.1, vec![want(0..65, 0, 133)])]);
        assert_eq!(given, [vec![110, 110, 110], vec![88, 79, 88], vec![65]]);
        let given = share(&rooms, &[(0.6, monthly(110)), (0.3, monthly(101)), (0.1, vec![want(0..65, 60, 73)])]);
        assert_eq!(given[2], [5]);
        let given = share(&rooms, &[(0.6, monthly(110)), (0.3, monthly(101)), (0.1, vec![want(0..65, 80, 53)])]);
        assert_eq!(given[2], [0], "what stands there is not taken back");
    }

    #[test]
    fn a_share_that_is_no_whole_number_loses_nothing_over_the_tiers() {
        for room in 1..40_u32 {
            let tiers: Vec<_> = [0.55, 0.31, 0.14].map(|share| (share, vec![want(0..1, 0, 100)])).to_vec();
            assert_eq!(share(&[room], &tiers).concat().iter().sum::<u32>(), room);
        }
    }
}
