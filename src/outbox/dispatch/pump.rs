//! One channel at work: claims, renders, feeds the connections. Bounded at every stage, so that memory does not follow
//! the number of messages owed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::claim::{Claimed, Haul, claim};
use super::ledger::Ledger;
use super::queue::Queue;
use super::settler::{Settle, Settler};
use super::worker::{Ready, Worker};
use super::{Lane, Plans, Shared, content, recover, watched};
use crate::outbox::channel::Prepared;
use crate::outbox::letter;

/// How a pump ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When it is told to.
    Cancelled,
    /// When nothing is due any more, or nothing may be sent.
    Drained,
}

/// What a pump works with.
#[derive(Clone)]
pub struct Pump {
    /// The process.
    pub shared: Arc<Shared>,
    /// The channel.
    pub lane: Arc<Lane>,
    /// The lease.
    pub owner: Uuid,
    /// Where hand-overs are committed.
    pub ledger: Ledger,
    /// Where results go on to the outbox.
    pub settler: Settler,
    /// Ends the term.
    pub lost: CancellationToken,
}

impl Pump {
    /// Runs until it is told to stop or is done; then everything in the network has its answer, and what was claimed and
    /// not handed off waits to be given back.
    pub async fn run(self, until: Until, stop: CancellationToken) {
        let connections = self.lane.connections;
        let raw = Arc::new(Queue::new(usize::from(self.shared.outbox.batch)));
        let ready = Arc::new(Queue::new(connections.max(2) * 2 * self.lane.channel.batch()));
        let mut workers = JoinSet::new();
        for _ in 0..connections {
            let worker = Worker {
                shared: Arc::clone(&self.shared),
                lane: Arc::clone(&self.lane),
                ledger: self.ledger.clone(),
                settler: self.settler.clone(),
                queue: Arc::clone(&ready),
            };
            workers.spawn(watched("a connection", self.lost.clone(), worker.run()));
        }
        let mut preparers = JoinSet::new();
        for _ in 0..connections.min(2) {
            let preparer = self.clone().prepare(Arc::clone(&raw), Arc::clone(&ready), stop.clone());
            preparers.spawn(watched("a preparer", self.lost.clone(), preparer));
        }
        self.claim(&raw, until, &stop).await;
        raw.close();
        while preparers.join_next().await.is_some() {}
        ready.close();
        while workers.join_next().await.is_some() {}
    }

    /// Claims whenever there is room for more.
    async fn claim(&self, raw: &Queue<Claimed>, until: Until, stop: &CancellationToken) {
        let mut emptied = std::time::Instant::now();
        let mut unsure = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.settled(&mut unsure) => {}
            }
            self.lane.adapt(emptied.elapsed(), usize::from(self.shared.outbox.batch));
            let haul = match claim(&self.shared, &self.lane, self.owner, self.lane.size()).await {
                Ok(haul) => haul,
                Err(error) => {
                    tracing::warn!(channel = self.lane.name, error = %error, "cannot claim messages; trying again");
                    unsure = true;
                    Haul { closed: true, ..Haul::default() }
                }
            };
            emptied = std::time::Instant::now();
            let idle = haul.claimed.is_empty() && (haul.closed || haul.looked_at == 0);
            self.lane.claimed(haul.claimed.len());
            for claimed in haul.claimed {
                if raw.push(claimed).await.is_err() {
                    return;
                }
            }
            if haul.probe {
                self.lane.all_done().await;
            }
            if idle && !self.rest(until, haul.closed, haul.rated, stop).await {
                return;
            }
        }
    }

    /// Waits for room. After a claim that failed everything under way is waited for and the rest given back: it may have
    /// been committed all the same, and then nobody knows of its messages.
    async fn settled(&self, unsure: &mut bool) {
        if !*unsure {
            return self.lane.room().await;
        }
        self.lane.all_done().await;
        let given_back = async {
            let mut tx = self.shared.begin(Plans::Fresh).await?;
            let now = self.shared.clock.now(&mut tx).await?;
            recover::give_back(&mut tx, self.owner, Some(&self.lane.name), now, None).await?;
            tx.commit().await
        };
        match given_back.await {
            Ok(()) => *unsure = false,
            Err(error) => tracing::debug!(channel = self.lane.name, error = %error, "cannot give claims back yet"),
        }
    }

    /// Nothing to do: false when that is the end.
    async fn rest(&self, until: Until, closed: bool, rated: Option<Duration>, stop: &CancellationToken) -> bool {
        if until == Until::Drained {
            // a message that is under way may come back and be due again
            let under_way = self.lane.under_way();
            self.lane.all_done().await;
            return under_way && !closed;
        }
        let interval = self.shared.outbox.interval;
        tokio::select! {
            () = stop.cancelled() => false,
            () = tokio::time::sleep(interval.min(rated.unwrap_or(interval))) => true,
            () = self.shared.bell.notified() => true,
        }
    }

    /// Renders and builds.
    async fn prepare(self, raw: Arc<Queue<Claimed>>, ready: Arc<Queue<Ready>>, stop: CancellationToken) {
        while let Some(claimed) = raw.pop().await {
            if stop.is_cancelled() {
                self.end(&claimed, "planned", None).await;
                continue;
            }
            match self.prepared(&claimed).await {
                Ok(Ok(prepared)) => {
                    if let Err(ready) = ready.push(Ready { claimed, prepared }).await {
                        self.end(&ready.claimed, "planned", None).await;
                    }
                }
                Ok(Err((state, reason))) => {
                    tracing::warn!(
                        channel = self.lane.name,
                        message_id = claimed.message_id,
                        "cannot be sent: {reason}"
                    );
                    self.end(&claimed, state, Some(reason)).await;
                }
                Err(error) => {
                    tracing::warn!(channel = self.lane.name, error = %error, "cannot read a template; trying again");
                    self.end(&claimed, "planned", None).await;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    async fn prepared(&self, claimed: &Claimed) -> sqlx::Result<Result<Prepared, (&'static str, String)>> {
        let shared = &self.shared;
        let content = match shared.contents.content(shared.db.pool(), &claimed.spec_hash, &claimed.template).await? {
            Ok(content) => content,
            Err(reason) => return Ok(Err(("dead", reason))),
        };
        let mut attachments = Vec::new();
        if claimed.is_letter {
            attachments = letter::parts(&mut *shared.db.pool().acquire().await?, claimed.message_id).await?;
        }
        let built = || {
            let redirect = shared.outbox.redirect_to.as_ref();
            match content::outgoing(claimed, self.lane.sort, &content, &shared.frame, (redirect, attachments)) {
                Err(reason) => Err(("dead", reason)),
                Ok(outgoing) => match self.lane.channel.prepare(&outgoing) {
                    Ok(prepared) => Ok((outgoing, prepared)),
                    Err(reason) => Err(("rejected", reason)),
                },
            }
        };
        // a customer's data that makes some library panic costs that one message, not the channel
        let built = catch_unwind(AssertUnwindSafe(built))
            .unwrap_or_else(|_| Err(("dead", "making the message panicked; the log says where".to_owned())));
        if let (true, Ok((outgoing, prepared))) = (claimed.is_letter, &built) {
            let attempt = (claimed.message_id, claimed.attempt);
            letter::keep(&mut *shared.db.pool().acquire().await?, attempt, outgoing, prepared).await?;
        }
        Ok(built.map(|(_, prepared)| prepared))
    }

    async fn end(&self, claimed: &Claimed, state: &'static str, reason: Option<String>) {
        let lane = Arc::clone(&self.lane);
        let _ = self.settler.send(Settle::Released { message_id: claimed.message_id, state, reason, lane }).await;
    }
}
