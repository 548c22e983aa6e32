//! Where the files of a private Postgres lie, and whose they are.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::EmbeddedError;

/// A socket path must fit into 107 bytes, with the file name Postgres adds to the folder.
const LONGEST_SOCKET_DIR: usize = 88;

/// The user the server runs as, when we are root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub uid: u32,
    pub gid: u32,
}

/// The files of one private Postgres.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// All of it; what was asked for may be a link to it.
    pub home: PathBuf,
    /// Where the socket is.
    pub socket: PathBuf,
    /// The user to drop to; none when we are not root.
    pub account: Option<Account>,
}

/// What the running server wrote about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub pid: i32,
    pub ready: bool,
}

impl Layout {
    /// Makes the directories, owned by the user the server will run as. Where that user cannot get to (below `/root`),
    /// the files go to `/var/lib/tend`, and what was asked for becomes a link to them.
    pub(super) fn prepare(asked: &Path) -> Result<Self, EmbeddedError> {
        let fault = |source| EmbeddedError::Directory { path: asked.to_path_buf(), source };
        let asked = std::path::absolute(asked).map_err(fault)?;
        let account = account();
        let home = match account {
            Some(account) if !reachable(&asked, account) => elsewhere(&asked).map_err(fault)?,
            _ => asked.clone(),
        };
        make(&home, account).map_err(fault)?;
        let home = home.canonicalize().map_err(fault)?;
        let beside = home.join("socket");
        let socket = if beside.as_os_str().len() <= LONGEST_SOCKET_DIR { beside } else { short(&home) };
        make(&socket, account).map_err(|source| EmbeddedError::Directory { path: socket.clone(), source })?;
        Ok(Self { home, socket, account })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    pub(super) fn url(&self, database: &str) -> String {
        let host: String = self.socket.to_string_lossy().bytes().map(escaped).collect();
        format!("postgres://postgres@localhost:5432/{database}?host={host}")
    }

    pub(super) fn postmaster(&self) -> Option<Postmaster> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        Some(Postmaster { pid, ready: lines.nth(6).is_some_and(|status| status.trim() == "ready") })
    }
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// A directory of that account, closed to others. One that somebody else owns is refused, not taken over.
fn make(dir: &Path, account: Option<Account>) -> io::Result<()> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => {
            if let Some(Account { uid, gid }) = account {
                std::os::unix::fs::chown(dir, Some(uid), Some(gid))?;
            }
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let owner = fs::metadata(dir)?.uid();
            let wanted = account.map_or_else(current_user, |account| account.uid);
            if owner == wanted {
                Ok(())
            } else {
                Err(io::Error::other(format!("it belongs to user {owner}, the server would run as user {wanted}")))
            }
        }
        Err(error) => Err(error),
    }
}

fn current_user() -> u32 {
    // SAFETY: geteuid has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

/// `postgres`, else `nobody`, which every system has. The server needs a user with a name.
fn account() -> Option<Account> {
    if current_user() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == name).then_some(())?;
            Some(Account { uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
        })
    };
    find("postgres").or_else(|| find("nobody")).or(Some(Account { uid: 65534, gid: 65534 }))
}

/// Whether the account may pass through every existing directory above.
fn reachable(dir: &Path, account: Account) -> bool {
    dir.ancestors().skip(1).filter_map(|parent| fs::metadata(parent).ok()).all(|meta| {
        let mode = meta.permissions().mode();
        if meta.uid() == account.uid {
            mode & 0o100 != 0
        } else if meta.gid() == account.gid {
            mode & 0o010 != 0
        } else {
            mode & 0o001 != 0
        }
    })
}

fn elsewhere(asked: &Path) -> io::Result<PathBuf> {
    let home = Path::new("/var/lib/tend").join(digest(asked));
    if let Some(parent) = asked.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::read_link(asked) {
        Ok(link) if link == home => {}
        Ok(_) => return Err(io::Error::other("it is a link to somewhere else")),
        Err(_) => symlink(&home, asked)?,
    }
    Ok(home)
}

fn short(home: &Path) -> PathBuf {
    Path::new("/tmp").join(format!("tend-{}", digest(home)))
}

fn digest(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_gets_a_short_socket_folder() {
        let deep = Path::new("/tmp").join("x".repeat(200));
        assert!(short(&deep).as_os_str().len() <= LONGEST_SOCKET_DIR);
    }

    #[test]
    fn an_account_cannot_pass_a_closed_folder() {
        let home = tempfile::tempdir().unwrap();
        let closed = home.path().join("closed");
        fs::DirBuilder::new().mode(0o700).create(&closed).unwrap();
        let stranger = Account { uid: 4_000_000, gid: 4_000_000 };
        assert!(!reachable(&closed.join("postgres"), stranger));
    }

    #[test]
    fn spaces_in_a_socket_folder_are_escaped_in_the_url() {
        let layout = Layout { home: "/a b".into(), socket: "/a b/socket".into(), account: None };
        assert_eq!(layout.url("tend"), "postgres://postgres@localhost:5432/tend?host=/a%20b/socket");
    }
}
