//! `tend status`.

use super::args::Arguments;
use super::failure::Failure;
use super::{connect, print};
use crate::daemon;
use crate::engine::status::status;

/// Jobs, last and next runs, what is late and why.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let status = status(&daemon::engine(&opened.db, &settings)).await?;
    if arguments.json { print::json(&status) } else { print::text(status.text(settings.defaults.timezone)) }
}
