//! A template made ready, and rendering it for one customer.

use std::collections::BTreeMap;

use minijinja::{Environment, Value};
use serde_json::Value as Json;

use super::environment::{Capped, environment};
use super::sms::SmsFile;
use super::{Asks, Length, Part, TemplateFolder, harmless, mjml, nearest, part_of, scan, text};
use crate::outbox::channel::settings::Sort;

const MAX_HTML: usize = 1024 * 1024;
const MAX_TEXT: usize = 128 * 1024;
const MAX_SMS: usize = 4 * 1024;
const MAX_SUBJECT: usize = 600;

/// A rendered message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendered {
    /// A mail.
    Mail {
        /// One line.
        subject: String,
        /// HTML part.
        html: String,
        /// Text part.
        text: String,
    },
    /// A text message.
    Sms {
        /// What it says, signature included, trimmed.
        text: String,
        /// How long it is.
        length: Length,
        /// The template of the gateway it is made of; none: the text is sent.
        by: Option<ByTemplate>,
    },
}

/// A template that the gateway has, with the values of this message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByTemplate {
    /// What the gateway calls it.
    pub template: String,
    /// Names and values, in the order of its placeholders.
    pub params: Vec<(String, String)>,
}

/// Why a template did not render. Names the template and the line, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RenderError {
    /// For people.
    pub message: String,
}

/// The links a template may show.
#[derive(Debug, Clone)]
pub struct MessageLinks {
    /// Page to unsubscribe.
    pub unsubscribe: String,
    /// Page of topics and channels.
    pub preferences: String,
}

/// What a message is rendered from.
#[derive(Debug, Clone)]
pub struct Context {
    /// Whether it is a letter to somebody of the house: who reads it is `recipient`, not `customer`.
    pub letter: bool,
    /// `customer.id`; of a letter `recipient.id`, and so on.
    pub customer_id: String,
    /// `customer.name`.
    pub name: String,
    /// `customer.locale`; its first part is `customer.language`.
    pub locale: Option<String>,
    /// `customer.country`.
    pub country: Option<String>,
    /// `message.id`.
    pub message_id: String,
    /// `links.unsubscribe` and `links.preferences`; none where links are not made.
    pub links: Option<MessageLinks>,
    /// `survey` or `invitation`; none where nothing is asked.
    pub asks: Option<Asks>,
    /// `offer` and `occasion`, from `tend.outbox.data`.
    pub data: Json,
}

/// A template in all its languages.
#[derive(Debug)]
pub struct Compiled {
    env: Environment<'static>,
    name: String,
    mails: BTreeMap<String, Mail>,
    /// Language → the file of the gateway's template, where there is one.
    texts: BTreeMap<String, Option<SmsFile>>,
}

/// How the mail of one language is made.
#[derive(Debug)]
struct Mail {
    /// The HTML is a template of its own (MJML compiled once).
    once: bool,
    /// There is a text template, from a file or made from the HTML.
    text: bool,
}

impl Compiled {
    pub(super) fn new(folder: &TemplateFolder, template: &str) -> Result<Self, RenderError> {
        let mut this =
            Self { env: environment(), name: template.to_owned(), mails: BTreeMap::new(), texts: BTreeMap::new() };
        for (path, source) in folder.of(template) {
            match part_of(path) {
                Some((Part::Mjml, locale)) => {
                    let own_text = folder.text(&format!("{template}/email.{locale}.txt"));
                    let mail = this.add_mail(locale, path, source, own_text)?;
                    this.mails.insert(locale.to_owned(), mail);
                }
                Some((Part::Sms, locale)) => {
                    this.add(path, &format!("{locale}.sms"), source)?;
                    this.texts.insert(locale.to_owned(), None);
                }
                Some((Part::SmsForm, locale)) => {
                    let file = SmsFile::read(source)
                        .map_err(|(message, _)| RenderError { message: format!("template {path}: {message}") })?;
                    for (place, (_, value)) in file.params.iter().enumerate() {
                        this.add(path, &format!("{locale}.sms.{place}"), value.get_ref())?;
                    }
                    this.texts.insert(locale.to_owned(), Some(file));
                }
                Some((Part::MailText, _)) | None => {}
            }
        }
        Ok(this)
    }

    fn add(&mut self, path: &str, name: &str, source: &str) -> Result<(), RenderError> {
        let describe =
            |error: minijinja::Error| RenderError { message: format!("template {path}: {}", describe(&error)) };
        self.env.add_template_owned(name.to_owned(), source.to_owned()).map_err(describe)
    }

    fn add_mail(
        &mut self,
        locale: &str,
        path: &str,
        source: &str,
        own_text: Option<&str>,
    ) -> Result<Mail, RenderError> {
        let tags = scan::tags(source);
        let fail = |error: mjml::MjmlError| RenderError { message: format!("template {path}: {}", error.0) };
        let title = mjml::content_of(source, "mj-title").map(|(title, _)| title);
        let title = title
            .ok_or_else(|| RenderError { message: format!("template {path}: there is no <mj-title>, the subject") })?;
        self.add(path, &format!("{locale}.subject"), &text::decode(title))?;
        let once = mjml::compile_once(source, &tags).map_err(fail)?;
        let made_text = once
            .as_ref()
            .and_then(|_| mjml::to_html(&mjml::mark(source, &tags)).ok())
            .map(|html| text::from_html(&html));
        match &once {
            Some(html) => self.add(path, &format!("{locale}.html"), html)?,
            None => self.add(path, &format!("{locale}.mjml"), source)?,
        }
        let text = match own_text {
            Some(own) => {
                self.add(&path.replace(".mjml", ".txt"), &format!("{locale}.text"), own)?;
                true
            }
            None => made_text
                .and_then(|marked| mjml::unmark_some(&marked, source, &tags))
                .is_some_and(|template| self.add(path, &format!("{locale}.text"), &template).is_ok()),
        };
        Ok(Mail { once: once.is_some(), text })
    }

    /// Whether the MJML of a language was compiled once for all messages.
    pub fn is_compiled_once(&self, locale: &str) -> bool {
        self.mails.get(locale).is_some_and(|mail| mail.once)
    }

    /// Renders the message in the nearest language. `company` is what every message shares.
    ///
    /// # Errors
    /// When a variable is missing, the result is too long or the template has nothing for the sort of channel.
    pub fn render(
        &self,
        sort: Sort,
        locale: &str,
        context: &Context,
        company: &Value,
    ) -> Result<Rendered, RenderError> {
        let none = || RenderError { message: format!("the template `{}` has no {sort} in any language", self.name) };
        match sort {
            Sort::Email | Sort::Robot => {
                let locale = nearest(locale, self.mails.keys().map(String::as_str)).ok_or_else(none)?;
                self.render_mail(locale, &values(context, locale, company))
            }
            Sort::Sms => {
                let locale = nearest(locale, self.texts.keys().map(String::as_str)).ok_or_else(none)?;
                self.render_sms(locale, &values(context, locale, company))
            }
        }
    }

    fn render_sms(&self, locale: &str, values: &Value) -> Result<Rendered, RenderError> {
        let Some(file) = &self.texts[locale] else {
            let text = self.part(&format!("{locale}.sms"), values, MAX_SMS)?.trim().to_owned();
            return Ok(Rendered::Sms { length: Length::of(&text), text, by: None });
        };
        let mut params = Vec::with_capacity(file.params.len());
        for (place, (name, _)) in file.params.iter().enumerate() {
            let value = self.part(&format!("{locale}.sms.{place}"), values, MAX_SMS)?;
            params.push((name.clone(), one_line(&value)));
        }
        let text = file.filled(&params);
        let by = Some(ByTemplate { template: file.template.clone(), params });
        Ok(Rendered::Sms { length: Length::of(&text), text, by })
    }

    fn render_mail(&self, locale: &str, values: &Value) -> Result<Rendered, RenderError> {
        let mail = &self.mails[locale];
        let subject = one_line(&self.part(&format!("{locale}.subject"), values, MAX_SUBJECT)?);
        let html = if mail.once {
            self.part(&format!("{locale}.html"), values, MAX_HTML)?
        } else {
            let mjml = self.part(&format!("{locale}.mjml"), values, MAX_HTML)?;
            mjml::to_html(&mjml).map_err(|error| RenderError {
                message: format!("template {}/email.{locale}.mjml: {}", self.name, error.0),
            })?
        };
        let text =
            if mail.text { self.part(&format!("{locale}.text"), values, MAX_TEXT)? } else { text::from_html(&html) };
        Ok(Rendered::Mail { subject, html, text: format!("{}\n", text.trim()) })
    }

    fn part(&self, name: &str, values: &Value, max: usize) -> Result<String, RenderError> {
        let mut out = Capped::new(max);
        let rendered = self
            .env
            .get_template(name)
            .and_then(|template| template.render_captured_to(values.clone(), &mut out).map(drop));
        match rendered {
            Ok(()) => Ok(out.into_string()),
            Err(error) => Err(RenderError { message: format!("template {}, {name}: {}", self.name, describe(&error)) }),
        }
    }
}

/// Kind, detail and line; never the values.
pub(in crate::outbox) fn describe(error: &minijinja::Error) -> String {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let line = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{}{detail}{cause}{line}", error.kind())
}

/// Variables that are missing stay undefined, so that `|default` works and a slip is an error.
fn values(context: &Context, locale: &str, company: &Value) -> Value {
    let mut customer = BTreeMap::from([
        ("id", Value::from(context.customer_id.as_str())),
        ("name", Value::from(harmless::name(&context.name))),
    ]);
    if let Some(locale) = &context.locale {
        customer.insert("locale", Value::from(locale.as_str()));
        customer.insert("language", Value::from(locale.split(['-', '_']).next().unwrap_or_default()));
    }
    if let Some(country) = &context.country {
        customer.insert("country", Value::from(country.as_str()));
    }
    let mut root: BTreeMap<&str, Value> = BTreeMap::from([
        (if context.letter { "recipient" } else { "customer" }, Value::from_pairs(customer)),
        ("company", company.clone()),
        ("message", Value::from_pairs([("id", Value::from(context.message_id.as_str()))])),
    ]);
    if let Some(links) = &context.links {
        let links = [("unsubscribe", links.unsubscribe.as_str()), ("preferences", links.preferences.as_str())];
        root.insert("links", Value::from_pairs(links));
    }
    root.extend(context.asks.as_ref().map(|asks| asks.value(locale, &context.data)));
    if let Some(coupon) = context.data.get("coupon") {
        // a message without a code still has the variables, so that templates can ask
        let text = |key: &str| coupon.get(key).and_then(Json::as_str).unwrap_or_default();
        root.insert("coupon", Value::from_pairs([("code", text("code")), ("expires", text("expires"))]));
    }
    for part in ["offer", "occasion"] {
        root.insert(part, context.data.get(part).map_or(Value::UNDEFINED, value_of));
    }
    Value::from_pairs(root)
}

/// A header is one line: line breaks and control characters become spaces, runs of them one.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// JSON as the template sees it; null counts as missing.
pub(super) fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::UNDEFINED,
        Json::Bool(yes) => Value::from(*yes),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.to_string()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(value_of).collect(),
        Json::Object(entries) => Value::from_pairs(
            entries.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.as_str(), value_of(value))),
        ),
    }
}
