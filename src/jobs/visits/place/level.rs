//! Levels the work of a person: where so many more visits go, so that the days come out even.

/// Adds `more` visits to days that have `counts` already and room for `rooms` in all: always to the day with least, the
/// ones too many for all of them spread evenly over those days. What each day gets, and what found no room.
pub(super) fn fill(counts: &[u32], rooms: &[u32], more: u32) -> (Vec<u32>, u32) {
    let free: u32 = counts.iter().zip(rooms).map(|(count, room)| room.saturating_sub(*count)).sum();
    let (placed, left) = (more.min(free), more - more.min(free));
    let takes = |level: u32| -> u32 {
        counts.iter().zip(rooms).map(|(count, room)| level.min(*room).saturating_sub(*count)).sum()
    };
    // the highest level to which all can be raised
    let (mut low, mut high) = (0, rooms.iter().copied().max().unwrap_or(0));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if takes(middle) <= placed { low = middle } else { high = middle - 1 }
    }
    let mut added: Vec<u32> =
        counts.iter().zip(rooms).map(|(count, room)| low.min(*room).saturating_sub(*count)).collect();
    let rest = (placed - takes(low)) as usize;
    let even: Vec<usize> = (0..counts.len()).filter(|day| counts[*day].max(low) == low && rooms[*day] > low).collect();
    for place in 0..rest {
        added[even[(2 * place + 1) * even.len() / (2 * rest)]] += 1;
    }
    (added, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_days_are_raised_first_and_the_rest_is_spread() {
        for (counts, rooms, more, added, left) in [
            (vec![0, 0, 0], vec![10, 10, 10], 7, vec![2, 3, 2], 0),
            (vec![5, 0, 1], vec![10, 10, 10], 4, vec![0, 2, 2], 0),
            (vec![5, 0, 1], vec![10, 2, 10], 9, vec![1, 2, 6], 0),
            (vec![3, 3], vec![3, 4], 5, vec![0, 1], 4),
            (vec![], vec![], 2, vec![], 2),
            (vec![9, 0], vec![5, 5], 6, vec![0, 5], 1),
        ] {
            assert_eq!(fill(&counts, &rooms, more), (added, left), "{more} on {counts:?}");
        }
    }

    #[test]
    fn days_alike_never_differ_by_more_than_one() {
        for days in 1..30_usize {
            for more in 0..200_u32 {
                let (added, left) = fill(&vec![0; days], &vec![10; days], more);
                let (least, most) = (added.iter().min().unwrap(), added.iter().max().unwrap());
                assert!(
                    most - least <= 1 && left == more.saturating_sub(10 * days as u32),
                    "{more} on {days}: {added:?}"
                );
            }
        }
    }
}
