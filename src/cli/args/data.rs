//! What can be typed about the company's data: importing them, making them up, the tables they are in.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What a file holds.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ImportKind {
    Customers,
    Orders,
    Interactions,
    Tickets,
    #[value(name = "product_view")]
    ProductViews,
    #[value(name = "ticket_event")]
    TicketEvents,
    Staff,
    Absence,
}

/// `tend import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What the file holds
    pub kind: ImportKind,
    /// CSV file (columns: docs/import.md), or - for standard input
    pub file: PathBuf,
    /// Keep nothing if any row is bad
    #[arg(long)]
    pub strict: bool,
    /// Where bad rows go; FILE.rejects.csv when left out, KIND.rejects.csv for standard input
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}

/// `tend migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Leave the crm schema alone: the company provides it as tables or views
    #[arg(long)]
    pub without_crm: bool,
}

/// `tend demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many customers to make up
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    pub customers: u32,
    /// Another number makes another company
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// The day to run the jobs for; the day after the last one run when left out
    #[arg(long, value_name = "DATE")]
    pub date: Option<chrono::NaiveDate>,
}

/// `tend bounces`.
#[derive(Debug, Args)]
pub struct BouncesArgs {
    /// A mail, or several in mbox format, or - for standard input
    pub file: PathBuf,
}
