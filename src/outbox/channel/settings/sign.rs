//! `[channels.NAME.sign]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

/// Whose way of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignBy {
    /// Standard Webhooks 1.0.0; the same as the key `secret` of the channel.
    StandardWebhooks,
    /// `Authorization: Bearer SECRET`.
    Bearer,
    /// Alibaba Cloud, ACS3-HMAC-SHA256; needs key_id, action, version.
    Aliyun,
    /// Tencent Cloud, TC3-HMAC-SHA256; needs key_id, service, action, version.
    TencentTc3,
    /// DingTalk robots: `timestamp` and `sign` in the query.
    Dingtalk,
    /// Feishu robots: `timestamp` and `sign` in the body.
    Feishu,
    /// As `algorithm`, `key`, `message`, `encoding`, `headers`, `query` and `fields` say.
    Hmac,
}

/// Hash of a generic signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashName {
    /// HMAC-SHA-1, for gateways that know no better.
    Sha1,
    /// HMAC-SHA-256.
    #[default]
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// How a generic signature is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Written {
    /// Lower-case hexadecimal.
    #[default]
    Hex,
    /// Base64 with padding.
    Base64,
}

/// `[channels.NAME.sign]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignSettings {
    /// Whose way.
    pub by: SignBy,
    /// Who we are: AccessKeyId, SecretId.
    pub key_id: Option<String>,
    /// What proves it: AccessKeySecret, SecretKey, token.
    pub secret: Option<SecretString>,
    /// File that holds the secret.
    pub secret_file: Option<PathBuf>,
    /// API that is called (`SendSms`).
    pub action: Option<String>,
    /// Its version (`2017-05-25`).
    pub version: Option<String>,
    /// Its service (`sms`), Tencent.
    pub service: Option<String>,
    /// Its region (`ap-guangzhou`), Tencent.
    pub region: Option<String>,
    /// Hash, hmac; default sha256.
    #[serde(default)]
    pub algorithm: HashName,
    /// How the signature is written, hmac; default hex.
    #[serde(default)]
    pub encoding: Written,
    /// Template of the key, hmac; default `{{ secret }}`.
    pub key: Option<String>,
    /// Template of what is signed, hmac; default `{{ body }}`.
    pub message: Option<String>,
    /// Header → template that may hold `{{ signature }}`, hmac.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Query parameter → template, hmac.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Field of the body → template, hmac; the message cannot contain the body then.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

impl SignSettings {
    /// With nothing but a secret.
    pub(in super::super) fn new(by: SignBy, secret: SecretString) -> Self {
        Self {
            by,
            secret: Some(secret),
            key_id: None,
            secret_file: None,
            action: None,
            version: None,
            service: None,
            region: None,
            algorithm: HashName::default(),
            encoding: Written::default(),
            key: None,
            message: None,
            headers: BTreeMap::new(),
            query: BTreeMap::new(),
            fields: BTreeMap::new(),
        }
    }

    pub(super) fn problems(&self, say: &mut impl FnMut(&str, &str)) {
        if self.secret.is_some() && self.secret_file.is_some() {
            say("sign.secret", "give either secret or secret_file");
        }
        let (aliyun, tencent) = (self.by == SignBy::Aliyun, self.by == SignBy::TencentTc3);
        let cloud = aliyun || tencent;
        let hmac = self.by == SignBy::Hmac;
        for (key, given, used) in [
            ("sign.key_id", self.key_id.is_some(), cloud || hmac),
            ("sign.action", self.action.is_some(), cloud),
            ("sign.version", self.version.is_some(), cloud),
            ("sign.service", self.service.is_some(), tencent),
            ("sign.region", self.region.is_some(), tencent),
            ("sign.key", self.key.is_some(), hmac),
            ("sign.message", self.message.is_some(), hmac),
            ("sign.headers", !self.headers.is_empty(), hmac),
            ("sign.query", !self.query.is_empty(), hmac),
            ("sign.fields", !self.fields.is_empty(), hmac),
        ] {
            if given && !used {
                say(key, "has no effect with this way of signing");
            }
        }
    }
}
