//! What the steps of a policy make of a cycle: whom to tell now, and when to look again. Pure.

use chrono::{DateTime, Utc};

use super::clock::{self, Cycle, State};
use super::policy::{Policy, Recipient};
use crate::calendar::business::{Calendar, Trouble};

/// A step that came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    /// Its name.
    pub step: String,
    /// Whom the file names.
    pub to: Recipient,
    /// When it came about.
    pub at: DateTime<Utc>,
    /// A later step for the same recipient came about too: nobody needs to hear of this one.
    pub overtaken: bool,
}

/// What is to be done about a cycle.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chase {
    pub due: Vec<Due>,
    /// When something comes about next.
    pub next_at: Option<DateTime<Utc>>,
}

/// Looks at a cycle as of an instant; `fired` says what was told before: (step, whom).
pub(super) fn chase(
    cycle: &Cycle,
    policy: &Policy,
    calendar: &Calendar,
    as_of: DateTime<Utc>,
    fired: impl Fn(&str, &str) -> bool,
) -> Result<Chase, Trouble> {
    let mut chase = Chase::default();
    if cycle.state != State::Running {
        return Ok(chase);
    }
    chase.next_at = cycle.due.filter(|due| *due > as_of);
    if cycle.acknowledged_at.is_some() {
        return Ok(chase);
    }
    for step in policy.steps.iter().filter(|step| step.is_about(cycle.target.clock)) {
        let Some(at) = clock::passed(step.at, cycle, calendar)? else { continue };
        if at > as_of {
            chase.next_at = Some(chase.next_at.map_or(at, |next| next.min(at)));
            continue;
        }
        let to = step.to.iter().filter(|to| !fired(&step.name, &to.word()));
        chase.due.extend(to.map(|to| Due { step: step.name.clone(), to: to.clone(), at, overtaken: false }));
    }
    chase.due.sort_by(|a, b| (a.at, &a.step).cmp(&(b.at, &b.step)));
    for place in 0..chase.due.len() {
        let (this, later) = chase.due[place..].split_first_mut().expect("it is within");
        this.overtaken = later.iter().any(|other| other.to == this.to);
    }
    Ok(chase)
}
