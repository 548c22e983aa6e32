//! JSON schema of the keys of the kind `sla`.

use serde_json::{Map, Value, json};

use super::super::clock::Clock;
use super::super::policy::Property;
use crate::filter;

/// The tables, the kind's own first.
pub(in crate::jobs::sla) fn schema() -> Vec<(&'static str, Value)> {
    let list =
        |doc: &str| json!({ "type": "array", "items": { "type": "string", "minLength": 1 }, "description": doc });
    let own = json!({
        "type": "object", "title": "Deadlines of tickets",
        "description": "How long tickets may take, and who hears when they take longer. The first policy that fits a ticket holds.",
        "additionalProperties": false, "required": ["calendar", "template"],
        "properties": {
            "calendar": { "type": "string", "minLength": 1, "description": "Whose hours are business time and working time: a file of config/calendars", "examples": ["cn"] },
            "when": filter::schema::reference(),
            "waiting": list("States in which the ticket waits for the customer: the clocks stand still. [\"pending\"] when left out"),
            "planned": list("States that say there is a plan. [\"planned\"] when left out"),
            "over": list("States in which nothing has to be done any more. [\"solved\", \"closed\", \"merged\"] when left out"),
            "stale_after": duration("What came about longer ago, since tend was down, is told in one summary a person; 1h when left out"),
            "template": { "type": "string", "minLength": 1, "description": "Folder below templates/ of what people are told", "examples": ["sla-alert"] },
            "locale": { "type": "string", "description": "Language of people whose own the template does not have", "examples": ["zh-CN"] },
        },
    });
    let policy = json!({
        "type": "object", "additionalProperties": false, "required": ["name", "targets"],
        "properties": {
            "name": { "type": "string", "minLength": 1, "description": "Its name, in explanations and on record", "examples": ["urgent"] },
            "when": filter::schema::reference(),
            "targets": targets(),
            "round_the_clock": { "type": "boolean", "description": "People are told at any hour, not only while they work" },
            "escalate": steps("Who is told, for this policy instead of the file's [[escalate]]"),
        },
    });
    vec![
        ("sla", own),
        (
            "policy",
            json!({ "type": "array", "minItems": 1, "items": policy, "description": "In this order: the first that fits a ticket holds" }),
        ),
        ("escalate", steps("Who is told, for policies that do not say it themselves")),
    ]
}

fn duration(doc: &str) -> Value {
    json!({ "$ref": "#/$defs/duration", "description": doc })
}

fn targets() -> Value {
    let mut properties = Map::new();
    for clock in Clock::ALL {
        let mut target = Map::new();
        target.insert("within".into(), duration("How long it may take"));
        target.insert("time".into(), json!({ "enum": ["business", "elapsed"], "description": "business: the hours of the calendar (when left out); elapsed: all hours" }));
        for (word, _) in Property::ALL {
            let doc = format!("Shorter for some: {word} → how long. The shortest that fits counts");
            let shorter = json!({ "type": "object", "minProperties": 1, "additionalProperties": { "$ref": "#/$defs/duration" }, "description": doc });
            target.insert(word.into(), shorter);
        }
        let doc = described(clock);
        let table = json!({ "type": "object", "additionalProperties": false, "required": ["within"], "properties": target, "description": doc });
        properties.insert(clock.word().into(), table);
    }
    json!({ "type": "object", "additionalProperties": false, "minProperties": 1, "properties": properties, "description": "How long each clock may run; a clock without a target does not" })
}

fn described(clock: Clock) -> &'static str {
    match clock {
        Clock::FirstResponse => "From the opening to the first message of the staff",
        Clock::NextResponse => "From the oldest unanswered message of the customer to the answer",
        Clock::Update => "From one message of the staff to the next",
        Clock::Plan => "From the opening to a state of `planned`, or to solving",
        Clock::Solution => "From the opening until it is solved; a ticket that is opened again goes on where it stood",
        Clock::Callback => "From solving to a message of the staff after that, or a callback that is done",
        Clock::Inform => "From the opening, or the last change of kind or urgency, to the next message of the staff",
        Clock::Register => "From the opening until it has a topic",
    }
}

fn steps(doc: &str) -> Value {
    let recipient =
        json!({ "type": "string", "pattern": "^(assignee|owner|team|supervisor|customer|role:.+|robot:.+)$" });
    let step = json!({
        "type": "object", "additionalProperties": false, "required": ["to"],
        "properties": {
            "clocks": { "type": "array", "minItems": 1, "items": { "enum": Clock::ALL.map(Clock::word) }, "description": "Of which clocks; of all when left out" },
            "at": { "type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?[%％]|start|due|[0-9]+[smhdw])$", "description": "A share of the target, \"start\", \"due\", or a length of time from the start", "examples": ["80%", "due", "24h"] },
            "lead": duration("With a share: told so long before it is due at the latest"),
            "before": duration("So long before it is due"),
            "after": duration("So long after it is due"),
            "to": { "anyOf": [recipient, { "type": "array", "minItems": 1, "items": recipient }], "description": "Who is told" },
        },
    });
    json!({ "type": "array", "items": step, "description": doc })
}
