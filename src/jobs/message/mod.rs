//! The kind `message`: a message to each customer who has an occasion, by the best way that is open.
//!
//! A run finds the occasions due at its as-of, judges each by the audience and the policy, and in one statement claims
//! the occasion and queues the message, or writes down why not. Promises:
//!
//! * **One occasion, one message.** The claim is a row of the ledger `tend.occasion`, inserted with the message; its keys
//!   refuse a second one for the same customer or, on the same day, for the same address. A birthday that is corrected
//!   after the message does not make a second one.
//! * **Nothing is missed while it is still ahead.** A run looks at every occasion that is due by then and not over yet,
//!   so that a morning missed is made up for, and a second run finds nothing left to do.
//! * **Nobody is left without a reason.** Who has the occasion and gets nothing is a row of `tend.decision`; who is not
//!   in the audience is counted by the condition that failed first.
//!
//! The room sends nothing: the dispatcher pays what is owed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use sqlx::{PgConnection, Row as _};

use crate::engine::door::{Decided, Explained, Job, JobError, MadeUp, Replay, Run, Step, Stepped, Tx};
use crate::filter::{Filter, Frame};
use crate::jobs::judged;
use crate::outbox::channel::settings::Sort;
use crate::outbox::policy::Policy;
use crate::outbox::survey::Survey;

mod answers;
mod caps;
mod conflict;
mod decided;
mod delivery;
mod experiment;
mod explain;
mod goal;
mod history;
mod kind;
mod limit;
mod offer;
mod pressure;
mod safety;
mod sample;
pub(in crate::jobs) mod schema;
mod statement;
mod step;
mod survey;
mod trigger;
pub(in crate::jobs) mod words;

pub use caps::schema as caps_schema;
pub use explain::refusal_in_words;
pub use goal::{Event, Goal, Judged};
pub use kind::MessageKind;

/// A message job as its file says it.
#[derive(Debug)]
struct Message {
    trigger: Box<dyn trigger::Trigger>,
    audience: Filter,
    offers: Vec<offer::Offer>,
    policy: Policy,
    experiment: Option<experiment::Experiment>,
    goal: Goal,
    conflict: Option<conflict::Conflict>,
    safety: safety::Safety,
    /// The company's caps that count its messages.
    caps: Vec<caps::Cap>,
    topic: String,
    /// Language of those whose own the templates do not have.
    locale: String,
    /// What the first message says.
    content: Content,
    /// The messages after it, in order.
    steps: Vec<step::Further>,
    /// A text message of more parts is not sent.
    max_parts: Option<i64>,
    /// What its messages ask.
    asks: Option<Survey>,
}

/// What a message says.
#[derive(Debug, Clone)]
struct Content {
    /// Folder below `templates/`.
    template: String,
    /// Languages of the template, by channel of the policy.
    locales: BTreeMap<Sort, Vec<String>>,
    /// Files of the template.
    files: Vec<String>,
}

/// Which message of an occasion.
#[derive(Debug, Clone, Copy)]
enum Stage<'m> {
    /// The first: who has the occasion.
    First,
    /// A later one, and the step behind it: who had the first.
    Further(&'m step::Further, Option<&'m step::Further>),
}

impl Message {
    fn contents(&self) -> impl Iterator<Item = &Content> {
        std::iter::once(&self.content).chain(self.steps.iter().map(|step| &step.content))
    }

    fn languages(&self) -> BTreeSet<String> {
        self.contents().flat_map(|content| content.locales.values().flatten().cloned()).collect()
    }

    /// The first message, then each step with the one behind it.
    fn stages(&self) -> impl Iterator<Item = Stage<'_>> {
        let further = self.steps.iter().enumerate();
        std::iter::once(Stage::First)
            .chain(further.map(|(place, step)| Stage::Further(step, self.steps.get(place + 1))))
    }

    /// Whether a stage has anything to plan, as far as that is worth asking.
    async fn has_anybody(&self, stage: Stage<'_>, step: &mut Step<'_>) -> Result<bool, JobError> {
        match statement::anybody(self, stage, step.run).map_err(JobError::fail)? {
            Some(statement) => Ok(statement.query_scalar().fetch_one(step.tx.conn()).await?),
            None => Ok(true),
        }
    }

    /// The parts of the audience by which those outside are counted.
    fn conditions(&self) -> Vec<Filter> {
        self.audience.parts()
    }
}

/// Makes a connection ready for the long statements: compiling one takes longer than running it; and the zones the server
/// knows are asked for once a connection, not with each of them.
async fn ready(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(
        "select set_config('jit', 'off', true),
                set_config('tend.zones', coalesce(nullif(current_setting('tend.zones', true), ''),
                    (select string_agg(name, ',') from pg_timezone_names)), false)",
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Another run claimed one of the occasions while this one planned; the next attempt sees it.
fn claimed_meanwhile(error: sqlx::Error) -> JobError {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => JobError::retry(error),
        _ => error.into(),
    }
}

impl Job for Message {
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        Box::pin(async move {
            ready(step.tx.conn()).await?;
            pressure::alone(step).await?;
            let hold = self.safety.holds(step.tx.conn(), step.run).await?;
            let mut sums = [("candidates", 0), ("queued", 0), ("refused", 0), ("served", 0), ("outside", 0)];
            for stage in self.stages() {
                if !self.has_anybody(stage, step).await? {
                    continue;
                }
                let statement = statement::plan(self, stage, step.run, hold).map_err(JobError::fail)?;
                let counts = statement.query().fetch_one(step.tx.conn()).await.map_err(claimed_meanwhile)?;
                for (name, sum) in &mut sums {
                    *sum += counts.try_get::<i64, _>(*name)?;
                }
            }
            let [(_, occasions), (_, queued), (_, refused), (_, had_before), (_, outside)] = sums;
            self.safety.guard(step.tx.conn(), step.run, queued).await?;
            let progress = json!({
                "occasions": occasions, "queued": queued, "refused": refused, "had_before": had_before,
                "outside_audience": outside,
            });
            pressure::look_ahead(self, step).await?;
            Ok(Stepped { next: None, progress })
        })
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        Box::pin(async move {
            let days = self.trigger.days(run);
            let mut missing = serde_json::Map::new();
            for stage in self.stages() {
                let statement = statement::missing(self, stage, run).map_err(JobError::fail)?;
                let counts: Value = statement.query_scalar().fetch_one(tx.conn()).await?;
                statement::add(&mut missing, counts);
            }
            explain::report(tx.conn(), run, &days, missing.into(), &self.safety).await?.explained()
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

    /// The audience, then each offer that has a condition.
    fn judge<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(async move {
            let frame = Frame { as_of: run.as_of, timezone: run.timezone, window: None };
            let audience = [("audience".to_owned(), Some(&self.audience))];
            let offers = self.offers.iter().map(|offer| (format!("offer {}", offer.name), offer.when.as_ref()));
            let named: Vec<_> = audience.into_iter().chain(offers).collect();
            Ok(judged::explained(tx.conn(), &named, frame, customer).await?)
        })
    }

    /// Its occasions, messages and hand-overs, then consent and suppression.
    fn history<'a>(
        &'a self,
        run: &'a Run,
        customer: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Explained>, JobError>> {
        Box::pin(async move { Ok(history::history(self, run, customer, tx.conn()).await?) })
    }

    /// It judges on today's addresses, consents and tiers.
    fn replay(&self) -> Replay {
        Replay::Current
    }

    fn made_up(&self, run: &Run, offer: Option<&str>) -> Option<Result<Vec<MadeUp>, Vec<String>>> {
        Some(sample::made_up(self, run, offer))
    }

    fn coupon_pools(&self) -> Vec<String> {
        let pools = self.offers.iter().filter_map(|offer| offer.coupon.as_ref()).map(|coupon| coupon.pool.clone());
        pools.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn asks(&self) -> Option<Value> {
        self.asks.as_ref().and_then(|asks| serde_json::to_value(asks).ok())
    }

    fn templates(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.contents().flat_map(|content| &content.files).collect();
        all.into_iter().cloned().collect()
    }
}
