//! The daemon: the only place that builds rooms and wires them to each other.
//!
//! Start: job folder → engine → dispatcher → doorbells. Stop, in the order in which work flows: doorbells and folder →
//! engine (the steps at work finish within the grace, the rest is handed back) → dispatcher (finishes what is in the
//! network, gives the rest back) → connections. Whatever is killed instead is found by its leases.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::db::Database;
use crate::engine::Engine;
use crate::engine::doorbell::{Bells, Doorbell};
use crate::jobfile::store::spec_reader;
use crate::jobfile::watch::Keeper;
use crate::jobs::KINDS;
use crate::outbox::dispatch::{self, Dispatcher};
use crate::settings::Settings;

/// An engine with all kinds of jobs.
#[must_use]
pub fn engine(db: &Database, settings: &Settings) -> Engine {
    Engine::new(db.clone(), settings.time.source, spec_reader(KINDS), settings.engine.clone())
}

/// A dispatcher with the configured channels.
///
/// # Errors
/// When a channel cannot be opened: a wrong setting, an unreadable secret, key or certificate.
pub fn dispatcher(db: &Database, settings: &Settings, clock: Clock) -> anyhow::Result<Dispatcher> {
    let company = dispatch::Company {
        name: settings.company.name.clone(),
        url: settings.company.url.clone(),
        address: settings.company.address.clone(),
    };
    let options = dispatch::Options {
        outbox: settings.outbox.clone(),
        channels: settings.channels.clone(),
        company,
        host: label(),
    };
    Dispatcher::new(db.clone(), clock, options)
}

/// Host and process, for people; nothing is decided by it.
#[must_use]
pub fn label() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "localhost" } else { host.trim() };
    format!("{host}:{}", std::process::id())
}

/// Works until a signal says to stop.
///
/// # Errors
/// When something cannot be started. Trouble afterwards is logged, waited out and watched, never a reason to end.
pub async fn serve(db: Database, settings: &Settings, jobs: PathBuf) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    let engine = Arc::new(engine(&db, settings));
    let dispatcher = dispatcher(&db, settings, settings.time.source).context("the channels cannot be opened")?;
    let keeper = Keeper {
        dir: jobs,
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
    let folder = tokio::spawn(keeper.follow(move |_| bell.notify_one(), stop.clone()));
    let runs = tokio::spawn({
        let (engine, stop) = (Arc::clone(&engine), stop.clone());
        async move { engine.run(stop).await }
    });
    // the dispatcher outlives the engine: what the last step queued may still go out, and nothing new comes
    let hands_down = CancellationToken::new();
    let sending = tokio::spawn({
        let (dispatcher, hands_down) = (dispatcher.clone(), hands_down.clone());
        async move { dispatcher.run(hands_down).await }
    });
    let doorbell = Doorbell::hang(engine.bell(), Bells::default()).await?;

    stop.cancelled().await;
    tracing::info!("stopping: no new runs, the steps at work may finish");
    drop(doorbell);
    ended("the job folder", folder.await.map(|outcome| outcome.map_err(|error| tracing::error!("{error:#}")).is_ok()));
    ended("the engine", runs.await.map(|()| true));
    hands_down.cancel();
    ended("the dispatcher", sending.await.map(|()| true));
    db.close().await;
    tracing::info!("stopped");
    Ok(())
}

fn ended(part: &str, outcome: Result<bool, tokio::task::JoinError>) {
    if let Err(error) = outcome {
        tracing::error!("{part} ended badly: {error}");
    }
}

/// Cancelled by SIGTERM or SIGINT. A second one ends the process at once: its leases are found by the others.
#[expect(clippy::disallowed_methods, reason = "told twice to stop: an end without order is what was asked for")]
fn stop_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be heard")?;
    let told = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if told.is_cancelled() {
                tracing::warn!("told to stop twice: ending at once");
                std::process::exit(1);
            }
            told.cancel();
        }
    });
    Ok(stop)
}
