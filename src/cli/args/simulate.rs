//! What can be typed about simulations.

use std::path::PathBuf;

use clap::Args;

/// `tend simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// First instant or day; now when left out. What the database has come to already is not undone
    #[arg(long, value_name = "INSTANT|DATE")]
    pub from: Option<String>,
    /// Last day, which is simulated too, or the instant at which it ends
    #[arg(long, value_name = "INSTANT|DATE")]
    pub to: String,
    /// Run a second job folder over the same days, on a second copy, and show what it changes
    #[arg(long, value_name = "DIR")]
    pub compare: Option<PathBuf>,
    /// Write the report as a page into this file, with a calendar, for browsers and paper
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Nobody approves the messages that wait for it; otherwise they go at once
    #[arg(long)]
    pub no_approvals: bool,
    /// Leave the copy there, and say what it is called
    #[arg(long, conflicts_with = "database")]
    pub keep: bool,
    /// Run on this database, a copy that will be changed, instead of one made for the purpose
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// The database of --database was not made by tend, but is a copy and may be changed
    #[arg(long, requires = "database")]
    pub this_is_a_copy: bool,
}
