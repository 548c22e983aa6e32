//! The job folder of a command.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::args::Arguments;
use super::failure::Failure;
use crate::jobfile::calendars::USUAL;
use crate::jobfile::folder::{Folder, read_with};
use crate::jobs::KINDS;
use crate::settings::Settings;

/// Reads and checks the folder of `--jobs`.
pub fn read(arguments: &Arguments) -> Result<Folder, Failure> {
    read_from(arguments, &arguments.jobs)
}

/// Where the business calendars lie. Files can be checked without settings that are right: then it is the usual place.
pub fn calendars_dir(arguments: &Arguments) -> PathBuf {
    let folder = Settings::load(&arguments.config).map(|settings| settings.calendars.folder);
    arguments.config.join(folder.unwrap_or_else(|_| PathBuf::from(USUAL)))
}

/// Reads and checks a folder; what is wrong is the failure.
pub fn read_from(arguments: &Arguments, dir: &Path) -> Result<Folder, Failure> {
    read_with(dir, Some(&calendars_dir(arguments)), KINDS)
        .map_err(|problems| Failure::folder(&problems, std::io::stderr().is_terminal()))
}
