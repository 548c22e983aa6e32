//! Mails that came back, from a file or a place on this machine: taken one by one, and put away only when what they say is
//! written down. A mail that is taken twice changes nothing more.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::mail::{self, LARGEST, Returned};
use super::{Consequences, Taken, take};
use crate::clock::Clock;
use crate::db::Database;

/// Mails of one look at a place.
const ROUND: usize = 500;
/// Largest mbox that is read, bytes.
pub const LARGEST_MBOX: u64 = 256 * 1024 * 1024;
/// A dot lock older than this was left behind (as Postfix's `stale_lock_time`).
const STALE: Duration = Duration::from_secs(500);

/// Looks at the places again and again, until told to stop. What goes wrong is logged once and tried again.
pub async fn follow(
    db: Database,
    clock: Clock,
    places: Vec<Place>,
    consequences: Consequences,
    interval: Duration,
    stop: CancellationToken,
) {
    let mut rounds = tokio::time::interval(interval);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut trouble: Vec<String> = Vec::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = rounds.tick() => {}
        }
        let mut now_in_trouble = Vec::new();
        for place in &places {
            match round(&db, clock, place, consequences).await {
                Ok(tally) if tally.mails > 0 => tracing::info!(
                    mails = tally.mails,
                    recorded = tally.recorded,
                    known = tally.known,
                    not_ours = tally.not_ours,
                    auto_replies = tally.auto_replies,
                    other = tally.other,
                    unreadable = tally.unreadable,
                    "mails that came back were read"
                ),
                Ok(_) => {}
                Err(error) => {
                    let said = format!("bounces.{place}: {error:#}");
                    if !trouble.contains(&said) {
                        tracing::error!("{said}");
                    }
                    now_in_trouble.push(said);
                }
            }
        }
        trouble = now_in_trouble;
    }
}

async fn round(db: &Database, clock: Clock, place: &Place, consequences: Consequences) -> anyhow::Result<Tally> {
    let mut conn = db.pool().acquire().await?;
    let now = clock.now(&mut conn).await?;
    look(&mut conn, place, consequences, now).await
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

/// Counts what mails were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Mails.
    pub mails: usize,
    /// Reports about recipients that were written down.
    pub recorded: usize,
    /// That had been written down before.
    pub known: usize,
    /// About messages tend did not send, or to other addresses than theirs.
    pub not_ours: usize,
    /// Answers of machines.
    pub auto_replies: usize,
    /// Neither: people perhaps.
    pub other: usize,
    /// That cannot be read.
    pub unreadable: usize,
}

impl Tally {
    fn add(&mut self, more: Self) {
        self.mails += more.mails;
        self.recorded += more.recorded;
        self.known += more.known;
        self.not_ours += more.not_ours;
        self.auto_replies += more.auto_replies;
        self.other += more.other;
        self.unreadable += more.unreadable;
    }
}

/// Takes one mail.
///
/// # Errors
/// When the database refuses.
pub async fn mail(
    conn: &mut PgConnection,
    raw: &[u8],
    consequences: Consequences,
    now: DateTime<Utc>,
) -> sqlx::Result<Tally> {
    let mut tally = Tally { mails: 1, ..Tally::default() };
    match mail::read(raw) {
        Returned::News(news) => {
            for each in news {
                match take(conn, &each, consequences, now).await? {
                    Taken::New => tally.recorded += 1,
                    Taken::Again => tally.known += 1,
                    Taken::Unknown | Taken::OtherAddress => tally.not_ours += 1,
                }
            }
        }
        Returned::NotOurs => tally.not_ours = 1,
        Returned::AutoReply => tally.auto_replies = 1,
        Returned::Other => tally.other = 1,
        Returned::Unreadable => tally.unreadable = 1,
    }
    Ok(tally)
}

/// Takes one mail, or those of an mbox.
///
/// # Errors
/// When the database refuses.
pub async fn mails(
    conn: &mut PgConnection,
    raw: &[u8],
    consequences: Consequences,
    now: DateTime<Utc>,
) -> sqlx::Result<Tally> {
    let mut tally = Tally::default();
    for raw in split(raw) {
        tally.add(mail(conn, raw, consequences, now).await?);
    }
    Ok(tally)
}

/// The mails of an mbox: each begins with a line `From `, which is no part of it, at the start or behind an empty line. What
/// does not begin so is one mail.
#[must_use]
pub fn split(raw: &[u8]) -> Vec<&[u8]> {
    const MARK: &[u8] = b"From ";
    if !raw.starts_with(MARK) {
        return vec![raw];
    }
    let mut starts = vec![0];
    let ends: [&[u8]; 2] = [b"\n\nFrom ", b"\r\n\r\nFrom "];
    for (at, _) in raw.iter().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r')) {
        if let Some(end) = ends.iter().find(|end| raw[at..].starts_with(end)) {
            starts.push(at + end.len() - MARK.len());
        }
    }
    starts.push(raw.len());
    let mails = starts.windows(2).map(|bounds| &raw[bounds[0]..bounds[1]]);
    mails
        .map(|mail| mail.iter().position(|byte| *byte == b'\n').map_or(&mail[mail.len()..], |line| &mail[line + 1..]))
        .collect()
}

/// What a reader gives, as far as it is looked at; the rest is read and forgotten, so that who writes is not cut off.
///
/// # Errors
/// When it cannot be read.
pub fn read_all(mut from: impl io::Read, most: u64) -> io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    from.by_ref().take(most).read_to_end(&mut raw)?;
    io::copy(&mut from, &mut io::sink())?;
    Ok(raw)
}

impl Place {
    /// The files that wait, oldest name first.
    fn waiting(&self) -> io::Result<Vec<PathBuf>> {
        let dirs = match self {
            Self::Maildir(dir) => vec![dir.join("new")],
            Self::Folder(dir) => vec![dir.clone()],
            Self::Mbox(file) => return Ok(if file.exists() { vec![file.clone()] } else { Vec::new() }),
        };
        let mut found = Vec::new();
        for dir in dirs {
            for entry in fs::read_dir(&dir)? {
                let entry = entry?;
                let hidden = entry.file_name().to_string_lossy().starts_with('.');
                if !hidden && entry.file_type()?.is_file() {
                    found.push(entry.path());
                }
            }
        }
        found.sort();
        found.truncate(ROUND);
        Ok(found)
    }

    /// Puts a mail away that was taken.
    fn put_away(&self, file: &Path) -> io::Result<()> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match self {
            // seen, as mail programs mark it
            Self::Maildir(dir) => fs::rename(file, dir.join("cur").join(format!("{name}:2,S"))),
            Self::Folder(dir) => {
                fs::create_dir_all(dir.join("done"))?;
                fs::rename(file, dir.join("done").join(name))
            }
            Self::Mbox(file) => OpenOptions::new().write(true).truncate(true).open(file).map(drop),
        }
    }

    fn largest(&self) -> u64 {
        match self {
            Self::Mbox(_) => LARGEST_MBOX,
            Self::Maildir(_) | Self::Folder(_) => LARGEST as u64,
        }
    }
}

/// Takes what waits at a place. A file that has gone meanwhile was taken by another replica.
///
/// # Errors
/// When the place cannot be read or the database refuses; what was taken so far is put away.
pub async fn look(
    conn: &mut PgConnection,
    place: &Place,
    consequences: Consequences,
    now: DateTime<Utc>,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let lock = match place {
        Place::Mbox(file) if file.exists() => match DotLock::take(file)? {
            Some(lock) => Some(lock),
            // somebody delivers: the next look
            None => return Ok(tally),
        },
        _ => None,
    };
    for file in place.waiting()? {
        let raw = match File::open(&file).and_then(|open| read_all(open, place.largest())) {
            Ok(raw) if raw.is_empty() && lock.is_some() => continue,
            Ok(raw) => raw,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        let mut tx = sqlx::Connection::begin(&mut *conn).await?;
        tally.add(match place {
            Place::Mbox(_) => mails(&mut tx, &raw, consequences, now).await?,
            Place::Maildir(_) | Place::Folder(_) => mail(&mut tx, &raw, consequences, now).await?,
        });
        tx.commit().await?;
        match place.put_away(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            done => done?,
        }
    }
    Ok(tally)
}

/// `FILE.lock`, which who delivers into an mbox respects.
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
