//! `--html FILE`: a page that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// A file that a page will be written into. Opened before the work begins: that a folder is missing or may not be
/// written to is told at once, not after minutes of work.
pub struct PageFile {
    /// As it was typed.
    named: PathBuf,
    /// What is written into.
    file: File,
    /// The unfinished file and what it becomes; none where the file cannot be replaced (a pipe, a device).
    part: Option<(PathBuf, PathBuf)>,
}

impl PageFile {
    /// Makes sure that the page can be written.
    pub fn open(named: &Path) -> Result<Self, Failure> {
        if named.is_dir() {
            return Err(Failure::Usage(format!("--html {}: that is a folder; name a file in it", named.display())));
        }
        let failed = |error: io::Error| Failure::Failed(anyhow::anyhow!("{}: {}", named.display(), words(&error)));
        // a link stays a link: what it points to is replaced
        let path = fs::canonicalize(named).unwrap_or_else(|_| named.to_owned());
        let there = match fs::metadata(&path) {
            Ok(there) if !there.is_file() => {
                let file = File::options().write(true).open(&path).map_err(failed)?;
                return Ok(Self { named: named.to_owned(), file, part: None });
            }
            Ok(there) => Some(there),
            Err(_) => None,
        };
        let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else {
            return Err(Failure::Usage(format!("--html {}: name a file", named.display())));
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        if !folder.is_dir() {
            let (named, folder) = (named.display(), folder.display());
            return Err(Failure::Usage(format!("--html {named}: there is no folder {folder}; make it first")));
        }
        let part = folder.join(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
        let file = File::options().write(true).create_new(true).open(&part).map_err(failed)?;
        let page = Self { named: named.to_owned(), file, part: Some((part, path.clone())) };
        if let Some(there) = there {
            page.file.set_permissions(there.permissions()).map_err(failed)?;
        }
        Ok(page)
    }

    /// Writes the page; only when all of it is there does it take its name.
    pub fn write(mut self, html: Option<&str>) -> Result<(), Failure> {
        let Some(html) = html else {
            return Err(Failure::Usage("--html: jobs of this kind have no such page".to_owned()));
        };
        let written = self.file.write_all(html.as_bytes()).and_then(|()| match &self.part {
            Some((part, path)) => self.file.sync_all().and_then(|()| fs::rename(part, path)),
            None => Ok(()),
        });
        written.map_err(|error| Failure::Failed(anyhow::anyhow!("{}: {}", self.named.display(), words(&error))))
    }
}

impl Drop for PageFile {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.part {
            let _ = fs::remove_file(part); // gone already when the page has its name
        }
    }
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "there is no permission to write it".to_owned(),
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        _ => error.to_string(),
    }
}
