//! What happens with messages between two looks of the dispatchers: the next channel steps in for one that refused, and
//! what was held goes or is stopped, what came back early is applied. Any dispatcher does it; rows that another one has are left alone.

use super::{Plans, Shared, moved};
use crate::outbox::{hold, returned};

/// One look.
///
/// # Errors
/// When the database cannot be reached.
pub async fn look(shared: &Shared) -> sqlx::Result<()> {
    let mut tx = shared.begin(Plans::Fresh).await?;
    let elsewhere = moved::elsewhere(shared, &mut tx).await?;
    tx.rollback().await?;
    if elsewhere { Ok(()) } else { follow(shared).await }
}

/// The same wherever the database is.
pub async fn follow(shared: &Shared) -> sqlx::Result<()> {
    let mut tx = shared.begin(Plans::Fresh).await?;
    let now = shared.clock.now(&mut tx).await?;
    let moved = sqlx::query_file!("src/outbox/dispatch/fallback.sql", now).execute(&mut *tx).await?;
    if moved.rows_affected() > 0 {
        tracing::info!(messages = moved.rows_affected(), "refused by one channel, looked at for the next");
    }
    returned::settle(&mut tx, now).await?;
    tx.commit().await?;
    // one dispatcher at a time judges canaries
    let mut tx = shared.begin(Plans::Fresh).await?;
    let alone =
        sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('tend:hold', 0)) as "alone!""#);
    if alone.fetch_one(&mut *tx).await? {
        hold::look(&mut tx, now).await?;
    }
    tx.commit().await
}
