//! The command line: one file a command. Only here is it decided what is printed and with which code a call ends.
//!
//! Promises: what a command found out goes to standard output, everything about how it went to standard error; `--json`
//! prints one JSON document, also about what went wrong; the exit codes are those of `tend --help`.

mod action;
mod approve;
mod args;
mod at;
mod bounces;
mod by_hand;
mod calendar;
mod connect;
mod control;
mod coupons;
mod demo;
mod effects;
mod explain;
mod failure;
mod files;
mod folder;
mod import;
mod mail_files;
mod migrate;
mod next;
mod outbox;
mod page;
mod person;
mod plan;
mod print;
mod render;
mod report;
mod run;
mod send_test;
mod serve;
mod simulate;
mod status;
mod task;
mod when;
mod why;
mod work;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use tokio::runtime::Builder;

use args::{Arguments, Command};
use failure::Failure;

/// Reads the arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return mistyped(&error),
    };
    let mut threads = match arguments.command {
        // it asks one thing after the other, very often, and would wait longer for another thread than for the answer
        Command::Simulate(_) => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = match threads.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("no threads to work with: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(act(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(text) = failure.text() {
                say(&text);
            }
            if let Some(document) = failure.json().filter(|_| arguments.json) {
                // The exit code says more than that this could not be printed either.
                let _ = print::json(&document);
            }
            failure.exit_code()
        }
    }
}

/// What clap says: help and version on standard output, mistakes on standard error, for programs as JSON too.
fn mistyped(error: &clap::Error) -> ExitCode {
    // A closed pipe is no failure of the command.
    let _ = error.print();
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let document = Failure::Usage(message).json();
        let _ = document.map(|document| print::json(&document));
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// The completions of a shell; written by hand to standard output, since a closed pipe must not be a panic.
fn completions(arguments: &Arguments, shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tend", &mut script);
    let script = String::from_utf8_lossy(&script);
    if arguments.json {
        return print::json(&serde_json::json!({ "shell": shell.to_string(), "script": script }));
    }
    print::text(script)
}

async fn act(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Serve => serve::run(arguments).await,
        Command::Status => status::run(arguments).await,
        Command::Check(command) => files::check(arguments, command).await,
        Command::Apply(command) => files::apply(arguments, command).await,
        Command::Schema(command) => files::print_schema(command),
        Command::Plan(command) => plan::run(arguments, command).await,
        Command::Effects(command) => effects::run(arguments, command).await,
        Command::Why(command) => why::run(arguments, command).await,
        Command::Explain(command) => explain::run(arguments, command).await,
        Command::Simulate(command) => simulate::run(arguments, command).await,
        Command::Run(command) => run::run(arguments, command).await,
        Command::Backfill(command) => run::backfill(arguments, command).await,
        Command::Next(command) => next::run(arguments, command),
        Command::Calendar(command) => calendar::run(arguments, command),
        Command::Pause(command) => control::pause(arguments, command).await,
        Command::Resume(command) => control::resume(arguments, command).await,
        Command::Cancel(command) => control::cancel(arguments, command).await,
        Command::Import(command) => import::run(arguments, command).await,
        Command::Bounces(command) => bounces::run(arguments, command).await,
        Command::Approve(command) => approve::run(arguments, command).await,
        Command::Outbox(command) => outbox::run(arguments, &command.action).await,
        Command::ExportCustomer(command) => person::export(arguments, command).await,
        Command::Forget(command) => person::forget(arguments, command).await,
        Command::Suppress(command) => person::suppress(arguments, command).await,
        Command::Render(command) => render::run(arguments, command).await,
        Command::SendTest(command) => send_test::run(arguments, command).await,
        Command::Coupons(command) => coupons::run(arguments, &command.action).await,
        Command::Report(command) => report::run(arguments, &command.action).await,
        Command::Task(command) => task::run(arguments, &command.action).await,
        Command::Action(command) => action::run(arguments, &command.what).await,
        Command::Override(command) => by_hand::run(arguments, command).await,
        Command::Demo(command) => demo::run(arguments, command).await,
        Command::Migrate(command) => migrate::run(arguments, command).await,
        Command::Completions(command) => completions(arguments, command.shell),
    }
}

/// A line on standard error; nobody is left to tell when that fails.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
