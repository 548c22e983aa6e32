//! What the kinds share that make tasks for people (`callbacks`, `rescue`).
//!
//! A run, in this order: what nobody needs any more is cancelled; what was planned opens; who has the occasion and is in the
//! audience gets a task, and the rounds that follow are made; everything that has nobody to do it is assigned; what is
//! overdue goes to the supervisor, once; those it concerns are told by one letter each. Promises: one occasion, one task (unique by its origin), so that a second run adds
//! nothing; who has the occasion and gets no task is counted by the condition that failed first.

use std::fmt;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;

use crate::calendar::business::Calendar;
use crate::engine::door::{Decided, Explained, Job, JobError, Replay, Run, Step, Stepped, Tx};
use crate::filter::{Composer, Filter, Frame, Requirements, Statement, compose};
use crate::jobfile::duration::Span;
use crate::jobs::{calendars, judged};
use crate::task::{self, NewTask};

pub mod decided;
mod history;
mod letters;
mod order;
mod report;

pub use order::{About, Order, length, span, tables};

/// What makes tasks.
pub trait Source: fmt::Debug + Send + Sync {
    /// The statement that finds who has the occasion, and the one that counts the values missing there. Its head ends in
    /// the relation `found`: customer_id, origin, ticket_id, since, detail.
    fn statements(&self) -> Statements;

    /// Binds what the head asks for beyond what all share.
    fn bind(&self, composer: Composer) -> Composer {
        composer
    }

    /// What goes before: what is cancelled, and the rounds that follow.
    fn before<'a>(&'a self, conn: &'a mut PgConnection, run: &'a Run) -> BoxFuture<'a, sqlx::Result<Before>> {
        let _ = (conn, run);
        Box::pin(std::future::ready(Ok(Before::default())))
    }
}

/// The statements of a head.
#[derive(Debug, Clone, Copy)]
pub struct Statements {
    /// Who has the occasion, and why not.
    pub find: &'static str,
    /// For how many of them a value was missing.
    pub missing: &'static str,
}

/// The statements about the tasks that a head finds.
macro_rules! statements {
    ($head:literal) => {
        $crate::jobs::work::Statements {
            find: concat!(include_str!($head), include_str!("../work/find.sql")),
            missing: concat!(include_str!($head), include_str!("../work/missing.sql")),
        }
    };
}
pub(crate) use statements;

/// What goes before a run's own tasks.
#[derive(Debug, Default)]
pub struct Before {
    /// Tasks that nobody needs any more.
    pub cancelled: i64,
    /// Rounds that follow.
    pub rounds: Vec<About>,
    /// By when these.
    pub due: Option<Span>,
    /// Other jobs whose tasks it looks after beside its own.
    pub others: Vec<String>,
}

/// A job that makes tasks.
#[derive(Debug)]
pub struct Work {
    /// What makes them.
    pub source: Box<dyn Source>,
    /// Whose they are and by when.
    pub order: Order,
    /// About whom.
    pub audience: Filter,
}

/// Who has the occasion.
#[derive(sqlx::FromRow)]
struct Found {
    customer_id: String,
    origin: String,
    ticket_id: Option<String>,
    since: DateTime<Utc>,
    detail: Value,
    refusal: Option<String>,
}

impl Work {
    fn statement(&self, template: &'static str, run: &Run) -> Composer {
        let seconds = self.order.life.as_seconds();
        let life = PgInterval { months: 0, days: 0, microseconds: seconds * 1_000_000 };
        let composer = compose(template, Frame { as_of: run.as_of, timezone: run.timezone, window: None })
            .set("as_of", run.as_of)
            .set("job", run.job.clone())
            .set("life", life);
        self.source.bind(composer)
    }

    fn find(&self, run: &Run) -> Statement {
        let refusals: Vec<(Filter, String)> = self.conditions().into_iter().map(refusal).collect();
        self.statement(self.source.statements().find, run)
            .first_of("refusal", refusals.iter().map(|(filter, words)| (Some(filter), words.as_str())))
            .facts_each("facts", &Requirements::of([&self.audience]))
            .finish()
    }

    fn missing(&self, run: &Run) -> Statement {
        self.statement(self.source.statements().missing, run)
            .missing("missing", [&self.audience])
            .facts_each("facts", &Requirements::of([&self.audience]))
            .finish()
    }

    /// What must hold, one by one.
    fn conditions(&self) -> Vec<Filter> {
        self.audience.parts()
    }

    /// Makes the tasks of those who have the occasion; gives how many were left out.
    async fn make(
        &self,
        conn: &mut PgConnection,
        run: &Run,
        calendar: Option<&Calendar>,
    ) -> Result<(usize, i64), JobError> {
        let found: Vec<Found> = self.find(run).query_as().fetch_all(&mut *conn).await?;
        let mut refused: Vec<String> = Vec::new();
        let mut tasks = Vec::new();
        for one in found {
            match one.refusal {
                Some(refusal) => refused.push(refusal),
                None => tasks.push(About {
                    customer_id: one.customer_id,
                    origin: one.origin,
                    ticket_id: one.ticket_id,
                    since: one.since,
                    round: 1,
                    detail: one.detail,
                    title: None,
                    to: None,
                }),
            }
        }
        sqlx::query!(
            "insert into tend.audience_count (run_id, reason, customers)
             select $1, reason, count(*) from unnest($2::text[]) as refused (reason) group by reason
             on conflict (run_id, reason) do update set customers = excluded.customers",
            run.run_id,
            &refused
        )
        .execute(&mut *conn)
        .await?;
        let made = create(conn, run, &self.order, calendar, tasks).await?;
        Ok((made, i64::try_from(refused.len()).unwrap_or(i64::MAX)))
    }
}

/// Makes the tasks about these; gives how many were new.
async fn create(
    conn: &mut PgConnection,
    run: &Run,
    order: &Order,
    calendar: Option<&Calendar>,
    abouts: Vec<About>,
) -> Result<usize, JobError> {
    let tasks: Result<Vec<NewTask>, _> = abouts.into_iter().map(|about| order.task(run, calendar, about)).collect();
    Ok(task::create(conn, &tasks.map_err(JobError::fail)?, run.as_of).await?.len())
}

/// The opposite of a condition, with its words.
fn refusal(condition: Filter) -> (Filter, String) {
    let words = condition.describe();
    (Filter::None(vec![condition]), words)
}

fn no_calendar(name: &str) -> JobError {
    JobError::fail(anyhow::anyhow!(
        "there is no calendar {name:?} in force any more; `tend apply` puts the folder's in force"
    ))
}

impl Job for Work {
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        Box::pin(async move {
            let run = step.run;
            let conn = step.tx.conn();
            // two runs at once, of a catch-up and by hand: one after the other
            sqlx::query!(
                r#"select pg_advisory_xact_lock(hashtextextended('tend.work:' || $1, 0)) as "lock: ()""#,
                run.job
            )
            .fetch_one(&mut *conn)
            .await?;
            let calendars = calendars::load(conn).await?;
            let calendar = match &self.order.calendar {
                Some(name) => Some(calendars.get(name).ok_or_else(|| no_calendar(name))?),
                None => None,
            };
            let before = self.source.before(conn, run).await?;
            let jobs: Vec<String> = std::iter::once(run.job.clone()).chain(before.others).collect();
            let opened = task::open_due(conn, &jobs, run.as_of).await?;
            let again = before.due.map_or_else(|| self.order.clone(), |due| self.order.due_in(due));
            let rounds = create(conn, run, &again, calendar, before.rounds).await?;
            let (made, outside) = self.make(conn, run, calendar).await?;
            task::assign_again(conn, &jobs, run.as_of).await?;
            let working = calendar.map_or(Ok(true), |calendar| calendar.is_open(run.as_of)).map_err(JobError::fail)?;
            let escalated = if working { task::escalate(conn, &jobs, run.as_of).await?.len() } else { 0 };
            let letters = letters::write(conn, run, &jobs, self.order.mail, calendar).await?;
            let progress = json!({
                "tasks": made, "rounds": rounds, "opened": opened, "cancelled": before.cancelled, "escalated": escalated,
                "outside_audience": outside, "letters": letters,
            });
            Ok(Stepped { next: None, progress })
        })
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        Box::pin(async move {
            let missing: Value = self.missing(run).query_scalar().fetch_one(tx.conn()).await?;
            Ok(report::report(tx.conn(), run, missing).await?.explained())
        })
    }

    fn decided<'a>(
        &'a self,
        run: &'a Run,
        customer_id: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Decided>, JobError>> {
        Box::pin(async move { Ok(Some(decided::decided(run, customer_id, tx.conn()).await?)) })
    }

    /// The audience, about the customer's latest ticket.
    fn judge<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(async move {
            let frame = Frame { as_of: run.as_of, timezone: run.timezone, window: None };
            let named = [("audience".to_owned(), Some(&self.audience))];
            Ok(judged::explained(tx.conn(), &named, frame, customer).await?)
        })
    }

    /// The tasks of the job about the customer.
    fn history<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(async move { Ok(history::history(run, customer, tx.conn()).await?) })
    }

    /// It judges on today's tickets, staff and tiers.
    fn replay(&self) -> Replay {
        Replay::Current
    }
}
