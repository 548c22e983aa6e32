//! What the mails and text messages of the shipped jobs say, with what their triggers know of the occasion.

use serde_json::{Value, json};
use tend::calendar::holiday::KNOWN;
use tend::outbox::channel::settings::Sort;
use tend::outbox::template::Rendered;

use super::plan::templates;
use super::words::render;

/// Template, its channels, what the trigger says of the occasion.
fn occasions() -> Vec<(&'static str, &'static [Sort], Value)> {
    let both: &[Sort] = &[Sort::Email, Sort::Sms];
    let festival =
        |name: &str| json!({ "kind": "holiday", "date": "2027-02-06", "year": 2027, "holiday": name, "title": "-" });
    vec![
        ("festivals", both, festival("spring_festival")),
        ("festivals", both, festival("dragon_boat")),
        ("festivals", both, festival("new_year")),
        (
            "purchase-anniversary",
            both,
            json!({ "kind": "first_order", "date": "2027-06-02", "year": 2027, "years": 1, "since": "2026-06-02" }),
        ),
        (
            "purchase-anniversary",
            both,
            json!({ "kind": "first_order", "date": "2027-06-02", "year": 2027, "years": 10, "since": "2017-06-02" }),
        ),
        (
            "dormant-wakeup",
            both,
            json!({ "kind": "inactivity", "date": "2026-12-01", "year": 2026, "days": 183, "since": "2026-06-01" }),
        ),
        (
            "dormant-reminder",
            &[Sort::Sms],
            json!({ "kind": "inactivity", "date": "2026-12-01", "year": 2026, "days": 183, "since": "2026-06-01" }),
        ),
        (
            "browse-no-buy",
            both,
            json!({ "kind": "view", "date": "2026-11-20", "year": 2026, "count": 3, "since": "2026-11-16", "product": "P1" }),
        ),
        (
            "habit-coupon",
            both,
            json!({ "kind": "habit", "date": "2026-11-28", "year": 2026, "hour": 10, "weekday": 6, "orders": 4, "of": 5 }),
        ),
    ]
}

#[test]
fn every_shipped_message_reads_well_in_each_language() {
    let mut said = String::new();
    for (template, sorts, occasion) in occasions() {
        let compiled = templates().compile(template).unwrap();
        for (locale, name, gift, note) in [
            ("zh-CN", "林晓燕", "满 100 元立减 20 元", "即日起 30 天内有效。"),
            ("en", "Eleanor", "¥20 off any order of ¥100", "Valid for 30 days."),
        ] {
            let mut occasion = occasion.clone();
            if let Some(known) = KNOWN.iter().find(|known| occasion["holiday"] == known.name) {
                occasion["title"] = json!(if locale == "en" { known.en } else { known.zh });
            }
            for sort in sorts {
                let data = json!({ "offer": { "name": "normal", "gift": gift, "note": note }, "occasion": occasion });
                said += &match render(&compiled, *sort, locale, name, data) {
                    Rendered::Mail { subject, text, .. } => {
                        format!("=== {template} {locale} mail: {subject}\n{text}\n\n")
                    }
                    Rendered::Sms { text, length, .. } => {
                        assert!(length.parts <= 3, "{template} {locale}: {} parts", length.parts);
                        format!("=== {template} {locale} text message in {}: {text}\n\n", length.parts)
                    }
                };
            }
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn nobody_is_addressed_by_an_empty_name_and_names_are_never_markup() {
    for (template, sorts, occasion) in occasions() {
        let compiled = templates().compile(template).unwrap();
        for (sort, locale) in sorts.iter().flat_map(|sort| [(*sort, "zh-CN"), (*sort, "en")]) {
            let data = json!({ "offer": { "name": "normal", "gift": "G", "note": "N" }, "occasion": occasion });
            let (Rendered::Mail { text, .. } | Rendered::Sms { text, .. }) =
                render(&compiled, sort, locale, "", data.clone());
            for slip in [" ,", ", ,", " ，", "，，", "{{", "undefined", "none"] {
                assert!(!text.contains(slip), "{template} {locale} {slip:?}: {text}");
            }
            if let Rendered::Mail { html, .. } = render(&compiled, sort, locale, "<b>B</b>", data) {
                assert!(!html.contains("<b>B"), "{template} {locale}");
            }
        }
    }
}

#[test]
fn every_topic_of_the_shipped_jobs_has_a_name_in_each_language_of_the_pages() {
    let table = |path: &std::path::Path| -> toml::Table { std::fs::read_to_string(path).unwrap().parse().unwrap() };
    let settings = table("config/default.toml".as_ref());
    let mut topics = 0;
    for file in std::fs::read_dir("jobs").unwrap().flatten().filter(|file| file.path().is_file()) {
        let job = table(&file.path());
        let Some(topic) = job.get("message").and_then(|message| message["topic"].as_str()) else { continue };
        let names = settings["public"]["topics"].get(topic).and_then(|names| names.as_table());
        let languages: Vec<&String> = names.iter().flat_map(|names| names.keys()).collect();
        assert_eq!(languages, ["en", "zh-CN"], "{topic} of {}", file.path().display());
        topics += 1;
    }
    assert!(topics >= 12, "{topics}");
}
