//! How a command ends badly: a sentence for a person, the same as JSON for a program, and a documented exit code.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::db;
use crate::jobfile::problem::Problems;

/// Why a command ended without doing what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// It failed; exit code 1.
    Failed(anyhow::Error),
    /// What was typed cannot be meant; exit code 2.
    Usage(String),
    /// A job file or a setting is wrong; exit code 3.
    Files {
        /// Printed as it is.
        text: String,
        /// The same for programs, one by one; null where there is only the text.
        problems: Value,
    },
    /// The database cannot be used; exit code 4.
    Database(anyhow::Error),
    /// Everything was said already; only the exit code is left.
    Said(u8),
}

impl Failure {
    /// The command could not do what it was asked.
    pub fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self::Failed(error.into())
    }

    /// The database cannot be used.
    pub fn database(error: impl Into<anyhow::Error>) -> Self {
        Self::Database(error.into())
    }

    /// A setting is wrong.
    pub fn settings(text: impl Into<String>) -> Self {
        Self::Files { text: text.into(), problems: Value::Null }
    }

    /// The job folder is wrong. `colour` for a terminal.
    pub fn folder(problems: &Problems, colour: bool) -> Self {
        Self::Files { text: problems.render(colour), problems: problems.to_json() }
    }

    /// The exit code that `tend --help` documents.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Files { .. } => 3,
            Self::Database(_) => 4,
            Self::Said(code) => *code,
        }
    }

    /// For a person; none when everything was said already.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Failed(error) | Self::Database(error) => Some(format!("error: {}", told(error))),
            Self::Usage(text) => Some(format!("error: {text}")),
            Self::Files { text, problems } if problems.is_null() => Some(format!("error: {}", text.trim_end())),
            Self::Files { text, .. } => Some(text.trim_end().to_owned()),
            Self::Said(_) => None,
        }
    }

    /// What `--json` prints instead of what was asked for: `{"error": {"exit_code", "message", "problems"}}`; none when
    /// the command has printed its document already.
    pub fn json(&self) -> Option<Value> {
        let (message, problems) = match self {
            Self::Failed(error) | Self::Database(error) => (told(error), &Value::Null),
            Self::Usage(text) => (text.clone(), &Value::Null),
            Self::Files { text, problems } if problems.is_null() => (text.trim_end().to_owned(), problems),
            Self::Files { problems, .. } => ("the job folder is wrong".to_owned(), problems),
            Self::Said(_) => return None,
        };
        Some(json!({ "error": { "exit_code": self.code(), "message": message, "problems": problems } }))
    }
}

/// The error and its causes, each said once: many errors have their cause in their own words already.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain() {
        let database = cause.downcast_ref::<sqlx::Error>();
        let words = database.map_or_else(|| cause.to_string(), db::words);
        if !told.contains(&words) {
            let joint = if told.is_empty() { "" } else { ": " };
            told.push_str(joint);
            told.push_str(&words);
        }
        if database.is_some() {
            break;
        }
    }
    told
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let gone = matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed);
        if gone {
            return Self::Database(anyhow::Error::new(error).context("the database went away"));
        }
        Self::Failed(anyhow::Error::new(error).context("a statement failed"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let cause = || std::io::Error::other("no such place");
        let error = Err::<(), _>(cause()).context("x.csv: no such place").unwrap_err();
        assert_eq!(told(&error), "x.csv: no such place");
        let error = Err::<(), _>(cause()).context("x.csv").unwrap_err();
        assert_eq!(told(&error), "x.csv: no such place");
    }
}
