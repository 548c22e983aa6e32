//! What must hold for whatever bytes come back: used by the tests and by the fuzz targets.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::Datelike as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tend::outbox::channel::settings::ChannelSettings;
use tend::outbox::returned::calls::{Call, Caller, Callers};
use tend::outbox::returned::mail::{Returned, read};
use tend::outbox::returned::mailbox::split;
use tend::outbox::returned::{News, Source};

/// A secret of every kind at once.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Any bytes as a mail that came back.
pub fn mail(bytes: &[u8]) {
    let said = read(bytes);
    assert_eq!(said, read(bytes), "the same bytes say the same");
    if let Returned::News(news) = said {
        assert!(!news.is_empty() && news.len() <= 100, "{}", news.len());
        for each in news {
            assert!(each.provider.is_none() && each.source != Source::Receipt && each.to.len() <= 40, "{each:?}");
            storable(&each);
        }
    }
    let parts: usize = split(bytes).iter().map(|mail| mail.len()).sum();
    assert!(parts <= bytes.len());
}

/// The shipped channels whose providers call us, and one of which most can be said.
const CHANNELS: [&str; 9] = [
    include_str!("../../../config/channels/aliyun-sms.toml"),
    include_str!("../../../config/channels/json-gateway.toml"),
    include_str!("../../../config/channels/mailgun-mail.toml"),
    include_str!("../../../config/channels/postmark-mail.toml"),
    include_str!("../../../config/channels/sendgrid-mail.toml"),
    include_str!("../../../config/channels/tencent-sms.toml"),
    include_str!("../../../config/channels/twilio-sms.toml"),
    "[channels.c]\nkind = \"webhook\"\nurl = \"https://h.example/\"\n\
     [channels.c.verify]\nby = \"hmac\"\nsignature = \"@x-sign\"\nencoding = \"base64\"\nmessage = [\"url\", \"/t\", \"=.\", \"body\", \"?id\"]\n\
     [channels.c.reports]\nlist = \"/list\"\nid = [\"/id\", \"?id\"]\nreference = [\"@x-sign\", \"/ref\"]\nstatus = [\"/a\", \"/b\"]\nat = \"/at\"\n\
     timezone = \"America/New_York\"\ndelivered = [\"ok*\"]\nfailed = [\"\"]\n\
     [channels.c.replies]\nfrom = [\"/cc\", \"/from\"]\ntext = \"/text\"\nat = \"/at\"\nnumbers = \"national\"\ncountry_code = \"86\"",
    "[channels.d]\nkind = \"webhook\"\nurl = \"https://h.example/\"\n\
     [channels.d.verify]\nby = \"ecdsa\"\nsignature = \"@x-sign\"\nencoding = \"base64\"\n\
     public_key = \"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\
     axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\"\n\
     [channels.d.reports]\nid = \"/id\"\nstatus = \"/s\"\ndelivered = [\"ok\"]",
];

/// The table of a channel, with a secret in place of files.
pub fn channel(text: &str) -> (String, toml::Table) {
    let table: toml::Table = toml::from_str(text).unwrap();
    let (name, channel) = table["channels"].as_table().unwrap().iter().next().unwrap();
    let mut channel = channel.as_table().unwrap().clone();
    let verify = channel["verify"].as_table_mut().unwrap();
    verify.remove("secret_file");
    let secret = match verify["by"].as_str() {
        Some("ecdsa") => None,
        Some("standard_webhooks") => Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        _ => Some(SECRET),
    };
    verify.extend(secret.map(|secret| ("secret".to_owned(), secret.into())));
    (name.clone(), channel)
}

static CALLERS: LazyLock<(Vec<String>, Callers)> = LazyLock::new(|| {
    let read = |text| {
        let (name, table) = channel(text);
        (name, table.try_into::<ChannelSettings>().unwrap())
    };
    let channels: BTreeMap<_, _> = CHANNELS.into_iter().map(read).collect();
    (channels.keys().cloned().collect(), Callers::new(&channels).unwrap())
});

/// Any bytes as a call of each provider, with any content type: up to the first line break the query, which stands in the
/// headers too, then the body. Who found something in it.
pub fn call(bytes: &[u8]) -> Vec<&'static str> {
    let cut = bytes.iter().position(|byte| *byte == b'\n').filter(|at| *at <= 500);
    let (query, body) = cut.map_or((&bytes[..0], bytes), |at| (&bytes[..at], &bytes[at + 1..]));
    let mut headers = HeaderMap::new();
    let given = HeaderValue::from_bytes(query).unwrap_or_else(|_| HeaderValue::from_static("AAAA"));
    for name in
        ["x-sign", "x-twilio-signature", "authorization", "webhook-id", "webhook-timestamp", "webhook-signature"]
    {
        headers.insert(name, given.clone());
    }
    let query = String::from_utf8_lossy(query);
    let url = format!("https://h.example/r/c?{query}");
    let mut found = Vec::new();
    for kind in ["application/json", "application/x-www-form-urlencoded", ""] {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let call = Call { url: &url, query: &query, token: Some(&query), headers: &headers, body };
        for name in &CALLERS.0 {
            if understood(name, CALLERS.1.get(name).unwrap(), &call) {
                found.push(name.as_str());
            }
        }
    }
    found
}

fn understood(name: &str, caller: &Caller, call: &Call<'_>) -> bool {
    assert!(!caller.is(call), "nobody guesses a signature");
    let _ = caller.in_time(call, chrono::DateTime::UNIX_EPOCH);
    let mut found = false;
    if let Some(Ok(brought)) = caller.reports.as_ref().map(|reports| reports.read(call)) {
        assert!(brought.news.len() + brought.ignored <= 2_000);
        for each in &brought.news {
            assert!(each.provider.as_deref() == Some(name) && each.source == Source::Receipt, "{each:?}");
            storable(each);
        }
        found |= !brought.news.is_empty();
    }
    if let Some(Ok(brought)) = caller.replies.as_ref().map(|replies| replies.read(call)) {
        for reply in &brought.replies {
            let digits = reply.from.strip_prefix('+').expect("a plus");
            let number = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            assert!(number, "{}", reply.from);
            assert!(reply.text.chars().count() <= 1_000 && !reply.text.contains('\0'));
            assert!(reply.reference.as_ref().is_none_or(|text| text.chars().count() <= 200 && !text.contains('\0')));
            assert!(reply.at.is_none_or(|at| at.year() >= 1970), "{reply:?}");
        }
        found |= !brought.replies.is_empty();
    }
    found
}

/// The database must be able to keep it: it knows no year before 4713 BC.
fn storable(news: &News) {
    assert!(news.at.is_none_or(|at| at.year() >= 1970), "{news:?}");
}
