//! Settings and database for a command.

use std::time::{Duration, Instant};

use super::args::{Arguments, Command};
use super::failure::Failure;
use crate::clock::Clock;
use crate::db::{self, ConnectError, OpenError, Opened};
use crate::settings::Settings;
use crate::telemetry::LogSettings;

/// The settings of this call; turns logging on. A command says what it did on standard output, so that only the
/// daemon logs everything.
pub fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let settings = Settings::load(&arguments.config).map_err(|error| Failure::settings(error.to_string()))?;
    match arguments.command {
        Command::Serve => crate::telemetry::start(&settings.log),
        _ => crate::telemetry::start(&LogSettings { filter: QUIET.to_owned(), ..settings.log.clone() }),
    }
    Ok(settings)
}

/// What commands log: their failures are told in words already.
const QUIET: &str = "off";

/// The database, whatever its schema.
pub async fn open(settings: &Settings) -> Result<Opened, Failure> {
    if settings.database.url.is_none() {
        tracing::debug!(dir = %settings.database.private_dir.display(), "no database.url: the private Postgres");
    }
    db::open(&settings.database, true).await.map_err(unopened)
}

/// The database of the demo: brought up where it is empty; the private one need not survive a crash of the machine.
pub async fn open_for_demo(settings: &Settings) -> Result<Opened, Failure> {
    let opened = db::open(&settings.database, false).await.map_err(unopened)?;
    db::migrate(&opened.db, true).await.map_err(Failure::database)?;
    db::gate(&opened.db).await.map_err(Failure::database)?;
    Ok(opened)
}

/// The database with the schema this binary was made for.
pub async fn gated(settings: &Settings) -> Result<Opened, Failure> {
    let opened = open(settings).await?;
    db::gate(&opened.db).await.map_err(Failure::database)?;
    Ok(opened)
}

/// The same as [`gated`] for the daemon: a server that is just being restarted is waited for, as long as
/// `database.connect_timeout` says.
pub async fn when_ready(settings: &Settings) -> Result<Opened, Failure> {
    let until = Instant::now() + settings.database.connect_timeout;
    let mut said: Option<Instant> = None;
    loop {
        let failure = match gated(settings).await {
            Ok(opened) => {
                if said.is_some() {
                    tracing::info!("the database is there");
                }
                return Ok(opened);
            }
            Err(failure) => failure,
        };
        let Failure::Database(error) = &failure else { return Err(failure) };
        let passes = error.chain().any(|cause| cause.downcast_ref().is_some_and(db::is_transient));
        if !passes || Instant::now() >= until {
            return Err(failure);
        }
        if said.is_none_or(|at| at.elapsed() >= REMINDER) {
            tracing::warn!("waiting for the database: {error}");
            said = Some(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// How often the log says that the database is still waited for.
const REMINDER: Duration = Duration::from_secs(30);

/// The same for a command that needs to know what time it is.
pub async fn ready(settings: &Settings) -> Result<Opened, Failure> {
    let opened = gated(settings).await?;
    if settings.time.source == Clock::Driven {
        let driven: bool =
            sqlx::query_scalar("select exists (select from tend.driven_clock)").fetch_one(opened.db.pool()).await?;
        if !driven {
            return Err(Failure::settings(
                "time.source is \"driven\" (TEND__TIME__SOURCE), and nobody has set the time yet:\n  \
                 insert into tend.driven_clock (instant) values ('2026-06-01T00:00Z')",
            ));
        }
    }
    Ok(opened)
}

/// A URL that is none is a wrong setting; everything else is the database.
fn unopened(error: OpenError) -> Failure {
    match error {
        OpenError::Connect(error @ (ConnectError::Url(_) | ConnectError::NoUrl)) => {
            Failure::settings(format!("the settings are wrong:\n  {error}"))
        }
        other => Failure::database(other),
    }
}
