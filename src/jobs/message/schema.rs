//! The JSON schema of the tables of a message job, for editors.

use serde_json::{Value, json};

/// Key → schema of its value. `condition` is the schema of a condition.
pub fn schema(condition: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("message", message()),
        ("trigger", trigger()),
        ("audience", condition.clone()),
        ("offer", offer(condition)),
        ("delivery", delivery()),
        ("experiment", super::experiment::schema()),
    ]
}

pub(super) fn words(description: &str, words: &[&str]) -> Value {
    json!({ "description": description, "enum": words })
}

pub(super) fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string", "minLength": 1 })
}

pub(super) fn table(description: &str, required: &[&str], properties: Value) -> Value {
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
            "priority": { "description": "Who goes first when sending is slow; default 50", "type": "integer", "minimum": 0, "maximum": 100 },
        }),
    )
}

fn trigger() -> Value {
    json!({ "description": "When there is an occasion", "oneOf": [anniversary(), level()] })
}

pub(super) fn length(description: &str) -> Value {
    json!({ "description": description, "type": "string", "pattern": "^[0-9]+[smhdw]$" })
}

fn anniversary() -> Value {
    table(
        "A day that comes back every year",
        &["on", "field", "offset", "feb_29", "lunar_leap", "lunar_day_30"],
        json!({
            "on": words("What makes the occasion", &["anniversary"]),
            "field": words("Which day comes back every year", &["birthday"]),
            "offset": { "description": "When it is due: \"-3d\" three days ahead, \"0d\" on the day, \"+1d\" the day after", "type": "string", "pattern": "^[+-]?[0-9]+[dw]$" },
            "expire_after": length("How long it may be sent from then; the end of the day itself is the limit in any case"),
            "calendar": words("Each birthday in its own calendar (default), or only those of one", &["per_customer", "solar", "lunar"]),
            "feb_29": words("Born on 29 February, in a common year", &["feb_28", "mar_1", "leap_years_only"]),
            "lunar_leap": words("Born in a leap month, in a year without it", &["plain_month", "leap_years_only"]),
            "lunar_day_30": words("Born on the 30th of a lunar month, when it has 29 days", &["day_29", "skip"]),
        }),
    )
}

fn level() -> Value {
    let mut level = table(
        "A customer's level on a ladder changed; a first level is no change. Put the ladder into `after`, so that tonight's moves are told today",
        &["on", "ladder"],
        json!({
            "on": words("What makes the occasion", &["level"]),
            "ladder": text("The job that keeps the ladder"),
            "rose": { "description": "Who rose", "const": true },
            "fell": { "description": "Who fell", "const": true },
            "entered": text("Who came to this level"),
            "left": text("Who was on this level before"),
            "expire_after": length("How long it may be sent from the change on; default 3d"),
            "again_after": length("Who had a message of this job less than so long before gets none: for those who go up and down. Default: one a day"),
        }),
    );
    level["anyOf"] = ["rose", "fell", "entered", "left"].map(|key| json!({ "required": [key] })).into();
    level
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
        "items": table("An offer", &["name"], json!({ "name": text("Its name, also offer.name in templates"), "when": condition, "set": set })),
    })
}

fn delivery() -> Value {
    let time = json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" });
    table(
        "How and at which hours it goes out",
        &["channels"],
        json!({
            "channels": {
                "description": "The first that reaches the customer; \"preferred\" (only first) is the customer's own choice",
                "type": "array", "minItems": 1, "uniqueItems": true,
                "items": { "enum": ["preferred", "email", "sms"] },
            },
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
