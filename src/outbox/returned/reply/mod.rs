//! Text messages that customers send back: T, TD, STOP, 退订 stop messages to the number, START takes that back, anything else
//! of a customer we know is kept for people.
//!
//! # What it promises
//! * The word is written down as the unsubscribe page writes it (`tend.choice`, by the hash of the number), so planning and
//!   sending ask one place. START only lifts what STOP did.
//! * A confirmation goes out once: not when nothing changed, and not twice within a day, so two robots do not talk for
//!   ever.
//! * Of strangers and of stop words no text is kept.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

mod confirm;
mod words;

use confirm::Confirm;
use words::Words;

use super::calls::{Call, Malformed, entries, instant, zone};
use crate::outbox::channel::international;
use crate::outbox::channel::settings::{Numbers, ReplySettings, Stops};
use crate::outbox::template::{describe, nearest};

/// Longest text that is kept, in characters.
const LONGEST: usize = 1_000;
/// A number gets one confirmation within this time.
const ONCE: TimeDelta = TimeDelta::hours(24);

/// What a reply says; as `tend.reply.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No more.
    Stop,
    /// Again, please.
    Start,
    /// Something for people.
    Other,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Other => "other",
        }
    }
}

/// A text message of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The number, E.164.
    pub from: String,
    /// What it says.
    pub kind: Kind,
    /// The words.
    pub text: String,
    /// What the provider calls it.
    pub reference: Option<String>,
    /// When it was written.
    pub at: Option<DateTime<Utc>>,
}

/// What a call brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// What is of use.
    pub replies: Vec<Reply>,
    /// Entries without a number or a text.
    pub ignored: usize,
}

/// What was done with a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// It was not there before.
    pub new: bool,
    /// It stopped or started something.
    pub changed: bool,
    /// What to answer, in the customer's language.
    pub confirmation: Option<String>,
}

/// Reads and takes replies by the rules of a channel.
#[derive(Debug)]
pub struct Replies {
    provider: String,
    settings: ReplySettings,
    zone: Tz,
    words: Words,
    confirm: Option<Confirm>,
}

impl Replies {
    pub(super) fn new(provider: &str, settings: &ReplySettings) -> anyhow::Result<Self> {
        let place = format!("channels.{provider}.replies.confirm_with");
        Ok(Self {
            confirm: settings.confirm_with.as_deref().map(|with| Confirm::new(&place, with)).transpose()?,
            provider: provider.to_owned(),
            zone: zone(settings.timezone.as_deref()),
            words: Words::new(settings.stop.as_deref(), settings.start.as_deref()),
            settings: settings.clone(),
        })
    }

    /// The replies of a call.
    ///
    /// # Errors
    /// When it is neither JSON nor a form.
    pub fn read(&self, call: &Call<'_>) -> Result<Brought, Malformed> {
        let mut brought = Brought::default();
        for entry in entries(call.document()?, self.settings.list.as_deref()) {
            let text = |places| call.text(places, "", &entry);
            let from = text(&self.settings.from).and_then(|from| self.number(&from));
            // a message without words is one all the same, a photograph perhaps
            let Some(from) = from else {
                brought.ignored += 1;
                continue;
            };
            let words = text(&self.settings.text).unwrap_or_default();
            brought.replies.push(Reply {
                from,
                kind: self.words.kind(&words),
                text: words.chars().take(LONGEST).collect(),
                reference: text(&self.settings.reference).map(|reference| reference.chars().take(200).collect()),
                at: text(&self.settings.at).and_then(|at| instant(&at, self.zone)),
            });
        }
        Ok(brought)
    }

    /// As E.164.
    fn number(&self, text: &str) -> Option<String> {
        let digits = international(text, |plain| match self.settings.numbers {
            // a form turns a plus that was not encoded into a blank
            Numbers::Plain | Numbers::E164 => Some(plain.to_owned()),
            Numbers::National => {
                let code = self.settings.country_code.as_deref().unwrap_or_default();
                Some(format!("{code}{}", plain.strip_prefix('0').unwrap_or(plain)))
            }
        });
        digits.map(|digits| format!("+{digits}"))
    }

    /// Writes a reply down and does what it says; `confirms`: the answer can carry a confirmation.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take(
        &self,
        conn: &mut PgConnection,
        reply: &Reply,
        confirms: bool,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Done> {
        // the same number twice at once: the second waits
        sqlx::query!(
            r#"select pg_advisory_xact_lock(hashtextextended('tend.reply:' || $1::text, 0)) as "lock: ()""#,
            reply.from
        )
        .fetch_one(&mut *conn)
        .await?;
        let everything = self.settings.stops == Stops::Everything;
        let done = sqlx::query_file!(
            "src/outbox/returned/reply/take.sql",
            reply.from,
            self.provider,
            reply.kind.as_str(),
            reply.at.map_or(now, |at| at.min(now)),
            now,
            reply.reference,
            reply.text,
            everything,
            now - ONCE,
            confirms && !self.confirmations(reply.kind).is_empty()
        )
        .fetch_one(conn)
        .await?;
        let confirmation = done.confirms.then(|| self.confirmation(reply.kind, done.locale.as_deref())).flatten();
        Ok(Done { new: done.written, changed: done.changed, confirmation })
    }

    fn confirmations(&self, kind: Kind) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        match kind {
            Kind::Stop => &self.settings.stopped,
            Kind::Start => &self.settings.started,
            Kind::Other => &NONE,
        }
    }

    fn confirmation(&self, kind: Kind, locale: Option<&str>) -> Option<String> {
        let texts = self.confirmations(kind);
        let near = nearest(locale.unwrap_or("en"), texts.keys().map(String::as_str)).map(str::to_owned);
        texts.get(&near?).cloned()
    }

    /// The body of the answer to a call, with a confirmation or without.
    #[must_use]
    pub fn answer(&self, confirmation: Option<&str>) -> String {
        let carried = confirmation.zip(self.confirm.as_ref()).and_then(|(text, confirm)| {
            let body = confirm.body(text);
            // it was tried at the start: what is left are limits
            body.inspect_err(|error| {
                tracing::error!(channel = self.provider, "a confirmation cannot be sent: {}", describe(error));
            })
            .ok()
        });
        carried.unwrap_or_else(|| self.settings.answer.clone())
    }
}
