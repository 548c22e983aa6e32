//! Keeps what is in force in step with the job folder while `tend serve` runs.
//!
//! A change of a file (or a slow poll, should the file system stay silent) makes the whole folder be read again, once
//! it has stopped changing: editors truncate, write, rename. A folder that is right is applied; one that is broken
//! changes nothing, is logged, and stands in `tend.folder_problem` until it is right again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use notify_debouncer_full::notify::{EventKind, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, new_debouncer};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::applied::{Applied, Outcome};
use super::folder::{Folder, is_job_file, read_with, segments_dir, templates_dir};
use super::kind::Kind;
use super::problem::Problems;
use super::store::{Applying, Basis, apply_folder, report_broken};
use crate::clock::Clock;
use crate::db::Database;

/// Events closer together than this are one change.
const DEBOUNCE: Duration = Duration::from_millis(200);
/// The folder must look the same this long before it is read.
const QUIET: Duration = Duration::from_millis(150);
/// The net under file system events.
const POLL: Duration = Duration::from_secs(30);

/// Applies the job folder at start and when it changes.
pub struct Keeper {
    /// Where the jobs are.
    pub dir: PathBuf,
    /// Where the business calendars are; those tend brings along need no folder.
    pub calendars: Option<PathBuf>,
    /// The kinds there are.
    pub kinds: &'static [&'static dyn Kind],
    /// The database.
    pub db: Database,
    /// The provider of time.
    pub clock: Clock,
    /// This process.
    pub instance: Uuid,
    /// This process in words, for the record.
    pub who: String,
}

/// What the folder was when it was looked at.
#[derive(Debug, Default)]
struct Seen {
    /// Digest of its files, right or wrong.
    fingerprint: Option<[u8; 32]>,
    /// Hash of the last folder that was right.
    folder: Option<String>,
    /// What was said about the broken folder, so that it is said once.
    said: Option<String>,
}

/// How a look at the folder ended.
#[derive(Debug)]
pub enum Look {
    /// It is right.
    Right(Applied),
    /// It is broken; what was in force stays.
    Broken(Problems),
}

impl Keeper {
    /// Reads the folder once and applies it, or reports it as broken.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn look(&self) -> anyhow::Result<Look> {
        self.look_from(None).await.map(|(look, _)| look)
    }

    /// Follows the folder until cancelled. `applied` is called after each change that was put in force.
    ///
    /// # Errors
    /// Never for what is wrong with folder or database: that is logged and tried again.
    pub async fn follow(
        self,
        mut applied: impl FnMut(&Applied) + Send,
        cancel: CancellationToken,
    ) -> anyhow::Result<()> {
        let (ring, mut changed) = mpsc::channel(1);
        let _watcher = watch(&self.dir, self.calendars.as_deref(), ring);
        let mut seen = Seen::default();
        loop {
            if let Err(error) = self.catch_up(&mut seen, &mut applied).await {
                tracing::error!("the job folder could not be applied, trying again: {error:#}");
                seen.fingerprint = None;
            }
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                // a closed channel (no watcher) leaves the poll
                Some(()) = changed.recv() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Looks again if any file is different from last time.
    async fn catch_up(&self, seen: &mut Seen, applied: &mut (impl FnMut(&Applied) + Send)) -> anyhow::Result<()> {
        let fingerprint = settled(&self.dir, self.calendars.as_deref()).await?;
        if seen.fingerprint == Some(fingerprint) {
            return Ok(());
        }
        let (look, folder) = self.look_from(seen.folder.as_deref()).await?;
        seen.fingerprint = Some(fingerprint);
        seen.folder = folder.or(seen.folder.take());
        match look {
            Look::Broken(problems) => {
                let (count, report) = (problems.iter().count(), problems.to_string());
                if seen.said.as_ref() != Some(&report) {
                    tracing::error!(
                        problems = count,
                        "the job folder is broken, the last good state stays in force\n{report}"
                    );
                }
                seen.said = Some(report);
                // reported again at every poll, since a replica whose folder is right clears the report
                seen.fingerprint = None;
            }
            Look::Right(done) => {
                if seen.said.take().is_some() {
                    tracing::info!("the job folder is right again");
                }
                match done.outcome {
                    Outcome::Applied => tracing::info!(
                        revision = done.revision,
                        changes = done.changes.len(),
                        "the job folder is in force"
                    ),
                    Outcome::Unchanged => {
                        tracing::debug!(revision = done.revision, "the job folder was in force already")
                    }
                    Outcome::Superseded => tracing::warn!("{done}"),
                }
                applied(&done);
            }
        }
        Ok(())
    }

    /// Reads and applies; also gives the hash of the folder when it is right.
    async fn look_from(&self, before: Option<&str>) -> anyhow::Result<(Look, Option<String>)> {
        let (dir, calendars, kinds) = (self.dir.clone(), self.calendars.clone(), self.kinds);
        let read = tokio::task::spawn_blocking(move || read_with(&dir, calendars.as_deref(), kinds))
            .await
            .context("reading the job folder")?;
        match read {
            Ok(folder) => self.apply(&folder, before).await.map(|applied| (Look::Right(applied), Some(folder.hash))),
            Err(problems) => {
                let mut conn = self.db.pool().acquire().await?;
                report_broken(&mut conn, self.clock, self.instance, &problems).await?;
                Ok((Look::Broken(problems), None))
            }
        }
    }

    async fn apply(&self, folder: &Folder, before: Option<&str>) -> anyhow::Result<Applied> {
        let basis = before.map_or(Basis::Found, Basis::EditOf);
        let applying = Applying { who: &self.who, basis, clock: self.clock, kinds: self.kinds };
        apply_folder(&self.db, folder, applying).await
    }
}

/// The fingerprint of the folder once it has stopped changing.
async fn settled(dir: &Path, calendars: Option<&Path>) -> anyhow::Result<[u8; 32]> {
    let mut last = None;
    loop {
        let (dir, calendars) = (dir.to_owned(), calendars.map(Path::to_owned));
        let now = tokio::task::spawn_blocking(move || fingerprint(&dir, calendars.as_deref()))
            .await
            .context("looking at the job folder")?;
        if last == Some(now) {
            return Ok(now);
        }
        last = Some(now);
        tokio::time::sleep(QUIET).await;
    }
}

/// Over names and contents of all job files, templates and calendars; what cannot be read counts as such.
fn fingerprint(dir: &Path, calendars: Option<&Path>) -> [u8; 32] {
    let mut files: Vec<PathBuf> = entries(dir).into_iter().filter(|path| is_job_file(path)).collect();
    files.extend(entries(&dir.join("policy")).into_iter().filter(|path| is_job_file(path)));
    files.extend(entries(&segments_dir(dir)).into_iter().filter(|path| is_job_file(path)));
    files.extend(calendars.map(entries).unwrap_or_default().into_iter().filter(|path| is_job_file(path)));
    files.extend(entries(&templates_dir(dir)).iter().flat_map(|template| entries(template)));
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        digest.update(file.as_os_str().as_encoded_bytes());
        match std::fs::read(&file) {
            Ok(bytes) => {
                digest.update((bytes.len() as u64).to_be_bytes());
                digest.update(bytes);
            }
            Err(error) => digest.update(error.to_string()),
        }
    }
    digest.finalize().into()
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir)
        .map(|entries| entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
        .unwrap_or_default()
}

/// Rings when something below the folder, its templates or the calendars changes. Without a watcher the poll remains.
fn watch(dir: &Path, calendars: Option<&Path>, ring: mpsc::Sender<()>) -> Option<impl Sized> {
    let bell = move |events: DebounceEventResult| {
        let worth = events.is_ok_and(|events| events.iter().any(|event| !matches!(event.kind, EventKind::Access(_))));
        if worth {
            // a bell that is ringing already is enough
            let _ = ring.try_send(());
        }
    };
    let made = new_debouncer(DEBOUNCE, None, bell);
    let mut watcher = made
        .inspect_err(|error| tracing::warn!("files cannot be watched, looking every 30 s instead: {error}"))
        .ok()?;
    let calendars = calendars.filter(|dir| dir.is_dir()).map(Path::to_owned);
    for dir in [dir.to_owned(), templates_dir(dir)].into_iter().chain(calendars) {
        if let Err(error) = watcher.watch(&dir, RecursiveMode::Recursive) {
            tracing::warn!("{} cannot be watched, looking every 30 s instead: {error}", dir.display());
        }
    }
    Some(watcher)
}
