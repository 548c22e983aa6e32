//! What a command prints on standard output.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use super::failure::Failure;

/// Prints text and a line break. A closed pipe (`tend status | head`) is not a failure.
pub fn text(text: impl AsRef<str>) -> Result<(), Failure> {
    let text = text.as_ref();
    let mut out = std::io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(out, "{text}{end}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints indented JSON.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    text(serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?)
}
