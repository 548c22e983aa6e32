//! From a claimed row to a message that can cross the network: template, customer, redirection.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::claim::Claimed;
use crate::outbox::channel::settings::{Redirect, Sort};
use crate::outbox::channel::{Attachment, Form, Outgoing};
use crate::outbox::letter;
use crate::outbox::link::{Asked, Bearer, Links, Unsubscribe};
use crate::outbox::policy::Purpose;
use crate::outbox::survey::{self, Survey};
use crate::outbox::template::{Asks, Compiled, Context, Length, MessageLinks, Rendered, TemplateFolder};

/// Compiled templates kept; a daemon sends a handful of them at a time.
const KEPT: usize = 64;

/// A template of a spec, and what its messages ask.
#[derive(Debug)]
pub struct Content {
    template: Compiled,
    asks: Option<Arc<Survey>>,
}

/// A content, or why there is none; only the former are kept.
type Outcome = Result<Arc<Content>, String>;

/// Compiled templates by spec and name, the latest used last.
#[derive(Debug, Default)]
pub struct Contents {
    kept: Mutex<Vec<((String, String), Outcome)>>,
}

/// Who writes, for `company.*`.
#[derive(Debug, Clone, Default)]
pub struct Company {
    /// Name.
    pub name: String,
    /// Home page.
    pub url: String,
    /// Postal address.
    pub address: String,
}

impl Company {
    pub(in crate::outbox) fn value(&self) -> minijinja::Value {
        minijinja::Value::from_pairs([
            ("name", self.name.as_str()),
            ("url", self.url.as_str()),
            ("address", self.address.as_str()),
        ])
    }
}

impl Contents {
    /// Template and question as the spec had them.
    pub async fn content(&self, pool: &PgPool, spec: &str, template: &str) -> sqlx::Result<Outcome> {
        if let Some(found) = self.kept(spec, template) {
            return Ok(found);
        }
        if template.starts_with(letter::OWN) {
            let own = letter::own_templates().compile(template).map_err(|error| error.message);
            return Ok(own.map(|template| Arc::new(Content { template, asks: None })));
        }
        let files = sqlx::query!(
            r#"select p.path as "path!", t.body from tend.spec s
               cross join lateral jsonb_each_text(s.templates) as p (path, hash)
               join tend.template t on t.hash = p.hash
               where s.hash = $1 and starts_with(p.path, $2 || '/')"#,
            spec,
            template
        )
        .fetch_all(pool)
        .await?;
        let folder = TemplateFolder::from_files(files.into_iter().map(|file| (file.path, file.body)));
        let outcome = if folder.paths(template).is_empty() {
            Err(format!("the template `{template}` is not stored with the spec of the job; `tend apply` stores it"))
        } else {
            let asks = survey::of_spec(&mut *pool.acquire().await?, spec).await?;
            folder.compile(template).map(|template| Arc::new(Content { template, asks })).map_err(|error| error.message)
        };
        if outcome.is_err() {
            return Ok(outcome);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            drop(kept.remove(0));
        }
        kept.push(((spec.to_owned(), template.to_owned()), outcome.clone()));
        Ok(outcome)
    }

    fn kept(&self, spec: &str, template: &str) -> Option<Outcome> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|((of, name), _)| of == spec && name == template)?;
        if at + 1 < kept.len() {
            let entry = kept.remove(at);
            kept.push(entry);
        }
        kept.last().map(|(_, outcome)| outcome.clone())
    }
}

/// What a rendered message says, as channels take it.
#[derive(Debug)]
pub struct Said {
    /// Subject of a mail.
    pub subject: Option<String>,
    /// HTML of a mail.
    pub html: Option<String>,
    /// Text part of a mail, or the text message.
    pub text: String,
    /// The template of the gateway, with its values.
    pub form: Option<Form>,
    /// How long the text message is.
    pub length: Option<Length>,
}

/// Who gets a message.
pub struct To {
    /// The address.
    pub address: String,
    /// The name; empty when unknown.
    pub name: String,
    /// The language it is written in.
    pub locale: String,
}

impl Said {
    /// The message that says it, with nothing attached and no link to unsubscribe.
    pub fn outgoing(self, id: Uuid, sort: Sort, to: To, date: DateTime<Utc>) -> Outgoing {
        let To { address, name, locale } = to;
        Outgoing {
            id,
            sort,
            to: address,
            name,
            locale,
            subject: self.subject,
            html: self.html,
            text: self.text,
            form: self.form,
            date,
            unsubscribe: None,
            redirected_from: None,
            attachments: Vec::new(),
        }
    }
}

impl From<Rendered> for Said {
    fn from(rendered: Rendered) -> Self {
        match rendered {
            Rendered::Mail { subject, html, text } => {
                Self { subject: Some(subject), html: Some(html), text, form: None, length: None }
            }
            Rendered::Sms { text, length, by } => {
                let form = by.map(|by| Form { template: by.template, params: by.params });
                Self { subject: None, html: None, text, form, length: Some(length) }
            }
        }
    }
}

/// What every message is rendered with.
#[derive(Debug)]
pub struct Frame {
    /// `company.*`.
    pub company: minijinja::Value,
    /// Makes `links.*`.
    pub links: Option<Links>,
}

/// The links of a message: for its text, and for mail programs. What the customer started himself (transactional)
/// cannot be unsubscribed from by a mail program's button.
fn link(links: &Links, claimed: &Claimed, sort: Sort) -> (MessageLinks, Option<Unsubscribe>) {
    let bearer = Bearer {
        customer_id: claimed.customer_id.clone(),
        channel: sort.as_str().to_owned(),
        purpose: claimed.purpose.clone(),
        topic: claimed.topic.clone(),
        message: claimed.public_id,
        address: claimed.address_hash,
        expires: None,
    };
    let unsubscribe = links.unsubscribe(&bearer);
    let shown = MessageLinks { unsubscribe: unsubscribe.url.clone(), preferences: links.preferences(&bearer) };
    (shown, (claimed.purpose != Purpose::Transactional.as_str()).then_some(unsubscribe))
}

/// Renders the message of a row.
///
/// # Errors
/// The template's error, without values.
pub fn outgoing(
    claimed: &Claimed,
    sort: Sort,
    content: &Content,
    frame: &Frame,
    (redirect, attachments): (Option<&Redirect>, Vec<Attachment>),
) -> Result<Outgoing, String> {
    let to_customers = frame.links.as_ref().filter(|_| !claimed.is_letter);
    let (links, unsubscribe) = to_customers.map(|links| link(links, claimed, sort)).unzip();
    let asks = to_customers.zip(content.asks.as_ref()).map(|(links, survey)| {
        let expires = claimed.now + TimeDelta::seconds(survey.link_ttl_secs);
        Asks { url: links.answer(Asked { message: claimed.public_id, expires }), survey: Arc::clone(survey) }
    });
    let context = Context {
        letter: claimed.is_letter,
        customer_id: claimed.customer_id.clone(),
        name: claimed.name.clone(),
        locale: claimed.reads.clone(),
        country: claimed.country.clone(),
        message_id: claimed.public_id.to_string(),
        links,
        asks,
        data: match claimed.is_letter {
            true => letter::signed(&claimed.data, frame.links.as_ref(), claimed.now),
            false => claimed.data.clone(),
        },
    };
    let rendered =
        content.template.render(sort, &claimed.locale, &context, &frame.company).map_err(|error| error.message)?;
    let mut said = Said::from(rendered);
    if claimed.is_letter {
        said.subject = said.subject.map(|subject| letter::headed(&claimed.data, &claimed.locale, subject));
    }
    let most = claimed.data.get("max_parts").and_then(serde_json::Value::as_u64);
    if let (Some(most), Some(length)) = (most, said.length)
        && length.parts as u64 > most
    {
        return Err(format!("the text message has {} parts, and max_parts is {most}", length.parts));
    }
    let to = To { address: claimed.address.clone(), name: claimed.name.clone(), locale: claimed.locale.clone() };
    let outgoing = said.outgoing(claimed.public_id, sort, to, claimed.now);
    let mut outgoing = Outgoing { unsubscribe: unsubscribe.flatten(), attachments, ..outgoing };
    if let Some(redirect) = redirect {
        let to = match sort {
            Sort::Email => redirect.email.as_ref(),
            Sort::Sms => redirect.sms.as_ref(),
            Sort::Robot => None,
        };
        // nothing leaves to customers while a redirection is set, not even the sort it says nothing about
        outgoing.to = to.cloned().ok_or_else(|| format!("outbox.redirect_to is set and names nobody for {sort}"))?;
        outgoing.redirected_from = Some(claimed.customer_id.clone());
        outgoing.name = String::new();
    }
    Ok(outgoing)
}
