//! Nobody starts on a schema this binary was not made for.

use std::collections::BTreeMap;

use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};

use super::Database;
use super::contract::{self, Missing};
use super::migrate::{CRM, TEND, applied};

/// Why this binary does not start on this database. Each message says what to run.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// Nothing of tend is there.
    #[error("the database has no schema of tend yet; run `tend migrate`")]
    Empty,
    /// The database is behind.
    #[error("the database is at schema version {found}, this tend needs {needed}; run `tend migrate`")]
    Older {
        /// Newest applied migration.
        found: i64,
        /// Newest migration of this binary.
        needed: i64,
    },
    /// The database is ahead.
    #[error(
        "the database is at schema version {found}, this tend only knows {known}; install the tend that migrated it, or a newer one"
    )]
    Newer {
        /// Newest applied migration.
        found: i64,
        /// Newest migration of this binary.
        known: i64,
    },
    /// An applied migration is not the one of this binary.
    #[error(
        "migration {0} was applied in another wording than this tend has; install the tend that migrated the database"
    )]
    Changed(i64),
    /// The company's data lack something.
    #[error(
        "the schema crm lacks what tend reads (tables or views):\n{0}\nIf tend owns these tables, run `tend migrate`"
    )]
    Contract(Missing),
    /// The database refuses.
    #[error("the schema could not be checked: {0}")]
    Database(#[from] sqlx::Error),
}

/// Compares the migrations on record and the columns of `crm` with what this binary was built for.
///
/// # Errors
/// When they differ; see [`GateError`].
pub async fn gate(db: &Database) -> Result<(), GateError> {
    let mut connection = db.dedicated().await?;
    let outcome = compare_all(&mut connection).await;
    let _ = connection.close().await;
    outcome
}

async fn compare_all(connection: &mut PgConnection) -> Result<(), GateError> {
    let tend = applied(connection, "tend.migration").await?;
    if tend.is_empty() {
        return Err(GateError::Empty);
    }
    compare(&TEND, &tend)?;
    let crm = applied(connection, "tend.migration_crm").await?;
    if !crm.is_empty() {
        compare(&CRM, &crm)?;
    }
    contract::check(connection).await?.map_err(GateError::Contract)
}

fn compare(ours: &Migrator, applied: &[(i64, Vec<u8>)]) -> Result<(), GateError> {
    let known: BTreeMap<i64, &[u8]> = ours.iter().map(|migration| (migration.version, &*migration.checksum)).collect();
    let needed = known.keys().copied().max().unwrap_or(0);
    let found = applied.iter().map(|(version, _)| *version).max().unwrap_or(0);
    for (version, checksum) in applied {
        match known.get(version) {
            None => return Err(GateError::Newer { found, known: needed }),
            Some(ours) if ours != checksum => return Err(GateError::Changed(*version)),
            Some(_) => {}
        }
    }
    if applied.len() < known.len() { Err(GateError::Older { found, needed }) } else { Ok(()) }
}
