//! Why a schedule was refused, for the person who wrote it.

use std::fmt;
use std::ops::Range;

/// Which key of `[schedule]` an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The cron expression.
    Cron,
    /// The time zone.
    Timezone,
    /// `days`, which says how day-of-month and day-of-week go together.
    Days,
}

/// A schedule that cannot be used: what is wrong, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleError {
    /// The key the error is about.
    pub about: About,
    /// What is wrong; names the field, the offending text and the allowed range.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Byte range of the offending text inside the value, when it is only a part of it.
    pub span: Option<Range<usize>>,
}

impl ScheduleError {
    pub(super) fn new(about: About, message: impl Into<String>) -> Self {
        Self { about, message: message.into(), help: None, span: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for ScheduleError {}
