//! Bounces without a report in a part of its own: qmail's (QSBMF), those of older Exims, and of servers that only write a
//! text for people, as QQ Mail does.

use mail_parser::Message;

use super::status::{by_words, find, means, worded};
use super::{ADDRESSES, Finding, header, text_of};
use crate::outbox::returned::{Said, Source};

/// Whose mails are bounces.
const DAEMONS: &[&str] = &["mailer-daemon", "postmaster", "mailerdaemon", "mail-daemon", "mdaemon"];
/// Lines behind which the returned mail begins.
const COPIES: &[&str] = &[
    "--- below this line is a copy of the message",
    "------ this is a copy of",
    "--- the message",
    "----- original message",
    "--- undelivered message follows",
    "-----原始邮件",
    "----- 原邮件",
];

/// Whether a mail that is no report says that another came back.
pub fn is_bounce(mail: &Message<'_>) -> bool {
    let from = mail.from().and_then(|from| from.first()).and_then(|from| from.address()).unwrap_or_default();
    let user = from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    header(mail, "X-Failed-Recipients").is_some() || DAEMONS.contains(&user.as_str())
}

/// One finding, about all addresses that are named: which of them counts is decided by whom the message went to.
pub fn findings(mail: &Message<'_>) -> Vec<Finding> {
    let text: String = mail.parts.iter().map(text_of).collect::<Vec<_>>().join("\n");
    let words = before_the_copy(&text);
    let failed = header(mail, "X-Failed-Recipients");
    let mut to = addresses(failed.as_deref().unwrap_or_default());
    if to.is_empty() {
        to = addresses(words);
    }
    let (status, diagnosis) = ("", words);
    let said = match (find(words), by_words(words)) {
        // "we will go on trying": a warning
        _ if is_warning(mail, words) => Said::Delayed,
        (None, None) if failed.is_none() && !words.to_ascii_lowercase().starts_with("hi. this is the") => {
            return Vec::new();
        }
        _ => means(status, diagnosis),
    };
    if to.is_empty() {
        return Vec::new();
    }
    vec![Finding { source: Source::Dsn, said, code: worded(status, diagnosis), detail: reason(words), at: None, to }]
}

fn is_warning(mail: &Message<'_>, words: &str) -> bool {
    let subject = mail.subject().unwrap_or_default().to_lowercase();
    let words = words.to_lowercase();
    subject.starts_with("warning:")
        || subject.contains("delayed")
        || words.contains("no action is required on your part")
}

fn before_the_copy(text: &str) -> &str {
    let lower = text.to_lowercase();
    // lowering may change lengths; then the whole text is taken
    let end = (lower.len() == text.len()).then(|| COPIES.iter().filter_map(|copy| lower.find(copy)).min()).flatten();
    let end = end.filter(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
    text[..end].trim_start()
}

fn addresses(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || "<>()[]{}\",;:&（）《》“”：，。、=".contains(c));
    let mut found: Vec<String> = Vec::new();
    for word in words.filter(|word| word.len() <= 320) {
        let word = word.trim_matches(['.', '\'']);
        let is_address = word.split_once('@').is_some_and(|(user, domain)| !user.is_empty() && domain.contains('.'));
        if is_address && !found.iter().any(|known| known == word) && found.len() < ADDRESSES {
            found.push(word.to_owned());
        }
    }
    found
}

/// The line that says why.
fn reason(words: &str) -> String {
    let lines = || words.lines().map(str::trim).filter(|line| !line.is_empty());
    let telling = lines().find(|line| find(line).is_some() || by_words(line).is_some());
    telling.or_else(|| lines().next()).unwrap_or_default().chars().take(500).collect()
}
