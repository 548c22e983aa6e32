//! Whether a call comes from whom it should. Compared in constant time; what is wrong is not said.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::{Call, public};
use crate::outbox::channel::Standard;
use crate::outbox::channel::settings::{HashName, Place, Places, VerifyBy, VerifySettings, Written, secret};
use crate::outbox::hex;

/// Shortest token: it is all there is.
const SHORTEST: usize = 16;
/// What may stand in front of a signature, as in `sha256=…`.
const HASHES: [&str; 3] = ["sha1=", "sha256=", "sha512="];

/// Knows one provider.
#[derive(Debug)]
pub struct Verifier {
    settings: VerifySettings,
    /// The shared secret, or the provider's public key.
    key: SecretSlice<u8>,
    /// Knows calls by Standard Webhooks, where that is the way.
    standard: Option<Standard>,
    place: Option<Place>,
    signature: Option<Place>,
    timestamp: Option<Place>,
}

impl Verifier {
    pub(super) fn new(name: &str, settings: &VerifySettings) -> anyhow::Result<Self> {
        let (key, standard) = match settings.by {
            VerifyBy::Ecdsa => (public::key(name, settings.public_key.as_deref().unwrap_or_default())?, None),
            _ => shared(name, settings)?,
        };
        let place = |text: &Option<String>| text.as_deref().and_then(|text| Place::parse(text).ok());
        Ok(Self {
            key,
            standard,
            place: place(&settings.place),
            signature: place(&settings.signature),
            timestamp: place(&settings.timestamp),
            settings: settings.clone(),
        })
    }

    pub(super) fn verifies(&self, call: &Call<'_>) -> bool {
        match self.settings.by {
            VerifyBy::Twilio => self.twilio(call),
            VerifyBy::StandardWebhooks => self.standard(call),
            VerifyBy::Basic => self.basic(call),
            VerifyBy::Token => self.token(call),
            VerifyBy::Hmac => self.hmac(call),
            VerifyBy::Ecdsa => self.ecdsa(call),
        }
    }

    /// As Twilio documents ("Security", validating requests): the address, then every field by name, nothing between. Calls with
    /// JSON carry the digest of the body in the address instead.
    fn twilio(&self, call: &Call<'_>) -> bool {
        let Some(given) = call.header("x-twilio-signature").and_then(|text| STANDARD.decode(text).ok()) else {
            return false;
        };
        let mut message = call.url.to_owned();
        if let Some(digest) = call.parameter("bodySHA256") {
            if !same(digest.to_ascii_lowercase().as_bytes(), hex::written(&Sha256::digest(call.body)).as_bytes()) {
                return false;
            }
        } else {
            let Some(mut fields) = call.form() else { return false };
            fields.sort();
            fields.dedup();
            fields.iter().for_each(|(name, value)| message.extend([name.as_str(), value]));
        }
        signed::<Hmac<Sha1>>(self.key.expose_secret(), message.as_bytes(), &given)
    }

    fn standard(&self, call: &Call<'_>) -> bool {
        let header = |name: &str| call.header(name);
        let (Some(id), Some(timestamp), Some(given)) =
            (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
        else {
            return false;
        };
        self.standard.as_ref().is_some_and(|standard| standard.verifies(id, timestamp, call.body, given))
    }

    fn basic(&self, call: &Call<'_>) -> bool {
        let given = call.header("authorization").and_then(|text| {
            let (scheme, encoded) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok()).flatten()
        });
        let username = self.settings.username.as_deref().unwrap_or_default();
        let expected = [username.as_bytes(), b":", self.key.expose_secret()].concat();
        given.is_some_and(|given| same(&given, &expected))
    }

    fn token(&self, call: &Call<'_>) -> bool {
        let given = match &self.place {
            None => call.token.map(str::to_owned),
            Some(place) => call.at(place, &call.document().unwrap_or_default()),
        };
        given.is_some_and(|given| same(given.as_bytes(), self.key.expose_secret()))
    }

    fn hmac(&self, call: &Call<'_>) -> bool {
        let document = call.document().unwrap_or_default();
        let (Some(given), key) = (self.given(call, &document), self.key.expose_secret()) else { return false };
        let message = self.message(call, &document);
        match self.settings.algorithm {
            HashName::Sha1 => signed::<Hmac<Sha1>>(key, &message, &given),
            HashName::Sha256 => signed::<Hmac<Sha256>>(key, &message, &given),
            HashName::Sha512 => signed::<Hmac<Sha512>>(key, &message, &given),
        }
    }

    fn ecdsa(&self, call: &Call<'_>) -> bool {
        let document = call.document().unwrap_or_default();
        let Some(given) = self.given(call, &document) else { return false };
        public::signed(self.key.expose_secret(), &self.message(call, &document), &given)
    }

    /// The signature that a call brings.
    fn given(&self, call: &Call<'_>, document: &Value) -> Option<Vec<u8>> {
        let given = self.signature.as_ref().and_then(|place| call.at(place, document))?;
        let given = HASHES.iter().find_map(|hash| given.strip_prefix(hash)).unwrap_or(&given);
        match self.settings.encoding {
            Written::Hex => hex::read(given),
            Written::Base64 => STANDARD.decode(given).ok(),
        }
    }

    fn message(&self, call: &Call<'_>, document: &Value) -> Vec<u8> {
        let Places(places) = &self.settings.message;
        if places.is_empty() {
            return call.body.to_vec();
        }
        let part = |place: &Place| match place {
            Place::Body => call.body.to_vec(),
            place => call.at(place, document).unwrap_or_default().into_bytes(),
        };
        places.iter().flat_map(part).collect()
    }

    /// Whether the call was made lately, by what it says and has signed.
    pub(super) fn in_time(&self, call: &Call<'_>, now: DateTime<Utc>) -> bool {
        let made = match (self.settings.by, &self.timestamp) {
            (VerifyBy::StandardWebhooks, _) => call.header("webhook-timestamp").map(str::to_owned),
            (VerifyBy::Hmac | VerifyBy::Ecdsa, Some(place)) => call.at(place, &call.document().unwrap_or_default()),
            _ => return true,
        };
        let made = made.and_then(|text| text.trim().parse::<i64>().ok());
        made.is_some_and(|made| made.abs_diff(now.timestamp()) <= self.settings.tolerance.as_secs())
    }
}

/// A secret that both sides know.
fn shared(name: &str, settings: &VerifySettings) -> anyhow::Result<(SecretSlice<u8>, Option<Standard>)> {
    let key = format!("channels.{name}.verify.secret");
    let found = secret(&format!("{key}_file"), settings.secret.as_ref(), settings.secret_file.as_deref())?;
    let found = found.with_context(|| format!("{key}: is missing"))?;
    let text = found.expose_secret();
    let standard = match settings.by {
        VerifyBy::StandardWebhooks => Some(Standard::new(&found).map_err(|error| anyhow::anyhow!("{key}: {error}"))?),
        VerifyBy::Token if text.len() < SHORTEST => anyhow::bail!("{key}: needs {SHORTEST} characters or more"),
        _ if text.is_empty() => anyhow::bail!("{key}: is empty"),
        _ => None,
    };
    Ok((text.as_bytes().to_vec().into(), standard))
}

fn signed<M: Mac + KeyInit>(key: &[u8], message: &[u8], given: &[u8]) -> bool {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.verify_slice(given).is_ok()
}

/// In a time that does not tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"the same").expect("HMAC takes a key of any length");
    mac.update(other);
    signed::<Hmac<Sha256>>(b"the same", one, &mac.finalize().into_bytes())
}
