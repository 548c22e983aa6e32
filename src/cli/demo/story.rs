//! The summary of the demo: what a newcomer wants to know, and what to try next.

use std::path::PathBuf;

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use super::{Delivered, Did};
use crate::cli::failure::Failure;
use crate::db::Opened;
use crate::jobs::layout::{count, fold};
use crate::jobs::message::in_words;

/// Everything the summary tells.
pub struct Story {
    /// The day the jobs ran for.
    pub day: NaiveDate,
    /// Whether it is the first day shown.
    pub first: bool,
    /// What the ladders did.
    pub tiers: Vec<Did>,
    /// What the message jobs did.
    pub messages: Vec<Did>,
    /// What was sent.
    pub sent: Delivered,
    /// Where the private Postgres lies, if it is one.
    pub private: Option<PathBuf>,
}

impl Story {
    /// For programs.
    pub fn json(&self) -> Value {
        let did =
            |did: &[Did]| did.iter().map(|did| (did.job.clone(), did.json.clone())).collect::<serde_json::Map<_, _>>();
        json!({
            "day": self.day, "ladders": did(&self.tiers), "messages": did(&self.messages),
            "sent": self.sent.accepted.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "waiting": self.sent.waiting,
            "folders": self.sent.folders.iter().map(|(channel, folder)| json!({ "channel": channel, "folder": folder })).collect::<Vec<_>>(),
        })
    }

    /// For people.
    pub async fn text(&self, opened: &Opened) -> Result<String, Failure> {
        let mut text = self.head(opened).await?;
        for tiers in &self.tiers {
            text.push_str(&self.tiers(tiers));
        }
        for messages in &self.messages {
            text.push_str(&birthdays(messages));
        }
        text.push_str(&self.sent());
        text.push_str(&self.next());
        Ok(text)
    }

    async fn head(&self, opened: &Opened) -> Result<String, Failure> {
        let (customers, orders): (i64, i64) =
            sqlx::query_as("select (select count(*) from crm.customer), (select count(*) from crm.orders)")
                .fetch_one(opened.db.pool())
                .await?;
        Ok(format!(
            "\nA made-up company on {} {}: {} customers, {} orders in three years.\n",
            self.day.weekday(),
            self.day,
            count(customers),
            count(orders)
        ))
    }

    fn tiers(&self, did: &Did) -> String {
        let number = |key: &str| count(did.json[key].as_i64().unwrap_or(0));
        let since = if self.first { "a month ago" } else { "the last time" };
        let mut text = format!(
            "\n{}: since {since}, {} customers moved up and {} moved down; {} stayed, {} are new.\n",
            did.job,
            number("rose"),
            number("fell"),
            number("stayed"),
            number("assigned")
        );
        for (way, arrow) in [("rose", "↑"), ("fell", "↓")] {
            if let Some(sample) = example(&did.json, way) {
                let words = |key: &str| sample[key].as_str().unwrap_or_default().to_owned();
                let line = format!(
                    "{arrow} {} ({}) {} → {}: {}",
                    words("name"),
                    words("customer_id"),
                    words("from"),
                    words("to"),
                    words("words")
                );
                text.push_str(&fold(&line, 2));
            }
        }
        let levels = did.json["levels"].as_array().into_iter().flatten();
        let levels = levels.map(|level| {
            format!("{} {}", level["level"].as_str().unwrap_or_default(), count(level["after"].as_i64().unwrap_or(0)))
        });
        text.push_str(&fold(&format!("Now: {}", levels.collect::<Vec<_>>().join(", ")), 2));
        text
    }

    fn sent(&self) -> String {
        let mut text = String::from("\nSent, as far as a demo sends: nothing left this machine.\n");
        for (channel, folder) in &self.sent.folders {
            let today = self.sent.accepted.iter().find(|(sort, _)| sort == channel).map_or(0, |(_, many)| *many);
            let (what, open) = match channel.as_str() {
                "email" => ("mails", "the .eml files open in a mail program"),
                _ => ("text messages", "a line of JSON each"),
            };
            text.push_str(&fold(&format!("{} {what} in {} ({open})", count(today), folder.display()), 2));
        }
        if self.sent.waiting > 0 {
            text.push_str(&fold(
                &format!("{} wait for the customer's own morning in another time zone", count(self.sent.waiting)),
                2,
            ));
        }
        text
    }

    fn next(&self) -> String {
        let tend = program();
        let tomorrow = self.day.succ_opt().unwrap_or(self.day);
        let mut lines = vec![
            (format!("{tend} demo"), "the next day of the same company".to_owned()),
            (
                format!("{tend} plan birthday --at {tomorrow}"),
                "who would get what tomorrow, and why others would not".to_owned(),
            ),
            (format!("{tend} plan value-tiers --at {tomorrow}"), "every move, with its reason".to_owned()),
            (
                "edit jobs/birthday.toml".to_owned(),
                format!("then {tend} check: what a mistake looks like, and when the jobs run"),
            ),
            (format!("{tend} serve"), "the daemon, on the same private Postgres, on today's clock".to_owned()),
        ];
        if self.private.is_some() {
            lines.push(("make demo-clean".to_owned(), "removes all of it".to_owned()));
        }
        let width = lines.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        let lines: String = lines.iter().map(|(command, why)| format!("  {command:width$}  {why}\n")).collect();
        format!("\nTry next\n{lines}")
    }
}

/// The first sample of a move in that direction.
fn example<'j>(json: &'j Value, way: &str) -> Option<&'j Value> {
    let levels: Vec<&str> = json["levels"].as_array()?.iter().filter_map(|level| level["level"].as_str()).collect();
    let place = |value: &Value| value.as_str().and_then(|level| levels.iter().position(|known| *known == level));
    json["samples"].as_array()?.iter().find(|sample| match (place(&sample["from"]), place(&sample["to"])) {
        (Some(from), Some(to)) => (way == "rose") == (to < from) && from != to,
        _ => false,
    })
}

fn birthdays(did: &Did) -> String {
    let json = &did.json;
    let queued = json["queued"]["customers"].as_i64().unwrap_or(0);
    let mut text = format!("\n{}: {} get a message.\n", did.job, count(queued));
    let groups = json["queued"]["by"].as_array().into_iter().flatten();
    let groups: Vec<String> = groups
        .map(|group| {
            let word = |key: &str| group[key].as_str().unwrap_or_default().to_owned();
            format!(
                "{} {} by {} ({})",
                count(group["customers"].as_i64().unwrap_or(0)),
                word("offer"),
                word("channel"),
                word("locale")
            )
        })
        .collect();
    if !groups.is_empty() {
        text.push_str(&fold(&groups.join(", "), 2));
    }
    let refused = json["refused"].as_array().into_iter().flatten();
    let refused: Vec<(i64, String)> = refused
        .map(|refused| {
            (
                refused["customers"].as_i64().unwrap_or(0),
                in_words(refused["reason"].as_str().unwrap_or_default()).to_owned(),
            )
        })
        .collect();
    let without: i64 = refused.iter().map(|(many, _)| many).sum();
    if without > 0 {
        text.push_str(&fold(&format!("{} have a birthday and get none:", count(without)), 2));
        for (many, why) in refused {
            text.push_str(&fold(&format!("{} {why}", count(many)), 4));
        }
    }
    text
}

/// How this program was called, for commands that can be copied.
fn program() -> String {
    std::env::args_os().next().map_or_else(|| "tend".to_owned(), |name| name.to_string_lossy().into_owned())
}
