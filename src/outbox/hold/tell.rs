//! Tells the owner of a job by mail that it was stopped: by the limit of its file, or by the messages that went first.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;

use crate::outbox::letter::{self, Letter, Recipient, Writer};

/// A mail about it a week later would be about something else.
const LIFE: TimeDelta = TimeDelta::days(7);

/// Writes the letters that are owed; each stop is told once.
pub(super) async fn tell(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    for stopped in sqlx::query_file!("src/outbox/hold/tell.sql").fetch_all(&mut *conn).await? {
        let occasion = match stopped.reason.as_str() {
            "limit" => format!("limit:{}", stopped.since.timestamp()),
            _ => format!("canary:{}", stopped.run_id),
        };
        let run = (stopped.run_id > 0).then_some(stopped.run_id);
        let letter = Letter {
            recipient: Recipient::Address(stopped.owner),
            occasion,
            occurs_on: stopped.since.date_naive(),
            step: String::new(),
            template: "tend-stopped".to_owned(),
            locale: "zh-CN".to_owned(),
            data: json!({
                "job": stopped.job, "reason": stopped.reason, "note": stopped.note, "run": run, "waiting": stopped.waiting,
                "since": stopped.since.format("%Y-%m-%d %H:%M UTC").to_string(),
            }),
            customers: Vec::new(),
            attachments: Vec::new(),
            archived: false,
            again_of: None,
            priority: 90,
            not_before: now,
            not_after: now + LIFE,
        };
        let writer = Writer { run_id: 0, job: &stopped.job, spec_hash: &stopped.spec_hash, at: now };
        letter::write(conn, writer, &[letter]).await?;
    }
    Ok(())
}
