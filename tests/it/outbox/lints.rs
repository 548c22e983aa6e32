//! What is said about mails and text messages that carriers, mail providers or customers would not take well.

use serde_json::json;
use tend::outbox::channel::settings::Sort;
use tend::outbox::template::{ByTemplate, Context, Known, Length, Rendered, TemplateFolder};

fn said(path: &str, text: &str, advertises: bool) -> Vec<String> {
    let folder = TemplateFolder::from_files([(format!("t/{path}"), text.to_owned())]);
    let known = Known { offer: ["gift".to_owned()].into(), advertises, ..Known::default() };
    let sort = if path.starts_with("email") { Sort::Email } else { Sort::Sms };
    folder.check("t", &[sort], &known).into_iter().map(|problem| problem.message).collect()
}

fn mail(head: &str, body: &str) -> String {
    format!(
        "<mjml><mj-head><mj-title>Hi</mj-title>{head}</mj-head><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"
    )
}

#[test]
fn an_advertising_mail_has_a_preheader_and_a_link_to_unsubscribe() {
    let good =
        mail("<mj-preview>News</mj-preview>", "<mj-text><a href=\"{{ links.unsubscribe }}\">Unsubscribe</a></mj-text>");
    assert_eq!(said("email.en.mjml", &good, true), [""; 0]);
    let bare = mail("", "<mj-text>Hi</mj-text>");
    assert_eq!(
        said("email.en.mjml", &bare, true),
        ["an advertising mail must show how to unsubscribe", "the mail has no preheader"]
    );
    assert_eq!(said("email.en.mjml", &bare, false), [""; 0], "a service mail need not");
}

#[test]
fn images_come_over_https_and_have_words() {
    let image = |attributes: &str| said("email.en.mjml", &mail("", &format!("<mj-image {attributes} />")), false);
    assert_eq!(image("src=\"https://shop.example/a.png\" alt=\"a rose\""), [""; 0]);
    assert_eq!(image("src=\"{{ company.url }}/a.png\" alt=\"a rose\""), [""; 0]);
    assert_eq!(image("src=\"http://shop.example/a.png\" alt=\"a rose\""), ["images come over https only"]);
    assert_eq!(image("src=\"data:image/png;base64,AA\" alt=\"a rose\""), ["images come over https only"]);
    assert_eq!(
        image("src=\"cid:{{ occasion.kind }}\" alt=\"a rose\"")[0],
        "images come over https only",
        "nothing goes with it"
    );
    let letter = Known { occasion: ["chart".to_owned()].into(), letter: true, ..Known::default() };
    let attached = |source: &str| {
        let text = mail("", &format!("<mj-image src=\"{source}\" alt=\"a chart\" />"));
        let folder = TemplateFolder::from_files([("t/email.en.mjml", text)]);
        folder.check("t", &[Sort::Email], &letter).into_iter().map(|problem| problem.message).collect::<Vec<_>>()
    };
    assert_eq!(attached("cid:{{ occasion.chart }}"), [""; 0], "a letter brings its pictures along");
    assert_eq!(attached("cid:logo"), ["images come over https only"], "those that the job makes");
    assert_eq!(
        image("src=\"https://shop.example/a.png\""),
        ["the image <mj-image> has no words for those who do not see it"]
    );
    assert_eq!(
        image("src=\"https://shop.example/a.png\" alt=\" \""),
        ["the image <mj-image> has no words for those who do not see it"]
    );
}

#[test]
fn values_in_addresses_are_escaped_and_an_address_is_nobody_s_name() {
    let link =
        |href: &str| said("email.en.mjml", &mail("", &format!("<mj-button href=\"{href}\">Go</mj-button>")), false);
    assert_eq!(link("https://shop.example/?c={{ customer.id|urlencode }}&amp;m={{ message.id }}"), [""; 0]);
    assert_eq!(link("{{ company.url|default('#') }}"), [""; 0]);
    assert_eq!(link("mailto:help@shop.example"), [""; 0]);
    assert_eq!(
        link("https://shop.example/?c={{ customer.name }}"),
        ["`customer.name` may hold characters that break the address"]
    );
    assert_eq!(link("{{ customer.name }}"), ["`customer.name` cannot be an address"]);
    assert_eq!(link("javascript:alert(1)"), ["this is no address to go to"]);
}

#[test]
fn an_advertising_text_message_is_signed_and_says_how_to_refuse_it() {
    let zh = |text: &str| said("sms.zh-CN.txt", text, true);
    assert_eq!(zh("【{{ company.name }}】{{ offer.gift }}，拒收请回复R"), [""; 0]);
    assert_eq!(zh("【云岭】新品到店，回T退订"), [""; 0]);
    assert_eq!(zh("{{ offer.gift }}，拒收请回复R"), ["the message does not begin with a signature"]);
    assert_eq!(
        zh(
            "【云岭】退订请回复TD。详情见本店公告，本店公告在店内张贴，欢迎各位新老顾客前来选购，数量有限，先到先得，售完即止哦"
        ),
        ["an advertising text message must end with how to refuse it"]
    );
    let en = |text: &str| said("sms.en.txt", text, true);
    assert_eq!(en("Shop: {{ offer.gift }}. Reply STOP to opt out"), [""; 0]);
    assert_eq!(en("Shop: {{ offer.gift }}."), ["an advertising text message must end with how to refuse it"]);
    assert_eq!(said("sms.en.txt", "Your parcel is here", false), [""; 0]);
}

const FORM: &str = "template = \"SMS_1\"\nsignature = \"云岭\"\ntext = \"${name}，为您备好${gift}。拒收请回复R\"\n\
[params]\nname = \"{{ customer.name|default('会员') }}\"\ngift = \"{{ offer.gift }}\"\n";

#[test]
fn a_template_of_the_gateway_is_checked_placeholder_by_placeholder() {
    assert_eq!(said("sms.zh-CN.toml", FORM, true), [""; 0]);
    assert_eq!(
        said("sms.zh-CN.toml", &FORM.replace("gift = ", "gfit = "), true),
        ["the placeholder ${gift} has no value: add `gift = \"…\"` to [params]", "the text has no placeholder ${gfit}"]
    );
    assert_eq!(
        said("sms.zh-CN.toml", &FORM.replace("offer.gift", "offer.gfit"), true),
        ["unknown variable `offer.gfit`"]
    );
    assert_eq!(
        said("sms.zh-CN.toml", &FORM.replace("signature = \"云岭\"", "signature = \"\""), true),
        ["the signature is empty"]
    );
    assert_eq!(
        said("sms.zh-CN.toml", &FORM.replace("拒收请回复R", "再见"), true),
        ["an advertising text message must end with how to refuse it"]
    );
    assert!(said("sms.zh-CN.toml", &FORM.replace("template", "templte"), true)[0].contains("templte"));
    let both = TemplateFolder::from_files([("t/sms.zh-CN.toml", FORM), ("t/sms.zh-CN.txt", "【云】x")]);
    let problems = both.check("t", &[Sort::Sms], &Known { offer: ["gift".to_owned()].into(), ..Known::default() });
    assert_eq!(problems[0].message, "there is a sms.zh-CN.txt too");
}

#[test]
fn the_gateway_gets_template_and_values_and_people_see_the_text() {
    let folder = TemplateFolder::from_files([("t/sms.zh-CN.toml", FORM)]);
    assert_eq!(folder.locales("t", Sort::Sms), ["zh-CN"]);
    let context = Context {
        letter: false,
        customer_id: "c1".into(),
        name: "王\n伟".into(),
        locale: None,
        country: None,
        message_id: "m".into(),
        links: None,
        asks: None,
        data: json!({ "offer": { "gift": "满 200 减 50" } }),
    };
    let company = minijinja::Value::from_pairs([("name", "云岭")]);
    let text = "【云岭】王 伟，为您备好满 200 减 50。拒收请回复R";
    let params = vec![("name".to_owned(), "王 伟".to_owned()), ("gift".to_owned(), "满 200 减 50".to_owned())];
    assert_eq!(
        folder.compile("t").unwrap().render(Sort::Sms, "zh-CN", &context, &company).unwrap(),
        Rendered::Sms {
            text: text.into(),
            length: Length::of(text),
            by: Some(ByTemplate { template: "SMS_1".into(), params })
        }
    );
}

#[test]
fn languages_are_matched_by_script_and_then_by_language() {
    use tend::outbox::template::nearest;
    let of = |wanted, offered: &[&'static str]| nearest(wanted, offered.iter().copied()).unwrap();
    for (wanted, offered, got) in [
        ("zh-TW", ["zh-CN", "zh-Hant"], "zh-Hant"),
        ("zh-HK", ["zh-CN", "zh-TW"], "zh-TW"),
        ("zh-Hant-HK", ["zh-CN", "zh-TW"], "zh-TW"),
        ("zh-Hans-SG", ["zh-TW", "zh-CN"], "zh-CN"),
        ("zh", ["zh-TW", "zh-CN"], "zh-CN"),
        ("zh_Hant", ["zh-CN", "zh-MO"], "zh-MO"),
        ("en-GB", ["zh-CN", "en"], "en"),
        ("en", ["zh-CN", "en-US"], "en-US"),
        ("pt-BR", ["en", "pt"], "pt"),
        ("pt-PT", ["en", "pt-BR"], "pt-BR"),
        ("tlh", ["en", "zh-CN"], "en"),
        ("", ["en", "zh-CN"], "en"),
        ("EN-gb", ["zh-CN", "en-GB"], "en-GB"),
    ] {
        assert_eq!(of(wanted, &offered), got, "{wanted} of {offered:?}");
    }
}
