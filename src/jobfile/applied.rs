//! What putting a folder in force changed, for people and for programs.

use std::fmt;

use serde::Serialize;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The revision in force now.
    pub revision: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// The jobs that changed, by name; nothing about the others.
    pub changes: Vec<Change>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The folder is in force now.
    Applied,
    /// It was in force already.
    Unchanged,
    /// It was in force once and something newer is: nothing was done.
    Superseded,
}

/// What happened to one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which job.
    pub job: String,
    /// What.
    pub what: What,
    /// Its slots are others from now on.
    pub rescheduled: bool,
    /// Its templates that changed, by path.
    pub templates: Vec<String>,
    /// Unified diff of the file.
    pub diff: String,
}

/// What can happen to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Its file is new.
    Added,
    /// Its file or templates changed.
    Changed,
    /// `enabled = false` is gone.
    Enabled,
    /// `enabled = false` is there.
    Disabled,
    /// Its file is gone.
    Removed,
    /// Its file is back.
    Restored,
}

impl Change {
    /// Without details.
    #[must_use]
    pub fn new(job: &str, what: What) -> Self {
        Self { job: job.to_owned(), what, rescheduled: false, templates: Vec::new(), diff: String::new() }
    }
}

/// For a terminal.
impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Outcome::Unchanged => return writeln!(f, "nothing changed: revision {} is in force", self.revision),
            Outcome::Superseded => {
                writeln!(
                    f,
                    "this folder was in force before and has been superseded: revision {} stays in force",
                    self.revision
                )?;
                return writeln!(f, "to put it back all the same: tend apply --force");
            }
            Outcome::Applied => {}
        }
        for change in &self.changes {
            write!(f, "{change}")?;
        }
        if self.changes.is_empty() {
            writeln!(f, "no job changed")?;
        }
        writeln!(f, "revision {} is in force", self.revision)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, words) = match self.what {
            What::Added => ("+", "new, starts now"),
            What::Changed => ("~", "changed"),
            What::Enabled => ("~", "enabled, starts now"),
            What::Disabled => ("~", "disabled"),
            What::Removed => ("-", "its file is gone: disabled"),
            What::Restored => ("+", "its file is back, starts now"),
        };
        writeln!(f, "{sign} {}: {words}", self.job)?;
        if self.rescheduled {
            writeln!(f, "    a new schedule from now on; nothing of the past is run again")?;
        }
        for path in &self.templates {
            writeln!(f, "    template {path} changed")?;
        }
        self.diff.lines().try_for_each(|line| writeln!(f, "    {line}"))
    }
}
