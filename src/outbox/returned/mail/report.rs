//! Reports in parts of their own: `message/delivery-status` (RFC 3464) and `message/feedback-report` (RFC 5965).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mail_parser::Message;

use super::fields::{Fields, address, groups};
use super::status::{means, worded};
use super::{ADDRESSES, Finding, text_of, type_of};
use crate::outbox::returned::{Said, Source, calls};

/// What the mail reports; none when it is no report.
pub fn findings(mail: &Message<'_>) -> Option<Vec<Finding>> {
    for part in &mail.parts {
        match type_of(part).as_str() {
            "message/delivery-status" | "message/global-delivery-status" => {
                return Some(groups(&text_of(part)).iter().filter_map(recipient).collect());
            }
            "message/feedback-report" => return Some(complaint(&groups(&text_of(part)))),
            _ => {}
        }
    }
    None
}

/// A group about a recipient; the first group is about the message.
fn recipient(group: &Fields) -> Option<Finding> {
    let to: Vec<String> =
        ["original-recipient", "final-recipient"].iter().filter_map(|name| address(group.get(name)?)).collect();
    group.get("final-recipient").or_else(|| group.get("action"))?;
    // `smtp; 550 5.1.1 …`
    let diagnosis =
        group.get("diagnostic-code").map_or("", |text| text.split_once(';').map_or(text, |(_, words)| words)).trim();
    let status = group
        .get("status")
        .unwrap_or_default()
        .split(|c: char| c.is_whitespace() || c == '(')
        .next()
        .unwrap_or_default();
    let action = group
        .get("action")
        .unwrap_or_default()
        .split(|c: char| c.is_whitespace() || c == '(')
        .next()
        .unwrap_or_default();
    let said = match action.to_ascii_lowercase().as_str() {
        "failed" => means(status, diagnosis),
        "delayed" => Said::Delayed,
        "delivered" => Said::Delivered,
        // handed on to somewhere that reports no more
        "relayed" | "expanded" => return None,
        _ if status.starts_with('5') => means(status, diagnosis),
        _ if status.starts_with('4') => Said::Delayed,
        _ => return None,
    };
    let at = ["last-attempt-date", "arrival-date"].iter().find_map(|name| instant(group.get(name)?));
    // an address nobody can read must not stand for any address
    let to = if to.is_empty() { vec![String::new()] } else { to };
    Some(Finding { source: Source::Dsn, said, code: worded(status, diagnosis), detail: diagnosis.to_owned(), at, to })
}

/// A complaint; no finding for what is none (`not-spam`).
fn complaint(groups: &[Fields]) -> Vec<Finding> {
    let Some(group) = groups.iter().find(|group| group.get("feedback-type").is_some()) else { return Vec::new() };
    let kind = group.get("feedback-type").unwrap_or_default().to_ascii_lowercase();
    if !["abuse", "fraud", "opt-out", "opt-out-list", "complaint"].contains(&kind.as_str()) {
        return Vec::new();
    }
    // many providers black the address out
    let to = group.all("original-rcpt-to").filter_map(address).filter(|to| !to.to_ascii_lowercase().contains("redact"));
    let at = ["received-date", "arrival-date"].iter().find_map(|name| instant(group.get(name)?));
    vec![Finding {
        source: Source::Arf,
        said: Said::Complained,
        code: kind,
        detail: group.get("user-agent").unwrap_or_default().to_owned(),
        at,
        to: to.take(ADDRESSES).collect(),
    }]
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    // a comment with the name of the zone may follow
    calls::instant(text.split('(').next().unwrap_or(text), Tz::UTC)
}
