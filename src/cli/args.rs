//! What can be typed. Every name here is a promise to somebody's scripts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

mod action;
mod calendar;
mod content;
mod data;
mod effects;
mod examples;
mod explain;
mod report;
mod simulate;
mod task;

pub use action::{ActionAddArgs, ActionArgs, ActionListArgs, ActionWhat};
pub use calendar::{CalendarAction, CalendarArgs};
pub use content::{CouponsAction, CouponsArgs, RenderArgs, SendTestArgs};
pub use data::{BouncesArgs, DemoArgs, ImportArgs, ImportKind, MigrateArgs};
pub use effects::EffectsArgs;
pub use explain::{Explain, ExplainArgs, ExplainTicketArgs};
pub use report::{ReportAction, ReportArgs, WhichReport};
pub use simulate::SimulateArgs;
pub use task::{TaskAction, TaskArgs, TaskDue, TaskListArgs, TaskState};

mod person;

pub use person::{ExportArgs, ForgetArgs, SuppressArgs, WhyArgs};

/// Looks after a company's customers on schedule, on the company's own Postgres.
#[derive(Debug, Parser)]
#[command(name = "tend", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Arguments {
    /// Folder of the job files
    #[arg(long, global = true, default_value = "jobs", value_name = "DIR")]
    pub jobs: PathBuf,
    /// Folder of the settings files
    #[arg(long, global = true, default_value = "config", value_name = "DIR")]
    pub config: PathBuf,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 it failed, the message says why · 2 the command line is wrong ·
3 a job file or a setting is wrong, or a check in a job file fails · 4 the database cannot be used (unreachable, wrong password, wrong schema)

Settings are read from DIR/default.toml, DIR/<environment>.toml and variables such as TEND__DATABASE__URL;
TEND__ENVIRONMENT is development (when not set), staging or production.
Without a database URL, in development, tend starts a private Postgres under .tend/.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon: plan, run, send, until told to stop
    #[command(after_help = examples::SERVE)]
    Serve,
    /// Check job files, try out the examples in them, and show when each job runs next
    #[command(after_help = examples::CHECK)]
    Check(CheckArgs),
    /// Show what a job would do: the real run, rolled back
    #[command(after_help = examples::PLAN)]
    Plan(PlanArgs),
    /// Say why a customer got what a job gave, or nothing: all that is on record, and what a run would decide
    #[command(after_help = examples::WHY)]
    Why(WhyArgs),
    /// Explain the deadlines of a ticket: the policy that holds, and how each due instant came about
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Show what the messages of a job brought about: who took part, which orders followed, and what would have without
    #[command(after_help = examples::EFFECTS)]
    Effects(EffectsArgs),
    /// Write what a customer would get into files: mail, text message
    #[command(after_help = examples::RENDER)]
    Render(RenderArgs),
    /// Send one message to your own address, marked as a test
    #[command(after_help = examples::SEND_TEST)]
    SendTest(SendTestArgs),
    /// Show what all jobs will do over the next months, on a copy; nothing is sent
    #[command(after_help = examples::SIMULATE)]
    Simulate(SimulateArgs),
    /// Run a job now, besides its schedule
    #[command(after_help = examples::RUN)]
    Run(RunArgs),
    /// Run a job for past days, one after the other
    #[command(after_help = examples::BACKFILL)]
    Backfill(BackfillArgs),
    /// Put the job folder in force: what runs on this database follows it from now on
    #[command(after_help = examples::APPLY)]
    Apply(ApplyArgs),
    /// Show when jobs run next, in local time and UTC
    #[command(after_help = examples::NEXT)]
    Next(NextArgs),
    /// Show business calendars: a year, a sum of working time, holidays from an iCalendar file
    #[command(after_help = examples::CALENDAR)]
    Calendar(CalendarArgs),
    /// Show jobs, last and next runs, what is late and why
    #[command(after_help = examples::STATUS)]
    Status,
    /// Stop a job, or all sending, until it is resumed
    #[command(after_help = examples::PAUSE)]
    Pause(PauseArgs),
    /// Let a job, or all sending, go on
    #[command(after_help = examples::RESUME)]
    Resume(ResumeArgs),
    /// Cancel a run that waits or is at work
    #[command(after_help = examples::CANCEL)]
    Cancel(CancelArgs),
    /// Let messages go that wait for another person's approval, or list them
    #[command(after_help = examples::APPROVE)]
    Approve(ApproveArgs),
    /// Show messages whose fate is unknown or that need a decision, and decide
    #[command(after_help = examples::OUTBOX)]
    Outbox(OutboxArgs),
    /// Show reviews that were made and whom they went to, write their mails into a folder, send them again
    #[command(after_help = examples::REPORT)]
    Report(ReportArgs),
    /// Show what people have to do, and say what came of it: callbacks, visits, rescue calls
    #[command(after_help = examples::TASK)]
    Task(TaskArgs),
    /// Show what was decided in reviews, decide, and say what came of it
    #[command(after_help = examples::ACTION)]
    Action(ActionArgs),
    /// Show everything that is known of a customer, as JSON
    #[command(after_help = examples::EXPORT)]
    ExportCustomer(ExportArgs),
    /// Forget a customer: shows first what that takes, does it with --yes
    #[command(after_help = examples::FORGET)]
    Forget(ForgetArgs),
    /// Stop messages to an address, or let them go again
    #[command(after_help = examples::SUPPRESS)]
    Suppress(SuppressArgs),
    /// Import coupon codes and show how their pools stand
    #[command(after_help = examples::COUPONS)]
    Coupons(CouponsArgs),
    /// Give a customer a level by hand until a day, take it back, or list who has one
    #[command(after_help = examples::OVERRIDE)]
    Override(OverrideArgs),
    /// Import customers, orders, interactions, tickets and their events, product views, staff or absences from CSV
    #[command(after_help = examples::IMPORT)]
    Import(ImportArgs),
    /// Read mails that came back and complaint reports: what they say about messages and addresses
    #[command(after_help = examples::BOUNCES)]
    Bounces(BouncesArgs),
    /// Create or update tend's tables
    #[command(after_help = examples::MIGRATE)]
    Migrate(MigrateArgs),
    /// Make up a company, run the jobs for one day, show what came out
    #[command(after_help = examples::DEMO)]
    Demo(DemoArgs),
    /// Print the JSON Schema of job files, for editors
    #[command(after_help = examples::SCHEMA)]
    Schema(SchemaArgs),
    /// Print completions for a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionArgs),
}

/// `tend check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Folder to check instead of --jobs
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Leave out the examples in the files: no database is needed then
    #[arg(long)]
    pub no_run: bool,
}

/// `tend schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The schema of segment files (jobs/segments/NAME.toml) instead
    #[arg(long)]
    pub segments: bool,
    /// The schema of the file of caps (jobs/policy/caps.toml) instead
    #[arg(long, conflicts_with = "segments")]
    pub caps: bool,
    /// A page about conditions instead: fields, operators, events, with examples
    #[arg(long, conflicts_with_all = ["segments", "caps"])]
    pub markdown: bool,
}

/// `tend plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The job or segment: its file's name without .toml
    pub job: String,
    /// Instant (2026-06-01T02:00:00+08:00) or day (2026-06-01: that day's slot in the job's zone); now when left out
    #[arg(long, value_name = "INSTANT|DATE")]
    pub at: Option<String>,
    /// Show what would be decided about this customer and why: each condition with the value found
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// Write the same as a page into this file, for browsers and paper
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write the mails that people of the house would get into this folder: reviews, agendas, alerts
    #[arg(long, value_name = "DIR", conflicts_with = "customer")]
    pub out: Option<PathBuf>,
}

/// `tend run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The job: its file's name without .toml
    pub job: String,
    /// Instant (2026-06-01T02:00:00+08:00) or day (2026-06-01: that day's slot in the job's zone); now when left out
    #[arg(long, value_name = "INSTANT|DATE")]
    pub at: Option<String>,
    /// Write the same as a page into this file, for browsers and paper
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// `tend backfill`.
#[derive(Debug, Args)]
pub struct BackfillArgs {
    /// The job: its file's name without .toml
    pub job: String,
    /// First day, in the job's zone
    #[arg(long, value_name = "DATE")]
    pub from: String,
    /// Last day; it is run too
    #[arg(long, value_name = "DATE")]
    pub to: String,
}

/// `tend apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// Put back a folder that was already superseded
    #[arg(long)]
    pub force: bool,
}

/// `tend next`.
#[derive(Debug, Args)]
pub struct NextArgs {
    /// Only this job
    pub job: Option<String>,
    /// Count from this instant instead of now
    #[arg(long, value_name = "INSTANT|DATE")]
    pub from: Option<String>,
    /// How many runs of each job
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub count: u16,
}

/// `tend pause`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct PauseArgs {
    /// The job to pause: its slots are skipped meanwhile
    #[arg(group = "what")]
    pub job: Option<String>,
    /// All sending, at once; jobs still plan what is owed
    #[arg(long, group = "what")]
    pub all: bool,
    /// Why, for the others
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub note: String,
}

/// `tend resume`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct ResumeArgs {
    /// The job to resume
    #[arg(group = "what")]
    pub job: Option<String>,
    /// All sending
    #[arg(long, group = "what")]
    pub all: bool,
}

/// `tend cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The run's number, as `tend status` shows it
    #[arg(value_parser = number)]
    pub run: i64,
}

fn number(text: &str) -> Result<i64, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "it is a number such as 42".to_owned())
}

/// `tend approve`.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The job whose messages may go; without one: list what waits
    pub job: Option<String>,
    /// Only this run, and also what its first share holds back or has stopped
    #[arg(long, value_name = "N", value_parser = number, requires = "job")]
    pub run: Option<i64>,
    /// Who approves; the person at the terminal when left out. It is on trust: account and machine are put on record beside it
    #[arg(long, value_name = "NAME", requires = "job")]
    pub by: Option<String>,
    /// Cancel them instead
    #[arg(long, requires = "job")]
    pub refuse: bool,
}

/// `tend outbox`.
#[derive(Debug, Args)]
pub struct OutboxArgs {
    #[command(subcommand)]
    pub action: OutboxAction,
}

/// What to do with messages that wait for a person.
#[derive(Debug, Subcommand)]
pub enum OutboxAction {
    /// List messages that are in doubt, held or dead
    List,
    /// Send messages again that are in doubt, held or dead, knowing that one in doubt may arrive twice
    Resend {
        /// The messages' numbers, as `tend outbox list` shows them
        #[arg(required = true, value_parser = number)]
        message: Vec<i64>,
    },
    /// Say that this database is the one that sends, after it was copied, moved or promoted
    #[command(after_help = examples::CONFIRM)]
    Confirm {
        /// Send what was held because of it
        #[arg(long, conflicts_with = "drop")]
        release: bool,
        /// Give up what was held because of it
        #[arg(long)]
        drop: bool,
    },
    /// Give messages up that are in doubt, held or dead
    Drop {
        /// The messages' numbers, as `tend outbox list` shows them
        #[arg(required = true, value_parser = number)]
        message: Vec<i64>,
    },
}

/// `tend override`.
#[derive(Debug, Args)]
pub struct OverrideArgs {
    /// The ladder: the job that keeps it; without a level: list
    pub ladder: Option<String>,
    /// The customer's key
    pub customer: Option<String>,
    /// The level to give
    #[arg(requires = "until", conflicts_with_all = ["clear", "past"])]
    pub level: Option<String>,
    /// Last day (2026-12-31, in the ladder's zone), or the instant of the end (2026-12-31T18:00+08:00)
    #[arg(long, value_name = "DATE|INSTANT", requires = "level")]
    pub until: Option<String>,
    /// Why, for the others
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT", requires = "level")]
    pub note: String,
    /// Take it back: the conditions decide again
    #[arg(long, requires = "customer", conflicts_with = "past")]
    pub clear: bool,
    /// List those that are over, too
    #[arg(long)]
    pub past: bool,
}

/// `tend completions`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    pub shell: Shell,
}
