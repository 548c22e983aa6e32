//! Levels given by hand: `tend override`.
//!
//! Promises: one stands for a customer and ladder; rows are never deleted, so who gave what until when stays on record;
//! nothing moves before the next run, which writes the move with the override's number as its reason.
//!
//! While one stands, the customer is on its level whatever the conditions say, up or down at once. The conditions are judged all the
//! same: nights on which they ask for a lower level than the one given count towards the hold. After its end they
//! decide again from where the customer stands: who shall be higher rises, who shall be lower falls when the hold
//! (counted from the first of those nights) is over, at once where the file has none.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// A level somebody gave by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ByHand {
    /// Its number; reasons name it.
    pub override_id: i64,
    /// On which ladder.
    pub ladder: String,
    /// To whom.
    pub customer_id: String,
    /// Which level.
    pub level: String,
    /// Not in force from then on.
    pub until: DateTime<Utc>,
    /// Why.
    pub note: String,
    /// By whom.
    pub set_by: String,
    /// When.
    pub set_at: DateTime<Utc>,
    /// Who ended it before its end.
    pub ended_by: Option<String>,
    /// When that was.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What somebody wants to give.
#[derive(Debug, Clone, Copy)]
pub struct Giving<'a> {
    /// On which ladder.
    pub ladder: &'a str,
    /// To whom.
    pub customer_id: &'a str,
    /// Which level.
    pub level: &'a str,
    /// Not in force from then on; after `now`.
    pub until: DateTime<Utc>,
    /// Why.
    pub note: &'a str,
}

/// Gives a level by hand; one that stood for the customer on the ladder is ended by it. The number of the new one.
///
/// # Errors
/// When the database refuses, also when `until` is not after `now`.
pub async fn give(conn: &mut PgConnection, giving: Giving<'_>, who: &str, now: DateTime<Utc>) -> sqlx::Result<i64> {
    take_back(conn, giving.ladder, giving.customer_id, who, now).await?;
    sqlx::query_scalar!(
        "insert into tend.ladder_override (customer_id, ladder, level, until, note, set_by, set_at)
         values ($1, $2, $3, $4, $5, $6, $7) returning override_id",
        giving.customer_id,
        giving.ladder,
        giving.level,
        giving.until,
        giving.note,
        who,
        now
    )
    .fetch_one(conn)
    .await
}

/// Ends what stands for the customer on the ladder; none when nothing did, or no longer.
///
/// # Errors
/// When the database refuses.
pub async fn take_back(
    conn: &mut PgConnection,
    ladder: &str,
    customer_id: &str,
    who: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i64>> {
    let ended = sqlx::query!(
        r#"update tend.ladder_override set ended_by = $3, ended_at = greatest(set_at, $4::timestamptz)
           where ladder = $1 and customer_id = $2 and ended_at is null and settled_by is null
           returning override_id, until > $4 as "in_force!""#,
        ladder,
        customer_id,
        who,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(ended.filter(|row| row.in_force).map(|row| row.override_id))
}

/// Which ones to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Only of this ladder.
    pub ladder: Option<&'a str>,
    /// Only of this customer.
    pub customer_id: Option<&'a str>,
    /// Also those that are over.
    pub past: bool,
}

/// Those in force at `now`, or all; the next to end first.
///
/// # Errors
/// When the database refuses.
pub async fn list(conn: &mut PgConnection, wanted: Wanted<'_>, now: DateTime<Utc>) -> sqlx::Result<Vec<ByHand>> {
    sqlx::query_as!(
        ByHand,
        "select override_id, ladder, customer_id, level, until, note, set_by, set_at, ended_by, ended_at
         from tend.ladder_override
         where ($1::text is null or ladder = $1) and ($2::text is null or customer_id = $2)
           and ($3 or (ended_at is null and until > $4::timestamptz))
         order by coalesce(ended_at, until), override_id",
        wanted.ladder,
        wanted.customer_id,
        wanted.past,
        now
    )
    .fetch_all(conn)
    .await
}

/// Whether there is such a customer, and if not, customers whose keys begin alike.
///
/// # Errors
/// When the database refuses.
pub async fn find_customer(conn: &mut PgConnection, customer_id: &str) -> sqlx::Result<Result<(), Vec<String>>> {
    let known = sqlx::query_scalar!("select exists (select from crm.customer where customer_id = $1)", customer_id)
        .fetch_one(&mut *conn)
        .await?;
    if known == Some(true) {
        return Ok(Ok(()));
    }
    // all but the last two characters, in capitals or not
    let alike = sqlx::query_scalar!(
        r#"select customer_id as "customer_id!" from crm.customer
           where starts_with(lower(customer_id), lower(left($1, greatest(1, char_length($1) - 2))))
           order by abs(char_length(customer_id) - char_length($1)), customer_id limit 500"#,
        customer_id
    )
    .fetch_all(conn)
    .await?;
    Ok(Err(alike))
}
