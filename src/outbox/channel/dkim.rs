//! DKIM signatures (RFC 6376, RFC 8463) by mail-auth on ring. Optional: most relays sign themselves.

use anyhow::Context as _;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::{Canonicalization, DkimSigner, Done};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::settings::DkimSettings;

/// A key with what it signs.
pub enum Dkim {
    /// rsa-sha256.
    Rsa(Box<DkimSigner<RsaKey<Sha256>, Done>>),
    /// ed25519-sha256.
    Ed25519(Box<DkimSigner<Ed25519Key, Done>>),
}

impl std::fmt::Debug for Dkim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dkim")
    }
}

impl Dkim {
    /// Reads the key file.
    ///
    /// # Errors
    /// When the file cannot be read or holds no key; the message names the key of the settings and the file.
    pub fn new(channel: &str, settings: &DkimSettings) -> anyhow::Result<Self> {
        let place = format!("channels.{channel}.dkim.key_file: {}", settings.key_file.display());
        let pem = std::fs::read(&settings.key_file).with_context(|| format!("{place}: cannot be read"))?;
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .with_context(|| format!("{place}: expected a PEM file with BEGIN RSA PRIVATE KEY or BEGIN PRIVATE KEY"))?;
        if let PrivateKeyDer::Pkcs8(der) = &key
            && let Ok(ed25519) = Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der())
        {
            return Ok(Self::Ed25519(Box::new(signer(ed25519, settings))));
        }
        let rsa = RsaKey::from_key_der(key).map_err(|error| anyhow::anyhow!("{place}: no usable key: {error}"))?;
        Ok(Self::Rsa(Box::new(signer(rsa, settings))))
    }

    /// The mail with its signature in front.
    ///
    /// # Errors
    /// When the mail has none of the headers to sign.
    pub fn sign(&self, mail: Vec<u8>) -> Result<Vec<u8>, String> {
        let signature = match self {
            Self::Rsa(signer) => signer.sign(&mail),
            Self::Ed25519(signer) => signer.sign(&mail),
        };
        let header = signature.map_err(|error| format!("DKIM: {error}"))?.to_header();
        let mut signed = Vec::with_capacity(header.len() + mail.len());
        signed.extend_from_slice(header.as_bytes());
        signed.extend_from_slice(&mail);
        Ok(signed)
    }
}

fn signer<K: mail_auth::common::crypto::SigningKey>(key: K, settings: &DkimSettings) -> DkimSigner<K, Done> {
    DkimSigner::from_key(key)
        .domain(settings.domain.clone())
        .selector(settings.selector.clone())
        .headers(settings.headers.clone())
        .header_canonicalization(Canonicalization::Relaxed)
        .body_canonicalization(Canonicalization::Relaxed)
}
