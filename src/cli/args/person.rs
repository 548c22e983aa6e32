//! What can be typed about one person.

use clap::{Args, ValueEnum};

/// `tend why`.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// The customer's key
    #[arg(long, value_name = "ID")]
    pub customer: String,
    /// The job: its file's name without .toml
    #[arg(long)]
    pub job: String,
    /// As of this instant (2026-06-01T02:00:00+08:00) or day (2026-06-01: that day's slot in the job's zone); now when left out
    #[arg(long, value_name = "INSTANT|DATE")]
    pub at: Option<String>,
}

/// `tend forget`.
#[derive(Debug, Args)]
pub struct ForgetArgs {
    /// The customer's key
    pub customer: String,
    /// Do it; without it only what would be done is shown
    #[arg(long)]
    pub yes: bool,
}

/// `tend export-customer`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The customer's key
    pub customer: String,
}

/// `tend suppress`.
#[derive(Debug, Args)]
pub struct SuppressArgs {
    /// Mail address, or number such as +8613800138000
    pub address: String,
    /// Only messages of this purpose: the customer said so by mail or by telephone
    #[arg(long, value_name = "PURPOSE", conflicts_with = "lift")]
    pub only: Option<Only>,
    /// Let messages go to the address again
    #[arg(long)]
    pub lift: bool,
}

/// What customers can unsubscribe from.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Only {
    Marketing,
    Service,
}

impl Only {
    /// As `tend.choice.purpose`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Service => "service",
        }
    }
}
