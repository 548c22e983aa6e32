//! What customers said, read and written down. Nothing is ever changed: the newest word counts.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::outbox::hex;
use crate::outbox::link::Bearer;

/// What is chosen about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// marketing or service.
    pub purpose: String,
    /// Empty: every topic of the purpose.
    pub topic: String,
    /// email or sms.
    pub channel: String,
}

/// What the customer gets as things stand.
#[derive(Debug, Clone)]
pub struct Standing {
    /// About what.
    pub about: About,
    /// Whether it is sent.
    pub on: bool,
}

/// Where a word comes from.
#[derive(Debug, Clone)]
pub struct Origin<'a> {
    /// As `tend.choice.source`.
    pub source: &'a str,
    /// The message whose link was used.
    pub message: Uuid,
    /// What the page said: language and text.
    pub wording: Option<(&'a str, &'a str)>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What the customer gets of each, for channels there is an address for. Where nobody has said anything, marketing is
/// not sent and service is.
pub async fn standing(conn: &mut PgConnection, customer: &str, about: &[About]) -> sqlx::Result<Vec<Standing>> {
    let column = |of: fn(&About) -> &String| about.iter().map(|about| of(about).clone()).collect::<Vec<_>>();
    let rows = sqlx::query_file!(
        "src/web/standing.sql",
        customer,
        &column(|about| &about.purpose),
        &column(|about| &about.topic),
        &column(|about| &about.channel)
    );
    let row = rows.fetch_all(conn).await?.into_iter().map(|row| Standing {
        about: About { purpose: row.purpose, topic: row.topic, channel: row.channel },
        on: row.sent,
    });
    Ok(row.collect())
}

/// Writes a word down, unless it is the last one the customer said about it already. True when it was written.
///
/// Of the bearer's own channel it is said about the address the message went to, of others about the one that is known
/// now. A customer who is gone is not written down again, the address is.
pub async fn record(
    conn: &mut PgConnection,
    bearer: &Bearer,
    about: &About,
    granted: bool,
    origin: &Origin<'_>,
) -> sqlx::Result<bool> {
    // a button pressed twice is one word: the second waits for the first
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended('tend.choice:' || $1::text, 0)) as "lock: ()""#,
        bearer.customer_id
    )
    .fetch_one(&mut *conn)
    .await?;
    let wording = match origin.wording {
        Some((language, text)) => Some(kept(conn, language, text).await?),
        None => None,
    };
    // a yes is about where messages will go; a no about where this one went
    let went_to = (about.channel == bearer.channel && !granted).then(|| hex::written(&bearer.address));
    let written = sqlx::query_file!(
        "src/web/record.sql",
        bearer.customer_id,
        about.channel,
        went_to,
        about.purpose,
        about.topic,
        granted,
        origin.at,
        origin.source,
        origin.message,
        wording
    );
    Ok(written.execute(conn).await?.rows_affected() > 0)
}

/// The version of a wording, which is kept.
async fn kept(conn: &mut PgConnection, language: &str, text: &str) -> sqlx::Result<String> {
    let version = hex::written(&Sha256::digest(format!("{language}\n{text}")));
    sqlx::query!(
        "insert into tend.wording (version, locale, body) values ($1, $2, $3) on conflict do nothing",
        version,
        language,
        text
    )
    .execute(conn)
    .await?;
    Ok(version)
}
