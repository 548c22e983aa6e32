//! A scratch database: made beside the configured one or on the private Postgres, migrated, dropped afterwards.
//!
//! Promises: the configured database is neither read nor written; two scratch databases at a time do not know each
//! other; one that was left behind by a process that died is dropped by the next. A scratch database that is in use is
//! known by a connection to it, which Postgres does not let anybody drop. What a simulation copies into is one, too.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::open::start_private;
use super::{ConnectError, Database, DatabaseSettings, MigrateFailure, migrate};
use crate::db::embedded::{EmbeddedError, PrivatePostgres};

/// What the names of scratch databases begin with.
const PREFIX: &str = "tend_scratch_";
/// Connections for work that does one thing after the other: the fewer, the more of its statements each has planned before.
const FEW: u32 = 3;
/// Holds off who sweeps.
const LOCK: &str = "select pg_advisory_lock(hashtextextended('tend.scratch', 0))";
/// The databases from which others are made: the first that lets us in.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];

/// Why there is no scratch database.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// The server cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The private Postgres cannot be started.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The server does not make one.
    #[error("no scratch database can be made on the server of database.url: {}", super::words(.0))]
    Refused(#[source] sqlx::Error),
    /// The user may not.
    #[error(
        "{} on the server of database.url; grant the database user the right (alter role … createdb), or run it without \
         a URL (TEND__DATABASE__URL=): then the private Postgres is used",
        super::words(.0)
    )]
    Forbidden(#[source] sqlx::Error),
    /// Its schema cannot be made.
    #[error(transparent)]
    Migrate(#[from] MigrateFailure),
}

/// A migrated database of its own; [`Scratch::close`] drops it.
#[derive(Debug)]
pub struct Scratch {
    conn: PgConnection,
    name: String,
    admin: PgConnection,
    /// Of the server it is on.
    settings: DatabaseSettings,
    /// The private server, if it is ours; stopped last.
    private: Option<PrivatePostgres>,
}

impl Scratch {
    /// Makes one on the server of the settings; without a URL on the private Postgres, which need not survive a crash
    /// of the machine.
    ///
    /// # Errors
    /// When the server cannot be had or does not let us make a database.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, ScratchError> {
        Self::named(settings, PREFIX).await
    }

    /// The same for another use; `prefix` is what its name begins with, and what was left behind by that name is dropped.
    pub(super) async fn named(settings: &DatabaseSettings, prefix: &'static str) -> Result<Self, ScratchError> {
        let private = match settings.url {
            Some(_) => None,
            None => Some(start_private(settings, true).await?),
        };
        let url = private.as_ref().map(|private| private.url().into()).or_else(|| settings.url.clone());
        let settings = DatabaseSettings { url, ..settings.clone() };
        let mut admin = maintenance(&settings).await?;
        // Between `create database` and the first connection nothing tells a sweeper that it is in use.
        admin.execute(LOCK).await.map_err(ScratchError::Refused)?;
        sweep(&mut admin, prefix).await.map_err(ScratchError::Refused)?;
        let name = create(&mut admin, prefix).await.map_err(refused)?;
        let made = inside(&settings, &name).await;
        let unlocked = admin.execute("select pg_advisory_unlock_all()").await;
        match made {
            Ok((db, conn)) => {
                unlocked.map_err(ScratchError::Refused)?;
                let migrated = migrate(&db, true).await;
                db.close().await;
                let scratch = Self { conn, name, admin, settings, private };
                match migrated {
                    Ok(_) => Ok(scratch),
                    Err(error) => {
                        scratch.close().await;
                        Err(error.into())
                    }
                }
            }
            Err(error) => {
                drop_database(&mut admin, &name, "").await.ok();
                Err(error)
            }
        }
    }

    /// The connection to work on.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    /// Pools of connections to it.
    ///
    /// # Errors
    /// When the server cannot be reached any more.
    pub(super) async fn database(&self) -> Result<Database, ConnectError> {
        let settings = DatabaseSettings { max_connections: FEW, ..self.settings.clone() };
        Database::connect_alone(&settings, Some(&self.name)).await
    }

    /// Leaves it where it is, by a name that begins with `prefix`, which nobody sweeps; that name.
    ///
    /// # Errors
    /// When it cannot be renamed; the next one sweeps it then.
    pub(super) async fn leave(self, prefix: &str) -> sqlx::Result<String> {
        let Self { conn, name, mut admin, private, .. } = self;
        let kept = format!("{prefix}{}", name.rsplit('_').next().unwrap_or(&name));
        // a database with somebody in it is not renamed, one without is swept by whoever comes now
        admin.execute(LOCK).await?;
        let _ = conn.close().await;
        admin.execute(AssertSqlSafe(format!("alter database {name} rename to {kept}"))).await?;
        let _ = admin.close().await;
        drop(private);
        Ok(kept)
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops it. What cannot be dropped now is swept by the next one.
    pub async fn close(self) {
        let Self { conn, name, mut admin, private, .. } = self;
        let _ = conn.close().await;
        if let Err(error) = drop_database(&mut admin, &name, " with (force)").await {
            tracing::debug!(database = name, "the scratch database is left for the next: {error}");
        }
        let _ = admin.close().await;
        drop(private);
    }
}

/// "May not" has a remedy of its own.
fn refused(error: sqlx::Error) -> ScratchError {
    match error.as_database_error().and_then(|refusal| refusal.code()).as_deref() {
        Some("42501") => ScratchError::Forbidden(error),
        _ => ScratchError::Refused(error),
    }
}

/// A connection from which databases are made: not to the configured database, which is none of our business.
async fn maintenance(settings: &DatabaseSettings) -> Result<PgConnection, ScratchError> {
    let mut refused = None;
    for name in MAINTENANCE {
        match Database::connect_beside(settings, name).await {
            Ok(db) => return db.dedicated().await.map_err(ScratchError::Refused),
            Err(error @ (ConnectError::Silent { .. } | ConnectError::Url(_) | ConnectError::NoUrl)) => {
                return Err(error.into());
            }
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or(ConnectError::NoUrl).into())
}

/// Drops what dead processes left behind: scratch databases that nobody is connected to.
async fn sweep(admin: &mut PgConnection, prefix: &str) -> sqlx::Result<()> {
    let left: Vec<String> = sqlx::query_scalar(
        "select d.datname::text from pg_database d
         where starts_with(d.datname, $1) and pg_has_role(d.datdba, 'member')
           and not exists (select from pg_stat_activity a where a.datid = d.oid)",
    )
    .bind(prefix)
    .fetch_all(&mut *admin)
    .await?;
    for name in left {
        // somebody who connects just now keeps it; another sweeper may have been faster
        if let Err(error) = drop_database(admin, &name, "").await {
            tracing::debug!(database = name, "a scratch database could not be swept: {error}");
        }
    }
    Ok(())
}

/// A new database with nothing in it, by a name that nobody else has.
async fn create(admin: &mut PgConnection, prefix: &str) -> sqlx::Result<String> {
    let name: String = sqlx::query_scalar("select $1 || replace(gen_random_uuid()::text, '-', '')")
        .bind(prefix)
        .fetch_one(&mut *admin)
        .await?;
    admin.execute(AssertSqlSafe(format!("create database {name} template template0 encoding 'UTF8'"))).await?;
    Ok(name)
}

async fn inside(settings: &DatabaseSettings, name: &str) -> Result<(Database, PgConnection), ScratchError> {
    let db = Database::connect_beside(settings, name).await?;
    let conn = db.dedicated().await.map_err(ScratchError::Refused)?;
    Ok((db, conn))
}

async fn drop_database(admin: &mut PgConnection, name: &str, force: &str) -> sqlx::Result<()> {
    // a name of ours, or one out of pg_database that begins like ours
    let name = name.replace('"', "\"\"");
    admin.execute(AssertSqlSafe(format!("drop database if exists \"{name}\"{force}"))).await.map(drop)
}
