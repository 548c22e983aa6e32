//! Tencent Cloud, "signature v3" (cloud.tencent.com, document/api/382/52071): TC3-HMAC-SHA256 over method, path, query, the
//! headers content-type and host, and the hash of the body; the key is derived from day and service.

use super::{Draft, Key, canonical_headers, hex, hmac_sha256, sha256_hex};

/// An API of Tencent Cloud.
#[derive(Debug)]
pub struct Tencent {
    pub(super) key: Key,
    pub(super) service: String,
    pub(super) action: String,
    pub(super) version: String,
    pub(super) region: Option<String>,
}

impl Tencent {
    pub(super) fn sign(&self, draft: &mut Draft) {
        let timestamp = draft.date.timestamp().to_string();
        draft.header("x-tc-action", &self.action);
        draft.header("x-tc-version", &self.version);
        draft.header("x-tc-timestamp", &timestamp);
        if let Some(region) = &self.region {
            draft.header("x-tc-region", region);
        }
        let (headers, names) = canonical_headers(draft, |name| name == "content-type");
        let (path, query) = (draft.url.path(), draft.url.query().unwrap_or_default());
        let canonical = format!("{}\n{path}\n{query}\n{headers}\n{names}\n{}", draft.method, sha256_hex(&draft.body));
        let day = draft.date.format("%Y-%m-%d").to_string();
        let scope = format!("{day}/{}/tc3_request", self.service);
        let to_sign = format!("TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}", sha256_hex(&canonical));
        let key = [b"TC3", self.key.bytes()].concat();
        let key = [&day, &self.service, "tc3_request"].iter().fold(key, |key, part| hmac_sha256(&key, part.as_bytes()));
        let signature = hex(&hmac_sha256(&key, to_sign.as_bytes()));
        draft.authorize(&format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.key.id
        ));
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

    use super::*;

    /// The example of the page above.
    #[test]
    fn the_signature_is_that_of_the_documentation() {
        let tencent = Tencent {
            key: Key {
                id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE".into(),
                secret: "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE".into(),
            },
            service: "cvm".into(),
            action: "DescribeInstances".into(),
            version: "2017-03-12".into(),
            region: Some("ap-guangzhou".into()),
        };
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        let mut draft = Draft {
            method: reqwest::Method::POST,
            url: "https://cvm.tencentcloudapi.com/".parse().expect("a URL"),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#.into(),
            id: String::new(),
            date: "2019-02-25T16:44:25Z".parse().expect("an instant"),
        };
        tencent.sign(&mut draft);
        assert_eq!(
            draft.headers["authorization"],
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, \
             SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        );
        assert_eq!(draft.headers["x-tc-timestamp"], "1551113065");
    }
}
