//! Reads `[[report.target]]`: what a figure shall be.

use rust_decimal::Decimal;

use super::catalogue::{Better, Entry, Unit, find};
use super::judge::{Aim, Bound};
use super::review::PartName;
use crate::jobfile::reader::{Reader, did_you_mean};

const LEAST: &str = "at_least";
const MOST: &str = "at_most";
const CHANGE: &str = "than_baseline";

/// Reads one. `chosen` are the figures of the file's sections.
pub(super) fn read(mut own: Reader<'_>, chosen: &[&'static Entry], has_baseline: bool) -> Option<Aim> {
    let before = own.problems();
    let figure = own.required_string("figure", "\"csat\"");
    let entry = figure.as_deref().and_then(|figure| named(&own, figure, chosen));
    let of = part(&mut own, entry);
    let weight = own.decimal("weight").unwrap_or(Decimal::ONE);
    if weight <= Decimal::ZERO {
        own.problem("weight", "a weight is more than 0", Some("for example: weight = 2".into()));
    }
    let bound = entry.and_then(|entry| bound(&mut own, entry));
    if bound.is_none() {
        own.leave(&[LEAST, MOST, CHANGE]);
    }
    if let Some((Bound::Change(_), _)) = bound
        && !has_baseline
    {
        let help =
            "say which days in [report]: baseline = { from = \"2025-01-01\", until = \"2025-12-31\" }".to_owned();
        own.problem_with_key(CHANGE, "there is no baseline to compare with", Some(help));
    }
    let same = own.problems() == before;
    own.finish();
    let (bound, said) = bound?;
    same.then_some(Aim { figure: entry?.name.to_owned(), of, bound, said, weight })
}

fn named(own: &Reader<'_>, figure: &str, chosen: &[&'static Entry]) -> Option<&'static Entry> {
    let found = chosen.iter().find(|entry| entry.name == figure).copied();
    if found.is_none() {
        let known: Vec<&str> = chosen.iter().map(|entry| entry.name).collect();
        let (message, help) = match find(figure) {
            Some(_) => (format!("no section shows {figure:?}"), "name it in the `figures` of a section".to_owned()),
            None => (format!("there is no figure {figure:?}"), did_you_mean(figure, &known)),
        };
        own.problem("figure", message, Some(help));
    }
    found
}

/// `part`, and by what.
fn part(own: &mut Reader<'_>, entry: Option<&'static Entry>) -> Option<PartName> {
    let (name, by) = (own.string("part"), own.string("by"));
    if name.is_none() && own.has("by") {
        own.problem_with_key("by", "`by` without `part` has no effect", Some("name the part: part = \"high\"".into()));
    }
    let by = by.unwrap_or_else(|| "tier".to_owned());
    let (name, entry) = (name?, entry?);
    if !entry.by.contains(&by.as_str()) {
        let key = if own.has("by") { "by" } else { "part" };
        let message = format!("`{}` cannot be parted by {by}", entry.name);
        own.problem(key, message, Some(format!("it can by: {}", entry.by.join(", "))));
        return None;
    }
    Some(PartName { by, name })
}

/// One of the three, and as it is said.
fn bound(own: &mut Reader<'_>, entry: &'static Entry) -> Option<(Bound, String)> {
    let keys: Vec<&str> = [LEAST, MOST, CHANGE].into_iter().filter(|key| own.has(key)).collect();
    let [key] = keys[..] else {
        own.leave(&[LEAST, MOST, CHANGE]);
        let help = format!(
            "for example: {} = {}",
            if entry.better == Better::Less { MOST } else { LEAST },
            example(entry.unit)
        );
        own.problem_here("a target says one of `at_least`, `at_most` and `than_baseline`", Some(help));
        return None;
    };
    if key == CHANGE {
        let text = own.string(CHANGE)?;
        let Some(change) = change(&text) else {
            let help = "a change has its sign: than_baseline = \"-50%\", or \"+45%\"".to_owned();
            own.problem(CHANGE, format!("{text:?} is no change in percent"), Some(help));
            return None;
        };
        return Some((Bound::Change(change), format!("{} {text}", if change.is_sign_negative() { "≤" } else { "≥" })));
    }
    let (value, said) = value(own, key, entry.unit)?;
    Some(if key == LEAST {
        (Bound::AtLeast(value), format!("≥ {said}"))
    } else {
        (Bound::AtMost(value), format!("≤ {said}"))
    })
}

/// A value in the unit of a figure, and as it is said.
fn value(own: &mut Reader<'_>, key: &str, unit: Unit) -> Option<(Decimal, String)> {
    match unit {
        Unit::Share => {
            own.percent(key).map(|share| (share, format!("{}%", (share * Decimal::ONE_HUNDRED).normalize())))
        }
        Unit::Seconds => own.duration(key).map(|span| (Decimal::from(span.as_seconds()), span.to_string())),
        Unit::Count | Unit::Money | Unit::Score | Unit::Points | Unit::Number => {
            own.decimal(key).map(|value| (value, crate::figures::decimal(value.normalize())))
        }
    }
}

fn example(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => "\"95%\"",
        Unit::Seconds => "\"4h\"",
        Unit::Count | Unit::Money | Unit::Number => "100",
        Unit::Score => "4.5",
        Unit::Points => "30",
    }
}

/// "-50%" as -0.5.
fn change(text: &str) -> Option<Decimal> {
    let (sign, rest) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (-Decimal::ONE, rest),
        None => (Decimal::ONE, text.strip_prefix('+')?),
    };
    let number = rest.strip_suffix(['%', '％'])?.trim();
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = Decimal::from_str_exact(number).ok().filter(|_| plain)?;
    // nothing falls by more than all of it
    (sign > Decimal::ZERO || number <= Decimal::ONE_HUNDRED).then(|| sign * number / Decimal::ONE_HUNDRED)
}
