//! Templates: what they may contain, what they become, and what is said when they are wrong.

use serde_json::json;
use tend::outbox::channel::settings::Sort;
use tend::outbox::template::{Compiled, Context, Known, Length, Rendered, TemplateFolder};

/// A mail whose tags stand where the compiler copies what it finds.
const COPIED: &str = r##"<mjml>
  <mj-head>
    <mj-title>{{ customer.name|default("Friend") }} &amp; {{ offer.gift }}</mj-title>
    <mj-preview>{% if offer.gift %}A gift: {{ offer.gift }}{% endif %}</mj-preview>
  </mj-head>
  <mj-body>
    {# a comment between sections #}
    <mj-section><mj-column>
      <mj-text>Dear <b>{{ customer.name }}</b>,{% for item in offer.items %}<br/>{{ loop.index }}. {{ item }}{% endfor %}</mj-text>
      <mj-image src="{{ company.url }}/rose.png" alt="for {{ customer.name }}" />
      <mj-button href="{{ company.url }}/?c={{ customer.id|urlencode }}&amp;m={{ message.id }}">Shop</mj-button>
      <mj-raw><p title="{{ customer.name }}">{{ company.address }}</p></mj-raw>
    </mj-column></mj-section>
  </mj-body>
</mjml>"##;

/// The same with tags around elements: it must be compiled for each message.
fn structural() -> String {
    COPIED
        .replace("<mj-section>", "{% if customer.id %}<mj-section>")
        .replace("</mj-section>", "</mj-section>{% endif %}")
}

fn context(name: &str) -> Context {
    Context {
        letter: false,
        customer_id: "c/1&2".into(),
        name: name.into(),
        locale: Some("zh-CN".into()),
        country: None,
        message_id: "m-1".into(),
        links: None,
        asks: None,
        data: json!({"offer": {"gift": "<rose> & \"card\"", "items": ["a", "b<c"]}, "occasion": {"date": "2026-05-04"}}),
    }
}

fn text_message(text: &str) -> Rendered {
    Rendered::Sms { text: text.into(), length: Length::of(text), by: None }
}

fn company() -> minijinja::Value {
    minijinja::Value::from_pairs([("name", "Shop"), ("url", "https://shop.example"), ("address", "1 Road")])
}

fn compile(mjml: &str) -> Compiled {
    TemplateFolder::from_files([("t/email.en.mjml", mjml.to_owned())]).compile("t").expect("compiles")
}

fn render(template: &Compiled, name: &str) -> (String, String, String) {
    match template.render(Sort::Email, "en", &context(name), &company()).expect("renders") {
        Rendered::Mail { subject, html, text } => (subject, html, text),
        Rendered::Sms { .. } => panic!("a mail was asked for"),
    }
}

/// Class names the compiler counts up or makes at random are not what is compared.
fn flat(html: &str) -> String {
    html.split_whitespace().collect::<Vec<_>>().join(" ").replace("> <", "><")
}

#[test]
fn mjml_compiled_once_gives_the_same_mail_as_compiled_for_each_message() {
    let once = compile(COPIED);
    let each = compile(&structural());
    assert!(once.is_compiled_once("en"));
    assert!(!each.is_compiled_once("en"));
    for name in [
        "Ann",
        "王小明",
        "<script>alert(1)</script>",
        "{{ 7 }} {% raw %}",
        "a\" onload=\"x",
        "</mj-text><mj-text>",
        "&amp; & &lt;",
        "'tendQmark0Zq'",
        "👨\u{200d}👩\u{fe0f} \\n",
    ] {
        let (subject, html, text) = render(&once, name);
        let (subject_each, html_each, text_each) = render(&each, name);
        assert_eq!(subject, subject_each);
        assert_eq!(flat(&html), flat(&html_each), "{name}");
        assert_eq!(text, text_each, "{name}");
    }
}

#[test]
fn values_are_escaped_in_html_and_not_in_text_and_a_subject_is_one_line() {
    let (subject, html, text) = render(&compile(COPIED), "Eve\r\nBcc: all@example.com <b>");
    assert_eq!(subject, "Eve Bcc: all@example.com <b> & <rose> & \"card\"");
    assert!(html.contains("&lt;b&gt;"));
    assert!(!html.contains("<rose>"));
    assert!(html.contains("https://shop.example/?c=c/1%262&amp;m=m-1"), "{html}");
    assert!(text.contains("Bcc: all@example.com <b>"));
    assert!(text.contains("2. b<c"), "{text}");
    assert!(text.contains("Shop (https://shop.example/?c=c/1%262&m=m-1)"), "{text}");
    assert!(!text.contains("A gift"), "the preheader is for the HTML only: {text}");
    assert!(!html.contains("googleapis"), "no web fonts: {html}");
}

#[test]
fn a_missing_value_is_an_error_unless_it_has_a_default() {
    let strict = compile(&COPIED.replace("{{ company.address }}", "{{ customer.country }}"));
    let error = strict.render(Sort::Email, "en", &context("Ann"), &company()).expect_err("there is no country");
    assert!(error.message.contains("undefined value"), "{error}");
    assert!(!error.message.contains("Ann"), "errors carry no values: {error}");
    let lenient = compile(&COPIED.replace("{{ company.address }}", "{{ customer.country|default('somewhere') }}"));
    assert!(render(&lenient, "Ann").1.contains("somewhere"));
    assert!(render(&compile(COPIED), "").0.starts_with("Friend"), "an empty name counts as missing");
}

#[test]
fn text_messages_are_trimmed_and_counted_and_the_language_is_the_nearest() {
    let folder = TemplateFolder::from_files([
        ("t/sms.zh-CN.txt", "\n【店】{{ customer.name }}，生日快乐\n"),
        ("t/sms.en.txt", "Happy birthday {{ customer.name }}"),
    ]);
    let template = folder.compile("t").expect("compiles");
    let sms = |locale: &str| template.render(Sort::Sms, locale, &context("<Ann>"), &company()).expect("renders");
    assert_eq!(sms("zh-Hans-CN"), text_message("【店】<Ann>，生日快乐"));
    assert_eq!(sms("en-GB"), text_message("Happy birthday <Ann>"));
    let error = template.render(Sort::Email, "en", &context("Ann"), &company()).expect_err("no mail");
    assert_eq!(error.message, "the template `t` has no email in any language");
    assert_eq!(folder.locales("t", Sort::Sms), ["en", "zh-CN"]);
}

#[test]
fn dates_are_written_as_the_template_says() {
    let folder = TemplateFolder::from_files([(
        "t/sms.en.txt",
        r#"{{ occasion.date|date("%-m月%-d日") }} {{ occasion.date|date("%B %-d") }} {{ 3|times(2.5) }} {{ 2|times(3) }}"#,
    )]);
    let rendered =
        folder.compile("t").expect("compiles").render(Sort::Sms, "en", &context("x"), &company()).expect("renders");
    assert_eq!(rendered, text_message("5月4日 May 4 7.5 6"));
    let bad = TemplateFolder::from_files([("t/sms.en.txt", r#"{{ occasion.date|date("%H:%M %!") }}"#)]);
    assert!(bad.compile("t").expect("compiles").render(Sort::Sms, "en", &context("x"), &company()).is_err());
}

#[test]
fn templates_that_could_run_away_are_refused_or_stopped() {
    let known = Known::default();
    for (source, message) in [
        ("{{ 'x' * 100000000 }}", "`*` is not available in templates"),
        ("{% set x = 'a' ~ 'a' %}{{ x }}", "texts cannot be joined inside `{% set %}`"),
        ("{% set x %}a{% endset %}{{ x }}", "`{% set %}` needs a value: {% set name = … %}"),
        ("{% macro m() %}x{% endmacro %}", "`{% macro %}` is not available in templates"),
        ("{% include 'other' %}", "`{% include %}` is not available in templates"),
        ("{{ customer.name|format(1) }}", "there is no filter `format`"),
        ("{{ customer.name|safe }}", "there is no filter `safe`"),
    ] {
        let problems = TemplateFolder::from_files([("t/sms.en.txt", source)]).check("t", &[Sort::Sms], &known);
        assert!(problems.iter().any(|problem| problem.message == message), "{source}: {problems:?}");
    }
    let loops = format!("{}x{}", "{% for a in offer.items %}".repeat(30), "{% endfor %}".repeat(30));
    let folder = TemplateFolder::from_files([("t/sms.en.txt", loops)]);
    assert!(folder.compile("t").expect("compiles").render(Sort::Sms, "en", &context("x"), &company()).is_err());
}

#[test]
fn what_is_wrong_with_a_template_is_said_with_its_place() {
    let known = Known { offer: ["gift".to_owned()].into(), ..Known::default() };
    let folder = TemplateFolder::from_files([
        ("bad/email.en.mjml", "<mjml>\n<mj-head><mj-title>Hi {{ custmer.name }}</mj-title></mj-head>\n<mj-body><mj-section><mj-column>\n<mj-text>{{ offer.gfit }} {{ offer.gift|uper }}</mj-text></mj-column></mj-section></mj-body></mjml>".to_owned()),
        ("bad/email.zh-CN.mjml", "<mjml><mj-head></mj-head><mj-body><mj-section><mj-colum></mj-section></mj-body></mjml>".to_owned()),
        ("bad/email.fr.mjml", "<mjml><mj-head><mj-title>{% if customer.id %}x</mj-title></mj-head><mj-body></mj-body></mjml>".to_owned()),
        ("bad/email.fr.txt", "{{ customer.name ".to_owned()),
        ("bad/email.de.txt", "x".to_owned()),
        ("bad/mail.html", "x".to_owned()),
    ]);
    let problems: Vec<String> = folder
        .check("bad", &[Sort::Email, Sort::Sms], &known)
        .into_iter()
        .map(|problem| {
            format!(
                "{}:{} {}{}",
                problem.path,
                problem.line.unwrap_or(0),
                problem.message,
                problem.help.map(|help| format!(" | {help}")).unwrap_or_default()
            )
        })
        .collect();
    insta::assert_snapshot!(problems.join("\n"));
    let missing = folder.check("brithday", &[Sort::Email], &known);
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].message, "there is no template `brithday`");
    assert!(
        TemplateFolder::from_files([("good/email.en.mjml", COPIED.replace(".items", ".gift"))])
            .check("good", &[Sort::Email], &known)
            .is_empty()
    );
}
