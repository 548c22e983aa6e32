//! `tend calendar`: business calendars as pages, sums of working time, holidays from iCalendar files.
//!
//! It looks at the files, as `tend check` does; what is in force is what was put in force with the job folder.

mod import;
mod sum;
mod year;

use std::io::IsTerminal as _;

use serde_json::json;

use super::args::{Arguments, CalendarAction, CalendarArgs};
use super::failure::Failure;
use super::{folder, print};
use crate::calendar::business::Calendar;
use crate::jobfile::calendars::{CalendarFolder, read_calendars};
use crate::jobs::layout::table;
use crate::spelling::nearest;

/// Lists calendars, shows one, adds to an instant, or imports holidays.
pub fn run(arguments: &Arguments, command: &CalendarArgs) -> Result<(), Failure> {
    let dir = folder::calendars_dir(arguments);
    let folder =
        read_calendars(&dir).map_err(|problems| Failure::folder(&problems, std::io::stderr().is_terminal()))?;
    if let Some(CalendarAction::Import { file, into, years }) = &command.action {
        return import::run(
            arguments,
            &folder,
            &dir,
            &import::Wish { file, into: into.as_deref(), years: years.clone() },
        );
    }
    let Some(name) = &command.name else { return list(arguments, &folder) };
    let calendar = find(&folder, name)?;
    if command.source {
        let text = folder.body(name).unwrap_or_default();
        return if arguments.json { print::json(&json!({ "name": name, "source": text })) } else { print::text(text) };
    }
    match command.add.as_deref() {
        Some([from, length]) => sum::run(arguments, calendar, from, length),
        _ => year::run(arguments, &folder, calendar, command.year, command.month),
    }
}

/// The calendar of that name.
fn find<'f>(folder: &'f CalendarFolder, name: &str) -> Result<&'f Calendar, Failure> {
    folder.all().get(name).ok_or_else(|| {
        let names: Vec<&str> = folder.all().names().collect();
        let meant =
            nearest(name, names.iter().copied()).map_or_else(String::new, |near| format!(" did you mean {near}?"));
        Failure::Usage(format!("there is no calendar {name:?};{meant} there are {}", names.join(", ")))
    })
}

fn list(arguments: &Arguments, folder: &CalendarFolder) -> Result<(), Failure> {
    if arguments.json {
        let all = folder.all().iter().map(|calendar| about(folder, calendar));
        return print::json(&all.collect::<Vec<_>>());
    }
    let head = ["calendar", "zone", "data to", "from", "title"].map(str::to_owned).to_vec();
    let rows = folder.all().iter().map(|calendar| {
        let last = calendar.known().map_or_else(|| "never ends".to_owned(), |known| known.end().to_string());
        let from = folder.file(calendar.name()).unwrap_or("tend itself");
        let title = calendar.title().unwrap_or_default();
        vec![calendar.name().to_owned(), calendar.zone().to_string(), last, from.to_owned(), title.to_owned()]
    });
    print::text(table(&[], &std::iter::once(head).chain(rows).collect::<Vec<_>>()))
}

/// A calendar for programs.
fn about(folder: &CalendarFolder, calendar: &Calendar) -> serde_json::Value {
    let known = calendar.known();
    json!({
        "name": calendar.name(),
        "title": calendar.title(),
        "zone": calendar.zone().name(),
        "first_day": known.as_ref().map(|known| known.start()),
        "last_day": known.as_ref().map(|known| known.end()),
        "file": folder.file(calendar.name()),
    })
}
