//! `[channels.NAME.receipt]`: how the gateway is asked what became of a message.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::reports::zone;
use super::{BodyKind, Success, duration};

/// Where in the list of receipts a message is found.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// JSON pointer into an entry (`/OutId`).
    pub json: String,
    /// Template of what stands there; default `{{ id }}`.
    #[serde(default = "id")]
    pub equals: String,
}

/// `[channels.NAME.receipt]`. Login, signature, timeout and certificates are those of the channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptSettings {
    /// Where to ask; default the channel's url.
    pub url: Option<String>,
    /// GET, POST or PUT; default the channel's.
    pub method: Option<String>,
    /// How the question is written; default the channel's.
    pub body: Option<BodyKind>,
    /// API that is asked, where the signature names one (`QuerySendDetails`).
    pub action: Option<String>,
    /// The question: templates over `id`, `to`, `reference`, `sent` (the instant, in `timezone`).
    pub fields: Map<String, Value>,
    /// Zone of `sent`; default UTC.
    pub timezone: Option<String>,
    /// What the answer must say beyond its status 2xx, so that it is one.
    pub success: Option<Success>,
    /// JSON pointer to the list of receipts; none: the answer is the receipt.
    pub list: Option<String>,
    /// Which entry is the message's.
    #[serde(rename = "match")]
    pub matching: Match,
    /// JSON pointer into the entry: the message's state.
    pub status: Option<String>,
    /// States that mean that the message was refused; every other means that the gateway has it.
    #[serde(default)]
    pub refused: Vec<String>,
    /// States that mean that it arrived.
    #[serde(default)]
    pub delivered: Vec<String>,
    /// How long after the hand-over the gateway is asked first: its books may lag behind.
    #[serde(default = "minute", deserialize_with = "duration")]
    pub after: Duration,
    /// How long after the hand-over a message the gateway does not know counts as never sent, and is sent again.
    #[serde(default = "minutes_10", deserialize_with = "duration")]
    pub missing_after: Duration,
    /// How long it is asked when it gives no answer; then `on_unknown` decides.
    #[serde(default = "day", deserialize_with = "duration")]
    pub patience: Duration,
}

impl ReceiptSettings {
    pub(super) fn problems(&self, channel: BodyKind, method: &str, say: &mut impl FnMut(&str, &str)) {
        for (key, pointer) in [
            ("receipt.list", self.list.as_ref()),
            ("receipt.status", self.status.as_ref()),
            ("receipt.match.json", Some(&self.matching.json)),
            ("receipt.success.json", self.success.as_ref().map(|success| &success.json)),
        ] {
            if pointer.is_some_and(|pointer| !pointer.starts_with('/')) {
                say(key, "must be a JSON pointer such as \"/SmsSendDetailDTOs/SmsSendDetailDTO\"");
            }
        }
        if !self.refused.is_empty() && self.status.is_none() {
            say("receipt.refused", "nothing says where the state stands; give status");
        }
        if !self.delivered.is_empty() && self.status.is_none() {
            say("receipt.delivered", "nothing says where the state stands; give status");
        }
        let query = self.body.unwrap_or(channel) == BodyKind::Query;
        match self.method.as_deref().unwrap_or(method) {
            "GET" if query => {}
            "GET" => say("receipt.method", "GET carries no body; set body = \"query\", or POST"),
            "POST" | "PUT" => {}
            _ => say("receipt.method", "must be GET, POST or PUT"),
        }
        zone("receipt.timezone", self.timezone.as_deref(), say);
        if self.missing_after < self.after || self.patience < self.missing_after {
            say("receipt.after", "must not be longer than missing_after, and that not longer than patience");
        }
    }
}

fn id() -> String {
    "{{ id }}".into()
}

fn minute() -> Duration {
    Duration::from_secs(60)
}

fn minutes_10() -> Duration {
    Duration::from_secs(600)
}

fn day() -> Duration {
    Duration::from_secs(24 * 3600)
}
