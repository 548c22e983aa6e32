//! The business calendars beside the jobs: the folder of their files, what job files name of them, and the rows of
//! `tend.calendar`, which are in force.
//!
//! A file takes the place of what tend brings along under the same name. One that says just the same as that is as good as
//! none: a newer version of tend with more years is not held back by an old copy of its own file.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::file::sha256;
use super::folder::{Folder, toml_files};
use super::problem::{Problem, Problems};
use super::reader::{Reader, did_you_mean};
use crate::calendar::business::shipped::SHIPPED;
use crate::calendar::business::{Calendar, Calendars};

/// Where calendars lie in the folder of the settings, when nothing else is said.
pub const USUAL: &str = "calendars";

/// The calendars of a folder that is right.
#[derive(Debug, Clone)]
pub struct CalendarFolder {
    /// The company's files by name: the file as messages name it, and what it says.
    files: BTreeMap<String, (Arc<str>, Arc<str>)>,
    all: Calendars,
}

impl Default for CalendarFolder {
    fn default() -> Self {
        Self { files: BTreeMap::new(), all: Calendars::shipped().clone() }
    }
}

impl CalendarFolder {
    /// Reads `*.toml` of the folder; none when there is no such folder.
    pub(super) fn read(dir: Option<&Path>, problems: &mut Problems) -> Self {
        let Some(dir) = dir else { return Self::default() };
        if !dir.is_dir() {
            // there need not be one, but one that the settings name must be there
            if !dir.ends_with(USUAL) {
                let help = "correct calendars.folder in the settings, or take it out".to_owned();
                problems.add_whole(dir.display().to_string(), "there is no such folder of calendars", Some(help));
            }
            return Self::default();
        }
        let mut files = BTreeMap::new();
        for (name, file, text) in toml_files(dir, problems) {
            if SHIPPED.iter().all(|shipped| *shipped != (name.as_str(), &*text)) {
                files.insert(name, (file, text));
            }
        }
        let texts = files.iter().map(|(name, (_, text)): (&String, &(Arc<str>, Arc<str>))| (name.as_str(), &**text));
        match Calendars::with(texts) {
            Ok(all) => Self { files, all },
            Err(wrong) => {
                for (name, mistakes) in wrong {
                    let (file, text) = &files[&name];
                    for mistake in mistakes {
                        let (span, message, help) = (mistake.range, mistake.message, mistake.help);
                        problems.add(Problem { file: file.clone(), span, message, help }, text);
                    }
                }
                Self::default()
            }
        }
    }

    /// All calendars that can be named.
    #[must_use]
    pub fn all(&self) -> &Calendars {
        &self.all
    }

    /// The file a calendar is from; none for what tend brings along.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(|(file, _)| &**file)
    }

    /// The text of a calendar's file.
    #[must_use]
    pub fn body(&self, name: &str) -> Option<&str> {
        let shipped = || SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        self.files.get(name).map(|(_, text)| &**text).or_else(shipped)
    }

    /// The company's files: name and text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(name, (_, text))| (name.as_str(), &**text))
    }

    /// Those that are put in force with a folder, with their texts: the company's own, and those its jobs name.
    fn in_force<'a>(&'a self, named: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, &'a str> {
        let names = self.files.keys().map(String::as_str).chain(named);
        names.filter_map(|name| Some((name, self.body(name)?))).collect()
    }
}

/// The calendars of a folder alone.
///
/// # Errors
/// Everything that is wrong with its files.
pub fn read_calendars(dir: &Path) -> Result<CalendarFolder, Problems> {
    let mut problems = Problems::default();
    let folder = CalendarFolder::read(Some(dir), &mut problems);
    if problems.is_empty() { Ok(folder) } else { Err(problems) }
}

/// What of the calendars the folder is: name and text of each that it puts in force.
pub(super) fn parts<'a>(
    calendars: &'a CalendarFolder,
    named: impl IntoIterator<Item = &'a str>,
) -> impl Iterator<Item = &'a str> {
    calendars.in_force(named).into_iter().flat_map(|(name, text)| ["calendar", name, text])
}

/// The calendars a job file may name. It remembers which ones were.
#[derive(Debug, Clone, Default)]
pub struct NamedCalendars {
    known: Option<Calendars>,
    named: RefCell<BTreeSet<String>>,
}

impl NamedCalendars {
    /// Those of a folder; none when a stored spec is read alone, and every name is right that was once.
    #[must_use]
    pub fn new(known: Option<Calendars>) -> Self {
        Self { known, named: RefCell::default() }
    }

    /// Reads the name of a calendar; one that does not exist is a problem. The run finds the calendar by it in
    /// `jobs::calendars::load`.
    pub fn read(&self, file: &mut Reader<'_>, key: &str) -> Option<String> {
        let name = file.string(key)?;
        if let Some(known) = self.known.as_ref().filter(|known| known.get(&name).is_none()) {
            let names: Vec<&str> = known.names().collect();
            file.problem(key, format!("there is no calendar {name:?}"), Some(did_you_mean(&name, &names)));
            return None;
        }
        self.named.borrow_mut().insert(name.clone());
        Some(name)
    }

    /// Those that were named.
    #[must_use]
    pub fn named(&self) -> BTreeSet<String> {
        self.named.borrow().clone()
    }
}

/// Puts the calendars of a folder in force; those it has no more are gone.
pub(super) async fn put_in_force(conn: &mut PgConnection, folder: &Folder, now: DateTime<Utc>) -> sqlx::Result<()> {
    let named = folder.jobs.values().flat_map(|job| job.calendars.iter().map(String::as_str));
    let wanted = folder.calendars.in_force(named);
    let names: Vec<String> = wanted.keys().map(|name| (*name).to_owned()).collect();
    sqlx::query!("delete from tend.calendar where name <> all($1)", &names).execute(&mut *conn).await?;
    for (name, body) in wanted {
        let jobs: Vec<String> = naming(folder, name).map(str::to_owned).collect();
        sqlx::query!(
            "insert into tend.calendar (name, body, hash, last_day, jobs, stored_at) values ($1, $2, $3, $4, $5, $6)
             on conflict (name) do update
             set body = excluded.body, hash = excluded.hash, last_day = excluded.last_day, jobs = excluded.jobs,
                 stored_at = case when calendar.hash = excluded.hash then calendar.stored_at else excluded.stored_at end",
            name,
            body,
            sha256([body]),
            last_day(folder.calendars.all(), name),
            &jobs,
            now
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Stores the calendars a job may need that are not in force under their names. Those in force stay as they are: a run by
/// hand counts as the runs of the plan do.
pub(super) async fn keep(conn: &mut PgConnection, folder: &Folder, now: DateTime<Utc>) -> sqlx::Result<()> {
    for (name, body) in folder.calendars.in_force([]) {
        sqlx::query!(
            "insert into tend.calendar (name, body, hash, last_day, stored_at) values ($1, $2, $3, $4, $5)
             on conflict (name) do nothing",
            name,
            body,
            sha256([body]),
            last_day(folder.calendars.all(), name),
            now
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The jobs of a folder whose files name a calendar.
pub fn naming<'f>(folder: &'f Folder, calendar: &str) -> impl Iterator<Item = &'f str> {
    folder.jobs.values().filter(move |job| job.calendars.contains(calendar)).map(|job| job.job.as_str())
}

fn last_day(calendars: &Calendars, name: &str) -> Option<NaiveDate> {
    calendars.get(name).and_then(Calendar::known).map(|known| *known.end())
}
