//! One connection: takes prepared messages, hands each off, sends it, and hands in what became of it with the next.

use std::sync::Arc;
use std::time::Duration;

use super::breaker;
use super::claim::Claimed;
use super::conclude::conclude;
use super::ledger::{Finished, Ledger, Lost, Next};
use super::queue::Queue;
use super::settler::{Settle, Settler};
use super::{Lane, Shared};
use crate::outbox::channel::{Answer, Connection, Fate, Prepared, Trouble};

/// A claim older than this is given back and judged anew: consent may have been withdrawn meanwhile.
pub const FRESH: Duration = Duration::from_secs(5);

/// A claimed message, rendered and built.
#[derive(Debug)]
pub struct Ready {
    /// The row.
    pub claimed: Claimed,
    /// What crosses the network.
    pub prepared: Prepared,
}

/// What a worker works with.
pub struct Worker {
    /// The process.
    pub shared: Arc<Shared>,
    /// The channel.
    pub lane: Arc<Lane>,
    /// Where hand-overs and results are committed.
    pub ledger: Ledger,
    /// Where results go on to the outbox.
    pub settler: Settler,
    /// Where messages come from.
    pub queue: Arc<Queue<Ready>>,
}

impl Worker {
    /// Works until the queue is closed and empty, or the lease is gone.
    pub async fn run(self) {
        let lane = Arc::clone(&self.lane);
        let mut connection = lane.channel.connection();
        // the lease is gone: whoever recovers has the last word
        let _ = self.work(&mut connection).await;
        connection.close().await;
    }

    async fn work(&self, connection: &mut Connection<'_>) -> Result<(), Lost> {
        let mut last: Option<Finished> = None;
        loop {
            let next = match self.queue.try_pop() {
                Some(next) => next,
                None => {
                    // a result does not wait for a message that may not come
                    self.record(last.take(), None).await?;
                    match self.wait(connection).await {
                        Some(next) => next,
                        None => return Ok(()),
                    }
                }
            };
            if !self.may_go(&next, connection).await? {
                continue;
            }
            if !self.record(last.take(), Some(next.claimed.hand_over())).await? {
                if !next.claimed.is_over() {
                    self.lane.halt(); // sending is paused: the rest of the claim goes back too
                }
                self.release(&next.claimed, None).await;
                continue;
            }
            let answer = connection.send(&next.prepared).await;
            last = Some(self.concluded(&next.claimed, answer).await);
        }
    }

    /// The next message; an idle connection is closed after a while.
    async fn wait(&self, connection: &mut Connection<'_>) -> Option<Ready> {
        if let Ok(next) = tokio::time::timeout(connection.idle(), self.queue.pop()).await {
            return next;
        }
        connection.close().await;
        self.queue.pop().await
    }

    /// Whether the message may be handed off now; otherwise it is given back.
    async fn may_go(&self, next: &Ready, connection: &mut Connection<'_>) -> Result<bool, Lost> {
        let waits = self.lane.waits_for(&next.claimed.domain, next.claimed.claim);
        if waits || next.claimed.halts != self.lane.halts() {
            self.release(&next.claimed, None).await;
            return Ok(false);
        }
        if next.claimed.asked.elapsed() > FRESH {
            self.lane.slower();
            self.release(&next.claimed, None).await;
            return Ok(false);
        }
        let Err(unready) = connection.ready().await else { return Ok(true) };
        tracing::warn!(channel = self.lane.name, "{unready}");
        self.trouble(&next.claimed, Trouble::Stop(unready.wait), &unready.detail).await;
        self.release(&next.claimed, Some(unready.detail)).await;
        Ok(false)
    }

    /// Commits and passes the result on.
    async fn record(&self, last: Option<Finished>, next: Option<Next>) -> Result<bool, Lost> {
        if last.is_none() && next.is_none() {
            return Ok(false);
        }
        let message_id = last.as_ref().map(|last| last.message_id);
        let handed = self.ledger.commit(last, next).await?;
        if let Some(message_id) = message_id {
            let _ = self.settler.send(Settle::Finished(message_id)).await;
            self.lane.done();
        }
        Ok(handed)
    }

    async fn concluded(&self, claimed: &Claimed, answer: Answer) -> Finished {
        self.lane.count(answer.fate);
        if answer.fate == Fate::Accepted {
            self.works(claimed).await;
        } else if let Some(trouble) = answer.trouble {
            self.trouble(claimed, trouble, &answer.detail).await;
        }
        conclude(claimed, answer, &self.lane.retry_after)
    }

    /// The channel and the domain work again, where they were known to fail.
    async fn works(&self, claimed: &Claimed) {
        let names = [
            self.lane.take_failing().then(|| self.lane.name.clone()),
            claimed.domain_failing.then(|| self.domain(claimed)),
        ];
        for name in names.into_iter().flatten() {
            let cleared = async {
                let mut conn = self.shared.db.pool().acquire().await?;
                let now = self.shared.clock.now(&mut conn).await?;
                breaker::works(&mut conn, &name, now).await
            };
            if let Err(error) = cleared.await {
                self.lane.set_failing(true);
                tracing::warn!(channel = self.lane.name, error = %error, "cannot record that it works again");
            }
        }
    }

    async fn trouble(&self, claimed: &Claimed, trouble: Trouble, reason: &str) {
        let (name, threshold, wait) = match trouble {
            Trouble::Channel => (self.lane.name.clone(), breaker::SOFT, None),
            Trouble::Stop(wait) => (self.lane.name.clone(), 1, wait),
            Trouble::Domain => (self.domain(claimed), breaker::SOFT, None),
        };
        let noted = async {
            let mut conn = self.shared.db.pool().acquire().await?;
            let now = self.shared.clock.now(&mut conn).await?;
            breaker::failed(&mut conn, &name, now, threshold, wait, reason).await
        };
        match noted.await {
            Ok(true) if trouble != Trouble::Domain => {
                tracing::warn!(channel = self.lane.name, "the channel is left alone for a while");
                self.lane.halt();
            }
            Ok(true) => self.lane.wait_for(&claimed.domain),
            Ok(false) => {}
            Err(error) => tracing::warn!(channel = self.lane.name, error = %error, "cannot record the trouble"),
        }
        if trouble != Trouble::Domain {
            self.lane.set_failing(true);
        }
    }

    fn domain(&self, claimed: &Claimed) -> String {
        format!("domain:{}:{}", self.lane.name, claimed.domain)
    }

    async fn release(&self, claimed: &Claimed, reason: Option<String>) {
        let lane = Arc::clone(&self.lane);
        let released = Settle::Released { message_id: claimed.message_id, state: "planned", reason, lane };
        let _ = self.settler.send(released).await;
    }
}
