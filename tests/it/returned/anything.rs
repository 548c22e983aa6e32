//! What must hold for whatever bytes come back: used by the tests and by the fuzz targets.

use std::collections::BTreeMap;

use tend::outbox::channel::settings::ChannelSettings;
use tend::outbox::returned::calls::{Call, Callers};
use tend::outbox::returned::mail::{Returned, read};
use tend::outbox::returned::mailbox::split;

/// Any bytes as a mail that came back.
pub fn mail(bytes: &[u8]) {
    let said = read(bytes);
    assert_eq!(said, read(bytes), "the same bytes say the same");
    if let Returned::News(news) = said {
        assert!(!news.is_empty() && news.len() <= 100, "{}", news.len());
        for each in news {
            assert!(each.provider.is_none() && each.to.len() <= 40, "{each:?}");
        }
    }
    let parts: usize = split(bytes).iter().map(|mail| mail.len()).sum();
    assert!(parts <= bytes.len());
}

const CHANNEL: &str = "kind = \"webhook\"\nurl = \"https://h.example/\"\n[verify]\nby = \"hmac\"\nsecret = \"x\"\nsignature = \"@x-sign\"\ntimestamp = \"/t\"\n\
    [reports]\nlist = \"/list\"\nid = [\"/id\", \"?id\"]\nreference = \"/ref\"\nstatus = [\"/a\", \"/b\"]\nat = \"/at\"\ntimezone = \"America/New_York\"\ndelivered = [\"ok*\"]\n\
    [replies]\nfrom = [\"/cc\", \"/from\"]\ntext = \"/text\"\nat = \"/at\"\nnumbers = \"national\"\ncountry_code = \"86\"";

/// Any bytes as the body of a provider's call, with any query and content type.
pub fn call(bytes: &[u8]) {
    let channel: ChannelSettings = toml::from_str(CHANNEL).unwrap();
    let callers = Callers::new(&BTreeMap::from([("c".to_owned(), channel)])).unwrap();
    let caller = callers.get("c").unwrap();
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("x-sign", "00ff".parse().unwrap());
    let cut = bytes.len().min(20);
    let query = String::from_utf8_lossy(&bytes[..cut]);
    for kind in ["application/json", "application/x-www-form-urlencoded", ""] {
        headers.insert(reqwest::header::CONTENT_TYPE, kind.parse().unwrap());
        let call = Call { url: "https://h.example/r/c", query: &query, token: None, headers: &headers, body: bytes };
        assert!(!caller.is(&call), "nobody guesses a signature");
        let _ = caller.in_time(&call, chrono::DateTime::UNIX_EPOCH);
        if let Ok(brought) = caller.reports.as_ref().unwrap().read(&call) {
            assert!(brought.news.len() <= 2_000);
        }
        if let Ok(brought) = caller.replies.as_ref().unwrap().read(&call) {
            for reply in brought.replies {
                let digits = reply.from.strip_prefix('+').expect("a plus");
                assert!(
                    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()),
                    "{}",
                    reply.from
                );
                assert!(reply.text.chars().count() <= 1_000 && !reply.text.contains('\0'));
            }
        }
    }
}
