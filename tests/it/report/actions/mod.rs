//! Actions: the circle from a figure that missed its target to the review that says whether it moved; the page; the command.

mod circle;
mod command;
mod page;

use mail_parser::MessageParser;

use super::mailed::{MORNING, bench, delivered_with, house};
use super::ticket;
use crate::support::process::Bench;
use crate::support::{World, instant};
use crate::web::{BASE, Site};

/// A house with its review of May, which missed its target, as the mails that went out: reader and text.
struct Reviewed {
    world: World,
    bench: Bench,
    site: Site,
}

impl Reviewed {
    async fn may() -> Self {
        let world = house().await;
        let (bench, site) = (bench(&world), Site::open(&world).await);
        world.advance_to(instant(MORNING)).await;
        bench.ok(&["run", "review", "--at", MORNING]);
        Self { world, bench, site }
    }

    /// A ticket of June that was answered so many hours after it was opened.
    async fn ticket(&self, id: &str, customer: &str, who: &str, hours: u32) {
        let (says, log) =
            (format!("assignee_id = '{who}'"), format!("agent_message - {who} 2026-06-12 {:02}:00", 8 + hours));
        ticket(&self.world, id, customer, "2026-06-12 08:00", &says, &log).await;
    }

    /// Makes the review of an instant.
    async fn run(&self, at: &str) {
        self.world.advance_to(instant(at)).await;
        self.bench.ok(&["run", "review", "--at", at]);
    }

    /// The mails that go out now: reader and text.
    async fn mails(&self) -> Vec<(String, String)> {
        let mails = delivered_with(&self.world, Some(self.site.links.clone())).await;
        let text = |text: &str| {
            let parsed = MessageParser::default().parse(text.as_bytes()).unwrap();
            let html = parsed.body_html(0).unwrap();
            assert!(!html.contains("undefined") && !html.contains("<b>"), "{html}");
            parsed.body_text(0).unwrap().replace('\r', "")
        };
        mails.iter().map(|mail| (mail.to.clone(), text(&mail.text))).collect()
    }
}

/// What somebody was sent.
fn to<'m>(mails: &'m [(String, String)], who: &str) -> &'m str {
    mails.iter().find(|(to, _)| to.starts_with(who)).map_or_else(|| panic!("nothing to {who}"), |(_, text)| text)
}

/// The links of a mail, in order.
fn links(text: &str) -> Vec<String> {
    let begins = format!("{BASE}/g/");
    let mut found: Vec<String> = Vec::new();
    for (at, _) in text.match_indices(&begins) {
        let end =
            text[at..].find(|sign: char| sign.is_whitespace() || ")>\"".contains(sign)).unwrap_or(text.len() - at);
        found.push(text[at..at + end].to_owned());
    }
    found
}

/// The mail without its signatures, which differ from day to day.
fn unsigned(text: &str) -> String {
    links(text).iter().fold(text.to_owned(), |text, link| text.replace(link.as_str(), "LINK"))
}
