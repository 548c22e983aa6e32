//! The kind `surge`: complaints of a type that come much more often than usual, told early and once.
//!
//! Promises: the rule is the one the file states (how many in the last days, against the mean of stretches of the same length
//! before, and at least so many), so anybody can count it again; a surge is told once to the people the file names, however
//! long it goes on, and again when it was over in between.

mod read;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::PgConnection;

pub use read::SurgeKind;

use super::layout::{Align, count, decimal, table};
use super::letter::{self, Letter, Paper, Recipient};
use super::readers::{self, To};
use crate::engine::door::{Decided, Decision, Explained, Job, JobError, Replay, Run, Step, Stepped, Tx};
use crate::jobfile::duration::Span;

/// Nobody wants to read it later.
const LIFE: TimeDelta = TimeDelta::days(3);
const PRIORITY: i16 = 90;
/// The type of what has none, for people.
const UNTYPED: &str = "(no type yet)";

/// A job as its file describes it.
#[derive(Debug)]
pub struct Surge {
    /// Kind of the tickets that are counted.
    about: String,
    /// The stretch that is looked at.
    within: Span,
    /// So much before it is what is usual.
    usual_over: Span,
    /// So many times as many as usual.
    times: Decimal,
    /// And at least so many.
    at_least: i64,
    to: Vec<To>,
    paper: Paper,
}

/// A type, as it stands.
#[derive(Debug)]
struct Counted {
    subject: String,
    count: i64,
    usual: Decimal,
    surges: bool,
    began_at: Option<DateTime<Utc>>,
}

impl Surge {
    async fn counted(&self, run: &Run, conn: &mut PgConnection) -> sqlx::Result<Vec<Counted>> {
        let (within, before) = (self.within.as_delta(), self.usual_over.as_delta());
        let stretches = Decimal::from(self.usual_over.as_seconds()) / Decimal::from(self.within.as_seconds());
        sqlx::query_file_as!(
            Counted,
            "src/jobs/surge/count.sql",
            run.job,
            run.as_of,
            run.as_of - within,
            run.as_of - within - before,
            self.about,
            stretches,
            self.times,
            self.at_least
        )
        .fetch_all(conn)
        .await
    }

    async fn evaluate(&self, run: &Run, conn: &mut PgConnection) -> Result<Stepped, JobError> {
        let counted = self.counted(run, &mut *conn).await?;
        let over = counted.iter().filter(|one| !one.surges && one.began_at.is_some());
        let over: Vec<String> = over.map(|one| one.subject.clone()).collect();
        sqlx::query!(
            "update tend.surge set ended_at = $2 where job = $1 and subject = any ($3) and ended_at is null and began_at < $2",
            run.job,
            run.as_of,
            &over
        )
        .execute(&mut *conn)
        .await?;
        let found: Vec<&Counted> = counted.iter().filter(|one| one.surges && one.began_at.is_none()).collect();
        for one in &found {
            sqlx::query!(
                "insert into tend.surge (job, subject, began_at, count, usual) values ($1, $2, $3, $4, $5) on conflict do nothing",
                run.job,
                one.subject,
                run.as_of,
                one.count,
                one.usual
            )
            .execute(&mut *conn)
            .await?;
        }
        let letters = self.letters(run, &found, &mut *conn).await?;
        letter::write(conn, run, &letters).await?;
        let progress = json!({ "types": counted.len(), "began": found.len(), "ended": over.len() });
        Ok(Stepped { next: None, progress })
    }

    /// One letter a surge and reader.
    async fn letters(&self, run: &Run, found: &[&Counted], conn: &mut PgConnection) -> sqlx::Result<Vec<Letter>> {
        let mut readers = readers::recipients(conn, &self.to, run.business_date).await?;
        if readers.is_empty() {
            readers.extend(letter::owner(run, conn).await?.map(Recipient::Address));
        }
        let letters = found.iter().flat_map(|one| readers.iter().map(|reader| self.letter(run, one, reader.clone())));
        Ok(letters.collect())
    }

    fn letter(&self, run: &Run, one: &Counted, recipient: Recipient) -> Letter {
        Letter {
            recipient,
            occasion: format!("surge:{}:{}", one.subject, run.as_of.to_rfc3339()),
            occurs_on: run.business_date,
            step: String::new(),
            template: self.paper.template.clone(),
            locale: self.paper.locale.clone(),
            data: json!({
                "type": one.subject, "count": one.count, "usual": decimal(one.usual.round_dp(1).normalize()),
                "days": self.within.as_seconds() / 86_400, "before": self.usual_over.as_seconds() / 86_400,
                "day": run.business_date.to_string(),
            }),
            customers: Vec::new(),
            attachments: Vec::new(),
            archived: false,
            again_of: None,
            priority: PRIORITY,
            not_before: run.as_of,
            not_after: run.as_of + LIFE,
        }
    }

    async fn explained(&self, run: &Run, conn: &mut PgConnection) -> Result<Explained, JobError> {
        let counted = self.counted(run, conn).await?;
        let mut text = format!(
            "Of each type: how many {}s came in the last {}, against what is usual in such a stretch (the mean of the {} before).\nA surge is at least {} and {} times as many as usual; it is told once.\n\n",
            self.about,
            self.within,
            self.usual_over,
            self.at_least,
            decimal(self.times.normalize())
        );
        let head = ["type", "came", "usual", ""].map(str::to_owned).to_vec();
        let rows = counted.iter().map(|one| {
            let name = if one.subject.is_empty() { UNTYPED.to_owned() } else { one.subject.clone() };
            let since = one.began_at.map_or_else(String::new, |at| {
                format!("surge since {}", at.with_timezone(&run.timezone).format("%Y-%m-%d"))
            });
            vec![name, count(one.count), decimal(one.usual.round_dp(1).normalize()), since]
        });
        text.push_str(&table(
            &[Align::Left, Align::Right, Align::Right],
            &[head].into_iter().chain(rows).collect::<Vec<_>>(),
        ));
        let rows = counted.iter().map(|one| {
            json!({ "type": one.subject, "count": one.count, "usual": one.usual.to_string(), "surge": one.surges, "began_at": one.began_at })
        });
        Ok(Explained { json: json!({ "types": rows.collect::<Vec<_>>() }), text, html: None })
    }
}

impl Job for Surge {
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        Box::pin(self.evaluate(step.run, step.tx.conn()))
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        Box::pin(self.explained(run, tx.conn()))
    }

    /// The types of which there is a surge, whoever complained.
    fn decided<'a>(
        &'a self,
        run: &'a Run,
        _: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Decided>, JobError>> {
        Box::pin(async move {
            let counted = self.counted(run, tx.conn()).await?;
            let surges: Vec<&str> = counted.iter().filter(|one| one.surges).map(|one| one.subject.as_str()).collect();
            let why = counted.iter().map(|one| {
                format!("{:?}: {} came, {} is usual", one.subject, one.count, one.usual.round_dp(1).normalize())
            });
            let why = why.collect::<Vec<_>>().join("; ");
            Ok(Some(Decided { what: Decision::from([(read::SURGES, json!(surges))]), why }))
        })
    }

    /// What a ticket is today says nothing about what it was.
    fn replay(&self) -> Replay {
        Replay::Never
    }

    fn templates(&self) -> Vec<String> {
        self.paper.files.clone()
    }
}
