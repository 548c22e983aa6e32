//! Which message of ours a mail is about.

use mail_parser::{Message, MimeHeaders as _, PartType};
use uuid::{Uuid, Variant};

use super::{header, text_of, type_of};
use crate::outbox::returned::calls::ours;

/// Its id; none when nothing names one, or when several are named.
pub fn of(mail: &Message<'_>) -> Option<Uuid> {
    returned(mail).or_else(|| by_headers(mail)).or_else(|| quoted(mail))
}

/// The mail that was returned, whole or its headers.
fn returned(mail: &Message<'_>) -> Option<Uuid> {
    mail.parts.iter().skip(1).find_map(|part| match &part.body {
        PartType::Message(inner) => {
            let boundary = inner.content_type().and_then(|kind| kind.attribute("boundary")).and_then(by_boundary);
            inner.message_id().and_then(made_here).or(boundary)
        }
        // `text/rfc822-headers`, or a mail under another name
        _ if type_of(part).contains("rfc822") => in_text(&text_of(part)),
        _ => None,
    })
}

/// What servers repeat of the returned mail's headers in their own.
fn by_headers(mail: &Message<'_>) -> Option<Uuid> {
    let named = ["X-Original-Message-ID", "In-Reply-To", "References"];
    let in_headers = named.iter().filter_map(|name| header(mail, name)).find_map(|text| only(ids(&text)));
    let reports = || mail.parts.iter().filter(|part| type_of(part).ends_with("delivery-status"));
    in_headers.or_else(|| reports().find_map(|part| in_text(&text_of(part))))
}

/// A copy of the mail in a text for people.
fn quoted(mail: &Message<'_>) -> Option<Uuid> {
    mail.parts.iter().find_map(|part| in_text(&text_of(part)))
}

/// The one id in `Message-ID` lines, folded or quoted, else in the boundary of our mails.
fn in_text(text: &str) -> Option<Uuid> {
    let mut named = Vec::new();
    let mut folded = false;
    for line in text.lines() {
        let name = line.split(':').next().unwrap_or_default().trim_start_matches(['>', ' ']).to_ascii_lowercase();
        let begins = ["message-id", "x-original-message-id", "original-message-id"].contains(&name.as_str());
        if begins || folded && line.starts_with([' ', '\t']) {
            named.extend(ids(line));
        }
        folded = begins;
    }
    only(named).or_else(|| {
        let mut boundaries = text.match_indices("boundary=").map(|(at, word)| &text[at + word.len()..]);
        boundaries.find_map(by_boundary)
    })
}

/// The ids in a text: whatever stands before an @ and is one.
fn ids(text: &str) -> Vec<Uuid> {
    let words = text.split(|c: char| c.is_whitespace() || "<>,;\"()".contains(c));
    words.filter(|word| word.contains('@')).filter_map(made_here).collect()
}

fn only(mut found: Vec<Uuid>) -> Option<Uuid> {
    found.sort();
    found.dedup();
    if found.len() == 1 { found.pop() } else { None }
}

/// As the database makes them.
fn made_here(text: &str) -> Option<Uuid> {
    ours(text).filter(random)
}

fn random(id: &Uuid) -> bool {
    id.get_version_num() == 4 && id.get_variant() == Variant::RFC4122
}

/// `tend-` and the id: see `channel::message`.
fn by_boundary(text: &str) -> Option<Uuid> {
    let id = text.trim_start_matches('"').strip_prefix("tend-")?.get(..32)?;
    id.parse().ok().filter(random)
}
