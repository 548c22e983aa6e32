//! Messages made to be looked at: those a previewed run would queue, or one of a made-up occasion. Nothing here is
//! written down, and the links lead nowhere: they are examples, so that nobody unsubscribes a customer by trying one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::channel::Outgoing;
use super::channel::settings::Sort;
use super::dispatch::{Company, Said, To};
use super::link::Unsubscribe;
use super::survey::Survey;
use super::template::{Asks, Context, Length, MessageLinks, TemplateFolder};

/// As long as those that are signed: a text message is measured with it.
const ANSWER: &str = "example-link-where-the-customer-answers-what-we-ask";

/// One message, not rendered yet.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Names the message in its headers.
    pub public_id: Uuid,
    /// To whom.
    pub customer_id: String,
    /// Step of a job with several; empty for the first.
    pub step: String,
    /// By which channel.
    pub sort: Sort,
    /// Folder below `templates/`.
    pub template: String,
    /// Language.
    pub locale: String,
    /// What it is for: only transactional messages have no button to unsubscribe.
    pub purpose: String,
    /// The customer's name.
    pub name: String,
    /// The customer's language.
    pub reads: Option<String>,
    /// The customer's country.
    pub country: Option<String>,
    /// The customer's address; none: an example stands in.
    pub address: Option<String>,
    /// What it asks.
    pub asks: Option<Arc<Survey>>,
    /// Offer, occasion, coupon.
    pub data: Value,
}

/// A text message measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// To whom.
    pub customer_id: String,
    /// How long it is.
    pub length: Length,
    /// How many parts the job allows.
    pub max_parts: Option<u64>,
}

/// The messages of a run, those to the longest names first: of one customer, of one channel, or all. `asks` is what its job
/// asks.
///
/// # Errors
/// When the database refuses.
pub async fn of_run(
    conn: &mut PgConnection,
    run_id: i64,
    customer_id: Option<&str>,
    sort: Option<Sort>,
    most: i64,
    asks: Option<&Arc<Survey>>,
) -> sqlx::Result<Vec<Sample>> {
    let sort = sort.map(Sort::as_str);
    let rows = sqlx::query_file!("src/outbox/sample.sql", run_id, customer_id, sort, most).fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| Sample {
            public_id: row.public_id,
            customer_id: row.customer_id,
            step: row.step,
            sort: if row.channel == Sort::Email.as_str() { Sort::Email } else { Sort::Sms },
            template: row.template,
            locale: row.locale,
            purpose: row.purpose,
            name: row.name,
            reads: row.reads,
            country: row.country,
            address: row.address,
            asks: asks.cloned(),
            data: row.data,
        })
        .collect())
}

impl Sample {
    /// What the customer would get. `base` is where links begin.
    ///
    /// # Errors
    /// The template's error, without values.
    pub fn outgoing(
        &self,
        templates: &TemplateFolder,
        company: &Company,
        base: &str,
        date: DateTime<Utc>,
    ) -> Result<(Outgoing, Option<Length>), String> {
        let base = base.trim_end_matches('/');
        let unsubscribe = format!("{base}/u/example");
        let links = MessageLinks { unsubscribe: unsubscribe.clone(), preferences: format!("{base}/p/example") };
        let context = Context {
            letter: false,
            customer_id: self.customer_id.clone(),
            name: self.name.clone(),
            locale: self.reads.clone(),
            country: self.country.clone(),
            message_id: self.public_id.to_string(),
            links: Some(links),
            asks: self.asks.clone().map(|survey| Asks { url: format!("{base}/s/{ANSWER}"), survey }),
            data: self.data.clone(),
        };
        let compiled = templates.compile(&self.template).map_err(|error| error.message)?;
        let rendered =
            compiled.render(self.sort, &self.locale, &context, &company.value()).map_err(|error| error.message)?;
        let said = Said::from(rendered);
        let example = if self.sort == Sort::Email { "customer@example.com" } else { "+8613800138000" };
        let address = self.address.clone().unwrap_or_else(|| example.to_owned());
        let to = To { address, name: self.name.clone(), locale: self.locale.clone() };
        let length = said.length;
        let unsubscribe = (self.purpose != "transactional").then_some(Unsubscribe { url: unsubscribe, mailto: None });
        Ok((Outgoing { unsubscribe, ..said.outgoing(self.public_id, self.sort, to, date) }, length))
    }

    /// How long the text message is, with links that begin with `base`; none for a mail, or when its template fails.
    pub fn measured(&self, templates: &TemplateFolder, company: &Company, base: &str) -> Option<Measured> {
        let (_, length) = self.outgoing(templates, company, base, DateTime::UNIX_EPOCH).ok()?;
        Some(Measured {
            customer_id: self.customer_id.clone(),
            length: length?,
            max_parts: self.data.get("max_parts").and_then(Value::as_u64),
        })
    }
}
