//! The kind `report` (M19, M29 to M34): the figures of a period against their targets and the period before.
//!
//! Promises: a review is about whole local days that are over; each figure is one statement whose head defines it, which
//! readers are shown; no figure without the number of its cases; what missed its target comes first, with the parts that weigh
//! most; the period before is looked at just as long after its end as this one. A figure that cannot be computed says so in
//! its place and takes nothing else along. One review a period: a later slot of the same period makes none.

mod actions;
pub mod archive;
mod baseline;
mod behind;
mod campaigns;
mod catalogue;
mod course;
mod decided;
pub mod docs;
mod due;
mod judge;
mod mail;
mod make;
mod measure;
mod period;
mod read;
mod review;
mod rounds;
mod schema;
mod target;
mod text;
mod words;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use serde_json::json;
use sqlx::PgConnection;

pub use actions::{ActionSeen, ActionState, Moved};
pub use catalogue::{About, Aggregate, Better, Case, Entry, Unit, all, find};
pub use judge::{Aim, Bound, Measurements, Rows, figure, sort};
pub use measure::{Asked, CaseRow, Cases, LISTED, cases, cases_statement, measure, statement};
pub use period::{Length, Period};
pub use read::ReportKind;
pub use review::{Figure, Measured, Part, PartName, Review, Section, Target, Verdict};
pub use text::text as in_words;
pub use words::Words;

use crate::engine::door::{Decided, Explained, Job, JobError, Replay, Run, Step, Stepped, Tx};
use crate::filter::Filter;
use crate::jobfile::duration::Span;

/// What a file says.
#[derive(Debug)]
pub struct Report {
    /// What people call it.
    pub title: String,
    length: Length,
    /// The calendar of working days and hours; none: the file needs none.
    calendar: Option<String>,
    /// Made on the n-th working day after the period, or later; none: on every slot.
    working_day: Option<usize>,
    /// Whose levels are meant by tiers.
    ladder: Option<String>,
    inactive_after: Span,
    repeat_within: Span,
    few: i64,
    baseline: Option<(NaiveDate, NaiveDate)>,
    locale: String,
    mail: Option<mail::Mail>,
    sections: Vec<Chosen>,
    aims: Vec<Aim>,
}

/// A section as the file has it.
#[derive(Debug)]
struct Chosen {
    title: Words,
    figures: Vec<&'static Entry>,
    per: Option<String>,
    condition: Option<Filter>,
}

impl Report {
    /// The review that a run made; none when it was not due.
    ///
    /// # Errors
    /// When the database refuses, or this version of tend cannot read what another has stored.
    pub async fn made(run: &Run, conn: &mut PgConnection) -> Result<Option<Review>, JobError> {
        let stored = sqlx::query_scalar!("select figures from tend.report where run_id = $1 and team = ''", run.run_id);
        let stored = stored.fetch_optional(conn).await?;
        stored.map(|figures| serde_json::from_value(figures).map_err(JobError::fail)).transpose()
    }

    /// `team`: whose figures they are; empty: everybody's.
    async fn keep(run: &Run, review: &Review, team: &str, conn: &mut PgConnection) -> Result<(), JobError> {
        sqlx::query!(
            "insert into tend.report (run_id, team, job, period, first_day, last_day, as_of, figures)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (run_id, team) do update set period = excluded.period, first_day = excluded.first_day, last_day = excluded.last_day,
                 as_of = excluded.as_of, figures = excluded.figures",
            run.run_id,
            team,
            run.job,
            review.period.name,
            review.period.first_day,
            review.period.last_day,
            run.as_of,
            json!(review)
        )
        .execute(conn)
        .await?;
        Ok(())
    }
}

impl Job for Report {
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        Box::pin(self.round(step))
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        Box::pin(async move {
            let Some(review) = Self::made(run, tx.conn()).await? else {
                let text = "No review was made: it was not the day, or there is one of the period.\n".to_owned();
                return Ok(Explained { json: json!({ "made": false }), text, html: None });
            };
            Ok(Explained { json: json!(review), text: text::text(&review), html: None })
        })
    }

    fn decided<'a>(
        &'a self,
        run: &'a Run,
        _: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Decided>, JobError>> {
        Box::pin(async move { Ok(Some(decided::decided(Self::made(run, tx.conn()).await?.as_ref()))) })
    }

    fn templates(&self) -> Vec<String> {
        self.mail.as_ref().map(mail::Mail::files).unwrap_or_default()
    }

    /// Tickets, owners and what came of messages are those of today.
    fn replay(&self) -> Replay {
        Replay::Current
    }
}
