//! A channel as the dispatcher knows it: what it owes, how fast it goes, whether it must stop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::outbox::channel::settings::{ChannelSettings, OnUnknown, OutboxSettings, Rates, RetryAfter, Sort};
use crate::outbox::channel::{Channel, Fate};

/// How many were sent, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Taken by a provider.
    pub accepted: u64,
    /// Refused for good.
    pub rejected: u64,
    /// Refused for the moment, or not sent at all.
    pub retry: u64,
    /// Nobody knows.
    pub in_doubt: u64,
}

/// A channel at work.
#[derive(Debug)]
pub struct Lane {
    /// Its name in the settings.
    pub name: String,
    /// What it carries.
    pub sort: Sort,
    /// What sends.
    pub channel: Channel,
    /// Connections of this process.
    pub connections: usize,
    /// Waits between attempts.
    pub retry_after: RetryAfter,
    /// Messages whose fate is unknown.
    pub on_unknown: OnUnknown,
    /// Rates over all replicas.
    pub rates: Rates,
    /// Keys of `outbox_owed` it pays: its name, and `*email` or `*sms` when it is the one for messages that name none.
    pub lanes: Vec<String>,
    halts: AtomicU64,
    claims: AtomicU64,
    waiting: Mutex<HashMap<String, u64>>,
    failing: AtomicBool,
    size: AtomicUsize,
    under_way: AtomicUsize,
    progress: Notify,
    sent: [AtomicU64; 4],
}

impl Lane {
    /// Opens the channel `name` of the settings.
    pub fn new(
        name: &str,
        settings: &ChannelSettings,
        outbox: &OutboxSettings,
        is_default: bool,
    ) -> anyhow::Result<Self> {
        let sort = settings.sort();
        let mut lanes = vec![name.to_owned()];
        if is_default {
            lanes.push(format!("*{sort}"));
        }
        let connections = settings.connections();
        let channel = Channel::new(name, settings)?;
        let first = connections * channel.batch() * 8;
        Ok(Self {
            name: name.to_owned(),
            sort,
            channel,
            connections,
            retry_after: settings.retry_after(),
            on_unknown: settings.on_unknown(),
            rates: settings.rates(),
            lanes,
            halts: AtomicU64::new(0),
            claims: AtomicU64::new(0),
            waiting: Mutex::default(),
            failing: AtomicBool::new(false),
            size: AtomicUsize::new(first.clamp(1, usize::from(outbox.batch))),
            under_way: AtomicUsize::new(0),
            progress: Notify::new(),
            sent: Default::default(),
        })
    }

    /// Claims made before go back unsent.
    pub fn halt(&self) {
        self.halts.fetch_add(1, Relaxed);
    }

    /// How often it was halted.
    pub fn halts(&self) -> u64 {
        self.halts.load(Relaxed)
    }

    /// The number of a claim that begins now.
    pub fn claim(&self) -> u64 {
        self.claims.fetch_add(1, Relaxed) + 1
    }

    /// Messages to the domain go back unsent, those of claims that have begun already: later ones ask the database.
    pub fn wait_for(&self, domain: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= 1_000 {
            waiting.clear(); // it only spares attempts
        }
        waiting.insert(domain.to_owned(), self.claims.load(Relaxed));
    }

    /// Whether a message of that claim goes back because of its domain.
    pub fn waits_for(&self, domain: &str, claim: u64) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get(domain).is_some_and(|until| claim <= *until)
    }

    /// Whether the database has it down as failing.
    pub fn set_failing(&self, failing: bool) {
        self.failing.store(failing, Relaxed);
    }

    /// Whether it was failing; asked once.
    pub fn take_failing(&self) -> bool {
        self.failing.load(Relaxed) && self.failing.swap(false, Relaxed)
    }

    /// Messages of the next claim.
    pub fn size(&self) -> usize {
        self.size.load(Relaxed)
    }

    /// Claims smaller portions: this one grew old.
    pub fn slower(&self) {
        let size = self.size();
        let _ = self.size.compare_exchange(size, (size / 2).max(self.connections), Relaxed, Relaxed);
    }

    /// Claims larger portions when the last one lasted less than half a second.
    pub fn adapt(&self, lasted: Duration, most: usize) {
        if lasted < Duration::from_millis(500) {
            let size = self.size();
            let _ = self.size.compare_exchange(size, (size * 2).min(most), Relaxed, Relaxed);
        }
    }

    /// So many more are under way.
    pub fn claimed(&self, count: usize) {
        self.under_way.fetch_add(count, Relaxed);
    }

    /// One less is.
    pub fn done(&self) {
        self.under_way.fetch_sub(1, Relaxed);
        self.progress.notify_waiters();
    }

    /// Whether any is.
    pub fn under_way(&self) -> bool {
        self.under_way.load(Relaxed) > 0
    }

    /// Waits until less than half a claim is under way.
    pub async fn room(&self) {
        self.until(|under_way| under_way <= self.size() / 2).await;
    }

    /// Waits until nothing is under way.
    pub async fn all_done(&self) {
        self.until(|under_way| under_way == 0).await;
    }

    async fn until(&self, enough: impl Fn(usize) -> bool) {
        loop {
            let progress = self.progress.notified();
            tokio::pin!(progress);
            progress.as_mut().enable();
            if enough(self.under_way.load(Relaxed)) {
                return;
            }
            progress.await;
        }
    }

    /// A new lease starts with nothing under way.
    pub fn reset(&self) {
        self.under_way.store(0, Relaxed);
    }

    /// Counts what became of a message.
    pub fn count(&self, fate: Fate) {
        let place = match fate {
            Fate::Accepted => 0,
            Fate::Rejected => 1,
            Fate::Retry(_) | Fate::NotSent => 2,
            Fate::Unknown => 3,
        };
        self.sent[place].fetch_add(1, Relaxed);
    }

    /// The counts since the start.
    pub fn sent(&self) -> Sent {
        let [accepted, rejected, retry, in_doubt] = [0, 1, 2, 3].map(|place| self.sent[place].load(Relaxed));
        Sent { accepted, rejected, retry, in_doubt }
    }
}
