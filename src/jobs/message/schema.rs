//! The JSON schema of the tables of a message job, for editors.

use serde_json::{Value, json};

use super::{step, trigger};

/// Key → schema of its value. `condition` is the schema of a condition.
pub fn schema(condition: &Value) -> Vec<(&'static str, Value)> {
    let mut tables = vec![
        ("message", message()),
        ("trigger", trigger::schema()),
        ("audience", condition.clone()),
        ("offer", offer(condition)),
        ("delivery", delivery()),
        ("experiment", super::experiment::schema()),
        ("goal", super::goal::schema()),
        ("conflict", super::conflict::schema()),
        ("safety", super::safety::schema()),
        ("step", step::schema(condition, &channels())),
    ];
    tables.extend(super::survey::schema());
    tables
}

pub(in crate::jobs) fn words(description: &str, words: &[&str]) -> Value {
    json!({ "description": description, "enum": words })
}

pub(in crate::jobs) fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string", "minLength": 1 })
}

pub(in crate::jobs) fn table(description: &str, required: &[&str], properties: Value) -> Value {
    json!({ "description": description, "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn message() -> Value {
    table(
        "A message to each customer who has an occasion",
        &["purpose", "topic", "template"],
        json!({
            "purpose": words("What it is for, which decides the consent it takes", &["marketing", "service", "transactional"]),
            "topic": text("What a customer can unsubscribe from without losing the rest"),
            "template": text("Folder below templates/, with email.LOCALE.mjml and sms.LOCALE.txt"),
            "locale": text("Language for customers whose own the templates do not have; default: the first of the template"),
            "consent": words(
                "granted: only who said yes (default for marketing); not_withdrawn: everyone who has not said no (default for service); not_needed (default for transactional)",
                &["granted", "not_withdrawn", "not_needed"],
            ),
            "max_parts": { "description": "A text message that would be sent in more parts is not sent; `tend plan` shows the longest", "type": "integer", "minimum": 1, "maximum": 10 },
            "priority": { "description": "Who goes first when sending is slow; default 50", "type": "integer", "minimum": 0, "maximum": 100 },
        }),
    )
}

fn offer(condition: &Value) -> Value {
    let words = json!({
        "description": "A text, or one for each language of the template",
        "oneOf": [{ "type": "string" }, { "type": "object", "additionalProperties": { "type": "string" } }],
    });
    let set = json!({
        "description": "Variables of the template: offer.KEY; every offer sets the same keys",
        "type": "object",
        "propertyNames": { "pattern": "^[a-z][a-z0-9_]*$" },
        "additionalProperties": words,
    });
    json!({
        "description": "What is offered: the first whose `when` holds",
        "type": "array",
        "items": table("An offer", &["name"], json!({
            "name": text("Its name, also offer.name in templates"), "when": condition, "set": set, "coupon": coupon(),
        })),
    })
}

fn coupon() -> Value {
    table(
        "A code of its own for each customer: coupon.code and coupon.expires in templates",
        &["pool"],
        json!({
            "pool": { "description": "Which codes; `tend coupons import POOL FILE` brings them", "type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$" },
            "valid_for": { "description": "How long the customer is told it is good, from the day the message may go out; only codes that last as long are taken", "type": "string", "pattern": "^[0-9]+[dw]$" },
            "on_empty": words("When no code is left: hold waits for one (default), skip sends nothing today, send_without sends without", &["hold", "skip", "send_without"]),
        }),
    )
}

fn delivery() -> Value {
    let time = json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" });
    table(
        "How and at which hours it goes out",
        &["channels"],
        json!({
            "channels": channels(),
            "at": { "description": "On the customer's clock, on the day it is due; without it as soon as the window is open", "allOf": [time] },
            "window": {
                "description": "Hours on the customer's clock; may cross midnight. Default 09:00 to 20:00, any hour for transactional",
                "type": "array", "minItems": 2, "maxItems": 2, "items": time,
            },
            "outside_window": words("When the hours of its day are over: wait for the next ones (default), or drop it because another day it would be out of place", &["wait", "drop"]),
            "on_unknown": words("What happens when a crash leaves its fate unknown; default: what the channel's settings say", &["hold", "resend", "drop"]),
        }),
    )
}

fn channels() -> Value {
    json!({
        "description": "The first that reaches the customer; \"preferred\" (only first) is the customer's own choice",
        "type": "array", "minItems": 1, "uniqueItems": true,
        "items": { "enum": ["preferred", "email", "sms"] },
    })
}

/// A length of time such as "7d".
pub(super) fn length(description: &str) -> Value {
    json!({ "description": description, "type": "string", "pattern": "^[0-9]+[smhdw]$" })
}
