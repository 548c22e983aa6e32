//! What a review opens with: what was decided on the reviews before it, and whether the figures have moved since.
//!
//! Those are all actions that are open, and what was done since the review before. What was dropped is left out.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::catalogue::{Better, Unit, find};
use super::review::{Figure, PartName, Review, Verdict};
use super::words::Words;
use crate::action::{self, Listed, Place, Wanted};
use crate::engine::door::Run;
use crate::figures::titled;

/// Actions that are looked at, at most.
const MOST: i64 = 1_000;

/// An action, as a later review sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionSeen {
    /// Its number.
    pub action_id: i64,
    /// What is to be done.
    pub what: String,
    /// Who sees to it, by name.
    pub owner: String,
    /// By which day.
    pub due_on: NaiveDate,
    /// How it stands.
    pub state: ActionState,
    /// Open, and its day is over.
    pub is_overdue: bool,
    /// What came of it.
    pub note: Option<String>,
    /// The period of the review it was decided on.
    pub period: String,
    /// The run that made that review.
    pub run_id: i64,
    /// About which figure.
    pub figure: String,
    /// Of which part; none: all.
    pub of: Option<PartName>,
    /// The figure's name for people.
    pub title: Words,
    /// The unit of its values.
    pub unit: Unit,
    /// What it was then.
    pub then: Decimal,
    /// What it is now; none: there were no cases, or it is no longer measured.
    pub now: Option<Decimal>,
    /// What became of it.
    pub moved: Moved,
    /// It meets its target now.
    pub is_met: bool,
}

/// How an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// To be done.
    Open,
    /// Done.
    Done,
}

/// What became of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// It is better.
    Better,
    /// It is worse.
    Worse,
    /// As far as is shown it is the same.
    Same,
    /// It is another, and neither is better.
    Changed,
    /// It has no value: there were no cases.
    NoCases,
    /// It could not be computed.
    Failed,
    /// The review no longer has it.
    Unmeasured,
}

impl Moved {
    /// What a change is to people who see rounded values.
    #[must_use]
    pub fn by(change: Decimal, unit: Unit, better: Better) -> Self {
        match better {
            _ if unit.shown_change(change, "en").starts_with('±') => Self::Same,
            Better::Neither => Self::Changed,
            Better::More if change.is_sign_positive() => Self::Better,
            Better::Less if change.is_sign_negative() => Self::Better,
            Better::More | Better::Less => Self::Worse,
        }
    }
}

impl ActionSeen {
    /// The figure it is about.
    #[must_use]
    pub fn about(&self, locale: &str) -> String {
        titled(self.title.in_locale(locale), self.of.as_ref(), locale)
    }

    /// From where to where: "5 h → 3 h".
    #[must_use]
    pub fn values(&self, locale: &str) -> String {
        let now = self.now.map_or_else(|| "–".to_owned(), |now| self.unit.shown(now, locale));
        format!("{} → {now}", self.unit.shown(self.then, locale))
    }

    /// The figure of the review it was decided on.
    #[must_use]
    pub fn place(&self, team: &str) -> Place {
        Place { run_id: self.run_id, team: team.to_owned(), figure: self.figure.clone(), part: self.of.clone() }
    }
}

/// What a review of a team opens with; `team` is empty for everybody's.
pub(super) async fn seen(
    run: &Run,
    review: &Review,
    team: &str,
    conn: &mut PgConnection,
) -> sqlx::Result<Vec<ActionSeen>> {
    let closed_since = made_before(run, review, team, &mut *conn).await?;
    let wanted = Wanted {
        job: Some(&run.job),
        team: Some(team),
        closed_since,
        before: Some(review.period.last_day),
        limit: MOST,
        ..Wanted::default()
    };
    let mut found = action::list(conn, &wanted, run.as_of).await?;
    found.retain(|one| one.state != "dropped");
    Ok(found.into_iter().map(|one| one_seen(one, review)).collect())
}

/// As of when the review before this one was made: what was done earlier, that one has shown.
async fn made_before(
    run: &Run,
    review: &Review,
    team: &str,
    conn: &mut PgConnection,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "select min(as_of) from tend.report
         where job = $1 and team = $2
           and last_day = (select max(last_day) from tend.report where job = $1 and team = $2 and last_day < $3)",
        run.job,
        team,
        review.period.last_day
    )
    .fetch_one(conn)
    .await
}

fn one_seen(one: Listed, review: &Review) -> ActionSeen {
    let of = one.part();
    let figure = review.figure(&one.figure, of.as_ref());
    // measured in another unit it cannot be compared
    let figure = figure.filter(|figure| figure.unit.word() == one.unit);
    let now = figure.and_then(|figure| figure.now.value);
    let moved = match (figure, now) {
        (None, _) => Moved::Unmeasured,
        (Some(figure), None) if figure.verdict == Verdict::Failed => Moved::Failed,
        (Some(_), None) => Moved::NoCases,
        (Some(Figure { unit, better, .. }), Some(now)) => Moved::by(now - one.value, *unit, *better),
    };
    let title = match (figure, find(&one.figure)) {
        (Some(figure), _) => figure.title.clone(),
        (None, Some(entry)) => entry.title.clone(),
        (None, None) => Words::new(&one.figure, &one.figure),
    };
    ActionSeen {
        owner: one.owner_shown().to_owned(),
        state: if one.state == "open" { ActionState::Open } else { ActionState::Done },
        is_overdue: one.overdue,
        is_met: figure.is_some_and(|figure| figure.verdict == Verdict::Met),
        unit: Unit::of_word(&one.unit),
        action_id: one.action_id,
        what: one.what,
        due_on: one.due_on,
        note: one.note,
        period: one.period,
        run_id: one.run_id,
        figure: one.figure,
        of,
        title,
        then: one.value,
        now,
        moved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_better_worse_or_nothing_as_people_see_it() {
        for (change, unit, better, moved) in [
            (Decimal::new(2, 2), Unit::Share, Better::More, Moved::Better),
            (Decimal::new(-2, 2), Unit::Share, Better::More, Moved::Worse),
            (Decimal::new(2, 4), Unit::Share, Better::More, Moved::Same),
            (Decimal::from(-3_600), Unit::Seconds, Better::Less, Moved::Better),
            (Decimal::from(3_600), Unit::Seconds, Better::Less, Moved::Worse),
            (Decimal::ZERO, Unit::Count, Better::Less, Moved::Same),
            (Decimal::ONE, Unit::Count, Better::Neither, Moved::Changed),
        ] {
            assert_eq!(Moved::by(change, unit, better), moved, "{change} {unit:?} {better:?}");
        }
    }
}
