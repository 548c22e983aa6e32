//! Mails that come back: delivery status notifications (RFC 3464), complaint reports (RFC 5965), and bounces of older and
//! of Chinese servers that are text only. Pure: bytes in, findings out, whatever the bytes are.
//!
//! The message is found by our Message-ID in what came back, or by the boundary of the returned mail where a relay has put
//! its own Message-ID in place of ours (Amazon SES). Both are made of `tend.outbox.public_id`, a random UUID, which only
//! those know who had the mail; and what is said counts for the address the mail went to, see [`take`](super::take).

use std::panic::catch_unwind;

use chrono::{DateTime, Utc};
use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};
use uuid::Uuid;

mod fields;
mod identity;
mod plain;
mod report;
mod status;

use super::{About, News, Said, Source};

/// What is read of a mail, bytes: the report stands in front of the returned mail.
pub const LARGEST: usize = 512 * 1024;
/// Addresses of a report that are looked at: a message goes to one.
const ADDRESSES: usize = 20;
/// Words that nest messages or parts; reports have a dozen.
const NESTED: usize = 300;

/// What a mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returned {
    /// A report about one of our messages, recipient by recipient.
    News(Vec<News>),
    /// A report, but nothing in it names a message of ours.
    NotOurs,
    /// Somebody's machine answers: on holiday, got it, moved.
    AutoReply,
    /// Anything else: a person perhaps.
    Other,
    /// No mail, or one that is nested beyond reason.
    Unreadable,
}

impl Returned {
    /// In a word, for people and programs.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::News(_) => "report",
            Self::NotOurs => "not_ours",
            Self::AutoReply => "auto_reply",
            Self::Other => "other",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What a report says about a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    source: Source,
    said: Said,
    code: String,
    detail: String,
    at: Option<DateTime<Utc>>,
    to: Vec<String>,
}

impl Finding {
    fn about(self, id: Uuid) -> News {
        let Self { source, said, code, detail, at, to } = self;
        News { about: About::Ours(id), source, provider: None, said, code, detail, at, to }
    }
}

/// What a mail says.
#[must_use]
pub fn read(raw: &[u8]) -> Returned {
    let raw = &raw[..raw.len().min(LARGEST)];
    // a message in a message in a message …: the parser would follow, and dropping what it made would not end well
    if nesting(raw) > NESTED {
        return Returned::Unreadable;
    }
    // a mail that breaks the parser must not stand in the way of those behind it for ever
    let Ok(Some(mail)) = catch_unwind(|| MessageParser::default().parse(raw)) else { return Returned::Unreadable };
    if mail.root_part().headers.is_empty() {
        return Returned::Unreadable;
    }
    let findings = match report::findings(&mail) {
        Some(findings) => findings,
        None if plain::is_bounce(&mail) => plain::findings(&mail),
        None if is_auto_reply(&mail) => return Returned::AutoReply,
        None => return Returned::Other,
    };
    match identity::of(&mail) {
        _ if findings.is_empty() => Returned::Other,
        None => Returned::NotOurs,
        Some(id) => Returned::News(findings.into_iter().map(|finding| finding.about(id)).collect()),
    }
}

/// How often something begins that can hold a message or parts.
fn nesting(raw: &[u8]) -> usize {
    let words: [&[u8]; 4] = [b"rfc822", b"boundary", b"digest", b"global"];
    let lower = raw.to_ascii_lowercase();
    words.iter().map(|word| lower.windows(word.len()).filter(|window| window == word).count()).sum()
}

/// RFC 3834, and what machines do that have not read it.
fn is_auto_reply(mail: &Message<'_>) -> bool {
    let header = |name: &str| header(mail, name).unwrap_or_default().to_ascii_lowercase();
    let submitted = header("Auto-Submitted");
    let subject = mail.subject().unwrap_or_default().to_lowercase();
    (!submitted.is_empty() && !submitted.starts_with("no"))
        || ["X-Autoreply", "X-Autorespond", "X-Auto-Response-From"].iter().any(|name| !header(name).is_empty())
        || header("Precedence").contains("auto_reply")
        || [
            "out of office",
            "automatic reply",
            "auto reply",
            "autoreply",
            "auto-reply",
            "自动回复",
            "自動回覆",
            "休假通知",
            "abwesenheit",
        ]
        .iter()
        .any(|words| subject.contains(words))
}

/// The text of a header of the mail itself.
fn header(mail: &Message<'_>, name: &str) -> Option<String> {
    Some(mail.header_raw(name)?.trim().to_owned())
}

/// The text of a part, whatever it was declared to be.
fn text_of(part: &mail_parser::MessagePart<'_>) -> String {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.clone().into_owned(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => fields::decoded(bytes),
        PartType::Message(_) | PartType::Multipart(_) => String::new(),
    }
}

/// `type/subtype` of a part, in lower case.
fn type_of(part: &mail_parser::MessagePart<'_>) -> String {
    part.content_type().map_or_else(String::new, |kind| {
        format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
    })
}
