//! `tend check`, `tend apply`, `tend schema`: what concerns the job files.

use std::io::IsTerminal as _;

use serde_json::Value;

use super::args::{ApplyArgs, Arguments, CheckArgs, SchemaArgs};
use super::control::who;
use super::failure::Failure;
use super::{connect, folder, print};
use crate::checks;
use crate::clock::wall_clock;
use crate::db::Scratch;
use crate::engine::status;
use crate::figures::{counted, verb};
use crate::filter;
use crate::jobfile::applied::Outcome;
use crate::jobfile::check;
use crate::jobfile::folder::Folder;
use crate::jobfile::schema::schema;
use crate::jobfile::store::{Applying, Basis, apply_folder};
use crate::jobs::KINDS;
use crate::jobs::message::caps_schema;
use crate::jobs::segment::schema as segment_schema;

/// Checks a folder, shows when each job runs next, and tries out the examples in the files in a scratch database.
pub async fn check(arguments: &Arguments, command: &CheckArgs) -> Result<(), Failure> {
    let dir = command.dir.as_deref().unwrap_or(&arguments.jobs);
    let folder = folder::read_from(arguments, dir)?;
    let report = check::report(&folder, wall_clock());
    if !arguments.json {
        print::text(report.to_string())?;
    }
    let tried = match checks::count(&folder) {
        0 => None,
        _ if command.no_run => None,
        count => Some(try_out(arguments, &folder, count).await?),
    };
    if arguments.json {
        let mut document = serde_json::to_value(&report).map_err(anyhow::Error::from)?;
        document["checks"] = tried.as_ref().map_or(Value::Null, checks::Report::json);
        if let Some(unnoted) = unnoted(arguments).await {
            document["crm"] = unnoted.into();
        }
        print::json(&document)?;
    } else {
        if let Some(tried) = &tried {
            print::text(format!("\n{}", tried.render(std::io::stdout().is_terminal())))?;
        }
        if let Some(unnoted) = unnoted(arguments).await {
            print::text(format!("\n{unnoted}"))?;
        }
    }
    if tried.is_none_or(|tried| tried.passed()) { Ok(()) } else { Err(Failure::Said(3)) }
}

/// What it means for ladders that changes in `crm` are not noted. None where they are, and where no database is named,
/// answers, or has tend's tables: files can be checked without one.
async fn unnoted(arguments: &Arguments) -> Option<&'static str> {
    let settings = connect::settings(arguments).ok()?;
    settings.database.url.as_ref()?;
    let opened = connect::gated(&settings).await.ok()?;
    let mut conn = opened.db.pool().acquire().await.ok()?;
    status::unnoted(&mut conn).await.ok().flatten()
}

/// Runs the checks of the folder in a scratch database.
async fn try_out(arguments: &Arguments, folder: &Folder, count: usize) -> Result<checks::Report, Failure> {
    let settings = connect::settings(arguments)?;
    let mut scratch = Scratch::open(&settings.database).await.map_err(|error| {
        let skip = format!(
            "{} in the job files {} not run (`tend check --no-run` leaves them out): no scratch database",
            counted(count, "check"),
            verb(count, "was", "were")
        );
        Failure::database(anyhow::Error::new(error).context(skip))
    })?;
    let report = checks::run(folder, scratch.conn()).await;
    scratch.close().await;
    Ok(report?)
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

/// Prints the JSON Schema of job files, or what else an editor or a reader may want.
pub fn print_schema(command: &SchemaArgs) -> Result<(), Failure> {
    if command.markdown {
        return print::text(filter::docs::markdown());
    }
    if command.segments {
        return print::json(&segment_schema());
    }
    if command.caps {
        return print::json(&caps_schema());
    }
    print::json(&schema(KINDS, filter::schema::definitions()))
}
