//! The summary of the demo: what a newcomer wants to know, and what to try next.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Delivered, Did};
use crate::cli::failure::Failure;
use crate::db::Opened;
use crate::jobs::layout::{Align, count, counted, fold, table};
use crate::jobs::message::refusal_in_words;

/// Everything the summary tells.
pub struct Story {
    /// The day the jobs ran for.
    pub day: NaiveDate,
    /// Whether it is the first day shown.
    pub first: bool,
    /// What the ladders did.
    pub tiers: Vec<Did>,
    /// What the jobs did that make tasks for people.
    pub tasks: Vec<Did>,
    /// What the message jobs did.
    pub messages: Vec<Did>,
    /// Message jobs that are not due on the day, each with the next day on which it is.
    pub another_day: Vec<(String, NaiveDate)>,
    /// What was sent.
    pub sent: Delivered,
    /// Commands that fit.
    pub next: Vec<(String, String)>,
}

impl Story {
    /// For programs.
    pub fn json(&self) -> Value {
        let did =
            |did: &[Did]| did.iter().map(|did| (did.job.clone(), did.json.clone())).collect::<serde_json::Map<_, _>>();
        json!({
            "day": self.day, "ladders": did(&self.tiers), "tasks": did(&self.tasks), "messages": did(&self.messages),
            "not_due": self.another_day.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "sent": self.sent.accepted.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "waiting": self.sent.waiting, "late": self.sent.late,
            "folders": self.sent.folders.iter().map(|(channel, folder)| json!({ "channel": channel, "folder": folder })).collect::<Vec<_>>(),
        })
    }

    /// For people.
    pub async fn text(&self, opened: &Opened) -> Result<String, Failure> {
        let mut text = self.head(opened).await?;
        for tiers in &self.tiers {
            text.push_str(&self.tiers(tiers));
        }
        for tasks in &self.tasks {
            text.push_str(&to_do(tasks));
        }
        for messages in &self.messages {
            text.push_str(&received(messages));
        }
        if !self.another_day.is_empty() {
            let rest = self.another_day.iter().map(|(job, next)| format!("{job} (on {next})"));
            text.push_str(&format!("\nNot due on {}: {}\n", self.day, rest.collect::<Vec<_>>().join(", ")));
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
            "\nA made-up company on {}, {}: {}, {} in three years.\n",
            self.day.format("%A"),
            self.day,
            counted(customers, "customer"),
            counted(orders, "order")
        ))
    }

    fn tiers(&self, did: &Did) -> String {
        let number = |key: &str| did.json[key].as_i64().unwrap_or(0);
        let since = if self.first { "in the month before" } else { "since the last time" };
        let mut text = format!(
            "\n{}: {since}, {} moved up and {} moved down; {} stayed",
            did.job,
            count(number("rose")),
            count(number("fell")),
            count(number("stayed")),
        );
        if number("assigned") > 0 {
            text.push_str(&format!(", {} new", count(number("assigned"))));
        }
        text.push('\n');
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
                "email" => ("mail", "the .eml files open in a mail program"),
                _ => ("SMS", "one line of JSON each"),
            };
            text.push_str(&fold(&format!("{what}: {} in {} ({open})", count(today), folder.display()), 2));
        }
        if self.sent.late > 0 {
            let late = count(self.sent.late);
            text.push_str(&fold(&format!("too late where the customer lives, not sent: {late}"), 2));
        }
        if self.sent.waiting > 0 {
            let waiting = count(self.sent.waiting);
            text.push_str(&fold(&format!("waiting for morning in the customer's own time zone: {waiting}"), 2));
        }
        text
    }

    fn next(&self) -> String {
        let width = self.next.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        let lines = self.next.iter().map(|(command, why)| format!("  {command:width$}  {why}\n"));
        format!("\nTry next\n{}", lines.collect::<String>())
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

/// Who has to call whom.
fn to_do(did: &Did) -> String {
    let made = did.json["tasks"]["made"].as_i64().unwrap_or(0);
    let mut text = format!("\n{}: {} to be called\n", did.job, count(made));
    let by = did.json["tasks"]["by"].as_array().into_iter().flatten();
    let by = by.map(|load| format!("{} by {}", load["tasks"], load["assignee_id"].as_str().unwrap_or("nobody")));
    let by: Vec<String> = by.collect();
    if !by.is_empty() {
        text.push_str(&fold(&by.join(", "), 2));
    }
    text
}

/// What a job of messages sends, and why others get nothing.
fn received(did: &Did) -> String {
    let json = &did.json;
    let number = |value: &Value| value["customers"].as_i64().unwrap_or(0);
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let mut text = format!("\n{}: {} to be sent\n", did.job, count(number(&json["queued"])));
    let mut offers: Vec<(String, Vec<String>)> = Vec::new();
    for group in list(&json["queued"]["by"]) {
        let word = |key: &str| group[key].as_str().unwrap_or_default().to_owned();
        let ways = format!("{} by {} ({})", count(number(&group)), word("channel"), word("locale"));
        match offers.iter_mut().find(|(offer, _)| *offer == word("offer")) {
            Some((_, known)) => known.push(ways),
            None => offers.push((word("offer"), vec![ways])),
        }
    }
    for (offer, ways) in offers {
        let whose = if offer.is_empty() { String::new() } else { format!("{offer}: ") };
        text.push_str(&fold(&format!("{whose}{}", ways.join(", ")), 2));
    }
    let refused = list(&json["refused"]).into_iter().map(|refused| {
        let words = refusal_in_words(refused["reason"].as_str().unwrap_or_default(), refused["by"].as_str());
        (number(&refused), format!("{words}{}", examples(&refused["samples"])))
    });
    let outside = list(&json["outside_audience"]).into_iter().map(|outside| {
        let condition = outside["condition"].as_str().unwrap_or_default();
        (number(&outside), format!("not in the audience, does not hold: {condition}"))
    });
    let without: Vec<(i64, String)> = refused.chain(outside).collect();
    if !without.is_empty() {
        let all = without.iter().map(|(customers, _)| customers).sum();
        text.push_str(&fold(&format!("due, but get none, and why: {}", count(all)), 2));
        let rows: Vec<_> = without.into_iter().map(|(customers, why)| vec![count(customers), why]).collect();
        text.push_str(&table(&[Align::Right], &rows).lines().map(|row| format!("  {row}\n")).collect::<String>());
    }
    text
}

/// One or two of those who are meant, by their id.
fn examples(samples: &Value) -> String {
    let ids = samples.as_array().into_iter().flatten().filter_map(|sample| sample["customer_id"].as_str());
    let ids: Vec<&str> = ids.take(2).collect();
    if ids.is_empty() { String::new() } else { format!(", e.g. {}", ids.join(", ")) }
}
