//! The job folder of a command.

use std::io::IsTerminal;
use std::path::Path;

use super::args::Arguments;
use super::failure::Failure;
use super::print;
use crate::jobfile::folder::{Folder, read_folder};
use crate::jobfile::problem::Problems;
use crate::jobs::KINDS;

/// Reads and checks the folder of `--jobs`.
pub fn read(arguments: &Arguments) -> Result<Folder, Failure> {
    read_from(arguments, &arguments.jobs)
}

/// Reads and checks a folder; what is wrong is the failure.
pub fn read_from(arguments: &Arguments, dir: &Path) -> Result<Folder, Failure> {
    read_folder(dir, KINDS).map_err(|problems| broken(arguments, &problems))
}

/// All problems of a folder, as text on standard error or as JSON on standard output.
pub fn broken(arguments: &Arguments, problems: &Problems) -> Failure {
    if arguments.json {
        return print::json(&problems.to_json()).err().unwrap_or(Failure::Said(3));
    }
    Failure::Files(problems.render(std::io::stderr().is_terminal()))
}
