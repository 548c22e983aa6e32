//! `tend bounces`: mails that came back, from a file or from the mail server.

use std::io::{self, Read as _};
use std::path::Path;

use anyhow::Context as _;

use super::args::{Arguments, BouncesArgs};
use super::failure::Failure;
use super::{connect, print, say};
use crate::daemon;
use crate::outbox::returned::mailbox::{LARGEST_MBOX, Tally, mails, read_whole};

/// EX_TEMPFAIL of `sysexits.h`: the mail server keeps the mail and tries again. Any other failure would bounce the bounce.
const TRY_AGAIN: u8 = 75;

/// Takes the mails of the file.
pub async fn run(arguments: &Arguments, command: &BouncesArgs) -> Result<(), Failure> {
    let tally = match taken(arguments, &command.file).await {
        Ok(tally) => tally,
        Err(Failure::Usage(text)) => return Err(Failure::Usage(text)),
        Err(failure) => {
            if let Some(text) = failure.text() {
                say(&text);
            }
            return Err(Failure::Said(TRY_AGAIN));
        }
    };
    if arguments.json { print::json(&tally) } else { print::text(text(&tally)) }
}

async fn taken(arguments: &Arguments, file: &Path) -> Result<Tally, Failure> {
    let settings = connect::settings(arguments)?;
    let raw = match file.to_str() {
        Some("-") => piped().context("standard input cannot be read")?,
        _ => read_whole(file).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?,
    };
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("bounces").await?;
    let now = settings.time.source.now(&mut tx).await?;
    let tally = mails(&mut tx, &raw, daemon::consequences(&settings), now).await?;
    tx.commit().await?;
    Ok(tally)
}

/// What a mail server pipes in, as far as it is looked at; the rest is read and forgotten, so that it is not cut off.
fn piped() -> io::Result<Vec<u8>> {
    let (mut from, mut raw) = (io::stdin().lock(), Vec::new());
    from.by_ref().take(LARGEST_MBOX).read_to_end(&mut raw)?;
    io::copy(&mut from, &mut io::sink())?;
    Ok(raw)
}

fn text(tally: &Tally) -> String {
    let parts = [
        (tally.recorded, "written down"),
        (tally.known, "known already"),
        (tally.not_ours, "not about a message of ours, or about another address than it went to"),
        (tally.auto_replies, "automatic replies, ignored"),
        (tally.other, "no reports, ignored"),
        (tally.unreadable, "unreadable"),
    ];
    let mails = if tally.mails == 1 { "1 mail".to_owned() } else { format!("{} mails", tally.mails) };
    let found: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    format!("{mails}: {}\n", if found.is_empty() { "nothing in it".to_owned() } else { found.join(", ") })
}
