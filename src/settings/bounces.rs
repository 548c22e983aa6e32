//! `[bounces]`: mails that come back.

use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;

/// `[bounces]`; each key is explained in `config/default.toml`.
#[derive(Debug, Clone, Default)]
pub struct BounceSettings {
    /// A Maildir that is read.
    pub maildir: Option<PathBuf>,
    /// A folder with a file a mail.
    pub folder: Option<PathBuf>,
    /// A file in mbox format.
    pub mbox: Option<PathBuf>,
    /// How often.
    pub interval: Duration,
    /// Messages that failed in a row until their address is suppressed.
    pub failures: u16,
}

pub(super) fn read(mut table: Section) -> BounceSettings {
    let settings = BounceSettings {
        maildir: table.optional("maildir"),
        folder: table.optional("folder"),
        mbox: table.optional("mbox"),
        interval: table.duration("interval"),
        failures: u16::try_from(table.number("failures", 1, 1_000)).unwrap_or(u16::MAX),
    };
    table.finish();
    settings
}
