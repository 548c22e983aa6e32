//! What is on record about one customer under a message job: `tend why`.
//!
//! Each occasion with what every run decided about it, the message that was queued, each hand-over and what came of it;
//! then the customer's word and what is suppressed. Ids, reasons and states only: no address and no text is shown, since
//! none is kept.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use self::returned::{Returned, returned};
use super::Message;
use super::answers::{Answer, answers};
use super::explain::in_words;
use super::goal::Judged;
use crate::clock::shown;
use crate::engine::door::{Explained, Run};
use crate::jobs::effects::{Credited, Goals, of_customer};
use crate::jobs::layout::hang;

mod returned;

/// Width of the instants in front of what happened then.
const WHEN: usize = 26;

/// A decision against a message, for as long as it held.
#[derive(Debug, Serialize)]
struct Refusal {
    occasion: String,
    step: String,
    reason: String,
    run_id: i64,
    at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    detail: Value,
}

/// A message that was queued.
#[derive(Debug, Serialize)]
struct Queued {
    message_id: i64,
    occasion: String,
    step: String,
    occurs_on: Option<NaiveDate>,
    run_id: i64,
    created_at: DateTime<Utc>,
    offer: Option<String>,
    channel: String,
    locale: String,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    state: String,
    state_at: DateTime<Utc>,
    state_reason: Option<String>,
}

/// A hand-over to a provider.
#[derive(Debug, Serialize)]
struct Attempt {
    message_id: i64,
    attempt: i16,
    handed_off_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    outcome: Option<String>,
    code: Option<String>,
    detail: Option<String>,
    retry_at: Option<DateTime<Utc>>,
}

/// The customer, as far as messages ask.
#[derive(Debug, Serialize)]
struct Recipient {
    status: String,
    locale: Option<String>,
    timezone: Option<String>,
    preferred_channel: Option<String>,
    has_email: bool,
    has_phone: bool,
    /// When it became known, in UTC.
    created_at: NaiveDateTime,
}

/// The newest word on a channel, and whether the address is suppressed.
#[derive(Debug, Serialize)]
struct Word {
    channel: String,
    granted: Option<bool>,
    recorded_at: Option<DateTime<Utc>>,
    source: Option<String>,
    wording: Option<String>,
    suppressed: Option<String>,
    suppressed_at: Option<DateTime<Utc>>,
}

/// All of it.
#[derive(Debug, Serialize)]
struct History {
    recipient: Recipient,
    refusals: Vec<Refusal>,
    messages: Vec<Queued>,
    attempts: Vec<Attempt>,
    /// Orders credited to the messages.
    credited: Vec<Credited>,
    answers: Vec<Answer>,
    words: Vec<Word>,
    returned: Returned,
}

/// What is on record about the customer up to the as-of of `run`; none when there is no such customer.
pub(super) async fn history(
    message: &Message,
    run: &Run,
    customer: &str,
    conn: &mut PgConnection,
) -> sqlx::Result<Option<Explained>> {
    let Some(recipient) = recipient(customer, conn).await? else { return Ok(None) };
    let messages = messages(run, customer, conn).await?;
    let ids: Vec<i64> = messages.iter().map(|message| message.message_id).collect();
    let goals = Goals::in_force(conn).await?.judging(&run.job, Judged::by_goal(message.goal));
    let mut credited = of_customer(conn, customer, run.as_of, &goals).await?;
    credited.retain(|order| ids.contains(&order.message_id));
    let history = History {
        recipient,
        credited,
        refusals: refusals(run, customer, conn).await?,
        attempts: attempts(&ids, conn).await?,
        answers: answers(&ids, run, conn).await?,
        messages,
        words: words(message, run, customer, conn).await?,
        returned: returned(&ids, run, customer, conn).await?,
    };
    let text = history.text(run);
    Ok(Some(Explained { json: json!(history), text, html: None }))
}

async fn recipient(customer: &str, conn: &mut PgConnection) -> sqlx::Result<Option<Recipient>> {
    sqlx::query_as!(
        Recipient,
        r#"select status as "status!", locale, timezone, preferred_channel,
                  coalesce(btrim(email), '') <> '' as "has_email!", coalesce(btrim(phone), '') <> '' as "has_phone!",
                  created_at at time zone 'UTC' as "created_at!"
           from crm.customer where customer_id = $1"#,
        customer
    )
    .fetch_optional(conn)
    .await
}

async fn refusals(run: &Run, customer: &str, conn: &mut PgConnection) -> sqlx::Result<Vec<Refusal>> {
    sqlx::query_as!(
        Refusal,
        "select occasion, step, reason, run_id, at, last_at, detail from tend.decision
         where job = $1 and customer_id = $2 and at <= $3 order by at, occasion, step, reason",
        run.job,
        customer,
        run.as_of
    )
    .fetch_all(conn)
    .await
}

async fn messages(run: &Run, customer: &str, conn: &mut PgConnection) -> sqlx::Result<Vec<Queued>> {
    sqlx::query_as!(
        Queued,
        r#"select o.message_id, o.occasion, o.step, c.occurs_on as "occurs_on?", o.run_id, o.created_at,
                  o.data -> 'offer' ->> 'name' as offer, o.channel, o.locale, o.not_before, o.not_after,
                  n.state as "state!", o.state_at, o.state_reason
           from tend.outbox o
           join tend.outbox_now n on n.message_id = o.message_id
           left join tend.occasion c
             on c.job = o.job and c.customer_id = o.customer_id and c.occasion = o.occasion and c.step = o.step
           where o.job = $1 and o.customer_id = $2 and o.created_at <= $3
           order by o.created_at, o.message_id"#,
        run.job,
        customer,
        run.as_of
    )
    .fetch_all(conn)
    .await
}

async fn attempts(ids: &[i64], conn: &mut PgConnection) -> sqlx::Result<Vec<Attempt>> {
    sqlx::query_as!(
        Attempt,
        "select message_id, attempt, handed_off_at, finished_at, outcome, code, detail, retry_at
         from tend.attempt where message_id = any($1) order by message_id, attempt",
        ids
    )
    .fetch_all(conn)
    .await
}

async fn words(message: &Message, run: &Run, customer: &str, conn: &mut PgConnection) -> sqlx::Result<Vec<Word>> {
    let channels: Vec<String> = message.policy.channels.iter().map(|sort| sort.as_str().to_owned()).collect();
    sqlx::query_file_as!(
        Word,
        "src/jobs/message/history_words.sql",
        customer,
        &channels,
        message.policy.purpose.as_str(),
        run.as_of
    )
    .fetch_all(conn)
    .await
}

impl History {
    fn text(&self, run: &Run) -> String {
        let mut text = self.recipient.text();
        let mut occasions: Vec<(&str, &str)> = Vec::new();
        let refused =
            self.refusals.iter().map(|refusal| (refusal.at, refusal.occasion.as_str(), refusal.step.as_str()));
        let queued =
            self.messages.iter().map(|queued| (queued.created_at, queued.occasion.as_str(), queued.step.as_str()));
        let mut seen: Vec<_> = refused.chain(queued).collect();
        seen.sort();
        for (_, occasion, step) in seen {
            if !occasions.contains(&(occasion, step)) {
                occasions.push((occasion, step));
            }
        }
        if occasions.is_empty() {
            text.push_str("\nNo run found an occasion for this customer that was refused or sent.\n");
        }
        for (occasion, step) in occasions {
            text.push('\n');
            text.push_str(&self.occasion(occasion, step, run));
        }
        text.push('\n');
        for word in &self.words {
            text.push_str(&word.text(run));
        }
        text.push_str(&self.returned.of_customer(run));
        text
    }

    /// One occasion, line by line.
    fn occasion(&self, occasion: &str, step: &str, run: &Run) -> String {
        let queued = self.messages.iter().find(|queued| queued.occasion == occasion && queued.step == step);
        let step_words = if step.is_empty() { String::new() } else { format!(", step {step}") };
        let day = queued.and_then(|queued| queued.occurs_on).map_or_else(String::new, |day| format!(" (on {day})"));
        let mut text = format!("{occasion}{step_words}{day}\n");
        let refusals = self.refusals.iter().filter(|refusal| refusal.occasion == occasion && refusal.step == step);
        for refusal in refusals {
            text.push_str(&line(shown(refusal.at, run.timezone), &refusal.words(run)));
        }
        if let Some(queued) = queued {
            text.push_str(&line(shown(queued.created_at, run.timezone), &queued.words(run)));
            for attempt in self.attempts.iter().filter(|attempt| attempt.message_id == queued.message_id) {
                text.push_str(&line(shown(attempt.handed_off_at, run.timezone), &attempt.words(run)));
            }
            text.push_str(&self.returned.of_message(queued.message_id, run));
            let why = queued.state_reason.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            text.push_str(&line(shown(queued.state_at, run.timezone), &format!("since then {}{why}", queued.state)));
            for order in self.credited.iter().filter(|order| order.message_id == queued.message_id) {
                text.push_str(&line(shown(order.placed_at, run.timezone), &order.words()));
            }
            for answer in self.answers.iter().filter(|answer| answer.message_id == queued.message_id) {
                text.push_str(&line(shown(answer.answered_at, run.timezone), &answer.words(run)));
            }
        }
        text
    }
}

fn line(when: String, words: &str) -> String {
    hang(&format!("{when}  "), words, 2, WHEN + 2)
}

impl Recipient {
    fn text(&self) -> String {
        let known = |has: bool, yes: &str, no: &str| format!("has {}", if has { yes } else { no });
        let or = |value: &Option<String>, word: &str| value.clone().unwrap_or_else(|| word.to_owned());
        let facts = [
            self.status.clone(),
            or(&self.locale, "no language on file"),
            or(&self.timezone, "no zone on file"),
            self.preferred_channel
                .as_ref()
                .map_or_else(|| "prefers no channel".to_owned(), |by| format!("prefers {by}")),
            known(self.has_email, "an email address", "no email address"),
            known(self.has_phone, "a phone", "no phone"),
        ];
        hang("The customer: ", &facts.join(", "), 0, 14)
    }
}

impl Refusal {
    fn words(&self, run: &Run) -> String {
        let mut words = format!("no message: {}", in_words(&self.reason));
        let rests_on = details(&self.detail);
        if !rests_on.is_empty() {
            words.push_str(&format!(" ({rests_on})"));
        }
        if self.last_at > self.at {
            words.push_str(&format!(", the same until {}", shown(self.last_at, run.timezone)));
        }
        format!("{words} · run {}", self.run_id)
    }
}

impl Queued {
    fn words(&self, run: &Run) -> String {
        let offer = self.offer.as_ref().map_or_else(String::new, |offer| format!(" with the offer {offer:?}"));
        format!(
            "message {} by {} in {}{offer}, to go from {} until {} · run {}",
            self.message_id,
            self.channel,
            self.locale,
            shown(self.not_before, run.timezone),
            shown(self.not_after, run.timezone),
            self.run_id
        )
    }
}

impl Attempt {
    fn words(&self, run: &Run) -> String {
        let outcome = self.outcome.as_deref().unwrap_or("in the network, no answer yet");
        let code = self.code.as_ref().map_or_else(String::new, |code| format!(" ({code})"));
        let detail = self.detail.as_ref().filter(|_| self.outcome.as_deref() != Some("accepted"));
        let detail = detail.map_or_else(String::new, |detail| format!(": {detail}"));
        let again = self.retry_at.map_or_else(String::new, |at| format!(", again at {}", shown(at, run.timezone)));
        format!("attempt {}: {outcome}{code}{detail}{again}", self.attempt)
    }
}

impl Word {
    fn text(&self, run: &Run) -> String {
        let when = self.recorded_at.map_or_else(String::new, |at| format!(" on {}", shown(at, run.timezone)));
        let evidence: Vec<&str> = [&self.source, &self.wording]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .filter(|word| !word.is_empty())
            .collect();
        let evidence = if evidence.is_empty() { String::new() } else { format!(" ({})", evidence.join(", ")) };
        let word = match self.granted {
            None => "no word on record".to_owned(),
            Some(true) => format!("allowed{when}{evidence}"),
            Some(false) => format!("refused{when}{evidence}"),
        };
        let suppressed = self.suppressed.as_ref().zip(self.suppressed_at).map_or_else(String::new, |(reason, at)| {
            format!("; the address is suppressed: {reason} on {}", shown(at, run.timezone))
        });
        hang(&format!("Consent by {}: ", self.channel), &format!("{word}{suppressed}"), 0, 13 + self.channel.len())
    }
}

/// "email: no consent, sms: no address": what a reason rests on, as it was written down.
fn details(detail: &Value) -> String {
    let Some(detail) = detail.as_object() else { return String::new() };
    let flat = detail.iter().filter(|(key, _)| *key != "occurs_on").flat_map(|(key, value)| match value {
        Value::Object(inner) => inner.iter().collect::<Vec<_>>(),
        _ => vec![(key, value)],
    });
    let pairs = flat.filter(|(_, value)| !value.is_null()).map(|(key, value)| match value {
        Value::String(text) => format!("{}: {}", spaced(key), spaced(text)),
        other => format!("{}: {other}", spaced(key)),
    });
    pairs.collect::<Vec<_>>().join(", ")
}

fn spaced(word: &str) -> String {
    word.replace('_', " ")
}
