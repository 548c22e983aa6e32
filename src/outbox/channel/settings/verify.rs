//! `[channels.NAME.verify]`: how a provider that calls us proves who it is.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::{HashName, Place, Places, Written, duration};

/// Whose way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyBy {
    /// `X-Twilio-Signature`: HMAC-SHA-1 over the address and the sorted fields; the secret is the account's token.
    Twilio,
    /// Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// HTTP Basic: `username` and the secret, as in `https://user:password@…`.
    Basic,
    /// The secret itself: at the end of the path (`/r/NAME/SECRET`), or at `place`.
    Token,
    /// As `algorithm`, `message`, `signature` and `encoding` say.
    Hmac,
    /// By the provider's key pair: ECDSA over P-256 with SHA-256, the signature in ASN.1, as `message`, `signature` and `encoding`
    /// say. SendGrid's way.
    Ecdsa,
}

/// `[channels.NAME.verify]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifySettings {
    /// Whose way.
    pub by: VerifyBy,
    /// What proves it.
    pub secret: Option<SecretString>,
    /// File that holds the secret.
    pub secret_file: Option<PathBuf>,
    /// What proves it, ecdsa: the provider's public key in base64 (X.509 SubjectPublicKeyInfo), or as PEM.
    pub public_key: Option<String>,
    /// User, basic.
    pub username: Option<String>,
    /// Where the token stands, token; none: at the end of the path.
    pub place: Option<String>,
    /// Hash, hmac; default sha256.
    #[serde(default)]
    pub algorithm: HashName,
    /// How the signature is written, hmac and ecdsa; default hex.
    #[serde(default)]
    pub encoding: Written,
    /// Where it stands, hmac and ecdsa.
    pub signature: Option<String>,
    /// What is signed, put together, hmac and ecdsa; default the body.
    #[serde(default)]
    pub message: Places,
    /// Where the call says when it was made (unix seconds), hmac and ecdsa.
    pub timestamp: Option<String>,
    /// A call that says it was made longer ago, or so much later, is refused.
    #[serde(default = "minutes_5", deserialize_with = "duration")]
    pub tolerance: Duration,
}

impl VerifySettings {
    pub(super) fn problems(&self, say: &mut impl FnMut(&str, &str)) {
        let ecdsa = self.by == VerifyBy::Ecdsa;
        match (&self.secret, &self.secret_file) {
            _ if ecdsa => {}
            (None, None) => say("verify.secret", "is missing; without it anybody could report anything"),
            (Some(_), Some(_)) => say("verify.secret", "give either secret or secret_file"),
            _ => {}
        }
        if ecdsa && self.public_key.is_none() {
            say("verify.public_key", "is missing; without it anybody could report anything");
        }
        let signed = ecdsa || self.by == VerifyBy::Hmac;
        for (key, given, used) in [
            ("verify.secret", self.secret.is_some() || self.secret_file.is_some(), !ecdsa),
            ("verify.public_key", self.public_key.is_some(), ecdsa),
            ("verify.username", self.username.is_some(), self.by == VerifyBy::Basic),
            ("verify.place", self.place.is_some(), self.by == VerifyBy::Token),
            ("verify.signature", self.signature.is_some(), signed),
            ("verify.message", !self.message.0.is_empty(), signed),
            ("verify.timestamp", self.timestamp.is_some(), signed),
        ] {
            if given && !used {
                say(key, "has no effect with this way of proving");
            }
        }
        if signed && self.signature.is_none() {
            say("verify.signature", "is missing; it says where the signature stands, such as \"@X-Signature\"");
        }
        if self.by == VerifyBy::Basic && self.username.is_none() {
            say("verify.username", "is missing");
        }
        for (key, place) in [
            ("verify.place", &self.place),
            ("verify.signature", &self.signature),
            ("verify.timestamp", &self.timestamp),
        ] {
            if let Some(Err(wrong)) = place.as_deref().map(Place::parse) {
                say(key, &wrong);
            }
        }
    }
}

fn minutes_5() -> Duration {
    Duration::from_secs(300)
}
