//! A file in mbox format: read whole under its dot lock, and emptied when all of it was taken. All of this blocks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest mbox that is read, bytes.
pub const LARGEST_MBOX: u64 = 256 * 1024 * 1024;
/// A dot lock older than this was left behind (as Postfix's `stale_lock_time`).
const STALE: Duration = Duration::from_secs(500);

/// An mbox with mails in it, under its lock.
#[derive(Debug)]
pub struct Mbox {
    file: PathBuf,
    /// All of it.
    pub raw: Vec<u8>,
    /// Where its mails are.
    pub mails: Vec<Range<usize>>,
    _lock: DotLock,
}

impl Mbox {
    /// Reads it; none: there is none, it is empty, or somebody delivers and the next look finds it.
    pub fn open(file: PathBuf) -> io::Result<Option<Self>> {
        if !file.exists() {
            return Ok(None);
        }
        let Some(lock) = DotLock::take(&file)? else { return Ok(None) };
        let raw = read_whole(&file)?;
        let mails = bounds(&raw);
        Ok((!raw.is_empty()).then_some(Self { file, raw, mails, _lock: lock }))
    }

    /// Empties it. What somebody added who does not heed the lock is taken with the next look, and the rest once more.
    pub fn empty(self) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(&self.file)?;
        if file.metadata()?.len() == self.raw.len() as u64 { file.set_len(0) } else { Ok(()) }
    }
}

/// A file, whole: what is not read of it would be taken for done.
///
/// # Errors
/// When it cannot be read, or is larger than [`LARGEST_MBOX`].
pub fn read_whole(file: &Path) -> io::Result<Vec<u8>> {
    let open = File::open(file)?;
    let mut raw = Vec::new();
    if open.metadata()?.len() <= LARGEST_MBOX {
        // what is no file of its own says no size, and a file may grow
        open.take(LARGEST_MBOX + 1).read_to_end(&mut raw)?;
        if raw.len() as u64 <= LARGEST_MBOX {
            return Ok(raw);
        }
    }
    let most = LARGEST_MBOX / 1024 / 1024;
    let said = format!("is larger than {most} MB and therefore not read; divide it, with `formail -s` for example");
    Err(io::Error::new(ErrorKind::FileTooLarge, said))
}

/// The mails of an mbox: each begins with a line `From `, which is no part of it, at the start or behind an empty line. What
/// does not begin so is one mail.
#[must_use]
pub fn split(raw: &[u8]) -> Vec<&[u8]> {
    bounds(raw).into_iter().map(|bounds| &raw[bounds]).collect()
}

fn bounds(raw: &[u8]) -> Vec<Range<usize>> {
    const MARK: &[u8] = b"From ";
    if !raw.starts_with(MARK) {
        return std::iter::once(0..raw.len()).collect();
    }
    let mut starts = vec![0];
    let ends: [&[u8]; 2] = [b"\n\nFrom ", b"\r\n\r\nFrom "];
    for (at, _) in raw.iter().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r')) {
        if let Some(end) = ends.iter().find(|end| raw[at..].starts_with(end)) {
            starts.push(at + end.len() - MARK.len());
        }
    }
    starts.push(raw.len());
    let behind_its_line = |from: usize, to: usize| {
        let line = raw[from..to].iter().position(|byte| *byte == b'\n');
        line.map_or(to, |line| from + line + 1)..to
    };
    starts.windows(2).map(|ends| behind_its_line(ends[0], ends[1])).collect()
}

/// `FILE.lock`, which who delivers into an mbox respects.
#[derive(Debug)]
struct DotLock(PathBuf);

impl DotLock {
    fn take(file: &Path) -> io::Result<Option<Self>> {
        let mut name = file.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let stale = |path: &Path| {
            let age =
                fs::metadata(path).and_then(|lock| lock.modified()).map(|made| made.elapsed().unwrap_or_default());
            age.is_ok_and(|age| age > STALE)
        };
        if stale(&path) {
            let _ = fs::remove_file(&path);
        }
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut lock) => {
                let held = Self(path);
                writeln!(lock, "{}", std::process::id())?;
                Ok(Some(held))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for DotLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_mbox_is_split_where_mails_begin() {
        let mbox = b"From a@x Mon\nSubject: 1\n\nFrom me to you\n\nFrom b@x Tue\nSubject: 2\n\nx\n";
        let mails: Vec<_> = split(mbox).into_iter().map(|mail| String::from_utf8_lossy(mail).into_owned()).collect();
        assert_eq!(mails.len(), 3, "an unquoted line begins one more, that is how mbox is: {mails:?}");
        assert_eq!(split(b"Subject: 1\n\nFrom x"), [b"Subject: 1\n\nFrom x"]);
        assert_eq!(split(b"From "), [b""]);
        assert_eq!(split(b""), [b""]);
    }
}
