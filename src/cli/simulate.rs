//! `tend simulate`: the job folder over the next months, on a copy; of two folders, what the second changes.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::args::{Arguments, SimulateArgs};
use super::at::At;
use super::failure::Failure;
use super::page::PageFile;
use super::{connect, folder, print};
use crate::db::{self, Copy, CopyError, Database, DatabaseSettings, Opened};
use crate::jobfile::folder::Folder;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::simulate::{Comparison, Course, Report, SimulateError, Stretch, begin, report};

/// Simulates one folder, or two.
pub async fn run(arguments: &Arguments, command: &SimulateArgs) -> Result<(), Failure> {
    // all that can be wrong is said before anything is copied
    let one = folder::read(arguments)?;
    let other = command.compare.as_deref().map(folder::read_from).transpose()?;
    let (from, to) = (command.from.as_deref().map(At::parse).transpose()?, At::parse(&command.to)?);
    let page = command.html.as_deref().map(PageFile::open).transpose()?;
    let settings = connect::settings(arguments)?;
    let original = connect::ready(&settings).await?;
    let zone = settings.defaults.timezone;
    let to = match to {
        At::Day(day) => At::Day(day.succ_opt().unwrap_or(day)).start(zone)?,
        At::Instant(instant) => instant,
    };
    let stop = interrupted()?;
    let stage = Stage::set(&original, &settings, command, stop).await?;
    let done = async {
        let mut conn = stage.first().pool().acquire().await?;
        let now = settings.time.source.now(&mut *original.db.pool().acquire().await?).await?;
        let asked = from.map(|from| from.start(zone)).transpose()?;
        let from = begin(&mut conn, asked, now, zone).await.map_err(told)?;
        drop(conn);
        let stretch = Stretch::new(from, to, zone).map_err(told)?;
        stage.play(&settings, command, (&one, other.as_ref()), stretch).await
    };
    let played = done.await;
    let kept = stage.strike(played.is_ok()).await;
    let played = played?;
    let made = match &played {
        Played::One(report) => (report.json(), report.text(), page.as_ref().map(|_| report.page())),
        Played::Two(two) => (two.json(), two.text(), page.as_ref().map(|_| two.page())),
    };
    let (mut document, mut text, html) = made;
    if let (Some(page), Some(html)) = (page, html.transpose().map_err(Failure::failed)?) {
        page.write(Some(&html))?;
    }
    if !kept.is_empty() {
        document["kept"] = json!(kept);
        text.push_str(&format!("\nKept: the database {}\n", kept.join(" and ")));
    }
    if arguments.json { print::json(&document) } else { print::text(text) }
}

/// What was simulated.
enum Played {
    One(Box<Report>),
    Two(Box<Comparison>),
}

/// The copies of a call.
struct Stage {
    copies: Vec<Copy>,
    /// The database of `--database`.
    pointed: Option<Database>,
    stop: CancellationToken,
}

impl Stage {
    /// Makes the copies, one for each folder.
    async fn set(
        original: &Opened,
        settings: &Settings,
        command: &SimulateArgs,
        stop: CancellationToken,
    ) -> Result<Self, Failure> {
        let pointed = match &command.database {
            Some(url) => Some(pointed(original, settings, url, command.this_is_a_copy).await?),
            None => None,
        };
        let source = pointed.as_ref().unwrap_or(&original.db).clone();
        let beside = DatabaseSettings {
            url: original
                .private
                .as_ref()
                .map(|private| private.url().into())
                .or_else(|| settings.database.url.clone()),
            ..settings.database.clone()
        };
        let missing = 1 + usize::from(command.compare.is_some()) - usize::from(pointed.is_some());
        let mut stage = Self { copies: Vec::new(), pointed, stop };
        for _ in 0..missing {
            let progress = Progress::start("Copying the database", None);
            match Copy::make(&source, &beside, command.keep, &stage.stop, |rows| progress.add(rows)).await {
                Ok(copy) => stage.copies.push(copy),
                Err(error) => {
                    stage.strike(false).await;
                    return Err(uncopied(error));
                }
            }
        }
        Ok(stage)
    }

    /// Where the first folder is simulated.
    fn first(&self) -> &Database {
        self.pointed.as_ref().unwrap_or_else(|| self.copies[0].db())
    }

    /// Simulates.
    async fn play(
        &self,
        settings: &Settings,
        command: &SimulateArgs,
        (one, other): (&Folder, Option<&Folder>),
        stretch: Stretch,
    ) -> Result<Played, Failure> {
        let approves = !command.no_approvals;
        let report = |db, folder| self.simulated(settings, db, folder, stretch, approves);
        let first = report(self.first(), one).await?;
        let (Some(other), Some(copy), Some(dir)) = (other, self.copies.last(), &command.compare) else {
            return Ok(Played::One(Box::new(first)));
        };
        let second = report(copy.db(), other).await?;
        let (mut here, mut there) = (self.first().pool().acquire().await?, copy.db().pool().acquire().await?);
        let compared = Comparison::new(dir.display().to_string(), (first, &mut here), (second, &mut there)).await?;
        Ok(Played::Two(Box::new(compared)))
    }

    async fn simulated(
        &self,
        settings: &Settings,
        db: &Database,
        folder: &Folder,
        stretch: Stretch,
        approves: bool,
    ) -> Result<Report, Failure> {
        let hours = (stretch.to - stretch.from).num_hours().unsigned_abs();
        let progress = Progress::start("Simulating", Some(hours));
        Course { db, settings, folder, stretch, approves }.run(&progress, &self.stop).await.map_err(told)?;
        progress.finish();
        Ok(report(&mut *db.pool().acquire().await?, stretch, approves).await?)
    }

    /// Drops the copies, or leaves those that are to be kept; their names.
    async fn strike(self, well: bool) -> Vec<String> {
        let mut kept = Vec::new();
        for copy in self.copies {
            if well && copy.is_kept() {
                kept.push(copy.name().to_owned());
                copy.close().await;
            } else {
                copy.discard().await;
            }
        }
        kept
    }
}

/// The database of `--database`, when it is a copy.
async fn pointed(original: &Opened, settings: &Settings, url: &str, said: bool) -> Result<Database, Failure> {
    let named = DatabaseSettings { url: Some(url.to_owned().into()), ..settings.database.clone() };
    let unusable = |error: anyhow::Error| Failure::database(error.context("--database"));
    let db = Database::connect(&named).await.map_err(|error| unusable(error.into()))?;
    db::gate(&db).await.map_err(|error| unusable(error.into()))?;
    db::take_over(&db, &original.db, said).await.map_err(|error| match error {
        db::NotACopy::Database(_) => unusable(error.into()),
        error => Failure::Usage(format!("--database: {error}")),
    })?;
    Ok(db)
}

fn uncopied(error: CopyError) -> Failure {
    match error {
        CopyError::Interrupted => stopped(),
        CopyError::Scratch(_) => Failure::database(anyhow::Error::new(error).context(
            "a simulation needs a copy of the database (`tend simulate --database URL` takes one that is there already)",
        )),
        error => Failure::database(error),
    }
}

fn told(error: SimulateError) -> Failure {
    match error {
        SimulateError::Interrupted => stopped(),
        SimulateError::Database(error) => error.into(),
        SimulateError::TooEarly(_) | SimulateError::Empty(..) | SimulateError::TooLong => {
            Failure::Usage(error.to_string())
        }
        error => Failure::failed(error),
    }
}

fn stopped() -> Failure {
    Failure::Failed(anyhow::anyhow!("interrupted; the copy is gone"))
}

/// Cancelled by Ctrl-C or SIGTERM. Said again after a moment, the process ends at once; the next simulation removes the copy.
#[expect(clippy::disallowed_methods, reason = "told twice to stop: an end without order is what was asked for")]
fn interrupted() -> Result<CancellationToken, Failure> {
    let stop = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be heard")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let told = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if told.is_cancelled() {
                std::process::exit(1);
            }
            told.cancel();
            // a terminal and `timeout` tell a process and its group: one word
            tokio::time::sleep(Duration::from_secs(1)).await;
            while tokio::time::timeout(Duration::ZERO, interrupt.recv()).await.is_ok() {}
            while tokio::time::timeout(Duration::ZERO, terminate.recv()).await.is_ok() {}
        }
    });
    Ok(stop)
}
