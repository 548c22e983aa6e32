//! How a figure went: its values of the last periods, as the reviews of them said.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::period::Length;
use super::{Figure, PartName, Period, Review, Section, Words};

/// Periods looked at, the reviewed one among them.
const PERIODS: usize = 12;

/// A figure in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stop {
    /// The name of the period.
    pub period: String,
    /// The value; none: there was no review, or nothing to measure.
    pub value: Option<Decimal>,
    /// Whether it rests on few cases.
    pub is_small: bool,
}

/// Which figure: the same one may stand in several sections, with other conditions.
type Key = (Words, String, Option<PartName>);

/// What earlier reviews of a job and a team said.
#[derive(Debug)]
pub(super) struct Past {
    /// The periods before the reviewed one, the latest first.
    periods: Vec<Period>,
    values: BTreeMap<(NaiveDate, Key), (Decimal, bool)>,
}

impl Past {
    /// Reads it: of the periods before the reviewed one, back to the first of [`PERIODS`]. `team` empty: everybody's.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn read(review: &Review, length: Length, team: &str, conn: &mut PgConnection) -> sqlx::Result<Self> {
        let before = |period: &Period| length.before(period);
        let periods: Vec<Period> = std::iter::successors(before(&review.period), before).take(PERIODS - 1).collect();
        let first: Vec<NaiveDate> = periods.iter().map(|period| period.first_day).collect();
        let last: Vec<NaiveDate> = periods.iter().map(|period| period.last_day).collect();
        let names: Vec<String> =
            review.figures().filter(|figure| figure.target.is_some()).map(|figure| figure.name.clone()).collect();
        let rows = sqlx::query_file!("src/jobs/report/course.sql", review.job, team, &first, &last, &names);
        let of = |by: Option<String>, name: Option<String>| by.zip(name).map(|(by, name)| PartName { by, name });
        let values = rows.fetch_all(conn).await?.into_iter().map(|row| {
            let section = Words { en: row.en, zh_cn: row.zh_cn };
            ((row.first_day, (section, row.name, of(row.part_by, row.part_name))), (row.value, row.is_small))
        });
        Ok(Self { periods, values: values.collect() })
    }

    /// The values of a figure, the reviewed period last; from the first one there is, with the gaps between.
    pub fn course(&self, review: &Review, section: &Section, figure: &Figure) -> Vec<Stop> {
        let key: Key = (section.title.clone(), figure.name.clone(), figure.of.clone());
        let now = Stop { period: review.period.name.clone(), value: figure.now.value, is_small: figure.is_small };
        let mut stops = vec![now];
        for period in &self.periods {
            let kept = self.values.get(&(period.first_day, key.clone())).copied();
            // what this review says of the period before holds: what was put right since is in it
            let said = figure.before.value.filter(|_| period.first_day == review.before.first_day);
            let is_small = kept.is_some_and(|(_, is_small)| is_small);
            stops.push(Stop { period: period.name.clone(), value: said.or(kept.map(|(value, _)| value)), is_small });
        }
        let known = stops.iter().rposition(|stop| stop.value.is_some()).map_or(0, |last| last + 1);
        stops.truncate(known);
        stops.reverse();
        stops
    }
}
