//! What a provider answered, in words every channel shares.

use std::time::Duration;

/// What became of a message that was handed off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The provider took it.
    Accepted,
    /// The provider will never take it.
    Rejected,
    /// Not now; the time is the provider's own wish.
    Retry(Option<Duration>),
    /// Nobody can say.
    Unknown,
    /// Nothing left this machine.
    NotSent,
}

/// What the answer says beyond this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The channel may be failing: three in a row stop it.
    Channel,
    /// The channel is to stop now, for this long or by the breaker's own series.
    Stop(Option<Duration>),
    /// The recipient's domain is not taking mail: three in a row make it wait.
    Domain,
}

/// The answer to one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What became of it.
    pub fate: Fate,
    /// SMTP or HTTP status.
    pub code: Option<String>,
    /// The provider's words, addresses masked; or what went wrong.
    pub detail: String,
    /// What the provider calls the message.
    pub reference: Option<String>,
    /// What it says about the channel.
    pub trouble: Option<Trouble>,
}

impl Answer {
    /// An answer of that fate.
    pub fn new(fate: Fate, code: Option<String>, detail: impl AsRef<str>) -> Self {
        Self { fate, code, detail: masked(detail.as_ref()), reference: None, trouble: None }
    }

    /// Taken.
    pub fn accepted(code: Option<String>, detail: impl AsRef<str>) -> Self {
        Self::new(Fate::Accepted, code, detail)
    }

    /// Refused for good.
    pub fn rejected(code: Option<String>, detail: impl AsRef<str>) -> Self {
        Self::new(Fate::Rejected, code, detail)
    }

    /// Nobody can say what became of it.
    pub fn unknown(detail: impl AsRef<str>) -> Self {
        Self { trouble: Some(Trouble::Channel), ..Self::new(Fate::Unknown, None, detail) }
    }

    /// With what it says about the channel.
    #[must_use]
    pub fn with(self, trouble: Trouble) -> Self {
        Self { trouble: Some(trouble), ..self }
    }
}

/// Why a connection is not ready: nothing was handed off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Unready {
    /// What to do about it, for people.
    pub detail: String,
    /// How long to wait, when the provider said so.
    pub wait: Option<Duration>,
}

impl Unready {
    /// Addresses masked.
    pub fn new(detail: impl AsRef<str>, wait: Option<Duration>) -> Self {
        Self { detail: masked(detail.as_ref()), wait }
    }
}

/// Longest text kept of an answer, in characters.
const LONGEST: usize = 300;

/// What stands in for an address or a number.
const MASK: &str = "***";

/// A provider's words without addresses, numbers of people and control characters, and not longer than is useful.
pub fn masked(words: &str) -> String {
    let mut out = String::with_capacity(words.len().min(4 * LONGEST));
    let mut token = String::new();
    for c in words.chars() {
        let ends = c.is_whitespace() || c.is_control() || "\"'<>()[]{},;=".contains(c);
        if !ends {
            token.push(c);
            continue;
        }
        flush(&mut token, &mut out);
        if !(c.is_whitespace() || c.is_control()) {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
        if out.len() > 4 * LONGEST {
            break;
        }
    }
    flush(&mut token, &mut out);
    out.truncate(out.trim_end().len());
    match out.char_indices().nth(LONGEST) {
        Some((end, _)) => {
            out.truncate(end);
            out + "…"
        }
        None => out,
    }
}

/// A token that holds an address or eight digits in a row is somebody's.
fn flush(token: &mut String, out: &mut String) {
    let longest = token.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    // %40 is how a form that is echoed writes it
    out.push_str(if token.contains('@') || token.contains("%40") || longest >= 8 { MASK } else { token });
    token.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_keep_no_addresses_and_no_line_breaks() {
        assert_eq!(
            masked("550 5.1.1 <ann@example.com>:\r\n unknown user +8613800138000, see http://x"),
            "550 5.1.1 <***>: unknown user ***, see http://x"
        );
        assert_eq!(masked(r#"{"phone":"+8613800000001","Code":"a.B"}"#), r#"{"phone":"***","Code":"a.B"}"#);
        assert_eq!(masked("bad field to=ann%40example.com&text"), "bad field to=***");
        assert_eq!(masked(&"x".repeat(400)).chars().count(), LONGEST + 1);
    }
}
