//! Signatures that anybody can check and only the provider can make: ECDSA over P-256 with SHA-256.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use secrecy::SecretSlice;

/// What stands before the point in a SubjectPublicKeyInfo of that curve (RFC 5480): the sequences, id-ecPublicKey, prime256v1, and
/// a bit string of 66 bytes.
const HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// A point, uncompressed: 4, then two numbers.
const POINT: usize = 65;

/// The point of a key as a provider shows it: base64, with the lines of a PEM file around it or without.
///
/// # Errors
/// When it is no key of this curve; the message names the setting.
pub fn key(name: &str, text: &str) -> anyhow::Result<SecretSlice<u8>> {
    let encoded: String =
        text.lines().filter(|line| !line.starts_with("-----")).flat_map(str::split_whitespace).collect();
    let decoded = STANDARD.decode(encoded).ok();
    let point = decoded
        .as_deref()
        .and_then(|der| der.strip_prefix(&HEAD))
        .filter(|point| point.len() == POINT && point[0] == 4);
    let said = || {
        format!(
            "channels.{name}.verify.public_key: is no public key on the curve P-256; it begins with MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"
        )
    };
    Ok(point.with_context(said)?.to_vec().into())
}

/// Whether the owner of the key has signed the message.
pub fn signed(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok()
}
