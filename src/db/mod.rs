//! The database: pools, named transactions, the schema gate, the private Postgres of development.

/// Whether the error passes by itself: connection trouble, a restart of the server, a serialization failure or a
/// deadlock. (Notes: 57P01 to 57P03, 08xxx, 25006, 40001, 40P01, 53300, pool time-out.)
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(db) => db.code().is_some_and(|code| {
            code.starts_with("08")
                || matches!(&*code, "57P01" | "57P02" | "57P03" | "25006" | "40001" | "40P01" | "53300" | "55P03")
        }),
        _ => false,
    }
}
