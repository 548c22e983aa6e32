//! What can be typed about reviews that were made.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `tend report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(subcommand)]
    pub action: ReportAction,
}

/// What to do with reviews.
#[derive(Debug, Subcommand)]
pub enum ReportAction {
    /// The reviews that were made, the latest first, and what became of their mails
    List {
        /// Of this job; of all when left out
        job: Option<String>,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 24, value_parser = super::number)]
        limit: i64,
    },
    /// One of them: its figures as they were then, and whom they went to
    Show {
        #[command(flatten)]
        which: WhichReport,
        /// Write the mails as they were sent, the figures and the job file as it was into this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Send its mails again, marked as that: to everybody who got one, or to whom --to names
    Resend {
        #[command(flatten)]
        which: WhichReport,
        /// A reader: staff:ID or a mail address, also one who got none; may stand several times
        #[arg(long, value_name = "READER")]
        to: Vec<String>,
    },
}

/// Which review.
#[derive(Debug, Args)]
pub struct WhichReport {
    /// Its run, as `tend report list` shows it
    #[arg(value_parser = super::number)]
    pub run: i64,
    /// That of this team; that of everybody when left out
    #[arg(long, value_name = "TEAM")]
    pub team: Option<String>,
}
