//! What can be typed to have something explained.

use clap::{Args, Subcommand};

/// `tend explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// What
    #[command(subcommand)]
    pub what: Explain,
}

/// What can be explained.
#[derive(Debug, Subcommand)]
pub enum Explain {
    /// The deadlines of a ticket: which policy holds and why, each due instant window by window, who was and will be told
    Ticket(ExplainTicketArgs),
}

/// `tend explain ticket`.
#[derive(Debug, Args)]
pub struct ExplainTicketArgs {
    /// The ticket's key
    pub ticket: String,
    /// Under this job only; under all that are about tickets when left out
    #[arg(long)]
    pub job: Option<String>,
    /// As of this instant (2026-06-01T10:00:00+08:00); now when left out
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<String>,
}
