//! Reads `[[escalate]]`: `{ at = "80%", to = "assignee" }`.

use rust_decimal::prelude::ToPrimitive;
use toml::de::DeValue;

use super::super::clock::{At, Clock};
use super::super::policy::{Recipient, Step};
use crate::jobfile::duration::Span;
use crate::jobfile::reader::{Node, Reader, did_you_mean};
use crate::jobfile::value;

const WHEN: &str =
    "at = \"80%\", at = \"start\", at = \"due\", at = \"24h\" (after the start), before = \"30m\" or after = \"2h\"";

/// The steps at `key`; those of one moment are one step.
pub(super) fn read_all(reader: &mut Reader<'_>, key: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for table in reader.tables(key) {
        let Some(step) = one(table) else { continue };
        match steps.iter_mut().find(|known| known.name == step.name && known.clocks == step.clocks) {
            Some(known) => known.to.extend(step.to),
            None => steps.push(step),
        }
    }
    steps.iter_mut().for_each(|step| step.to.dedup());
    steps
}

fn one(mut table: Reader<'_>) -> Option<Step> {
    let clocks = clocks(&mut table);
    let when = moment(&mut table);
    let to = recipients(&mut table);
    table.finish();
    let (name, at) = when?;
    Some(Step { name, clocks, at, to: to? })
}

fn clocks(table: &mut Reader<'_>) -> Vec<Clock> {
    let words = Clock::ALL.map(Clock::word);
    let mut clocks = Vec::new();
    for word in table.strings("clocks").unwrap_or_default() {
        match Clock::of(&word) {
            Some(clock) => clocks.push(clock),
            None => table.problem("clocks", format!("there is no clock {word:?}"), Some(did_you_mean(&word, &words))),
        }
    }
    if table.has("clocks") && clocks.is_empty() {
        table.problem("clocks", "the step is about no clock", Some("leave `clocks` out: it is about all".into()));
    }
    clocks
}

/// When, and what the step is called by that.
fn moment(table: &mut Reader<'_>) -> Option<(String, At)> {
    let said: Vec<&str> = ["at", "before", "after"].into_iter().filter(|key| table.has(key)).collect();
    let lead = table.duration("lead");
    let moment = match said.as_slice() {
        ["at"] => at(table, lead),
        ["before"] => table.duration("before").map(|span| (format!("before {span}"), At::Before(span.as_seconds()))),
        ["after"] => table.duration("after").map(after),
        [] => {
            table.problem_here("the step does not say when", Some(WHEN.into()));
            None
        }
        [.., second] => {
            table.problem_with_key(second, "a step has one moment", Some(format!("one of {WHEN}")));
            table.leave(&said);
            None
        }
    };
    if lead.is_some() && !matches!(moment, Some((_, At::Share { .. })) | None) {
        let help = "`lead` is how long before it is due a share like \"80%\" is told at the latest".to_owned();
        table.problem_with_key("lead", "`lead` goes with a share", Some(help));
    }
    moment
}

fn after(span: Span) -> (String, At) {
    let name = if span.as_seconds() == 0 { "due".to_owned() } else { format!("after {span}") };
    (name, At::After(span.as_seconds()))
}

fn start(span: Span) -> (String, At) {
    let name = if span.as_seconds() == 0 { "start".to_owned() } else { format!("at {span}") };
    (name, At::Start(span.as_seconds()))
}

fn at(table: &mut Reader<'_>, lead: Option<Span>) -> Option<(String, At)> {
    let node = table.value("at")?;
    let text = node.get_ref().as_str().unwrap_or_default();
    match text {
        "start" => return Some(start(Span::days(0))),
        "due" => return Some(after(Span::days(0))),
        _ => {}
    }
    if text.ends_with(['%', '％']) {
        return share(table, node, lead);
    }
    match value::duration(node.get_ref()) {
        Ok(span) => Some(start(span)),
        Err(_) => {
            table.problem(
                "at",
                "`at` is a share, a length of time from the start, \"start\" or \"due\"",
                Some(WHEN.into()),
            );
            None
        }
    }
}

fn share(table: &Reader<'_>, node: &Node<'_>, lead: Option<Span>) -> Option<(String, At)> {
    let thousandths =
        value::percent(node.get_ref()).map(|share| (share * rust_decimal::Decimal::ONE_THOUSAND).normalize());
    let share = thousandths.ok().filter(|share| share.scale() == 0).and_then(|share| share.to_i64());
    match share.filter(|share| (1..=1000).contains(share)) {
        Some(1000) => Some(after(Span::days(0))),
        Some(share) => {
            let name = node.get_ref().as_str().unwrap_or_default().replace('％', "%");
            Some((name, At::Share { share, lead: lead.map_or(0, Span::as_seconds) }))
        }
        None => {
            let help = "for example: at = \"80%\"; what comes later is after = \"2h\"".to_owned();
            table.problem("at", "a share of the target goes from \"0.1%\" to \"100%\"", Some(help));
            None
        }
    }
}

/// `to = "assignee"` or `to = ["supervisor", "role:manager"]`.
fn recipients(table: &mut Reader<'_>) -> Option<Vec<Recipient>> {
    let node = table.required("to", "\"assignee\"")?;
    let words: Vec<&Node<'_>> = match node.get_ref() {
        DeValue::Array(list) => list.iter().collect(),
        _ => vec![node],
    };
    if words.is_empty() {
        table.problem("to", "nobody is told", Some("for example: to = \"assignee\"".into()));
    }
    let read: Vec<Option<Recipient>> = words.iter().map(|node| recipient(table, node)).collect();
    read.into_iter().collect::<Option<Vec<_>>>().filter(|to| !to.is_empty())
}

fn recipient(table: &Reader<'_>, node: &Node<'_>) -> Option<Recipient> {
    let word = node.get_ref().as_str().unwrap_or_default();
    let recipient = Recipient::of(word);
    if recipient.is_none() {
        let mut known: Vec<&str> = Recipient::WORDS.iter().map(|(word, _)| *word).collect();
        known.extend(["role:NAME", "robot:CHANNEL"]);
        let message = format!("nobody is called {}", value::Found(node.get_ref()));
        table.note(node.span(), message, Some(did_you_mean(word, &known)));
    }
    recipient
}
