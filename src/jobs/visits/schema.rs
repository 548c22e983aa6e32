//! The JSON schema of `[visits]`, for editors.

use serde_json::{Value, json};

use super::cycle::PERS;
use crate::filter;

/// Key → schema of its value.
pub(super) fn schema() -> Vec<(&'static str, Value)> {
    let pers: Vec<&str> = PERS.iter().map(|(word, _)| *word).collect();
    let days = |description: &str| json!({ "description": description, "type": "string", "pattern": "^[0-9]+[dw]$" });
    let words = |description: &str| {
        json!({
            "description": description,
            "oneOf": [{ "type": "string", "minLength": 1 }, { "type": "object", "minProperties": 1, "additionalProperties": { "type": "string", "minLength": 1 } }],
        })
    };
    let cadence = json!({
        "description": "How often a level is visited", "type": "object", "additionalProperties": false, "required": ["level", "visits", "per"],
        "properties": {
            "level": { "type": "string", "description": "A level of the ladder" },
            "visits": { "type": "integer", "minimum": 1, "maximum": 100, "description": "So many visits" },
            "per": { "enum": pers, "description": "… in a week (from Monday), a month, a quarter or a year of the calendar" },
            "share": { "type": "string", "pattern": "^[0-9.]+ ?[%％]$", "description": "What is guaranteed to the level of everybody's effort; all together 100%. What it does not need passes to the levels below" },
        },
    });
    let table = json!({
        "description": "Visits to customers, by the level they are on: each is a task of whoever looks after the customer",
        "type": "object", "additionalProperties": false, "required": ["ladder", "cadence", "calendar", "capacity", "title"],
        "properties": {
            "ladder": { "type": "string", "description": "The ladder with the levels", "examples": ["value-tiers"] },
            "cadence": { "type": "array", "minItems": 1, "items": cadence, "description": "Levels that are visited; who is on another is not" },
            "calendar": { "type": "string", "description": "Working days, where crm.staff does not name another calendar for a person", "examples": ["cn"] },
            "horizon": days("How far ahead people get their visits; default 28d"),
            "gap": days("Two visits of a customer are at least so far apart; default 1d"),
            "capacity": { "type": "integer", "minimum": 1, "maximum": 1000, "description": "Visits a person can make in a day, where crm.staff.daily_visits does not say it" },
            "who": { "enum": ["owner", "team"], "description": "The customer's owner (default), or whoever of the team has least" },
            "team": { "type": "string", "minLength": 1, "description": "crm.staff.team; with who = \"owner\": for customers whose owner is gone, away for long, or nobody" },
            "contacts": {
                "description": "Contacts that count as visits", "type": "object", "additionalProperties": false, "required": ["kind", "within"],
                "properties": {
                    "kind": { "type": "array", "minItems": 1, "items": { "type": "string" }, "description": "Kinds of interactions", "examples": [["visit", "phone"]] },
                    "within": { "type": "string", "pattern": "^[0-9]+[smhdw]$", "description": "For so long" },
                },
            },
            "wish": {
                "description": "Keys of the customer's attributes", "type": "object", "additionalProperties": false, "minProperties": 1,
                "properties": {
                    "weekday": { "type": "string", "description": "With the weekdays the customer likes: tue, 2, 周二; several with commas" },
                    "time": { "type": "string", "description": "With the time: 14:00" },
                },
            },
            "make_up": { "type": "boolean", "description": "A visit that was missed is planned once more in its cycle; default true" },
            "title": words("What the task is called: one text, or one for each language"),
            "text": words("What there is to do: one text, or one for each language"),
            "locale": { "type": "string", "description": "Language for staff whose own the title does not have", "examples": ["zh-CN"] },
        },
    });
    vec![("visits", table), ("audience", filter::schema::reference())]
}
