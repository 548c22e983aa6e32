//! One connection: takes prepared messages, hands each off, sends it, and hands in what became of it with the next.

use std::sync::Arc;
use std::time::Duration;

use super::breaker;
use super::claim::Claimed;
use super::conclude::conclude;
use super::ledger::{Finished, Ledger, Lost};
use super::queue::Queue;
use super::settler::{Settle, Settler};
use super::{Lane, Shared};
use crate::outbox::channel::{Answer, Connection, Fate, Prepared, Trouble};

/// A claim older than this is given back and judged anew: consent may have been withdrawn meanwhile.
pub const FRESH: Duration = Duration::from_secs(5);
/// How long a call that can carry more messages waits for the next one.
const COMPANY: Duration = Duration::from_millis(5);

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
        let mut last: Vec<Finished> = Vec::new();
        let mut left = None;
        loop {
            let next = match left.take().or_else(|| self.queue.try_pop()) {
                Some(next) => next,
                None => {
                    // a result does not wait for a message that may not come
                    self.record(std::mem::take(&mut last), &[]).await?;
                    match self.wait(connection).await {
                        Some(next) => next,
                        None => return Ok(()),
                    }
                }
            };
            if !self.may_go(&next, connection).await? {
                continue;
            }
            let load = self.load(next, connection, &mut left).await?;
            let handed = self.record(std::mem::take(&mut last), &load).await?;
            let (load, refused): (Vec<_>, Vec<_>) =
                load.into_iter().partition(|ready| handed.contains(&ready.claimed.message_id));
            for ready in refused {
                if !ready.claimed.is_over() {
                    self.lane.halt(); // sending is paused: the rest of the claim goes back too
                }
                self.release(&ready.claimed, None).await;
            }
            if !load.is_empty() {
                let prepared: Vec<_> = load.iter().map(|ready| &ready.prepared).collect();
                let answers = connection.send(&prepared).await;
                last = self.concluded(&load, answers).await;
            }
        }
    }

    /// The message with others that may go in the same call, as many as are there; the first that may not is `left`.
    async fn load(
        &self,
        first: Ready,
        connection: &mut Connection<'_>,
        left: &mut Option<Ready>,
    ) -> Result<Vec<Ready>, Lost> {
        let most = self.lane.channel.batch();
        let mut load = vec![first];
        while load.len() < most {
            let Ok(Some(next)) = tokio::time::timeout(COMPANY, self.queue.pop()).await else { break };
            if !next.prepared.goes_with(&load[0].prepared) {
                *left = Some(next);
                break;
            }
            if self.may_go(&next, connection).await? {
                load.push(next);
            }
        }
        Ok(load)
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

    /// Commits and passes the results on; gives what is handed off now.
    async fn record(&self, last: Vec<Finished>, next: &[Ready]) -> Result<Vec<i64>, Lost> {
        if last.is_empty() && next.is_empty() {
            return Ok(Vec::new());
        }
        let finished: Vec<i64> = last.iter().map(|last| last.message_id).collect();
        let next = next.iter().map(|ready| ready.claimed.hand_over()).collect();
        let handed = self.ledger.commit(last, next).await?;
        for message_id in finished {
            let _ = self.settler.send(Settle::Finished(message_id)).await;
            self.lane.done();
        }
        Ok(handed)
    }

    /// What became of the messages of one call. What an answer says beyond its message is noted once a call.
    async fn concluded(&self, load: &[Ready], answers: Vec<Answer>) -> Vec<Finished> {
        let mut noted = Vec::new();
        let mut finished = Vec::with_capacity(load.len());
        for (ready, answer) in load.iter().zip(answers) {
            let claimed = &ready.claimed;
            self.lane.count(answer.fate);
            if answer.fate == Fate::Accepted {
                self.works(claimed).await;
            } else if let Some(trouble) = answer.trouble.filter(|trouble| !noted.contains(trouble)) {
                self.trouble(claimed, trouble, &answer.detail).await;
                noted.push(trouble);
            }
            finished.push(conclude(claimed, answer, &self.lane.retry_after, self.lane.channel.receipt().is_some()));
        }
        finished
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
