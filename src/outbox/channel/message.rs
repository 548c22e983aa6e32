//! A mail, built. The same message gives the same bytes but for the date, so that a mail that is sent again is recognised
//! as the same one: Message-ID and boundary are made of `tend.outbox.public_id`.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MessageBuilder, MultiPart, SinglePart};
use uuid::Uuid;

use super::dkim::Dkim;
use super::{Attachment, Outgoing};
use crate::outbox::link::Unsubscribe;
use crate::outbox::template::harmless;

/// A mail ready to be sent.
#[derive(Debug)]
pub struct Mail {
    /// From and to whom, for the protocol.
    pub envelope: Envelope,
    /// The whole text.
    pub bytes: Vec<u8>,
    /// The text as DATA wants it: dots at the start of a line doubled, and the line that ends it.
    pub wire: String,
}

/// RFC 5321, 4.5.2.
fn wire(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut wire = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive("\r\n") {
        if line.starts_with('.') {
            wire.push('.');
        }
        wire.push_str(line);
    }
    if !wire.ends_with("\r\n") {
        wire.push_str("\r\n");
    }
    wire.push_str(".\r\n");
    wire
}

/// Who writes.
#[derive(Debug, Clone)]
pub struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

impl Sender {
    /// Reads the addresses of the settings.
    ///
    /// # Errors
    /// When one is none.
    pub fn new(from: &str, reply_to: Option<&str>) -> anyhow::Result<Self> {
        let read = |text: &str| {
            text.parse::<Mailbox>().map_err(|error| anyhow::anyhow!("`{text}` is not an address: {error}"))
        };
        Ok(Self { from: read(from)?, reply_to: reply_to.map(read).transpose()? })
    }

    /// The Message-ID of a message.
    pub fn message_id(&self, id: Uuid) -> String {
        format!("<{id}@{}>", self.from.email.domain())
    }

    /// Builds the mail, signed when there is a key.
    ///
    /// # Errors
    /// When the address is none; the text does not contain it.
    pub fn build(&self, outgoing: &Outgoing, dkim: Option<&Dkim>) -> Result<Mail, String> {
        let address = address(&outgoing.to)?;
        let name = Some(harmless::name(&outgoing.name)).filter(|name| !name.is_empty());
        let subject = one_line(outgoing.subject.as_deref().unwrap_or_default());
        let subject = if outgoing.redirected_from.is_some() { format!("[redirected] {subject}") } else { subject };
        let mut builder = Message::builder()
            .message_id(Some(self.message_id(outgoing.id)))
            .date(system_time(outgoing.date))
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(subject);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        if let Some(customer) = &outgoing.redirected_from {
            let header = HeaderName::new_from_ascii_str("X-Tend-Redirected-From");
            builder = builder.raw_header(HeaderValue::new(header, one_line(customer)));
        }
        if let Some(unsubscribe) = &outgoing.unsubscribe {
            builder = builder
                .raw_header(as_it_is("List-Unsubscribe", unsubscribe.header()))
                .raw_header(as_it_is("List-Unsubscribe-Post", Unsubscribe::ONE_CLICK.to_owned()));
        }
        let message = body(builder, outgoing)?.map_err(|error| format!("the mail cannot be built: {error}"))?;
        let bytes = message.formatted();
        let bytes = match dkim {
            Some(dkim) => dkim.sign(bytes)?,
            None => bytes,
        };
        Ok(Mail { envelope: message.envelope().clone(), wire: wire(&bytes), bytes })
    }
}

/// Text alone, text and HTML, HTML with its pictures, and files behind them (RFC 2046, RFC 2387).
fn body(builder: MessageBuilder, outgoing: &Outgoing) -> Result<Result<Message, lettre::error::Error>, String> {
    let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(outgoing.text.clone());
    let boundary = |part: &str| format!("tend-{part}{}", outgoing.id.simple());
    let (pictures, files): (Vec<_>, Vec<_>) = outgoing.attachments.iter().partition(|part| part.content_id.is_some());
    let html =
        outgoing.html.as_ref().map(|html| SinglePart::builder().header(ContentType::TEXT_HTML).body(html.clone()));
    let words = match html {
        None if outgoing.attachments.is_empty() => return Ok(builder.singlepart(text)),
        None => MultiPart::alternative().boundary(boundary("")).singlepart(text),
        Some(html) if pictures.is_empty() => {
            MultiPart::alternative().boundary(boundary("")).singlepart(text).singlepart(html)
        }
        Some(html) => {
            let mut related = MultiPart::related().boundary(boundary("r-")).singlepart(html);
            for picture in pictures {
                let id = picture.content_id.clone().unwrap_or_default();
                let inline = lettre::message::Attachment::new_inline_with_name(id, one_line(&picture.name));
                related = related.singlepart(inline.body(picture.body.clone(), media_type(picture)?));
            }
            MultiPart::alternative().boundary(boundary("")).singlepart(text).multipart(related)
        }
    };
    if files.is_empty() {
        return Ok(builder.multipart(words));
    }
    let mut mixed = MultiPart::mixed().boundary(boundary("m-")).multipart(words);
    for file in files {
        let named = lettre::message::Attachment::new(one_line(&file.name));
        mixed = mixed.singlepart(named.body(file.body.clone(), media_type(file)?));
    }
    Ok(builder.multipart(mixed))
}

fn media_type(part: &Attachment) -> Result<ContentType, String> {
    ContentType::parse(&part.media_type).map_err(|_| format!("{:?} is no media type", part.media_type))
}

/// A header of printable ASCII, neither encoded nor folded: RFC 8058 readers take it literally.
fn as_it_is(name: &'static str, value: String) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}

/// A mail address whose domain is written in ASCII (RFC 5891): not every server takes SMTPUTF8, and a domain needs none.
///
/// # Errors
/// A sentence without the address.
pub fn address(text: &str) -> Result<Address, String> {
    let none = || "the address is not a mail address".to_owned();
    let address: Address = text.trim().parse().map_err(|_| none())?;
    if address.domain().is_ascii() {
        return Ok(address);
    }
    let domain = idna::domain_to_ascii(address.domain()).map_err(|_| none())?;
    Address::new(address.user(), domain).map_err(|_| none())
}

/// A header value is one line.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn system_time(at: DateTime<Utc>) -> SystemTime {
    SystemTime::from(at)
}
