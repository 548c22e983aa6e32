//! When the steps of a chain come about.

use tend::jobs::sla::clock::{At, Clock, cycles, passed};

use super::cases::{states, targets, ticket};
use crate::support::instant;

#[test]
fn steps_count_the_time_of_their_clock() {
    let desk = super::calendar("UTC", "monday-friday", "09:00-17:00", "");
    // Friday 16:00, four hours: due Monday 12:00
    let all = cycles(
        &ticket(&[("2026-06-05T16:00:00Z", "opened", "")]),
        &targets(&[(Clock::Solution, 240)]),
        &desk,
        &states(),
        &[],
        instant("2026-06-05T16:00:00Z"),
    );
    for (at, expected) in [
        (At::Share { share: 500, lead: 0 }, "2026-06-08T10:00:00Z"),
        (At::Share { share: 800, lead: 3_600 }, "2026-06-08T11:00:00Z"),
        (At::Start(0), "2026-06-05T16:00:00Z"),
        (At::Start(7_200), "2026-06-08T10:00:00Z"),
        (At::Before(10_800), "2026-06-05T17:00:00Z"),
        (At::After(0), "2026-06-08T12:00:00Z"),
        (At::After(6 * 3_600), "2026-06-09T10:00:00Z"),
    ] {
        assert_eq!(passed(at, &all[0], &desk), Ok(Some(instant(expected))), "{at:?}");
    }
}

#[test]
fn a_share_of_a_deadline_set_by_hand_is_one_of_the_time_until_then() {
    let desk = super::calendar("UTC", "monday-friday", "09:00-17:00", "");
    let log =
        [("2026-06-01T09:00:00Z", "opened", ""), ("2026-06-01T09:30:00Z", "due", "solution 2026-06-02T11:00:00Z")];
    let all = cycles(
        &ticket(&log),
        &targets(&[(Clock::Solution, 60)]),
        &desk,
        &states(),
        &[],
        instant("2026-06-01T10:00:00Z"),
    );
    assert_eq!(passed(At::Share { share: 500, lead: 0 }, &all[0], &desk), Ok(Some(instant("2026-06-01T14:00:00Z"))));
}

#[test]
fn while_it_stands_still_no_step_has_an_instant() {
    let always = super::calendar("UTC", "monday-sunday", "00:00-24:00", "");
    let log = [("2026-06-01T09:00:00Z", "opened", ""), ("2026-06-01T09:30:00Z", "state", "pending")];
    let all = cycles(
        &ticket(&log),
        &targets(&[(Clock::Solution, 60)]),
        &always,
        &states(),
        &[],
        instant("2026-06-02T10:00:00Z"),
    );
    assert_eq!(passed(At::After(0), &all[0], &always), Ok(None));
}
