//! A simulation for a terminal of 100 columns.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};

use super::compare::Comparison;
use super::figures::{Cell, Section, Sent};
use super::report::Report;
use crate::jobs::layout::{Align, WIDTH, clip, count, fold, hang, table};

/// Rows of a table; JSON has all of them.
const MOST: usize = 25;
/// So many days are listed one by one; longer stretches by week.
const DAYS: u64 = 21;

/// The whole report.
pub fn report(report: &Report) -> String {
    let customers = count(report.customers);
    let mut text = fold(&format!("Simulated on a copy, {customers} customers: {}", report.when()), 0);
    let messages = report.messages();
    let (first, last) = report.stretch.days();
    let days = (last - first).num_days() + 1;
    text.push_str(&format!(
        "Nothing was sent. {} messages would be, {} a day.\n",
        count(messages),
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
    let mut rows = vec![
        if long { vec!["week of", "messages", "most on one day", "jobs"] } else { vec!["day", "messages", "jobs"] }
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    ];
    for (begin, sum) in &sums {
        let mut jobs: Vec<_> = sum.jobs.iter().collect();
        jobs.sort_by_key(|(job, messages)| (-**messages, (*job).clone()));
        let jobs = jobs.into_iter().map(|(job, messages)| format!("{job} {}", count(*messages))).collect::<Vec<_>>();
        let jobs = clip(&jobs.join(", "), if long { 52 } else { 70 });
        let peak = sum.peak.map(|(day, most)| format!("{} {}", day.format("%a"), count(most))).unwrap_or_default();
        let begin = begin.to_string();
        rows.push(if long {
            vec![begin, count(sum.messages), peak, jobs]
        } else {
            vec![begin, count(sum.messages), jobs]
        });
    }
    if sums.is_empty() {
        return String::new();
    }
    format!(
        "\nMessages sent, {}\n{}",
        if long { "by week" } else { "by day" },
        table(&[Align::Left, Align::Right, Align::Right][..if long { 3 } else { 2 }], &rows)
    )
}

/// A table with its heading.
pub fn section(part: &Section) -> String {
    let mut rows = vec![part.columns.iter().map(|(_, head)| (*head).to_owned()).collect::<Vec<_>>()];
    rows.extend(part.rows.iter().take(MOST).map(|row| row.iter().map(Cell::shown).collect()));
    let align: Vec<Align> = part.rows.first().map(|row| row.iter().map(aligned).collect()).unwrap_or_default();
    let mut text = format!("\n{}\n", part.title);
    if !part.note.is_empty() {
        text.push_str(&fold(part.note, 2));
    }
    // words at the end take what is left of the line
    let lines = table(&align, &rows);
    text.extend(lines.lines().map(|line| clip(line, WIDTH) + "\n"));
    if part.rows.len() > MOST {
        text.push_str(&format!("  and {} more rows; --json has all\n", count((part.rows.len() - MOST) as i64)));
    }
    text
}

fn aligned(cell: &Cell) -> Align {
    if matches!(cell, Cell::Count(_)) { Align::Right } else { Align::Left }
}

/// Two folders side by side.
pub fn comparison(comparison: &Comparison) -> String {
    let (one, other) = (comparison.one.messages(), comparison.other.messages());
    let mut text = format!(
        "\nCompared with {}: {} messages instead of {} ({})\n",
        comparison.named,
        count(other),
        count(one),
        signed(other - one)
    );
    text.push_str(&fold(
        &format!(
            "{} customers get more, {} fewer, {} as many.",
            count(comparison.more),
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

/// "+1,200", "−3", "±0"
pub fn signed(number: i64) -> String {
    match number {
        0 => "±0".to_owned(),
        more if more > 0 => format!("+{}", count(more)),
        less => format!("−{}", count(-less)),
    }
}
