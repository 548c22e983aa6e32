//! Calls that providers make to us: who may, and what they say. Pure: the public listener brings the call and the time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};

mod public;
mod report;
mod verify;

pub use report::Brought;
pub use report::Reports;
pub(super) use report::{instant, ours, zone};
use verify::Verifier;

use super::reply::Replies;
use crate::outbox::channel::settings::{ChannelSettings, Place, Places};

/// A call as it came.
#[derive(Debug)]
pub struct Call<'c> {
    /// The address as the provider calls it, with its query.
    pub url: &'c str,
    /// The query as it came, without the question mark.
    pub query: &'c str,
    /// What stands behind the channel's name in the path.
    pub token: Option<&'c str>,
    /// The headers.
    pub headers: &'c HeaderMap,
    /// The body.
    pub body: &'c [u8],
}

/// What cannot be read, though it comes from whom it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call is neither JSON nor a form")]
pub struct Malformed;

/// Most entries of one call that are looked at.
const MOST: usize = 2_000;

impl Call<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn is_json(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        kind.to_ascii_lowercase().contains("json") || matches!(first, Some(b'{' | b'['))
    }

    /// The fields of a form, in order.
    fn form(&self) -> Option<Vec<(String, String)>> {
        std::str::from_utf8(self.body).ok().map(pairs)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        pairs(self.query).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// What it says: JSON, or the fields of a form as an object.
    pub(super) fn document(&self) -> Result<Value, Malformed> {
        if self.is_json() {
            return serde_json::from_slice(self.body).map_err(|_| Malformed);
        }
        let mut fields = Map::new();
        for (name, value) in self.form().ok_or(Malformed)? {
            fields.entry(name).or_insert(Value::String(value));
        }
        if fields.is_empty() && self.query.is_empty() { Err(Malformed) } else { Ok(Value::Object(fields)) }
    }

    /// What stands at a place, seen from an entry.
    fn at(&self, place: &Place, entry: &Value) -> Option<String> {
        match place {
            Place::Field(pointer) => match entry.pointer(pointer)? {
                Value::Null | Value::Array(_) | Value::Object(_) => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            },
            Place::Query(name) => self.parameter(name),
            Place::Header(name) => self.header(name).map(str::to_owned),
            Place::Literal(text) => Some(text.clone()),
            Place::Body => Some(String::from_utf8_lossy(self.body).into_owned()),
            Place::Url => Some(self.url.to_owned()),
        }
    }

    /// What stands at places together, without control characters; none when there is nothing at any.
    pub(super) fn text(&self, places: &Places, between: &str, entry: &Value) -> Option<String> {
        let found: Vec<String> = places.0.iter().filter_map(|place| self.at(place, entry)).collect();
        let clean = |c: char| if c.is_control() { ' ' } else { c };
        let text: String = found.join(between).chars().map(clean).collect();
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// The entries of a call: those of a list in it, or itself.
pub(in crate::outbox::returned) fn entries(document: Value, list: Option<&str>) -> Vec<Value> {
    let found = match list {
        Some(pointer) => document.pointer(pointer).cloned().unwrap_or_default(),
        None => document,
    };
    match found {
        Value::Array(list) => list.into_iter().take(MOST).collect(),
        Value::Object(_) => vec![found],
        _ => Vec::new(),
    }
}

/// What an urlencoded form or query says, in order; a name may come several times.
#[must_use]
pub fn pairs(encoded: &str) -> Vec<(String, String)> {
    let Ok(mut url) = reqwest::Url::parse("form:/") else { return Vec::new() };
    url.set_query(Some(encoded));
    url.query_pairs().into_owned().collect()
}

/// A configured channel whose provider calls us.
#[derive(Debug)]
pub struct Caller {
    verifier: Verifier,
    /// Its receipts.
    pub reports: Option<Reports>,
    /// Its text messages.
    pub replies: Option<Replies>,
}

impl Caller {
    /// Whether a call comes from the provider.
    #[must_use]
    pub fn is(&self, call: &Call<'_>) -> bool {
        self.verifier.verifies(call)
    }

    /// Whether it was made lately, where calls say so.
    #[must_use]
    pub fn in_time(&self, call: &Call<'_>, now: DateTime<Utc>) -> bool {
        self.verifier.in_time(call, now)
    }
}

/// Everybody who may call.
#[derive(Debug, Default)]
pub struct Callers(BTreeMap<String, Caller>);

impl Callers {
    /// Those of the settings; reads their secrets.
    ///
    /// # Errors
    /// When a secret cannot be read or used; the message names the key.
    pub fn new(channels: &BTreeMap<String, ChannelSettings>) -> anyhow::Result<Self> {
        let mut callers = BTreeMap::new();
        for (name, channel) in channels {
            let returns = channel.returns();
            let Some(verify) = returns.verify else { continue };
            let caller = Caller {
                verifier: Verifier::new(name, verify)?,
                reports: returns.reports.map(|settings| Reports::new(name, settings)),
                replies: returns.replies.map(|settings| Replies::new(name, settings)).transpose()?,
            };
            callers.insert(name.clone(), caller);
        }
        Ok(Self(callers))
    }

    /// By the name of the channel.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Caller> {
        self.0.get(name)
    }
}
