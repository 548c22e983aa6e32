//! A private Postgres over the system's binaries, for development, demo and tests.
//!
//! It listens on a unix socket only. As root it runs as `postgres`, else `nobody` (the server refuses root). It stops
//! when its process ends, however that ends: the kernel tells it (PDEATHSIG), and since that signal is tied to the
//! thread that spawned it, that thread lives as long as the handle. Several processes may share one directory: one owns
//! the server (a lock on the directory), the others connect, and when the owner goes the next one takes over.

mod layout;
mod programs;
mod server;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use layout::Layout;
pub use programs::Programs;

/// Why there is no private Postgres.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No server programs on this machine.
    #[error(
        "no Postgres programs found (looked for initdb and postgres in {looked}); install them \
         (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server), name their folder in \
         database.postgres_bin, or give a database in database.url"
    )]
    NoPrograms {
        /// Where it was looked.
        looked: String,
    },
    /// The directory cannot be used.
    #[error(
        "the private Postgres cannot use {}: {source}; name a database (TEND__DATABASE__URL), or another folder \
         (TEND__DATABASE__PRIVATE_DIR)",
        path.display()
    )]
    Directory {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A program did not do its work.
    #[error("{what} failed: {said}")]
    Failed {
        /// Which step.
        what: &'static str,
        /// The end of what it said.
        said: String,
    },
    /// Not ready in time.
    #[error("the private Postgres in {} was not ready within {}s; see {}", dir.display(), after.as_secs(), log.display())]
    NotReady {
        /// Its directory.
        dir: PathBuf,
        /// How long it was waited for.
        after: Duration,
        /// Its log.
        log: PathBuf,
    },
}

/// How to start a private Postgres.
#[derive(Debug, Clone)]
pub struct Launch {
    dir: PathBuf,
    durable: bool,
    bin: Option<PathBuf>,
    parameters: Vec<(String, String)>,
}

impl Launch {
    /// A server whose data stay in `dir`. Without [`Launch::durable`], a crash of the machine may cost them.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), durable: false, bin: None, parameters: Vec::new() }
    }

    /// Whether what was committed survives a crash of the machine (`fsync`).
    #[must_use]
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// The folder of the server's programs, instead of searching.
    #[must_use]
    pub fn bin(mut self, bin: Option<PathBuf>) -> Self {
        self.bin = bin;
        self
    }

    /// Sets a parameter of the server, such as `max_connections`.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it, or connects to the one another process runs in this directory; returns when it answers.
    /// Blocks for about a second the first time.
    ///
    /// # Errors
    /// When there are no programs, the directory cannot be used, or the server does not get ready.
    pub fn start(self) -> Result<PrivatePostgres, EmbeddedError> {
        let programs = Programs::find(self.bin.as_deref())?;
        let layout = Layout::prepare(&self.dir)?;
        let (stop, stopped) = mpsc::channel();
        let (started, ready) = mpsc::channel();
        let keeper = server::Keeper { programs, layout: layout.clone(), launch: self };
        let thread = std::thread::Builder::new()
            .name("private-postgres".to_owned())
            .spawn(move || keeper.keep(&started, &stopped))
            .map_err(|source| EmbeddedError::Failed { what: "starting a thread", said: source.to_string() })?;
        match ready.recv() {
            Ok(Ok(())) => Ok(PrivatePostgres { layout, stop, thread: Some(thread) }),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                Err(EmbeddedError::Failed { what: "the keeper of the private Postgres", said: "it died".to_owned() })
            }
        }
    }
}

/// A running private Postgres; stops it when dropped, unless another process owns it.
#[derive(Debug)]
pub struct PrivatePostgres {
    layout: Layout,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl PrivatePostgres {
    /// [`Launch::start`] with ordinary parameters.
    ///
    /// # Errors
    /// As there.
    pub fn start(dir: &Path, durable: bool) -> Result<Self, EmbeddedError> {
        Launch::new(dir).durable(durable).start()
    }

    /// Its database `tend`.
    pub fn url(&self) -> String {
        self.url_of("tend")
    }

    /// Any of its databases.
    pub fn url_of(&self, database: &str) -> String {
        self.layout.url(database)
    }

    /// Where its files are; not always where it was asked for (see `layout`).
    pub fn dir(&self) -> &Path {
        &self.layout.home
    }

    /// The server's process, for tests that kill it; it is started again at once.
    pub fn pid(&self) -> Option<i32> {
        self.layout.postmaster().map(|postmaster| postmaster.pid)
    }

    /// Stops it and waits for its end. Dropping does the same.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        // The thread may be gone after a failure; then there is nothing to stop.
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
