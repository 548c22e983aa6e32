//! Settings and database for a command.

use super::args::Arguments;
use super::failure::Failure;
use crate::db::{self, Opened};
use crate::settings::Settings;

/// The settings of this call; turns logging on.
pub fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let settings = Settings::load(&arguments.config).map_err(|error| Failure::Files(error.to_string()))?;
    crate::telemetry::start(&settings.log);
    Ok(settings)
}

/// The database, whatever its schema.
pub async fn open(settings: &Settings) -> Result<Opened, Failure> {
    if settings.database.url.is_none() {
        tracing::debug!(dir = %settings.database.private_dir.display(), "no database.url: the private Postgres");
    }
    db::open(&settings.database, true).await.map_err(|error| Failure::Database(error.into()))
}

/// The database with the schema this binary was made for.
pub async fn ready(settings: &Settings) -> Result<Opened, Failure> {
    let opened = open(settings).await?;
    db::gate(&opened.db).await.map_err(|error| Failure::Database(error.into()))?;
    Ok(opened)
}
