//! Reads conditions on events.

use rust_decimal::Decimal;
use toml::de::DeValue;

use super::{ALL, Event, Happened, MEASURES, Measure, Restriction, Values, find, measure};
use crate::filter::Scope;
use crate::filter::leaf::{Leaf, Subject};
use crate::filter::operand::Scalar;
use crate::filter::operator::{self, Operator};
use crate::filter::read::{comparison, plain};
use crate::jobfile::duration::Span;
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::jobfile::value::{self, Found};

/// `{ event = "interaction", kind = "complaint", count = { at_least = 2 }, within = "60d" }`
pub(in crate::filter) fn on_event(reader: &mut Reader<'_>, scope: &Scope<'_>) -> Option<Leaf> {
    let name = reader.required_string("event", "\"interaction\"")?;
    let Some(event) = find(&name) else {
        let known: Vec<_> = ALL.iter().map(|event| event.name).collect();
        reader.problem("event", format!("there is no event {name:?}"), Some(did_you_mean(&name, &known)));
        return None;
    };
    let before = reader.problems();
    let only = restrictions(reader, event);
    unknown(reader, event);
    let measure = the_measure(reader, event)?;
    let (window, operator, operand) = match measure {
        Some(measure) if measure.key == "surge" => surge(reader)?,
        Some(measure) => {
            let mut table = reader.table(measure.key)?;
            let what = format!("`{}`", measure.key);
            let found = comparison(&mut table, measure.kind, &what, &["top"]);
            if found.is_none() {
                let keys = table.keys();
                table.leave(&keys);
            }
            table.finish();
            let window = window(reader, measure, scope);
            let (operator, operand) = found?;
            (window?, operator, operand)
        }
        None => {
            let one = vec![Scalar::Number(Decimal::ONE)];
            (window(reader, &MEASURES[0], scope)?, operator::find("at_least")?, one)
        }
    };
    let happened = Happened { event, only: only?, measure: measure.unwrap_or(&MEASURES[0]), window };
    (reader.problems() == before).then(|| plain(Subject::Event(Box::new(happened)), operator, operand))
}

/// `{ open_ticket = true }`: whether the customer has a ticket that is neither solved nor closed; `{ open_task = true }`:
/// whether somebody still has to do something about the customer.
pub(in crate::filter) fn on_open(reader: &mut Reader<'_>) -> Option<Leaf> {
    let (key, name) = if reader.has("open_task") { ("open_task", "task") } else { ("open_ticket", "ticket") };
    let wanted = reader.bool(key)?;
    let event = find(name)?;
    let open = event.restrictions.iter().find(|only| only.key == "open")?;
    let mut only = restrictions(reader, event)?;
    only.retain(|(which, _)| which.key != "open");
    only.push((open, vec!["true".to_owned()]));
    let happened = Happened { event, only, measure: measure("count")?, window: None };
    let operator = operator::find(if wanted { "at_least" } else { "is" })?;
    let number = if wanted { Decimal::ONE } else { Decimal::ZERO };
    Some(plain(Subject::Event(Box::new(happened)), operator, vec![Scalar::Number(number)]))
}

/// Which of the events count; none when something is wrong, which is noted.
fn restrictions(reader: &mut Reader<'_>, event: &'static Event) -> Option<Vec<(&'static Restriction, Vec<String>)>> {
    let mut only = Vec::new();
    let mut whole = true;
    for restriction in event.restrictions {
        if !reader.has(restriction.key) {
            continue;
        }
        match values(reader, restriction) {
            Some(values) => only.push((restriction, values)),
            None => whole = false,
        }
    }
    whole.then_some(only)
}

/// One word or a list of them.
fn values(reader: &mut Reader<'_>, restriction: &'static Restriction) -> Option<Vec<String>> {
    let key = restriction.key;
    if restriction.values == Values::Flag {
        return reader.bool(key).map(|flag| vec![flag.to_string()]);
    }
    if let Values::Range(least, most) = restriction.values {
        return range(reader, restriction, least, most);
    }
    let node = reader.value(key)?;
    let words = match node.get_ref() {
        DeValue::String(word) => vec![word.to_string()],
        DeValue::Array(_) => reader.strings(key)?,
        other => {
            let message = format!("`{key}` must be a text or a list of texts, but it is {}", Found(other));
            reader.note(node.span(), message, Some(format!("{key}: {}", restriction.doc)));
            return None;
        }
    };
    if words.is_empty() || words.iter().any(String::is_empty) {
        let message = format!("`{key}` names nothing");
        reader.problem(key, message, Some(format!("{key}: {}", restriction.doc)));
        return None;
    }
    if let Values::Words(known) = restriction.values
        && let Some(word) = words.iter().find(|word| !known.contains(&word.as_str()))
    {
        reader.problem(key, format!("`{key}` cannot be {word:?}"), Some(did_you_mean(word, known)));
        return None;
    }
    Some(words)
}

/// `{ at_most = 2 }`: all numbers it means, since there are few.
fn range(reader: &mut Reader<'_>, restriction: &Restriction, least: i64, most: i64) -> Option<Vec<String>> {
    let mut table = reader.table(restriction.key)?;
    let message = format!("`{}` says no number", restriction.key);
    let found = table.between(least..=most, &message, restriction.doc.to_owned());
    table.finish();
    found.map(|numbers| numbers.map(|number| number.to_string()).collect())
}

/// Reports keys that mean nothing here.
fn unknown(reader: &mut Reader<'_>, event: &Event) {
    let mut known: Vec<&str> = vec!["within"];
    known.extend(event.restrictions.iter().map(|restriction| restriction.key));
    known.extend(MEASURES.iter().map(|measure| measure.key));
    for key in reader.keys().into_iter().filter(|key| *key != "event" && !known.contains(key)) {
        let help = if operator::find(key).is_some() {
            format!("say of what: count = {{ {key} = … }}, last = {{ {key} = … }}")
        } else {
            did_you_mean(key, &known)
        };
        let message = format!("unknown key `{key}` in a condition on {}", event.plural);
        reader.problem_with_key(key, message, Some(help));
        reader.pass(key);
    }
}

/// The one measure of a condition, if it names one.
fn the_measure(reader: &mut Reader<'_>, event: &Event) -> Option<Option<&'static Measure>> {
    let named: Vec<&'static Measure> = MEASURES.iter().filter(|measure| reader.has(measure.key)).collect();
    match named.as_slice() {
        [] => Some(None),
        [measure] if measure.needs_amount() && event.amount.is_none() => {
            let message = format!("`{}` does not work with {}, which have no amount", measure.key, event.plural);
            reader.problem_with_key(measure.key, message, Some("count, first, last and surge do".into()));
            None
        }
        [measure] => Some(Some(measure)),
        [first, second, ..] => {
            let message = format!("`{}` and `{}` cannot stand in one condition", first.key, second.key);
            reader.problem_with_key(second.key, message, Some("write two: { all = [{ … }, { … }] }".into()));
            None
        }
    }
}

/// How far a condition looks back: its own `within`, `"ever"`, or the file's window; first and last look back without
/// end unless they say otherwise.
fn window(reader: &mut Reader<'_>, measure: &Measure, scope: &Scope<'_>) -> Option<Option<Span>> {
    let Some(node) = reader.value("within") else {
        if measure.is_instant() {
            return Some(None);
        }
        if scope.window.is_none() {
            let help = "add within = \"90d\", or within = \"ever\"".to_owned();
            reader.problem("event", "this needs the window it looks back over", Some(help));
        }
        return scope.window.map(Some);
    };
    if node.get_ref().as_str() == Some("ever") {
        return Some(None);
    }
    let span = reader.duration("within")?;
    not_empty(reader, "within", span).map(Some)
}

fn not_empty(reader: &Reader<'_>, key: &str, span: Span) -> Option<Span> {
    if span.as_seconds() == 0 {
        let help = format!("for example: {key} = \"90d\"");
        reader.problem(key, "nothing happens in a window of no length", Some(help));
        return None;
    }
    Some(span)
}

/// `surge = { window = "60d", factor = "200%", min = 3 }`
fn surge(reader: &mut Reader<'_>) -> Option<(Option<Span>, &'static Operator, Vec<Scalar>)> {
    if reader.has("within") {
        let help = "the window stands in the surge: surge = { window = \"60d\", … }".to_owned();
        reader.problem_with_key("within", "`within` and `surge` cannot stand in one condition", Some(help));
        reader.leave(&["within"]);
    }
    let mut table = reader.table("surge")?;
    table.required("window", "\"60d\"");
    table.required("factor", "\"200%\"");
    table.required("min", "3");
    let window = table.duration("window").and_then(|window| not_empty(&table, "window", window));
    let factor = factor(&mut table);
    let min = table.integer("min", 1..=1_000_000);
    table.finish();
    let operand = vec![Scalar::Number(factor?), Scalar::Number(min?.into())];
    Some((Some(window?), operator::find("surge")?, operand))
}

/// "200%": twice as many; a surge is more than before, so 100 % at least.
fn factor(table: &mut Reader<'_>) -> Option<Decimal> {
    let node = table.value("factor")?;
    let percent = node.get_ref().as_str().and_then(|text| text.strip_suffix(['%', '％']));
    let number = percent.and_then(|number| value::decimal(&DeValue::String(number.trim_end().into())));
    match number {
        Some(number) if number >= Decimal::ONE_HUNDRED && number <= Decimal::from(100_000) => {
            Some(number / Decimal::ONE_HUNDRED)
        }
        _ => {
            let message =
                format!("`factor` must be a percentage from \"100%\" on, but it is {}", Found(node.get_ref()));
            table.note(node.span(), message, Some("twice as many as before: factor = \"200%\"".into()));
            None
        }
    }
}
