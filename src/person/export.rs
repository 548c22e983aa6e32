//! Everything that is known of a customer.

use serde_json::Value;
use sqlx::PgConnection;

/// The document; none when nothing is known under that key.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut PgConnection, customer_id: &str) -> sqlx::Result<Option<Value>> {
    let known = sqlx::query_file!("src/person/export.sql", customer_id).fetch_one(conn).await?;
    Ok(known.anything.then_some(known.document))
}
