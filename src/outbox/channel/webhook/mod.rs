//! Messages by an HTTP call: SMS gateways, and whatever takes a webhook.
//!
//! Every call carries `webhook-id`, made of the outbox row, and is signed as Standard Webhooks says when there is a
//! secret. Redirects are never followed, private addresses are refused unless the settings allow them, and an answer
//! counts as success only when status and body say so.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use minijinja::{Value as Known, context};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::settings::{BodyKind, NumberFormat, Sort, WebhookSettings, secret};
use super::{Answer, Fate, Form, Outgoing, Trouble};
use crate::outbox::link::Unsubscribe;

mod answer;
mod encode;
mod fields;
mod guard;
mod judge;
mod number;
mod receipt;
mod sign;

use fields::{Fields, Filled};
use judge::Judge;
pub(in crate::outbox) use number::international;
use receipt::Asker;
pub use receipt::{Question, Receipt};
pub(in crate::outbox) use sign::Standard;
use sign::{Draft, Signer};

/// A receiver.
#[derive(Debug)]
pub struct Webhook {
    settings: WebhookSettings,
    url: Url,
    method: Method,
    client: Client,
    headers: HeaderMap,
    signers: Vec<Signer>,
    fields: Fields,
    numbers: NumberFormat,
    judge: Judge,
    asker: Option<Asker>,
}

/// What a message contributes to a call.
#[derive(Debug)]
pub struct Call {
    id: String,
    filled: Filled,
    redirected_from: Option<String>,
    /// When it was made: signatures and Retry-After dates go by it.
    date: DateTime<Utc>,
}

impl Call {
    /// Whether both can go in one call.
    pub fn goes_with(&self, other: &Self) -> bool {
        self.filled.goes_with(&other.filled) && self.redirected_from == other.redirected_from
    }
}

impl Webhook {
    pub(super) fn new(name: &str, settings: &WebhookSettings) -> anyhow::Result<Self> {
        let key = |key: &str| format!("channels.{name}.{key}");
        let url = checked(&key("url"), &settings.url, settings)?;
        let fields = Fields::new(&settings.fields, settings.body)
            .map_err(|error| anyhow::anyhow!("{}.{error}", key("fields")))?;
        if settings.batch > 1 && !fields.carries_many() {
            anyhow::bail!("{}: no field is a list with an entry for each message, {{ each = … }}", key("batch"));
        }
        let this = Self {
            client: client(name, settings)?,
            headers: headers(name, settings)?,
            method: settings.method.parse().with_context(|| key("method"))?,
            signers: signers(name, settings)?,
            numbers: settings.number_format(),
            judge: Judge::new(settings.answer_rules()),
            asker: Asker::new(name, settings)?,
            settings: settings.clone(),
            url,
            fields,
        };
        // a field with a slip is found now, not with the first customer
        for sample in [Outgoing::sample(settings.sort), Outgoing::bare_sample(settings.sort)] {
            this.prepare(&sample).map_err(|error| anyhow::anyhow!("{}.{error}", key("fields")))?;
        }
        Ok(this)
    }

    /// Messages of one call, at most.
    pub(super) fn batch(&self) -> usize {
        self.settings.batch.into()
    }

    pub(super) fn prepare(&self, outgoing: &Outgoing) -> Result<Call, String> {
        let to = match outgoing.sort {
            Sort::Sms => number::written(&outgoing.to, &self.numbers)?,
            Sort::Email => super::message::address(&outgoing.to)?.to_string(),
            Sort::Robot => String::new(),
        };
        Ok(Call {
            id: outgoing.id.to_string(),
            filled: self.fields.fill(&known(outgoing, &to))?,
            redirected_from: outgoing.redirected_from.clone(),
            date: outgoing.date,
        })
    }

    /// Sends messages that go with each other in one call, and says what became of each, in their order.
    pub(super) async fn send(&self, calls: &[&Call]) -> Vec<Answer> {
        let Some(first) = calls.first() else { return Vec::new() };
        let all = |answer: Answer| vec![answer; calls.len()];
        let draft = match self.draft(first, calls) {
            Ok(draft) => draft,
            Err(error) => return all(Answer::rejected(None, format!("the call cannot be made: {error}"))),
        };
        let request = self.client.request(draft.method, draft.url).headers(draft.headers).body(draft.body);
        match request.send().await {
            Ok(response) => answer::read(&self.judge, response, first.date, calls.len()).await,
            Err(error) if error.is_connect() || error.is_builder() => {
                let said = format!("cannot connect: {}", answer::words(&error));
                all(Answer::new(Fate::NotSent, None, said).with(Trouble::Stop(None)))
            }
            Err(error) if error.is_timeout() => {
                all(Answer::unknown(format!("fate unknown: no answer within {:?}", self.settings.timeout)))
            }
            Err(error) => all(Answer::unknown(format!("fate unknown: the call broke off: {}", answer::words(&error)))),
        }
    }

    /// The call, signed.
    fn draft(&self, first: &Call, calls: &[&Call]) -> Result<Draft, String> {
        let filled: Vec<&Filled> = calls.iter().map(|call| &call.filled).collect();
        let mut headers = self.headers.clone();
        let mut put = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        let id = named(calls);
        put("webhook-id", &id);
        put("webhook-timestamp", &first.date.timestamp().to_string());
        if let Some(customer) = &first.redirected_from {
            put("x-tend-redirected-from", &customer.chars().filter(|c| c.is_ascii_graphic()).collect::<String>());
        }
        let draft = Draft {
            method: self.method.clone(),
            url: self.url.clone(),
            headers,
            body: String::new(),
            id,
            date: first.date,
        };
        written(draft, Filled::together(&filled), self.settings.body, &self.signers)
    }
}

/// The id of a call: the message's own, or one made of those of all its messages. A receiver that knows the id already
/// takes the call for one it had; so another company of messages must have another one.
fn named(calls: &[&Call]) -> String {
    match calls {
        [only] => only.id.clone(),
        many => {
            let ids = many.iter().fold(Sha256::new(), |ids, call| ids.chain_update(&call.id));
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&ids.finalize()[..16]);
            uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
        }
    }
}

/// The draft with the fields, signed.
fn written(
    mut draft: Draft,
    mut fields: Map<String, Value>,
    body: BodyKind,
    signers: &[Signer],
) -> Result<Draft, String> {
    for signer in signers {
        signer.add_fields(&mut fields, &draft)?;
    }
    let (body, content_type, url) = encode::encoded(&fields, body, &draft.url);
    (draft.body, draft.url) = (body, url);
    if let Some(content_type) = content_type {
        draft.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for signer in signers {
        signer.sign(&mut draft)?;
    }
    Ok(draft)
}

/// An address the settings allow.
fn checked(place: &str, text: &str, settings: &WebhookSettings) -> anyhow::Result<Url> {
    let url = Url::parse(text).with_context(|| place.to_owned())?;
    match guard::refused(&url).filter(|_| !settings.allow_private_addresses) {
        Some(reason) => anyhow::bail!("{place}: {reason}; set allow_private_addresses when that is meant"),
        None if url.scheme() != "https" && !settings.allow_private_addresses => {
            anyhow::bail!("{place}: must be https (http only together with allow_private_addresses)")
        }
        None => Ok(url),
    }
}

/// What the templates of fields may use.
fn known(outgoing: &Outgoing, to: &str) -> Known {
    let form = outgoing.form.as_ref();
    let unsubscribe = outgoing.unsubscribe.as_ref();
    let params = form.map_or(&[][..], |form: &Form| &form.params);
    context! {
        to, text => outgoing.text.trim_end(), id => outgoing.id.to_string(), name => outgoing.name.as_str(),
        subject => outgoing.subject.as_deref(), html => outgoing.html.as_deref(), locale => outgoing.locale.as_str(),
        template => form.map(|form| form.template.as_str()),
        params => Known::from_pairs(params.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
        param_list => params.iter().map(|(_, value)| Known::from(value.as_str())).collect::<Known>(),
        unsubscribe => unsubscribe.map(|link| link.url.as_str()), list_unsubscribe => unsubscribe.map(Unsubscribe::header),
        list_unsubscribe_post => unsubscribe.map(|_| Unsubscribe::ONE_CLICK),
    }
}

fn signers(name: &str, settings: &WebhookSettings) -> anyhow::Result<Vec<Signer>> {
    let key = |key: &str| format!("channels.{name}.{key}");
    let mut signers = Vec::new();
    if let Some(found) = secret(&key("secret_file"), settings.secret.as_ref(), settings.secret_file.as_deref())? {
        signers.push(Signer::standard(&found).map_err(|error| anyhow::anyhow!("{}: {error}", key("secret")))?);
    }
    if let Some(sign) = &settings.sign {
        signers.push(Signer::new(&key("sign"), sign)?);
    }
    Ok(signers)
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
