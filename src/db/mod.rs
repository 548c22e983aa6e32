//! The database: pools and named transactions, migrations, the schema gate, the private Postgres of development.
//!
//! Promises: every connection works in UTC, notices within two seconds that its client is gone, and names itself in
//! `pg_stat_activity`; nobody starts on a schema of another version or on a `crm` that lacks a column; an error about
//! the connection names server, database and user, never a password.

pub mod contract;
mod copy;
pub mod embedded;
mod gate;
mod migrate;
mod open;
mod pool;
mod scratch;
mod upkeep;

pub use copy::{Copy, CopyError, NotACopy, Taken, take_over};
pub use gate::{GateError, gate};
pub use migrate::{MigrateFailure, Migrated, migrate};
pub use open::{OpenError, Opened, open};
pub use pool::{ConnectError, Database, DatabaseSettings, words};
pub use scratch::{Scratch, ScratchError};
pub use upkeep::tidy;

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
