//! What the answers of a webhook mean.

use serde::Deserialize;

/// Which answers mean that the message was taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Success {
    /// JSON pointer into the body of a 2xx answer (`/Code`), or into an entry of `results`.
    pub json: String,
    /// What must stand there (compared as text).
    pub equals: String,
}

/// What the provider's codes mean, found where `success` and `failure` look. One that ends in `*` stands for all that
/// begin so. A code that is in no list refuses the message for good.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Codes {
    /// Taken all the same: the gateway has it already.
    pub accepted: Vec<String>,
    /// Not now: the message is tried again by `retry_after`.
    pub retry: Vec<String>,
    /// Too fast: the channel waits, the message is tried again.
    pub throttled: Vec<String>,
    /// The channel's fault (login, signature, no money): it stops as if it could not be reached, no message is lost.
    pub stop: Vec<String>,
    /// It failed at a moment when it may have had the message already: `receipt` and `on_unknown` decide.
    pub unknown: Vec<String>,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct AnswerRules {
    /// Beyond a 2xx status.
    pub success: Option<Success>,
    /// Where a call that failed as a whole says so.
    pub failure: Option<String>,
    /// Where each message has its result.
    pub results: Option<String>,
    /// Where the provider's own id of a message is.
    pub reference: Option<String>,
    /// What its codes mean.
    pub codes: Codes,
}

impl AnswerRules {
    pub(super) fn problems(&self, say: &mut impl FnMut(&str, &str)) {
        let pointers = [
            ("success.json", self.success.as_ref().map(|success| &success.json)),
            ("failure", self.failure.as_ref()),
            ("results", self.results.as_ref()),
            ("reference", self.reference.as_ref()),
        ];
        for (key, pointer) in pointers {
            if pointer.is_some_and(|pointer| !pointer.starts_with('/')) {
                say(key, "must be a JSON pointer such as \"/Response/Error/Code\"");
            }
        }
        let Codes { accepted, retry, throttled, stop, unknown } = &self.codes;
        let listed = [accepted, retry, throttled, stop, unknown].iter().any(|list| !list.is_empty());
        if listed && self.success.is_none() && self.failure.is_none() {
            say("codes", "nothing says where the code stands; give success or failure");
        }
    }
}
