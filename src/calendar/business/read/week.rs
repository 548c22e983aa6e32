//! `[hours]`: the windows of the days of the week.

use std::ops::Range;

use chrono::Weekday;

use super::super::hours::{DAY, Hours, Week, overlap};
use super::keys::Keys;
use super::{Mistakes, Node, did_you_mean};

const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];

/// Reads the table; nothing is missing in what is wrong.
pub(super) fn read(table: Keys<'_>, mistakes: &mut Mistakes) -> Week {
    let before = mistakes.0.len();
    let mut places: [Option<Range<usize>>; 7] = Default::default();
    let mut week = Week::default();
    for (key, span, node) in table.entries() {
        let days = days(key, &span, mistakes);
        let hours = windows(node, key, mistakes);
        for day in days {
            let at = day.num_days_from_monday() as usize;
            if places[at].is_some() {
                let message = format!("{} has hours already", name(day));
                mistakes.note(Some(span.clone()), message, "name each day of the week once");
            }
            places[at] = Some(span.clone());
            week.0[at].clone_from(&hours);
        }
    }
    if mistakes.0.len() == before {
        over_midnight(&week, &places, mistakes);
        if week.0.iter().all(Vec::is_empty) {
            let help = "give at least one day a window: monday-friday = [\"09:00-18:00\"]";
            mistakes.note(
                table.entries().first().map(|(_, span, _)| span.clone()),
                "nobody works on any day".to_owned(),
                help,
            );
        }
    }
    week
}

/// Windows that reach into those of the next day.
fn over_midnight(week: &Week, places: &[Option<Range<usize>>; 7], mistakes: &mut Mistakes) {
    for (at, (_, day)) in DAYS.iter().enumerate() {
        let next = (at + 1) % 7;
        let (Some(last), Some(first)) = (week.0[at].last(), week.0[next].first()) else { continue };
        if last.to > DAY && last.to - DAY > first.from {
            let message = format!("\"{last}\" of {} reaches into \"{first}\" of {}", name(*day), DAYS[next].0);
            let help = "let one end before the other begins";
            mistakes.note(places[next].clone(), message, help);
        }
    }
}

/// `monday`, `monday-friday`, `saturday-monday`.
fn days(key: &str, span: &Range<usize>, mistakes: &mut Mistakes) -> Vec<Weekday> {
    let (from, to) = key.split_once('-').unwrap_or((key, key));
    let (Some(from), Some(to)) = (weekday(from), weekday(to)) else {
        let unknown = if weekday(from).is_some() { to } else { from };
        let known: Vec<&str> = DAYS.iter().map(|(name, _)| *name).collect();
        mistakes.note(
            Some(span.clone()),
            format!("there is no day {unknown:?} in the week"),
            did_you_mean(unknown, &known),
        );
        return Vec::new();
    };
    let count = to.days_since(from) as usize + 1;
    std::iter::successors(Some(from), |day| Some(day.succ())).take(count).collect()
}

/// A day of the week by its English name.
pub(super) fn weekday(text: &str) -> Option<Weekday> {
    DAYS.iter().find(|(name, _)| *name == text.trim()).map(|(_, day)| *day)
}

/// How files call it.
pub(super) fn name(day: Weekday) -> &'static str {
    DAYS[day.num_days_from_monday() as usize].0
}

/// A list of windows in order; what is wrong with each is noted.
pub(super) fn windows(node: &Node<'_>, key: &str, mistakes: &mut Mistakes) -> Vec<Hours> {
    let Some(list) = node.get_ref().as_array() else {
        let message = format!("`{key}` must be a list of windows");
        mistakes.note(Some(node.span()), message, format!("for example: {key} = [\"09:00-12:00\", \"13:30-18:00\"]"));
        return Vec::new();
    };
    let mut found: Vec<(Hours, Range<usize>)> = Vec::new();
    for element in list {
        let Some(text) = element.get_ref().as_str() else {
            mistakes.note(
                Some(element.span()),
                "a window is a text in quotes".to_owned(),
                "for example: \"09:00-18:00\"",
            );
            continue;
        };
        match Hours::parse(text) {
            Ok(hours) => found.push((hours, element.span())),
            Err((message, help)) => mistakes.note(Some(element.span()), message, help),
        }
    }
    found.sort_by_key(|(hours, _)| *hours);
    let hours: Vec<Hours> = found.iter().map(|(hours, _)| *hours).collect();
    if let Some((one, other)) = overlap(&hours) {
        let place = found.iter().rev().find(|(hours, _)| *hours == other).map(|(_, span)| span.clone());
        mistakes.note(place, format!("\"{one}\" and \"{other}\" overlap"), "let one end before the other begins");
    }
    hours
}
