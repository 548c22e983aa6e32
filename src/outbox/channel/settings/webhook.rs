//! `kind = "webhook"`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::{OnUnknown, Rates, RetryAfter, Sort, duration, four};

/// How a webhook's body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyKind {
    /// One JSON object; keys with dots make nested objects.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// Which answers mean that the message was taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Success {
    /// JSON pointer into the body of a 2xx answer (`/Code`).
    pub json: String,
    /// What must stand there (compared as text).
    pub equals: String,
}

/// Login of a webhook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicAuth {
    /// User.
    pub username: String,
    /// Password.
    pub password: Option<SecretString>,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
}

/// `kind = "webhook"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// What it carries; default sms.
    #[serde(default = "sms")]
    pub sort: Sort,
    /// Where to call.
    pub url: String,
    /// POST or PUT.
    #[serde(default = "post")]
    pub method: String,
    /// How the body is written; default json.
    #[serde(default = "json")]
    pub body: BodyKind,
    /// Field → template over `to`, `text`, `id`, `subject`, `html`, `locale`; values come escaped for the body.
    #[serde(default = "default_fields")]
    pub fields: BTreeMap<String, String>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
    /// HTTP Basic login.
    pub basic: Option<BasicAuth>,
    /// Standard Webhooks secret (`whsec_…`): every call is signed.
    pub secret: Option<SecretString>,
    /// File that holds the secret.
    pub secret_file: Option<PathBuf>,
    /// Time for the whole call.
    #[serde(default = "seconds_20", deserialize_with = "duration")]
    pub timeout: Duration,
    /// Beyond a 2xx status.
    pub success: Option<Success>,
    /// JSON pointer to the provider's own id of the message, kept as `tend.outbox.provider_ref`.
    pub reference: Option<String>,
    /// PEM file with a certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Allow addresses of private networks, and plain http there.
    #[serde(default)]
    pub allow_private_addresses: bool,
    /// Calls at a time, in one process.
    #[serde(default = "four")]
    pub connections: u16,
    /// Rates over all replicas.
    #[serde(default)]
    pub rates: Rates,
    /// Waits between attempts.
    #[serde(default)]
    pub retry_after: RetryAfter,
    /// Messages whose fate is unknown; default resend, under the same webhook-id.
    #[serde(default = "resend")]
    pub on_unknown: OnUnknown,
}

impl WebhookSettings {
    pub(super) fn problems(&self, say: &mut impl FnMut(&str, &str)) {
        match reqwest::Url::parse(&self.url) {
            Ok(url) if url.scheme() == "https" => {}
            Ok(url) if url.scheme() == "http" && self.allow_private_addresses => {}
            Ok(_) => say("url", "must be https (http only together with allow_private_addresses)"),
            Err(error) => say("url", &format!("is not a URL: {error}")),
        }
        if !matches!(self.method.as_str(), "POST" | "PUT") {
            say("method", "must be POST or PUT");
        }
        if self.connections == 0 || self.connections > 200 {
            say("connections", "must be between 1 and 200");
        }
        if self.secret.is_some() && self.secret_file.is_some() {
            say("secret", "give either secret or secret_file");
        }
        for name in self.headers.keys() {
            if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
                say("headers", &format!("`{name}` is not a header name"));
            }
        }
    }
}

fn sms() -> Sort {
    Sort::Sms
}

fn json() -> BodyKind {
    BodyKind::Json
}

fn post() -> String {
    "POST".into()
}

fn resend() -> OnUnknown {
    OnUnknown::Resend
}

fn seconds_20() -> Duration {
    Duration::from_secs(20)
}

fn default_fields() -> BTreeMap<String, String> {
    [("to", "{{ to }}"), ("text", "{{ text }}"), ("id", "{{ id }}")]
        .map(|(key, value)| (key.into(), value.into()))
        .into()
}
