//! What a run of a message job decided about one customer: for checks.

use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::explain::{REASONS, in_words};
use crate::engine::door::{Decided, Decision, JobError, Run};
use crate::jobfile::reader::Reader;

const MESSAGE: &str = "message";
const OFFER: &str = "offer";
const STEP: &str = "step";
const REASON: &str = "reason";
/// Reasons of which no row of `tend.decision` is made.
const WITHOUT_ROW: [(&str, &str); 3] = [
    ("not_in_audience", "not in the audience"),
    ("had_before", "had the message in an earlier run"),
    ("no_occasion", "nothing is due for the customer on that day"),
];

/// Whether the customer got a message and with which offer, else why not.
pub(super) async fn decided(run: &Run, customer_id: &str, conn: &mut PgConnection) -> Result<Decided, JobError> {
    let message = sqlx::query!(
        r#"select run_id, data -> 'offer' ->> 'name' as offer, channel, locale, step from tend.outbox
           where job = $1 and customer_id = $2 and created_at <= $3 order by message_id desc limit 1"#,
        run.job,
        customer_id,
        run.as_of
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(message) = message.as_ref().filter(|message| message.run_id == run.run_id) {
        let offer = message.offer.clone().unwrap_or_default();
        let step = if message.step.is_empty() { String::new() } else { format!(" of step {:?}", message.step) };
        let why = format!("a message{step} with the offer {offer:?} by {} in {}", message.channel, message.locale);
        let what = [(MESSAGE, json!(true)), (OFFER, json!(offer)), (STEP, json!(message.step))];
        return Ok(Decided { what: Decision::from(what), why });
    }
    let refused = sqlx::query_scalar!(
        "select reason from tend.decision where job = $1 and customer_id = $2 and last_at = $3 order by reason limit 1",
        run.job,
        customer_id,
        run.as_of
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(reason) = refused {
        // whoever writes a check is to know why its made-up customer is one of those
        let more = if reason == "holdout" {
            "; the customer_id decides that, and with another one it may be sent"
        } else {
            ""
        };
        return Ok(without(&reason, format!("{}{more}", in_words(&reason))));
    }
    if message.is_some() {
        return Ok(without("had_before", WITHOUT_ROW[1].1.to_owned()));
    }
    let failed = sqlx::query_scalar!(
        "select reason from tend.audience_count where run_id = $1 order by customers desc, reason limit 1",
        run.run_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(match failed {
        Some(condition) => without("not_in_audience", format!("not in the audience, does not hold: {condition}")),
        None => without("no_occasion", WITHOUT_ROW[2].1.to_owned()),
    })
}

fn without(reason: &str, why: String) -> Decided {
    Decided { what: Decision::from([(MESSAGE, json!(false)), (REASON, json!(reason))]), why }
}

/// Reads `expect` of a check: `{ message = true, offer = "high" }` or `{ message = false, reason = "no_consent" }`.
/// `offers` and `steps` are those of the file.
pub(super) fn expect(expect: &mut Reader<'_>, offers: &[String], steps: &[String]) -> Option<Decision> {
    expect.required(MESSAGE, "true");
    let message = expect.bool(MESSAGE);
    let mut expected = Decision::from([(MESSAGE, json!(message?))]);
    let offers: Vec<(&str, &str)> = offers.iter().map(|offer| (offer.as_str(), offer.as_str())).collect();
    if let Some(offer) = expect.choice(OFFER, &offers) {
        expected.insert(OFFER, json!(offer));
    }
    let steps: Vec<(&str, &str)> = steps.iter().map(|step| (step.as_str(), step.as_str())).chain([("", "")]).collect();
    if let Some(step) = expect.choice(STEP, &steps) {
        expected.insert(STEP, json!(step));
    }
    let reasons: Vec<(&str, &str)> = reasons().map(|(word, _)| (word, word)).collect();
    if let Some(reason) = expect.choice(REASON, &reasons) {
        expected.insert(REASON, json!(reason));
    }
    let contrary: &[&str] = if message? { &[REASON] } else { &[OFFER, STEP] };
    if let Some(contrary) = contrary.iter().find(|key| expect.has(key)) {
        let help = "an offer and a step go with message = true, a reason with message = false".to_owned();
        expect.problem_with_key(contrary, format!("`{contrary}` contradicts `message`"), Some(help));
        return None;
    }
    Some(expected)
}

/// The JSON schema of the same.
pub(super) fn expect_schema() -> Map<String, Value> {
    let words: Vec<&str> = reasons().map(|(word, _)| word).collect();
    let meaning: Vec<String> = reasons().map(|(word, meaning)| format!("{word}: {meaning}")).collect();
    let keys = json!({
        MESSAGE: { "type": "boolean", "description": "Whether the customer gets a message" },
        OFFER: { "type": "string", "description": "With which offer" },
        STEP: { "type": "string", "description": "Of which step; empty for the first message" },
        REASON: { "enum": words, "description": format!("Why not\n{}", meaning.join("\n")) },
    });
    keys.as_object().cloned().unwrap_or_default()
}

fn reasons() -> impl Iterator<Item = (&'static str, &'static str)> {
    REASONS.iter().chain(&WITHOUT_ROW).copied()
}
