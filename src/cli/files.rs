//! `tend check`, `tend apply`, `tend schema`: what concerns the job files.

use super::args::{ApplyArgs, Arguments, CheckArgs};
use super::control::who;
use super::failure::Failure;
use super::{connect, folder, print};
use crate::clock::wall_clock;
use crate::filter;
use crate::jobfile::applied::Outcome;
use crate::jobfile::check;
use crate::jobfile::schema::schema;
use crate::jobfile::store::{Applying, Basis, apply_folder};
use crate::jobs::KINDS;

/// Checks a folder and shows when each job runs next. Reads files only: no database is needed.
pub fn check(arguments: &Arguments, command: &CheckArgs) -> Result<(), Failure> {
    let dir = command.dir.as_deref().unwrap_or(&arguments.jobs);
    let report = check::report(&folder::read_from(dir)?, wall_clock());
    if arguments.json { print::json(&report) } else { print::text(report.to_string()) }
}

/// Puts the job folder in force and shows what that changed.
pub async fn apply(arguments: &Arguments, command: &ApplyArgs) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let folder = folder::read(arguments)?;
    let opened = connect::ready(&settings).await?;
    let who = who();
    let basis = if command.force { Basis::Forced } else { Basis::Found };
    let applying = Applying { who: &who, basis, clock: settings.time.source, kinds: KINDS };
    let applied = apply_folder(&opened.db, &folder, applying).await?;
    if arguments.json {
        print::json(&applied)?
    } else {
        print::text(applied.to_string())?
    }
    if applied.outcome == Outcome::Superseded { Err(Failure::Said(1)) } else { Ok(()) }
}

/// Prints the JSON Schema of job files.
pub fn print_schema() -> Result<(), Failure> {
    print::json(&schema(KINDS, filter::schema::definitions()))
}
