//! A line that stands in a job file and not in a file of its own: the question of a survey. It may name the offer and the
//! occasion, nothing of the customer: whoever has the link sees it.

use minijinja::Value;
use serde_json::Value as Json;

use super::compiled::value_of;
use super::environment::{Capped, FILTERS, environment};
use super::{Known, TemplateProblem, check, scan};

/// Longest line, bytes.
const MAX_LINE: usize = 2 * 1024;
/// What a line may name.
const ROOTS: [&str; 2] = ["offer", "occasion"];

/// Everything that is wrong with a line.
#[must_use]
pub fn check_line(source: &str, known: &Known) -> Vec<TemplateProblem> {
    let tags = scan::tags(source);
    let mut found = check::of_line(source, &tags, known);
    for scan::Refused { range, message, help } in scan::refused(source, &tags, FILTERS) {
        found.push(TemplateProblem { path: String::new(), range: Some(range), line: None, message, help });
    }
    let words = tags.iter().flat_map(|tag| &tag.tokens).filter(|(token, _)| *token == scan::Token::Word);
    let dotted =
        words.map(|(_, range)| range).filter_map(|range| Some((range, source[range.clone()].split_once('.')?.0)));
    for (range, root) in dotted.filter(|(_, root)| !ROOTS.contains(root)) {
        let (message, help) = (format!("a question cannot name `{root}`"), "offer.… and occasion.… can stand in it");
        let (range, help) = (Some(range.clone()), Some(help.to_owned()));
        found.push(TemplateProblem { path: String::new(), range, line: None, message, help });
    }
    found
}

/// The line of a message with that data (`tend.outbox.data`); a line that fails, which its check should have found, as it is
/// written.
#[must_use]
pub fn render_line(source: &str, data: &Json) -> String {
    if !source.contains('{') {
        return source.to_owned();
    }
    let values = ROOTS.map(|root| (root, data.get(root).map_or(Value::UNDEFINED, value_of)));
    let mut out = Capped::new(MAX_LINE);
    let mut env = environment();
    let rendered = env
        .add_template("line", source)
        .and_then(|()| env.get_template("line")?.render_captured_to(Value::from_pairs(values), &mut out).map(drop));
    match rendered {
        Ok(()) => out.into_string(),
        Err(_) => source.to_owned(),
    }
}
