//! How a command ends badly: a sentence for a person and a documented exit code.

use std::process::ExitCode;

/// Why a command ended without doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It failed; exit code 1.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
    /// What was typed cannot be meant; exit code 2.
    #[error("{0}")]
    Usage(String),
    /// A job file or a setting is wrong; exit code 3. The text is printed as it is.
    #[error("{0}")]
    Files(String),
    /// The database cannot be used; exit code 4.
    #[error("{0:#}")]
    Database(anyhow::Error),
    /// Everything was said already; only the exit code is left.
    #[error("")]
    Said(u8),
}

impl Failure {
    /// The exit code that `tend --help` documents.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Files(_) => 3,
            Self::Database(_) => 4,
            Self::Said(code) => *code,
        })
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(anyhow::Error::new(error).context("a statement failed"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}
