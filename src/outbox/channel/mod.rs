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
mod recording;
pub mod settings;
mod smtp;
mod webhook;

pub use answer::{Answer, Fate, Trouble, Unready};
use recording::Recording;
use settings::{ChannelSettings, Sort};
use smtp::Smtp;
use webhook::Webhook;

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
    /// When it is sent, for the Date header.
    pub date: DateTime<Utc>,
    /// How the customer unsubscribes; none for transactional messages.
    pub unsubscribe: Option<Unsubscribe>,
    /// For whom it was, when `redirect_to` sends it to somebody else.
    pub redirected_from: Option<String>,
}

impl Outgoing {
    /// A made-up message, to try templates of the settings with.
    fn sample(sort: Sort) -> Self {
        let words = || "sample".to_owned();
        Self {
            id: Uuid::nil(),
            sort,
            to: words(),
            name: words(),
            locale: words(),
            subject: Some(words()),
            html: Some(words()),
            text: words(),
            date: DateTime::UNIX_EPOCH,
            unsubscribe: Some(Unsubscribe { url: words(), mailto: None }),
            redirected_from: None,
        }
    }
}

/// A message as it crosses the network.
#[derive(Debug)]
pub enum Prepared {
    /// A mail with its envelope.
    Mail(message::Mail),
    /// The body of an HTTP call.
    Call(webhook::Call),
    /// What the recording channel writes.
    Record(recording::Record),
}

/// A configured channel.
#[derive(Debug)]
pub enum Channel {
    /// SMTP.
    Smtp(Box<Smtp>),
    /// HTTP calls.
    Webhook(Box<Webhook>),
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
            ChannelSettings::Recording(recording) => Self::Recording(Recording::new(name, recording)?),
        })
    }

    /// Makes what will cross the network.
    ///
    /// # Errors
    /// When the message cannot be sent by this channel whatever one does (a bad address); the text says why, without it.
    pub fn prepare(&self, outgoing: &Outgoing) -> Result<Prepared, String> {
        match self {
            Self::Smtp(smtp) => smtp.prepare(outgoing).map(Prepared::Mail),
            Self::Webhook(webhook) => webhook.prepare(outgoing).map(Prepared::Call),
            Self::Recording(recording) => recording.prepare(outgoing).map(Prepared::Record),
        }
    }

    /// A connection, not opened yet.
    pub fn connection(&self) -> Connection<'_> {
        match self {
            Self::Smtp(smtp) => Connection::Smtp(Box::new(smtp::Session::new(smtp))),
            Self::Webhook(webhook) => Connection::Webhook(webhook),
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
            Self::Webhook(_) => Ok(()),
            Self::Recording(recording) => recording.ready().await,
        }
    }

    /// Sends, and says what became of it.
    pub async fn send(&mut self, prepared: &Prepared) -> Answer {
        match (self, prepared) {
            (Self::Smtp(session), Prepared::Mail(mail)) => session.send(mail).await,
            (Self::Webhook(webhook), Prepared::Call(call)) => webhook.send(call).await,
            (Self::Recording(recording), Prepared::Record(record)) => recording.send(record).await,
            _ => Answer::rejected(None, "the message was prepared for another kind of channel"),
        }
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
            Self::Webhook(_) | Self::Recording(_) => Duration::from_secs(60),
        }
    }
}
