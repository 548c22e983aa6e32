//! The database a command works on: the one of the settings, else the private Postgres.

use super::embedded::{EmbeddedError, Launch, PrivatePostgres};
use super::{ConnectError, Database, DatabaseSettings, MigrateFailure, migrate};

/// An open database; keep it as long as the database is used.
#[derive(Debug)]
pub struct Opened {
    /// The database.
    pub db: Database,
    /// The private server behind it, if it is ours.
    pub private: Option<PrivatePostgres>,
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database of the settings.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The private Postgres.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The schema of the private Postgres.
    #[error(transparent)]
    Migrate(#[from] MigrateFailure),
}

/// Connects to the database of the settings. Without a URL it starts the private Postgres (or joins the one another
/// tend runs in the same directory) and brings its schema up, since nobody else would. `durable`: what is committed
/// there survives a crash of the machine.
///
/// # Errors
/// When the database cannot be reached or the private one not be started.
pub async fn open(settings: &DatabaseSettings, durable: bool) -> Result<Opened, OpenError> {
    if settings.url.is_some() {
        return Ok(Opened { db: Database::connect(settings).await?, private: None });
    }
    let private = start_private(settings, durable).await?;
    let settings = DatabaseSettings { url: Some(private.url().into()), ..settings.clone() };
    let db = Database::connect(&settings).await?;
    migrate(&db, true).await?;
    Ok(Opened { db, private: Some(private) })
}

/// Starts the private Postgres, or joins the one another tend runs in the same directory.
pub(super) async fn start_private(
    settings: &DatabaseSettings,
    durable: bool,
) -> Result<PrivatePostgres, EmbeddedError> {
    let launch = Launch::new(&settings.private_dir).durable(durable).bin(settings.postgres_bin.clone());
    let started = tokio::task::spawn_blocking(|| launch.start()).await;
    started
        .map_err(|_| EmbeddedError::Failed { what: "starting the private Postgres", said: "it panicked".to_owned() })?
}
