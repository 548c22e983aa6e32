//! The snapshot as a terminal shows it.

use std::fmt::{self, Write as _};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::{JobStatus, RampStatus, RunStatus, Status};
use crate::clock::shown;
use crate::engine::slots::span;
use crate::figures::counted;

impl Status {
    /// For a person: what belongs to a job in its own zone, everything else in `zone`.
    #[must_use]
    pub fn text(&self, zone: Tz) -> String {
        InZone(self, zone).to_string()
    }

    fn zone_of(&self, job: &str, otherwise: Tz) -> Tz {
        self.jobs.iter().find(|known| known.job == job).and_then(|job| job.timezone).unwrap_or(otherwise)
    }
}

struct InZone<'s>(&'s Status, Tz);

impl std::ops::Deref for InZone<'_> {
    type Target = Status;

    fn deref(&self) -> &Status {
        self.0
    }
}

impl fmt::Display for InZone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = |at: DateTime<Utc>| shown(at, self.1);
        writeln!(f, "{}", instant(self.now))?;
        if let Some(pause) = &self.sending_paused {
            let why = if pause.note.is_empty() { String::new() } else { format!(": {}", pause.note) };
            writeln!(
                f,
                "\nALL SENDING IS STOPPED by {} since {}{why} (`tend resume --all`)",
                pause.by,
                instant(pause.at)
            )?;
        }
        if let Some(problem) = &self.folder_problem {
            writeln!(f, "\nTHE JOB FOLDER IS BROKEN; the last good jobs stay in force:\n{}", indented(problem))?;
        }
        if let Some(unnoted) = self.unnoted {
            writeln!(f, "\n{unnoted}")?;
        }
        writeln!(f, "\nJobs")?;
        if self.jobs.is_empty() {
            writeln!(f, "  none yet (`tend apply` puts the job folder in force, `tend serve` does at its start)")?;
        }
        for job in &self.jobs {
            f.write_str(&job_text(job, self.now))?;
        }
        section(
            f,
            "Late",
            self.late.iter().map(|late| {
                format!("{} for {}: {}", late.job, shown(late.slot, self.zone_of(&late.job, self.1)), late.why)
            }),
        )?;
        section(
            f,
            "Alarms",
            self.alarms.iter().map(|alarm| format!("{} since {}", alarm.message, instant(alarm.raised_at))),
        )?;
        section(
            f,
            "Replicas",
            self.replicas.iter().map(|replica| {
                let life = if replica.alive { "alive" } else { "SILENT" };
                format!("{} version {}, {life}, last seen {}", replica.host, replica.version, instant(replica.seen_at))
            }),
        )?;
        section(
            f,
            "Messages",
            self.outbox.iter().map(|count| {
                let by = count.provider.as_ref().map_or_else(String::new, |name| format!(" (channel {name})"));
                format!("{}{by}: {} {}", count.channel, count.messages, count.state)
            }),
        )?;
        section(f, "Warming up", self.ramps.iter().map(ramp_text))
    }
}

fn ramp_text(ramp: &RampStatus) -> String {
    let who = match ramp.name.split(':').collect::<Vec<_>>()[..] {
        ["provider", channel] => format!("channel {channel}"),
        ["domain", channel, domain] => format!("{domain} over channel {channel}"),
        _ => ramp.name.clone(),
    };
    format!(
        "{who}: day {} of sending, {} of {} on {}; the rest waits for the next day (no limit from {} a day on)",
        ramp.stage,
        ramp.sent,
        counted(ramp.allowance, "message"),
        ramp.day,
        ramp.full_rate
    )
}

fn section(f: &mut fmt::Formatter<'_>, title: &str, lines: impl Iterator<Item = String>) -> fmt::Result {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    writeln!(f, "\n{title}")?;
    lines.try_for_each(|line| writeln!(f, "  {line}"))
}

fn job_text(job: &JobStatus, now: DateTime<Utc>) -> String {
    let mut text = String::new();
    let instant = |at: DateTime<Utc>| shown(at, job.zone());
    let standing = match (&job.paused, job.enabled) {
        (Some(pause), _) if pause.note.is_empty() => format!("paused by {} since {}", pause.by, instant(pause.at)),
        (Some(pause), _) => format!("paused by {} since {}: {}", pause.by, instant(pause.at), pause.note),
        (None, false) => "disabled".to_owned(),
        (None, true) => job.next.first().map_or_else(
            || "only by hand".to_owned(),
            |next| format!("next {} (in {})", next.local, span(next.utc - now)),
        ),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  {} ({}): {standing}", job.job, job.kind);
    if let Some(why) = &job.unreadable {
        let _ = writeln!(text, "    {why}");
    }
    if let Some(run) = &job.last {
        let _ = writeln!(text, "    last: {}", run_text(run, job.zone()));
        if let Some(owner) = job.owner.as_ref().filter(|_| run.state == "failed") {
            let _ = writeln!(text, "    whom to ask: {owner}");
        }
    }
    for run in &job.open {
        let _ = writeln!(text, "    {}", run_text(run, job.zone()));
    }
    text
}

fn run_text(run: &RunStatus, zone: Tz) -> String {
    let mut text = format!("run {} for {} {}", run.run_id, shown(run.slot, zone), run.state);
    if run.trigger != "schedule" {
        let _ = write!(text, " ({})", run.trigger);
    }
    if let (Some(began), Some(ended)) = (run.started_at, run.finished_at) {
        let _ = write!(text, " in {}", span(ended - began));
    }
    let said = run.why.as_ref().or(run.reason.as_ref()).or(run.error.as_ref());
    for part in [said, run.note.as_ref()].into_iter().flatten() {
        let _ = write!(text, "; {part}");
    }
    if let Some(progress) = run.progress.as_ref().map(counts).filter(|counts| !counts.is_empty()) {
        let _ = write!(text, ": {progress}");
    }
    text
}

/// The figures of the progress by name; what is nothing or no figure is left to `--json`.
fn counts(progress: &Value) -> String {
    let Some(names) = progress.as_object() else { return String::new() };
    let figures = names.iter().filter(|(_, value)| value.is_number() && value.as_i64() != Some(0));
    figures.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect::<Vec<_>>().join(", ")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
