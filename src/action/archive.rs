//! Reviews as the archive has them (`tend.report`): the figures that actions can be given to.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::figures::{PartName, Unit, is_chinese, titled};

/// Longest word of a place, bytes: what a signed link carries.
const LONGEST_WORD: usize = 255;

/// Which figure of which review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The run that made the review.
    pub run_id: i64,
    /// Whose review it is; empty: everybody's.
    pub team: String,
    /// The figure.
    pub figure: String,
    /// The part it is about; none: all.
    pub part: Option<PartName>,
}

impl Place {
    /// As links carry it; none: it is too long for them.
    #[must_use]
    pub fn word(&self) -> Option<String> {
        let part = self.part.as_ref().map(|part| (&part.by, &part.name));
        serde_json::to_string(&(self.run_id, &self.team, &self.figure, part))
            .ok()
            .filter(|word| word.len() <= LONGEST_WORD)
    }

    /// From what a link carries.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let (run_id, team, figure, part): (i64, String, String, Option<(String, String)>) =
            serde_json::from_str(word).ok()?;
        Some(Self { run_id, team, figure, part: part.map(|(by, name)| PartName { by, name }) })
    }
}

/// A review that was made.
#[derive(Debug, Clone)]
pub struct Archived {
    /// The run that made it.
    pub run_id: i64,
    /// Its job.
    pub job: String,
    /// Whose it is; empty: everybody's.
    pub team: String,
    /// What people call it.
    pub title: String,
    /// The language of its file.
    pub locale: String,
    /// Its period, by name.
    pub period: String,
    /// The last day of that.
    pub last_day: NaiveDate,
    /// Whose days these are.
    pub zone: Tz,
    /// All its figures.
    pub figures: Vec<Judged>,
}

/// A figure of a review.
#[derive(Debug, Clone, Deserialize)]
pub struct Judged {
    /// Its name in job files.
    pub name: String,
    /// The part it is about; none: all.
    #[serde(rename = "of")]
    pub part: Option<PartName>,
    /// The unit of its values.
    pub unit: Unit,
    /// met, missed, no_target, no_cases or failed.
    pub verdict: String,
    title: Titles,
    now: Measured,
    before: Measured,
    target: Option<Target>,
}

#[derive(Debug, Clone, Deserialize)]
struct Titles {
    en: String,
    zh_cn: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Measured {
    value: Option<Decimal>,
    cases: i64,
}

#[derive(Debug, Clone, Deserialize)]
struct Target {
    at_least: Option<Decimal>,
    at_most: Option<Decimal>,
    than_baseline: Option<Decimal>,
    said: String,
}

/// What is read of a stored review; the rest belongs to the mail.
#[derive(Debug, Deserialize)]
struct Stored {
    title: String,
    locale: String,
    period: Period,
    sections: Vec<Section>,
}

#[derive(Debug, Deserialize)]
struct Period {
    timezone: Tz,
}

#[derive(Debug, Deserialize)]
struct Section {
    figures: Vec<Judged>,
}

struct Row {
    run_id: i64,
    job: String,
    team: String,
    period: String,
    last_day: NaiveDate,
    stored: Json<Stored>,
}

impl Row {
    fn archived(self) -> Archived {
        let Self { run_id, job, team, period, last_day, stored: Json(stored) } = self;
        let figures = stored.sections.into_iter().flat_map(|section| section.figures).collect();
        Archived {
            run_id,
            job,
            team,
            title: stored.title,
            locale: stored.locale,
            period,
            last_day,
            zone: stored.period.timezone,
            figures,
        }
    }
}

/// The review of a run; none when it made none for that team.
///
/// # Errors
/// When the database refuses, or this version of tend cannot read what another has stored.
pub async fn archived(conn: &mut PgConnection, run_id: i64, team: &str) -> sqlx::Result<Option<Archived>> {
    let row = sqlx::query_as!(
        Row,
        r#"select run_id, job, team, period, last_day, figures as "stored!: Json<Stored>"
           from tend.report where run_id = $1 and team = $2"#,
        run_id,
        team
    );
    Ok(row.fetch_optional(conn).await?.map(Row::archived))
}

/// The last review of a job for a team.
///
/// # Errors
/// As [`archived`].
pub async fn latest(conn: &mut PgConnection, job: &str, team: &str) -> sqlx::Result<Option<Archived>> {
    let row = sqlx::query_as!(
        Row,
        r#"select run_id, job, team, period, last_day, figures as "stored!: Json<Stored>"
           from tend.report where job = $1 and team = $2 order by last_day desc, as_of desc, run_id desc limit 1"#,
        job,
        team
    );
    Ok(row.fetch_optional(conn).await?.map(Row::archived))
}

/// The jobs that have made reviews, with the teams: `("monthly-review", "")`.
///
/// # Errors
/// When the database refuses.
pub async fn jobs(conn: &mut PgConnection) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!("select distinct job, team from tend.report order by job, team").fetch_all(conn);
    Ok(rows.await?.into_iter().map(|row| (row.job, row.team)).collect())
}

impl Archived {
    /// A figure of it.
    #[must_use]
    pub fn figure(&self, name: &str, part: Option<&PartName>) -> Option<&Judged> {
        self.figures.iter().find(|figure| figure.name == name && figure.part.as_ref() == part)
    }

    /// The day it is there.
    #[must_use]
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.zone).date_naive()
    }

    /// By when actions are to be done where nobody says it: the end of next month.
    #[must_use]
    pub fn usual_day(&self, now: DateTime<Utc>) -> Option<NaiveDate> {
        let today = self.today(now);
        let first = chrono::Datelike::with_day(&today, 1)?;
        first.checked_add_months(Months::new(2))?.checked_sub_days(Days::new(1))
    }
}

impl Judged {
    /// Its name for people.
    #[must_use]
    pub fn title(&self, locale: &str) -> String {
        let title = if is_chinese(locale) { &self.title.zh_cn } else { &self.title.en };
        titled(title, self.part.as_ref(), locale)
    }

    /// By what the part is one; empty: it is about all.
    pub(super) fn part_by(&self) -> &str {
        self.part.as_ref().map_or("", |part| &part.by)
    }

    /// Which part; empty: all, or those without.
    pub(super) fn part_name(&self) -> &str {
        self.part.as_ref().map_or("", |part| &part.name)
    }

    /// Its value; none: of no cases there is none.
    #[must_use]
    pub fn value(&self) -> Option<Decimal> {
        self.now.value
    }

    /// Its value, and that of the period before, in words.
    #[must_use]
    pub fn shown(&self, locale: &str) -> (String, String) {
        let shown =
            |value: Option<Decimal>| value.map_or_else(|| "–".to_owned(), |value| self.unit.shown(value, locale));
        (shown(self.now.value), shown(self.before.value))
    }

    /// How many cases it rests on.
    #[must_use]
    pub fn cases(&self) -> i64 {
        self.now.cases
    }

    /// What it should be, in words.
    #[must_use]
    pub fn target(&self, locale: &str) -> Option<String> {
        let target = self.target.as_ref()?;
        let goal = self.unit.shown_goal(target.at_least, target.at_most, target.than_baseline, locale);
        Some(goal.unwrap_or_else(|| target.said.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_word_and_one_that_is_too_long_has_none() {
        let part = Some(PartName { by: "tier".into(), name: "高 \"x\",[".into() });
        for place in [
            Place { run_id: 12, team: String::new(), figure: "csat".into(), part: None },
            Place { run_id: 12, team: "north\u{0}".into(), figure: "retention".into(), part },
        ] {
            assert_eq!(Place::of_word(&place.word().unwrap()), Some(place));
        }
        let long = Place { run_id: 1, team: "团".repeat(90), figure: "csat".into(), part: None };
        assert_eq!(long.word(), None);
        for word in ["", "7", "[1]", "[1,\"\",\"csat\",null,null]", "[\"1\",\"\",\"csat\",null]"] {
            assert_eq!(Place::of_word(word), None, "{word}");
        }
    }
}
