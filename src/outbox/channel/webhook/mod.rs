//! Messages by an HTTP call: SMS gateways, and whatever takes a webhook.
//!
//! Every call carries `webhook-id`, made of the outbox row, and is signed as Standard Webhooks says when there is a
//! secret. Redirects are never followed, private addresses are refused unless the settings allow them, and an answer
//! counts as success only when status and body say so.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use minijinja::{Environment, Value, context};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};
use secrecy::ExposeSecret as _;

use super::settings::{BodyKind, WebhookSettings, secret};
use super::{Answer, Fate, Outgoing, Trouble};
use crate::outbox::link::Unsubscribe;
use crate::outbox::template;

mod answer;
mod guard;
mod sign;

use sign::Signer;

/// A receiver.
#[derive(Debug)]
pub struct Webhook {
    settings: WebhookSettings,
    url: Url,
    method: Method,
    client: Client,
    headers: HeaderMap,
    signer: Option<Signer>,
    env: Environment<'static>,
}

/// The body of a call with its headers.
#[derive(Debug)]
pub struct Call {
    body: String,
    headers: HeaderMap,
    /// When it was made, for Retry-After dates.
    date: DateTime<Utc>,
}

impl Webhook {
    pub(super) fn new(name: &str, settings: &WebhookSettings) -> anyhow::Result<Self> {
        let key = |key: &str| format!("channels.{name}.{key}");
        let url = Url::parse(&settings.url).with_context(|| key("url"))?;
        if let Some(reason) = guard::refused(&url).filter(|_| !settings.allow_private_addresses) {
            anyhow::bail!("{}: {reason}; set allow_private_addresses when that is meant", key("url"));
        }
        let signing = secret(&key("secret_file"), settings.secret.as_ref(), settings.secret_file.as_deref())?;
        let signer = signing
            .map(|secret| Signer::new(&secret).map_err(|error| anyhow::anyhow!("{}: {error}", key("secret"))))
            .transpose()?;
        let mut env = template::environment();
        env.add_filter("json", |value: &Value| serde_json::to_string(&value.to_string()).unwrap_or_default());
        for (field, source) in &settings.fields {
            env.add_template_owned(field.clone(), source.clone())
                .map_err(|error| anyhow::anyhow!("{}.{field}: {}", key("fields"), template::describe(&error)))?;
        }
        let this = Self {
            client: client(name, settings)?,
            headers: headers(name, settings)?,
            method: settings.method.parse().with_context(|| key("method"))?,
            settings: settings.clone(),
            url,
            signer,
            env,
        };
        // a field with a slip is found now, not with the first customer
        this.fields(&Outgoing::sample(settings.sort)).map_err(|error| anyhow::anyhow!("{}: {error}", key("fields")))?;
        Ok(this)
    }

    pub(super) fn prepare(&self, outgoing: &Outgoing) -> Result<Call, String> {
        let fields = self.fields(outgoing)?;
        let (body, content_type) = match self.settings.body {
            BodyKind::Json => (nested(&fields).to_string(), "application/json"),
            BodyKind::Form => (form(&fields), "application/x-www-form-urlencoded"),
        };
        let mut headers = self.headers.clone();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        let mut put = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        let id = outgoing.id.to_string();
        let timestamp = outgoing.date.timestamp();
        if let Some(signer) = &self.signer {
            put("webhook-signature", signer.sign(&id, timestamp, &body));
        }
        put("webhook-id", id);
        put("webhook-timestamp", timestamp.to_string());
        if let Some(customer) = &outgoing.redirected_from {
            put("x-tend-redirected-from", customer.chars().filter(|c| c.is_ascii_graphic()).collect());
        }
        Ok(Call { body, headers, date: outgoing.date })
    }

    fn fields(&self, outgoing: &Outgoing) -> Result<BTreeMap<String, String>, String> {
        let unsubscribe = outgoing.unsubscribe.as_ref();
        let values = context! {
            to => outgoing.to.as_str(), text => outgoing.text.trim_end(), id => outgoing.id.to_string(), name => outgoing.name.as_str(),
            subject => outgoing.subject.as_deref().unwrap_or_default(), html => outgoing.html.as_deref().unwrap_or_default(),
            locale => outgoing.locale.as_str(), unsubscribe => unsubscribe.map_or("", |unsubscribe| &unsubscribe.url),
            list_unsubscribe => unsubscribe.map(Unsubscribe::header).unwrap_or_default(),
            list_unsubscribe_post => unsubscribe.map_or("", |_| Unsubscribe::ONE_CLICK),
        };
        let render = |(field, _): (&str, _)| {
            let rendered = self.env.get_template(field).and_then(|template| template.render(&values));
            rendered
                .map(|text| (field.to_owned(), text))
                .map_err(|error| format!("field {field}: {}", template::describe(&error)))
        };
        self.env.templates().map(render).collect()
    }

    pub(super) async fn send(&self, call: &Call) -> Answer {
        let request = self
            .client
            .request(self.method.clone(), self.url.clone())
            .headers(call.headers.clone())
            .body(call.body.clone());
        match request.send().await {
            Ok(response) => answer::read(&self.settings, response, call.date).await,
            Err(error) if error.is_connect() || error.is_builder() => {
                Answer::new(Fate::NotSent, None, format!("cannot connect: {}", answer::words(&error)))
                    .with(Trouble::Stop(None))
            }
            Err(error) if error.is_timeout() => {
                Answer::unknown(format!("fate unknown: no answer within {:?}", self.settings.timeout))
            }
            Err(error) => Answer::unknown(format!("fate unknown: the call broke off: {}", answer::words(&error))),
        }
    }
}

fn client(name: &str, settings: &WebhookSettings) -> anyhow::Result<Client> {
    // somebody else may have installed the same provider already
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(settings.timeout.min(std::time::Duration::from_secs(10)))
        .timeout(settings.timeout)
        .tcp_nodelay(true)
        .no_proxy()
        .user_agent(concat!("tend/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(guard::Resolver { allow_private: settings.allow_private_addresses });
    if let Some(file) = &settings.ca_file {
        let place = || format!("channels.{name}.ca_file: {}", file.display());
        let pem = std::fs::read(file).with_context(place)?;
        builder = builder.add_root_certificate(reqwest::Certificate::from_pem(&pem).with_context(place)?);
    }
    builder.build().with_context(|| format!("channels.{name}"))
}

fn headers(name: &str, settings: &WebhookSettings) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (header, value) in &settings.headers {
        let place = || format!("channels.{name}.headers.{header}");
        let mut value = HeaderValue::from_str(value.expose_secret()).with_context(place)?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_bytes(header.as_bytes()).with_context(place)?, value);
    }
    if let Some(basic) = &settings.basic {
        use base64::Engine as _;
        let key = format!("channels.{name}.basic.password_file");
        let password = secret(&key, basic.password.as_ref(), basic.password_file.as_deref())?;
        let login = format!("{}:{}", basic.username, password.as_ref().map_or("", |password| password.expose_secret()));
        let encoded = base64::engine::general_purpose::STANDARD.encode(login);
        let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).context(key)?;
        value.set_sensitive(true);
        headers.insert("authorization", value);
    }
    Ok(headers)
}

/// Keys with dots make objects in objects.
fn nested(fields: &BTreeMap<String, String>) -> serde_json::Value {
    let mut root = serde_json::Map::new();
    for (key, value) in fields {
        let mut at = &mut root;
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                at.insert(part.to_owned(), value.as_str().into());
                break;
            }
            let child = at.entry(part).or_insert_with(|| serde_json::Value::Object(serde_json::Map::new()));
            let serde_json::Value::Object(object) = child else { break };
            at = object;
        }
    }
    serde_json::Value::Object(root)
}

fn form(fields: &BTreeMap<String, String>) -> String {
    let mut url = Url::parse("form:").expect("a constant URL");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}
