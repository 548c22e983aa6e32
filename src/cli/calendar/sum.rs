//! Working time added to an instant, window by window.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone as _, Utc};
use serde_json::{Value, json};

use super::year::clocks;
use crate::calendar::business::{Calendar, Stretch, Trouble, Why, Window};
use crate::cli::args::Arguments;
use crate::cli::at::At;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::clock::shown;
use crate::jobfile::duration::Span;
use crate::jobs::layout::{Align, table};

/// Adds and explains.
pub fn run(arguments: &Arguments, calendar: &Calendar, from: &str, length: &str) -> Result<(), Failure> {
    let from = instant(calendar, from)?;
    let secs = working(length)?;
    let due = calendar.add(from, secs, &[]).map_err(told)?;
    let course = calendar.course(from, due, &[]).map_err(told)?;
    if arguments.json {
        let steps: Vec<Value> = course.iter().map(step).collect();
        return print::json(&json!({
            "calendar": calendar.name(), "zone": calendar.zone().name(), "from": from, "seconds": secs, "due": due, "course": steps,
        }));
    }
    print::text(text(calendar, from, secs, due, &course))
}

fn told(trouble: Trouble) -> Failure {
    Failure::failed(trouble)
}

/// `2026-09-30 17:00` on the calendar's clocks, or with an offset.
fn instant(calendar: &Calendar, text: &str) -> Result<DateTime<Utc>, Failure> {
    let plain = text.trim().replace('T', " ");
    let naive = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&plain, form).ok());
    let Some(naive) = naive else { return At::parse(text)?.start(calendar.zone()) };
    let found = calendar.zone().from_local_datetime(&naive).earliest();
    let missing =
        || Failure::Usage(format!("there was no {plain} in {}: clocks were put forward over it", calendar.zone()));
    found.map(|at| at.to_utc()).ok_or_else(missing)
}

/// Seconds of working time; a day of work is as long as a calendar says, so that days are no length.
fn working(text: &str) -> Result<i64, Failure> {
    if text.trim().ends_with(['d', 'w']) {
        let message = format!("`{text}` is no length of working time: say it in hours or minutes, 8h or 90m");
        return Err(Failure::Usage(message));
    }
    let span = Span::parse(text.trim()).map_err(|why| Failure::Usage(format!("`{text}`: {why}")))?;
    Ok(span.as_seconds())
}

fn text(calendar: &Calendar, from: DateTime<Utc>, secs: i64, due: DateTime<Utc>, course: &[Stretch]) -> String {
    let zone = calendar.zone();
    let mut text = format!("{} + {} by the calendar {}\n\n", shown(from, zone), length(secs), calendar.name());
    let mut sum = 0;
    let rows: Vec<Vec<String>> = course
        .iter()
        .map(|stretch| match stretch {
            Stretch::Open(window) | Stretch::Paused(window) => {
                let counted =
                    if matches!(stretch, Stretch::Open(_)) { (window.to - window.from).num_seconds() } else { 0 };
                sum += counted;
                let day = day(window.from.with_timezone(&zone).date_naive());
                vec![
                    day,
                    clocks(calendar, (window.from, window.to)).join("-"),
                    length(counted),
                    length(sum),
                    because(&window.why),
                ]
            }
            Stretch::Closed { from, to, why } => {
                let days = if from == to { day(*from) } else { format!("{} to {}", day(*from), day(*to)) };
                vec![days, "closed".to_owned(), String::new(), String::new(), because(why)]
            }
        })
        .collect();
    text += &table(&[Align::Left, Align::Left, Align::Right, Align::Right, Align::Left], &rows);
    let _ = write!(
        text,
        "\ndue {} {} ({zone}), {} in UTC",
        due.with_timezone(&zone).format("%a"),
        shown(due, zone),
        due.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    );
    text
}

fn day(date: NaiveDate) -> String {
    date.format("%a %Y-%m-%d").to_string()
}

/// What is worth saying about a reason; that a day of the week is one is not.
fn because(why: &Why) -> String {
    match why {
        Why::Weekday(_) => String::new(),
        Why::Holiday(name) => name.to_string(),
        Why::MakeUp { name, .. } => format!("worked instead ({name})"),
        Why::ByDate(name) => format!("hours of its own ({name})"),
    }
}

/// `7h 30m`
fn length(secs: i64) -> String {
    let parts = [(secs / 3600, "h"), (secs / 60 % 60, "m"), (secs % 60, "s")];
    let parts: Vec<String> =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number}{unit}")).collect();
    if parts.is_empty() { "0h".to_owned() } else { parts.join(" ") }
}

fn step(stretch: &Stretch) -> Value {
    let window = |what: &str, window: &Window| json!({ "what": what, "from": window.from, "to": window.to, "seconds": (window.to - window.from).num_seconds(), "why": because(&window.why) });
    match stretch {
        Stretch::Open(open) => window("open", open),
        Stretch::Paused(paused) => window("paused", paused),
        Stretch::Closed { from, to, why } => json!({ "what": "closed", "from": from, "to": to, "why": because(why) }),
    }
}
