//! The JSON schema of `[trigger]`, for editors.

use serde_json::{Value, json};

use super::ticket;
use crate::calendar::holiday::KNOWN;
use crate::jobs::message::schema::{length, table, text, words};

/// The schema of `[trigger]`: one of several tables, by `on`.
pub fn schema() -> Value {
    let kinds = [birthday(), dated(), inactivity(), holiday(), event(), habit(), schedule(), level(), ticket()];
    json!({ "description": "When there is an occasion", "oneOf": kinds })
}

const FEB_29: [&str; 3] = ["feb_28", "mar_1", "leap_years_only"];

fn on(kind: &str) -> Value {
    words("What makes the occasion", &[kind])
}

fn offset() -> Value {
    json!({ "description": "When it is due: \"-3d\" three days ahead, \"0d\" on the day, \"+1d\" the day after", "type": "string", "pattern": "^[+-]?[0-9]+[dw]$" })
}

fn whole(description: &str, least: i32) -> Value {
    json!({ "description": description, "type": "integer", "minimum": least })
}

/// One word or several.
fn some(description: &str) -> Value {
    let word = json!({ "type": "string", "minLength": 1 });
    json!({ "description": description, "oneOf": [word, { "type": "array", "minItems": 1, "items": word }] })
}

const LIFE: &str = "How long it may be sent from then; the end of the day itself is the limit in any case";
const AGAIN: &str = "Who had a message of this job less than so long before gets none";

fn birthday() -> Value {
    table(
        "A birthday",
        &["on", "field", "offset", "feb_29", "lunar_leap", "lunar_day_30"],
        json!({
            "on": on("anniversary"),
            "field": words("Which day comes back every year", &["birthday"]),
            "offset": offset(),
            "expire_after": length(LIFE),
            "calendar": words("Each birthday in its own calendar (default), or only those of one", &["per_customer", "solar", "lunar"]),
            "feb_29": words("Born on 29 February, in a common year", &FEB_29),
            "lunar_leap": words("Born in a leap month, in a year without it", &["plain_month", "leap_years_only"]),
            "lunar_day_30": words("Born on the 30th of a lunar month, when it has 29 days", &["day_29", "skip"]),
        }),
    )
}

fn dated() -> Value {
    let years = json!({
        "at_least": whole("From this anniversary on; default 1", 1),
        "milestones": { "description": "Only these anniversaries", "type": "array", "minItems": 1, "items": { "type": "integer", "minimum": 1 } },
    });
    table(
        "The anniversary of a date on record",
        &["on", "field", "offset", "feb_29"],
        json!({
            "on": on("anniversary"),
            "field": {
                "description": "first_order, last_order, created_at, or a day below the customer's attributes",
                "type": "string", "pattern": "^(first_order|last_order|created_at|attributes\\..+)$",
            },
            "offset": offset(),
            "expire_after": length(LIFE),
            "feb_29": words("Begun on 29 February, in a common year", &FEB_29),
            "years": table("Which anniversaries", &[], years),
        }),
    )
}

fn inactivity() -> Value {
    let signs = json!({ "enum": ["order", "interaction", "ticket", "view"] });
    table(
        "A customer fell silent; a sign of life and a new silence make a new occasion",
        &["on", "of", "after"],
        json!({
            "on": on("inactivity"),
            "of": { "description": "What is a sign of life", "type": "array", "minItems": 1, "uniqueItems": true, "items": signs },
            "after": length("Days of silence"),
            "first_seen": length("Only who crossed that line so lately, on the first night as on any; default 14d"),
        }),
    )
}

fn holiday() -> Value {
    let known: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
    let title = json!({
        "description": "What people call it: a text, or one for each language with `en` for the others",
        "oneOf": [{ "type": "string" }, { "type": "object", "additionalProperties": { "type": "string" }, "required": ["en"] }],
    });
    let day = table(
        "A holiday",
        &["name"],
        json!({
            "name": { "description": "One that is known by its name, or a name for another day", "type": "string", "examples": known },
            "offset": offset(),
            "calendar": words("For another day: in which calendar", &["lunar", "solar"]),
            "month": { "type": "integer", "minimum": 1, "maximum": 12 },
            "day": { "type": "integer", "minimum": 1, "maximum": 31 },
            "title": title,
        }),
    );
    table(
        "Holidays: everybody has the occasion",
        &["on", "days"],
        json!({
            "on": on("holiday"),
            "days": { "description": "Which", "type": "array", "minItems": 1, "items": day },
            "offset": offset(),
            "expire_after": length(LIFE),
        }),
    )
}

fn event() -> Value {
    let without = json!({ "event": words("What must not have followed", &["order", "interaction"]) });
    table(
        "Something happened to the customer",
        &["on", "event"],
        json!({
            "on": on("event"),
            "event": words("What", &["view", "interaction", "order", "ticket_solved", "ticket_opened"]),
            "kind": some("Of which kind: interactions and tickets"),
            "product": some("With which product: views and orders"),
            "count": whole("So often; default 1", 1),
            "within": length("So often in how long a time"),
            "same": words("Each product is counted by itself", &["product"]),
            "without": table("What was followed by this does not count; with same = \"product\" an order of that product", &["event"], without),
            "expire_after": length("How long it may be sent from then on; default 3d"),
            "again_after": length(AGAIN),
        }),
    )
}

fn habit() -> Value {
    table(
        "The time of the week at which the customer usually buys, computed from the orders. Plan it the evening before: each run looks a day ahead",
        &["on", "ahead"],
        json!({
            "on": on("habit"),
            "product": some("Only orders of these products"),
            "min_orders": whole("Orders at that weekday and within two hours, at least; default 4", 2),
            "share": { "description": "Of all the customer's orders that count, at least; default 50%", "type": "string", "pattern": "^[0-9.]+ ?%$" },
            "within": length("How far back orders count; default 180d"),
            "ahead": length("So long before the usual hour it is sent, \"1h\" to \"24h\""),
            "again_after": length(AGAIN),
        }),
    )
}

fn schedule() -> Value {
    table(
        "No occasion but the schedule: everybody in the audience",
        &["on"],
        json!({
            "on": on("schedule"),
            "again_after": length("At most one message to a customer in so many days; without it one each time"),
            "expire_after": length("How long it may be sent from then on; default 1d"),
        }),
    )
}

fn ticket() -> Value {
    let news = json!({ "enum": ticket::NEWS });
    table(
        "Word about a ticket, each once; of several steps between two runs the last. Told from the beginning: of a ticket that was there before the job only its end",
        &["on"],
        json!({
            "on": on("ticket"),
            "tell": { "description": "What is told; default all: it has arrived, somebody has it, it moved to another state, it is solved", "type": "array", "minItems": 1, "uniqueItems": true, "items": news },
            "kind": some("Of which kind: request, complaint or a word of the company"),
            "expire_after": length("How long it is news; default 1d"),
        }),
    )
}

fn level() -> Value {
    let mut level = table(
        "A customer's level on a ladder changed; a first level is no change. Put the ladder into `after`, so that tonight's moves are told today",
        &["on", "ladder"],
        json!({
            "on": on("level"),
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
