//! A review for a terminal.

use std::fmt::Write as _;

use super::actions::{ActionSeen, ActionState, Moved};
use super::review::{Figure, Part, Review, Section, Verdict};
use super::words::Words;
use crate::jobs::layout::{Align, count, fold, hang, table};

/// Parts shown of a figure.
const SHOWN: usize = 12;
const ALIGN: [Align; 7] =
    [Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left];

/// All of it.
#[must_use]
pub fn text(review: &Review) -> String {
    let period = &review.period;
    let mut text = format!("{}\n", review.title);
    text.push_str(&fold(
        &format!(
            "{} ({} to {}, {}), against {}.",
            period.name, period.first_day, period.last_day, period.timezone, review.before.name
        ),
        0,
    ));
    let judged = review.figures().filter(|figure| matches!(figure.verdict, Verdict::Met | Verdict::Missed)).count();
    text.push_str(&fold(&format!("{} of {judged} targets missed.", review.missed), 0));
    if !review.actions.is_empty() {
        text.push_str("\nDecided before\n");
        for action in &review.actions {
            text.push_str(&hang(if action.is_overdue { "! " } else { "· " }, &decided(action), 2, 2));
        }
    }
    for section in &review.sections {
        let _ = writeln!(text, "\n{}", one_language(&section.title));
        text.push_str(&rows(section, review));
        for figure in &section.figures {
            text.push_str(&behind(figure, review));
        }
    }
    text.push_str("\nHow it is counted\n");
    let mut told: Vec<&str> = Vec::new();
    for figure in review.figures() {
        if !told.contains(&figure.name.as_str()) {
            text.push_str(&hang("· ", &format!("{}: {}", figure.title.en, figure.definition.en), 2, 2));
            told.push(&figure.name);
        }
    }
    let _ = write!(text, "{}", hang("· ", &format!("few: fewer than {} cases", review.few), 2, 2));
    text
}

/// "Call back within the hour (Ann, by 2026-07-31, overdue): First answer 5 h -> 3 h, better; the target is met now".
fn decided(action: &ActionSeen) -> String {
    let state = match (action.state, action.is_overdue) {
        (ActionState::Open, false) => "open",
        (ActionState::Open, true) => "overdue",
        (ActionState::Done, _) => "done",
    };
    let moved = match action.moved {
        Moved::Better => ", better",
        Moved::Worse => ", worse",
        Moved::Same => ", as before",
        Moved::Changed => "",
        Moved::NoCases => ", no cases",
        Moved::Failed => ", not computed",
        Moved::Unmeasured => ", no longer measured",
    };
    let met = if action.is_met { "; the target is met now" } else { "" };
    let ActionSeen { what, owner, due_on, .. } = action;
    format!("{what} ({owner}, by {due_on}, {state}): {} {}{moved}{met}", action.about("en"), action.values("en"))
}

fn one_language(words: &Words) -> String {
    if words.en == words.zh_cn { words.en.clone() } else { format!("{} · {}", words.zh_cn, words.en) }
}

fn rows(section: &Section, review: &Review) -> String {
    let head = ["", "", "now", "target", &review.before.name, "change", "cases"].map(str::to_owned).to_vec();
    let rows: Vec<_> = std::iter::once(head).chain(section.figures.iter().map(row)).collect();
    table(&ALIGN, &rows)
}

fn row(figure: &Figure) -> Vec<String> {
    let shown = |value: Option<_>| value.map_or_else(|| "–".to_owned(), |value| figure.unit.shown(value, "en"));
    let mark = match figure.verdict {
        Verdict::Missed => "missed",
        Verdict::Met => "met",
        Verdict::Failed => "FAILED",
        Verdict::NoTarget | Verdict::NoCases => "",
    };
    let few = if figure.is_small && figure.failed.is_none() { " (few)" } else { "" };
    let of = figure.of.as_ref().map_or_else(String::new, |part| format!(", {}", part.shown("en")));
    vec![
        mark.to_owned(),
        format!("{}{of}", figure.title.en),
        shown(figure.now.value),
        figure.target.as_ref().map_or_else(String::new, |target| target.said.clone()),
        shown(figure.before.value),
        figure.change.map_or_else(String::new, |change| figure.unit.shown_change(change, "en")),
        format!("{}{few}", count(figure.now.cases)),
    ]
}

/// What is behind a figure: why it failed, what weighs most, its parts.
fn behind(figure: &Figure, review: &Review) -> String {
    let mut text = String::new();
    if let Some(why) = &figure.failed {
        text.push_str(&hang("! ", &format!("{}: {why}", figure.title.en), 2, 2));
    }
    if !figure.contributors.is_empty() {
        let parts: Vec<_> = figure.contributors.iter().map(|part| contributor(figure, part)).collect();
        text.push_str(&hang("! ", &format!("{}: most of it {}", figure.title.en, parts.join("; ")), 2, 2));
    }
    if let Some(per) = figure.per.as_ref().filter(|_| !figure.parts.is_empty()) {
        let _ = writeln!(text, "\n  {} by {per}", figure.title.en);
        let head = ["", "now", &review.before.name, "cases"].map(str::to_owned).to_vec();
        let parts = figure.parts.iter().take(SHOWN).map(|part| {
            let shown = |value: Option<_>| value.map_or_else(|| "–".to_owned(), |value| figure.unit.shown(value, "en"));
            let few = if part.is_small { " (few)" } else { "" };
            vec![
                part.shown("en").to_owned(),
                shown(part.now.value),
                shown(part.before.value),
                format!("{}{few}", count(part.now.cases)),
            ]
        });
        let rows: Vec<_> = std::iter::once(head).chain(parts).collect();
        text.push_str(&table(&[Align::Left, Align::Right, Align::Right, Align::Left], &rows));
        if figure.parts.len() > SHOWN {
            let _ = writeln!(text, "  … and {} more: --json lists all", figure.parts.len() - SHOWN);
        }
    }
    text
}

fn contributor(figure: &Figure, part: &Part) -> String {
    let value = part.now.value.map_or_else(|| "–".to_owned(), |value| figure.unit.shown(value, "en"));
    let few = if part.is_small { ", few" } else { "" };
    format!("{} {} {value} ({} cases{few})", part.part.by, part.shown("en"), count(part.now.cases))
}
