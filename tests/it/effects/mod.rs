//! What messages brought about: hand-computed cases, the comparison with those held out, what is shown.

pub mod books;
mod command;
mod coverage;
mod credit;
mod lift;
mod scale;
