//! The signed text in a link: base64url of `version, purpose, fields, tag`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::Sha256;
use uuid::Uuid;

/// The only layout so far. A reader knows every version it ever wrote: links to unsubscribe live for ever.
const VERSION: u8 = 1;
/// Bytes of the tag: HMAC-SHA256 cut to 128 bits (RFC 2104, section 5).
const TAG: usize = 16;
/// Longest token that is looked at, characters.
const LONGEST: usize = 1024;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Stop messages.
    Unsubscribe = 1,
    /// Choose topics and channels.
    Preferences = 2,
    /// Answer what a message asks.
    Answer = 3,
    /// Look at a task and say what came of it.
    Task = 4,
    /// Acknowledge an alert.
    Acknowledge = 5,
    /// Read one's own calendar feed.
    Feed = 6,
    /// Give a figure of a review an action, and say what came of it.
    Action = 7,
}

/// Who of the house may do what: the bearer of [`Purpose::Task`], [`Purpose::Acknowledge`], [`Purpose::Feed`] and
/// [`Purpose::Action`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// What it is about, e.g. the task; at most 255 bytes.
    pub subject: String,
    /// `crm.staff.staff_id` of whom it was sent to; empty for a chat.
    pub staff: String,
    /// When the link stops working, whole seconds; none: never.
    pub expires: Option<DateTime<Utc>>,
}

/// Which message a link to answer is of. Short, since it goes by text message too: all else is looked up by the message,
/// which is there as long as the link works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// `tend.outbox.public_id` of the message.
    pub message: Uuid,
    /// When the link stops working, whole seconds.
    pub expires: DateTime<Utc>,
}

/// Who comes with a link, and from which message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// `crm.customer.customer_id`.
    pub customer_id: String,
    /// Channel of the message: email or sms.
    pub channel: String,
    /// Purpose of the message: marketing, service or transactional.
    pub purpose: String,
    /// Topic of the message.
    pub topic: String,
    /// `tend.outbox.public_id` of the message.
    pub message: Uuid,
    /// SHA-256 of channel and address the message went to, as `tend.address_key` says it in hex.
    pub address: [u8; 32],
    /// When the link stops working; none: never.
    pub expires: Option<DateTime<Utc>>,
}

impl Bearer {
    /// The bearer of a link that is not over.
    ///
    /// # Errors
    /// When it is.
    pub fn alive(self, now: DateTime<Utc>) -> Result<Self, Forged> {
        if self.expires.is_some_and(|at| at <= now) { Err(Forged) } else { Ok(self) }
    }
}

/// A link that is not ours, not for this, or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link is not valid")]
pub struct Forged;

/// The secrets, the one that signs first.
pub struct Keys(Vec<SecretSlice<u8>>);

impl Keys {
    pub fn new<'s>(secrets: impl Iterator<Item = &'s str>) -> Self {
        Self(secrets.map(|secret| SecretSlice::from(secret.as_bytes().to_vec())).collect())
    }

    pub fn sign(&self, purpose: Purpose, bearer: &Bearer) -> String {
        let mut bytes = head(purpose, bearer.expires);
        bytes.extend(bearer.message.as_bytes());
        bytes.extend(bearer.address);
        texts(&mut bytes, &[&bearer.customer_id, &bearer.channel, &bearer.purpose, &bearer.topic]);
        self.sealed(bytes)
    }

    pub fn sign_work(&self, purpose: Purpose, work: &Work) -> String {
        let mut bytes = head(purpose, work.expires);
        texts(&mut bytes, &[&work.subject, &work.staff]);
        self.sealed(bytes)
    }

    pub fn sign_asked(&self, asked: Asked) -> String {
        let mut bytes = vec![VERSION, Purpose::Answer as u8];
        // good until 2106
        bytes.extend(u32::try_from(asked.expires.timestamp()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(asked.message.as_bytes());
        self.sealed(bytes)
    }

    fn sealed(&self, mut bytes: Vec<u8>) -> String {
        let tag = self.0.first().map(|key| mac(key, &bytes).finalize().into_bytes());
        bytes.extend(&tag.unwrap_or_default()[..TAG]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What stands behind version and purpose of a token that is ours and of that purpose.
    fn opened(&self, purpose: Purpose, token: &str) -> Result<Vec<u8>, Forged> {
        if token.len() > LONGEST {
            return Err(Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Forged)?;
        let (signed, tag) = bytes.split_at_checked(bytes.len().saturating_sub(TAG)).ok_or(Forged)?;
        // in constant time, before anything is made of what stands there
        if !self.0.iter().any(|key| tag.len() == TAG && mac(key, signed).verify_truncated_left(tag).is_ok()) {
            return Err(Forged);
        }
        signed.strip_prefix(&[VERSION, purpose as u8]).map(<[u8]>::to_vec).ok_or(Forged)
    }

    pub fn read_asked(&self, token: &str) -> Result<Asked, Forged> {
        let signed = self.opened(Purpose::Answer, token)?;
        let mut fields = Fields(&signed);
        let expires = i64::from(u32::from_be_bytes(fields.take()?));
        let message = Uuid::from_bytes(fields.take()?);
        if !fields.0.is_empty() {
            return Err(Forged);
        }
        Ok(Asked { message, expires: DateTime::from_timestamp(expires, 0).ok_or(Forged)? })
    }

    pub fn read_work(&self, purpose: Purpose, token: &str) -> Result<Work, Forged> {
        let signed = self.opened(purpose, token)?;
        let mut fields = Fields(&signed);
        let expires = fields.expires()?;
        let (subject, staff) = (fields.text()?, fields.text()?);
        if !fields.0.is_empty() {
            return Err(Forged);
        }
        Ok(Work { subject, staff, expires })
    }

    pub fn read(&self, purpose: Purpose, token: &str) -> Result<Bearer, Forged> {
        let signed = self.opened(purpose, token)?;
        let mut fields = Fields(&signed);
        let expires = fields.expires()?;
        let message = Uuid::from_bytes(fields.take()?);
        let address = fields.take()?;
        let [customer_id, channel, purpose, topic] = [fields.text()?, fields.text()?, fields.text()?, fields.text()?];
        if !fields.0.is_empty() {
            return Err(Forged);
        }
        Ok(Bearer { customer_id, channel, purpose, topic, message, address, expires })
    }
}

fn head(purpose: Purpose, expires: Option<DateTime<Utc>>) -> Vec<u8> {
    let mut bytes = vec![VERSION, purpose as u8];
    let expires = expires.map_or(0, |at| at.timestamp().max(1));
    bytes.extend(u64::try_from(expires).unwrap_or(1).to_be_bytes());
    bytes
}

fn texts(bytes: &mut Vec<u8>, texts: &[&str]) {
    for text in texts {
        // longer ones than a company would write; cut, they name nobody, and what is said holds for the address alone
        let text = &text[..text.floor_char_boundary(usize::from(u8::MAX))];
        bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        bytes.extend(text.as_bytes());
    }
}

fn mac(key: &SecretSlice<u8>, bytes: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret()).expect("HMAC takes a key of any length");
    // what else the same secret may ever sign is not a link
    mac.update(b"tend link\0");
    mac.update(bytes);
    mac
}

/// What is still to be read.
struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Forged> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Forged)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn expires(&mut self) -> Result<Option<DateTime<Utc>>, Forged> {
        match u64::from_be_bytes(self.take()?) {
            0 => Ok(None),
            seconds => i64::try_from(seconds).ok().and_then(|s| DateTime::from_timestamp(s, 0)).map(Some).ok_or(Forged),
        }
    }

    fn text(&mut self) -> Result<String, Forged> {
        let [length] = self.take()?;
        let (text, rest) = self.0.split_at_checked(length.into()).ok_or(Forged)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).map_err(|_| Forged)
    }
}
