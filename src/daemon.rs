//! The daemon: the only place that builds rooms and wires them to each other.
//!
//! Start: job folder → engine → dispatcher → public listener → doorbells. Stop, in the order in which work flows: doorbells,
//! folder and listener (the requests at work are answered) → engine (the steps at work finish within the grace, the rest is handed back) → dispatcher (finishes what is in the
//! network, gives the rest back) → connections. Whatever is killed instead is found by its leases.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::FutureExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::db::{Database, is_transient};
use crate::engine::Engine;
use crate::engine::doorbell::{Bells, Doorbell};
use crate::jobfile::store::spec_reader;
use crate::jobfile::watch::Keeper;
use crate::jobs::KINDS;
use crate::outbox::dispatch::{self, Dispatcher};
use crate::outbox::link::Links;
use crate::outbox::returned::calls::Callers;
use crate::outbox::returned::{Consequences, mailbox};
use crate::settings::{BounceSettings, Settings};
use crate::web;

/// An engine with all kinds of jobs.
#[must_use]
pub fn engine(db: &Database, settings: &Settings) -> Engine {
    Engine::new(db.clone(), settings.time.source, spec_reader(KINDS), settings.engine.clone())
}

/// What makes links in messages; its secret may stand in the database, and a server that is just being restarted is waited
/// for, as long as `database.connect_timeout` says.
///
/// # Errors
/// When the database cannot be reached.
pub async fn links(db: &Database, settings: &Settings) -> sqlx::Result<Links> {
    let until = Instant::now() + settings.database.connect_timeout;
    loop {
        match Links::open(db.pool(), &settings.public).await {
            Err(error) if is_transient(&error) && Instant::now() < until => {
                tracing::warn!(error = %error, "waiting for the database");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            done => return done,
        }
    }
}

/// A dispatcher with the configured channels.
///
/// # Errors
/// When a channel cannot be opened: a wrong setting, an unreadable secret, key or certificate.
pub fn dispatcher(db: &Database, settings: &Settings, links: Links, clock: Clock) -> anyhow::Result<Dispatcher> {
    let company = dispatch::Company {
        name: settings.company.name.clone(),
        url: settings.company.url.clone(),
        address: settings.company.address.clone(),
    };
    let options = dispatch::Options {
        outbox: settings.outbox.clone(),
        channels: settings.channels.clone(),
        company,
        links: Some(links),
        host: label(),
    };
    Dispatcher::new(db.clone(), clock, options)
}

/// What follows from what comes back. Where everything goes to other addresses than the customers', these are not
/// suppressed for what happens there.
#[must_use]
pub fn consequences(settings: &Settings) -> Consequences {
    Consequences { failures: settings.bounces.failures, suppress: settings.outbox.redirect_to.is_none() }
}

/// The public listener, if this process has one; one without needs no secrets of providers, they may be on another machine.
async fn public(db: &Database, settings: &Settings, links: Links) -> anyhow::Result<Option<web::Public>> {
    if settings.public.listen.is_none() {
        return Ok(None);
    }
    let options = web::Options {
        settings: settings.public.clone(),
        links,
        company: settings.company.clone(),
        callers: Callers::new(&settings.channels).context("providers cannot be told from strangers")?,
        consequences: consequences(settings),
    };
    web::Public::bind(db.clone(), settings.time.source, options).await
}

/// Reads mails that come back, if the settings say where they arrive.
fn reading(
    db: &Database,
    settings: &Settings,
    stop: &CancellationToken,
) -> Option<impl Future<Output = ()> + Send + 'static> {
    let places = places(&settings.bounces);
    if places.is_empty() {
        return None;
    }
    let (db, clock, interval) = (db.clone(), settings.time.source, settings.bounces.interval);
    Some(mailbox::follow(db, clock, places, consequences(settings), interval, stop.clone()))
}

/// Where mails that come back arrive on this machine.
fn places(settings: &BounceSettings) -> Vec<mailbox::Place> {
    let maildir = settings.maildir.clone().map(mailbox::Place::Maildir);
    let folder = settings.folder.clone().map(mailbox::Place::Folder);
    [maildir, folder, settings.mbox.clone().map(mailbox::Place::Mbox)].into_iter().flatten().collect()
}

/// Host and process, for people; nothing is decided by it.
#[must_use]
pub fn label() -> String {
    format!("{}:{}", machine(), std::process::id())
}

/// What the operating system calls this machine.
#[must_use]
pub fn machine() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if host.trim().is_empty() { "localhost".to_owned() } else { host.trim().to_owned() }
}

/// Works until it is told to stop, see [`stop_signal`].
///
/// # Errors
/// When something cannot be started, or a part of the daemon ended before it was told to. Trouble with database, folder
/// or providers is logged, waited out and watched, never a reason to end.
pub async fn serve(
    db: Database,
    settings: &Settings,
    jobs: PathBuf,
    calendars: PathBuf,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let engine = Arc::new(engine(&db, settings));
    let links = tokio::select! {
        links = links(&db, settings) => links.context("the secret of links cannot be read")?,
        () = stop.cancelled() => return Ok(()),
    };
    let dispatcher =
        dispatcher(&db, settings, links.clone(), settings.time.source).context("the channels cannot be opened")?;
    let public = public(&db, settings, links).await?;
    let keeper = Keeper {
        dir: jobs,
        calendars: Some(calendars),
        kinds: KINDS,
        db: db.clone(),
        clock: settings.time.source,
        instance: engine.instance(),
        who: label(),
    };
    tracing::info!(
        instance = %engine.instance(),
        version = env!("CARGO_PKG_VERSION"),
        environment = %settings.environment,
        jobs = %keeper.dir.display(),
        channels = settings.channels.len(),
        "tend is at work"
    );

    let bell = engine.bell();
    let parts = Parts { stop: stop.clone(), failed: Arc::default() };
    let mut folder = parts.spawn("the job folder", &stop, keeper.follow(move |_| bell.notify_one(), stop.clone()));
    let runs = parts.spawn("the engine", &stop, {
        let (engine, stop) = (Arc::clone(&engine), stop.clone());
        endless(async move { engine.run(stop).await })
    });
    // the dispatcher outlives the engine: what the last step queued may still go out, and nothing new comes
    let hands_down = CancellationToken::new();
    let sending = parts.spawn("the dispatcher", &hands_down, {
        let (dispatcher, hands_down) = (dispatcher.clone(), hands_down.clone());
        endless(async move { dispatcher.run(hands_down).await })
    });
    let answering = public.map(|public| parts.spawn("the public listener", &stop, endless(public.serve(stop.clone()))));
    let reading =
        reading(&db, settings, &stop).map(|follow| parts.spawn("the reader of returned mails", &stop, endless(follow)));
    let doorbell = Doorbell::hang(engine.bell(), Bells::default()).await?;

    stop.cancelled().await;
    tracing::info!("stopping: no new runs, the steps at work may finish");
    drop(doorbell);
    if timeout(PATIENCE, &mut folder).await.is_err() {
        folder.abort(); // the database is silent; a folder is applied whole or not at all
    }
    for part in [answering, reading].into_iter().flatten() {
        let _ = part.await;
    }
    // how they ended is in `parts`
    let _ = runs.await;
    hands_down.cancel();
    let _ = sending.await;
    if timeout(PATIENCE, db.close()).await.is_err() {
        tracing::debug!("the database is silent; leaving without taking leave");
    }
    parts.failed.get().map_or(Ok(()), |why| anyhow::bail!("{why}"))
}

/// A part that has no error to end with.
async fn endless(work: impl Future<Output = ()>) -> anyhow::Result<()> {
    work.await;
    Ok(())
}

/// How long a stop waits for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The parts of the daemon. One that ends before it is told to takes the whole process down, in order and with an error,
/// so that whoever supervises the process starts it anew: half a daemon looks alive and does nothing.
struct Parts {
    stop: CancellationToken,
    failed: Arc<OnceLock<String>>,
}

impl Parts {
    /// Starts a part, which may end once `told` is cancelled.
    fn spawn(
        &self,
        name: &'static str,
        told: &CancellationToken,
        part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> JoinHandle<()> {
        let (stop, told, failed) = (self.stop.clone(), told.clone(), Arc::clone(&self.failed));
        tokio::spawn(async move {
            let why = match AssertUnwindSafe(part).catch_unwind().await {
                Ok(Ok(())) if told.is_cancelled() => return,
                Ok(Ok(())) => format!("{name} ended without being told to"),
                Ok(Err(error)) => format!("{name} failed: {error:#}"),
                Err(_) => format!("{name} panicked; the lines before say where"),
            };
            tracing::error!("{why}");
            // the first one counts, the others may follow from it
            let _ = failed.set(why);
            stop.cancel();
        })
    }
}

/// Signals within this of the first are the same word: `timeout`, shells and supervisors tell a process and its group.
const ONE_WORD: Duration = Duration::from_secs(1);

/// Cancelled by SIGTERM or SIGINT. One that comes later ends the process at once: its leases are found by the others.
#[expect(clippy::disallowed_methods, reason = "told twice to stop: an end without order is what was asked for")]
pub(crate) fn stop_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be heard")?;
    let told = stop.clone();
    tokio::spawn(async move {
        let mut first = None;
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if first.get_or_insert_with(Instant::now).elapsed() > ONE_WORD {
                tracing::warn!("told to stop again: ending at once");
                std::process::exit(1);
            }
            told.cancel();
        }
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ends(
        part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
        told: bool,
    ) -> (bool, Option<String>) {
        let parts = Parts { stop: CancellationToken::new(), failed: Arc::default() };
        let tell = CancellationToken::new();
        if told {
            tell.cancel();
        }
        parts.spawn("the engine", &tell, part).await.expect("the watcher itself does not panic");
        (parts.stop.is_cancelled(), parts.failed.get().cloned())
    }

    #[tokio::test]
    async fn a_part_that_ends_early_or_badly_stops_the_daemon_with_an_error() {
        assert_eq!(ends(async { Ok(()) }, true).await, (false, None));
        let (stopped, why) = ends(async { Ok(()) }, false).await;
        assert_eq!((stopped, why.as_deref()), (true, Some("the engine ended without being told to")));
        let (stopped, why) = ends(async { Err(anyhow::anyhow!("no disk")) }, false).await;
        assert_eq!((stopped, why.as_deref()), (true, Some("the engine failed: no disk")));
        let (stopped, why) = ends(async { std::panic::resume_unwind(Box::new("slip")) }, true).await;
        assert_eq!((stopped, why.as_deref()), (true, Some("the engine panicked; the lines before say where")));
    }
}
