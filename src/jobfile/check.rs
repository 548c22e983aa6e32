//! What `tend check` says about a folder that is right: each job, and when it runs next.

use std::fmt;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use serde::Serialize;

use super::calendars::naming;
use super::folder::Folder;
use crate::calendar::business::Calendar;
use crate::engine::schedule::preview::{Upcoming, bent, upcoming};

/// Next runs shown per job.
const RUNS: usize = 3;
/// How far ahead changes of the clock are looked for.
const AHEAD: Days = Days::new(400);

/// All jobs of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Each job, by name.
    pub jobs: Vec<JobReport>,
    /// The segments, by name.
    pub segments: Vec<String>,
    /// Calendars that end within three months.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ending: Vec<Ending>,
}

/// A business calendar whose data ends soon, or has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// Its name.
    pub calendar: String,
    /// Its file; null: tend brings it along.
    pub file: Option<String>,
    /// The last day it has data for.
    pub last_day: NaiveDate,
    /// The jobs whose files name it.
    pub jobs: Vec<String>,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobReport {
    /// Its name.
    pub job: String,
    /// What people call it.
    pub title: String,
    /// The code behind it.
    pub kind: &'static str,
    /// The file.
    pub file: String,
    /// Names the version.
    pub hash: String,
    /// False: nothing is planned.
    pub enabled: bool,
    /// The schedule in words; null when it runs by hand only.
    pub schedule: Option<String>,
    /// Jobs it waits for.
    pub after: Vec<String>,
    /// The next runs.
    pub next: Vec<Upcoming>,
    /// The runs of the next 400 days that daylight saving bends.
    pub bent: Vec<Upcoming>,
}

/// Says about each job when it runs, from an instant on.
#[must_use]
pub fn report(folder: &Folder, from: DateTime<Utc>) -> Report {
    let jobs = folder.jobs.values().map(|job| {
        let schedule = job.head.schedule.as_ref();
        JobReport {
            job: job.job.clone(),
            title: job.head.title.clone(),
            kind: job.kind,
            file: job.file.to_string(),
            hash: job.hash.clone(),
            enabled: job.head.enabled,
            schedule: schedule.map(crate::engine::schedule::Schedule::describe),
            after: job.head.after.clone(),
            next: schedule.map_or_else(Vec::new, |schedule| upcoming(&[(&job.job, schedule)], from, RUNS)),
            bent: schedule.map_or_else(Vec::new, |schedule| bent(&job.job, schedule, from, from + AHEAD)),
        }
    });
    Report { jobs: jobs.collect(), segments: folder.segments.keys().cloned().collect(), ending: ending(folder, from) }
}

/// How long before its end a calendar is spoken of.
const BEFORE_THE_END: Months = Months::new(3);

/// The calendars of the company, and those its jobs name, that end within three months.
fn ending(folder: &Folder, from: DateTime<Utc>) -> Vec<Ending> {
    let of = |calendar: &Calendar| {
        let last_day = *calendar.known()?.end();
        let file = folder.calendars.file(calendar.name()).map(str::to_owned);
        let jobs: Vec<String> = naming(folder, calendar.name()).map(str::to_owned).collect();
        let soon = last_day < from.with_timezone(&calendar.zone()).date_naive() + BEFORE_THE_END;
        let concerns = file.is_some() || !jobs.is_empty();
        (soon && concerns).then(|| Ending { calendar: calendar.name().to_owned(), file, last_day, jobs })
    };
    folder.calendars.all().iter().filter_map(of).collect()
}

/// For a terminal.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for job in &self.jobs {
            write!(f, "{job}")?;
        }
        let count = self.jobs.len();
        writeln!(f, "{count} {} right", if count == 1 { "job file is" } else { "job files are" })?;
        match self.segments.as_slice() {
            [] => Ok(()),
            [one] => writeln!(f, "1 segment is right: {one}"),
            several => writeln!(f, "{} segments are right: {}", several.len(), several.join(", ")),
        }?;
        self.ending.iter().try_for_each(|ending| writeln!(f, "\n{ending}"))
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calendar, file, last_day, jobs } = self;
        write!(f, "the calendar {calendar} has data to {last_day} only")?;
        if !jobs.is_empty() {
            write!(f, ", and {} cannot plan beyond", jobs.join(", "))?;
        }
        match file {
            Some(file) => write!(f, ": add the days that follow to {file} (docs/calendars.md)"),
            None => {
                write!(f, ": a newer version of tend has more, or make a file of your own of it (docs/calendars.md)")
            }
        }
    }
}

impl fmt::Display for JobReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} — {} ({})", self.job, self.title, self.kind)?;
        let schedule = self.schedule.as_deref().unwrap_or("runs by hand only");
        writeln!(f, "  {schedule}{}", if self.enabled { "" } else { "; disabled: nothing is planned" })?;
        if !self.after.is_empty() {
            writeln!(f, "  after {}", self.after.join(", "))?;
        }
        for run in &self.next {
            writeln!(f, "    {}   {}", run.shown, run.utc)?;
        }
        for run in &self.bent {
            writeln!(f, "    {}   {}   daylight saving:", run.shown, run.utc)?;
            writeln!(f, "      {}", run.remark.as_deref().unwrap_or_default())?;
        }
        writeln!(f)
    }
}
