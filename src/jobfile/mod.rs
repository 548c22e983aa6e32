//! Job files: TOML that people write, read strictly into typed specs.
//!
//! Promises: a file is read to its end, so that all its problems are shown at once, each with file, line, column, the
//! offending text and what to do; nothing is guessed and no key is ignored. A folder is applied whole or not at all.
//!
//! [`reader`] and [`problem`] know nothing of jobs: `filter` and the kinds read their own tables through them.

pub mod applied;
pub mod calendars;
pub mod check;
pub mod checks;
pub mod diff;
pub mod duration;
pub mod file;
pub mod folder;
pub mod head;
pub mod kind;
pub mod problem;
pub mod reader;
#[cfg(test)]
mod reader_tests;
pub mod schema;
pub mod store;
pub mod value;
pub mod watch;
