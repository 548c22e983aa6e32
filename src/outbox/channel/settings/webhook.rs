//! `kind = "webhook"`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AnswerRules, Codes, OnUnknown, Rates, ReceiptSettings, ReplySettings, ReportSettings, RetryAfter, SignSettings,
    Sort, Success, VerifySettings, duration, four,
};

/// How a webhook's body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyKind {
    /// One JSON object; keys with dots make nested objects.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// In the query of the address; there is no body.
    Query,
}

/// `numbers` of a webhook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Numbers {
    /// `+8613800138000`.
    #[default]
    E164,
    /// `8613800138000`.
    Plain,
    /// `13800138000`, for numbers of `country_code` only.
    National,
}

/// How numbers are written, with the country where that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberFormat {
    /// `+8613800138000`.
    E164,
    /// `8613800138000`.
    Plain,
    /// Without this country code; numbers of other countries are refused.
    National(String),
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
    /// POST, PUT, or GET together with `body = "query"`.
    #[serde(default = "post")]
    pub method: String,
    /// How the body is written; default json.
    #[serde(default = "json")]
    pub body: BodyKind,
    /// What is said: templates, also in lists and tables, over the values that `config/default.toml` names.
    #[serde(default = "default_fields")]
    pub fields: Map<String, Value>,
    /// How numbers are written; default e164.
    #[serde(default)]
    pub numbers: Numbers,
    /// Country whose numbers are written without it, for `numbers = "national"`.
    pub country_code: Option<String>,
    /// Messages of one call, at most; more than 1 needs a field `{ each = … }`.
    #[serde(default = "one")]
    pub batch: u16,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
    /// HTTP Basic login.
    pub basic: Option<BasicAuth>,
    /// Standard Webhooks secret (`whsec_…`): every call is signed.
    pub secret: Option<SecretString>,
    /// File that holds the secret.
    pub secret_file: Option<PathBuf>,
    /// Signature the gateway asks for.
    pub sign: Option<SignSettings>,
    /// Time for the whole call.
    #[serde(default = "seconds_20", deserialize_with = "duration")]
    pub timeout: Duration,
    /// Beyond a 2xx status.
    pub success: Option<Success>,
    /// JSON pointer to the code of a call that failed as a whole; nothing there: it did not.
    pub failure: Option<String>,
    /// JSON pointer to a list with a result for each message of a call; `success` and `reference` look into its entries.
    pub results: Option<String>,
    /// What the provider's codes mean.
    #[serde(default)]
    pub codes: Codes,
    /// JSON pointer to the provider's own id of the message, kept as `tend.outbox.provider_ref`.
    pub reference: Option<String>,
    /// How the gateway is asked what became of a message whose fate is unknown; `on_unknown` holds for what it cannot tell.
    pub receipt: Option<ReceiptSettings>,
    /// Receipts that the gateway posts to `/r/NAME`.
    pub reports: Option<ReportSettings>,
    /// Text messages of customers that the gateway posts to `/i/NAME`.
    pub replies: Option<ReplySettings>,
    /// How it proves that it is the gateway.
    pub verify: Option<VerifySettings>,
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
    /// How numbers are written.
    #[must_use]
    pub fn number_format(&self) -> NumberFormat {
        match self.numbers {
            Numbers::E164 => NumberFormat::E164,
            Numbers::Plain => NumberFormat::Plain,
            Numbers::National => NumberFormat::National(self.country_code.clone().unwrap_or_default()),
        }
    }

    /// What answers mean.
    #[must_use]
    pub fn answer_rules(&self) -> AnswerRules {
        AnswerRules {
            success: self.success.clone(),
            failure: self.failure.clone(),
            results: self.results.clone(),
            reference: self.reference.clone(),
            codes: self.codes.clone(),
        }
    }

    pub(super) fn problems(&self, say: &mut impl FnMut(&str, &str)) {
        match reqwest::Url::parse(&self.url) {
            Ok(url) if url.scheme() == "https" => {}
            Ok(url) if url.scheme() == "http" && self.allow_private_addresses => {}
            Ok(_) => say("url", "must be https (http only together with allow_private_addresses)"),
            Err(error) => say("url", &format!("is not a URL: {error}")),
        }
        match (self.method.as_str(), self.body) {
            ("POST" | "PUT", _) | ("GET", BodyKind::Query) => {}
            ("GET", _) => say("method", "GET carries no body; set body = \"query\", or POST"),
            _ => say("method", "must be POST or PUT (or GET with body = \"query\")"),
        }
        let code = self.country_code.as_deref();
        let is_code = |code: &str| (1..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
        match (self.numbers, code) {
            (Numbers::National, None) => say("country_code", "is missing; numbers = \"national\" needs it (\"86\")"),
            (Numbers::National, Some(code)) if is_code(code) => {}
            (Numbers::National, Some(_)) => say("country_code", "must be digits without a plus, such as \"86\""),
            (_, Some(_)) => say("country_code", "has no effect without numbers = \"national\""),
            (_, None) => {}
        }
        if self.batch == 0 || self.batch > 1_000 {
            say("batch", "must be between 1 and 1000");
        }
        self.answer_rules().problems(say);
        if let Some(sign) = &self.sign {
            sign.problems(say);
        }
        if let Some(receipt) = &self.receipt {
            receipt.problems(self.body, &self.method, say);
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

fn one() -> u16 {
    1
}

fn default_fields() -> Map<String, Value> {
    [("to", "{{ to }}"), ("text", "{{ text }}"), ("id", "{{ id }}")]
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .into_iter()
        .collect()
}
