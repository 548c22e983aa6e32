//! What an import did.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::Kind;

/// Counts of one import. Every row that was read is one of inserted, changed, unchanged, superseded, rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// customers, orders …
    pub kind: &'static str,
    /// Rows in the file.
    pub read: u64,
    /// New rows.
    pub inserted: u64,
    /// Rows that differed from what was there; orders and interactions that changed hands are among them.
    pub changed: u64,
    /// Rows that were there as they are.
    pub unchanged: u64,
    /// Rows whose key came again later in the file; the later one counts.
    pub superseded: u64,
    /// Bad rows.
    pub rejected: u64,
    /// Rows added to `crm.consent`.
    pub consents: u64,
    /// Where the bad rows are, with line and reason; none when there are none.
    pub rejects: Option<PathBuf>,
    /// How long it took.
    #[serde(serialize_with = "seconds")]
    pub took: Duration,
}

fn seconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((took.as_secs_f64() * 1_000.0).round() / 1_000.0)
}

impl Report {
    pub(super) fn empty(kind: Kind) -> Self {
        Self {
            kind: kind.name(),
            read: 0,
            inserted: 0,
            changed: 0,
            unchanged: 0,
            superseded: 0,
            rejected: 0,
            consents: 0,
            rejects: None,
            took: Duration::ZERO,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, read, inserted, changed, unchanged, superseded, rejected, consents, .. } = self;
        write!(f, "{kind}: {read} read, {inserted} new, {changed} changed, {unchanged} unchanged")?;
        if *superseded > 0 {
            write!(f, ", {superseded} superseded by a later row with the same key")?;
        }
        if *consents > 0 {
            write!(f, ", consents recorded: {consents}")?;
        }
        write!(f, ", {rejected} rejected")?;
        if let Some(rejects) = &self.rejects {
            write!(f, " (see {})", rejects.display())?;
        }
        write!(f, ", in {:.1} s", self.took.as_secs_f64())
    }
}
