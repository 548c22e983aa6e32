//! What can be typed about what people have to do.

use clap::{Args, Subcommand, ValueEnum};

/// `tend task`.
#[derive(Debug, Args)]
pub struct TaskArgs {
    #[command(subcommand)]
    pub action: TaskAction,
}

/// What to do with tasks.
#[derive(Debug, Subcommand)]
pub enum TaskAction {
    /// The tasks there are, the soonest due first; those that are planned or open when no state is named
    List(TaskListArgs),
    /// One task: what it rests on and what happened to it
    Show {
        /// Its number, as `tend task list` shows it
        #[arg(value_parser = super::number)]
        id: i64,
    },
    /// It is done
    Done {
        /// Its number, as `tend task list` shows it
        #[arg(value_parser = super::number)]
        id: i64,
        /// What came of it; of callbacks satisfied or not_satisfied, which makes another round
        #[arg(long, value_name = "WORD")]
        result: String,
        /// What there is to say
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Who did it: a staff_id
        #[arg(long, value_name = "STAFF")]
        by: Option<String>,
    },
    /// To another time or to another person
    #[command(group = clap::ArgGroup::new("where").required(true).multiple(true))]
    Move {
        /// Its number, as `tend task list` shows it
        #[arg(value_parser = super::number)]
        id: i64,
        /// Time in its zone ('2026-06-02 15:00'), instant (2026-06-02T15:00+08:00), or day (the same time of that day)
        #[arg(long, group = "where", value_name = "TIME")]
        to: Option<String>,
        /// The person who has it from now on: a staff_id
        #[arg(long, group = "where", value_name = "STAFF")]
        staff: Option<String>,
        /// What there is to say
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Who moves it: a staff_id
        #[arg(long, value_name = "STAFF")]
        by: Option<String>,
    },
    /// It need not be done; what follows a customer until satisfied only a supervisor may cancel
    Cancel {
        /// Its number, as `tend task list` shows it
        #[arg(value_parser = super::number)]
        id: i64,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who cancels it: a staff_id
        #[arg(long, value_name = "STAFF")]
        by: Option<String>,
    },
}

/// `tend task list`.
#[derive(Debug, Args)]
pub struct TaskListArgs {
    /// Of this person: a staff_id
    #[arg(long, value_name = "STAFF")]
    pub of: Option<String>,
    /// Of the people of this team, and what waits for one of it
    #[arg(long, value_name = "TEAM")]
    pub team: Option<String>,
    /// Those that nobody could be found for
    #[arg(long, conflicts_with = "of")]
    pub unassigned: bool,
    /// In this state; several times for several
    #[arg(long, value_name = "STATE")]
    pub state: Vec<TaskState>,
    /// By when they have to be done, by the day in their zone
    #[arg(long, value_name = "WHEN")]
    pub due: Option<TaskDue>,
    /// About this customer
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub limit: i64,
}

/// States of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskState {
    /// Opens later
    Planned,
    /// To be done
    Open,
    /// Done
    Done,
    /// Its time is over and it was not done
    Missed,
    /// No longer needed
    Cancelled,
}

/// When tasks are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskDue {
    /// Today
    Today,
    /// Their time is over, and they are not
    Overdue,
    /// Today and the six days after
    Week,
}
