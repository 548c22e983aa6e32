//! Every offer of the shipped job files, as each language and channel words it.

use std::path::Path;
use std::sync::Arc;

use tend::engine::door::{MadeUp, Run};
use tend::jobfile::folder::read_folder;
use tend::jobs::KINDS;
use tend::outbox::channel::settings::Sort;
use tend::outbox::survey::{self, Survey};
use tend::outbox::template::{Asks, Context, MessageLinks, Rendered};

use super::plan::{SHANGHAI, templates};
use crate::support::instant;

const JOBS: [&str; 16] = [
    "birthday",
    "browse-no-buy",
    "csat",
    "csat-visits",
    "dormant-wakeup",
    "festivals",
    "habit-coupon",
    "invitations",
    "nps",
    "potential-nurture",
    "purchase-anniversary",
    "silent-care",
    "ticket-updates",
    "upgrade-nudge",
    "welcome",
    "winback",
];

/// One way a message may come out.
struct Said {
    offer: String,
    step: String,
    locale: String,
    rendered: Rendered,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = [&self.offer, &self.step, &self.locale].map(String::as_str);
        f.write_str(&words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
    }
}

/// What is said of every offer, by every message of a job; text messages with their parts.
fn said(job: &str, name: &str) -> Vec<Said> {
    let folder = read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs"), KINDS).unwrap();
    let file = &folder.jobs[job];
    let run = Run::asked(job, "", instant("2026-06-01T00:00:00Z"), SHANGHAI);
    let offers = match file.code.made_up(&run, Some("?")).unwrap() {
        Err(offers) if offers.is_empty() => vec![None],
        Err(offers) => offers.into_iter().map(Some).collect(),
        Ok(_) => panic!("{job} has an offer `?`"),
    };
    let made_up = offers.iter().flat_map(|offer| file.code.made_up(&run, offer.as_deref()).unwrap().unwrap());
    let asks = survey::read(file.code.asks());
    made_up.flat_map(|made_up| worded(&made_up, name, asks.as_ref())).collect()
}

/// A message in each language and channel it has.
fn worded(made_up: &MadeUp, name: &str, asks: Option<&Arc<Survey>>) -> Vec<Said> {
    let company =
        minijinja::Value::from_pairs([("name", "云岭生活"), ("url", "https://shop.example"), ("address", "")]);
    let compiled = templates().compile(&made_up.template).unwrap();
    let mut all = Vec::new();
    for locale in ["zh-CN", "en"] {
        let links = MessageLinks {
            unsubscribe: "https://shop.example/u/x".into(),
            preferences: "https://shop.example/p/x".into(),
        };
        let context = Context {
            letter: false,
            customer_id: "c1".into(),
            name: name.into(),
            locale: None,
            country: None,
            message_id: "m".into(),
            links: Some(links),
            // as long as those that are signed
            asks: asks.map(|survey| Asks {
                url: format!("https://mail.shop.example/s/{}", "x".repeat(51)),
                survey: Arc::clone(survey),
            }),
            data: made_up.data[locale].clone(),
        };
        for sort in [Sort::Email, Sort::Sms].into_iter().filter(|sort| made_up.languages.contains_key(sort.as_str())) {
            let rendered = compiled.render(sort, locale, &context, &company).unwrap();
            let offer = made_up.offer.clone().unwrap_or_default();
            all.push(Said { offer, step: made_up.step.clone(), locale: locale.to_owned(), rendered });
        }
    }
    all
}

#[test]
fn every_message_job_that_is_shipped_is_read_here() {
    let folder = read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs"), KINDS).unwrap();
    let shipped: Vec<&str> =
        folder.jobs.values().filter(|job| job.kind == "message").map(|job| job.job.as_str()).collect();
    assert_eq!(shipped, JOBS);
}

#[test]
fn every_offer_reads_well_in_each_language() {
    let mut all = String::new();
    for job in JOBS {
        for said in said(job, "林晓燕") {
            all += &match &said.rendered {
                Rendered::Mail { subject, text, .. } => format!("=== {job} {said} mail: {subject}\n{text}\n\n"),
                Rendered::Sms { text, length, .. } => {
                    format!("=== {job} {said} text message in {}: {text}\n\n", length.parts)
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
            for said in said(job, name) {
                let (Rendered::Mail { text, .. } | Rendered::Sms { text, .. }) = &said.rendered;
                for slip in [" ,", ", ,", " ，", "，，", "{{", "undefined", "none", "()"] {
                    assert!(!text.contains(slip), "{job} {said} {slip:?}: {text}");
                }
                // a Chinese name makes an English message one of 70 characters a part: that is not a usual one
                let usual = said.locale == "zh-CN" || name.is_ascii();
                if let Rendered::Sms { length, .. } = &said.rendered {
                    assert!(!usual || length.parts <= 2 || !length.gsm, "{job} {said}: {} parts: {text}", length.parts);
                }
            }
        }
    }
}
