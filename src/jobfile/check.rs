//! What `tend check` says about a folder that is right: each job, and when it runs next.

use std::fmt;

use chrono::{DateTime, Days, Utc};
use serde::Serialize;

use super::folder::Folder;
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
    Report { jobs: jobs.collect(), segments: folder.segments.keys().cloned().collect() }
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
