//! Robots of DingTalk and Feishu: the same words in another order (open.dingtalk.com, "customize robot security settings";
//! open.feishu.cn, "custom bot usage guide").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::{Draft, hmac_sha256};

/// The key is the secret, the message `milliseconds\nsecret`; both go into the query.
pub fn dingtalk(secret: &SecretString, draft: &mut Draft) {
    let timestamp = draft.date.timestamp_millis();
    let message = format!("{timestamp}\n{}", secret.expose_secret());
    let signature = STANDARD.encode(hmac_sha256(secret.expose_secret().as_bytes(), message.as_bytes()));
    draft.url.query_pairs_mut().append_pair("timestamp", &timestamp.to_string()).append_pair("sign", &signature);
}

/// The key is `seconds\nsecret`, the message empty; both go into the body.
pub fn feishu(secret: &SecretString, date: DateTime<Utc>, fields: &mut Map<String, Value>) {
    let timestamp = date.timestamp();
    let key = format!("{timestamp}\n{}", secret.expose_secret());
    fields.insert("timestamp".into(), timestamp.to_string().into());
    fields.insert("sign".into(), STANDARD.encode(hmac_sha256(key.as_bytes(), b"")).into());
}
