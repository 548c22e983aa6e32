//! The level a customer gets: the same rules as `retier.sql` has for everybody.

use chrono::{DateTime, Utc};

use super::super::Ladder;
use super::{Judged, Standing};

/// By what somebody keeps a level whose `when` does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Keep,
    Margin,
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Somebody gave the level.
    Hand,
    /// There was no level before: the conditions alone.
    First,
    /// The conditions of a higher level hold.
    Rise,
    /// Those of the present level do, and of none above it.
    Stay,
    /// They do not, but this does.
    Keep(Kept),
    /// A lower level is due, not for long enough.
    Hold,
    /// A second run of the same as-of does not take a second step down.
    OneLevelAgain,
    /// A lower level is due, and was for long enough where the file says so.
    Fall,
    /// The same, one level at a time.
    OneLevel,
}

impl By {
    /// The word for programs.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Hand => "override",
            Self::First => "first",
            Self::Rise | Self::Stay | Self::Fall => "conditions",
            Self::Keep(Kept::Keep) => "keep",
            Self::Keep(Kept::Margin) => "margin",
            Self::Hold => "hold",
            Self::OneLevel | Self::OneLevelAgain => "one_level",
        }
    }
}

/// Places of levels, counted from the top.
#[derive(Debug)]
pub(super) struct Decision {
    /// The level before; none, or one the ladder no longer has.
    pub(super) from: Option<usize>,
    /// The level that could be kept: the one given by hand, else the one before.
    pub(super) base: Option<usize>,
    /// What the `when`s alone ask for.
    pub(super) when: usize,
    /// The same with what keeps a level.
    pub(super) due: usize,
    /// The level after the run.
    pub(super) to: usize,
    /// What decided.
    pub(super) by: By,
    /// Since when a lower level is due, counted up to this run, when one is.
    pub(super) waits_since: Option<DateTime<Utc>>,
    /// The earliest instant of an evaluation that takes the customer down, when a hold stands in the way.
    pub(super) falls_at: Option<DateTime<Utc>>,
}

pub(super) fn decide(ladder: &Ladder, as_of: DateTime<Utc>, standing: &Standing, levels: &[Judged]) -> Decision {
    let stability = ladder.stability();
    let from = standing.level.as_deref().and_then(|level| ladder.place(level));
    let by_hand = standing.by_hand.as_ref().and_then(|by_hand| ladder.place(&by_hand.level));
    let base = by_hand.or(from);
    let when = levels.iter().position(Judged::due).unwrap_or(levels.len() - 1);
    let kept = base.and_then(|base| (base..when).find_map(|place| Some((place, levels[place].kept()?))));
    let due = kept.map_or(when, |(place, _)| place);
    let since = standing.falling_since.unwrap_or(as_of);
    let waits = since > stability.falls_since(as_of);
    let again = stability.one_level_a_run && standing.falling_since == Some(as_of);
    let (to, by) = match (by_hand, from) {
        (Some(place), _) => (place, By::Hand),
        (None, None) => (due, By::First),
        (None, Some(from)) if due < from => (due, By::Rise),
        (None, Some(from)) if due == from => (from, kept.map_or(By::Stay, |(_, kept)| By::Keep(kept))),
        (None, Some(from)) if waits => (from, By::Hold),
        (None, Some(from)) if again => (from, By::OneLevelAgain),
        (None, Some(from)) if stability.one_level_a_run && from + 1 < due => (from + 1, By::OneLevel),
        (None, Some(_)) => (due, By::Fall),
    };
    let waits_since = from.filter(|from| due > *from).map(|_| since);
    let falls_at = stability.hold.filter(|_| by == By::Hold).map(|hold| since + hold.as_delta());
    Decision { from, base, when, due, to, by, waits_since, falls_at }
}
