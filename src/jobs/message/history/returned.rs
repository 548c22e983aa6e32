//! What came back from one customer: receipts of the messages of a job, text messages, and what the customer chose.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::line;
use crate::clock::shown;
use crate::engine::door::Run;

/// Newest replies and choices shown.
const MOST: i64 = 20;

/// What came back about a message.
#[derive(Debug, Serialize)]
struct Receipt {
    message_id: i64,
    source: String,
    provider: Option<String>,
    said: String,
    code: String,
    detail: Option<String>,
    at: DateTime<Utc>,
}

/// A text message of the customer; what it says is not shown.
#[derive(Debug, Serialize)]
struct Reply {
    kind: String,
    provider: String,
    message_id: Option<i64>,
    at: DateTime<Utc>,
}

/// What the customer chose.
#[derive(Debug, Serialize)]
struct Choice {
    channel: String,
    purpose: String,
    topic: String,
    granted: bool,
    at: DateTime<Utc>,
    source: String,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Returned {
    receipts: Vec<Receipt>,
    replies: Vec<Reply>,
    choices: Vec<Choice>,
}

/// What came back about these messages and from this customer, up to the as-of of `run`.
pub(super) async fn returned(
    ids: &[i64],
    run: &Run,
    customer: &str,
    conn: &mut PgConnection,
) -> sqlx::Result<Returned> {
    let receipts = sqlx::query_as!(
        Receipt,
        "select message_id, source, provider, said, code, detail, at from tend.receipt
         where message_id = any($1) and received_at <= $2 order by message_id, at, receipt_id",
        ids,
        run.as_of
    );
    let receipts = receipts.fetch_all(&mut *conn).await?;
    let replies = sqlx::query_as!(
        Reply,
        r#"select kind, provider, message_id, at from tend.reply
           where customer_id = $1::text and received_at <= $2 order by received_at desc, reply_id desc limit $3"#,
        customer,
        run.as_of,
        MOST
    );
    let mut replies = replies.fetch_all(&mut *conn).await?;
    replies.reverse();
    let choices = sqlx::query_as!(
        Choice,
        "select channel, purpose, topic, granted, at, source from tend.choice
         where customer_id = $1 and at <= $2 order by choice_id desc limit $3",
        customer,
        run.as_of,
        MOST
    );
    let mut choices = choices.fetch_all(conn).await?;
    choices.reverse();
    Ok(Returned { receipts, replies, choices })
}

impl Returned {
    /// What came back about a message, line by line.
    pub(super) fn of_message(&self, message: i64, run: &Run) -> String {
        let receipts = self.receipts.iter().filter(|receipt| receipt.message_id == message);
        receipts.map(|receipt| line(shown(receipt.at, run.timezone), &receipt.words())).collect()
    }

    /// What came back from the customer, line by line.
    pub(super) fn of_customer(&self, run: &Run) -> String {
        let replies = self.replies.iter().map(|reply| (reply.at, reply.words()));
        let choices = self.choices.iter().map(|choice| (choice.at, choice.words()));
        let mut all: Vec<_> = replies.chain(choices).collect();
        all.sort_by_key(|(at, _)| *at);
        if all.is_empty() {
            return String::new();
        }
        let lines: String = all.into_iter().map(|(at, words)| line(shown(at, run.timezone), &words)).collect();
        format!("\nWhat the customer said to tend\n{lines}")
    }
}

impl Receipt {
    fn words(&self) -> String {
        let how = match self.source.as_str() {
            "dsn" => "a returned mail says",
            "arf" => "a complaint report says",
            "inquiry" => "the provider, asked, says",
            _ => "a receipt says",
        };
        let code = if self.code.is_empty() { String::new() } else { format!(" ({})", self.code) };
        let detail = self.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
        format!("{how} {}{code}{detail}", self.said)
    }
}

impl Reply {
    fn words(&self) -> String {
        let about = self.message_id.map_or_else(String::new, |message| format!(", after message {message}"));
        match self.kind.as_str() {
            "other" => format!("a text message came{about}"),
            word => format!("a text message said {word}{about}"),
        }
    }
}

impl Choice {
    fn words(&self) -> String {
        let word = if self.granted { "wants" } else { "no more" };
        let topic = if self.topic.is_empty() { String::new() } else { format!(", topic {}", self.topic) };
        format!("{word} {} by {}{topic} (said by {})", self.purpose, self.channel, self.source.replace('_', " "))
    }
}
