//! What the server does for a database in the background. A month of a simulation is over before it looks for the first time,
//! and statements would be planned for tables that were empty then.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

/// Vacuums and analyzes the tables of tend that are not what they were any more. It changes no row.
///
/// # Errors
/// When the database refuses.
pub async fn tidy(conn: &mut PgConnection) -> sqlx::Result<()> {
    let changed: Vec<String> = sqlx::query_scalar(
        "select case when n_dead_tup > 1000 + n_live_tup / 5 then 'vacuum (analyze, skip_locked) ' else 'analyze (skip_locked) ' end
                || relid::regclass::text
         from pg_stat_user_tables
         where schemaname = 'tend' and (n_mod_since_analyze > 100 + n_live_tup / 5 or n_dead_tup > 1000 + n_live_tup / 5)
         order by relid",
    )
    .fetch_all(&mut *conn)
    .await?;
    for statement in changed {
        // a table that the server itself is at is left to it
        conn.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}
