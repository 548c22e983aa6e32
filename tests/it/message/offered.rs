//! Every offer of the job files about customers' standing, as each language and channel words it.

use std::path::Path;

use tend::engine::door::Run;
use tend::jobfile::folder::read_folder;
use tend::jobs::KINDS;
use tend::outbox::channel::settings::Sort;
use tend::outbox::template::{Context, MessageLinks, Rendered};

use super::plan::{SHANGHAI, templates};
use crate::support::instant;

const JOBS: [&str; 6] = ["invitations", "potential-nurture", "silent-care", "upgrade-nudge", "welcome", "winback"];

/// Offer, language and what is said, of every offer of a job; text messages with their parts.
fn said(job: &str, name: &str) -> Vec<(String, String, Rendered)> {
    let folder = read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs"), KINDS).unwrap();
    let file = &folder.jobs[job];
    let run = Run::asked(job, "", instant("2026-06-01T00:00:00Z"), SHANGHAI);
    let offers = match file.code.made_up(&run, Some("?")).unwrap() {
        Err(offers) if offers.is_empty() => vec![None],
        Err(offers) => offers.into_iter().map(Some).collect(),
        Ok(_) => panic!("{job} has an offer `?`"),
    };
    let company =
        minijinja::Value::from_pairs([("name", "云岭生活"), ("url", "https://shop.example"), ("address", "")]);
    let mut all = Vec::new();
    for offer in offers {
        let made_up = file.code.made_up(&run, offer.as_deref()).unwrap().unwrap();
        let compiled = templates().compile(&made_up.template).unwrap();
        for locale in ["zh-CN", "en"] {
            let links = MessageLinks {
                unsubscribe: "https://shop.example/u/x".into(),
                preferences: "https://shop.example/p/x".into(),
            };
            let context = Context {
                customer_id: "c1".into(),
                name: name.into(),
                locale: None,
                country: None,
                message_id: "m".into(),
                links: Some(links),
                data: made_up.data[locale].clone(),
            };
            for sort in [Sort::Email, Sort::Sms] {
                let rendered = compiled.render(sort, locale, &context, &company).unwrap();
                all.push((offer.clone().unwrap_or_default(), locale.to_owned(), rendered));
            }
        }
    }
    all
}

#[test]
fn every_offer_reads_well_in_each_language() {
    let mut all = String::new();
    for job in JOBS {
        for (offer, locale, rendered) in said(job, "林晓燕") {
            all += &match rendered {
                Rendered::Mail { subject, text, .. } => {
                    format!("=== {job} {offer} {locale} mail: {subject}\n{text}\n\n")
                }
                Rendered::Sms { text, length, .. } => {
                    format!("=== {job} {offer} {locale} text message in {}: {text}\n\n", length.parts)
                }
            };
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_text_message_to_a_usual_name_keeps_to_two_parts_and_nobody_is_called_nothing() {
    for job in JOBS {
        for name in ["Alexandra Whitfield", "欧阳娜娜", ""] {
            for (offer, locale, rendered) in said(job, name) {
                let (Rendered::Mail { text, .. } | Rendered::Sms { text, .. }) = &rendered;
                for slip in [" ,", ", ,", " ，", "，，", "{{", "undefined", "none", "()"] {
                    assert!(!text.contains(slip), "{job} {offer} {locale} {slip:?}: {text}");
                }
                // a Chinese name makes an English message one of 70 characters a part: that is not a usual one
                let usual = locale == "zh-CN" || name.is_ascii();
                if let Rendered::Sms { length, .. } = rendered {
                    assert!(
                        !usual || length.parts <= 2 || !length.gsm,
                        "{job} {offer} {locale}: {} parts: {text}",
                        length.parts
                    );
                }
            }
        }
    }
}
