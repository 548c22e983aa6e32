//! `tend migrate`.

use serde_json::json;

use super::args::{Arguments, MigrateArgs};
use super::failure::Failure;
use super::{connect, print};
use crate::db;

/// Brings the schema up; a second call does nothing.
pub async fn run(arguments: &Arguments, command: &MigrateArgs) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::open(&settings).await?;
    let migrated = db::migrate(&opened.db, !command.without_crm).await.map_err(Failure::database)?;
    db::gate(&opened.db).await.map_err(Failure::database)?;
    if arguments.json {
        return print::json(&json!({ "applied": migrated.applied, "version": migrated.version }));
    }
    print::text(match migrated.applied {
        0 => format!("The schema is up to date (version {}).", migrated.version),
        1 => format!("1 migration applied; the schema is at version {}.", migrated.version),
        many => format!("{many} migrations applied; the schema is at version {}.", migrated.version),
    })
}
