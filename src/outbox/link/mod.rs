//! Links in messages: who may do what with a click, signed, so that nobody can make one for somebody else.
//!
//! A link carries all that is needed to act on it ([`Bearer`]), so it works after the message was pruned and needs no row
//! of its own. What it carries are ids and the hash of an address, never an address or a name. It is bound to one
//! [`Purpose`]: a link of one kind is worth nothing where another is asked for. Links to unsubscribe never expire (people
//! find old mails); those to answer a survey do, and carry the message alone: text messages are short.
//!
//! # Keys
//! HMAC-SHA256 with the first secret of `public.secret`; links signed with any of the others are still accepted, so a
//! secret is changed by putting the new one in front. Development without a secret makes one of its own, kept in
//! `tend.link_secret`, so that replicas and restarts share it.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgPool;

use crate::settings::PublicSettings;

mod token;

use token::Keys;
pub use token::{Asked, Bearer, Forged, Purpose, Work};

/// What the two headers of RFC 8058 and the fields of webhooks are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Where a POST of `List-Unsubscribe=One-Click` unsubscribes, and a GET shows a page.
    pub url: String,
    /// `mailto:…`, when the settings name an address.
    pub mailto: Option<String>,
}

impl Unsubscribe {
    /// The value of `List-Unsubscribe-Post`, exactly.
    pub const ONE_CLICK: &'static str = "List-Unsubscribe=One-Click";

    /// The value of `List-Unsubscribe`: the HTTPS URI first, as RFC 8058 wants one.
    #[must_use]
    pub fn header(&self) -> String {
        match &self.mailto {
            Some(mailto) => format!("<{}>, <{mailto}>", self.url),
            None => format!("<{}>", self.url),
        }
    }
}

/// Makes links and reads them.
#[derive(Clone)]
pub struct Links {
    keys: Arc<Keys>,
    base: String,
    mailto: Option<String>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Links {
    /// As the settings say; without a secret, the one that the database keeps.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn open(pool: &PgPool, settings: &PublicSettings) -> sqlx::Result<Self> {
        if let Some(secret) = &settings.secret {
            return Ok(Self::new(settings, secret));
        }
        let made = sqlx::query_scalar!(
            r#"with made as (
                   insert into tend.link_secret (secret)
                   values (gen_random_uuid()::text || gen_random_uuid()::text)
                   on conflict do nothing returning secret)
               select secret as "secret!" from made
               union all
               select secret from tend.link_secret limit 1"#
        );
        let secret = match made.fetch_optional(pool).await? {
            Some(secret) => secret,
            // somebody else has just made it: this statement's snapshot was older
            None => sqlx::query_scalar!("select secret from tend.link_secret").fetch_one(pool).await?,
        };
        Ok(Self::new(settings, &secret.into()))
    }

    /// With these secrets, separated by blanks or line breaks; the first signs.
    #[must_use]
    pub fn new(settings: &PublicSettings, secrets: &SecretString) -> Self {
        Self {
            keys: Arc::new(Keys::new(secrets.expose_secret().split_whitespace())),
            base: settings.base_url.trim_end_matches('/').to_owned(),
            mailto: settings.unsubscribe_mailto.clone(),
        }
    }

    /// Where the customer unsubscribes: for templates and for the headers.
    #[must_use]
    pub fn unsubscribe(&self, bearer: &Bearer) -> Unsubscribe {
        let token = self.keys.sign(Purpose::Unsubscribe, bearer);
        let mailto = self.mailto.as_ref().map(|address| format!("mailto:{address}?subject=unsubscribe%20{token}"));
        Unsubscribe { url: format!("{}/u/{token}", self.base), mailto }
    }

    /// Where the customer chooses topics and channels.
    #[must_use]
    pub fn preferences(&self, bearer: &Bearer) -> String {
        format!("{}/p/{}", self.base, self.keys.sign(Purpose::Preferences, bearer))
    }

    /// Where a member of staff looks at a task (`/t/`), acknowledges (`/a/`), reads a feed (`/f/`) or gives a figure of a review
    /// an action (`/g/`).
    #[must_use]
    pub fn work(&self, purpose: Purpose, work: &Work) -> String {
        let page = match purpose {
            Purpose::Task => "t",
            Purpose::Acknowledge => "a",
            Purpose::Action => "g",
            _ => "f",
        };
        format!("{}/{page}/{}", self.base, self.keys.sign_work(purpose, work))
    }

    /// Who of the house comes with a link that is not over.
    ///
    /// # Errors
    /// When the token is not ours, not for this purpose, or over.
    pub fn read_work(&self, purpose: Purpose, token: &str, now: DateTime<Utc>) -> Result<Work, Forged> {
        let work = self.keys.read_work(purpose, token)?;
        if work.expires.is_some_and(|at| at <= now) { Err(Forged) } else { Ok(work) }
    }

    /// The same for who does not know the time yet: whether the link is over is still to be asked.
    ///
    /// # Errors
    /// When the token is not ours or not for this purpose.
    pub fn signed_work(&self, purpose: Purpose, token: &str) -> Result<Work, Forged> {
        self.keys.read_work(purpose, token)
    }

    /// Where the customer answers what the message asks.
    #[must_use]
    pub fn answer(&self, asked: Asked) -> String {
        format!("{}/s/{}", self.base, self.keys.sign_asked(asked))
    }

    /// Which message somebody answers; whether the link is over is still to be asked.
    ///
    /// # Errors
    /// One word whatever is wrong with it: garbled, forged, made for something else.
    pub fn asked(&self, token: &str) -> Result<Asked, Forged> {
        self.keys.read_asked(token)
    }

    /// Who comes with a link, and for what.
    ///
    /// # Errors
    /// One word whatever is wrong with it: garbled, forged, made for something else, expired.
    pub fn read(&self, purpose: Purpose, token: &str, now: DateTime<Utc>) -> Result<Bearer, Forged> {
        self.signed(purpose, token).and_then(|bearer| bearer.alive(now))
    }

    /// The same for who does not know the time yet: [`Bearer::alive`] is still to be asked.
    ///
    /// # Errors
    /// As [`read`](Self::read), but for links that are over.
    pub fn signed(&self, purpose: Purpose, token: &str) -> Result<Bearer, Forged> {
        self.keys.read(purpose, token)
    }

    /// Where a path of the listener is, as others reach it.
    #[must_use]
    pub fn reached(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The path in front of every link where the listener stands behind a proxy that keeps it, such as `/mail`; empty
    /// without.
    #[must_use]
    pub fn prefix(&self) -> &str {
        let rest = self.base.split_once("://").map_or(self.base.as_str(), |(_, rest)| rest);
        rest.find('/').map_or("", |at| &rest[at..])
    }
}
