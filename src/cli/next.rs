//! `tend next`: when jobs run, in local time and UTC, with a remark where daylight saving bends the day.

use unicode_width::UnicodeWidthStr;

use super::args::{Arguments, NextArgs};
use super::at::At;
use super::failure::Failure;
use super::{connect, folder, print};
use crate::clock::wall_clock;
use crate::engine::schedule::Schedule;
use crate::engine::schedule::preview::{Upcoming, upcoming};
use crate::jobfile::file::JobFile;

/// Shows the coming slots of one job or of all that are enabled. Reads files only: no database is needed.
pub fn run(arguments: &Arguments, command: &NextArgs) -> Result<(), Failure> {
    connect::settings(arguments)?;
    let folder = folder::read(arguments)?;
    let jobs: Vec<&JobFile> = match &command.job {
        Some(name) => vec![super::work::find(&folder, &arguments.jobs, name)?],
        None => folder.jobs.values().filter(|job| job.head.enabled).collect(),
    };
    let mut slots = Vec::new();
    for job in &jobs {
        let Some(schedule) = &job.head.schedule else { continue };
        slots.extend(coming(&job.job, schedule, command)?);
    }
    slots.sort_by(|a, b| (&a.utc, &a.job).cmp(&(&b.utc, &b.job)));
    if arguments.json {
        return print::json(&slots);
    }
    if slots.is_empty() {
        return print::text(match &command.job {
            Some(name) => format!("{name} has no [schedule]: it runs only by hand."),
            None => "No enabled job has a [schedule].".to_owned(),
        });
    }
    print::text(table(&slots))
}

fn coming(job: &str, schedule: &Schedule, command: &NextArgs) -> Result<Vec<Upcoming>, Failure> {
    let from = match &command.from {
        Some(text) => At::parse(text)?.start(schedule.timezone())?,
        None => wall_clock(),
    };
    Ok(upcoming(&[(job, schedule)], from, usize::from(command.count)))
}

fn table(slots: &[Upcoming]) -> String {
    let widest = |cell: fn(&Upcoming) -> &str| slots.iter().map(|slot| cell(slot).width()).max().unwrap_or(0);
    let (job, local) = (widest(|slot| &slot.job).max("job".len()), widest(|slot| &slot.shown));
    let mut text = format!("{:job$}  {:local$}  UTC\n", "job", "local");
    for slot in slots {
        text.push_str(&format!("{:job$}  {:local$}  {}\n", slot.job, slot.shown, slot.utc));
        if let Some(remark) = &slot.remark {
            text.push_str(&format!("{:job$}    {remark}\n", ""));
        }
    }
    text
}
