//! The kinds of jobs, one folder each with its SQL beside it.

pub mod layout;
pub mod retier;
