//! Copies what became of messages into `tend.outbox`, many at a time, and gives claims back. Nothing is lost when this
//! lags behind or dies: `tend.attempt` is the truth, and recovery makes the same copy.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Lane, Plans, Shared, watched};

/// Messages of one statement, at most.
const MOST: usize = 500;
/// How long results wait for company.
const GATHER: Duration = Duration::from_millis(50);

/// What is to be written.
#[derive(Debug)]
pub enum Settle {
    /// An attempt was recorded.
    Finished(i64),
    /// A claim ends without a hand-over.
    Released {
        /// Which message.
        message_id: i64,
        /// planned, dead or rejected.
        state: &'static str,
        /// Why.
        reason: Option<String>,
        /// Under way until this is written: a drain looks once more then.
        lane: Arc<Lane>,
    },
}

/// Where to hand in.
pub type Settler = mpsc::Sender<Settle>;

/// Starts the task. It ends when all its senders are dropped and everything is written.
pub fn start(shared: Arc<Shared>, owner: Uuid, lost: CancellationToken) -> (Settler, tokio::task::JoinHandle<()>) {
    let (sender, inbox) = mpsc::channel(MOST * 4);
    (sender, tokio::spawn(watched("the settler", lost, run(shared, owner, inbox))))
}

async fn run(shared: Arc<Shared>, owner: Uuid, mut inbox: mpsc::Receiver<Settle>) {
    let mut batch = Vec::with_capacity(MOST);
    while inbox.recv_many(&mut batch, MOST).await > 0 {
        let gather = tokio::time::sleep(GATHER);
        tokio::pin!(gather);
        while batch.len() < MOST {
            let room = MOST - batch.len();
            tokio::select! {
                () = &mut gather => break,
                more = inbox.recv_many(&mut batch, room) => if more == 0 { break },
            }
        }
        while let Err(error) = write(&shared, owner, &batch).await {
            tracing::warn!(error = %error, "cannot settle messages; trying again");
            if inbox.is_closed() {
                return; // recovery makes the copy
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        for settled in batch.drain(..) {
            if let Settle::Released { lane, .. } = settled {
                lane.done();
            }
        }
    }
}

async fn write(shared: &Shared, owner: Uuid, batch: &[Settle]) -> sqlx::Result<()> {
    let (mut finished, mut released, mut states, mut reasons) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for each in batch {
        match each {
            Settle::Finished(message_id) => finished.push(*message_id),
            Settle::Released { message_id, state, reason, .. } => {
                released.push(*message_id);
                states.push((*state).to_owned());
                reasons.push(reason.clone());
            }
        }
    }
    let mut tx = shared.begin(Plans::Fresh).await?;
    if !finished.is_empty() {
        sqlx::query_file!("src/outbox/dispatch/settle.sql", owner, &finished as &[i64]).execute(&mut *tx).await?;
    }
    if !released.is_empty() {
        let now = shared.clock.now(&mut tx).await?;
        sqlx::query_file!(
            "src/outbox/dispatch/release.sql",
            owner,
            now,
            &released,
            &states,
            &reasons as &[Option<String>]
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await
}
