//! Pays what is owed: claims messages, renders them, sends them, records what became of them.
//!
//! # What it promises
//! * A message is handed off by one dispatcher at a time, and only by one that holds its lease. The hand-over is committed
//!   before the network call, in one statement with the result of the connection's last message, and that statement locks
//!   the lease ([`ledger`]). Recovery deletes the lease first ([`recover`]). So a process that was stopped for longer than
//!   its lease finds its next commit refused, and nobody gets a message twice because of it.
//! * A crash leaves at most one message per connection without an answer; each becomes what its `on_unknown` says.
//! * What was claimed and not handed off is given back: at once on a graceful stop, after the lease otherwise.
//! * Consent, suppression and address are looked up when a message is claimed, and again when that was more than five
//!   seconds ago. A pause is asked with every hand-over.
//!
//! # How a message goes through
//! ```text
//! claim (tend.outbox, many at a time) → prepare (template, mail, DKIM) → connection: commit, send, commit, send …
//!                                                                           ↓ tend.attempt
//!                                                        settle (tend.outbox, many at a time)
//! ```
//! While a message is in the network, `tend.outbox.state` says `claimed` and `tend.attempt` has a row without an outcome;
//! the view `tend.outbox_now` shows that as `handed_off`. Results reach the outbox many at a time; until then, and after a
//! crash, `tend.attempt` is the truth.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::{Postgres, Transaction};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::channel::settings::{ChannelSettings, OutboxSettings};
use crate::clock::Clock;
use crate::db::Database;
use crate::outbox::link::Links;

mod assume;
mod breaker;
mod claim;
mod conclude;
mod content;
mod follow;
mod inquire;
mod lane;
mod lease;
mod ledger;
mod moved;
mod post;
mod pump;
mod queue;
mod ramp;
mod rates;
mod recover;
mod settler;
mod worker;

pub use assume::Assumed;
pub use content::{Company, Said, To};
use content::{Contents, Frame};
use lane::Lane;
pub use lane::Sent;
use ledger::Ledger;
pub use post::{NotSent, post};
use pump::{Pump, Until};
pub use recover::Recovered;

/// Rows are looked up by key here whatever the statistics say: they lag behind tables that are young or drained. Without
/// `jit = off` the made-up costs would have every statement compiled.
macro_rules! by_key {
    ($set:literal, $plans:literal) => {
        concat!(
            $set,
            " enable_seqscan = off; ",
            $set,
            " enable_hashjoin = off; ",
            $set,
            " enable_mergejoin = off; ",
            $set,
            " jit = off; ",
            $set,
            " plan_cache_mode = ",
            $plans
        )
    };
}

/// For a connection that executes one statement very often: planning anew would take longer than the execution.
const BY_KEY: &str = by_key!("set", "force_generic_plan");

/// When a transaction plans its statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plans {
    /// Once for all: for statements that leave the planner no choice.
    Kept,
    /// Each time, from how large the tables and the batch are now.
    Fresh,
}

impl Plans {
    /// What such a transaction begins with.
    fn begin(self) -> &'static str {
        match self {
            Self::Kept => concat!("begin; ", by_key!("set local", "force_generic_plan")),
            Self::Fresh => concat!("begin; ", by_key!("set local", "force_custom_plan")),
        }
    }
}

/// What a dispatcher is built from.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `[outbox]`.
    pub outbox: OutboxSettings,
    /// `[channels]`.
    pub channels: BTreeMap<String, ChannelSettings>,
    /// `[company]`, for templates.
    pub company: Company,
    /// Makes the links in messages; none: templates have none, and mails no List-Unsubscribe.
    pub links: Option<Links>,
    /// Label in `tend.dispatcher`: host and process id.
    pub host: String,
}

/// What all parts of a dispatcher share.
#[derive(Debug)]
struct Shared {
    db: Database,
    clock: Clock,
    outbox: OutboxSettings,
    frame: Frame,
    contents: Contents,
    host: String,
    bell: Notify,
    /// Channels whose gateway is asked about messages of unknown fate.
    asking: Vec<String>,
}

impl Shared {
    /// A transaction that looks rows up by key.
    async fn begin(&self, plans: Plans) -> sqlx::Result<Transaction<'static, Postgres>> {
        self.db.pool().begin_with(plans.begin()).await
    }
}

/// Pays the outbox.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    shared: Arc<Shared>,
    lanes: Vec<Arc<Lane>>,
}

impl Dispatcher {
    /// Opens the channels.
    ///
    /// # Errors
    /// When the settings of a channel are wrong, or a secret, a key or a certificate cannot be read.
    pub fn new(db: Database, clock: Clock, options: Options) -> anyhow::Result<Self> {
        let Options { outbox, channels, company, links, host } = options;
        if let Some(problem) = outbox.problems(&channels).first() {
            anyhow::bail!("{problem}");
        }
        let lanes = channels.iter().map(|(name, settings)| {
            let is_default = outbox.default_channel(settings.sort(), &channels) == Some(name.as_str());
            Lane::new(name, settings, &outbox, is_default).map(Arc::new)
        });
        let lanes = lanes.collect::<anyhow::Result<Vec<_>>>()?;
        let asking =
            lanes.iter().filter(|lane| lane.channel.receipt().is_some()).map(|lane| lane.name.clone()).collect();
        let frame = Frame { company: company.value(), links };
        let shared =
            Shared { db, clock, outbox, frame, contents: Contents::default(), host, bell: Notify::new(), asking };
        Ok(Self { shared: Arc::new(shared), lanes })
    }

    /// Looks for owed messages now instead of at the next interval.
    pub fn ring(&self) {
        self.shared.bell.notify_waiters();
    }

    /// What was sent since the start, by channel.
    pub fn sent(&self) -> BTreeMap<String, Sent> {
        self.lanes.iter().map(|lane| (lane.name.clone(), lane.sent())).collect()
    }

    /// Puts in order what dead dispatchers left behind; [`run`](Self::run) and [`drain_once`](Self::drain_once) do it
    /// themselves.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn recover(&self) -> sqlx::Result<Recovered> {
        recover::recover(&self.shared).await
    }

    /// Pays until cancelled; then finishes what is in the network and gives the rest back.
    pub async fn run(&self, cancel: CancellationToken) {
        while !cancel.is_cancelled() {
            if let Err(error) = self.term(Until::Cancelled, &cancel).await {
                tracing::warn!(error = %error, "the dispatcher cannot work; trying again");
            }
            // a term that ends by itself has met trouble
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    /// Pays what is due now and may be sent, and returns when that is done.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn drain_once(&self) -> sqlx::Result<()> {
        recover::recover(&self.shared).await?;
        recover::expire(&self.shared).await?;
        inquire::once(&self.shared, &self.lanes).await?;
        follow::look(&self.shared).await?;
        recover::fill(&self.shared).await?;
        self.term(Until::Drained, &CancellationToken::new()).await
    }

    /// One lease, from taking it to giving it back or losing it.
    async fn term(&self, until: Until, cancel: &CancellationToken) -> sqlx::Result<()> {
        let lanes: Vec<_> = self.lanes.iter().flat_map(|lane| lane.lanes.clone()).collect();
        let owner = self.answered(lease::take(&self.shared, &lanes)).await?;
        let lost = CancellationToken::new();
        let stop = CancellationToken::new();
        let keeper = lease::keep(Arc::clone(&self.shared), owner, lost.clone());
        let keeper = tokio::spawn(watched("the keeper of the lease", lost.clone(), keeper));
        let caretaker = lease::care(Arc::clone(&self.shared), lost.clone());
        let caretaker = tokio::spawn(watched("the caretaker", lost.clone(), caretaker));
        let inquirer = inquire::run(Arc::clone(&self.shared), self.lanes.clone(), lost.clone());
        let inquirer = tokio::spawn(watched("the inquirer", lost.clone(), inquirer));
        let mut writers = JoinSet::new();
        let (settler, mut settler_task) = settler::start(Arc::clone(&self.shared), owner, lost.clone());
        let mut pumps = JoinSet::new();
        for lane in &self.lanes {
            let pump = Pump {
                shared: Arc::clone(&self.shared),
                lane: Arc::clone(lane),
                owner,
                ledger: Ledger::start(&self.shared.db, self.shared.clock, owner, &lost, &mut writers),
                settler: settler.clone(),
                lost: lost.clone(),
            };
            pumps.spawn(watched("a channel", lost.clone(), pump.run(until, stop.clone())));
        }
        drop(settler);
        let mut aborted = Aborted(vec![
            keeper.abort_handle(),
            caretaker.abort_handle(),
            inquirer.abort_handle(),
            settler_task.abort_handle(),
        ]);
        tokio::select! {
            () = finished(&mut pumps) => {}
            () = cancel.cancelled() => {}
            () = lost.cancelled() => tracing::warn!("the lease was lost; what was under way is put in order by whoever recovers it"),
        }
        stop.cancel();
        for lane in &self.lanes {
            lane.halt(); // what is prepared and not handed off goes back
        }
        tokio::select! {
            () = finished(&mut pumps) => {}
            () = lost.cancelled() => {}
        }
        pumps.shutdown().await;
        // both end when the last of their senders is gone, unless the database is silent
        tokio::select! {
            _ = async { tokio::join!(finished(&mut writers), &mut settler_task) } => {}
            () = lost.cancelled() => settler_task.abort(),
        }
        aborted.0.clear();
        keeper.abort();
        caretaker.abort();
        inquirer.abort();
        for lane in &self.lanes {
            lane.reset();
        }
        self.answered(lease::give_back(&self.shared, owner)).await
    }

    /// A server that has gone silent is an error after the time of a lease.
    async fn answered<T>(&self, asked: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let answer = tokio::time::timeout(self.shared.outbox.lease_ttl, asked).await;
        answer.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
    }
}

/// A task of a term. When it panics the term ends and another begins: with one of its parts missing it would hold on to
/// messages that nobody sends.
async fn watched(part: &'static str, lost: CancellationToken, task: impl Future<Output = ()>) {
    if AssertUnwindSafe(task).catch_unwind().await.is_err() {
        tracing::error!("{part} of the dispatcher panicked; it starts anew");
        lost.cancel();
    }
}

async fn finished(pumps: &mut JoinSet<()>) {
    while pumps.join_next().await.is_some() {}
}

/// Tasks that end with the term, also when the term itself is dropped.
struct Aborted(Vec<tokio::task::AbortHandle>);

impl Drop for Aborted {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}
