//! Alibaba Cloud, "request syntax and signature method V3" (help.aliyun.com, sdk/product-overview/v3-request-structure-and-
//! signature): ACS3-HMAC-SHA256 over method, path, sorted query, the headers host, content-type and x-acs-*, and the hash of
//! the body.

use std::fmt::Write as _;

use super::{Draft, Key, canonical_headers, hex, hmac_sha256, sha256_hex};

/// An API of Alibaba Cloud.
#[derive(Debug)]
pub struct Aliyun {
    pub(super) key: Key,
    pub(super) action: String,
    pub(super) version: String,
}

impl Aliyun {
    pub(super) fn sign(&self, draft: &mut Draft) {
        let nonce = draft.nonce();
        self.sign_with(draft, &nonce);
    }

    fn sign_with(&self, draft: &mut Draft, nonce: &str) {
        let hash = sha256_hex(&draft.body);
        draft.header("x-acs-action", &self.action);
        draft.header("x-acs-version", &self.version);
        draft.header("x-acs-date", &draft.date.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        draft.header("x-acs-signature-nonce", nonce);
        draft.header("x-acs-content-sha256", &hash);
        let (headers, names) = canonical_headers(draft, |name| name == "content-type" || name.starts_with("x-acs-"));
        let path = draft.url.path();
        let query = canonical_query(draft);
        let canonical = format!("{}\n{path}\n{query}\n{headers}\n{names}\n{hash}", draft.method);
        let to_sign = format!("ACS3-HMAC-SHA256\n{}", sha256_hex(&canonical));
        let signature = hex(&hmac_sha256(self.key.bytes(), to_sign.as_bytes()));
        draft.authorize(&format!(
            "ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}",
            self.key.id
        ));
    }
}

/// Sorted by name, encoded as RFC 3986 says (a space is %20, a tilde is itself).
fn canonical_query(draft: &Draft) -> String {
    let mut pairs: Vec<(String, String)> =
        draft.url.query_pairs().map(|(name, value)| (encoded(&name), encoded(&value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    /// The example with fixed values of the page above.
    #[test]
    fn the_signature_is_that_of_the_documentation() {
        let aliyun = Aliyun {
            key: Key { id: "YourAccessKeyId".into(), secret: "YourAccessKeySecret".into() },
            action: "RunInstances".into(),
            version: "2014-05-26".into(),
        };
        let url = "https://ecs.cn-shanghai.aliyuncs.com/?RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd";
        let mut draft = Draft {
            method: reqwest::Method::POST,
            url: url.parse().expect("a URL"),
            headers: HeaderMap::new(),
            body: String::new(),
            id: String::new(),
            date: "2023-10-26T10:22:32Z".parse().expect("an instant"),
        };
        aliyun.sign_with(&mut draft, "3156853299f313e23d1673dc12e1703d");
        assert_eq!(
            draft.headers["authorization"],
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;\
             x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }
}
