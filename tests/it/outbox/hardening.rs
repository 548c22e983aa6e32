//! Names, addresses and templates of people who mean harm, or whose cat walked over the keyboard: refused with a reason,
//! or harmless.

use chrono::{TimeZone, Utc};
use mail_parser::MessageParser;
use serde_json::json;
use tend::outbox::channel::settings::Sort;
use tend::outbox::channel::{Outgoing, message::Sender};
use tend::outbox::template::{Context, Known, MessageLinks, Rendered, TemplateFolder};

const MAIL: &str = r##"<mjml><mj-head><mj-title>Hello {{ customer.name }}, news</mj-title><mj-preview>{{ customer.name }}</mj-preview></mj-head><mj-body>
<mj-section><mj-column><mj-text>Dear <bdi>{{ customer.name }}</bdi>, <a href="https://shop.example/?who={{ customer.name|urlencode }}">here</a></mj-text>
<mj-button href="{{ links.unsubscribe }}">stop</mj-button></mj-column></mj-section></mj-body></mjml>"##;

/// The same with structure in tags: rendered first, compiled to HTML afterwards.
fn structural() -> String {
    MAIL.replace("<mj-section>", "{% if customer.id %}<mj-section>")
        .replace("</mj-section>", "</mj-section>{% endif %}")
}

fn context(name: &str) -> Context {
    let links =
        MessageLinks { unsubscribe: "https://shop.example/u/x".into(), preferences: "https://shop.example/p/x".into() };
    Context {
        letter: false,
        customer_id: "c1".into(),
        name: name.into(),
        locale: None,
        country: None,
        message_id: "m1".into(),
        links: Some(links),
        asks: None,
        data: json!({}),
    }
}

fn rendered(mjml: &str, name: &str) -> (String, String, String) {
    let folder = TemplateFolder::from_files([("t/email.en.mjml", mjml.to_owned())]);
    let company = minijinja::Value::from_pairs([("name", "Shop")]);
    match folder.compile("t").unwrap().render(Sort::Email, "en", &context(name), &company).unwrap() {
        Rendered::Mail { subject, html, text } => (subject, html, text),
        Rendered::Sms { .. } => panic!("a text message"),
    }
}

fn outgoing(to: &str, name: &str) -> Outgoing {
    let (subject, html, text) = rendered(MAIL, name);
    Outgoing {
        id: uuid::Uuid::from_u128(7),
        sort: Sort::Email,
        to: to.into(),
        name: name.into(),
        locale: "en".into(),
        subject: Some(subject),
        html: Some(html),
        text,
        form: None,
        date: Utc.with_ymd_and_hms(2026, 6, 1, 9, 30, 0).unwrap(),
        unsubscribe: None,
        redirected_from: None,
        attachments: Vec::new(),
    }
}

fn built(to: &str, name: &str) -> Result<Vec<u8>, String> {
    Sender::new("care@shop.example", None).unwrap().build(&outgoing(to, name), None).map(|mail| mail.bytes)
}

const NAMES: &[&str] = &[
    "Ann\r\nBcc: all@example.com",
    "Ann\nContent-Type: text/html\n\n<h1>owned</h1>",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</mj-text></mj-column><mj-column><mj-text>owned",
    "<!-- ",
    "]]>",
    "&lt;b&gt;",
    "{{ 7 * 7 }}{% for x in range(9) %}{% endfor %}{# c #}",
    "tendQmark0Zq",
    "\u{202e}gpj.exe\u{202c}",
    "שלום ABC",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "a\u{0}b\u{1b}[31mred\u{7f}",
    "Robert'); drop table students;--",
    "=cmd|' /C calc'!A0",
    "\\u0000\\n",
];

#[test]
fn names_stay_text_in_subject_page_and_text_whatever_they_hold() {
    for name in NAMES {
        for mjml in [MAIL.to_owned(), structural()] {
            let (subject, html, text) = rendered(&mjml, name);
            for part in [&subject, &html, &text] {
                assert!(!part.contains(['\0', '\u{1b}', '\u{7f}', '\u{202e}', '\u{202c}']), "{name:?}: {part:?}");
            }
            assert!(!subject.contains(['\r', '\n']), "{name:?}");
            assert!(!html.contains("<script") && !html.contains("<h1") && !html.contains("<img"), "{name:?}: {html}");
            assert!(!html.contains("onerror=alert(1)>") || html.contains("&gt;&lt;img"), "{name:?}");
            assert!(!html.contains("49") || !name.contains("7 * 7"), "{name:?} was computed");
            assert_eq!(html.matches("who=").count(), 1, "{name:?}");
            let address = html.split("who=").nth(1).unwrap().split('"').next().unwrap();
            let plain = |c: char| c.is_ascii_alphanumeric() || "%-_.~/".contains(c);
            assert!(address.chars().all(plain), "{name:?} in an address: {address}");
            assert!(html.contains("https://shop.example/u/x") && text.contains("https://shop.example/u/x"), "{name:?}");
        }
    }
}

#[test]
fn a_mail_has_its_own_headers_and_no_others() {
    for name in NAMES {
        let bytes = built("ann@example.com", name).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split(':').next())
            .collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"], "{name:?}");
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.to().unwrap().as_list().unwrap().len(), 1, "{name:?}: one recipient");
        assert_eq!(parsed.parts.len(), 3, "{name:?}: two parts in one");
    }
}

#[test]
fn a_name_from_right_to_left_does_not_turn_the_rest_around() {
    let (subject, _, text) = rendered(MAIL, "محمد");
    assert_eq!(subject, "Hello \u{2068}محمد\u{2069}, news");
    assert!(text.contains("Dear \u{2068}محمد\u{2069},"), "{text}");
    let (subject, ..) = rendered(MAIL, "Ann \u{202e}mit\u{202c}");
    assert_eq!(subject, "Hello Ann mit, news");
}

#[test]
fn a_name_of_ten_thousand_letters_is_cut() {
    let (subject, html, _) = rendered(MAIL, &"W".repeat(10_000));
    assert!(subject.chars().count() < 110, "{}", subject.chars().count());
    assert!(html.len() < 20_000, "{}", html.len());
    let (subject, ..) = rendered(MAIL, &format!("a{}", "\u{301}".repeat(5_000)));
    assert!(subject.chars().count() < 110, "{}", subject.chars().count());
}

#[test]
fn addresses_are_sent_to_as_they_are_or_refused_without_repeating_them() {
    for good in ["ann@example.com", "o'neil+tag@example.com", "\"a.b\"@example.com", "ann@xn--fsqu00a.xn--0zwm56d"] {
        let sent = built(good, "Ann");
        assert!(sent.is_ok(), "{good}: {sent:?}");
    }
    for bad in [
        "",
        "ann",
        "ann@",
        "@example.com",
        "ann@example.com\r\nRCPT TO:<all@example.com>",
        "ann@example.com, all@example.com",
        "Ann <ann@example.com>",
        "ann@exa mple.com",
        "a@b@example.com",
        "ann@-",
    ] {
        let refused = built(bad, "Ann").expect_err(bad);
        assert!(bad.is_empty() || !refused.contains(bad), "{refused}");
    }
}

#[test]
fn a_domain_in_another_script_goes_out_in_ascii_or_is_refused_with_a_reason() {
    match Sender::new("care@shop.example", None).unwrap().build(&outgoing("ann@例子.测试", "Ann"), None) {
        Ok(mail) => assert!(AsRef::<str>::as_ref(&mail.envelope.to()[0]).is_ascii(), "{:?}", mail.envelope),
        Err(reason) => assert!(!reason.is_empty() && !reason.contains("例子"), "{reason}"),
    }
}

#[test]
fn templates_cannot_run_away() {
    let company = minijinja::Value::from_pairs([("name", "Shop")]);
    let loops = "{% for a in offer.items %}{% for b in offer.items %}{% for c in offer.items %}x{% endfor %}{% endfor %}{% endfor %}";
    let folder = TemplateFolder::from_files([("t/sms.en.txt", loops)]);
    let mut context = context("Ann");
    context.data = json!({ "offer": { "items": vec![1; 300] } });
    let error = folder.compile("t").unwrap().render(Sort::Sms, "en", &context, &company).unwrap_err();
    assert!(error.message.contains("fuel") || error.message.contains("longer than"), "{error}");
}

#[test]
fn a_template_of_ten_megabytes_is_refused_when_the_folder_is_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("t")).unwrap();
    std::fs::write(dir.path().join("t/email.en.mjml"), "é".repeat(5 * 1024 * 1024)).unwrap();
    std::fs::write(dir.path().join("t/sms.en.toml"), "x".repeat(10 * 1024 * 1024)).unwrap();
    let folder = TemplateFolder::read(dir.path()).unwrap();
    let kept: usize = folder.paths("t").iter().filter_map(|path| folder.text(path)).map(str::len).sum();
    assert!(kept < 2 * 1024 * 1024, "{kept} bytes are kept");
    let said = folder.check("t", &[Sort::Email, Sort::Sms], &Known::default());
    let said: Vec<_> = said.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(said, ["the file is longer than 256 kB"; 2]);
}
