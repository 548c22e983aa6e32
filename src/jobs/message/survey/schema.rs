//! The JSON schema of `[survey]` and `[invitation]`, for editors.

use serde_json::{Value, json};

use super::MOST_REASONS;
use crate::jobs::message::schema::{length, table, text, words};
use crate::outbox::survey::{ACCEPTED, DECLINED};

/// Both tables by their keys.
pub fn schema() -> [(&'static str, Value); 2] {
    let answers = words("From which answer", &[ACCEPTED, DECLINED]);
    let invitation = shared(&follows("answer", &answers, false));
    let mut survey = shared(&follows("reason", &text("From which reason, by its name"), true));
    survey["kind"] = words("csat: 1 to 5 stars; nps: 0 to 10; choice: one of the reasons", &["csat", "nps", "choice"]);
    survey["reasons"] = json!({
        "description": "Reasons to choose from, in order: texts, or a name and the words in each language",
        "type": "array", "minItems": 1, "maxItems": MOST_REASONS, "items": reason(),
    });
    let asks = "What the message asks; templates show survey.links or survey.url";
    let invites = "What the customer is invited to; templates show invitation.accept and invitation.decline";
    [("survey", table(asks, &["kind", "question"], survey)), ("invitation", table(invites, &["question"], invitation))]
}

/// What surveys and invitations share.
fn shared(follows: &Value) -> Value {
    let question = json!({
        "description": "A text, or one for each language of the template",
        "oneOf": [{ "type": "string", "minLength": 1 }, { "type": "object", "additionalProperties": { "type": "string", "minLength": 1 } }],
    });
    json!({
        "question": question,
        "comment": { "description": "Room for a few words of the customer's own; default false", "type": "boolean" },
        "link_ttl": length("How long the links work from the sending on; default 30d"),
        "on_answer": follows,
    })
}

fn reason() -> Value {
    json!({
        "oneOf": [
            { "type": "string", "minLength": 1 },
            { "type": "object", "required": ["name"], "additionalProperties": { "type": "string", "minLength": 1 } },
        ],
    })
}

/// What follows from answers that `key` names, or scores.
fn follows(key: &str, which: &Value, scored: bool) -> Value {
    let task = table(
        "A task for a person",
        &["kind", "to", "title", "due"],
        json!({
            "kind": words("What is to be done", &["callback"]),
            "to": text("Whose it is: owner (the customer's own agent), supervisor (of the owner), assignee (of the ticket), or the name of a team"),
            "title": text("One line for whoever does it"),
            "due": length("By when it has to be done, counted from the answer: \"24h\""),
        }),
    );
    let mut properties = json!({ key: which, "create_task": task });
    if scored {
        let score = json!({ "type": "integer", "minimum": 0, "maximum": 10 });
        properties["score"] =
            table("From which scores", &[], json!({ "is": score, "at_least": score, "at_most": score }));
    }
    let item = table("What follows from which answers", &["create_task"], properties);
    json!({ "description": "What follows from an answer; the first that fits", "type": "array", "items": item })
}
