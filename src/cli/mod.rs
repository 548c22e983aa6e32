//! The command line: one file a command. Only here is it decided what is printed and with which code a call ends.
//!
//! Promises: what a command found out goes to standard output, everything about how it went to standard error; `--json`
//! prints one JSON document; the exit codes are those of `tend --help`.

mod args;
mod at;
mod connect;
mod control;
mod demo;
mod failure;
mod files;
mod folder;
mod import;
mod migrate;
mod next;
mod outbox;
mod plan;
mod print;
mod run;
mod serve;
mod status;
mod when;
mod work;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command};
use failure::Failure;

/// Reads the arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("no threads to work with: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(act(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match &failure {
                Failure::Said(_) => {}
                Failure::Files(text) => say(text.trim_end()),
                other => say(&format!("error: {other}")),
            }
            failure.exit_code()
        }
    }
}

async fn act(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Serve => serve::run(arguments).await,
        Command::Status => status::run(arguments).await,
        Command::Check(command) => files::check(arguments, command),
        Command::Apply(command) => files::apply(arguments, command).await,
        Command::Schema => files::print_schema(),
        Command::Plan(command) => plan::run(arguments, command).await,
        Command::Run(command) => run::run(arguments, command).await,
        Command::Backfill(command) => run::backfill(arguments, command).await,
        Command::Next(command) => next::run(arguments, command),
        Command::Pause(command) => control::pause(arguments, command).await,
        Command::Resume(command) => control::resume(arguments, command).await,
        Command::Cancel(command) => control::cancel(arguments, command).await,
        Command::Import(command) => import::run(arguments, command).await,
        Command::Outbox(command) => outbox::run(arguments, &command.action).await,
        Command::Demo(command) => demo::run(arguments, command).await,
        Command::Migrate(command) => migrate::run(arguments, command).await,
        Command::Completions(command) => {
            clap_complete::generate(command.shell, &mut Arguments::command(), "tend", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// A line on standard error; nobody is left to tell when that fails.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
