//! The rules of a channel for what a receiver says in the body: success, the code of a failure, results by message.

use std::time::Duration;

use serde_json::Value;

use super::encode::plain;
use super::{Answer, Fate, Trouble};
use crate::outbox::channel::settings::{AnswerRules, Codes};

/// What of a body ends up in a reason.
const SHOWN: usize = 2_000;

/// Judges bodies.
#[derive(Debug)]
pub struct Judge {
    rules: AnswerRules,
}

/// What a code of the provider says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Accepted,
    Retry,
    Throttled,
    Stop,
    Unknown,
    Unlisted,
}

impl Judge {
    /// By these rules.
    pub fn new(rules: AnswerRules) -> Self {
        Self { rules }
    }

    /// Whether a success status alone says too little.
    pub fn has_rules(&self) -> bool {
        self.rules.success.is_some() || self.rules.failure.is_some() || self.rules.results.is_some()
    }

    /// The answers to the messages of a call with a 2xx status, in their order.
    pub fn answers(&self, code: Option<String>, body: &[u8], messages: usize) -> Vec<Answer> {
        let parsed = serde_json::from_slice::<Value>(body).ok();
        let said = shown(body);
        if let Some(failure) = self.failure(parsed.as_ref()) {
            return vec![self.failed(code, &failure, &said, None); messages];
        }
        let Some(results) = &self.rules.results else {
            return vec![self.judged(code, parsed.as_ref(), &said); messages];
        };
        let list = parsed.as_ref().and_then(|value| value.pointer(results)).and_then(Value::as_array);
        let one = |at: usize| match list.and_then(|list| list.get(at)) {
            Some(entry) => self.judged(code.clone(), Some(entry), &entry.to_string()),
            None => unclear(code.clone(), format!("no result for the message at {results}"), &said),
        };
        (0..messages).map(one).collect()
    }

    /// What a body says beside a status that is no success; none: the status decides.
    pub fn refusal(&self, status: Option<&str>, body: &[u8], wait: Option<Duration>) -> Option<Answer> {
        let parsed = serde_json::from_slice::<Value>(body).ok()?;
        let code = self.failure(Some(&parsed)).or_else(|| {
            let success = self.rules.success.as_ref()?;
            parsed.pointer(&success.json).map(plain)
        })?;
        let known = meaning(&self.rules.codes, &code) != Meaning::Unlisted;
        known.then(|| self.failed(status.map(str::to_owned), &code, &shown(body), wait))
    }

    /// The code of a call that failed as a whole.
    fn failure(&self, body: Option<&Value>) -> Option<String> {
        let found = body?.pointer(self.rules.failure.as_ref()?)?;
        let says = !found.is_null() && found.as_str() != Some("");
        says.then(|| plain(found))
    }

    /// One message, by its part of the body.
    fn judged(&self, code: Option<String>, part: Option<&Value>, said: &str) -> Answer {
        let at = |pointer: &str| part.and_then(|value| value.pointer(pointer)).map(plain);
        let reference = self.rules.reference.as_deref().and_then(at).map(|reference| {
            // Postgres takes no NUL in a text, and an id has no other control characters either
            reference.chars().filter(|c| !c.is_control()).take(200).collect()
        });
        let Some(rule) = &self.rules.success else {
            return Answer { reference, ..Answer::accepted(code, "") };
        };
        match at(&rule.json) {
            Some(found) if found == rule.equals => Answer { reference, ..Answer::accepted(code, "") },
            Some(found) => {
                let what = format!("{} is {found}, not {}: {said}", rule.json, rule.equals);
                self.failed(code, &found, &what, None)
            }
            None => unclear(code, format!("no {} in the answer", rule.json), said),
        }
    }

    /// What a code of the provider means for a message.
    fn failed(&self, status: Option<String>, code: &str, said: &str, wait: Option<Duration>) -> Answer {
        let said = if said.contains(code) { said.to_owned() } else { format!("{code}: {said}") };
        match meaning(&self.rules.codes, code) {
            Meaning::Accepted => Answer::accepted(status, said),
            Meaning::Retry => Answer::new(Fate::Retry(wait), status, said),
            Meaning::Throttled => Answer::new(Fate::Retry(wait), status, said).with(Trouble::Stop(wait)),
            Meaning::Stop => {
                let said = format!("the provider refuses the channel, not the message: {said}");
                Answer::new(Fate::Retry(wait), status, said).with(Trouble::Stop(wait))
            }
            Meaning::Unknown => {
                let said = format!("fate unknown: the provider does not say whether it has the message: {said}");
                Answer { code: status, ..Answer::unknown(said) }
            }
            Meaning::Unlisted => Answer::rejected(status, said),
        }
    }
}

fn meaning(codes: &Codes, code: &str) -> Meaning {
    let listed = |list: &[String]| {
        list.iter().any(|entry| match entry.strip_suffix('*') {
            Some(start) => code.starts_with(start),
            None => entry == code,
        })
    };
    if listed(&codes.accepted) {
        Meaning::Accepted
    } else if listed(&codes.retry) {
        Meaning::Retry
    } else if listed(&codes.throttled) {
        Meaning::Throttled
    } else if listed(&codes.stop) {
        Meaning::Stop
    } else if listed(&codes.unknown) {
        Meaning::Unknown
    } else {
        Meaning::Unlisted
    }
}

fn unclear(code: Option<String>, what: String, said: &str) -> Answer {
    Answer { code, ..Answer::unknown(format!("fate unknown: a success status, but {what}: {said}")) }
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(SHOWN)]).into_owned()
}
