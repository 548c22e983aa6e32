//! JSON schema of conditions, out of the tables of fields and operators, so that an editor completes and checks them.

use serde_json::{Map, Value, json};

use super::field::{self, Kind};
use super::operand::{Arity, Item, Shape};
use super::operator::{self, Operator};

/// What a kind's schema says where a condition stands.
#[must_use]
pub fn reference() -> Value {
    json!({ "$ref": "#/$defs/condition" })
}

/// The definitions [`reference()`] points to; they go into `$defs` of the whole schema.
#[must_use]
pub fn definitions() -> Map<String, Value> {
    let mut variants = vec![groups()];
    for kind in [Kind::Text, Kind::Known, Kind::Tags, Kind::Instant, Kind::Number, Kind::Count, Kind::Share, Kind::Days]
    {
        variants.extend([false, true].into_iter().filter_map(|windowed| on_fields(kind, windowed)));
    }
    variants.push(tag());
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
    variants.push(ladder);
    let condition = json!({
        "title": "A condition", "description": "A comparison, or several joined by all, any and none.", "type": "object", "anyOf": variants,
    });
    let duration = json!({ "type": "string", "pattern": "^[0-9]+[smhdw]$", "description": "A number with a unit: s, m, h, d or w" });
    let percent = json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?[%％]$", "description": "A percentage with its sign" });
    [("condition", condition), ("duration", duration), ("percent", percent)]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

fn groups() -> Value {
    let list = |doc: &str| json!({ "type": "array", "minItems": 1, "items": reference(), "description": doc });
    json!({
        "type": "object", "additionalProperties": false, "minProperties": 1,
        "properties": { "all": list("All must hold"), "any": list("At least one must hold"), "none": list("Not one may hold") },
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

/// A comparison: its subject and exactly one operator.
fn subject(kind: Kind, key: &str, what: Value) -> Value {
    let mut properties = Map::new();
    properties.insert(key.into(), what);
    for operator in operator::for_kind(kind) {
        if let Some(shape) = operator.shape(kind) {
            properties.insert(operator.name.into(), operand(operator, shape));
        }
    }
    json!({ "type": "object", "additionalProperties": false, "required": [key], "minProperties": 2, "properties": properties })
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
        Item::Days | Item::SpanOfDays => json!({ "$ref": "#/$defs/duration" }),
        Item::Day => json!({ "type": "string", "examples": ["2026-06-01", "today", "today-7d"] }),
        Item::Any => json!({ "type": ["string", "number", "boolean"] }),
        Item::Flag => json!({ "type": "boolean" }),
    }
}
