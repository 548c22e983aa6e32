//! Settings and database for a command.

use super::args::{Arguments, Command};
use super::failure::Failure;
use crate::db::{self, Opened};
use crate::settings::Settings;
use crate::telemetry::LogSettings;

/// The settings of this call; turns logging on. A command says what it did on standard output, so that only the
/// daemon logs everything.
pub fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let settings = Settings::load(&arguments.config).map_err(|error| Failure::Files(error.to_string()))?;
    match arguments.command {
        Command::Serve => crate::telemetry::start(&settings.log),
        _ => crate::telemetry::start(&LogSettings { filter: QUIET.to_owned(), ..settings.log.clone() }),
    }
    Ok(settings)
}

/// What commands log.
const QUIET: &str = "error,tend=error";

/// The database, whatever its schema.
pub async fn open(settings: &Settings) -> Result<Opened, Failure> {
    if settings.database.url.is_none() {
        tracing::debug!(dir = %settings.database.private_dir.display(), "no database.url: the private Postgres");
    }
    db::open(&settings.database, true).await.map_err(|error| Failure::Database(error.into()))
}

/// The database of the demo: brought up where it is empty; the private one need not survive a crash of the machine.
pub async fn open_for_demo(settings: &Settings) -> Result<Opened, Failure> {
    let opened = db::open(&settings.database, false).await.map_err(|error| Failure::Database(error.into()))?;
    db::migrate(&opened.db, true).await.map_err(|error| Failure::Database(error.into()))?;
    db::gate(&opened.db).await.map_err(|error| Failure::Database(error.into()))?;
    Ok(opened)
}

/// The database with the schema this binary was made for.
pub async fn ready(settings: &Settings) -> Result<Opened, Failure> {
    let opened = open(settings).await?;
    db::gate(&opened.db).await.map_err(|error| Failure::Database(error.into()))?;
    Ok(opened)
}
