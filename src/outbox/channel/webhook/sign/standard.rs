//! Signatures by Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, `v1,<base64>`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use sha2::Sha256;

/// A secret that signs.
#[derive(Debug)]
pub struct Standard(SecretSlice<u8>);

impl Standard {
    /// Reads `whsec_<base64>`.
    pub fn new(secret: &SecretString) -> Result<Self, &'static str> {
        let text = secret.expose_secret();
        let encoded = text.strip_prefix("whsec_").ok_or("a Standard Webhooks secret begins with whsec_")?;
        let key = STANDARD.decode(encoded).map_err(|_| "what follows whsec_ is not base64")?;
        if key.len() < 16 {
            return Err("the secret is too short: Standard Webhooks asks for 24 to 64 bytes");
        }
        Ok(Self(key.into()))
    }

    /// The value of `webhook-signature`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mac = self.mac(id, &timestamp.to_string(), body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// Whether one of the signatures of a `webhook-signature` is right; the timestamp is as it came.
    pub fn verifies(&self, id: &str, timestamp: &str, body: &[u8], signatures: &str) -> bool {
        let mac = self.mac(id, timestamp, body);
        signatures.split(' ').any(|each| {
            let given = each.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            given.is_some_and(|given| mac.clone().verify_slice(&given).is_ok())
        })
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).expect("HMAC takes a key of any length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let standard = Standard::new(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).expect("a secret");
        assert_eq!(
            standard.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
