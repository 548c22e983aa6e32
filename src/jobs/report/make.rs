//! Makes a review: asks for every figure in its periods, each apart from the others, and judges them.

use std::collections::BTreeMap;

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

use super::baseline;
use super::campaigns::Campaigns;
use super::catalogue::{About, Entry};
use super::judge::{self, Aim, Bound, Measurements, Rows};
use super::measure::{Asked, measure};
use super::{Chosen, Period, Report, Review, Section, Verdict};
use crate::engine::door::{JobError, Run, Tx};

/// Hand-overs are measured in working time as far back as this before a period.
const HANDED_OVER: TimeDelta = TimeDelta::days(62);
/// Hours of work, in order.
type Hours = Vec<(DateTime<Utc>, DateTime<Utc>)>;

/// The periods of a review.
pub(super) struct Periods {
    pub now: Period,
    before: Period,
    baseline: Option<Period>,
}

/// What figures have come to so far, so that a figure with several targets is asked for once.
pub(super) struct Desk<'a> {
    pub run: &'a Run,
    team: Option<&'a [String]>,
    pub periods: Periods,
    hours: Vec<Result<Hours, String>>,
    campaigns: Campaigns,
}

/// A figure in the three periods.
struct Three {
    now: Rows,
    before: Rows,
    baseline: Option<Rows>,
}

impl Report {
    /// The figures of the last whole period before a run's as-of: of everybody, or of the people named and their customers.
    /// `stop` ends it between two figures.
    ///
    /// # Errors
    /// What trying again may help against, and a calendar that is gone; a figure that fails says so in its place.
    pub async fn review(
        &self,
        run: &Run,
        tx: &mut Tx<'_>,
        team: Option<&[String]>,
        stop: &CancellationToken,
    ) -> Result<Review, JobError> {
        // compiling long statements takes longer than running them; and a plan for any period, which the server would take after
        // some runs of a statement, was ten times slower than one for the period
        sqlx::query("select set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)")
            .execute(tx.conn())
            .await?;
        let mut desk = self.desk(run, team, tx.conn()).await?;
        let mut sections = Vec::new();
        for chosen in &self.sections {
            let mut figures = Vec::new();
            for entry in &chosen.figures {
                // a statement that was cancelled with the run is no figure that failed
                if stop.is_cancelled() {
                    return Err(JobError::retry(anyhow!("told to stop")));
                }
                // nothing of a team: left out of its review
                if team.is_none() || entry.about == About::Customers {
                    figures.extend(self.figures(entry, chosen, &mut desk, tx).await?);
                }
            }
            let mut section = Section { title: chosen.title.clone(), figures };
            judge::sort(&mut section);
            sections.extend((!section.figures.is_empty()).then_some(section));
        }
        let mut review = Review {
            job: run.job.clone(),
            title: self.title.clone(),
            as_of: run.as_of,
            period: desk.periods.now,
            before: desk.periods.before,
            baseline: desk.periods.baseline,
            few: self.few,
            locale: self.locale.clone(),
            missed: 0,
            actions: Vec::new(),
            sections,
        };
        review.missed = review.figures().filter(|figure| figure.verdict == Verdict::Missed && !figure.is_small).count();
        name_people(&mut review, tx.conn()).await?;
        Ok(review)
    }

    /// What its figures are asked with.
    pub(super) async fn desk<'a>(
        &self,
        run: &'a Run,
        team: Option<&'a [String]>,
        conn: &mut PgConnection,
    ) -> Result<Desk<'a>, JobError> {
        let periods = self.periods(run)?;
        let hours = self.hours(&periods, conn).await?;
        Ok(Desk { run, team, periods, hours, campaigns: Campaigns::default() })
    }

    fn periods(&self, run: &Run) -> Result<Periods, JobError> {
        let now = self.period(run)?;
        let beyond = || JobError::fail(anyhow!("the review looks back beyond the days there are"));
        let before = self.length.before(&now).ok_or_else(beyond)?;
        let baseline = self.baseline.map(|(first, last)| Period::of_days(first, last, run.timezone).ok_or_else(beyond));
        Ok(Periods { now, before, baseline: baseline.transpose()? })
    }

    /// The hours people work around each period, where a figure asks for them.
    async fn hours(&self, periods: &Periods, conn: &mut PgConnection) -> Result<Vec<Result<Hours, String>>, JobError> {
        let mut figures = self.sections.iter().flat_map(|section| &section.figures);
        let calendar = match figures.any(|entry| entry.in_working_time()) {
            true => self.calendar(conn).await?,
            false => None,
        };
        let mut all = Vec::new();
        for period in [Some(&periods.now), Some(&periods.before), periods.baseline.as_ref()].into_iter().flatten() {
            let windows = match &calendar {
                Some(calendar) => calendar.windows(period.from - HANDED_OVER, period.until),
                None => Ok(Vec::new()),
            };
            // a calendar that ends takes along the figures that need it, not the review
            let windows = windows.map_err(|trouble| trouble.to_string());
            all.push(windows.map(|windows| windows.into_iter().map(|window| (window.from, window.to)).collect()));
        }
        Ok(all)
    }

    /// A figure of a section: of all, and of each part that has a target of its own.
    async fn figures(
        &self,
        entry: &Entry,
        chosen: &Chosen,
        desk: &mut Desk<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<Vec<super::Figure>, JobError> {
        let aims: Vec<&Aim> = self.aims.iter().filter(|aim| aim.figure == entry.name).collect();
        let mut wanted: Vec<Option<&Aim>> = vec![aims.iter().copied().find(|aim| aim.of.is_none())];
        wanted.extend(aims.iter().copied().filter(|aim| aim.of.is_some()).map(Some));
        let against = aims.iter().any(|aim| matches!(aim.bound, Bound::Change(_)));
        tx.begin_piece().await?;
        let done = self.three(entry, chosen, desk, against, tx.conn()).await;
        let (per, few) = (chosen.per.as_deref(), self.few);
        Ok(match tx.end_piece(done).await? {
            Ok(three) => {
                let measured =
                    Measurements { now: &three.now, before: &three.before, baseline: three.baseline.as_ref() };
                wanted.into_iter().map(|aim| judge::figure(entry, &measured, aim, per, few)).collect()
            }
            Err(error) => {
                tracing::warn!(run.id = desk.run.run_id, figure = entry.name, "a figure could not be computed");
                wanted.into_iter().map(|aim| judge::failed(entry, aim, why(&error))).collect()
            }
        })
    }

    /// What a figure of a section is asked with in a period: 0 is the one it is about, then the one before, then the baseline.
    pub(super) fn asked<'a>(
        &'a self,
        entry: &Entry,
        chosen: &'a Chosen,
        desk: &'a Desk<'_>,
        place: usize,
    ) -> Result<Asked<'a>, JobError> {
        let hours = match desk.hours[place].as_deref() {
            Err(trouble) if entry.in_working_time() => return Err(JobError::fail(anyhow!("{trouble}"))),
            hours => hours.unwrap_or_default(),
        };
        Ok(Asked {
            ladder: self.ladder.as_deref(),
            team: desk.team,
            condition: chosen.condition.as_ref(),
            inactive_after: self.inactive_after,
            repeat_within: self.repeat_within,
            lag: desk.periods.now.since(desk.run.as_of),
            hours,
        })
    }

    async fn three(
        &self,
        entry: &Entry,
        chosen: &Chosen,
        desk: &mut Desk<'_>,
        against: bool,
        conn: &mut PgConnection,
    ) -> Result<Three, JobError> {
        let (now, before) = (desk.periods.now.clone(), desk.periods.before.clone());
        let (now, before) = (
            self.one(entry, chosen, desk, (0, &now), conn).await?,
            self.one(entry, chosen, desk, (1, &before), conn).await?,
        );
        let mut then = Vec::new();
        if let Some(whole) = desk.periods.baseline.clone().filter(|_| against) {
            for period in baseline::periods(entry, self.length, &whole) {
                then.push(self.one(entry, chosen, desk, (2, &period), conn).await?);
            }
        }
        Ok(Three { now, before, baseline: (!then.is_empty()).then(|| baseline::average(entry, &then)) })
    }

    /// A figure in a period, which is one of those in this place.
    async fn one(
        &self,
        entry: &Entry,
        chosen: &Chosen,
        desk: &mut Desk<'_>,
        (place, period): (usize, &Period),
        conn: &mut PgConnection,
    ) -> Result<Rows, JobError> {
        let lag = desk.periods.now.since(desk.run.as_of);
        Ok(match entry.about {
            About::Messages => desk.campaigns.measure(&mut *conn, entry.name, period, lag).await?,
            About::Customers | About::All => {
                measure(&mut *conn, entry, period, &self.asked(entry, chosen, desk, place)?).await?
            }
        })
    }
}

/// Why a figure failed, for readers: what the database says may repeat values of rows, so only what names tables, columns
/// and the like is passed on.
fn why(error: &JobError) -> String {
    let JobError::Fail(source) = error else { return "the database was not at hand".to_owned() };
    let Some(error) = source.chain().find_map(|cause| cause.downcast_ref::<sqlx::Error>()) else {
        return format!("{source:#}");
    };
    match error.as_database_error().map(|database| (database.code().unwrap_or_default(), database.message())) {
        Some((code, message)) if code.starts_with("42") => {
            format!("the database does not have what it needs: {message}")
        }
        Some((code, _)) if code == "57014" => "it took too long and was given up".to_owned(),
        Some((code, _)) => format!("the database could not compute it (error {code})"),
        None => "it could not be computed".to_owned(),
    }
}

/// What parts are called that are people: their names are `crm.staff.staff_id`.
pub(super) const PERSON: &str = "person";

/// The names of people, by key; who has none is left out.
pub(super) async fn names(people: &[String], conn: &mut PgConnection) -> sqlx::Result<BTreeMap<String, String>> {
    let names = sqlx::query!("select staff_id, name from crm.staff where staff_id = any ($1) and name <> ''", people);
    Ok(names.fetch_all(conn).await?.into_iter().map(|row| (row.staff_id, row.name)).collect())
}

/// Gives parts that are people their names.
async fn name_people(review: &mut Review, conn: &mut PgConnection) -> Result<(), JobError> {
    let mut people: Vec<&mut super::Part> = review
        .sections
        .iter_mut()
        .flat_map(|section| &mut section.figures)
        .flat_map(|figure| figure.parts.iter_mut().chain(&mut figure.contributors))
        .filter(|part| part.part.by == PERSON)
        .collect();
    let ids: Vec<String> = people.iter().map(|part| part.part.name.clone()).collect();
    let names = names(&ids, conn).await?;
    for part in &mut people {
        part.label = names.get(&part.part.name).cloned();
    }
    Ok(())
}
