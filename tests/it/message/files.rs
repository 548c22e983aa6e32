//! What is said about message files that are wrong.

use std::fmt::Write as _;

use tend::jobfile::kind::Kind;
use tend::jobs::message::MessageKind;

use super::plan::{SHANGHAI, changed, read, shipped};

/// What is wrong with the shipped file after one change.
fn said(from: &str, to: &str) -> String {
    let (job, problems) = read(&changed(from, to), SHANGHAI);
    let mut text =
        format!("{} → {}\n", from.replace('\n', "⏎"), if to.is_empty() { "(gone)" } else { to }.replace('\n', "⏎"));
    for problem in problems.iter() {
        let help = problem.help.as_deref().map(|help| format!(" [{help}]")).unwrap_or_default();
        let _ = writeln!(text, "  {}: {}{help}", problem.file, problem.message);
    }
    assert!(!problems.is_empty(), "nothing is wrong: {text}");
    let _ = job;
    text
}

#[test]
fn the_shipped_file_is_right() {
    let (job, problems) = read(&shipped(), SHANGHAI);
    assert!(problems.is_empty(), "{}", problems.render(false));
    let templates = job.unwrap().templates();
    assert_eq!(
        templates,
        ["birthday/email.en.mjml", "birthday/email.zh-CN.mjml", "birthday/sms.en.txt", "birthday/sms.zh-CN.txt"]
    );
}

#[test]
fn each_slip_has_its_sentence() {
    let slips = [
        ("purpose  = \"marketing\"", ""),
        ("purpose  = \"marketing\"", "purpose = \"advert\""),
        ("topic    = \"birthday\"", "topic = \"\""),
        ("template = \"birthday\"", "template = \"brithday\""),
        ("locale   = \"zh-CN\"", "locale = \"zh\""),
        ("consent  = \"granted\"", "consent = \"not_needed\""),
        ("consent  = \"granted\"", "consnet = \"granted\""),
        ("priority = 80", "priority = 101"),
        ("on           = \"anniversary\"", "on = \"birthday\""),
        ("field        = \"birthday\"", ""),
        ("offset       = \"-3d\"", "offset = -3"),
        ("offset       = \"-3d\"", "offset = \"-3h\""),
        ("offset       = \"-3d\"", "offset = \"-99d\""),
        ("expire_after = \"4d\"", "expire_after = \"0d\""),
        ("calendar     = \"per_customer\"", "calendar = \"gregorian\""),
        ("feb_29       = \"feb_28\"", ""),
        ("lunar_leap   = \"plain_month\"", "lunar_leap = \"plain\""),
        ("lunar_day_30 = \"day_29\"", ""),
        ("field = \"status\"", "field = \"stauts\""),
        ("[audience]", "[audiences]"),
        ("name = \"mid\"", "name = \"high\""),
        ("when = { ladder = \"value-tiers\", is = \"mid\" }", ""),
        ("when = { ladder = \"value-tiers\", is = \"mid\" }", "when = { ladder = \"value-tiers\", is = \"middle\" }"),
        (
            "gift = { zh-CN = \"满 200 元立减 50 元\", en = \"¥50 off any order of ¥200\" }",
            "gift = { zh-CN = \"满 200 元立减 50 元\" }",
        ),
        (
            "gift = { zh-CN = \"满 200 元立减 50 元\", en = \"¥50 off any order of ¥200\" }",
            "gift = { zh-CN = \"礼\", en = \"gift\", fr = \"cadeau\" }",
        ),
        ("gift = { zh-CN = \"满 200 元立减 50 元\", en = \"¥50 off any order of ¥200\" }", "gift = 50"),
        ("gift = { zh-CN = \"满 200 元立减 50 元\", en = \"¥50 off any order of ¥200\" }", "present = \"x\""),
        ("gift = { zh-CN = \"满 200 元立减 50 元\", en = \"¥50 off any order of ¥200\" }", "Gift-Card = \"x\""),
        ("channels = [\"preferred\", \"email\", \"sms\"]", ""),
        ("channels = [\"preferred\", \"email\", \"sms\"]", "channels = [\"preferred\"]"),
        ("channels = [\"preferred\", \"email\", \"sms\"]", "channels = [\"email\", \"preferred\", \"mail\"]"),
        ("channels = [\"preferred\", \"email\", \"sms\"]", "channels = [\"email\", \"email\"]"),
        ("at       = \"10:00\"", "at = \"8:00\""),
        ("at       = \"10:00\"", "at = \"21:00\""),
        ("window   = [\"09:00\", \"20:00\"]", "window = [\"09:00\"]"),
        ("window   = [\"09:00\", \"20:00\"]", "window = [\"09:00\", \"24:00\"]"),
        ("window   = [\"09:00\", \"20:00\"]", "window = [\"09:00\", \"09:00\"]"),
        ("window   = [\"09:00\", \"20:00\"]", "on_unknown = \"retry\""),
    ];
    let said: Vec<_> = slips.iter().map(|(from, to)| said(from, to)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_topic_fits_into_a_link() {
    let problems = |length: usize| {
        let file = changed("topic    = \"birthday\"", &format!("topic = \"{}\"", "x".repeat(length)));
        read(&file, SHANGHAI).1.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(problems(101), ["a topic is at most 100 bytes long"]);
    assert!(problems(100).is_empty());
}

#[test]
fn a_template_that_asks_for_what_no_offer_sets_is_named_with_its_place() {
    let file = changed("gift = { zh-CN = \"专属定制礼物一份\", en = \"A gift made for you\" }\n", "")
        .replace("gift = { zh-CN = \"满 200 元立减 50 元\", en = \"¥50 off any order of ¥200\" }\n", "")
        .replace("gift = { zh-CN = \"无门槛生日券 15 元\", en = \"A ¥15 birthday coupon\" }\n", "");
    let (_, problems) = read(&file, SHANGHAI);
    insta::assert_snapshot!(problems.render(false));
}

#[test]
fn the_schema_knows_every_key_of_the_shipped_file() {
    let schema: serde_json::Map<_, _> =
        MessageKind.schema().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let keys: Vec<_> = std::iter::once(MessageKind.name()).chain(MessageKind.keys().iter().copied()).collect();
    assert_eq!(
        schema.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
        keys.iter().copied().collect()
    );
    let file: toml::Table = shipped().parse().unwrap();
    for table in ["message", "trigger", "delivery"] {
        // a trigger is one of several tables; the first is the anniversary
        let schema = schema[table]["oneOf"].get(0).unwrap_or(&schema[table]);
        let properties = schema["properties"].as_object().unwrap();
        for key in file[table].as_table().unwrap().keys() {
            assert!(properties.contains_key(key), "{table}.{key}");
        }
        assert_eq!(schema["additionalProperties"], false, "{table}");
    }
}
