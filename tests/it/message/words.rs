//! What the shipped templates say, in each language and to people with all kinds of names.

use serde_json::{Value, json};
use tend::outbox::channel::settings::Sort;
use tend::outbox::survey::{self, Survey};
use tend::outbox::template::{Asks, Compiled, Context, MessageLinks, Rendered};

use super::people::{Person, come};
use super::plan::{Plan, templates};
use crate::support::World;

fn compiled() -> Compiled {
    templates().compile("birthday").unwrap()
}

/// A question as the templates of shipped jobs show one.
fn asks() -> std::sync::Arc<Survey> {
    let reasons: Vec<Value> = [("price", "The price", "价格"), ("service", "The service", "服务")]
        .map(|(name, en, zh)| json!({ "name": name, "words": { "en": en, "zh-CN": zh } }))
        .to_vec();
    let survey = json!({ "kind": "choice", "question": { "en": "What kept you away?", "zh-CN": "是什么让您没有再来？" },
                         "reasons": reasons, "comment": true, "link_ttl_secs": 60, "on_answer": [] });
    survey::read(Some(survey)).unwrap()
}

pub(super) fn render(compiled: &Compiled, sort: Sort, locale: &str, name: &str, data: Value) -> Rendered {
    let context = Context {
        letter: false,
        customer_id: "c1".into(),
        name: name.into(),
        locale: Some(locale.into()),
        country: None,
        message_id: "m1".into(),
        links: Some(MessageLinks {
            unsubscribe: "https://shop.example/u/x".into(),
            preferences: "https://shop.example/p/x".into(),
        }),
        asks: Some(Asks { url: "https://shop.example/s/x".into(), survey: asks() }),
        data,
    };
    let company = [("name", "云岭生活"), ("url", "https://shop.example"), ("address", "上海市静安区南京西路 1266 号")];
    let company = minijinja::Value::from_pairs(company);
    compiled.render(sort, locale, &context, &company).unwrap()
}

fn mail(locale: &str, name: &str) -> (String, String, String) {
    let data = json!({ "offer": { "name": "mid", "gift": "满 200 元立减 50 元", "note": "全场通用。" },
                       "occasion": { "date": "2026-11-04", "year": 2026, "kind": "birthday" } });
    match render(&compiled(), Sort::Email, locale, name, data) {
        Rendered::Mail { subject, html, text } => (subject, html, text),
        Rendered::Sms { .. } => panic!("a text message instead of a mail"),
    }
}

/// Every offer of the shipped file, as the planner words it.
async fn offers() -> Vec<(String, Value)> {
    let world = World::new().await;
    for tier in ["high", "mid", "normal"] {
        for locale in ["zh-CN", "en"] {
            come(
                &world,
                [Person::born(&format!("{tier}-{locale}"), 11, 4).tier(tier).set("locale", format!("'{locale}'"))],
            )
            .await;
        }
    }
    Plan::shipped().on(&world, "2026-11-01").await;
    sqlx::query_as("select locale, data from tend.outbox order by data -> 'offer' ->> 'name', locale")
        .fetch_all(world.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn each_offer_reads_well_in_each_language() {
    let compiled = compiled();
    let mut said = String::new();
    for (locale, data) in offers().await {
        for sort in [Sort::Email, Sort::Sms] {
            let name = if locale == "en" { "Eleanor" } else { "林晓燕" };
            said += &match render(&compiled, sort, &locale, name, data.clone()) {
                Rendered::Mail { subject, text, .. } => format!("=== {locale} mail: {subject}\n{text}\n\n"),
                Rendered::Sms { text, length, .. } => {
                    format!("=== {locale} text message in {}: {text}\n\n", length.parts)
                }
            };
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn names_of_all_kinds_are_written_as_they_are_and_never_as_markup() {
    for (name, html) in [
        ("欧阳娜娜", "欧阳娜娜"),
        ("\u{2068}محمد علي\u{2069}", "&#8296;محمد علي&#8297;"),
        ("Zoë 🎂 O'Neill", "Zoë 🎂 O&#39;Neill"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("A & B \"Ltd\"", "A &amp; B &quot;Ltd&quot;"),
        ("{{ 7 * 7 }}", "{{ 7 * 7 }}"),
    ] {
        let (subject, page, text) = mail("en", name);
        assert_eq!(subject, format!("{name}, your birthday present is here early"));
        let greeting = page.split("Happy birthday, ").nth(1).and_then(|rest| rest.split("</div>").next());
        assert_eq!(greeting, Some(format!("<bdi>{html}</bdi>").as_str()));
        assert!(text.contains(&format!("Happy birthday, {name}")), "{name}: {text}");
        assert!(!page.contains("<script>"), "{name}");
    }
}

#[test]
fn a_name_cannot_break_out_of_the_subject() {
    let (subject, ..) = mail("zh-CN", "王伟\r\nBcc: all@example.com");
    assert!(!subject.contains(['\r', '\n']), "{subject:?}");
}

#[test]
fn nobody_is_addressed_by_an_empty_name() {
    assert_eq!(mail("zh-CN", "").0, "您的生日礼物提前到了");
    let (subject, page, _) = mail("en", "");
    assert_eq!(subject, "Your birthday present is here early");
    assert!(page.contains("Happy birthday<"), "{page}");
}

#[test]
fn a_mail_is_compiled_once() {
    for locale in ["zh-CN", "en"] {
        assert!(compiled().is_compiled_once(locale), "{locale}");
    }
}
