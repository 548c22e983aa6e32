//! JSON schema of `[[check]]`.

use serde_json::{Map, Value, json};

use super::super::kind::Kind;
use super::row::{CUSTOMER, Column, Default, Takes, lists};

/// The schema of the key `check`.
#[must_use]
pub fn schema(kinds: &[&dyn Kind]) -> Value {
    let expect: Vec<Value> = kinds
        .iter()
        .map(|kind| kind.expect_schema())
        .filter(|keys| !keys.is_empty())
        .map(|keys| table("What shall be decided about the customer", keys, &[]))
        .collect();
    let day = json!({ "type": "string", "examples": ["2026-06-01"] });
    let customer = customer();
    let keys = json!({
        "name": { "type": "string", "minLength": 1, "description": "What the check shows", "examples": ["one first order is normal"] },
        "on": {
            "description": "The day the job is run for; of several days, one after the other, the last is judged",
            "anyOf": [day, { "type": "array", "minItems": 1, "items": day }],
        },
        "customer": described(&customer, "The customer it is about"),
        "population": { "type": "array", "items": customer, "description": "Other customers there are, for ranks" },
        "cuts": {
            "type": "object", "description": "Where ranks begin, instead of a population: figure, share, the lowest value that is still in",
            "additionalProperties": { "type": "object", "additionalProperties": { "type": ["number", "string"] } },
            "examples": [{ "spend": { "20%": "5000" } }],
        },
        "coupons": {
            "type": "object", "description": "Codes left in coupon pools; enough where it does not say",
            "additionalProperties": { "type": "integer", "minimum": 0, "maximum": 1000 }, "examples": [{ "bday-50": 0 }],
        },
        "expect": { "anyOf": expect },
    });
    let mut keys = keys.as_object().cloned().unwrap_or_default();
    if !kinds.iter().any(|kind| kind.gives_coupons()) {
        keys.remove("coupons");
    }
    json!({
        "type": "array",
        "description": "Examples that `tend check` tries out with the real job in a scratch database: given this customer, expect this",
        "items": table("A check", keys, &["name", "on", "customer", "expect"]),
    })
}

fn table(description: &str, properties: Map<String, Value>, required: &[&str]) -> Value {
    json!({ "type": "object", "description": description, "additionalProperties": false, "properties": properties, "required": required })
}

fn described(schema: &Value, description: &str) -> Value {
    let mut schema = schema.clone();
    schema["description"] = description.into();
    schema
}

fn customer() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let mut keys = columns(CUSTOMER);
    keys.insert("customer_id".into(), text("Its key; customer-1 and so on when it is left out"));
    keys.insert("birthday".into(), json!({ "type": "string", "examples": ["1990-05-04", "05-04"] }));
    keys.insert("level".into(), text("The level on this ladder before"));
    keys.insert("since".into(), text("Since when; long ago when it is left out"));
    keys.insert(
        "levels".into(),
        json!({
            "type": "object", "additionalProperties": { "type": "string" }, "description": "Levels on other ladders",
            "examples": [{ "value-tiers": "high" }],
        }),
    );
    keys.insert(
        "moves".into(),
        json!({
            "type": "array", "description": "How the customer moved on ladders before: what messages about changes of level look at",
            "items": {
                "type": "object", "additionalProperties": false, "required": ["ladder", "from", "to", "at"],
                "properties": { "ladder": text("Which ladder"), "from": text("From which level"), "to": text("To which level"), "at": text("When") },
            },
            "examples": [[{ "ladder": "value-tiers", "from": "normal", "to": "mid", "at": "2026-05-31 02:00" }]],
        }),
    );
    for list in lists() {
        let mut own = columns(list.columns);
        own.extend(list.id.map(|id| (id.to_owned(), json!({ "type": "string" }))));
        let needed: Vec<&str> = list
            .columns
            .iter()
            .filter(|column| matches!(column.default, Default::Needed(_)))
            .map(|column| column.key)
            .collect();
        keys.insert(list.key.into(), json!({ "type": "array", "items": table("", own, &needed) }));
    }
    table("A customer", keys, &[])
}

fn columns(columns: &[Column]) -> Map<String, Value> {
    columns.iter().map(|column| (column.key.to_owned(), takes(column.takes))).collect()
}

fn takes(takes: Takes) -> Value {
    match takes {
        Takes::Text => json!({ "type": "string" }),
        Takes::Words(words) => json!({ "enum": words.iter().map(|(word, _)| word).collect::<Vec<_>>() }),
        Takes::Amount => json!({ "type": ["number", "string"], "examples": ["900.00"] }),
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::Instant => json!({ "type": "string", "examples": ["2026-05-01", "2026-05-01 09:30"] }),
        Takes::Tags => json!({ "type": "array", "items": { "type": "string" } }),
        Takes::Table => json!({ "type": "object" }),
    }
}
