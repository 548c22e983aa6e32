//! Forgetting a customer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// What was, or would be, done: rows by table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// Rows deleted.
    pub deleted: BTreeMap<String, i64>,
    /// Rows kept under a made-up name.
    pub renamed: BTreeMap<String, i64>,
    /// Addresses that are suppressed from now on, by their hash.
    pub suppressed: i64,
    /// Messages that were still owed, and are cancelled.
    pub cancelled: i64,
    /// What people still had to do about the customer, and need not any more.
    pub dropped: i64,
    /// The company's tables are not tend's: rows there that the company has to delete itself.
    pub left_to_the_company: BTreeMap<String, i64>,
}

impl Forgotten {
    /// Whether there was anything to forget.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deleted.is_empty() && self.renamed.is_empty() && self.left_to_the_company.is_empty()
    }
}

/// Forgets a customer, in the transaction that is lent: rolled back, it was a look.
///
/// # Errors
/// When the database refuses.
pub async fn forget(conn: &mut PgConnection, customer_id: &str, now: DateTime<Utc>) -> sqlx::Result<Forgotten> {
    // the table only exists where tend made the company's tables
    let ours: bool = sqlx::query_scalar!(
        r#"select to_regclass('tend.migration_crm') is not null
                  and (select relkind in ('r', 'p') from pg_class where oid = to_regclass('crm.customer')) as "ours!""#
    )
    .fetch_one(&mut *conn)
    .await?;
    let mut done = Forgotten::default();
    // addresses are read before the customer goes
    let kept = sqlx::query_file!("src/person/forget_keep.sql", customer_id, now).fetch_one(&mut *conn).await?;
    (done.suppressed, done.cancelled, done.dropped) = (kept.suppressed, kept.cancelled, kept.dropped);
    let company = match ours {
        true => {
            tables(sqlx::query_file!("src/person/forget_company.sql", customer_id).fetch_one(&mut *conn).await?.done)
        }
        false => tables(sqlx::query_file!("src/person/forget_left.sql", customer_id).fetch_one(&mut *conn).await?.left),
    };
    if ours {
        done.deleted.extend(company);
    } else {
        done.left_to_the_company = company;
    }
    // last, since deleting from the company's tables is itself written down as a change
    let own = sqlx::query_file!("src/person/forget.sql", customer_id).fetch_one(&mut *conn).await?;
    done.deleted.extend(tables(own.deleted));
    done.renamed = tables(own.renamed);
    Ok(done)
}

/// Table → rows, without those that had none.
fn tables(counted: serde_json::Value) -> BTreeMap<String, i64> {
    let counted: BTreeMap<String, i64> = serde_json::from_value(counted).unwrap_or_default();
    counted.into_iter().filter(|(_, rows)| *rows > 0).collect()
}
