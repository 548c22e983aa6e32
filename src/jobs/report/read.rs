//! Reads `[report]` of a job file.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::catalogue::{About, Entry, all, find};
use super::mail::Mail;
use super::period::{Length, Period};
use super::words::Words;
use super::{Chosen, Report, decided, schema, target};
use crate::engine::door::{Decision, Job};
use crate::filter::{self, Scope};
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Kind, ReadContext};
use crate::jobfile::reader::{Reader, did_you_mean};

/// The kind `report`.
#[derive(Debug, Clone, Copy)]
pub struct ReportKind;

/// Fewer cases are marked, where the file does not say it.
const FEW: i64 = 30;
const INACTIVE: Span = Span::days(180);
const REPEAT: Span = Span::days(7);
const LENGTHS: [(&str, Length); 4] =
    [("day", Length::Day), ("week", Length::Week), ("month", Length::Months(1)), ("quarter", Length::Quarter)];

impl Kind for ReportKind {
    fn name(&self) -> &'static str {
        "report"
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        Report::read(file, context).map(|report| Arc::new(report) as Arc<dyn Job>)
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        vec![("report", schema::report())]
    }

    fn expect(&self, expect: &mut Reader<'_>, _: &mut Reader<'_>, _: &[String]) -> Option<Decision> {
        decided::expect(expect)
    }

    fn expect_schema(&self) -> Map<String, Value> {
        decided::expect_schema()
    }
}

impl Report {
    /// Reads `[report]` of a job file; none: what is wrong was noted.
    pub fn read(file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Self> {
        let before = file.problems();
        let title = file.value("title").and_then(|node| node.get_ref().as_str()).unwrap_or(context.job).to_owned();
        report(file.table("report")?, title, context).filter(|_| file.problems() == before)
    }
}

fn report(mut own: Reader<'_>, title: String, context: &ReadContext<'_>) -> Option<Report> {
    let length = length(&mut own);
    let calendar = context.calendars.read(&mut own, "calendar");
    let working_day = own.integer("working_day", 1..=20).and_then(|nth| usize::try_from(nth).ok());
    if working_day.is_some() && !own.has("calendar") {
        let help = "name one: calendar = \"cn\"".to_owned();
        own.problem_with_key("working_day", "working days need a calendar to count by", Some(help));
    }
    let ladder = ladder(&mut own, context);
    let inactive_after = stretch(&mut own, "inactive_after", INACTIVE, 3_660);
    let repeat_within = stretch(&mut own, "repeat_within", REPEAT, 366);
    let few = own.integer("few", 0..=100_000).unwrap_or(FEW);
    let baseline = baseline(&mut own, length);
    let mail = Mail::read(&mut own, context);
    let tables = own.tables("section");
    if tables.is_empty() && !own.has("section") {
        own.missing("section", "[[report.section]] with figures = [\"csat\"]");
    }
    let count = tables.len();
    let sections: Vec<Chosen> = tables.into_iter().filter_map(|table| section(table, context)).collect();
    needs(&mut own, &sections, ladder.is_some());
    let mut figures: Vec<&'static Entry> =
        sections.iter().flat_map(|section| section.figures.iter().copied()).collect();
    figures.sort_unstable_by_key(|entry| entry.name);
    figures.dedup_by_key(|entry| entry.name);
    if sections.len() < count {
        // what a broken section shows is not known: its targets are no mistakes
        figures = all().iter().collect();
    }
    let targets = own.tables("target");
    let has_baseline = own.has("baseline");
    let aims = targets.into_iter().filter_map(|table| target::read(table, &figures, has_baseline)).collect();
    own.finish();
    Some(Report {
        title,
        length: length?,
        calendar,
        working_day,
        ladder,
        inactive_after: inactive_after?,
        repeat_within: repeat_within?,
        few,
        baseline,
        locale: mail.as_ref().map_or("zh-CN", Mail::locale).to_owned(),
        mail,
        sections,
        aims,
    })
}

/// `period`, or `months`.
fn length(own: &mut Reader<'_>) -> Option<Length> {
    match (own.has("period"), own.has("months")) {
        (true, false) => own.choice("period", &LENGTHS),
        (false, true) => {
            own.integer("months", 1..=24).and_then(|months| u32::try_from(months).ok()).map(Length::Months)
        }
        (false, false) => {
            own.missing("period", "\"month\"");
            None
        }
        (true, true) => {
            own.leave(&["period", "months"]);
            let help = "period = \"month\" is months = 1".to_owned();
            own.problem_with_key("months", "`period` and `months` say the same thing: leave one out", Some(help));
            None
        }
    }
}

fn ladder(own: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<String> {
    let ladder = own.string("ladder")?;
    // one that was asked for is stored with the file
    if context.ladders.levels(&ladder).is_none() {
        let known = context.ladders.names();
        own.problem("ladder", format!("there is no ladder {ladder:?}"), Some(did_you_mean(&ladder, &known)));
    }
    Some(ladder)
}

fn stretch(own: &mut Reader<'_>, key: &str, usual: Span, most: i32) -> Option<Span> {
    if !own.has(key) {
        own.leave(&[key]);
        return Some(usual);
    }
    let span = own.duration(key)?;
    if span < Span::hours(1) || span > Span::days(most) {
        let message = format!("`{key}` goes from an hour to {}", Span::days(most));
        own.problem(key, message, Some(format!("for example: {key} = \"{usual}\"")));
        return None;
    }
    Some(span)
}

fn baseline(own: &mut Reader<'_>, length: Option<Length>) -> Option<(NaiveDate, NaiveDate)> {
    own.value("baseline")?;
    let mut days = own.table("baseline")?;
    let example = "\"2025-01-01\"";
    let (from, until) = (days.required("from", example), days.required("until", example));
    from?;
    until?;
    let (from, until) = (days.date("from"), days.date("until"));
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        days.problem("until", "the baseline ends before it begins", None);
    } else if let (Some(length), Some((from, until))) = (length, from.zip(until)) {
        // which zone does not matter for whole days
        let whole = Period::of_days(from, until, chrono_tz::UTC);
        if whole.is_some_and(|whole| length.within(&whole).is_empty()) {
            let help = "periods are compared with periods of the same length: let it reach from the first day of one to the last, or \
                        over several, such as a year";
            days.problem("until", "no whole period of the review lies in the baseline", Some(help.to_owned()));
        }
    }
    days.finish();
    from.zip(until)
}

fn section(mut own: Reader<'_>, context: &ReadContext<'_>) -> Option<Chosen> {
    let before = own.problems();
    let title = title(&mut own);
    let figures = figures(&mut own);
    let per = own.string("per");
    if let (Some(per), Some(figures)) = (&per, &figures)
        && !figures.iter().any(|entry| entry.by.contains(&per.as_str()))
    {
        let mut known: Vec<&str> = figures.iter().flat_map(|entry| entry.by.iter().copied()).collect();
        known.sort_unstable();
        known.dedup();
        own.problem("per", format!("none of these figures can be parted by {per:?}"), Some(did_you_mean(per, &known)));
    }
    let condition = own.has("where").then(|| filter::read(&mut own, "where", &Scope::of(context, None)));
    for entry in figures.iter().flatten().filter(|entry| condition.is_some() && entry.about != About::Customers) {
        let message = format!("`{}` is not counted customer by customer, so `where` cannot choose some", entry.name);
        own.problem_with_key("where", message, Some("put it in a section of its own".into()));
    }
    let same = own.problems() == before;
    own.finish();
    let condition = condition.flatten();
    same.then_some(Chosen { title: title?, figures: figures?, per, condition })
}

/// One text, or one for each language.
fn title(own: &mut Reader<'_>) -> Option<Words> {
    const EXAMPLE: &str = "{ en = \"Service\", zh-CN = \"服务\" }";
    if !own.is_table("title") {
        return own.required_string("title", EXAMPLE).map(|title| Words::new(&title, &title));
    }
    let mut both = own.table("title")?;
    let (en, zh_cn) = (both.required_string("en", "\"Service\""), both.required_string("zh-CN", "\"服务\""));
    both.finish();
    Some(Words::new(&en?, &zh_cn?))
}

fn figures(own: &mut Reader<'_>) -> Option<Vec<&'static Entry>> {
    own.required("figures", "[\"csat\", \"nps\"]")?;
    let names = own.strings("figures")?;
    let known: Vec<&str> = all().iter().map(|entry| entry.name).collect();
    let mut found: Vec<&'static Entry> = Vec::new();
    for name in &names {
        match find(name) {
            Some(entry) if found.iter().any(|other| other.name == entry.name) => {
                own.problem("figures", format!("{name:?} stands here twice"), None);
            }
            Some(entry) => found.push(entry),
            None => own.problem("figures", format!("there is no figure {name:?}"), Some(did_you_mean(name, &known))),
        }
    }
    if names.is_empty() {
        own.problem("figures", "a section has at least one figure", Some("for example: figures = [\"csat\"]".into()));
    }
    Some(found)
}

/// What figures cannot do without.
fn needs(own: &mut Reader<'_>, sections: &[Chosen], has_ladder: bool) {
    let figures: Vec<_> = sections.iter().flat_map(|section| &section.figures).collect();
    if figures.iter().any(|entry| entry.sql.contains(":opens")) && !own.has("calendar") {
        own.missing("calendar", "\"cn\"");
    }
    let tiers = figures.iter().any(|entry| entry.name == "tier_moves");
    if !has_ladder
        && !own.has("ladder")
        && (tiers || sections.iter().any(|section| section.per.as_deref() == Some("tier")))
    {
        own.missing("ladder", "\"value-tiers\"");
    }
}
