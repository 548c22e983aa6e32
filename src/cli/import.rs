//! `tend import`.

use super::args::{Arguments, ImportArgs, ImportKind};
use super::failure::Failure;
use super::{connect, print};
use crate::import::{self, Kind, Options, Source, rejects_beside};
use crate::progress::Progress;

/// Reads a CSV file into the company's tables.
pub async fn run(arguments: &Arguments, command: &ImportArgs) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let kind = match command.kind {
        ImportKind::Customers => Kind::Customers,
        ImportKind::Orders => Kind::Orders,
        ImportKind::Interactions => Kind::Interactions,
        ImportKind::Tickets => Kind::Tickets,
        ImportKind::ProductViews => Kind::ProductViews,
        ImportKind::TicketEvents => Kind::TicketEvents,
        ImportKind::Staff => Kind::Staff,
        ImportKind::Absence => Kind::Absences,
    };
    let source = Source::open(&command.file).map_err(Failure::failed)?;
    let opened = connect::ready(&settings).await?;
    let now = settings.time.source.now(&mut *opened.db.pool().acquire().await?).await?;
    let rejects = command.rejects.clone().unwrap_or_else(|| rejects_beside(&command.file, kind));
    let progress = Progress::start(format!("Importing {}", source.name), source.size);
    let options = Options { strict: command.strict, rejects, now };
    let report = import::import(&opened.db, kind, source, &options, &progress).await;
    progress.finish();
    let report = report.map_err(Failure::failed)?;
    if arguments.json { print::json(&report) } else { print::text(report.to_string()) }
}
