//! A simulation for a terminal of 100 columns.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};

use unicode_width::UnicodeWidthStr as _;

use super::compare::Comparison;
use super::figures::{Cell, Section, Sent, signed};
use super::report::Report;
use crate::jobs::layout::{Align, WIDTH, clip, count, counted, fold, hang, table, verb};

/// Rows of a table; JSON has all of them.
const MOST: usize = 25;
/// No column of words becomes narrower.
const SHORTEST: usize = 8;
/// So many days are listed one by one; longer stretches by week.
const DAYS: u64 = 21;

/// The whole report.
pub fn report(report: &Report) -> String {
    let customers = counted(report.customers, "customer");
    let mut text = fold(&format!("Simulated on a copy, {customers}: {}", report.when()), 0);
    let messages = report.messages();
    let (first, last) = report.stretch.days();
    let days = (last - first).num_days() + 1;
    text.push_str(&format!(
        "Nothing was sent. {} would be, {} a day.\n",
        counted(messages, "message"),
        rate(messages, days)
    ));
    text.push_str(&periods(&report.sent, first, last));
    for part in &report.sections {
        text.push_str(&section(part));
    }
    text.push_str("\nAssumed\n");
    for assumption in &report.assumptions {
        text.push_str(&hang("-", assumption, 2, 2));
    }
    text
}

/// "12" or, for few, "0.4"
pub fn rate(messages: i64, days: i64) -> String {
    let days = days.max(1);
    if messages >= 10 * days {
        return count(messages / days);
    }
    let tenths = messages * 10 / days;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Messages of some days together.
#[derive(Debug, Default)]
pub struct Period {
    /// All of them.
    pub messages: i64,
    /// The day with most, and how many.
    pub peak: Option<(NaiveDate, i64)>,
    /// By job.
    pub jobs: BTreeMap<String, i64>,
}

/// Sums by period; `begins` is the first day of the period a day is in.
pub fn summed(sent: &[Sent], begins: impl Fn(NaiveDate) -> NaiveDate) -> BTreeMap<NaiveDate, Period> {
    let mut periods: BTreeMap<NaiveDate, Period> = BTreeMap::new();
    let mut days: BTreeMap<NaiveDate, i64> = BTreeMap::new();
    for one in sent {
        let period = periods.entry(begins(one.day)).or_default();
        period.messages += one.messages;
        *period.jobs.entry(one.job.clone()).or_default() += one.messages;
        *days.entry(one.day).or_default() += one.messages;
    }
    for (day, messages) in days {
        let peak = &mut periods.entry(begins(day)).or_default().peak;
        if peak.is_none_or(|(_, most)| messages > most) {
            *peak = Some((day, messages));
        }
    }
    periods
}

/// The Monday on or before a day.
pub fn monday(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.weekday().num_days_from_monday()))
}

fn periods(sent: &[Sent], first: NaiveDate, last: NaiveDate) -> String {
    let long = first + Days::new(DAYS) <= last;
    let sums = summed(sent, |day| if long { monday(day) } else { day });
    if sums.is_empty() {
        return String::new();
    }
    let head: &[&str] =
        if long { &["week of", "messages", "most on one day", "jobs"] } else { &["day", "messages", "jobs"] };
    let mut rows = vec![head.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()];
    for (begin, sum) in &sums {
        let mut jobs: Vec<_> = sum.jobs.iter().collect();
        jobs.sort_by_key(|(job, messages)| (-**messages, (*job).clone()));
        let jobs: Vec<_> = jobs.into_iter().map(|(job, messages)| format!("{job} {}", count(*messages))).collect();
        let peak = sum.peak.filter(|_| long).map(|(day, most)| format!("{} {}", day.format("%a"), count(most)));
        let row = [Some(begin.to_string()), Some(count(sum.messages)), peak, Some(jobs.join(", "))];
        rows.push(row.into_iter().flatten().collect());
    }
    let align = [Align::Left, Align::Right, if long { Align::Right } else { Align::Left }];
    format!("\nMessages sent, {}\n{}", if long { "by week" } else { "by day" }, fitted(&align, rows))
}

/// A table with its heading.
pub fn section(part: &Section) -> String {
    let mut rows = vec![part.columns.iter().map(|(_, head)| (*head).to_owned()).collect::<Vec<_>>()];
    rows.extend(part.rows.iter().take(MOST).map(|row| row.iter().map(Cell::shown).collect()));
    let align = |cell: &Cell| if cell.is_figure() { Align::Right } else { Align::Left };
    let align: Vec<Align> = part.rows.first().map(|row| row.iter().map(align).collect()).unwrap_or_default();
    let mut text = format!("\n{}\n", part.title);
    if !part.note.is_empty() {
        text.push_str(&fold(part.note, 2));
    }
    text.push_str(&fitted(&align, rows));
    if let Some(more @ 1..) = part.rows.len().checked_sub(MOST) {
        text.push_str(&format!("  and {}; --json has all\n", counted(more, "more row")));
    }
    text
}

/// A table no wider than a terminal: the widest words are cut.
fn fitted(align: &[Align], mut rows: Vec<Vec<String>>) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let mut widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0)).collect();
    let is_word = |column: &usize| !matches!(align.get(*column), Some(Align::Right));
    loop {
        let whole: usize = widths.iter().map(|width| width + 2).sum();
        let widest = (0..columns).filter(is_word).max_by_key(|column| widths[*column]);
        let (Some(over @ 1..), Some(widest)) = (whole.checked_sub(WIDTH), widest) else { break };
        // down to the next widest, then both
        let next = (0..columns).filter(is_word).filter(|column| *column != widest).map(|column| widths[column]).max();
        let to = widths[widest].saturating_sub(over).max(next.unwrap_or(0).min(widths[widest] - 1)).max(SHORTEST);
        if to >= widths[widest] {
            break;
        }
        widths[widest] = to;
    }
    for row in &mut rows {
        for (column, cell) in row.iter_mut().enumerate() {
            *cell = clip(cell, widths[column]);
        }
    }
    table(align, &rows)
}

/// Two folders side by side.
pub fn comparison(comparison: &Comparison) -> String {
    let (one, other) = (comparison.one.messages(), comparison.other.messages());
    let mut text = format!(
        "\nCompared with {}: {} instead of {} ({})\n",
        comparison.named,
        counted(other, "message"),
        count(one),
        signed(other - one)
    );
    text.push_str(&fold(
        &format!(
            "{} {} more, {} fewer, {} as many.",
            counted(comparison.more, "customer"),
            verb(comparison.more, "gets", "get"),
            count(comparison.fewer),
            count(comparison.same)
        ),
        2,
    ));
    for part in &comparison.sections {
        text.push_str(&section(part));
    }
    if comparison.sections.is_empty() {
        text.push_str("  No figure differs.\n");
    }
    text
}
