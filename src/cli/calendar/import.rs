//! `tend calendar import`: holidays of an iCalendar file as lines of a calendar's file. What stands there stays as it is.

use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::Context as _;
use chrono::{Datelike, NaiveDate};
use serde_json::json;

use super::find;
use crate::calendar::business::{Calendar, Calendars, Why};
use crate::calendar::ical::{self, DayOff, Read};
use crate::cli::args::Arguments;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::clock::wall_clock;
use crate::jobfile::calendars::CalendarFolder;

/// What was asked for.
pub struct Wish<'a> {
    /// The iCalendar file.
    pub file: &'a Path,
    /// The calendar whose file gets the days; none: they are printed.
    pub into: Option<&'a str>,
    /// Which years.
    pub years: Option<RangeInclusive<i32>>,
}

/// What becomes of the days of a file.
#[derive(Default)]
struct Sorted {
    /// Lines for `[off]`.
    lines: Vec<String>,
    /// Why others are not among them.
    left: Vec<String>,
}

/// Reads the file; prints lines, or adds them to the calendar's file.
pub fn run(arguments: &Arguments, folder: &CalendarFolder, dir: &Path, wish: &Wish<'_>) -> Result<(), Failure> {
    let bytes = std::fs::read(wish.file).with_context(|| format!("{} cannot be read", wish.file.display()))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", wish.file.display()))?;
    let calendar = wish.into.map(|name| find(folder, name)).transpose()?;
    let years = wish.years.clone().or_else(|| known_years(calendar)).unwrap_or_else(|| {
        let year = wall_clock().year();
        year..=year + 1
    });
    let read = ical::read(&text, &years);
    if read.days.is_empty() && read.left_out.is_empty() {
        return Err(Failure::failed(anyhow::anyhow!("there are no events in {}", wish.file.display())));
    }
    let mut sorted = sort(&read, &years, calendar);
    sorted.left.extend(read.left_out.iter().map(|(line, why)| format!("line {line}, {why}")));
    let file = match (wish.into, sorted.lines.is_empty()) {
        (Some(name), false) => Some(write(folder, dir, name, &sorted.lines)?),
        _ => None,
    };
    if arguments.json {
        return print::json(&json!({ "file": file, "off": sorted.lines, "left_out": sorted.left }));
    }
    print::text(told(&sorted, wish, file.as_deref()))
}

fn known_years(calendar: Option<&Calendar>) -> Option<RangeInclusive<i32>> {
    calendar?.known().map(|known| known.start().year()..=known.end().year())
}

fn told(sorted: &Sorted, wish: &Wish<'_>, file: Option<&str>) -> String {
    let mut text = match (file, wish.into) {
        (Some(file), _) => format!("{file}: added below [off]\n"),
        (None, Some(name)) => format!("nothing to add to the calendar {name}\n"),
        (None, None) => "[off]\n".to_owned(),
    };
    sorted.lines.iter().for_each(|line| text += &format!("{line}\n"));
    if !sorted.left.is_empty() {
        text += "\n# left out:\n";
        sorted.left.iter().for_each(|line| text += &format!("#   {line}\n"));
    }
    text
}

/// Which days become lines.
fn sort(read: &Read, years: &RangeInclusive<i32>, calendar: Option<&Calendar>) -> Sorted {
    let mut sorted = Sorted::default();
    let mut dates: Vec<(NaiveDate, &str)> = Vec::new();
    for (day, name) in &read.days {
        match day {
            DayOff::Yearly(month, day) => {
                let stands =
                    calendar.is_some_and(|calendar| years.clone().all(|year| off(calendar, year, *month, *day)));
                match stands {
                    true => sorted.left.push(format!("every {month:02}-{day:02} ({name}) stands there already")),
                    false => sorted.lines.push(format!("\"every {month:02}-{day:02}\" = {}", quoted(name))),
                }
            }
            DayOff::Dates(range) => {
                let inside = range
                    .start()
                    .iter_days()
                    .take_while(|date| date <= range.end())
                    .filter(|date| years.contains(&date.year()));
                let before = dates.len();
                dates.extend(inside.map(|date| (date, name.as_str())));
                if dates.len() == before {
                    sorted.left.push(format!(
                        "{} ({name}) is not in {} to {}",
                        range.start(),
                        years.start(),
                        years.end()
                    ));
                }
            }
        }
    }
    dates.sort_by_key(|(date, _)| *date);
    let mut runs: Vec<(NaiveDate, NaiveDate, &str)> = Vec::new();
    for (date, name) in dates {
        match calendar.map(|calendar| calendar.day(date)) {
            Some(Err(trouble)) => sorted.left.push(format!("{date} ({name}): {trouble}")),
            Some(Ok(day)) if !matches!(day.why, Why::Weekday(_)) => {
                sorted.left.push(format!("{date} ({name}) stands there already{}", known(&day.why)));
            }
            _ => match runs.last_mut() {
                // two events on one day: the first one names it
                Some((_, last, _)) if *last == date => {}
                Some((_, last, same)) if last.succ_opt() == Some(date) && *same == name => *last = date,
                _ => runs.push((date, date, name)),
            },
        }
    }
    sorted.lines.extend(runs.into_iter().map(|(from, to, name)| match from == to {
        true => format!("\"{from}\" = {}", quoted(name)),
        false => format!("\"{from} to {to}\" = {}", quoted(name)),
    }));
    sorted
}

fn off(calendar: &Calendar, year: i32, month: u32, day: u32) -> bool {
    let Some(date) = NaiveDate::from_ymd_opt(year, month, day) else { return true };
    calendar.day(date).is_ok_and(|day| matches!(day.why, Why::Holiday(_)))
}

fn known(why: &Why) -> String {
    match why {
        Why::Weekday(_) => String::new(),
        Why::Holiday(name) => format!(" as {name}"),
        Why::MakeUp { .. } => " as worked".to_owned(),
        Why::ByDate(_) => " with hours of its own".to_owned(),
    }
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|letter| !letter.is_control()).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Adds lines at the end of `[off]` of a calendar's file, if the file is right with them.
fn write(folder: &CalendarFolder, dir: &Path, name: &str, lines: &[String]) -> Result<String, Failure> {
    let path = dir.join(format!("{name}.toml"));
    if !path.is_file() {
        let message = format!(
            "{name} comes with tend and has no file of its own; `tend calendar {name} --source > {}` makes one, \
             or leave --into out and take the lines to a file of yours",
            path.display()
        );
        return Err(Failure::Usage(message));
    }
    let body = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let added = with_lines(&body, lines);
    let texts = folder.texts().filter(|(known, _)| *known != name).chain([(name, added.as_str())]);
    if let Err(wrong) = Calendars::with(texts) {
        let said = wrong.values().flatten().map(|mistake| mistake.message.clone()).collect::<Vec<_>>().join("; ");
        let message =
            format!("the file would not be right with these days ({said}); leave --into out and add them by hand");
        return Err(Failure::failed(anyhow::anyhow!(message)));
    }
    let beside = dir.join(format!(".{name}.toml.new"));
    std::fs::write(&beside, &added)
        .and_then(|()| std::fs::rename(&beside, &path))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path.display().to_string())
}

/// The text with lines at the end of `[off]`, before whatever blank lines and comments lead to the next table.
fn with_lines(text: &str, new: &[String]) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let new = new.iter().map(String::as_str);
    match lines.iter().position(|line| line.split('#').next().unwrap_or_default().trim() == "[off]") {
        Some(table) => {
            let end = lines[table + 1..]
                .iter()
                .position(|line| line.trim_start().starts_with('['))
                .map_or(lines.len(), |at| table + 1 + at);
            let said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
            let last = lines[table..end].iter().rposition(said).unwrap_or(0) + table;
            lines.splice(last + 1..last + 1, new);
        }
        None => lines.extend(["", "[off]"].into_iter().chain(new)),
    }
    lines.join("\n") + "\n"
}
