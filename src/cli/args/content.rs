//! What can be typed about what messages say: looking at them, trying them, coupon codes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `tend render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// The job: its file's name without .toml
    pub job: String,
    /// The customer's key
    #[arg(long, value_name = "ID")]
    pub customer: String,
    /// Folder for the files; made when it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Instant (2026-06-01T02:00:00+08:00) or day (2026-06-01: that day's slot in the job's zone); now when left out
    #[arg(long, value_name = "INSTANT|DATE")]
    pub at: Option<String>,
    /// An example with this offer, whatever the customer would get
    #[arg(long, value_name = "NAME")]
    pub offer: Option<String>,
}

/// `tend send-test`.
#[derive(Debug, Args)]
pub struct SendTestArgs {
    /// The job: its file's name without .toml
    pub job: String,
    /// Where it goes: a mail address, or a number such as +8613800138000
    #[arg(long, value_name = "ADDRESS")]
    pub to: String,
    /// As it would be for this customer; a made-up one when left out
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// By this channel of the settings; the usual one when left out
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    /// An example with this offer, whatever the customer would get
    #[arg(long, value_name = "NAME")]
    pub offer: Option<String>,
    /// Of a job with several messages, the one of this `[[step]]`; the first when left out
    #[arg(long, value_name = "NAME")]
    pub step: Option<String>,
}

/// `tend coupons`.
#[derive(Debug, Args)]
pub struct CouponsArgs {
    #[command(subcommand)]
    pub action: CouponsAction,
}

/// What to do with coupon pools.
#[derive(Debug, Subcommand)]
pub enum CouponsAction {
    /// Add codes to a pool; messages that wait for one get theirs
    Import {
        /// The pool, as job files name it
        pool: String,
        /// CSV file with the columns code and perhaps expires, or - for standard input
        file: PathBuf,
        /// Last day the shop takes codes whose line does not say it
        #[arg(long, value_name = "DATE")]
        expires: Option<chrono::NaiveDate>,
        /// Raise an alarm when fewer codes are left; 100 for a new pool
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
        low_water: Option<i32>,
    },
    /// How many codes are left, reserved and waited for
    List,
}
