//! `tend serve`.

use super::args::Arguments;
use super::failure::Failure;
use super::{connect, folder};
use crate::daemon;

/// Runs the daemon until it is told to stop.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    // heard from the beginning on: who is told to stop while the database is waited for ends well too
    let stop = daemon::stop_signal()?;
    let opened = tokio::select! {
        opened = connect::when_ready(&settings) => opened?,
        () = stop.cancelled() => return Ok(()),
    };
    // a broken folder is no reason to stay down when there is a good state in the database, but it is said at once
    if let Err(failure) = folder::read(arguments) {
        let in_force: bool =
            sqlx::query_scalar("select exists (select from tend.folder_revision)").fetch_one(opened.db.pool()).await?;
        if !in_force {
            // before the private Postgres stops, so that no connection has a word to say about it
            opened.db.close().await;
            return Err(failure);
        }
    }
    let calendars = folder::calendars_dir(arguments);
    daemon::serve(opened.db.clone(), &settings, arguments.jobs.clone(), calendars, stop).await?;
    Ok(())
}
