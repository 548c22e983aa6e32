//! What can be typed about what messages brought about.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

/// `tend effects`.
#[derive(Debug, Args)]
pub struct EffectsArgs {
    /// The job: its file's name without .toml; all jobs side by side when left out
    pub job: Option<String>,
    /// Messages planned from this day on, in the job's zone; the last 90 days when left out
    #[arg(long, value_name = "DATE")]
    pub from: Option<NaiveDate>,
    /// Last day; it counts too; today when left out
    #[arg(long, value_name = "DATE")]
    pub to: Option<NaiveDate>,
    /// Write the same as a page into this file, for browsers and paper
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}
