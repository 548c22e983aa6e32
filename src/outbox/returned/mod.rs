//! What comes back about messages: receipts that providers post, mails that come back, complaints, text messages of
//! customers.
//!
//! # What it promises
//! * Whatever comes is written down once ([`take`], `tend.receipt`); said again, late or out of order it changes nothing more:
//!   what a message becomes is worked out from all that was said about it. A complaint beats everything, a bad address
//!   beats delivered and failed (a server may take a mail and return it later), and of delivered and failed the later one
//!   counts. Delayed is noted only.
//! * It counts only for a message tend sent, by an id that nobody can guess (`tend.outbox.public_id`) or the provider's own
//!   from a provider that proved who it is, and only for the address the message went to. So nobody can have an address
//!   suppressed that is not theirs.
//! * It settles messages in doubt, also those about to be sent again.
//! * Bad addresses and complaints suppress the address at once; addresses that failed several messages in a row, too. What
//!   was delivered in between breaks the row, and what was taken and has not come back for five days.
//! * Messages still in the network get what came back about them as soon as their answer is recorded ([`settle`]).

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub mod calls;
pub mod mail;
pub mod mailbox;
pub mod reply;

use super::channel::masked;

/// What is said about a message; the same words as `tend.receipt.said`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// It arrived.
    Delivered,
    /// It is still being tried.
    Delayed,
    /// It did not arrive; the address may be good.
    Failed,
    /// It did not arrive because of what it is or who sends it.
    Refused,
    /// There is no such address.
    Bounced,
    /// The customer called it spam.
    Complained,
}

impl Said {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Delayed => "delayed",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

/// How it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Posted by the provider.
    Receipt,
    /// A mail that came back.
    Dsn,
    /// A complaint report.
    Arf,
    /// The provider was asked.
    Inquiry,
}

impl Source {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Dsn => "dsn",
            Self::Arf => "arf",
            Self::Inquiry => "inquiry",
        }
    }
}

/// Which message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// By our id.
    Ours(Uuid),
    /// By the provider's.
    Theirs(String),
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// About which message.
    pub about: About,
    /// How it came.
    pub source: Source,
    /// From which configured channel; none: by mail.
    pub provider: Option<String>,
    /// What is said.
    pub said: Said,
    /// Status or error code; may be empty.
    pub code: String,
    /// The words.
    pub detail: String,
    /// When it happened, as they say.
    pub at: Option<DateTime<Utc>>,
    /// The addresses it is said about; empty: it does not say.
    pub to: Vec<String>,
}

/// What is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// Written down.
    New,
    /// It was said before, or too often.
    Again,
    /// It is about another address than the one the message went to.
    OtherAddress,
    /// tend sent no such message.
    Unknown,
}

/// What follows from what comes back.
#[derive(Debug, Clone, Copy)]
pub struct Consequences {
    /// Messages that failed in a row until an address is suppressed.
    pub failures: u16,
    /// Whether anything is suppressed at all: not where messages go to other addresses than the customers'.
    pub suppress: bool,
}

impl Default for Consequences {
    fn default() -> Self {
        Self { failures: 5, suppress: true }
    }
}

/// Longest code that is kept.
const CODE: usize = 40;
/// Failures longer ago do not count.
const FAILURES_WITHIN: TimeDelta = TimeDelta::days(60);

/// A mail that was taken and has not come back by then has arrived: so long servers try (RFC 5321, 4.5.4.1: 4 to 5 days).
const COMES_BACK_WITHIN: TimeDelta = TimeDelta::days(5);

/// Writes it down, makes the message what it says, suppresses the address where that follows.
///
/// # Errors
/// When the database refuses.
pub async fn take(
    conn: &mut PgConnection,
    news: &News,
    consequences: Consequences,
    now: DateTime<Utc>,
) -> sqlx::Result<Taken> {
    let (ours, theirs) = match &news.about {
        About::Ours(id) => (Some(*id), None),
        About::Theirs(reference) => (None, Some(reference.as_str())),
    };
    let code: String = news.code.chars().filter(|c| !c.is_control()).take(CODE).collect();
    let detail = Some(masked(&news.detail)).filter(|detail| !detail.is_empty());
    let addresses: Vec<String> = news.to.iter().map(|to| to.replace('\0', "")).collect();
    let taken = sqlx::query_file!(
        "src/outbox/returned/take.sql",
        ours,
        theirs,
        news.provider,
        &addresses,
        news.source.as_str(),
        news.said.as_str(),
        masked(&code),
        detail,
        news.at.map_or(now, |at| at.min(now)),
        now,
        consequences.suppress,
        i64::from(consequences.failures),
        now - FAILURES_WITHIN,
        now - COMES_BACK_WITHIN
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(taken) = taken else { return Ok(Taken::Unknown) };
    if !taken.fits {
        return Ok(Taken::OtherAddress);
    }
    if !taken.written {
        return Ok(Taken::Again);
    }
    apply(conn, &[taken.message_id], now).await?;
    Ok(Taken::New)
}

/// Makes messages what came back about them while they were still in the network; how many.
///
/// # Errors
/// When the database refuses.
pub async fn settle(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let waiting = sqlx::query_scalar!(
        "select distinct r.message_id
         from (select message_id from tend.receipt where applied_at is null order by receipt_id limit 1000) r
         join tend.outbox m on m.message_id = r.message_id and m.state not in ('claimed', 'handed_off')"
    );
    let waiting = waiting.fetch_all(&mut *conn).await?;
    if waiting.is_empty() { Ok(0) } else { apply(conn, &waiting, now).await }
}

async fn apply(conn: &mut PgConnection, messages: &[i64], now: DateTime<Utc>) -> sqlx::Result<u64> {
    let applied = sqlx::query_file!("src/outbox/returned/apply.sql", messages, now).execute(conn).await?;
    Ok(applied.rows_affected())
}
