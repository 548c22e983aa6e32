//! The customers of a check.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::super::reader::{Reader, did_you_mean};
use super::Around;
use super::row::{self, CUSTOMER, LONG_AGO, List, Row};

/// A customer of a check, with everything that belongs to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    /// Names the customer; `customer-1` when the check gives no name.
    pub id: String,
    /// The customer's row, then those of orders, interactions, …
    pub rows: Vec<Row>,
    /// Where the customer stood before, on this ladder and on others.
    pub standings: Vec<Standing>,
    /// How the customer moved on ladders.
    pub moves: Vec<Move>,
}

/// A move on a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// On which ladder.
    pub ladder: String,
    /// From which level.
    pub from: String,
    /// To which level.
    pub to: String,
    /// `rose` or `fell`.
    pub direction: &'static str,
    /// When.
    pub at: DateTime<Utc>,
}

/// A level the customer had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// On which ladder.
    pub ladder: String,
    /// Which level.
    pub level: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Reads a customer; `place` names those without an id.
pub(super) fn read(mut reader: Reader<'_>, around: Around<'_>, place: usize) -> Option<Customer> {
    let before = reader.problems();
    let zone = around.context.timezone;
    let id = reader.string("customer_id").unwrap_or_else(|| format!("customer-{place}"));
    let mut columns = row::read(&mut reader, CUSTOMER, zone);
    columns.extend(birthday(&mut reader));
    columns.insert("customer_id".to_owned(), json!(id));
    let mut rows = vec![Row { relation: "customer", columns }];
    for list in row::lists() {
        for (mut table, place) in reader.tables(list.key).into_iter().zip(1..) {
            rows.push(listed(&mut table, list, &id, place, zone));
            table.finish();
        }
    }
    let mut standings = standings(&mut reader, around);
    let moves: Vec<Move> = reader.tables("moves").into_iter().filter_map(|table| moved(table, around)).collect();
    for last in &moves {
        if !standings.iter().any(|standing| standing.ladder == last.ladder) {
            let to =
                moves.iter().filter(|other| other.ladder == last.ladder).max_by_key(|other| other.at).unwrap_or(last);
            standings.push(Standing { ladder: to.ladder.clone(), level: to.to.clone(), since: to.at });
        }
    }
    let whole = reader.problems() == before;
    reader.finish();
    whole.then_some(Customer { id, rows, standings, moves })
}

/// `{ ladder = "value-tiers", from = "normal", to = "mid", at = "2026-05-31" }`
fn moved(mut table: Reader<'_>, around: Around<'_>) -> Option<Move> {
    let ladder = table.required_string("ladder", "\"value-tiers\"");
    let from = table.required_string("from", "\"normal\"");
    let to = table.required_string("to", "\"mid\"");
    table.required("at", "\"2026-05-31\"");
    let at = row::instant(&mut table, "at", around.context.timezone);
    let known = ladder.as_deref().and_then(|ladder| {
        let known = around.context.ladders.look_up(ladder);
        if known.is_none() {
            let help = did_you_mean(ladder, &around.context.ladders.names());
            table.problem("ladder", format!("there is no ladder {ladder:?}"), Some(help));
        }
        known
    });
    let place = |key: &str, level: Option<&String>| {
        let (known, level) = (known?, level?);
        is_level(&table, key, level, known).then(|| known.iter().position(|known| known == level))?
    };
    let (source, target) = (place("from", from.as_ref()), place("to", to.as_ref()));
    if let (Some(source), Some(target)) = (source, target)
        && source == target
    {
        table.problem("to", "that is no move: the level is the same", None);
    }
    table.finish();
    // the first level of a ladder is its highest
    let direction = if target? < source? { "rose" } else { "fell" };
    Some(Move { ladder: ladder?, from: from?, to: to?, direction, at: at? })
}

fn listed(table: &mut Reader<'_>, list: &List, customer: &str, place: usize, zone: chrono_tz::Tz) -> Row {
    let mut columns = row::read(table, list.columns, zone);
    columns.insert("customer_id".to_owned(), json!(customer));
    if let Some(key) = list.id {
        let id = table.string(key).unwrap_or_else(|| format!("{customer}-{place}"));
        columns.insert(key.to_owned(), json!(id));
    }
    Row { relation: list.relation, columns }
}

/// `birthday = "1990-05-04"`, or "05-04" without the year, in the calendar `birthday_calendar` names.
fn birthday(reader: &mut Reader<'_>) -> Map<String, Value> {
    let mut columns: Map<String, Value> = ["birthday_year", "birthday_month", "birthday_day"]
        .map(|key| (key.to_owned(), Value::Null))
        .into_iter()
        .collect();
    let Some(text) = reader.string("birthday") else { return columns };
    let (year, rest) = match text.splitn(3, '-').collect::<Vec<_>>()[..] {
        [year, month, day] => (year.parse::<i16>().ok().filter(|year| (1850..=2200).contains(year)), [month, day]),
        [month, day] => (None, [month, day]),
        _ => (None, ["", ""]),
    };
    let [month, day] = rest.map(|part| if part.len() == 2 { part.parse::<u32>().unwrap_or(0) } else { 0 });
    let lunar = columns_say_lunar(reader);
    let exists = if lunar {
        (1..=12).contains(&month) && (1..=30).contains(&day)
    } else {
        NaiveDate::from_ymd_opt(year.map_or(2000, i32::from), month, day).is_some()
    };
    if !exists || (text.matches('-').count() == 2 && year.is_none()) {
        let help = "a day such as \"1990-05-04\", or \"05-04\" without the year".to_owned();
        reader.problem("birthday", format!("{text:?} is not a birthday"), Some(help));
        return columns;
    }
    columns.insert("birthday_year".to_owned(), json!(year));
    columns.insert("birthday_month".to_owned(), json!(month));
    columns.insert("birthday_day".to_owned(), json!(day));
    columns
}

fn columns_say_lunar(reader: &mut Reader<'_>) -> bool {
    reader.value("birthday_calendar").and_then(|node| node.get_ref().as_str()) == Some("lunar")
}

/// `level` on the file's own ladder and `levels` on any, with `since`.
fn standings(reader: &mut Reader<'_>, around: Around<'_>) -> Vec<Standing> {
    let mut found = Vec::new();
    let since = row::instant(reader, "since", around.context.timezone);
    if reader.has("since") && !reader.has("level") && !reader.has("levels") {
        reader.problem_with_key("since", "`since` without a level says nothing", Some("add level = \"…\"".into()));
    }
    let since = since.unwrap_or_else(|| LONG_AGO.parse().expect("an instant"));
    if let Some(level) = reader.string("level") {
        if around.levels.is_empty() {
            let help = "levels of other jobs: levels = { value-tiers = \"high\" }".to_owned();
            reader.problem_with_key("level", "this file keeps no ladder", Some(help));
        } else if is_level(reader, "level", &level, around.levels) {
            found.push(Standing { ladder: around.context.job.to_owned(), level, since });
        }
    }
    let Some(mut levels) = reader.table("levels") else { return found };
    for (ladder, span, node) in levels.entries() {
        let Some(known) = around.context.ladders.look_up(ladder) else {
            let help = did_you_mean(ladder, &around.context.ladders.names());
            levels.note(span, format!("there is no ladder {ladder:?}"), Some(help));
            continue;
        };
        match node.get_ref().as_str() {
            Some(level) if is_level(&levels, ladder, level, known) => {
                found.push(Standing { ladder: ladder.to_owned(), level: level.to_owned(), since });
            }
            Some(_) => {}
            None => levels.problem(ladder, "a level is a word in quotes", None),
        }
    }
    levels.finish();
    found
}

/// Whether the ladder has the level; otherwise notes that it has not.
pub fn is_level(reader: &Reader<'_>, key: &str, level: &str, known: &[String]) -> bool {
    let has = known.iter().any(|known| known == level);
    if !has {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        reader.problem(key, format!("the ladder has no level {level:?}"), Some(did_you_mean(level, &known)));
    }
    has
}
