//! `tend simulate`: the job folder over the next months, on a copy; of two folders, what the second changes.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::args::{Arguments, SimulateArgs};
use super::at::At;
use super::failure::Failure;
use super::page::PageFile;
use super::{connect, folder, print};
use crate::daemon::stop_signal;
use crate::db::{self, Copy, CopyError, Database, DatabaseSettings, Opened, Taken};
use crate::jobfile::folder::Folder;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::simulate::{Comparison, Course, Report, SimulateError, Stretch, begin, report};

/// Simulates one folder, or two.
pub async fn run(arguments: &Arguments, command: &SimulateArgs) -> Result<(), Failure> {
    // all that can be wrong is said before anything is copied
    let one = folder::read(arguments)?;
    let other = command.compare.as_deref().map(|dir| folder::read_from(arguments, dir)).transpose()?;
    let (from, to) = (command.from.as_deref().map(At::parse).transpose()?, At::parse(&command.to)?);
    let page = command.html.as_deref().map(PageFile::open).transpose()?;
    let settings = connect::settings(arguments)?;
    let original = connect::ready(&settings).await?;
    let zone = settings.defaults.timezone;
    let to = match to {
        At::Day(day) => At::Day(day.succ_opt().unwrap_or(day)).start(zone)?,
        At::Instant(instant) => instant,
    };
    let stop = stop_signal()?;
    let stage = Stage::set(&original, &settings, command, stop).await?;
    let done = async {
        let mut conn = stage.first().pool().acquire().await?;
        let now = settings.time.source.now(&mut *original.db.pool().acquire().await?).await?;
        let asked = from.map(|from| from.start(zone)).transpose()?;
        let from = begin(&mut conn, asked, now, zone).await.map_err(|error| told(error, command))?;
        drop(conn);
        let stretch = Stretch::new(from, to, zone).map_err(|error| told(error, command))?;
        stage.play(&settings, command, (&one, other.as_ref()), stretch).await
    };
    let played = done.await;
    let kept = stage.strike(command.keep && played.is_ok()).await;
    let played = played?;
    let made = match &played {
        Played::One(report) => (report.json(), report.text(), page.as_ref().map(|_| report.page())),
        Played::Two(two) => (two.json(), two.text(), page.as_ref().map(|_| two.page())),
    };
    let (mut document, mut text, html) = made;
    if let (Some(page), Some(html)) = (page, html.transpose().map_err(Failure::failed)?) {
        page.write(Some(&html))?;
    }
    if let Some(names) = kept.as_ref().ok().filter(|names| !names.is_empty()) {
        document["kept"] = json!(names);
        text.push_str(&format!("\nKept: the database {}\n", names.join(" and ")));
    }
    if arguments.json {
        print::json(&document)?
    } else {
        print::text(text)?
    }
    kept.map(drop)
}

/// What was simulated.
enum Played {
    One(Box<Report>),
    Two(Box<Comparison>),
}

/// The copies of a call.
struct Stage {
    copies: Vec<Copy>,
    /// The database of `--database`, which is ours meanwhile.
    pointed: Option<(Database, Taken)>,
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
        let source = pointed.as_ref().map_or(&original.db, |(db, _)| db).clone();
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
            match Copy::make(&source, &beside, &stage.stop, |rows| progress.add(rows)).await {
                Ok(copy) => stage.copies.push(copy),
                Err(error) => {
                    stage.strike(false).await?;
                    return Err(uncopied(error, command));
                }
            }
        }
        Ok(stage)
    }

    /// Where the first folder is simulated.
    fn first(&self) -> &Database {
        self.pointed.as_ref().map_or_else(|| self.copies[0].db(), |(db, _)| db)
    }

    /// Simulates.
    async fn play(
        &self,
        settings: &Settings,
        command: &SimulateArgs,
        (one, other): (&Folder, Option<&Folder>),
        stretch: Stretch,
    ) -> Result<Played, Failure> {
        let report = |db, folder| self.simulated(settings, command, (db, folder), stretch);
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
        command: &SimulateArgs,
        (db, folder): (&Database, &Folder),
        stretch: Stretch,
    ) -> Result<Report, Failure> {
        let approves = !command.no_approvals;
        let hours = (stretch.to - stretch.from).num_hours().unsigned_abs();
        let progress = Progress::start("Simulating", Some(hours));
        let course = Course { db, settings, folder, stretch, approves };
        course.run(&progress, &self.stop).await.map_err(|error| told(error, command))?;
        progress.finish();
        Ok(report(&mut *db.pool().acquire().await?, stretch, approves).await?)
    }

    /// Drops the copies, or leaves them; the names of those that are left.
    async fn strike(self, keep: bool) -> Result<Vec<String>, Failure> {
        let mut kept = Ok(Vec::new());
        for copy in self.copies {
            if !keep {
                copy.close().await;
                continue;
            }
            match (copy.keep().await, &mut kept) {
                (Ok(name), Ok(names)) => names.push(name),
                (Ok(_), Err(_)) => {}
                (Err(error), _) => kept = Err(error),
            }
        }
        if let Some((_, taken)) = self.pointed {
            taken.release().await;
        }
        let unkept = "a copy could not be given a name that stays; the next simulation drops it";
        kept.map_err(|error| Failure::database(anyhow::Error::new(error).context(unkept)))
    }
}

/// The database of `--database`, when it is a copy.
async fn pointed(original: &Opened, settings: &Settings, url: &str, said: bool) -> Result<(Database, Taken), Failure> {
    let named = DatabaseSettings { url: Some(url.to_owned().into()), ..settings.database.clone() };
    let unusable = |error: anyhow::Error| Failure::database(error.context("--database"));
    let db = Database::connect_alone(&named, None).await.map_err(|error| unusable(error.into()))?;
    db::gate(&db).await.map_err(|error| unusable(error.into()))?;
    let taken = db::take_over(&db, &original.db, said).await.map_err(|error| match error {
        db::NotACopy::Database(_) => unusable(error.into()),
        error => Failure::Usage(format!("--database: {error}")),
    })?;
    Ok((db, taken))
}

fn uncopied(error: CopyError, command: &SimulateArgs) -> Failure {
    match error {
        CopyError::Interrupted => stopped(command),
        CopyError::Scratch(_) => Failure::database(anyhow::Error::new(error).context(
            "a simulation needs a copy of the database (`tend simulate --database URL` takes one that is there already)",
        )),
        error => Failure::database(error),
    }
}

fn told(error: SimulateError, command: &SimulateArgs) -> Failure {
    match error {
        SimulateError::Interrupted => stopped(command),
        SimulateError::Database(error) => error.into(),
        SimulateError::TooEarly(_) | SimulateError::Empty(..) | SimulateError::TooLong => {
            Failure::Usage(error.to_string())
        }
        error => Failure::failed(error),
    }
}

fn stopped(command: &SimulateArgs) -> Failure {
    let left = match command.database {
        Some(_) => "the database of --database has come as far as it has",
        None => "the copy is gone",
    };
    Failure::Failed(anyhow::anyhow!("interrupted; {left}"))
}
