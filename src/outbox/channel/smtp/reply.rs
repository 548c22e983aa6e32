//! What a reply of the server means, by its code, its enhanced code (RFC 3463) and, where servers say it in words only, by
//! its words.

use std::time::Duration;

use super::super::{Fate, Trouble};

/// After 421 the server is left alone for this long; the breaker's series takes over when it goes on.
const AFTER_421: Duration = Duration::from_secs(60);
/// Most greylists let a sender in who comes back after five minutes.
const GREYLISTED: Duration = Duration::from_secs(5 * 60);
/// A full mailbox is not emptied soon.
const MAILBOX: Duration = Duration::from_secs(60 * 60);

/// What became of the message, and what the reply says beyond it. `of_recipient`: a recipient was named before.
pub fn meaning(code: &str, words: &str, of_recipient: bool) -> (Fate, Option<Trouble>) {
    let words = words.to_ascii_lowercase();
    let about_us = matches!(code, "530" | "534" | "535" | "538") || words.contains("relay") && is_policy(code, &words);
    if code == "421" {
        return (Fate::Retry(None), Some(Trouble::Stop(Some(AFTER_421))));
    }
    // refused before any recipient was named, or whoever the recipient is: it is about us, not about the message
    if !of_recipient || about_us {
        return (Fate::Retry(None), Some(Trouble::Channel));
    }
    if code.starts_with('5') {
        return (Fate::Rejected, None);
    }
    if ["greylist", "graylist", "grey list", "gray list", "grey-list", "gray-list"]
        .iter()
        .any(|word| words.contains(word))
    {
        // every new recipient is: it says nothing about the domain
        return (Fate::Retry(Some(GREYLISTED)), None);
    }
    match enhanced(&words) {
        Some((2, 1 | 2)) => (Fate::Retry(Some(MAILBOX)), None),
        // the mail system, the server we speak to: full, going down, not what it should be
        Some((3, _)) => (Fate::Retry(None), Some(Trouble::Channel)),
        _ => (Fate::Retry(None), Some(Trouble::Domain)),
    }
}

/// 550, 553, 554 with "relaying denied" and the like.
fn is_policy(code: &str, words: &str) -> bool {
    matches!(code, "454" | "550" | "551" | "553" | "554")
        && ["denied", "not permitted", "not allowed", "prohibited"].iter().any(|word| words.contains(word))
}

/// Subject and detail of the first enhanced code.
fn enhanced(words: &str) -> Option<(u16, u16)> {
    words.split_whitespace().find_map(|word| {
        let mut parts = word.trim_matches(|c: char| !c.is_ascii_digit()).split('.');
        let class = parts.next()?;
        let (subject, detail) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        (matches!(class, "2" | "4" | "5") && parts.next().is_none()).then_some((subject, detail))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_mean_what_servers_mean_by_them() {
        let (later, rejected) = (Fate::Retry(None), Fate::Rejected);
        for (code, words, of_recipient, fate, trouble) in [
            ("421", "4.7.0 too many connections", true, later, Some(Trouble::Stop(Some(AFTER_421)))),
            ("450", "4.2.0 <a@b>: Recipient address rejected: Greylisted", true, Fate::Retry(Some(GREYLISTED)), None),
            ("451", "4.7.1 Graylisting in action, come back later", true, Fate::Retry(Some(GREYLISTED)), None),
            ("452", "4.2.2 mailbox full", true, Fate::Retry(Some(MAILBOX)), None),
            ("452", "4.3.1 insufficient system storage", true, later, Some(Trouble::Channel)),
            ("451", "4.3.0 local error in processing", true, later, Some(Trouble::Channel)),
            ("450", "4.7.1 you send too fast", true, later, Some(Trouble::Domain)),
            ("451", "temporary failure", true, later, Some(Trouble::Domain)),
            ("450", "busy", false, later, Some(Trouble::Channel)),
            ("550", "5.1.1 no such user", true, rejected, None),
            ("552", "5.2.2 mailbox full", true, rejected, None),
            ("554", "5.7.1 <a@b>: Relay access denied", true, later, Some(Trouble::Channel)),
            ("530", "5.7.0 Must issue a STARTTLS command first", true, later, Some(Trouble::Channel)),
            ("550", "5.7.1 sender not allowed", false, later, Some(Trouble::Channel)),
        ] {
            assert_eq!(meaning(code, words, of_recipient), (fate, trouble), "{code} {words}");
        }
        assert_eq!(enhanced("from 10.1.2.3 said: 4.2.1 no"), Some((2, 1)), "an address is no code");
    }
}
