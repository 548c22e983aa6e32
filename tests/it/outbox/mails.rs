//! The mail itself: headers, parts, signatures.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;

use chrono::{TimeZone, Utc};
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt};
use mail_parser::MessageParser;
use tend::outbox::channel::settings::{DkimSettings, Sort};
use tend::outbox::channel::{Outgoing, dkim::Dkim, message::Sender};
use tend::outbox::link::Unsubscribe;

fn outgoing() -> Outgoing {
    Outgoing {
        id: uuid::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
        sort: Sort::Email,
        to: "ann@example.com".into(),
        name: "王 \"Ann\" <script>\r\nBcc: all@example.com".into(),
        locale: "zh-CN".into(),
        subject: Some("生日快乐，王小明\r\nBcc: all@example.com".into()),
        html: Some("<p>亲爱的 &lt;b&gt;</p>".into()),
        text: "亲爱的 <b>\n.\n一行点\n".into(),
        form: None,
        date: Utc.with_ymd_and_hms(2026, 6, 1, 9, 30, 0).unwrap(),
        unsubscribe: None,
        redirected_from: None,
        attachments: Vec::new(),
    }
}

fn sender() -> Sender {
    Sender::new("生日 <care@shop.example>", Some("help@shop.example")).unwrap()
}

#[test]
fn a_whole_mail() {
    let mail = sender().build(&outgoing(), None).unwrap();
    insta::assert_snapshot!(String::from_utf8(mail.bytes).unwrap().replace("\r\n", "\n"));
    assert_eq!(mail.envelope.to()[0].to_string(), "ann@example.com");
}

#[test]
fn a_mail_program_reads_what_was_meant_and_no_header_was_smuggled_in() {
    let bytes = sender().build(&outgoing(), None).unwrap().bytes;
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(mail.subject(), Some("生日快乐，王小明 Bcc: all@example.com"));
    assert_eq!(mail.from().unwrap().first().unwrap().name(), Some("生日"));
    assert_eq!(mail.to().unwrap().first().unwrap().name(), Some("王 \"Ann\" <script> Bcc: all@example.com"));
    assert_eq!(mail.to().unwrap().first().unwrap().address(), Some("ann@example.com"));
    assert!(mail.bcc().is_none());
    assert_eq!(mail.message_id(), Some("01234567-89ab-cdef-0123-456789abcdef@shop.example"));
    assert_eq!(mail.date().unwrap().to_rfc3339(), "2026-06-01T09:30:00Z");
    assert_eq!(mail.body_text(0).unwrap().replace("\r\n", "\n").trim(), "亲爱的 <b>\n.\n一行点");
    assert_eq!(mail.body_html(0).unwrap().trim(), "<p>亲爱的 &lt;b&gt;</p>");
    assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 998), "RFC 5322 2.1.1");
    assert!(bytes.is_ascii(), "no server needs 8BITMIME for it");
    assert_eq!(bytes, sender().build(&outgoing(), None).unwrap().bytes, "the same message is the same mail");
}

#[test]
fn an_address_that_is_none_is_refused_without_being_repeated() {
    for bad in ["", "ann", "ann@", "ann@example.com, all@example.com", "ann@example.com\r\nRCPT TO:<all@example.com>"] {
        let error = sender().build(&Outgoing { to: bad.into(), ..outgoing() }, None).unwrap_err();
        assert_eq!(error, "the address is not a mail address");
    }
}

#[tokio::test]
async fn signatures_verify_with_the_public_key_and_not_after_a_change() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/dkim");
    for (kind, public) in
        [("rsa", include_str!("../support/dkim/rsa.pub")), ("ed25519", include_str!("../support/dkim/ed25519.pub"))]
    {
        let settings: DkimSettings = toml::from_str(&format!(
            "domain = \"shop.example\"\nselector = \"s1\"\nkey_file = {:?}",
            folder.join(format!("{kind}.pem"))
        ))
        .unwrap();
        let dkim = Dkim::new("mail", &settings).unwrap();
        let unsubscribe =
            Some(Unsubscribe { url: format!("https://shop.example/u/{}", "A1_-".repeat(60)), mailto: None });
        let bytes = sender().build(&Outgoing { unsubscribe, ..outgoing() }, Some(&dkim)).unwrap().bytes;
        assert!(bytes.starts_with(b"DKIM-Signature: "));
        let key =
            OneKey(Arc::new(DomainKey::parse(format!("v=DKIM1; k={kind}; p={}", public.trim()).as_bytes()).unwrap()));
        assert!(verifies(&bytes, &key).await, "{kind}");
        let signature =
            String::from_utf8_lossy(&bytes).split("\r\nFrom:").next().unwrap().replace(['\r', '\n', '\t', ' '], "");
        for header in ["List-Unsubscribe", "List-Unsubscribe-Post"] {
            assert!(
                signature.contains(&format!(":{header}:")) || signature.contains(&format!(":{header};")),
                "{signature}"
            );
        }
        for part in ["List-Unsubscribe: <https://other", "List-Unsubscribe-Post: other"] {
            let (name, value) = part.split_once(' ').unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap();
            let was = text.lines().find(|line| line.starts_with(name)).unwrap();
            assert!(!verifies(text.replace(was, &format!("{name} {value}")).as_bytes(), &key).await, "{name}");
        }
        let changed = String::from_utf8(bytes).unwrap().replace("ann@example.com", "eve@example.com");
        assert!(!verifies(changed.as_bytes(), &key).await, "{kind}");
    }
    let settings: DkimSettings =
        toml::from_str("domain = \"a\"\nselector = \"b\"\nkey_file = \"/nowhere/key.pem\"").unwrap();
    assert_eq!(
        Dkim::new("mail", &settings).unwrap_err().to_string(),
        "channels.mail.dkim.key_file: /nowhere/key.pem: cannot be read"
    );
}

/// A DNS with one answer.
struct OneKey(Arc<DomainKey>);

impl ResolverCache<Box<str>, Txt> for OneKey {
    fn get<Q: Hash + Eq + ?Sized>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        Some(Txt::DomainKey(Arc::clone(&self.0)))
    }

    fn remove<Q: Hash + Eq + ?Sized>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: std::time::Instant) {}
}

/// What a receiver does, with the key at hand instead of in the DNS.
async fn verifies(bytes: &[u8], key: &OneKey) -> bool {
    let message = AuthenticatedMessage::parse(bytes).unwrap();
    let authenticator = MessageAuthenticator::new_google().unwrap();
    let parameters = Parameters::new(&message).with_txt_cache(key);
    let results = authenticator.verify_dkim(parameters).await;
    results.len() == 1 && results.iter().all(|result| *result.result() == DkimResult::Pass)
}

#[test]
fn a_domain_in_letters_of_any_script_goes_in_ascii_and_a_name_goes_encoded() {
    let to = |to: &str| sender().build(&Outgoing { to: to.into(), ..outgoing() }, None);
    let mail = to("ann@bücher.example").unwrap();
    assert_eq!(mail.envelope.to()[0].to_string(), "ann@xn--bcher-kva.example");
    let text = String::from_utf8(mail.bytes).unwrap();
    assert!(text.is_ascii(), "no header needs SMTPUTF8");
    let header = |name: &str| text.lines().find(|line| line.starts_with(name)).map(str::to_owned).unwrap_or_default();
    assert!(header("To: ").contains("=?utf-8?") && header("Subject: ").contains("=?utf-8?"), "{text}");
    assert!(header("Date: ").ends_with("+0000") && header("MIME-Version: ").ends_with("1.0"), "{text}");
    assert_eq!(
        to("王@例子.example").unwrap().envelope.to()[0].to_string(),
        "王@xn--fsqu00a.example",
        "SMTPUTF8 for the rest"
    );
    for bad in ["ann@", "@example.com", "ann@exa mple.com", "ann@example.com\r\nRCPT TO:<x@example.com>", "ann"] {
        assert!(to(bad).is_err(), "{bad}");
    }
}
