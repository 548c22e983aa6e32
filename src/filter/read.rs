//! Reads conditions from job files.

use super::facts::Universe;
use super::field::{self, Kind};
use super::leaf::{Leaf, Subject};
use super::operand::Scalar;
use super::operator::{self, Operator};
use super::scope::Scope;
use super::{Filter, event, field::Field, segment, standing, ticket};
use crate::jobfile::duration::Span;
use crate::jobfile::reader::{Node, Reader, did_you_mean};
use crate::spelling::nearest;

/// Makes a group of its conditions.
type Group = fn(Vec<Filter>) -> Filter;

const GROUPS: [(&str, Group); 4] =
    [("all", Filter::All), ("any", Filter::Any), ("none", Filter::None), ("one_of", Filter::One)];
const SUBJECTS: [&str; 12] = [
    "field",
    "tag",
    "attribute",
    "ladder",
    "segment",
    "event",
    "open_ticket",
    "open_task",
    "reachable",
    "consented",
    "bucket",
    ticket::KEY,
];
/// Deeper than this nobody understands a condition.
const DEEPEST: usize = 12;

/// Reads the condition at `key`; none when it is not there or wrong (which is noted).
pub fn read(reader: &mut Reader<'_>, key: &str, scope: &Scope<'_>) -> Option<Filter> {
    let table = reader.table(key)?;
    read_table(table, scope)
}

/// Reads a table as a condition.
pub fn read_table(reader: Reader<'_>, scope: &Scope<'_>) -> Option<Filter> {
    condition(reader, scope, 0)
}

fn condition(mut reader: Reader<'_>, scope: &Scope<'_>, depth: usize) -> Option<Filter> {
    let keys = reader.keys();
    let subjects: Vec<&str> = keys.iter().copied().filter(|key| SUBJECTS.contains(key)).collect();
    let groups = keys.iter().any(|key| GROUPS.iter().any(|(name, _)| name == key));
    if depth > DEEPEST {
        reader.leave(&keys);
        reader.problem_here(
            format!("conditions are nested more than {DEEPEST} deep"),
            Some("put some of them side by side".into()),
        );
        return None;
    }
    match (subjects.as_slice(), groups) {
        ([], true) => group(reader, scope, depth),
        (["segment"], false) => {
            let mut reader = reader;
            let segment = segment::on_segment(&mut reader, scope);
            reader.finish();
            segment
        }
        ([subject], false) => leaf(reader, subject, scope).map(Filter::Leaf),
        ([], false) => {
            reader.leave(&keys);
            no_condition(&reader, &keys, scope);
            None
        }
        ([first, rest @ ..], _) => {
            reader.leave(&keys);
            let other = rest.first().copied().unwrap_or("a group");
            let message = format!("`{first}` and {other} cannot stand in one condition");
            reader.problem_here(message, Some("write two: { all = [{ … }, { … }] }".into()));
            None
        }
    }
}

/// Says what a table lacks to be a condition.
fn no_condition(reader: &Reader<'_>, keys: &[&str], scope: &Scope<'_>) {
    let subjects = SUBJECTS.into_iter().filter(|subject| scope.ticket || *subject != ticket::KEY);
    let known: Vec<&str> = subjects.chain(GROUPS.map(|(name, _)| name)).collect();
    let meant = keys.iter().find_map(|key| nearest(key, known.iter().copied()).map(|near| (key, near)));
    if let Some((key, near)) = meant {
        let help = format!("did you mean `{near}`? a condition needs one of: {}", known.join(", "));
        return reader.problem_with_key(key, format!("unknown key `{key}` in a condition"), Some(help));
    }
    let message = if keys.is_empty() {
        "the condition is empty".to_owned()
    } else {
        format!("a condition needs one of: {}", known.join(", "))
    };
    reader.problem_here(message, Some("for example: { field = \"country\", is = \"CN\" } or { any = [ … ] }".into()));
}

/// `all`, `any`, `none` and `one_of`; several of them in one table must all hold.
fn group(mut reader: Reader<'_>, scope: &Scope<'_>, depth: usize) -> Option<Filter> {
    let mut parts = Vec::new();
    let mut whole = true;
    for (name, make) in GROUPS {
        if !reader.has(name) {
            continue;
        }
        let list = reader.list(name, "[{ field = \"country\", is = \"CN\" }]");
        if list.is_some_and(|list| list.is_empty()) {
            let help = "leave it out, or put a condition in".to_owned();
            reader.problem(name, format!("`{name}` is an empty list"), Some(help));
        }
        let mut inner = Vec::new();
        for (at, node) in list.into_iter().flat_map(|list| list.iter()).enumerate() {
            match reader.of(node, &format!("{}[{}]", below(&reader, name), at + 1)) {
                Some(table) => inner.extend(condition(table, scope, depth + 1)),
                None => whole = false,
            }
        }
        let wanted = list.map_or(0, |list| list.len());
        whole &= wanted > 0 && inner.len() == wanted;
        parts.push(make(inner));
    }
    reader.finish();
    if !whole {
        return None;
    }
    if parts.len() == 1 { parts.pop() } else { Some(Filter::All(parts)) }
}

fn below(reader: &Reader<'_>, name: &str) -> String {
    if reader.path().is_empty() { name.to_owned() } else { format!("{}.{name}", reader.path()) }
}

fn leaf(mut reader: Reader<'_>, subject: &str, scope: &Scope<'_>) -> Option<Leaf> {
    let leaf = match subject {
        "tag" => tag(&mut reader),
        "field" => on_field(&mut reader, scope),
        "attribute" => on_attribute(&mut reader),
        "event" => event::on_event(&mut reader, scope),
        "open_ticket" | "open_task" => event::on_open(&mut reader),
        "reachable" => standing::on_reachable(&mut reader),
        "consented" => standing::on_consented(&mut reader),
        "bucket" => standing::on_bucket(&mut reader),
        ticket::KEY => ticket::on_ticket(&mut reader, scope),
        _ => on_ladder(&mut reader, scope),
    };
    if leaf.is_some() {
        reader.finish();
    } else {
        // what is wrong was said: unknown keys beside it would be guesses
        let keys = reader.keys();
        reader.leave(&keys);
    }
    leaf
}

/// `{ tag = "vip" }`: short for `{ field = "tags", has = "vip" }`.
fn tag(reader: &mut Reader<'_>) -> Option<Leaf> {
    let word = reader.required_string("tag", "\"vip\"")?;
    let subject = Subject::Field { field: field::find("tags")?, window: None };
    Some(plain(subject, operator::find("has")?, vec![Scalar::Text(word)]))
}

pub(super) fn plain(subject: Subject, operator: &'static Operator, operand: Vec<Scalar>) -> Leaf {
    Leaf { subject, operator, operand, universe: Universe::Buyers, cut: None, levels: Vec::new() }
}

fn on_field(reader: &mut Reader<'_>, scope: &Scope<'_>) -> Option<Leaf> {
    let name = reader.required_string("field", "\"country\"")?;
    let Some(field) = field::find(&name) else {
        let known: Vec<_> = field::ALL.iter().map(|field| field.name).collect();
        let mut help = did_you_mean(&name, &known);
        if !help.starts_with("did") {
            help.push_str("; the company's own values: { attribute = \"…\", … }");
        }
        reader.problem("field", format!("there is no field {name:?}"), Some(help));
        return None;
    };
    if field.kind == Kind::Tags && reader.has("size") {
        return size(reader, Subject::Field { field, window: None });
    }
    let mut besides = vec!["field"];
    if field.is_windowed() {
        besides.push("within");
    }
    let ranks = field.is_windowed() && reader.has("top");
    if ranks {
        besides.push("of");
    }
    let found = comparison(reader, field.kind, &format!("`{name}`"), &besides);
    let window = if field.is_windowed() { Some(window(reader, field, scope)) } else { None };
    let universe = ranks.then(|| reader.choice("of", &[("buyers", Universe::Buyers), ("all", Universe::All)]));
    let (operator, operand) = found?;
    let window = match window {
        Some(window) => Some(window?),
        None => None,
    };
    let subject = Subject::Field { field, window };
    let universe = universe.flatten().unwrap_or_default();
    let leaf = Leaf { universe, ..plain(subject, operator, operand) };
    Some(Leaf { cut: leaf.share().and_then(|share| scope.cuts.at(&leaf.figure(scope.window), &share)), ..leaf })
}

/// The window of a fact: its own `within`, or the file's.
fn window(reader: &mut Reader<'_>, field: &Field, scope: &Scope<'_>) -> Option<Span> {
    if !reader.has("within") {
        if scope.window.is_none() {
            let message = format!("`{}` needs the window it looks back over", field.name);
            reader.problem("field", message, Some("add within = \"365d\"".into()));
        }
        return scope.window;
    }
    let span = reader.duration("within")?;
    if span.as_seconds() == 0 {
        reader.problem(
            "within",
            "a window of no length holds no orders",
            Some("for example: within = \"365d\"".into()),
        );
        return None;
    }
    Some(span)
}

fn on_attribute(reader: &mut Reader<'_>) -> Option<Leaf> {
    let path = reader.required_string("attribute", "\"loyalty.points\"")?;
    let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
    if steps.iter().any(|step| step.trim().is_empty()) {
        let help = "names joined by points: \"loyalty.points\"".to_owned();
        reader.problem("attribute", format!("{path:?} is not a path below the customer's attributes"), Some(help));
        return None;
    }
    if reader.has("size") {
        return size(reader, Subject::Attribute(steps));
    }
    let (operator, operand) = comparison(reader, Kind::Attribute, "an attribute", &["attribute"])?;
    Some(plain(Subject::Attribute(steps), operator, operand))
}

/// `{ field = "tags", size = { at_least = 2 } }`
fn size(reader: &mut Reader<'_>, list: Subject) -> Option<Leaf> {
    let mut table = reader.table("size")?;
    let found = comparison(&mut table, Kind::Count, "`size`", &["top"]);
    if found.is_none() {
        let keys = table.keys();
        table.leave(&keys);
    }
    table.finish();
    let (operator, operand) = found?;
    Some(plain(Subject::Size(Box::new(list)), operator, operand))
}

fn on_ladder(reader: &mut Reader<'_>, scope: &Scope<'_>) -> Option<Leaf> {
    let name = reader.required_string("ladder", "\"value-tiers\"")?;
    let Some(order) = scope.ladders.levels(&name) else {
        let known = scope.ladders.names();
        reader.problem("ladder", format!("there is no ladder {name:?}"), Some(did_you_mean(&name, &known)));
        return None;
    };
    let (held, within) = (reader.duration("for"), reader.duration("within"));
    let (operator, operand) = comparison(reader, Kind::Level, "a ladder", &["ladder", "for", "within"])?;
    fits_moves(reader, operator)?;
    let levels = match operator.levels {
        Some(rule) => {
            let named = named_levels(reader, operator, &operand, order)?;
            order.iter().enumerate().filter(|(at, _)| rule(*at, &named)).map(|(_, level)| level.clone()).collect()
        }
        None => Vec::new(),
    };
    if operator.levels.is_some() && levels.is_empty() {
        let help = format!("from the top: {}", order.join(", "));
        reader.problem(operator.name, "no level of the ladder satisfies this", Some(help));
        return None;
    }
    Some(Leaf { levels, ..plain(Subject::Ladder { name, held, within }, operator, operand) })
}

/// `for` belongs to a level that is held, `within` to a move to or from a level.
fn fits_moves(reader: &Reader<'_>, operator: &Operator) -> Option<()> {
    let name = operator.name;
    let is_move_of_level = operator.moves.is_some() && operator.levels.is_some();
    if operator.moves.is_some() && reader.has("for") {
        let help = "`for` asks how long a level is held: is = \"gold\", for = \"90d\"".to_owned();
        reader.problem_with_key("for", format!("`for` and `{name}` cannot stand in one condition"), Some(help));
    } else if is_move_of_level && !reader.has("within") {
        reader.problem(
            name,
            format!("`{name}` needs the time it looks back over"),
            Some("add within = \"30d\"".into()),
        );
    } else if !is_move_of_level && reader.has("within") {
        let help = "`within` goes with `entered` and `left`; rose = \"30d\" has its own; a level is held `for` a time";
        reader.problem_with_key("within", format!("`within` does not work with `{name}`"), Some(help.into()));
    } else {
        return Some(());
    }
    None
}

/// The places of the named levels on the ladder.
fn named_levels(reader: &Reader<'_>, operator: &Operator, operand: &[Scalar], order: &[String]) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    for scalar in operand {
        let Scalar::Text(level) = scalar else { continue };
        match order.iter().position(|known| known == level) {
            Some(at) => places.push(at),
            None => {
                let known: Vec<_> = order.iter().map(String::as_str).collect();
                let message = format!("the ladder has no level {level:?}");
                reader.problem(operator.name, message, Some(did_you_mean(level, &known)));
            }
        }
    }
    (places.len() == operand.len()).then_some(places)
}

/// The one operator of a condition and what it compares with.
pub(super) fn comparison(
    reader: &mut Reader<'_>,
    kind: Kind,
    what: &str,
    besides: &[&str],
) -> Option<(&'static Operator, Vec<Scalar>)> {
    let keys: Vec<_> = reader.keys().into_iter().filter(|key| !besides.contains(key)).collect();
    let fitting: Vec<_> =
        operator::for_kind(kind).map(|operator| operator.name).filter(|name| !besides.contains(name)).collect();
    let mut known = Vec::new();
    for key in keys {
        match operator::find(key) {
            Some(operator) if fitting.contains(&key) => known.push(operator),
            Some(_) => {
                let message = format!("`{key}` does not work with {what}");
                reader.problem_with_key(key, message, Some(format!("{what} takes: {}", fitting.join(", "))));
            }
            None => {
                let mut words = fitting.clone();
                words.extend(besides);
                reader.problem_with_key(key, format!("unknown operator `{key}`"), Some(did_you_mean(key, &words)));
            }
        }
    }
    match known.as_slice() {
        [operator] => {
            let node: &Node<'_> = reader.value(operator.name)?;
            operator.shape(kind)?.read(reader, operator.name, node).map(|operand| (*operator, operand))
        }
        [] => {
            let help = format!("add one of: {}", fitting.join(", "));
            if reader.keys().iter().all(|key| besides.contains(key)) {
                reader.problem_here(format!("nothing is said about {what}"), Some(help));
            }
            None
        }
        [first, second, ..] => {
            let message = format!("`{}` and `{}` cannot stand in one condition", first.name, second.name);
            reader.problem_with_key(second.name, message, Some("write two: { all = [{ … }, { … }] }".into()));
            None
        }
    }
}
