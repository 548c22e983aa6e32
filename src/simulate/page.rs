//! A simulation as a page.

use serde::Serialize;

use super::SimulateError;
use super::compare::Comparison;
use super::figures::{Cell, Section, signed};
use super::picture::{self, Picture, Scale, Shade};
use super::report::Report;
use super::text::rate;
use crate::jobs::layout::count;
use crate::jobs::page::render;

/// Rows of a table; JSON has all of them.
const MOST: usize = 100;

/// What `page.html` of this room shows.
#[derive(Serialize)]
struct Page<'r> {
    title: String,
    when: String,
    tiles: Vec<Tile>,
    days: Calendar,
    /// What differs from the other folder; none: there is only one.
    other: Option<Other>,
    sections: Vec<Table>,
    assumptions: &'r [String],
}

#[derive(Serialize)]
struct Tile {
    figure: String,
    what: &'static str,
}

#[derive(Serialize)]
struct Calendar {
    pictures: Vec<Picture>,
    shades: Vec<Shade>,
}

#[derive(Serialize)]
struct Other {
    named: String,
    tiles: Vec<Tile>,
    calendar: Calendar,
    sections: Vec<Table>,
}

#[derive(Serialize)]
struct Table {
    title: &'static str,
    note: &'static str,
    head: Vec<Field>,
    rows: Vec<Vec<Field>>,
    left_out: usize,
}

#[derive(Serialize)]
struct Field {
    text: String,
    number: bool,
}

/// Of one folder.
pub fn report(report: &Report) -> Result<String, SimulateError> {
    made(&page(report, None))
}

/// Of two.
pub fn comparison(comparison: &Comparison) -> Result<String, SimulateError> {
    let (one, other) = (comparison.one.messages(), comparison.other.messages());
    let tiles = vec![
        Tile { figure: count(other), what: "messages" },
        Tile { figure: signed(other - one), what: "difference" },
        Tile { figure: count(comparison.more), what: "customers get more" },
        Tile { figure: count(comparison.fewer), what: "customers get fewer" },
    ];
    let other = Other {
        named: comparison.named.clone(),
        tiles,
        calendar: calendar(&comparison.other, &comparison.one),
        sections: comparison.sections.iter().map(table).collect(),
    };
    made(&page(&comparison.one, Some((other, &comparison.other))))
}

fn made(page: &Page<'_>) -> Result<String, SimulateError> {
    render(include_str!("page.html"), page).map_err(|error| SimulateError::Page(error.to_string()))
}

fn page<'r>(report: &'r Report, other: Option<(Other, &Report)>) -> Page<'r> {
    let (first, last) = report.stretch.days();
    let days = (last - first).num_days() + 1;
    let jobs: std::collections::BTreeSet<&str> = report.sent.iter().map(|sent| sent.job.as_str()).collect();
    let tiles = vec![
        Tile { figure: count(report.messages()), what: "messages" },
        Tile { figure: rate(report.messages(), days), what: "a day" },
        Tile { figure: count(i64::try_from(jobs.len()).unwrap_or(i64::MAX)), what: "jobs that send" },
        Tile { figure: count(report.customers), what: "customers" },
    ];
    Page {
        title: format!("Simulation, {first} to {last}"),
        when: report.when(),
        tiles,
        days: calendar(report, other.as_ref().map_or(report, |(_, other)| other)),
        other: other.map(|(other, _)| other),
        sections: report.sections.iter().map(table).collect(),
        assumptions: &report.assumptions,
    }
}

/// The calendar of a report, in shades that mean the same as in that of the `other`.
fn calendar(report: &Report, other: &Report) -> Calendar {
    let (first, last) = report.stretch.days();
    let scale = Scale::of([&report.sent, &other.sent]);
    let (pictures, shades) = picture::draw(&report.sent, &scale, first, last);
    Calendar { pictures, shades }
}

fn table(section: &Section) -> Table {
    let numbers: Vec<bool> =
        section.rows.first().map(|row| row.iter().map(Cell::is_figure).collect()).unwrap_or_default();
    let number = |at: usize| numbers.get(at).copied().unwrap_or(false);
    let head = section.columns.iter().enumerate();
    let rows =
        section.rows.iter().take(MOST).map(|row| {
            row.iter().enumerate().map(|(at, cell)| Field { text: cell.shown(), number: number(at) }).collect()
        });
    Table {
        title: section.title,
        note: section.note,
        head: head.map(|(at, (_, text))| Field { text: (*text).to_owned(), number: number(at) }).collect(),
        rows: rows.collect(),
        left_out: section.rows.len().saturating_sub(MOST),
    }
}
