//! HMAC as the settings describe it: which hash, over which message, with which key, written how, and put where.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use minijinja::{Environment, Value as Known, context};
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{Draft, hex, sha256_hex};
use crate::outbox::channel::settings::{HashName, SignSettings, Written};
use crate::outbox::template;

/// What the settings say.
#[derive(Debug)]
pub struct Generic {
    secret: SecretString,
    key_id: String,
    hash: HashName,
    written: Written,
    env: Environment<'static>,
    headers: Vec<String>,
    query: Vec<String>,
    fields: Vec<String>,
}

impl Generic {
    pub(super) fn new(place: &str, settings: &SignSettings, secret: SecretString) -> anyhow::Result<Self> {
        let mut env = template::environment();
        let mut add = |name: String, source: &str| {
            env.add_template_owned(name.clone(), source.to_owned())
                .map_err(|error| anyhow::anyhow!("{place}.{name}: {}", template::describe(&error)))
        };
        add("key".into(), settings.key.as_deref().unwrap_or("{{ secret }}"))?;
        add("message".into(), settings.message.as_deref().unwrap_or("{{ body }}"))?;
        for (table, entries) in
            [("headers", &settings.headers), ("query", &settings.query), ("fields", &settings.fields)]
        {
            for (name, source) in entries {
                add(format!("{table}.{name}"), source)?;
            }
        }
        for name in settings.headers.keys() {
            HeaderName::try_from(name).map_err(|_| anyhow::anyhow!("{place}.headers.{name}: is not a header name"))?;
        }
        if settings.headers.is_empty() && settings.query.is_empty() && settings.fields.is_empty() {
            anyhow::bail!("{place}: says nowhere to put the signature; give headers, query or fields");
        }
        let this = Self {
            secret,
            key_id: settings.key_id.clone().unwrap_or_default(),
            hash: settings.algorithm,
            written: settings.encoding,
            env,
            headers: settings.headers.keys().cloned().collect(),
            query: settings.query.keys().cloned().collect(),
            fields: settings.fields.keys().cloned().collect(),
        };
        this.tried(place)?;
        Ok(this)
    }

    /// A slip in a template is found now, not with the first call.
    fn tried(&self, place: &str) -> anyhow::Result<()> {
        let draft = Draft {
            method: reqwest::Method::POST,
            url: "https://gateway.example/".parse().expect("a constant URL"),
            headers: reqwest::header::HeaderMap::new(),
            body: "sample".into(),
            id: "sample".into(),
            date: chrono::DateTime::UNIX_EPOCH,
        };
        let all = self.headers.iter().map(|name| format!("headers.{name}"));
        let all = all.chain(self.query.iter().map(|name| format!("query.{name}")));
        let said = |error: String| anyhow::anyhow!("{place}.{error}");
        for name in all {
            self.put(&name, &draft, true).map_err(said)?;
        }
        for name in &self.fields {
            self.put(&format!("fields.{name}"), &draft, false).map_err(said)?;
        }
        Ok(())
    }

    /// The values a template may use; the body is there only once it is written.
    fn values(&self, draft: &Draft, with_body: bool) -> Known {
        let values = context! {
            id => draft.id.as_str(), timestamp => draft.date.timestamp(), timestamp_ms => draft.date.timestamp_millis(),
            date => draft.date.format("%Y-%m-%dT%H:%M:%SZ").to_string(), nonce => draft.nonce(),
            method => draft.method.as_str(), host => draft.host(), path => draft.url.path(),
            query => draft.url.query().unwrap_or_default(), key_id => self.key_id.as_str(),
        };
        if !with_body {
            return values;
        }
        context! { body => draft.body.as_str(), body_sha256 => sha256_hex(&draft.body), ..values }
    }

    fn render(&self, name: &str, values: Known) -> Result<String, String> {
        self.env
            .get_template(name)
            .and_then(|template| template.render(values))
            .map_err(|error| format!("{name}: {}", template::describe(&error)))
    }

    /// The text of the template `name`, which may hold the signature.
    fn put(&self, name: &str, draft: &Draft, with_body: bool) -> Result<String, String> {
        let values = self.values(draft, with_body);
        let secret = self.secret.expose_secret();
        let key = self.render("key", context! { secret => secret, ..values.clone() })?;
        let message = self.render("message", context! { secret => secret, ..values.clone() })?;
        let bytes = match self.hash {
            HashName::Sha1 => mac::<Hmac<Sha1>>(key.as_bytes(), message.as_bytes()),
            HashName::Sha256 => mac::<Hmac<Sha256>>(key.as_bytes(), message.as_bytes()),
            HashName::Sha512 => mac::<Hmac<Sha512>>(key.as_bytes(), message.as_bytes()),
        };
        let signature = match self.written {
            Written::Hex => hex(&bytes),
            Written::Base64 => STANDARD.encode(bytes),
        };
        self.render(name, context! { signature => signature, ..values })
    }

    pub(super) fn add_fields(&self, fields: &mut Map<String, Value>, draft: &Draft) -> Result<(), String> {
        for name in &self.fields {
            fields.insert(name.clone(), self.put(&format!("fields.{name}"), draft, false)?.into());
        }
        Ok(())
    }

    pub(super) fn sign(&self, draft: &mut Draft) -> Result<(), String> {
        let mut query = Vec::new();
        for name in &self.query {
            query.push((name, self.put(&format!("query.{name}"), draft, true)?));
        }
        let mut headers = Vec::new();
        for name in &self.headers {
            let value = self.put(&format!("headers.{name}"), draft, true)?;
            let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
            headers.push((name, HeaderValue::try_from(value).map_err(|error| error.to_string())?));
        }
        if !query.is_empty() {
            draft.url.query_pairs_mut().extend_pairs(query);
        }
        draft.headers.extend(headers);
        Ok(())
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
