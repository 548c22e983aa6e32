//! How a message leaves: one folder or file a kind of channel.
//!
//! A [`Channel`] prepares messages (pure work) and opens [`Connection`]s. A connection says whether it is ready *before* a
//! message is handed off, and then what became of the message. The answer never hides doubt: whoever cannot say whether
//! the provider took the message says [`Fate::Unknown`].

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

mod answer;
pub mod dkim;
pub mod message;
mod picture;
mod recording;
mod robot;
pub mod settings;
mod smtp;
mod webhook;

pub(in crate::outbox) use answer::masked;
pub use answer::{Answer, Fate, Trouble, Unready};
use recording::Recording;
use robot::Robot;
use settings::{ChannelSettings, ReceiptSettings, Sort};
use smtp::Smtp;
use webhook::Webhook;
pub use webhook::{Question, Receipt};
pub(in crate::outbox) use webhook::{Standard, international};

use super::link::Unsubscribe;

/// A rendered message with the address it goes to.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// `tend.outbox.public_id`: Message-ID and webhook id are made of it.
    pub id: Uuid,
    /// What it is.
    pub sort: Sort,
    /// Address or number.
    pub to: String,
    /// Name of the recipient; may be empty.
    pub name: String,
    /// Language it is written in.
    pub locale: String,
    /// Subject of a mail.
    pub subject: Option<String>,
    /// HTML of a mail.
    pub html: Option<String>,
    /// Text part of a mail, or the text message.
    pub text: String,
    /// A text message that the gateway makes of a template it has; `text` is what it will say.
    pub form: Option<Form>,
    /// When it is sent, for the Date header.
    pub date: DateTime<Utc>,
    /// How the customer unsubscribes; none for transactional messages.
    pub unsubscribe: Option<Unsubscribe>,
    /// For whom it was, when `redirect_to` sends it to somebody else.
    pub redirected_from: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its type, e.g. `text/calendar; charset=utf-8`.
    pub media_type: String,
    /// What the HTML calls it, `cid:…`; none: a file to open.
    pub content_id: Option<String>,
    /// The bytes.
    pub body: Vec<u8>,
    /// Whether the mail may go without it by a channel that carries no files.
    pub optional: bool,
}

/// A template of the gateway with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What the gateway calls the template (`SMS_123456789`, `1234567`, `HX…`).
    pub template: String,
    /// Names and values, in the order of the template's placeholders.
    pub params: Vec<(String, String)>,
}

impl Outgoing {
    /// A made-up message with nothing that can be missing, to try templates of the settings with.
    fn bare_sample(sort: Sort) -> Self {
        Self { subject: None, html: None, form: None, unsubscribe: None, name: String::new(), ..Self::sample(sort) }
    }

    /// A made-up message with all there can be, to try templates of the settings with.
    fn sample(sort: Sort) -> Self {
        let words = || "sample".to_owned();
        let to = match sort {
            Sort::Email => "sample@example.com",
            Sort::Sms => "+8613800138000",
            Sort::Robot => "",
        };
        Self {
            id: Uuid::nil(),
            sort,
            to: to.to_owned(),
            name: words(),
            locale: words(),
            subject: Some(words()),
            html: Some(words()),
            text: words(),
            form: Some(Form { template: words(), params: vec![("sample".into(), words())] }),
            date: DateTime::UNIX_EPOCH,
            unsubscribe: Some(Unsubscribe { url: words(), mailto: None }),
            redirected_from: None,
            attachments: Vec::new(),
        }
    }
}

/// A message as it crosses the network.
#[derive(Debug)]
pub enum Prepared {
    /// A mail with its envelope.
    Mail(message::Mail),
    /// What goes into an HTTP call.
    Call(webhook::Call),
    /// What the recording channel writes.
    Record(recording::Record),
}

impl Prepared {
    /// Whether both may cross the network together.
    pub fn goes_with(&self, other: &Self) -> bool {
        self.call().zip(other.call()).is_some_and(|(one, two)| one.goes_with(two))
    }

    /// The mail as it crosses the network; none: this channel carries no mails.
    pub fn mail(&self) -> Option<&[u8]> {
        match self {
            Self::Mail(mail) => Some(&mail.bytes),
            Self::Record(record) => record.mail(),
            Self::Call(_) => None,
        }
    }

    fn call(&self) -> Option<&webhook::Call> {
        match self {
            Self::Call(call) => Some(call),
            Self::Mail(_) | Self::Record(_) => None,
        }
    }
}

/// A configured channel.
#[derive(Debug)]
pub enum Channel {
    /// SMTP.
    Smtp(Box<Smtp>),
    /// HTTP calls.
    Webhook(Box<Webhook>),
    /// A chat.
    Robot(Box<Robot>),
    /// Files.
    Recording(Recording),
}

impl Channel {
    /// Reads secrets, keys and certificates.
    ///
    /// # Errors
    /// When one of them cannot be read; the message names the key and the file.
    pub fn new(name: &str, settings: &ChannelSettings) -> anyhow::Result<Self> {
        if let Some(problem) = settings.problems(name).first() {
            anyhow::bail!("{problem}");
        }
        Ok(match settings {
            ChannelSettings::Smtp(smtp) => Self::Smtp(Box::new(Smtp::new(name, smtp)?)),
            ChannelSettings::Webhook(webhook) => Self::Webhook(Box::new(Webhook::new(name, webhook)?)),
            ChannelSettings::Robot(robot) => Self::Robot(Box::new(Robot::new(name, robot)?)),
            ChannelSettings::Recording(recording) => Self::Recording(Recording::new(name, recording)?),
        })
    }

    /// Makes what will cross the network.
    ///
    /// # Errors
    /// When the message cannot be sent by this channel whatever one does (a bad address); the text says why, without it.
    pub fn prepare(&self, outgoing: &Outgoing) -> Result<Prepared, String> {
        let carries = matches!(self, Self::Smtp(_) | Self::Recording(_));
        if let Some(needed) = outgoing.attachments.iter().find(|part| !carries && !part.optional) {
            return Err(format!(
                "this channel carries no files, and {:?} belongs to the mail; send it by SMTP",
                needed.name
            ));
        }
        let outgoing = &*picture::settled(outgoing, carries);
        match self {
            Self::Smtp(smtp) => smtp.prepare(outgoing).map(Prepared::Mail),
            Self::Webhook(webhook) => webhook.prepare(outgoing).map(Prepared::Call),
            Self::Robot(robot) => robot.prepare(outgoing).map(Prepared::Call),
            Self::Recording(recording) => recording.prepare(outgoing).map(Prepared::Record),
        }
    }

    /// How the provider is asked what became of a message; none: it cannot be.
    pub fn receipt(&self) -> Option<&ReceiptSettings> {
        match self {
            Self::Webhook(webhook) => webhook.receipt(),
            Self::Smtp(_) | Self::Robot(_) | Self::Recording(_) => None,
        }
    }

    /// Asks what became of a message.
    pub async fn ask(&self, question: &Question) -> Receipt {
        match self {
            Self::Webhook(webhook) => webhook.ask(question).await,
            Self::Smtp(_) | Self::Robot(_) | Self::Recording(_) => Receipt::Silent("it cannot be asked".into()),
        }
    }

    /// Messages that may cross the network together, at most.
    pub fn batch(&self) -> usize {
        match self {
            Self::Webhook(webhook) => webhook.batch(),
            Self::Smtp(_) | Self::Robot(_) | Self::Recording(_) => 1,
        }
    }

    /// Sends one message by itself: no ledger, no rates, no second attempt.
    ///
    /// # Errors
    /// When nothing was sent: the message cannot be sent by this channel, or the provider is not ready.
    pub async fn deliver(&self, outgoing: &Outgoing) -> Result<Answer, String> {
        let prepared = self.prepare(outgoing)?;
        let mut connection = self.connection();
        connection.ready().await.map_err(|unready| unready.detail)?;
        let answer = connection.send(&[&prepared]).await.pop();
        connection.close().await;
        answer.ok_or_else(|| "nothing was sent".to_owned())
    }

    /// A connection, not opened yet.
    pub fn connection(&self) -> Connection<'_> {
        match self {
            Self::Smtp(smtp) => Connection::Smtp(Box::new(smtp::Session::new(smtp))),
            Self::Webhook(webhook) => Connection::Webhook(webhook),
            Self::Robot(robot) => Connection::Robot(robot),
            Self::Recording(recording) => Connection::Recording(recording),
        }
    }
}

/// What one worker sends over, one message after the other.
pub enum Connection<'c> {
    /// An SMTP session.
    Smtp(Box<smtp::Session<'c>>),
    /// HTTP has its own pool.
    Webhook(&'c Webhook),
    /// A webhook too.
    Robot(&'c Robot),
    /// Nothing to open.
    Recording(&'c Recording),
}

impl Connection<'_> {
    /// Opens what has to be open before a message is handed off.
    ///
    /// # Errors
    /// When the provider cannot be reached or refuses: nothing was handed off.
    pub async fn ready(&mut self) -> Result<(), Unready> {
        match self {
            Self::Smtp(session) => session.ready().await,
            Self::Webhook(_) | Self::Robot(_) => Ok(()),
            Self::Recording(recording) => recording.ready().await,
        }
    }

    /// Sends messages that go with each other, no more than [`Channel::batch`], and says what became of each, in their
    /// order.
    pub async fn send(&mut self, prepared: &[&Prepared]) -> Vec<Answer> {
        let calls: Vec<&webhook::Call> = prepared.iter().filter_map(|each| each.call()).collect();
        match self {
            Self::Webhook(webhook) if calls.len() == prepared.len() => return webhook.send(&calls).await,
            Self::Robot(robot) if calls.len() == prepared.len() => return robot.send(&calls).await,
            _ => {}
        }
        let mut answers = Vec::with_capacity(prepared.len());
        for each in prepared {
            answers.push(match (&mut *self, each) {
                (Self::Smtp(session), Prepared::Mail(mail)) => session.send(mail).await,
                (Self::Recording(recording), Prepared::Record(record)) => recording.send(record).await,
                _ => Answer::rejected(None, "the message was prepared for another kind of channel"),
            });
        }
        answers
    }

    /// Closes politely.
    pub async fn close(&mut self) {
        if let Self::Smtp(session) = self {
            session.close().await;
        }
    }

    /// How long the connection may stay open without work.
    pub fn idle(&self) -> Duration {
        match self {
            Self::Smtp(session) => session.idle(),
            Self::Webhook(_) | Self::Robot(_) | Self::Recording(_) => Duration::from_secs(60),
        }
    }
}
