//! The rows of a check: which columns there are, what they take, and what stands in them when nothing is said.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};
use toml::de::DeValue;

use super::super::reader::Reader;
use super::super::value::{self, Found};
use crate::engine::replay::local_midnight;

/// A row for a relation of `crm`, by column.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The relation: `orders`.
    pub relation: &'static str,
    /// Every column of the contract.
    pub columns: Map<String, Value>,
}

/// What a column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// A text.
    Text,
    /// One of these words.
    Words(&'static [(&'static str, &'static str)]),
    /// An amount of money.
    Amount,
    /// true or false.
    Flag,
    /// A day, or a day with a time.
    Instant,
    /// Words.
    Tags,
    /// A table of the company's own.
    Table,
}

/// One column: what files call it, its name in the database, what it takes, and what it is when nothing is said.
pub(super) struct Column {
    pub key: &'static str,
    pub name: &'static str,
    pub takes: Takes,
    pub default: Default,
}

/// What a column holds when nothing is said.
pub(super) enum Default {
    Null,
    /// It must be said; an example.
    Needed(&'static str),
    Text(&'static str),
    Json(fn() -> Value),
}

const fn column(key: &'static str, takes: Takes, default: Default) -> Column {
    Column { key, name: key, takes, default }
}

const fn text(key: &'static str) -> Column {
    column(key, Takes::Text, Default::Null)
}

/// Before everything a check may be about.
pub(super) const LONG_AGO: &str = "2000-01-01T00:00:00Z";
const DIRECTIONS: &[(&str, &str)] = &[("in", "in"), ("out", "out")];
const PAID: &[(&str, &str)] = &[("paid", "paid"), ("cancelled", "cancelled"), ("refunded", "refunded")];
const CALENDARS: &[(&str, &str)] = &[("solar", "solar"), ("lunar", "lunar")];
const URGENCIES: &[(&str, &str)] = &[("urgent", "urgent"), ("normal", "normal")];
const PURPOSES: &[(&str, &str)] =
    &[("marketing", "marketing"), ("service", "service"), ("transactional", "transactional")];
const CHANNELS: &[(&str, &str)] = &[("email", "email"), ("sms", "sms")];
const SURVEYS: &[(&str, &str)] =
    &[("csat", "csat"), ("nps", "nps"), ("choice", "choice"), ("invitation", "invitation")];
const TICKET_EVENTS: &[(&str, &str)] = &[
    ("opened", "opened"),
    ("state", "state"),
    ("customer_message", "customer_message"),
    ("agent_message", "agent_message"),
    ("assigned", "assigned"),
    ("urgency", "urgency"),
    ("channel", "channel"),
    ("kind", "kind"),
    ("due", "due"),
    ("acknowledged", "acknowledged"),
];
const TASK_KINDS: &[(&str, &str)] = &[("callback", "callback"), ("visit", "visit"), ("rescue", "rescue")];
const A_DAY: &str = "\"2026-05-01\"";

/// `crm.customer` but for its id and the day of birth, which are read as one.
pub(super) const CUSTOMER: &[Column] = &[
    column("name", Takes::Text, Default::Text("")),
    text("email"),
    text("phone"),
    text("locale"),
    text("timezone"),
    text("country"),
    column("birthday_calendar", Takes::Words(CALENDARS), Default::Text("solar")),
    column("birthday_leap_month", Takes::Flag, Default::Json(|| json!(false))),
    column("status", Takes::Text, Default::Text("active")),
    text("owner_id"),
    text("preferred_channel"),
    column("tags", Takes::Tags, Default::Json(|| json!([]))),
    column("attributes", Takes::Table, Default::Json(|| json!({}))),
    column("created_at", Takes::Instant, Default::Text(LONG_AGO)),
];

/// What belongs to a customer, several times: the key in files, the relation, the column of its own key.
pub(super) struct List {
    pub key: &'static str,
    pub relation: &'static str,
    pub id: Option<&'static str>,
    pub columns: &'static [Column],
}

/// What the company knows of a customer.
const LISTS: &[List] = &[
    List {
        key: "orders",
        relation: "orders",
        id: Some("order_id"),
        columns: &[
            Column { key: "at", name: "placed_at", takes: Takes::Instant, default: Default::Needed(A_DAY) },
            column("amount", Takes::Amount, Default::Needed("\"900.00\"")),
            column("currency", Takes::Text, Default::Text("CNY")),
            column("status", Takes::Words(PAID), Default::Text("paid")),
            text("channel"),
            text("product_id"),
        ],
    },
    List {
        key: "interactions",
        relation: "interaction",
        id: Some("interaction_id"),
        columns: &[
            column("at", Takes::Instant, Default::Needed(A_DAY)),
            column("kind", Takes::Text, Default::Needed("\"enquiry\"")),
            column("direction", Takes::Words(DIRECTIONS), Default::Text("in")),
            text("channel"),
            text("staff_id"),
            text("note"),
        ],
    },
    List {
        key: "tickets",
        relation: "ticket",
        id: Some("ticket_id"),
        columns: &[
            Column { key: "at", name: "opened_at", takes: Takes::Instant, default: Default::Needed(A_DAY) },
            column("kind", Takes::Text, Default::Text("request")),
            text("topic"),
            column("urgency", Takes::Words(URGENCIES), Default::Text("normal")),
            text("channel"),
            column("state", Takes::Text, Default::Text("open")),
            text("assignee_id"),
            column("solved_at", Takes::Instant, Default::Null),
            column("closed_at", Takes::Instant, Default::Null),
            text("subject"),
        ],
    },
    List {
        key: "ticket_events",
        relation: "ticket_event",
        id: Some("event_id"),
        columns: &[
            column("ticket_id", Takes::Text, Default::Needed("\"T-1\"")),
            column("at", Takes::Instant, Default::Needed(A_DAY)),
            column("kind", Takes::Words(TICKET_EVENTS), Default::Needed("\"agent_message\"")),
            text("value"),
            text("by_id"),
        ],
    },
    List {
        key: "views",
        relation: "product_view",
        id: Some("view_id"),
        columns: &[
            column("at", Takes::Instant, Default::Needed(A_DAY)),
            column("product_id", Takes::Text, Default::Needed("\"P001\"")),
            text("channel"),
        ],
    },
    List {
        key: "consents",
        relation: "consent",
        id: None,
        columns: &[
            column("channel", Takes::Text, Default::Needed("\"email\"")),
            column("purpose", Takes::Text, Default::Text("marketing")),
            Column { key: "at", name: "recorded_at", takes: Takes::Instant, default: Default::Text(LONG_AGO) },
            column("granted", Takes::Flag, Default::Json(|| json!(true))),
            column("source", Takes::Text, Default::Text("")),
            column("wording", Takes::Text, Default::Text("")),
        ],
    },
];

/// Messages that tend sent to the customer before, which caps, conflicts and conditions count: rows of `tend.outbox`.
pub(super) const MESSAGES: List = List {
    key: "messages",
    relation: "outbox",
    id: None,
    columns: &[
        column("at", Takes::Instant, Default::Needed(A_DAY)),
        column("job", Takes::Text, Default::Text("another-job")),
        column("purpose", Takes::Words(PURPOSES), Default::Text("marketing")),
        column("topic", Takes::Text, Default::Text("another-topic")),
        column("channel", Takes::Words(CHANNELS), Default::Text("email")),
    ],
};

/// What the customer answered before: rows of `tend.answer`.
pub(super) const ANSWERS: List = List {
    key: "answers",
    relation: "answer",
    id: None,
    columns: &[
        Column { key: "at", name: "answered_at", takes: Takes::Instant, default: Default::Needed(A_DAY) },
        column("job", Takes::Text, Default::Text("another-job")),
        column("survey", Takes::Words(SURVEYS), Default::Needed("\"csat\"")),
        column("score", Takes::Amount, Default::Null),
        text("choice"),
    ],
};

/// What people had to do about the customer before: rows of `tend.task`, of this job unless another is named.
pub(super) const TASKS: List = List {
    key: "tasks",
    relation: "task",
    id: None,
    columns: &[
        column("at", Takes::Instant, Default::Needed(A_DAY)),
        text("job"),
        column("kind", Takes::Words(TASK_KINDS), Default::Text("callback")),
        text("ticket_id"),
        column("round", Takes::Amount, Default::Json(|| json!(1))),
        text("result"),
        Column { key: "staff", name: "assignee_id", takes: Takes::Text, default: Default::Null },
    ],
};

/// Everything that belongs to a customer, several times.
pub(super) fn lists() -> impl Iterator<Item = &'static List> {
    LISTS.iter().chain([&MESSAGES, &ANSWERS, &TASKS])
}

/// Reads the columns out of a table; what is wrong or missing is noted.
pub(super) fn read(reader: &mut Reader<'_>, columns: &[Column], zone: Tz) -> Map<String, Value> {
    let mut row = Map::new();
    for column in columns {
        let value = match (&column.default, reader.has(column.key)) {
            (_, true) => one(reader, column, zone).unwrap_or(Value::Null),
            (Default::Null, false) => Value::Null,
            (Default::Text(text), false) => json!(text),
            (Default::Json(make), false) => make(),
            (Default::Needed(example), false) => {
                reader.missing(column.key, example);
                Value::Null
            }
        };
        reader.leave(&[column.key]);
        row.insert(column.name.to_owned(), value);
    }
    row
}

fn one(reader: &mut Reader<'_>, column: &Column, zone: Tz) -> Option<Value> {
    let key = column.key;
    match column.takes {
        Takes::Text => reader.string(key).map(Value::from),
        Takes::Words(words) => reader.choice(key, words).map(Value::from),
        Takes::Amount => reader.decimal(key).map(|amount| json!(amount.to_string())),
        Takes::Flag => reader.bool(key).map(Value::from),
        Takes::Tags => reader.strings(key).map(Value::from),
        Takes::Instant => instant(reader, key, zone).map(|at| json!(at.to_rfc3339())),
        Takes::Table => reader.table(key).map(|mut table| {
            let entries = table.entries().into_iter().map(|(key, _, node)| (key.to_owned(), plain(node.get_ref())));
            Value::Object(entries.collect())
        }),
    }
}

/// An instant: a day (its beginning in the job's zone), a local time, or one with its offset.
pub(super) fn instant(reader: &mut Reader<'_>, key: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let node = reader.value(key)?;
    let text = match node.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(at) => at.to_string(),
        _ => String::new(),
    };
    let found = parse(&text, zone);
    if found.is_none() {
        let message = format!("`{key}` must be a day or an instant, but it is {}", Found(node.get_ref()));
        let help =
            "\"2026-05-01\" (its beginning), \"2026-05-01 09:30\" (in the job's zone) or \"2026-05-01T09:30:00+08:00\"";
        reader.note(node.span(), message, Some(help.into()));
    }
    found
}

fn parse(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return local_midnight(zone, day);
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let forms = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    zone.from_local_datetime(&local).earliest().map(|at| at.to_utc())
}

/// A value of the company's own as JSON.
fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Integer(_) => value::integer(value).map_or(Value::Null, Value::from),
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(flag) => json!(flag),
        DeValue::String(text) => json!(text),
        DeValue::Datetime(at) => json!(at.to_string()),
        DeValue::Array(list) => list.iter().map(|node| plain(node.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, node)| (key.get_ref().to_string(), plain(node.get_ref())))
            .collect::<Map<_, _>>()
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::db::contract::CONTRACT;

    #[test]
    fn a_check_can_give_every_column_that_tend_reads() {
        let columns = |relation: &str| -> BTreeSet<&str> {
            let (_, columns) = CONTRACT.iter().find(|(name, _)| *name == relation).unwrap();
            columns.iter().map(|(name, _)| *name).filter(|name| *name != "customer_id").collect()
        };
        let mut customer: BTreeSet<&str> = CUSTOMER.iter().map(|column| column.name).collect();
        customer.extend(["birthday_year", "birthday_month", "birthday_day"]);
        assert_eq!(customer, columns("customer"));
        for list in LISTS {
            let mut known: BTreeSet<&str> = list.columns.iter().map(|column| column.name).collect();
            known.extend(list.id);
            assert_eq!(known, columns(list.relation));
        }
    }

    #[test]
    fn an_instant_is_a_day_a_local_time_or_one_with_its_offset() {
        let zone = chrono_tz::Asia::Shanghai;
        for (text, utc) in [
            ("2026-05-01", "2026-04-30T16:00:00+00:00"),
            ("2026-05-01 09:30", "2026-05-01T01:30:00+00:00"),
            ("2026-05-01T09:30:15", "2026-05-01T01:30:15+00:00"),
            ("2026-05-01T09:30:00Z", "2026-05-01T09:30:00+00:00"),
        ] {
            assert_eq!(parse(text, zone).unwrap().to_rfc3339(), utc);
        }
        assert_eq!(parse("yesterday", zone), None);
    }
}
