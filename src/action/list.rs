//! Actions as people look at them.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;

use super::Place;
use crate::figures::{PartName, Unit};

/// Which actions somebody wants to see; none: all.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    /// Of this job's reviews.
    pub job: Option<&'a str>,
    /// Of this team's reviews; empty: of everybody's.
    pub team: Option<&'a str>,
    /// To be seen to by this person.
    pub owner: Option<&'a str>,
    /// About this figure, of all or of a part.
    pub figure: Option<(&'a str, Option<&'a PartName>)>,
    /// This one alone.
    pub action_id: Option<i64>,
    /// Only those that are open.
    pub open: bool,
    /// Of those that are over, only what was closed from then on.
    pub closed_since: Option<DateTime<Utc>>,
    /// Of reviews of periods that ended before this day.
    pub before: Option<NaiveDate>,
    /// At most so many.
    pub limit: i64,
}

/// An action in a list.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Its number.
    pub action_id: i64,
    /// The job whose review it was decided on.
    pub job: String,
    /// Whose review that was; empty: everybody's.
    pub team: String,
    /// The run that made that review.
    pub run_id: i64,
    /// The period of it.
    pub period: String,
    /// The last day of that.
    pub last_day: NaiveDate,
    /// Zone of the review, in which `due_on` is a day.
    pub zone: String,
    /// About which figure.
    pub figure: String,
    /// Where it is that of a part: by what; else empty.
    pub part_by: String,
    /// Which part.
    pub part_name: String,
    /// In what its value is counted.
    pub unit: String,
    /// What it was in that review.
    pub value: Decimal,
    /// What it should have been.
    pub target: Option<String>,
    /// What is to be done.
    pub what: String,
    /// Who sees to it.
    pub owner_id: String,
    /// The name of that person; empty when unknown.
    pub owner: String,
    /// By which day.
    pub due_on: NaiveDate,
    /// open, done or dropped.
    pub state: String,
    /// Open, and its day is over.
    pub overdue: bool,
    /// What came of it, or why it was dropped.
    pub note: Option<String>,
    /// When it was decided.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: String,
    /// Of the command line: account and machine.
    pub created_from: Option<String>,
    /// When it was done or dropped.
    pub closed_at: Option<DateTime<Utc>>,
    /// Who said so.
    pub closed_by: Option<String>,
}

impl Listed {
    /// The part it is about; none: all.
    #[must_use]
    pub fn part(&self) -> Option<PartName> {
        (!self.part_by.is_empty()).then(|| PartName { by: self.part_by.clone(), name: self.part_name.clone() })
    }

    /// The figure of the review it was decided on.
    #[must_use]
    pub fn place(&self) -> Place {
        let Self { run_id, team, figure, .. } = self;
        Place { run_id: *run_id, team: team.clone(), figure: figure.clone(), part: self.part() }
    }

    /// The value of the figure then, in words.
    #[must_use]
    pub fn value_shown(&self, locale: &str) -> String {
        Unit::of_word(&self.unit).shown(self.value, locale)
    }

    /// Who sees to it: the name, or the id of somebody without one.
    #[must_use]
    pub fn owner_shown(&self) -> &str {
        if self.owner.is_empty() { &self.owner_id } else { &self.owner }
    }
}

/// The actions that are wanted as they stood at `now`: those that are open first, the soonest due first.
///
/// # Errors
/// When the database refuses.
pub async fn list(conn: &mut PgConnection, wanted: &Wanted<'_>, now: DateTime<Utc>) -> sqlx::Result<Vec<Listed>> {
    let part = wanted.figure.and_then(|(_, part)| part);
    sqlx::query_file_as!(
        Listed,
        "src/action/list.sql",
        now,
        wanted.job,
        wanted.team,
        wanted.owner,
        wanted.figure.map(|(figure, _)| figure),
        part.map(|part| part.by.as_str()),
        part.map(|part| part.name.as_str()),
        wanted.action_id,
        wanted.open,
        wanted.closed_since,
        wanted.before,
        wanted.limit
    )
    .fetch_all(conn)
    .await
}
