//! Asking the gateway what became of a message whose fate is unknown, by the reference it was given.
//!
//! A question changes nothing, so it may be asked as often as one likes. Only a clear answer counts: a call that failed, an
//! answer that is none and a list that is not there say nothing about the message.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::{Value as Known, context};
use reqwest::{Method, Url};
use serde_json::{Map, Value};

use super::encode::plain;
use super::fields::{Fields, Filled};
use super::sign::{Draft, Signer};
use super::{Webhook, answer, number};
use crate::outbox::channel::answer::masked;
use crate::outbox::channel::settings::{BodyKind, ReceiptSettings, Sort, WebhookSettings};

/// A message the gateway is asked about.
#[derive(Debug, Clone)]
pub struct Question {
    /// `tend.outbox.public_id`, the reference it was sent with.
    pub id: uuid::Uuid,
    /// Address or number it went to.
    pub to: String,
    /// When it was handed off.
    pub sent: DateTime<Utc>,
    /// What time it is.
    pub now: DateTime<Utc>,
    /// What the gateway calls it, when it said so.
    pub reference: Option<String>,
}

/// What a gateway knows of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It has it.
    Taken(String),
    /// It has delivered it.
    Delivered(String),
    /// It refused it.
    Refused(String),
    /// It does not know it.
    Missing,
    /// It gave no clear answer.
    Silent(String),
}

/// Asks.
#[derive(Debug)]
pub struct Asker {
    settings: ReceiptSettings,
    url: Url,
    method: Method,
    body: BodyKind,
    zone: Tz,
    fields: Fields,
    matching: Fields,
    signers: Vec<Signer>,
}

/// Key of the one field that holds what an entry is found by.
const SOUGHT: &str = "equals";

impl Asker {
    pub(super) fn new(name: &str, channel: &WebhookSettings) -> anyhow::Result<Option<Self>> {
        let Some(settings) = channel.receipt.clone() else { return Ok(None) };
        let place = format!("channels.{name}.receipt");
        let body = settings.body.unwrap_or(channel.body);
        let url = super::checked(&format!("{place}.url"), settings.url.as_ref().unwrap_or(&channel.url), channel)?;
        let mut asking = channel.clone();
        if let (Some(sign), Some(action)) = (&mut asking.sign, &settings.action) {
            sign.action = Some(action.clone());
        }
        let read = |key: &str, fields: &Map<String, Value>| {
            Fields::new(fields, body).map_err(|error| anyhow::anyhow!("{place}.{key}.{error}"))
        };
        let sought = Map::from_iter([(SOUGHT.to_owned(), settings.matching.equals.clone().into())]);
        let this = Self {
            method: settings.method.as_ref().unwrap_or(&channel.method).parse()?,
            zone: settings.timezone.as_ref().and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC),
            fields: read("fields", &settings.fields)?,
            matching: read("match", &sought)?,
            signers: super::signers(name, &asking)?,
            settings,
            url,
            body,
        };
        let sample = Question {
            id: uuid::Uuid::nil(),
            to: "+8613800138000".into(),
            sent: DateTime::UNIX_EPOCH,
            now: DateTime::UNIX_EPOCH,
            reference: None,
        };
        this.filled(&sample, &sample.to).map_err(|error| anyhow::anyhow!("{place}.{error}"))?;
        Ok(Some(this))
    }

    /// What is asked, and what an entry is found by.
    fn filled(&self, question: &Question, to: &str) -> Result<(Map<String, Value>, String), String> {
        let values: Known = context! {
            to, id => question.id.to_string(), reference => question.reference.as_deref(),
            sent => question.sent.with_timezone(&self.zone).format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            sent_unix => question.sent.timestamp(), now_unix => question.now.timestamp(),
        };
        let sought = Filled::together(&[&self.matching.fill(&values)?]);
        let sought = sought.get(SOUGHT).map(plain).unwrap_or_default();
        Ok((Filled::together(&[&self.fields.fill(&values)?]), sought))
    }

    /// Finds the message in what the gateway said.
    fn found(&self, body: &[u8], sought: &str) -> Receipt {
        let silent = |what: &str| Receipt::Silent(masked(&format!("{what}: {}", String::from_utf8_lossy(body))));
        let Ok(body_json) = serde_json::from_slice::<Value>(body) else { return silent("the answer is no JSON") };
        if let Some(rule) = &self.settings.success
            && body_json.pointer(&rule.json).map(plain).as_ref() != Some(&rule.equals)
        {
            return silent(&format!("{} is not {}", rule.json, rule.equals));
        }
        let entries = match &self.settings.list {
            None => vec![&body_json],
            Some(list) => match body_json.pointer(list) {
                Some(Value::Array(entries)) => entries.iter().collect(),
                _ => return silent(&format!("no list at {list}")),
            },
        };
        let is_ours =
            |entry: &&&Value| entry.pointer(&self.settings.matching.json).map(plain).as_deref() == Some(sought);
        let Some(entry) = entries.iter().find(is_ours) else { return Receipt::Missing };
        let state = self.settings.status.as_ref().and_then(|status| entry.pointer(status)).map(plain);
        let state = state.unwrap_or_default();
        let said = masked(&format!("the gateway says {state}"));
        match () {
            () if self.settings.refused.contains(&state) => Receipt::Refused(said),
            () if self.settings.delivered.contains(&state) => Receipt::Delivered(said),
            () => Receipt::Taken(said),
        }
    }
}

impl Webhook {
    /// How the gateway is asked; none: it cannot be.
    pub(in super::super) fn receipt(&self) -> Option<&ReceiptSettings> {
        self.asker.as_ref().map(|asker| &asker.settings)
    }

    /// Asks.
    pub(in super::super) async fn ask(&self, question: &Question) -> Receipt {
        let Some(asker) = &self.asker else { return Receipt::Silent("the channel has no receipt".into()) };
        match self.asked(asker, question).await {
            Ok(receipt) => receipt,
            Err(said) => Receipt::Silent(masked(&said)),
        }
    }

    async fn asked(&self, asker: &Asker, question: &Question) -> Result<Receipt, String> {
        let to = match self.settings.sort {
            Sort::Sms => number::written(&question.to, &self.numbers)?,
            Sort::Email | Sort::Robot => question.to.clone(),
        };
        let (fields, sought) = asker.filled(question, &to)?;
        let draft = Draft {
            method: asker.method.clone(),
            url: asker.url.clone(),
            headers: self.headers.clone(),
            body: String::new(),
            id: format!("receipt {}", question.id),
            date: question.now,
        };
        let draft = super::written(draft, fields, asker.body, &asker.signers)?;
        let request = self.client.request(draft.method, draft.url).headers(draft.headers).body(draft.body);
        let mut response = request.send().await.map_err(|error| answer::words(&error))?;
        let status = response.status();
        let body = answer::body(&mut response).await.map_err(|error| answer::words(&error))?;
        if !status.is_success() {
            return Err(format!("{status} {}", String::from_utf8_lossy(&body)));
        }
        Ok(asker.found(&body, &sought))
    }
}
