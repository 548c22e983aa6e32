//! Segments: conditions with a name, `jobs/segments/NAME.toml`, used by jobs and other segments as
//! `{ segment = "NAME" }`.
//!
//! Promises: a segment means the same wherever it is used (its window is its own, not the job's); segments do not name
//! each other in a circle; what is wrong with one is said in its own file. A segment is read where it is used, so a
//! job's spec needs nothing but the texts that are stored with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::Filter;
use super::scope::Scope;
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Cuts, Ladders, Segments};
use crate::jobfile::problem::{Problem, Problems};
use crate::jobfile::reader::{Reader, did_you_mean, read_text};

/// Segments within segments beyond this nobody can follow.
const DEEPEST: usize = 5;
/// Segments one job can use, counting each use.
const MOST: usize = 200;

/// A segment as its file says.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its name: the file's stem.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// What facts look back over where a condition names no window of its own.
    pub window: Option<Span>,
    /// Who is in it.
    pub when: Filter,
}

/// Reads the segment of that name; none when there is none.
///
/// # Errors
/// Everything that is wrong with its file.
pub fn read(name: &str, segments: &Segments, ladders: &Ladders) -> Option<Result<Segment, Problems>> {
    open(name, &Scope { window: None, ladders, segments, cuts: &Cuts::default(), inside: &[], ticket: false })
}

/// Reads a segment out of its file; `check` and `timezone` are read by whoever runs its checks. None: what is wrong
/// with it was noted.
pub fn in_file(
    file: &mut Reader<'_>,
    name: &str,
    segments: &Segments,
    ladders: &Ladders,
    cuts: &Cuts,
) -> Option<Segment> {
    of_file(file, name, Scope { window: None, ladders, segments, cuts, inside: &[name], ticket: false })
}

fn open(name: &str, around: &Scope<'_>) -> Option<Result<Segment, Problems>> {
    let source = around.segments.open(name)?;
    let inside: Vec<&str> = around.inside.iter().copied().chain([name]).collect();
    let scope = Scope { inside: &inside, ticket: false, ..*around };
    let (segment, problems) = read_text(&source.file, &source.text, |file| of_file(file, name, scope));
    Some(match segment {
        Some(segment) if problems.is_empty() => Ok(segment),
        _ => Err(problems),
    })
}

fn of_file(file: &mut Reader<'_>, name: &str, around: Scope<'_>) -> Option<Segment> {
    let title = file.required_string("title", "\"Customers we may lose\"");
    let description = file.string("description");
    let window = file.duration("window");
    if window.is_some_and(|window| window.as_seconds() == 0) {
        let help = "for example: window = \"365d\"".to_owned();
        file.problem("window", "a window of no length holds no orders", Some(help));
    }
    file.leave(&["check", "timezone"]);
    if !file.has("when") {
        file.missing("when", "{ field = \"spend\", within = \"365d\", at_least = 1000 }");
    }
    let scope = Scope { window, ticket: false, ..around };
    let when = super::read::read(file, "when", &scope);
    Some(Segment { name: name.to_owned(), title: title?, description, window, when: when? })
}

/// `{ segment = "at-risk" }`
pub(super) fn on_segment(reader: &mut Reader<'_>, scope: &Scope<'_>) -> Option<Filter> {
    let name = reader.required_string("segment", "\"at-risk\"")?;
    let refuse = |message: String, help: &str| {
        reader.problem("segment", message, Some(help.to_owned()));
        None
    };
    if scope.inside.contains(&name.as_str()) {
        let circle = scope.inside.join(" → ");
        return refuse(format!("segments name each other in a circle: {circle} → {name}"), "take one of them out");
    }
    if scope.inside.len() >= DEEPEST {
        return refuse(format!("segments stand in segments more than {DEEPEST} deep"), "write the inner one out");
    }
    if scope.segments.opened() >= MOST {
        return refuse(format!("more than {MOST} segments are used here"), "join some of them in one segment");
    }
    match open(&name, scope) {
        Some(Ok(segment)) => Some(Filter::Segment { name, inner: Box::new(segment.when) }),
        Some(Err(problems)) => {
            let file = problems.iter().next().map_or_else(String::new, |problem| problem.file.to_string());
            refuse(format!("the segment {name:?} is wrong itself"), &format!("first put {file} right"))
        }
        None => {
            let known = scope.segments.names();
            let help = if known.is_empty() {
                "a segment is a file such as jobs/segments/at-risk.toml".to_owned()
            } else {
                did_you_mean(&name, &known)
            };
            refuse(format!("there is no segment {name:?}"), &help)
        }
    }
}

/// Checks all segments, also those that nobody uses.
#[must_use]
pub fn check(segments: &Segments, ladders: &Ladders) -> Problems {
    let mut problems = Problems::default();
    let named: BTreeMap<&str, Vec<(String, Range<usize>)>> =
        segments.names().into_iter().filter_map(|name| Some((name, references(&segments.open(name)?.text)))).collect();
    let in_circles = circles(&named, segments, &mut problems);
    for name in segments.names() {
        // what leads into a circle cannot be read either, but there the circle was said already
        if in_circles.is_empty()
            && let Some(Err(wrong)) = read(name, segments, ladders)
        {
            problems.merge(wrong);
        }
        segments.forget();
    }
    problems
}

/// The names of those in a circle; each circle is said once, where its first segment goes on.
fn circles(
    named: &BTreeMap<&str, Vec<(String, Range<usize>)>>,
    segments: &Segments,
    problems: &mut Problems,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for start in named.keys() {
        let Some(circle) = circle_through(named, start) else { continue };
        if circle.iter().min().map(String::as_str) == Some(start)
            && let Some(source) = segments.open(start)
        {
            let next = circle.get(1).map_or(*start, String::as_str);
            let span = named[start].iter().find(|(name, _)| name == next).map(|(_, span)| span.clone());
            let message = format!("segments name each other in a circle: {} → {start}", circle.join(" → "));
            let help = Some("take one of them out".to_owned());
            problems.add(Problem { file: source.file.clone(), span, message, help }, &source.text);
        }
        found.extend(circle);
    }
    found
}

/// The shortest way from a segment back to itself.
fn circle_through(named: &BTreeMap<&str, Vec<(String, Range<usize>)>>, start: &str) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut ways = std::collections::VecDeque::from([vec![start.to_owned()]]);
    while let Some(way) = ways.pop_front() {
        let last = way.last().and_then(|name| named.get(name.as_str()));
        for (next, _) in last.into_iter().flatten() {
            if next == start {
                return Some(way);
            }
            if seen.insert(next.clone()) {
                ways.push_back(way.iter().cloned().chain([next.clone()]).collect());
            }
        }
    }
    None
}

/// The segments that a file names, with the places.
fn references(text: &Arc<str>) -> Vec<(String, Range<usize>)> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut found = Vec::new();
    if let Some(when) = table.get_ref().get("when") {
        collect(when.get_ref(), &mut found);
    }
    found
}

fn collect(value: &DeValue<'_>, found: &mut Vec<(String, Range<usize>)>) {
    match value {
        DeValue::Array(elements) => elements.iter().for_each(|element| collect(element.get_ref(), found)),
        DeValue::Table(table) => {
            for (key, node) in table {
                match node.get_ref() {
                    DeValue::String(name) if key.get_ref() == "segment" => found.push((name.to_string(), node.span())),
                    other => collect(other, found),
                }
            }
        }
        _ => {}
    }
}
