//! The JSON schema of `[trigger]`, for editors.

use serde_json::{Value, json};

use crate::jobs::message::schema::{length, table, text, words};

/// The schema of `[trigger]`: one of several tables, by `on`.
pub fn schema() -> Value {
    json!({ "description": "When there is an occasion", "oneOf": [anniversary(), level()] })
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
