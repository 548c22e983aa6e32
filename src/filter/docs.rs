//! The page about conditions, `docs/filters.md`, out of the same tables as everything else: `tend schema --markdown`.
//!
//! Each condition on the page, `{ … }` in a code span, is one the reader takes; a test reads them all.

use std::fmt::Write as _;

use super::event::{self, Event, Values};
use super::field::{self, Field, Kind};
use super::operand::{Arity, Item, Shape};
use super::operator::{self, Operator};

const HEAD: &str = include_str!("docs/head.md");
const TAIL: &str = include_str!("docs/tail.md");

/// The kinds of fields, in words, in the order of the page.
const KINDS: [(Kind, &str); 12] = [
    (Kind::Text, "texts"),
    (Kind::Number, "amounts"),
    (Kind::Count, "whole numbers"),
    (Kind::Score, "scores, 1 to 5"),
    (Kind::Share, "shares"),
    (Kind::Days, "numbers of days"),
    (Kind::Instant, "points in time"),
    (Kind::Birthday, "birthdays"),
    (Kind::Tags, "tags"),
    (Kind::Flag, "yes or no"),
    (Kind::Attribute, "the company's own values"),
    (Kind::Level, "levels of a ladder"),
];

/// The field that stands for its kind in examples, where the first one would look odd.
const FAMILIAR: [&str; 1] = ["country"];

/// The whole page.
#[must_use]
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Fields\n\n| field | holds | what it is |\n|---|---|---|\n");
    for field in field::ALL {
        let _ = writeln!(page, "| `{}` | {} | {} |", field.name, words(field.kind), cell(field.doc));
    }
    page.push_str("\n## Operators\n");
    for (kind, words) in KINDS {
        if operator::for_kind(kind).next().is_some() {
            operators(&mut page, kind, words);
        }
    }
    page.push_str("\n## Events\n\nWhat happened to a customer. A condition names the event, which of them count, and one measure with what it is compared with; without a measure it asks whether there was at least one.\n");
    for event in event::ALL {
        happened(&mut page, event);
    }
    page.push_str("\n### Measures\n\n| measure | what it is | example |\n|---|---|---|\n");
    for measure in event::MEASURES {
        let event = if measure.needs_amount() { "order" } else { "interaction" };
        let compared = match measure.kind {
            Kind::Surge => "{ window = \"60d\", factor = \"200%\", min = 3 }".to_owned(),
            Kind::Instant => "{ older_than = \"90d\" }".to_owned(),
            _ => "{ at_least = 2 }".to_owned(),
        };
        let within = if matches!(measure.kind, Kind::Surge | Kind::Instant) { "" } else { ", within = \"90d\"" };
        let example = format!("{{ event = \"{event}\", {} = {compared}{within} }}", measure.key);
        let _ = writeln!(page, "| `{}` | {} | `{example}` |", measure.key, cell(measure.doc));
    }
    page.push('\n');
    page.push_str(TAIL);
    page
}

fn words(kind: Kind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, words)| words)
}

/// A table's cell has no bars.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn operators(page: &mut String, kind: Kind, words: &str) {
    let _ = write!(page, "\n### On {words}\n\n| operator | what it means | example |\n|---|---|---|\n");
    let own = FAMILIAR.iter().filter_map(|name| field::find(name)).find(|field| field.kind == kind);
    let own = own.or_else(|| field::ALL.iter().find(|field| field.kind == kind));
    for operator in operator::for_kind(kind) {
        let Some(shape) = operator.shape(kind) else { continue };
        let example = example(kind, own, operator, shape);
        let _ = writeln!(page, "| `{}` | {} | `{}` |", operator.name, cell(operator.doc), cell(&example));
    }
    if matches!(kind, Kind::Tags | Kind::Attribute) {
        let subject = subject(kind, own);
        let _ = writeln!(
            page,
            "| `size` | How many elements the list has | `{{ {subject}, size = {{ at_least = 2 }} }}` |"
        );
    }
}

fn subject(kind: Kind, own: Option<&Field>) -> String {
    match (kind, own) {
        (Kind::Attribute, _) => "attribute = \"loyalty.points\"".to_owned(),
        (Kind::Level, _) => "ladder = \"value-tiers\"".to_owned(),
        (_, Some(field)) => format!("field = \"{}\"", field.name),
        (_, None) => String::new(),
    }
}

/// A condition with the operator.
fn example(kind: Kind, own: Option<&Field>, operator: &Operator, shape: Shape) -> String {
    // a rank is of a figure of a window, a set of the first one that is no window's where there is one
    let within = own.is_some_and(Field::is_windowed);
    let value = match shape.arity {
        Arity::One => one(shape.item).to_owned(),
        Arity::Many => format!("[{}]", one(shape.item)),
        Arity::Two => format!("[{}, {}]", one(shape.item), larger(shape.item)),
    };
    let moved = operator.moves.is_some() && operator.levels.is_some();
    let window = if within { ", within = \"365d\"" } else { "" };
    let span = if moved { ", within = \"30d\"" } else { "" };
    format!("{{ {}{window}, {} = {value}{span} }}", subject(kind, own), operator.name)
}

/// A value as it stands in a file.
fn one(item: Item) -> &'static str {
    match item {
        Item::Text => "\"CN\"",
        Item::Number => "100",
        Item::Whole => "2",
        Item::Percent => "\"20%\"",
        Item::Days | Item::SpanOfDays | Item::DaysOfYear | Item::Span => "\"30d\"",
        Item::Day => "\"today-7d\"",
        Item::Period => "\"last_month\"",
        Item::Pattern => "'[A-Z]{2}-\\d+'",
        Item::Any => "\"gold\"",
        Item::Flag => "true",
        Item::Level => "\"mid\"",
    }
}

/// One that is not below it.
fn larger(item: Item) -> &'static str {
    match item {
        Item::Number => "1000",
        Item::Whole => "5",
        Item::Percent => "\"60%\"",
        Item::Days => "\"90d\"",
        other => one(other),
    }
}

fn happened(page: &mut String, event: &Event) {
    let _ = write!(page, "\n### {}\n\n{}.\n\n| which | what it can be |\n|---|---|\n", event.name, event.doc);
    for restriction in event.restrictions {
        let values = match restriction.values {
            Values::Free => "a word or a list of words: ",
            Values::Words(_) => "one of, or a list of: ",
            Values::Flag | Values::Range(..) => "",
        };
        let known = match restriction.values {
            Values::Words(words) => words.join(", "),
            _ => restriction.doc.to_owned(),
        };
        let _ = writeln!(page, "| `{}` | {values}{} |", restriction.key, cell(&known));
    }
    let _ = write!(page, "\n`{{ event = \"{}\", count = {{ at_least = 2 }}, within = \"90d\" }}`\n", event.name);
}
