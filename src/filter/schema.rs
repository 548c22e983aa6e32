//! JSON schema of conditions, out of the tables of fields and operators, so that an editor completes and checks them.

use serde_json::{Map, Value, json};

use super::event::{self, Event, Measure, Values};
use super::field::{self, Kind};
use super::operand::{Arity, Item, Shape};
use super::operator::{self, Operator};
use super::period::{self, Period};
use super::ticket;

/// What a kind's schema says where a condition stands.
#[must_use]
pub fn reference() -> Value {
    json!({ "$ref": "#/$defs/condition" })
}

/// The definitions [`reference()`] points to; they go into `$defs` of the whole schema.
#[must_use]
pub fn definitions() -> Map<String, Value> {
    let mut variants = vec![groups()];
    for kind in [
        Kind::Text,
        Kind::Birthday,
        Kind::Tags,
        Kind::Instant,
        Kind::Number,
        Kind::Count,
        Kind::Score,
        Kind::Share,
        Kind::Days,
    ] {
        variants.extend([false, true].into_iter().filter_map(|windowed| on_fields(kind, windowed)));
    }
    variants.extend([Kind::Text, Kind::Instant].into_iter().map(on_ticket));
    variants.push(tag());
    variants.push(json!({
        "type": "object", "additionalProperties": false, "required": ["segment"],
        "properties": { "segment": { "type": "string", "description": "The customer is in this segment: jobs/segments/NAME.toml" } },
    }));
    variants.push(subject(Kind::Attribute, "attribute", json!({
        "type": "string", "title": "A value of the company's own", "description": "Path below the customer's attributes",
        "examples": ["loyalty.points"],
    })));
    let mut ladder = subject(
        Kind::Level,
        "ladder",
        json!({
            "type": "string", "title": "A ladder", "description": "The job that keeps it", "examples": ["value-tiers"],
        }),
    );
    ladder["properties"]["for"] = item(Item::Span);
    ladder["properties"]["for"]["description"] = "The level has been held at least this long".into();
    ladder["properties"]["within"] =
        described(item(Item::Span), "For `entered` and `left`: the move was within this time");
    variants.push(ladder);
    variants.extend(event::ALL.iter().map(on_event));
    let waits = "Whether the customer has a ticket that is neither solved nor closed";
    variants.push(open("open_ticket", "ticket", waits));
    variants.push(open("open_task", "task", "Whether somebody still has to do something about the customer"));
    variants.extend(standing());
    let condition = json!({
        "title": "A condition", "description": "A comparison, or several joined by all, any, none and one_of.", "type": "object", "anyOf": variants,
    });
    let duration = json!({ "type": "string", "pattern": "^[0-9]+[smhdw]$", "description": "A number with a unit: s, m, h, d or w" });
    let percent = json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?[%％]$", "description": "A percentage with its sign" });
    [("condition", condition), ("duration", duration), ("percent", percent)]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// The whole schema of a segment's file, draft 2020-12.
#[must_use]
pub fn of_segments(checks: &Value) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A segment of tend",
        "description": "A condition with a name, used in jobs as { segment = \"NAME\" }; its name is the file's name.",
        "type": "object",
        "additionalProperties": false,
        "required": ["title", "when"],
        "properties": {
            "title": { "type": "string", "minLength": 1, "description": "What people call it" },
            "description": { "type": "string", "description": "What it is for" },
            "window": described(item(Item::Span), "What spend, orders and the like look back over where a condition names no window"),
            "when": reference(),
            "timezone": { "type": "string", "description": "Whose days are meant in its checks and by tend plan; a job that uses it brings its own", "examples": ["Asia/Shanghai"] },
            "check": checks,
        },
        "$defs": definitions(),
    })
}

/// The JSON Schema of `policy/caps.toml`; `cap` is that of one cap.
pub fn of_caps(cap: &Value) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The caps of tend",
        "description": "How many messages a customer gets at most, over all jobs together.",
        "type": "object",
        "additionalProperties": false,
        "required": ["cap"],
        "properties": { "cap": { "description": "The caps; every one of them holds", "type": "array", "items": cap } },
        "$defs": definitions(),
    })
}

fn groups() -> Value {
    let list = |doc: &str| json!({ "type": "array", "minItems": 1, "items": reference(), "description": doc });
    json!({
        "type": "object", "additionalProperties": false, "minProperties": 1,
        "properties": { "all": list("All must hold"), "any": list("At least one must hold"), "none": list("Not one may hold"), "one_of": list("Exactly one must hold") },
    })
}

fn tag() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["tag"],
        "properties": { "tag": { "type": "string", "description": "The customer has this tag", "examples": ["vip"] } },
    })
}

/// The fields of one kind with the operators they take.
fn on_fields(kind: Kind, windowed: bool) -> Option<Value> {
    let fields: Vec<_> =
        field::ALL.iter().filter(|field| field.kind == kind && field.is_windowed() == windowed).collect();
    if fields.is_empty() {
        return None;
    }
    let names: Vec<_> = fields.iter().map(|field| field.name).collect();
    let docs: Vec<_> = fields.iter().map(|field| format!("{}: {}", field.name, field.doc)).collect();
    let mut variant = subject(kind, "field", json!({ "enum": names, "description": docs.join("\n") }));
    let properties = variant["properties"].as_object_mut()?;
    if windowed {
        properties.insert(
            "within".into(),
            described(item(Item::Span), "The window it looks back over; without it, the file's"),
        );
        properties.insert("of".into(), json!({ "enum": ["buyers", "all"], "description": "Among whom `top` ranks; buyers in the window if not said" }));
    } else {
        properties.remove("top");
    }
    Some(variant)
}

/// What is asked of the ticket at hand.
fn on_ticket(kind: Kind) -> Value {
    let fields: Vec<_> = ticket::ALL.iter().filter(|field| field.kind == kind).collect();
    let names: Vec<_> = fields.iter().map(|field| ticket::name(field)).collect();
    let docs: Vec<_> = fields.iter().map(|field| format!("{}: {}", ticket::name(field), field.doc)).collect();
    subject(kind, ticket::KEY, json!({ "enum": names, "description": docs.join("\n") }))
}

/// A comparison: its subject and exactly one operator.
fn subject(kind: Kind, key: &str, what: Value) -> Value {
    let mut properties = Map::new();
    properties.insert(key.into(), what);
    for operator in operator::for_kind(kind) {
        if let Some(shape) = operator.shape(kind) {
            properties.insert(operator.name.into(), operand(operator, shape));
        }
    }
    if matches!(kind, Kind::Tags | Kind::Attribute) {
        properties.insert("size".into(), described(compared(Kind::Count), "How many elements the list has"));
    }
    json!({ "type": "object", "additionalProperties": false, "required": [key], "minProperties": 2, "properties": properties })
}

/// Conditions on one event.
fn on_event(event: &Event) -> Value {
    let mut properties = restrictions(event);
    properties.insert("event".into(), json!({ "const": event.name, "description": event.doc }));
    properties.insert(
        "within".into(),
        described(
            json!({ "anyOf": [item(Item::Span), { "const": "ever" }] }),
            "The window it looks back over; without it, the file's (first and last: without end)",
        ),
    );
    for measure in event::MEASURES.iter().filter(|measure| event.amount.is_some() || !measure.needs_amount()) {
        properties.insert(measure.key.into(), described(measured(measure), measure.doc));
    }
    json!({ "type": "object", "additionalProperties": false, "required": ["event"], "properties": properties })
}

fn restrictions(event: &Event) -> Map<String, Value> {
    let one = |values| match values {
        Values::Free => json!({ "type": "string", "minLength": 1 }),
        Values::Words(words) => json!({ "enum": words }),
        Values::Flag => json!({ "type": "boolean" }),
        Values::Range(least, most) => {
            let number = json!({ "type": "integer", "minimum": least, "maximum": most });
            json!({
                "type": "object", "additionalProperties": false, "minProperties": 1,
                "properties": { "is": number, "at_least": number, "at_most": number },
            })
        }
    };
    let entries = event.restrictions.iter().map(|restriction| {
        let value = one(restriction.values);
        let value = match restriction.values {
            Values::Flag | Values::Range(..) => value,
            _ => json!({ "anyOf": [value, { "type": "array", "minItems": 1, "items": value }] }),
        };
        (restriction.key.to_owned(), described(value, restriction.doc))
    });
    entries.collect()
}

/// What a measure is compared with: exactly one operator.
fn measured(measure: &Measure) -> Value {
    if measure.kind == Kind::Surge {
        let percent = json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?[%％]$" });
        return json!({
            "type": "object", "additionalProperties": false, "required": ["window", "factor", "min"],
            "properties": { "window": item(Item::Span), "factor": percent, "min": { "type": "integer", "minimum": 1 } },
        });
    }
    compared(measure.kind)
}

/// A table of exactly one operator.
fn compared(kind: Kind) -> Value {
    let takes = operator::for_kind(kind).filter(|operator| operator.name != "top");
    let properties: Map<String, Value> = takes
        .filter_map(|operator| Some((operator.name.to_owned(), operand(operator, operator.shape(kind)?))))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1, "properties": properties })
}

/// Reachable, consented, the random bucket.
fn standing() -> [Value; 3] {
    let channel = json!({ "enum": ["email", "sms"] });
    let channels = json!({ "anyOf": [channel, { "type": "array", "minItems": 1, "items": channel }] });
    let table = |required: &str, properties: Value| json!({ "type": "object", "additionalProperties": false, "required": [required], "properties": properties });
    let reachable = "Has an address there, and nothing forbids sending to it; of several, one is enough";
    let buckets = json!({
        "type": "object", "additionalProperties": false, "required": ["of", "from", "to"],
        "description": "A random share that stays the same: customers are dealt into `of` buckets numbered from 0",
        "properties": {
            "of": { "type": "integer", "minimum": 2, "maximum": 10_000 }, "from": { "type": "integer", "minimum": 0 },
            "to": { "type": "integer", "minimum": 0 },
            "salt": { "type": "string", "description": "Another salt deals the customers out anew" },
            "moves": { "enum": ["month", "quarter"], "description": "Everybody's number goes up by one, round and round, with every month or quarter: another share each time" },
        },
    });
    [
        table("reachable", json!({ "reachable": described(channels.clone(), reachable) })),
        table(
            "consented",
            json!({
                "consented": { "enum": ["marketing", "service"], "description": "The customer's newest word on it is yes" },
                "channel": described(channels, "By which channel; without it, any"),
            }),
        ),
        table("bucket", json!({ "bucket": buckets })),
    ]
}

fn open(key: &str, of: &str, description: &str) -> Value {
    let mut properties = event::find(of).map(restrictions).unwrap_or_default();
    properties.remove("open");
    properties.insert(key.into(), json!({ "type": "boolean", "description": description }));
    json!({ "type": "object", "additionalProperties": false, "required": [key], "properties": properties })
}

fn operand(operator: &Operator, shape: Shape) -> Value {
    let one = item(shape.item);
    let value = match shape.arity {
        Arity::One => one,
        Arity::Many => json!({ "type": "array", "minItems": 1, "items": one }),
        Arity::Two => json!({ "type": "array", "minItems": 2, "maxItems": 2, "items": one }),
    };
    described(value, operator.doc)
}

fn described(mut value: Value, doc: &str) -> Value {
    value["description"] = doc.into();
    value
}

fn item(item: Item) -> Value {
    match item {
        Item::Text | Item::Level => json!({ "type": "string", "minLength": 1 }),
        Item::Number => json!({ "type": ["number", "string"] }),
        Item::Whole => json!({ "type": "integer", "minimum": 0 }),
        Item::Percent => json!({ "$ref": "#/$defs/percent" }),
        Item::Span => json!({ "$ref": "#/$defs/duration" }),
        Item::Period => json!({ "enum": period::ALL.map(Period::name) }),
        Item::Pattern => json!({ "type": "string", "minLength": 1, "maxLength": 200, "examples": ["GOLD-\\d+"] }),
        Item::Days | Item::SpanOfDays | Item::DaysOfYear => json!({ "$ref": "#/$defs/duration" }),
        Item::Day => json!({ "type": "string", "examples": ["2026-06-01", "today", "today-7d"] }),
        Item::Any => json!({ "type": ["string", "number", "boolean"] }),
        Item::Flag => json!({ "type": "boolean" }),
    }
}
