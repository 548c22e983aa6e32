//! Places where each mail that comes back is a file. All of this blocks.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::super::mail::LARGEST;

/// Mails of one look at a place.
const ROUND: usize = 500;

/// Where mails that come back arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A Maildir.
    Maildir(PathBuf),
    /// A folder with a file a mail.
    Folder(PathBuf),
    /// A file in mbox format.
    Mbox(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, path) = match self {
            Self::Maildir(path) => ("maildir", path),
            Self::Folder(path) => ("folder", path),
            Self::Mbox(path) => ("mbox", path),
        };
        write!(f, "{key} {}", path.display())
    }
}

impl Place {
    /// The files that wait, oldest name first.
    pub(super) fn waiting(&self) -> io::Result<Vec<PathBuf>> {
        let dir = match self {
            Self::Maildir(dir) => dir.join("new"),
            Self::Folder(path) | Self::Mbox(path) => path.clone(),
        };
        let mut found = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if !hidden && entry.file_type()?.is_file() {
                found.push(entry.path());
            }
        }
        found.sort();
        found.truncate(ROUND);
        Ok(found)
    }

    /// Puts a mail away that was taken, unless another replica has done so.
    pub(super) fn put_away(&self, file: &Path) -> io::Result<()> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let done = match self {
            // seen, as mail programs mark it
            Self::Maildir(dir) => dir.join("cur").join(format!("{name}:2,S")),
            Self::Folder(dir) | Self::Mbox(dir) => {
                fs::create_dir_all(dir.join("done"))?;
                dir.join("done").join(name)
            }
        };
        unless_gone(fs::rename(file, done)).map(drop)
    }
}

/// What is looked at of a mail; none: another replica has put it away.
pub fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    unless_gone(File::open(file).and_then(|open| {
        let mut raw = Vec::new();
        open.take(LARGEST as u64).read_to_end(&mut raw)?;
        Ok(raw)
    }))
}

fn unless_gone<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}
