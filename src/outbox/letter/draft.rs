//! Letters of a run that is only looked at: what readers would get. Links in them lead nowhere.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{OWN, headed, own_templates, parts, signed};
use crate::outbox::channel::settings::Sort;
use crate::outbox::channel::{Attachment, Outgoing};
use crate::outbox::dispatch::{Company, Said, To};
use crate::outbox::template::{Context, TemplateFolder};

/// A letter, not rendered yet.
#[derive(Debug)]
pub struct Draft {
    /// `staff:ID`, or an address.
    pub reader: String,
    public_id: Uuid,
    address: Option<String>,
    name: String,
    reads: Option<String>,
    template: String,
    locale: String,
    data: Value,
    attachments: Vec<Attachment>,
}

/// The letters of a run that go by mail, in the order they were written; at most so many.
///
/// # Errors
/// When the database refuses.
pub async fn drafts(conn: &mut PgConnection, run_id: i64, most: i64) -> sqlx::Result<Vec<Draft>> {
    let rows = sqlx::query!(
        r#"select o.message_id, o.public_id, case when o.recipient = 'address' then coalesce(l.address, '') else o.recipient end as "reader!",
                  case when o.recipient = 'address' then l.address else s.email end as address, coalesce(s.name, '') as "name!",
                  s.locale as "reads?", o.template, o.locale, l.data
           from tend.outbox o
           join tend.letter l on l.message_id = o.message_id
           left join crm.staff s on o.recipient = 'staff:' || s.staff_id
           where o.run_id = $1 and o.recipient is not null and o.channel = 'email'
           order by o.message_id
           limit $2"#,
        run_id,
        most
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut drafts = Vec::with_capacity(rows.len());
    for row in rows {
        drafts.push(Draft {
            reader: row.reader,
            public_id: row.public_id,
            address: row.address,
            name: row.name,
            reads: row.reads,
            template: row.template,
            locale: row.locale,
            data: row.data,
            attachments: parts(&mut *conn, row.message_id).await?,
        });
    }
    Ok(drafts)
}

impl Draft {
    /// What the reader would get.
    ///
    /// # Errors
    /// The template's error, without values.
    pub fn outgoing(
        self,
        templates: &TemplateFolder,
        company: &Company,
        date: DateTime<Utc>,
    ) -> Result<Outgoing, String> {
        let own;
        let templates = if self.template.starts_with(OWN) {
            own = own_templates();
            &own
        } else {
            templates
        };
        let data = json!({ "occasion": self.data });
        let context = Context {
            letter: true,
            customer_id: self.reader,
            name: self.name.clone(),
            locale: self.reads,
            country: None,
            message_id: self.public_id.to_string(),
            links: None,
            asks: None,
            data: signed(&data, None, date),
        };
        let compiled = templates.compile(&self.template).map_err(|error| error.message)?;
        let rendered = compiled.render(Sort::Email, &self.locale, &context, &company.value());
        let mut said = Said::from(rendered.map_err(|error| error.message)?);
        said.subject = said.subject.map(|subject| headed(&data, &self.locale, subject));
        let address = self.address.unwrap_or_else(|| "staff@example.com".to_owned());
        let to = To { address, name: self.name, locale: self.locale };
        Ok(Outgoing { attachments: self.attachments, ..said.outgoing(self.public_id, Sort::Email, to, date) })
    }
}
