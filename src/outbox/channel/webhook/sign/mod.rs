//! Signatures of calls, one file a maker. Each says where its maker describes it, and is tested with the maker's example
//! where there is one.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::super::settings::{SignBy, SignSettings, secret};
use crate::outbox::hex::written as hex;

mod aliyun;
mod generic;
mod robots;
mod standard;
mod tencent;

use generic::Generic;
pub use standard::Standard;

/// A call about to be signed.
#[derive(Debug)]
pub struct Draft {
    /// GET, POST or PUT.
    pub method: Method,
    /// Where to, with its query.
    pub url: Url,
    /// What is there so far.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: String,
    /// The id of the message, or one made of the ids of all messages of the call.
    pub id: String,
    /// What time it is.
    pub date: DateTime<Utc>,
}

impl Draft {
    /// The host as it stands in the Host header.
    fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Unlike that of any other call: of its messages and the time.
    fn nonce(&self) -> String {
        hex(&Sha256::digest(format!("{} {}", self.id, self.date.timestamp_micros())))[..32].to_owned()
    }

    fn header(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }

    fn authorize(&mut self, value: &str) {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            self.headers.insert(AUTHORIZATION, value);
        }
    }
}

/// Who is who: an id and what proves it.
#[derive(Debug)]
struct Key {
    id: String,
    secret: SecretString,
}

impl Key {
    fn bytes(&self) -> &[u8] {
        self.secret.expose_secret().as_bytes()
    }
}

/// Signs calls.
#[derive(Debug)]
pub enum Signer {
    /// Standard Webhooks.
    Standard(Standard),
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// Alibaba Cloud, ACS3-HMAC-SHA256.
    Aliyun(aliyun::Aliyun),
    /// Tencent Cloud, TC3-HMAC-SHA256.
    Tencent(tencent::Tencent),
    /// DingTalk robots.
    Dingtalk(SecretString),
    /// Feishu robots.
    Feishu(SecretString),
    /// HMAC as the settings describe it.
    Generic(Box<Generic>),
}

impl Signer {
    /// Reads the secret and checks what the maker needs; `place` is the key of the table in the settings.
    ///
    /// # Errors
    /// Which key is wrong, and what.
    pub fn new(place: &str, settings: &SignSettings) -> anyhow::Result<Self> {
        let found = secret(&format!("{place}.secret_file"), settings.secret.as_ref(), settings.secret_file.as_deref())?;
        let Some(secret) = found else { anyhow::bail!("{place}: give secret or secret_file") };
        let needed = |key: &str, value: &Option<String>| {
            value.clone().ok_or_else(|| anyhow::anyhow!("{place}.{key}: is missing; {:?} needs it", settings.by))
        };
        Ok(match settings.by {
            SignBy::StandardWebhooks => {
                Self::Standard(Standard::new(&secret).map_err(|error| anyhow::anyhow!("{place}.secret: {error}"))?)
            }
            SignBy::Bearer => Self::Bearer(secret),
            SignBy::Aliyun => Self::Aliyun(aliyun::Aliyun {
                key: Key { id: needed("key_id", &settings.key_id)?, secret },
                action: needed("action", &settings.action)?,
                version: needed("version", &settings.version)?,
            }),
            SignBy::TencentTc3 => Self::Tencent(tencent::Tencent {
                key: Key { id: needed("key_id", &settings.key_id)?, secret },
                service: needed("service", &settings.service)?,
                action: needed("action", &settings.action)?,
                version: needed("version", &settings.version)?,
                region: settings.region.clone(),
            }),
            SignBy::Dingtalk => Self::Dingtalk(secret),
            SignBy::Feishu => Self::Feishu(secret),
            SignBy::Hmac => Self::Generic(Box::new(Generic::new(place, settings, secret)?)),
        })
    }

    /// Standard Webhooks, by its own key of the settings.
    pub fn standard(secret: &SecretString) -> Result<Self, &'static str> {
        Standard::new(secret).map(Self::Standard)
    }

    /// Fields that carry the signature, for those who want it in the body.
    pub fn add_fields(&self, fields: &mut Map<String, Value>, draft: &Draft) -> Result<(), String> {
        match self {
            Self::Feishu(secret) => robots::feishu(secret, draft.date, fields),
            Self::Generic(generic) => generic.add_fields(fields, draft)?,
            _ => {}
        }
        Ok(())
    }

    /// Headers and query that carry the signature.
    pub fn sign(&self, draft: &mut Draft) -> Result<(), String> {
        match self {
            Self::Standard(standard) => {
                let signature = standard.sign(&draft.id, draft.date.timestamp(), &draft.body);
                draft.header("webhook-signature", &signature);
            }
            Self::Bearer(token) => draft.authorize(&format!("Bearer {}", token.expose_secret())),
            Self::Aliyun(aliyun) => aliyun.sign(draft),
            Self::Tencent(tencent) => tencent.sign(draft),
            Self::Dingtalk(secret) => robots::dingtalk(secret, draft),
            Self::Feishu(_) => {}
            Self::Generic(generic) => generic.sign(draft)?,
        }
        Ok(())
    }
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Each header on a line of its own, `name:value`, and the names: what both clouds sign.
fn canonical_headers(draft: &Draft, wanted: impl Fn(&str) -> bool) -> (String, String) {
    let host = (HOST.as_str(), draft.host());
    let others =
        draft.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default().to_owned()));
    let mut headers: Vec<(&str, String)> =
        others.chain([host]).filter(|(name, _)| wanted(name) || *name == HOST.as_str()).collect();
    headers.sort();
    let lines = headers.iter().fold(String::new(), |mut lines, (name, value)| {
        let _ = writeln!(lines, "{name}:{}", value.trim());
        lines
    });
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    (lines, names)
}
