//! The job folder of a command.

use std::io::IsTerminal;
use std::path::Path;

use super::args::Arguments;
use super::failure::Failure;
use crate::jobfile::folder::{Folder, read_folder};
use crate::jobs::KINDS;

/// Reads and checks the folder of `--jobs`.
pub fn read(arguments: &Arguments) -> Result<Folder, Failure> {
    read_from(&arguments.jobs)
}

/// Reads and checks a folder; what is wrong is the failure.
pub fn read_from(dir: &Path) -> Result<Folder, Failure> {
    read_folder(dir, KINDS).map_err(|problems| Failure::folder(&problems, std::io::stderr().is_terminal()))
}
