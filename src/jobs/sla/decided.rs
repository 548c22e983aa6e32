//! What a run made of the ticket of a customer: for checks.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::alert;
use super::clock::Clock;
use super::policy::Recipient;
use crate::engine::door::{Decided, Decision, JobError, Run};
use crate::jobfile::reader::{Reader, did_you_mean};

const POLICY: &str = "policy";
const MET: &str = "met";
const MISSED: &str = "missed";
const TOLD: &str = "told";
const NONE: &str = "none";
const FORM: &str = "%Y-%m-%d %H:%M:%S";
const EXAMPLE: &str = "\"2026-06-01 10:00\"";

/// The policy and the deadlines of the customer's last ticket, and who is told.
pub(super) async fn decided(run: &Run, customer_id: &str, conn: &mut PgConnection) -> Result<Decided, JobError> {
    let ticket = sqlx::query_scalar!(
        "select ticket_id from crm.ticket where customer_id = $1 order by opened_at desc, ticket_id desc limit 1",
        customer_id
    );
    let Some(ticket) = ticket.fetch_optional(&mut *conn).await? else {
        let why = "the customer has no ticket: give one with tickets = [{ … }]".to_owned();
        return Ok(Decided { what: Decision::new(), why });
    };
    let clocks = sqlx::query!(
        "select clock, policy, due_at, state, breached_at from tend.sla_clock where job = $1 and ticket_id = $2 order by cycle",
        run.job,
        ticket
    );
    let clocks = clocks.fetch_all(&mut *conn).await?;
    let told = sqlx::query_scalar!(
        "select distinct asked from tend.sla_alert where job = $1 and ticket_id = $2 and state <> 'dropped'",
        run.job,
        ticket
    );
    let told = told.fetch_all(conn).await?;
    let told: BTreeSet<&str> = told.iter().flat_map(|asked| asked.split(alert::AND)).collect();
    let policy = clocks.first().map_or(NONE, |clock| &clock.policy);
    let mut what = Decision::from([(POLICY, json!(policy)), (TOLD, json!(told))]);
    let (mut met, mut missed) = (BTreeSet::new(), BTreeSet::new());
    for row in &clocks {
        let Some(clock) = Clock::of(&row.clock) else { continue };
        what.insert(clock.word(), row.due_at.map_or(json!(NONE), |due| json!(shown(due, run.timezone))));
        if row.state == "met" {
            met.insert(clock.word());
        }
        if row.breached_at.is_some() {
            missed.insert(clock.word());
        }
    }
    what.insert(MET, json!(met));
    what.insert(MISSED, json!(missed));
    let why = clocks.iter().map(|row| {
        let due =
            row.due_at.map_or_else(|| "no due instant".to_owned(), |due| format!("due {}", shown(due, run.timezone)));
        format!("{} {} ({due})", row.clock, row.state)
    });
    let why = format!("ticket {ticket} under the policy {policy}: {}", why.collect::<Vec<_>>().join(", "));
    Ok(Decided { what, why })
}

fn shown(at: DateTime<Utc>, zone: Tz) -> String {
    let text = at.with_timezone(&zone).format(FORM).to_string();
    text.strip_suffix(":00").map_or(text.clone(), str::to_owned)
}

/// Reads `expect` of a check: `{ policy = "urgent", first_response = "2026-06-01 10:00", told = ["assignee"] }`.
pub(super) fn expect(expect: &mut Reader<'_>, policies: &[String]) -> Option<Decision> {
    let before = expect.problems();
    let mut wanted = Decision::new();
    if let Some(policy) = expect.string(POLICY) {
        if policy != NONE && !policies.contains(&policy) {
            let known: Vec<&str> = policies.iter().map(String::as_str).chain([NONE]).collect();
            expect.problem(POLICY, format!("there is no policy {policy:?}"), Some(did_you_mean(&policy, &known)));
        }
        wanted.insert(POLICY, json!(policy));
    }
    for clock in Clock::ALL {
        let Some(text) = expect.string(clock.word()) else { continue };
        match instant(&text) {
            Some(text) => wanted.extend([(clock.word(), json!(text))]),
            None => {
                let help = format!("when it is due, in the job's zone: {EXAMPLE}; or {NONE:?}");
                expect.problem(clock.word(), format!("{text:?} is no instant"), Some(help));
            }
        }
    }
    let clocks = Clock::ALL.map(Clock::word);
    for key in [MET, MISSED] {
        let known = |word: &str| (!clocks.contains(&word)).then(|| did_you_mean(word, &clocks));
        wanted.extend(words(expect, key, "clock", known).map(|words| (key, json!(words))));
    }
    let known = |word: &str| {
        let plain: Vec<&str> = Recipient::WORDS.iter().map(|(word, _)| *word).collect();
        Recipient::of(word).is_none().then(|| did_you_mean(word, &plain))
    };
    wanted.extend(words(expect, TOLD, "recipient", known).map(|words| (TOLD, json!(words))));
    if wanted.is_empty() && expect.problems() == before {
        expect.problem_here("the check expects nothing", Some(format!("for example: first_response = {EXAMPLE}")));
    }
    (expect.problems() == before).then_some(wanted)
}

fn instant(text: &str) -> Option<String> {
    if text == NONE {
        return Some(NONE.to_owned());
    }
    let whole = if text.len() == 16 { format!("{text}:00") } else { text.to_owned() };
    NaiveDateTime::parse_from_str(&whole, FORM).ok()?;
    Some(whole.strip_suffix(":00").map_or(whole.clone(), str::to_owned))
}

/// A list of words as a set; `help` says what is wrong with one.
fn words(
    expect: &mut Reader<'_>,
    key: &'static str,
    what: &str,
    help: impl Fn(&str) -> Option<String>,
) -> Option<BTreeSet<String>> {
    let words = expect.strings(key)?;
    for word in &words {
        if let Some(help) = help(word) {
            expect.problem(key, format!("there is no {what} {word:?}"), Some(help));
        }
    }
    Some(words.into_iter().collect())
}

/// The JSON schema of the same.
pub(super) fn expect_schema() -> Map<String, Value> {
    let clocks = Clock::ALL.map(Clock::word);
    let list = |doc: &str, items: Value| json!({ "type": "array", "items": items, "description": doc });
    let mut keys = Map::new();
    keys.insert(
        POLICY.into(),
        json!({ "type": "string", "description": "The policy that holds for the ticket; \"none\": none" }),
    );
    for clock in clocks {
        let doc = "When it is due, in the job's zone; \"none\": nobody knows, or there is no such deadline";
        keys.insert(clock.into(), json!({ "type": "string", "description": doc, "examples": ["2026-06-01 10:00"] }));
    }
    keys.insert(MET.into(), list("The deadlines that were met", json!({ "enum": clocks })));
    keys.insert(
        MISSED.into(),
        list("The deadlines that were not kept, also of what is still open", json!({ "enum": clocks })),
    );
    keys.insert(
        TOLD.into(),
        list("Whom the file names of those who are told, by then or when they work again", json!({ "type": "string" })),
    );
    keys
}
