//! What a run of visits did, or would do: what each tier is owed, has and lacks; each person's weeks; who waits; what was
//! missed. As JSON, as text and as a page, all of one report.

mod read;
mod text;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::Visits;
use crate::engine::door::{Explained, JobError, Run};
use crate::jobs::page::tables::{self, Table, Tile};

/// Why a visit has no day, in words.
const WHY: [(&str, &str); 3] = [
    ("full", "the days of who visits are full"),
    ("gap", "every day that is left is too close to another visit"),
    ("nobody", "there is nobody to go"),
];

/// The words for a reason of `tend.visit_customer.short_why`.
pub(super) fn why_short(reason: &str) -> &'static str {
    WHY.iter().find(|(word, _)| *word == reason).map_or("", |(_, words)| words)
}

/// What a tier has in a cycle.
#[derive(Debug, Serialize, Deserialize)]
struct Tier {
    level: String,
    cadence: String,
    cycle: String,
    from: NaiveDate,
    until: NaiveDate,
    customers: i64,
    owed: i64,
    had: i64,
    placed: i64,
    short: i64,
    nobody: i64,
}

/// What the run counted.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Did {
    customers: i64,
    added: i64,
    moved: i64,
    taken_back: i64,
    missed: i64,
    opened: i64,
    short: i64,
}

/// The week of a person.
#[derive(Debug, Serialize)]
struct Week {
    staff_id: String,
    name: String,
    /// Its Monday.
    monday: NaiveDate,
    visits: i64,
    /// On the day with most, and with fewest of those with any.
    most: i64,
    least: i64,
}

/// Somebody who waits.
#[derive(Debug, Serialize)]
struct Waiting {
    customer_id: String,
    name: String,
    level: String,
    staff_id: Option<String>,
    last_on: Option<NaiveDate>,
    short: i16,
    cycle: String,
    why: String,
}

/// A visit that nobody recorded.
#[derive(Debug, Serialize)]
struct Missed {
    task_id: i64,
    on_day: NaiveDate,
    customer_id: String,
    staff_id: Option<String>,
    supervisor: Option<String>,
}

/// What a run did.
pub(super) struct Report<'r> {
    visits: &'r Visits,
    run: &'r Run,
    /// First day of new visits, last day of tasks; none: the run has not planned.
    days: Option<(NaiveDate, NaiveDate)>,
    tiers: Vec<Tier>,
    did: Did,
    calendar_ends: Option<NaiveDate>,
    weeks: Vec<Week>,
    waiting: Vec<Waiting>,
    missed: Vec<Missed>,
}

/// Reads the rows of a run.
pub(super) async fn report<'r>(
    visits: &'r Visits,
    run: &'r Run,
    conn: &mut PgConnection,
) -> Result<Report<'r>, JobError> {
    read::read(visits, run, conn).await
}

impl Report<'_> {
    pub fn explained(&self) -> Result<Explained, JobError> {
        Ok(Explained { json: self.json(), text: self.text(), html: Some(self.page()?) })
    }

    fn json(&self) -> Value {
        json!({
            "job": self.run.job, "as_of": self.run.as_of, "planned": self.days.is_some(),
            "first_day": self.days.map(|(first, _)| first), "until": self.days.map(|(_, until)| until),
            "did": self.did, "tiers": self.tiers, "people": self.weeks, "waiting": self.waiting, "missed": self.missed,
            "calendar": self.visits.calendar, "calendar_ends": self.calendar_ends,
        })
    }

    fn page(&self) -> Result<String, JobError> {
        let Did { customers, added, short, missed, .. } = self.did;
        let tiles = [(customers, "customers"), (added, "visits added"), (short, "short"), (missed, "missed")];
        let tiles = tiles.map(|(figure, words)| Tile::new(figure, words));
        let table = |heading, caption, rows: Vec<Vec<String>>| {
            let mut rows = rows.into_iter();
            Table { heading, caption, columns: rows.next().unwrap_or_default(), rows: rows.collect(), figures: false }
        };
        let tables = [
            table("What is owed", "Per level and cycle.", self.tier_rows()),
            table("Who visits", "Visits a week; in brackets the most on a day.", self.week_rows()),
            table("Who waits", "Owed and without a day, who waits longest first.", self.waiting_rows()),
            table("Missed", "Nobody recorded these visits; their supervisors hear of it.", self.missed_rows()),
        ];
        tables::render(format!("Visits of {}", self.run.job), self.run, &tiles, &tables)
    }
}
