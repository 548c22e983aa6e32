//! The topics a customer can choose among: those of the jobs in force.

use std::collections::BTreeSet;

use serde::Deserialize;
use sqlx::PgConnection;

use crate::outbox::policy::Purpose;
use crate::outbox::template::nearest;
use crate::settings::PublicSettings;

/// A topic under a purpose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic {
    /// marketing or service.
    pub purpose: String,
    /// As job files write it.
    pub name: String,
}

/// Of a job file, what matters here; it was read strictly when it was put in force.
#[derive(Deserialize)]
struct JobFile {
    message: Option<MessageTable>,
}

#[derive(Deserialize)]
struct MessageTable {
    purpose: Option<String>,
    topic: Option<String>,
}

/// The topics of the jobs in force, without those that nobody can unsubscribe from.
pub async fn in_force(conn: &mut PgConnection) -> sqlx::Result<BTreeSet<Topic>> {
    let bodies = sqlx::query_scalar!(
        "select s.body from tend.job j join tend.spec s on s.hash = j.spec_hash
         where j.enabled and j.removed_at is null and s.kind = 'message'"
    );
    let bodies = bodies.fetch_all(conn).await?;
    let tables = bodies.iter().filter_map(|body| toml::from_str::<JobFile>(body).ok()?.message);
    let topics = tables.filter_map(|table| Some(Topic { purpose: table.purpose?, name: table.topic? }));
    Ok(topics.filter(|topic| can_be_stopped(&topic.purpose)).collect())
}

/// Whether messages of a purpose can be unsubscribed from.
pub fn can_be_stopped(purpose: &str) -> bool {
    [Purpose::Marketing, Purpose::Service].into_iter().any(|known| known.as_str() == purpose)
}

/// What a topic is called on a page: the name the settings give it in the nearest language, else as job files write it.
pub fn called(settings: &PublicSettings, topic: &str, language: &str) -> String {
    let names = settings.topics.get(topic);
    let near = names.and_then(|names| names.get(nearest(language, names.keys().map(String::as_str))?));
    near.cloned().unwrap_or_else(|| topic.replace(['-', '_'], " "))
}
