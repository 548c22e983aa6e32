//! What can be typed about what was decided in reviews.

use chrono::NaiveDate;
use clap::{Args, Subcommand};

/// `tend action`.
#[derive(Debug, Args)]
pub struct ActionArgs {
    #[command(subcommand)]
    pub what: ActionWhat,
}

/// What to do with actions.
#[derive(Debug, Subcommand)]
pub enum ActionWhat {
    /// The actions that are open, the soonest due first
    List(ActionListArgs),
    /// Give a figure of the last review an action
    Add(ActionAddArgs),
    /// It is done
    Done {
        /// Its number, as `tend action list` shows it
        #[arg(value_parser = super::number)]
        id: i64,
        /// What came of it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Who says so; the person at the terminal when left out. Account and machine are put on record beside it
        #[arg(long, value_name = "NAME", value_parser = name)]
        by: Option<String>,
    },
    /// It is no longer wanted: reviews leave it out
    Drop {
        /// Its number, as `tend action list` shows it
        #[arg(value_parser = super::number)]
        id: i64,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// Who says so; the person at the terminal when left out. Account and machine are put on record beside it
        #[arg(long, value_name = "NAME", value_parser = name)]
        by: Option<String>,
    },
}

/// `tend action list`.
#[derive(Debug, Args)]
pub struct ActionListArgs {
    /// Of the reviews of this job
    #[arg(long, value_name = "JOB")]
    pub job: Option<String>,
    /// Of the reviews of this team
    #[arg(long, value_name = "TEAM")]
    pub team: Option<String>,
    /// Those this person sees to: a staff_id
    #[arg(long, value_name = "STAFF")]
    pub of: Option<String>,
    /// Those that are done or dropped, too
    #[arg(long)]
    pub all: bool,
    /// At most so many
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub limit: i64,
}

/// `tend action add`.
#[derive(Debug, Args)]
pub struct ActionAddArgs {
    /// The job that makes the review: its file's name without .toml
    pub job: String,
    /// The figure, as docs/figures.md names it
    pub figure: String,
    /// Of which part, where that has a target of its own: tier=high
    #[arg(long, value_name = "BY=NAME", value_parser = part)]
    pub part: Option<(String, String)>,
    /// In the review of this team
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEAM")]
    pub team: String,
    /// Who sees to it: a staff_id
    #[arg(long, value_name = "STAFF")]
    pub owner: String,
    /// By which day
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub due: NaiveDate,
    /// What is to be done; names no customer
    #[arg(long, value_name = "TEXT")]
    pub what: String,
    /// Who decides it; the person at the terminal when left out. Account and machine are put on record beside it
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub by: Option<String>,
}

fn part(text: &str) -> Result<(String, String), String> {
    let split = text.split_once('=').filter(|(by, _)| !by.trim().is_empty());
    let (by, name) = split.ok_or_else(|| "it is by what and which, such as tier=high".to_owned())?;
    Ok((by.trim().to_owned(), name.trim().to_owned()))
}

fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "it is a day such as 2026-07-31".to_owned())
}

fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() { Err("it is empty".to_owned()) } else { Ok(name.to_owned()) }
}
