//! JSON schema of `[report]`.

use serde_json::{Value, json};

use super::catalogue::all;
use super::mail::Mail;
use crate::filter;
use crate::jobs::message::schema::{table, text};

pub(super) fn report() -> Value {
    let names: Vec<&str> = all().iter().map(|entry| entry.name).collect();
    let mut traits: Vec<&str> = all().iter().flat_map(|entry| entry.by.iter().copied()).collect();
    traits.sort_unstable();
    traits.dedup();
    let duration = |doc: &str| json!({ "$ref": "#/$defs/duration", "description": doc });
    let number =
        json!({ "type": ["number", "string"], "description": "In the unit of the figure: \"95%\", \"4h\", 100" });
    let title =
        table("In both languages", &["en", "zh-CN"], json!({ "en": text("English"), "zh-CN": text("Chinese") }));
    let section = table(
        "Figures that belong together",
        &["title", "figures"],
        json!({
            "title": { "description": "What they are about", "anyOf": [{ "type": "string", "minLength": 1 }, title] },
            "figures": { "type": "array", "minItems": 1, "uniqueItems": true, "items": { "enum": names }, "description": "See docs/figures.md" },
            "per": { "enum": traits, "description": "By what they are parted" },
            "where": filter::schema::reference(),
        }),
    );
    let target = table(
        "What a figure shall be",
        &["figure"],
        json!({
            "figure": { "enum": names, "description": "Which" },
            "at_least": number,
            "at_most": number,
            "than_baseline": { "type": "string", "pattern": "^[+-−].*%$", "description": "The change against the baseline", "examples": ["-50%"] },
            "part": text("The part it is about; left out: all"),
            "by": { "enum": traits, "default": "tier", "description": "By what that is a part" },
            "weight": { "type": ["number", "string"], "default": 1, "description": "How much a miss weighs against that of others" },
        }),
    );
    let day = || json!({ "type": "string", "format": "date", "description": "A day, included" });
    table(
        "The figures of a period against their targets and the period before",
        &["section"],
        json!({
            "period": { "enum": ["day", "week", "month", "quarter"], "description": "The last whole one before the run" },
            "months": { "type": "integer", "minimum": 1, "maximum": 24, "description": "Instead of `period`: so many whole months" },
            "calendar": text("The calendar of working days and hours"),
            "working_day": { "type": "integer", "minimum": 1, "maximum": 20, "description": "Made by the first slot on or after this working day after the period" },
            "ladder": text("The ladder whose levels are meant by tiers"),
            "inactive_after": duration("Who has bought nothing for so long is lost; default 180d"),
            "repeat_within": duration("Who asks again within so long asks again; default 7d"),
            "few": { "type": "integer", "minimum": 0, "default": 30, "description": "Figures of fewer cases are marked" },
            "baseline": table("What `than_baseline` is measured against", &["from", "until"], json!({ "from": day(), "until": day() })),
            "to": Mail::readers_schema(),
            "teams": Mail::teams_schema(),
            "template": text("Folder below templates/, with email.LOCALE.mjml; of those who get it by mail"),
            "locale": text("The language of readers whose own is not known; default: the first of the template"),
            "section": { "type": "array", "minItems": 1, "items": section, "description": "What is shown, in this order" },
            "target": { "type": "array", "items": target, "description": "What figures shall be" },
        }),
    )
}
