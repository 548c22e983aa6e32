//! What a failure means: enhanced status codes (RFC 3463) first, the words of servers where those say too little.

use crate::outbox::returned::Said;

/// Words that say that there is no such address.
const NOBODY: &[&str] = &[
    "user unknown",
    "unknown user",
    "no such user",
    "user not found",
    "user doesn't exist",
    "user does not exist",
    "does not exist",
    "doesn't exist",
    "no such mailbox",
    "mailbox not found",
    "mailbox unavailable",
    "no mailbox here",
    "not a valid mailbox",
    "unknown mailbox",
    "invalid mailbox",
    "no such recipient",
    "unknown recipient",
    "recipient unknown",
    "recipient not found",
    "invalid recipient",
    "recipientnotfound",
    "recipient address rejected: access denied",
    "non-existent",
    "nonexistent",
    "no such address",
    "address unknown",
    "unknown address",
    "unrouteable address",
    "account is disabled",
    "account disabled",
    "mailbox disabled",
    "account that you tried to reach is disabled",
    "user suspended",
    "account has been disabled",
    "this user doesn't have",
    "不存在",
    "无此用户",
    "没有此用户",
    "无效的收件人",
    "地址有误",
    "帐号已被停用",
    "账号已被停用",
    "已注销",
];
/// Words that say that the mailbox is full.
const FULL: &[&str] = &[
    "quota",
    "mailbox full",
    "mailbox is full",
    "mailfolder is full",
    "insufficient storage",
    "out of storage",
    "已满",
    "容量",
];
/// Words that say that the message or its sender is not wanted.
const UNWANTED: &[&str] = &[
    "spam",
    "dt:spm",
    "blocked",
    "blacklist",
    "block list",
    "blocklist",
    "dnsbl",
    "policy",
    "reputation",
    "dmarc",
    "spf",
    "dkim",
    "content denied",
    "content rejected",
    "not authorized",
    "too large",
    "size limit",
    "垃圾",
    "拒绝接收",
    "被拒收",
    "被拒绝",
    "内容",
];

/// What a failure for good means.
pub fn means(status: &str, diagnosis: &str) -> Said {
    let code = enhanced(status).filter(|code| code.1 != 0 || code.2 != 0).or_else(|| find(diagnosis));
    match code.or_else(|| enhanced(status)) {
        // tried until somebody gave up
        Some((4, ..)) => Said::Failed,
        Some((_, 1, 1 | 2 | 3 | 6 | 10) | (_, 2, 1)) => Said::Bounced,
        // the sender's address is what is wrong
        Some((_, 1, 7..=9) | (_, 2, 3) | (_, 3, 4) | (_, 6 | 7, _)) => Said::Refused,
        Some((_, 2, 2)) => Said::Failed,
        Some((_, 5, _)) => by_words(diagnosis).unwrap_or(Said::Refused),
        _ => by_words(diagnosis).unwrap_or(Said::Failed),
    }
}

/// The code that is kept: the status, or the more telling one of the words.
pub fn worded(status: &str, diagnosis: &str) -> String {
    let code = enhanced(status)
        .filter(|code| code.1 != 0 || code.2 != 0)
        .or_else(|| find(diagnosis))
        .or_else(|| enhanced(status));
    code.map_or_else(String::new, |(class, subject, detail)| format!("{class}.{subject}.{detail}"))
}

/// By the words alone.
pub fn by_words(words: &str) -> Option<Said> {
    let words = words.to_lowercase();
    let any = |list: &[&str]| list.iter().any(|word| words.contains(word));
    match () {
        () if any(FULL) => Some(Said::Failed),
        () if any(UNWANTED) => Some(Said::Refused),
        () if any(NOBODY) => Some(Said::Bounced),
        () => None,
    }
}

/// `5.1.1`.
fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    let mut parts = text.trim().split('.').map(|part| part.parse::<u16>().ok().filter(|number| *number < 1_000));
    let code = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && [2, 4, 5].contains(&code.0)).then_some(code)
}

/// The first code in a text; also as `550-5.1.1` and `#5.1.1`.
pub fn find(text: &str) -> Option<(u16, u16, u16)> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    words.filter_map(|word| enhanced(word.trim_matches('.'))).find(|(class, ..)| *class != 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart() {
        for (status, words, said) in [
            ("5.1.1", "550 5.1.1 user unknown", Said::Bounced),
            ("5.1.2", "", Said::Bounced),
            ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", Said::Bounced),
            ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", Said::Bounced),
            ("5.2.2", "552 5.2.2 over quota", Said::Failed),
            ("5.7.1", "550 5.7.1 blocked, user unknown to us", Said::Refused),
            ("5.7.509", "DMARC", Said::Refused),
            ("5.6.0", "", Said::Refused),
            ("5.1.8", "sender domain", Said::Refused),
            ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", Said::Bounced),
            ("5.4.4", "no route", Said::Failed),
            ("4.4.7", "message expired; user unknown", Said::Failed),
            ("5.0.0", "550-5.1.1 The email account", Said::Bounced),
            ("5.0.0", "550 User not found: ann@163.example", Said::Bounced),
            ("5.0.0", "554 DT:SPM 163 smtp5", Said::Refused),
            ("5.0.0", "550 Mail content denied", Said::Refused),
            ("5.0.0", "552 Quota exceeded", Said::Failed),
            ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", Said::Bounced),
            ("5.5.2", "syntax", Said::Refused),
            ("", "", Said::Failed),
            ("99999.1.1", "", Said::Failed),
        ] {
            assert_eq!(means(status, words), said, "{status} {words}");
        }
        assert_eq!(worded("5.0.0", "550-5.1.1 x"), "5.1.1");
        assert_eq!(worded("5.0.0", "550 x"), "5.0.0");
        assert_eq!(worded("", "smtp 10.1.2.3 said no"), "", "an IP address is no code");
    }
}
