//! What customers reach from outside: the pages behind the links in their messages; and people of the house, the pages of
//! their tasks and of the figures of their reviews.
//!
//! # What it promises
//! * A GET changes nothing: mail scanners open every link. What a customer decides comes by POST.
//! * One-click unsubscribing as RFC 8058 asks: a POST of `List-Unsubscribe=One-Click`, urlencoded or multipart, answered
//!   200 without redirect, cookie or login.
//! * What is recorded (`tend.choice`) is asked by the planning and the sending of the very next message.
//! * Whoever has no valid link learns nothing: forged, garbled, expired and misused links give one page, without a look
//!   into the database, and an address that tries many is told to wait. A link that was good once and is over is told so. Pages for
//!   customers show no name and no address; those of a task name the customer.
//! * Nobody holds it up: connections, head, body and time of a request are limited. No cookies, no script.
//! * It works behind a proxy that keeps the path of `public.base_url` and behind one that takes it away.
//!
//! [`ENDPOINTS`](route::ENDPOINTS) lists what there is, a file each; what providers post is in [`provider`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::db::Database;
use crate::outbox::link::{Links, Purpose, Work};
use crate::outbox::returned::Consequences;
use crate::outbox::returned::calls::Callers;
use crate::settings::{CompanySettings, PublicSettings};

mod acknowledge;
mod action;
mod answer;
mod choice;
mod desk;
mod feed;
mod form;
mod guard;
mod page;
mod preferences;
mod provider;
mod robots;
mod route;
mod server;
mod task;
mod topics;
mod unsubscribe;
mod visitor;

use guard::Guard;
use page::Pages;

/// What the listener needs.
#[derive(Debug)]
pub struct Options {
    /// `[public]`.
    pub settings: PublicSettings,
    /// Reads and makes links.
    pub links: Links,
    /// `[company]`, shown on the pages.
    pub company: CompanySettings,
    /// Providers that post receipts and replies.
    pub callers: Callers,
    /// What follows from receipts.
    pub consequences: Consequences,
}

/// What was answered since the start.
#[derive(Debug, Default)]
pub struct Counts {
    requests: AtomicU64,
    bad_links: AtomicU64,
    refused: AtomicU64,
    recorded: AtomicU64,
    receipts: AtomicU64,
    replies: AtomicU64,
    unknown: AtomicU64,
    ignored: AtomicU64,
}

/// [`Counts`] at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Requests.
    pub requests: u64,
    /// Links that were not ours, not for this, or over.
    pub bad_links: u64,
    /// Of these, told to wait.
    pub refused: u64,
    /// Words of customers that were written down.
    pub recorded: u64,
    /// Receipts that were written down.
    pub receipts: u64,
    /// Text messages of customers that were written down.
    pub replies: u64,
    /// Receipts for messages nobody knows here, or for other addresses.
    pub unknown: u64,
    /// Entries that mean nothing to us.
    pub ignored: u64,
}

/// What all endpoints share.
struct Shared {
    db: Database,
    clock: Clock,
    links: Links,
    settings: PublicSettings,
    company: CompanySettings,
    callers: Callers,
    consequences: Consequences,
    pages: Pages,
    guard: Guard,
    counts: Counts,
    turns: Semaphore,
}

impl Shared {
    /// A turn at the database: however many come, jobs and dispatcher keep most of the connections.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// Answers somebody of the house who comes with a link for this purpose, with a turn at the database. No page: the link is
    /// over.
    async fn worker<F>(
        &self,
        visitor: &visitor::Visitor,
        purpose: Purpose,
        token: &str,
        page: impl FnOnce(Work) -> F,
    ) -> Response
    where
        F: Future<Output = sqlx::Result<Option<Response>>>,
    {
        let work = match visitor.worker(self, purpose, token) {
            Ok(work) => work,
            Err(refused) => return *refused,
        };
        let _turn = self.turn().await;
        match page(work).await {
            Ok(Some(page)) => page,
            Ok(None) => self.pages.note(self, visitor.language(), "over", StatusCode::GONE),
            Err(error) => self.pages.trouble(self, visitor.language(), &error),
        }
    }
}

/// Visitors at the database at a time.
const TURNS: usize = 3;

/// The public listener, bound and not yet at work.
pub struct Public {
    shared: Arc<Shared>,
    listener: TcpListener,
}

impl fmt::Debug for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Public").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl Public {
    /// Binds the address of the settings; none when they name none.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(db: Database, clock: Clock, options: Options) -> anyhow::Result<Option<Self>> {
        let Some(listen) = options.settings.listen else { return Ok(None) };
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("public.listen: cannot use {listen}"))?;
        let Options { settings, links, company, callers, consequences } = options;
        let guard = Guard::new(settings.bad_links, settings.trusted_proxies.clone());
        let pages = Pages::new();
        let (counts, turns) = (Counts::default(), Semaphore::new(TURNS));
        let shared = Shared { db, clock, links, settings, company, callers, consequences, pages, guard, counts, turns };
        Ok(Some(Self { shared: Arc::new(shared), listener }))
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> std::io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until cancelled; then finishes the requests at work, within the time a request may take.
    pub async fn serve(self, cancel: CancellationToken) {
        let limits =
            server::Limits { connections: self.shared.settings.connections, time: self.shared.settings.timeout };
        server::serve(self.listener, route::router(&self.shared), limits, cancel).await;
        let counted = self.shared.counts.now();
        let Counted { requests, bad_links, refused, recorded, receipts, replies, unknown, ignored } = counted;
        tracing::info!(
            requests,
            bad_links,
            refused,
            recorded,
            receipts,
            replies,
            unknown,
            ignored,
            "the public listener has ended"
        );
    }

    /// A look at the counts that outlives [`serve`](Self::serve).
    pub fn counts(&self) -> impl Fn() -> Counted + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.counts.now()
    }
}

impl Counts {
    fn add(count: &AtomicU64) {
        Self::more(count, 1);
    }

    fn more(count: &AtomicU64, by: usize) {
        count.fetch_add(by as u64, Ordering::Relaxed);
    }

    fn now(&self) -> Counted {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counted {
            requests: of(&self.requests),
            bad_links: of(&self.bad_links),
            refused: of(&self.refused),
            recorded: of(&self.recorded),
            receipts: of(&self.receipts),
            replies: of(&self.replies),
            unknown: of(&self.unknown),
            ignored: of(&self.ignored),
        }
    }
}
