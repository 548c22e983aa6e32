//! Logging: `tracing` to standard error, for people on a terminal, as JSON for machines.
//!
//! Lines carry ids and counts, never a name, an address or a body. `info` is written when something was done, `debug`
//! when nothing was.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Human on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// `[log]`.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// How lines look.
    pub format: LogFormat,
    /// `LEVEL` or `TARGET=LEVEL`, separated by commas.
    pub filter: String,
}

/// Turns logging on for this process; a second call changes nothing.
pub fn start(settings: &LogSettings) {
    let filter: Targets = settings.filter.parse().unwrap_or_default();
    let json = match settings.format {
        LogFormat::Json => true,
        LogFormat::Human => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A filter of its own, not one of the layer: a layer's filter remembers "not this one" per thread, and sqlx asks
    // whether it would be heard without saying anything, so that the next line of somebody else got lost.
    let heard = tracing_subscriber::registry().with(filter);
    let started = if json {
        heard.with(lines.json().flatten_event(true)).try_init()
    } else {
        let colour = std::io::stderr().is_terminal();
        heard.with(lines.with_ansi(colour).with_target(false)).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging is on already");
    }
}

/// Whether it is a filter: `LEVEL` or `TARGET=LEVEL`, separated by commas.
///
/// # Errors
/// A sentence for a person.
pub fn check_filter(text: &str) -> Result<(), String> {
    text.parse::<Targets>()
        .map(drop)
        .map_err(|error| format!("{text:?} is not a filter such as \"info,tend::outbox=debug\": {error}"))
}
