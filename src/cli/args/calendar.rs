//! What can be typed about business calendars.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `tend calendar`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CalendarArgs {
    #[command(subcommand)]
    pub action: Option<CalendarAction>,
    /// The calendar: its file's name without .toml; without one: list them
    pub name: Option<String>,
    /// Which year to show; this one when left out
    #[arg(long, value_name = "YEAR", requires = "name", value_parser = clap::value_parser!(i32).range(1970..=2099))]
    pub year: Option<i32>,
    /// Show only this month of it
    #[arg(long, value_name = "1-12", requires = "name", value_parser = clap::value_parser!(u32).range(1..=12))]
    pub month: Option<u32>,
    /// Add working time to an instant (in the calendar's zone, unless it has an offset) and show how it came about
    #[arg(long, num_args = 2, value_names = ["INSTANT", "LENGTH"], requires = "name", conflicts_with_all = ["year", "month"])]
    pub add: Option<Vec<String>>,
    /// Print its file, to make one of your own of it
    #[arg(long, requires = "name", conflicts_with_all = ["year", "month", "add"])]
    pub source: bool,
}

/// What can be done to a calendar.
#[derive(Debug, Subcommand)]
pub enum CalendarAction {
    /// Read holidays from an iCalendar file (.ics)
    #[command(after_help = super::examples::CALENDAR_IMPORT)]
    Import {
        /// The file
        file: PathBuf,
        /// Add them to the file of this calendar; without it they are printed. Lines that stand there are never changed
        #[arg(long, value_name = "NAME")]
        into: Option<String>,
        /// Which years; when left out those the calendar has data for, or this one and the next
        #[arg(long, value_name = "FROM-TO", value_parser = years)]
        years: Option<RangeInclusive<i32>>,
    },
}

/// `2027` or `2027-2028`.
fn years(text: &str) -> Result<RangeInclusive<i32>, String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let year = |text: &str| text.parse::<i32>().ok().filter(|year| (1970..=2099).contains(year));
    match (year(from), year(to)) {
        (Some(from), Some(to)) if from <= to => Ok(from..=to),
        _ => Err("write a year or a range of them: 2027, 2027-2028".to_owned()),
    }
}
