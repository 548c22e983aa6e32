//! `tend forget`, `tend export-customer`, `tend suppress`.

use std::collections::BTreeMap;

use serde_json::json;

use super::args::{Arguments, ExportArgs, ForgetArgs, SuppressArgs};
use super::control::who;
use super::failure::Failure;
use super::{connect, print};
use crate::person::suppress::{self, Done};
use crate::person::{export, forget};

/// Shows what would be forgotten, or forgets.
pub async fn forget(arguments: &Arguments, command: &ForgetArgs) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("forget").await?;
    let now = settings.time.source.now(&mut tx).await?;
    let done = forget::forget(&mut tx, &command.customer, now).await?;
    if done.is_empty() {
        return Err(Failure::Usage(format!("nothing is known of a customer {:?}", command.customer)));
    }
    if command.yes {
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    if arguments.json {
        return print::json(&json!({ "done": command.yes, "forgotten": done }));
    }
    let mut text = String::new();
    text += &rows("deleted", &done.deleted);
    text += &rows("kept under a made-up name, without content", &done.renamed);
    text += &format!("messages cancelled: {}\n", done.cancelled);
    text += &format!("tasks of people cancelled: {}\n", done.dropped);
    text += &format!("addresses suppressed by their hash, so that nobody is written to again: {}\n", done.suppressed);
    if !done.left_to_the_company.is_empty() {
        text += &rows("the company's own data, which the company has to delete itself", &done.left_to_the_company);
    }
    text += match command.yes {
        true => "Done. Backups, logs of mail servers and what providers keep are not tend's to delete.\n",
        false => "Nothing was changed. `--yes` does it; it cannot be taken back.\n",
    };
    print::text(text)
}

fn rows(title: &str, tables: &BTreeMap<String, i64>) -> String {
    let lines = tables.iter().map(|(table, rows)| format!("  {table}: {rows}\n")).collect::<String>();
    if lines.is_empty() { String::new() } else { format!("{title}\n{lines}") }
}

/// Prints everything known of a customer; always JSON.
pub async fn export(arguments: &Arguments, command: &ExportArgs) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let mut conn = opened.db.pool().acquire().await?;
    match export::export(&mut conn, &command.customer).await? {
        Some(document) => print::json(&document),
        None => Err(Failure::Usage(format!("nothing is known of a customer {:?}", command.customer))),
    }
}

/// Stops messages to an address, or lifts what staff stopped.
pub async fn suppress(arguments: &Arguments, command: &SuppressArgs) -> Result<(), Failure> {
    let channel = suppress::channel_of(&command.address).map_err(Failure::Usage)?;
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("suppress").await?;
    let now = settings.time.source.now(&mut tx).await?;
    let address = command.address.trim();
    let done = match (command.lift, command.only) {
        (true, _) => suppress::lift(&mut tx, channel, address, now).await?,
        (false, None) => suppress::stop(&mut tx, channel, address, now).await?,
        (false, Some(only)) => suppress::unsubscribe(&mut tx, channel, address, only.as_str(), &who(), now).await?,
    };
    tx.commit().await?;
    if arguments.json {
        return print::json(&json!({ "channel": channel, "changed": done.changed, "own_word": done.own_word }));
    }
    print::text(said(command, done))
}

fn said(command: &SuppressArgs, done: Done) -> String {
    let mut text = match (command.lift, command.only, done.changed) {
        (true, _, true) => "Lifted: the address may be written to again.",
        (true, _, false) => "There was nothing to lift.",
        (false, Some(_), _) => "Written down: the customer gets no more of it, until they choose it again themselves.",
        (false, None, true) => "Nothing is sent to the address any more, until `tend suppress ADDRESS --lift`.",
        (false, None, false) => "Nothing is sent to the address already.",
    }
    .to_owned();
    if done.own_word && command.lift {
        text += " The customer unsubscribed himself from some messages; that stays, only he takes it back.";
    }
    text + "\n"
}
