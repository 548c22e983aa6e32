//! The one commit between two messages of a connection.
//!
//! Every connection hands in the result of its last message together with its next message, and goes on when both are
//! committed. What several connections of a channel hand in meanwhile is one statement and one flush of the server's log.
//! A crash therefore leaves at most one message without an answer per connection, or one call where a channel sends several
//! messages in a call.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::Connection as _;
use sqlx::PgConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::watched;
use crate::clock::Clock;
use crate::db::Database;

/// How long what has come waits for half of the connections that are about to come. Longer than most statements take, and
/// nothing beside the answer of a server in another town: a statement for five costs hardly more than one for one.
const GATHER: Duration = Duration::from_millis(1);
/// Entries of one statement, at most.
const MOST: usize = 256;
/// Wait between attempts to reach the database.
const AGAIN: Duration = Duration::from_millis(250);

/// What became of an attempt.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Which message.
    pub message_id: i64,
    /// Which attempt.
    pub attempt: i16,
    /// `tend.attempt.outcome`.
    pub outcome: &'static str,
    /// `tend.attempt.becomes`.
    pub becomes: &'static str,
    /// Status.
    pub code: Option<String>,
    /// Words.
    pub detail: Option<String>,
    /// The provider's id.
    pub reference: Option<String>,
    /// When it is tried again.
    pub retry: Option<Duration>,
}

/// A message about to be handed off.
#[derive(Debug, Clone, Copy)]
pub struct Next {
    /// Which message.
    pub message_id: i64,
    /// Which attempt.
    pub attempt: i16,
    /// From then on it is not handed off any more.
    pub not_after: DateTime<Utc>,
}

/// The lease is gone: nothing was committed and nothing may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

struct Entry {
    last: Vec<Finished>,
    next: Vec<Next>,
    reply: oneshot::Sender<Result<Vec<i64>, Lost>>,
}

/// Where a connection hands in.
#[derive(Debug, Clone)]
pub struct Ledger {
    entries: mpsc::Sender<Entry>,
}

impl Ledger {
    /// Starts the task that commits. It ends when the ledger and its copies are dropped, or cancels `lost` when the lease
    /// is gone.
    pub fn start(
        db: &Database,
        clock: Clock,
        owner: Uuid,
        lost: &CancellationToken,
        writers: &mut JoinSet<()>,
    ) -> Self {
        let (entries, inbox) = mpsc::channel(MOST);
        let writer = Writer { db: db.clone(), clock, owner, connection: None, sending: 0 };
        writers.spawn(watched("a writer", lost.clone(), writer.run(inbox, lost.clone())));
        Self { entries }
    }

    /// Commits; gives the messages that are handed off and must be sent now. The others are not: sending is paused or their
    /// life is over.
    pub async fn commit(&self, last: Vec<Finished>, next: Vec<Next>) -> Result<Vec<i64>, Lost> {
        let (reply, answer) = oneshot::channel();
        self.entries.send(Entry { last, next, reply }).await.map_err(|_| Lost)?;
        answer.await.unwrap_or(Err(Lost))
    }
}

struct Writer {
    db: Database,
    clock: Clock,
    owner: Uuid,
    connection: Option<PgConnection>,
    /// Connections with messages in the network: so many results will be handed in.
    sending: usize,
}

impl Writer {
    async fn run(mut self, mut inbox: mpsc::Receiver<Entry>, lost: CancellationToken) {
        let mut entries = Vec::with_capacity(MOST);
        while inbox.recv_many(&mut entries, MOST).await > 0 {
            self.gather(&mut inbox, &mut entries).await;
            let handed = loop {
                // a server that has gone silent must not keep the process from ending once the lease is gone
                let written = tokio::select! {
                    written = self.write(&entries) => written,
                    () = lost.cancelled() => return,
                };
                match written {
                    Ok(handed) => break handed,
                    Err(error) => {
                        // results are not given up while the lease may still be ours: the statement can be repeated
                        self.connection = None;
                        if lost.is_cancelled() {
                            return;
                        }
                        tracing::warn!(error = %error, "cannot record what was sent; trying again");
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            };
            let Some(handed) = handed else {
                lost.cancel();
                return;
            };
            let handed: HashSet<i64> = handed.into_iter().collect();
            for entry in entries.drain(..) {
                let own: Vec<i64> =
                    entry.next.iter().map(|next| next.message_id).filter(|id| handed.contains(id)).collect();
                self.sending += usize::from(!own.is_empty());
                // a worker that is gone has been told by its own end
                let _ = entry.reply.send(Ok(own));
            }
        }
    }

    /// Waits for company, a little, and only for connections that are at work: one alone never waits.
    async fn gather(&mut self, inbox: &mut mpsc::Receiver<Entry>, entries: &mut Vec<Entry>) {
        let back = |entries: &[Entry]| entries.iter().filter(|entry| !entry.last.is_empty()).count();
        let at_work = entries.len() + self.sending.saturating_sub(back(entries));
        let enough = at_work.div_ceil(2).min(MOST);
        let patience = tokio::time::sleep(GATHER);
        tokio::pin!(patience);
        while entries.len() < enough {
            tokio::select! {
                () = &mut patience => break,
                more = inbox.recv_many(entries, MOST) => if more == 0 { break },
            }
        }
        self.sending = self.sending.saturating_sub(back(entries));
    }

    /// The messages handed off; none when the lease is gone.
    async fn write(&mut self, entries: &[Entry]) -> sqlx::Result<Option<Vec<i64>>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(dedicated(&self.db).await?),
        };
        let last: Vec<&Finished> = entries.iter().flat_map(|entry| &entry.last).collect();
        let next: Vec<Next> = entries.iter().flat_map(|entry| entry.next.iter().copied()).collect();
        let column = |read: fn(&Finished) -> Option<String>| last.iter().map(|each| read(each)).collect::<Vec<_>>();
        let row = sqlx::query_file!(
            "src/outbox/dispatch/commit.sql",
            self.owner,
            self.clock.is_driven(),
            &last.iter().map(|each| each.message_id).collect::<Vec<_>>(),
            &last.iter().map(|each| each.attempt).collect::<Vec<_>>(),
            &last.iter().map(|each| each.outcome.to_owned()).collect::<Vec<_>>(),
            &last.iter().map(|each| each.becomes.to_owned()).collect::<Vec<_>>(),
            &column(|each| each.code.clone()) as &[Option<String>],
            &column(|each| each.detail.clone()) as &[Option<String>],
            &column(|each| each.reference.clone()) as &[Option<String>],
            &last.iter().map(|each| each.retry.map(|retry| retry.as_secs_f64())).collect::<Vec<_>>()
                as &[Option<f64>],
            &next.iter().map(|each| each.message_id).collect::<Vec<_>>(),
            &next.iter().map(|each| each.attempt).collect::<Vec<_>>(),
            &next.iter().map(|each| each.not_after).collect::<Vec<_>>(),
        )
        .fetch_one(connection)
        .await?;
        Ok(row.alive.then_some(row.handed))
    }
}

/// A connection that looks rows up by key whatever the statistics of young tables say.
async fn dedicated(db: &Database) -> sqlx::Result<PgConnection> {
    let mut connection = db.dedicated().await?;
    sqlx::raw_sql(super::BY_KEY).execute(&mut connection).await?;
    connection.ping().await?;
    Ok(connection)
}
