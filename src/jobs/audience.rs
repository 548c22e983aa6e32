//! `[audience]`: about whom a job is at all, and who was left out by it. Kinds that have one read and tell it alike.

use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

use crate::filter::{self, Filter, Scope};
use crate::jobfile::reader::Reader;
use crate::jobs::layout::{self, Align, count};

/// Reads `[audience]`, which a file must have.
pub fn read(file: &mut Reader<'_>, scope: &Scope<'_>) -> Option<Filter> {
    if !file.has("audience") {
        file.missing("audience", "{ field = \"status\", is = \"active\" }");
    }
    filter::read(file, "audience", scope)
}

/// Who has the occasion and is not meant: the condition that does not hold, and for how many.
#[derive(Debug, Serialize)]
pub struct Outside {
    /// In words.
    pub condition: String,
    /// How many customers.
    pub customers: i64,
}

/// Whom a run left out, most customers first.
///
/// # Errors
/// Of the database.
pub async fn outside(conn: &mut PgConnection, run_id: i64) -> sqlx::Result<Vec<Outside>> {
    sqlx::query_as!(
        Outside,
        "select reason as condition, customers from tend.audience_count where run_id = $1 order by customers desc, reason",
        run_id
    )
    .fetch_all(conn)
    .await
}

/// Who was left out as a section of a report, empty if nobody was; with the customers that lack a value a condition asks
/// for (`{"condition": customers}`).
pub fn left_out(heading: &str, outside: &[Outside], missing: &Value) -> String {
    let outside = outside
        .iter()
        .map(|outside| (outside.customers, format!("not in the audience, does not hold: {}", outside.condition)));
    let missing = missing.as_object().into_iter().flatten();
    let missing = missing.map(|(condition, customers)| (customers.as_i64().unwrap_or(0), condition));
    let missing = missing.filter(|(customers, _)| *customers > 0);
    let missing = missing.map(|(customers, condition)| (customers, format!("no value for: {condition}")));
    let rows: Vec<_> = outside.chain(missing).map(|(customers, words)| vec![count(customers), words]).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("{heading}\n{}", layout::table(&[Align::Right], &rows))
}
