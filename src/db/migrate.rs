//! Brings the schema up to this binary.
//!
//! Two series with their own tables: `tend.migration` for what tend owns, `tend.migration_crm` for the `crm` tables,
//! which a company with its own views never applies.

use std::borrow::Cow;
use std::sync::LazyLock;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, PgConnection};

use super::Database;
use super::contract::{self, Missing};

/// What tend owns.
pub(super) static TEND: LazyLock<Migrator> = LazyLock::new(|| Migrator {
    table_name: Cow::Borrowed("tend.migration"),
    create_schemas: Cow::Borrowed(&[Cow::Borrowed("tend")]),
    ..sqlx::migrate!("./migrations")
});

/// The contract with the company's data, as tables.
pub(super) static CRM: LazyLock<Migrator> = LazyLock::new(|| Migrator {
    table_name: Cow::Borrowed("tend.migration_crm"),
    create_schemas: Cow::Borrowed(&[Cow::Borrowed("tend")]),
    ..sqlx::migrate!("./migrations/crm")
});

/// What `tend migrate` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations applied now, of both series.
    pub applied: usize,
    /// Newest version of what tend owns.
    pub version: i64,
}

/// Why the schema could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum MigrateFailure {
    /// There is a `crm.customer` that no migration of ours made.
    #[error(
        "crm.customer exists already and was not made by tend; if the company's own views stand there, \
         run `tend migrate --without-crm`"
    )]
    ForeignCrm,
    /// The company's views do not give what is needed.
    #[error("the schema crm lacks what tend reads; create these as tables or views, then run it again:\n{0}")]
    Contract(Missing),
    /// A migration of this binary differs from the one that was applied, or is unknown to this binary.
    #[error("the schema cannot be migrated: {0}")]
    Migrate(#[from] MigrateError),
    /// The database refuses.
    #[error("the schema cannot be migrated: {0}")]
    Database(#[from] sqlx::Error),
}

/// Applies what is missing; a second run does nothing. `with_crm = false` leaves the schema `crm` to the company.
///
/// # Errors
/// When the company's views lack something, a migration fails, or an applied one was changed since.
pub async fn migrate(db: &Database, with_crm: bool) -> Result<Migrated, MigrateFailure> {
    // A failed migration leaves sqlx's advisory lock on the connection, so it is one that is closed afterwards.
    let mut connection = db.dedicated().await?;
    let outcome = apply(&mut connection, with_crm).await;
    let _ = connection.close().await;
    outcome
}

async fn apply(connection: &mut PgConnection, with_crm: bool) -> Result<Migrated, MigrateFailure> {
    let before = count(connection).await?;
    if with_crm {
        if applied(connection, "tend.migration_crm").await?.is_empty() && exists(connection, "crm.customer").await? {
            return Err(MigrateFailure::ForeignCrm);
        }
        CRM.run_direct(None, connection, false).await?;
    } else {
        contract::check(connection).await?.map_err(MigrateFailure::Contract)?;
    }
    TEND.run_direct(None, connection, false).await?;
    describe(connection).await?;
    Ok(Migrated {
        applied: count(connection).await? - before,
        version: TEND.iter().map(|migration| migration.version).max().unwrap_or(0),
    })
}

async fn count(connection: &mut PgConnection) -> sqlx::Result<usize> {
    Ok(applied(connection, "tend.migration").await?.len() + applied(connection, "tend.migration_crm").await?.len())
}

/// Versions and checksums on record; empty when the table is not there.
pub(super) async fn applied(connection: &mut PgConnection, table: &'static str) -> sqlx::Result<Vec<(i64, Vec<u8>)>> {
    if !exists(connection, table).await? {
        return Ok(Vec::new());
    }
    let sql = match table {
        "tend.migration" => "select version, checksum from tend.migration where success order by version",
        _ => "select version, checksum from tend.migration_crm where success order by version",
    };
    sqlx::query_as(sql).fetch_all(connection).await
}

async fn exists(connection: &mut PgConnection, relation: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select to_regclass($1) is not null").bind(relation).fetch_one(connection).await
}

/// sqlx makes its tables without comments, and every table of tend has them.
async fn describe(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(include_str!("migration_comments.sql")).execute(connection).await.map(drop)
}
