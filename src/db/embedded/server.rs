//! The thread that owns the server: makes the data directory, starts it, starts it again when it dies, stops it.

#![expect(clippy::disallowed_methods, reason = "the keeper is a thread of its own; it blocks nobody")]

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::layout::{Account, Layout};
use super::{EmbeddedError, Launch, Programs};

const READY_WITHIN: Duration = Duration::from_secs(60);
const STOPPED_WITHIN: Duration = Duration::from_secs(10);
/// How often the keeper looks whether something happened.
const LOOK: Duration = Duration::from_millis(20);

pub(super) struct Keeper {
    pub programs: Programs,
    pub layout: Layout,
    pub launch: Launch,
}

/// Whether the handle was dropped while waiting that long.
fn told_to_stop(stopped: &Receiver<()>, wait: Duration) -> bool {
    !matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout))
}

impl Keeper {
    /// Runs until the handle is dropped. Reports once, when the server answers or cannot be started.
    pub(super) fn keep(&self, started: &Sender<Result<(), EmbeddedError>>, stopped: &Receiver<()>) {
        let lock = match self.lock_file() {
            Ok(lock) => lock,
            Err(error) => return drop(started.send(Err(error))),
        };
        let mut reported = false;
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if reported => {}
                Err(TryLockError::WouldBlock) if self.answers() => {
                    reported = true;
                    let _ = started.send(Ok(()));
                }
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {}
                Err(TryLockError::WouldBlock) => return drop(started.send(Err(self.not_ready()))),
                Err(TryLockError::Error(source)) => return drop(started.send(Err(self.directory(source)))),
            }
            if told_to_stop(stopped, LOOK) {
                return;
            }
        }
        self.own(reported, started, stopped);
    }

    /// We hold the lock: the server is ours until the handle is dropped.
    fn own(&self, mut reported: bool, started: &Sender<Result<(), EmbeddedError>>, stopped: &Receiver<()>) {
        loop {
            let mut child = match self.start() {
                Ok(child) => child,
                Err(error) if reported => {
                    return tracing::error!(%error, "the private Postgres cannot be started again");
                }
                Err(error) => return drop(started.send(Err(error))),
            };
            if !std::mem::replace(&mut reported, true) {
                let _ = started.send(Ok(()));
            }
            let status = loop {
                if told_to_stop(stopped, LOOK) {
                    return stop(&mut child);
                }
                if let Ok(Some(status)) = child.try_wait() {
                    break status;
                }
            };
            tracing::warn!(%status, "the private Postgres died; starting it again");
        }
    }

    fn lock_file(&self) -> Result<File, EmbeddedError> {
        let open = File::options().create(true).truncate(false).write(true).open(self.layout.home.join("lock"));
        open.map_err(|source| self.directory(source))
    }

    fn directory(&self, source: io::Error) -> EmbeddedError {
        EmbeddedError::Directory { path: self.layout.home.clone(), source }
    }

    fn not_ready(&self) -> EmbeddedError {
        EmbeddedError::NotReady { dir: self.layout.home.clone(), after: READY_WITHIN, log: self.layout.log() }
    }

    fn answers(&self) -> bool {
        self.layout.postmaster().is_some_and(|postmaster| postmaster.ready)
            && std::os::unix::net::UnixStream::connect(self.layout.socket.join(".s.PGSQL.5432")).is_ok()
    }

    /// Starts the server and waits until it is ready; a predecessor may still be shutting down for a while.
    fn start(&self) -> Result<Child, EmbeddedError> {
        self.initialise()?;
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let mut child = self.spawn().map_err(|source| self.directory(source))?;
            let pid = i32::try_from(child.id()).unwrap_or(0);
            let ended = loop {
                if self.layout.postmaster().is_some_and(|postmaster| postmaster.ready && postmaster.pid == pid) {
                    return Ok(child);
                }
                if let Ok(Some(status)) = child.try_wait() {
                    break status;
                }
                if Instant::now() > deadline {
                    stop(&mut child);
                    return Err(self.not_ready());
                }
                std::thread::sleep(LOOK / 4);
            };
            if self.layout.postmaster().is_none() || Instant::now() > deadline {
                return Err(self.failed("postgres", ended));
            }
            std::thread::sleep(LOOK * 5);
        }
    }

    fn failed(&self, what: &'static str, status: ExitStatus) -> EmbeddedError {
        let log = fs::read_to_string(self.layout.log()).unwrap_or_default();
        let mut said: Vec<&str> = log.lines().rev().take(3).collect();
        said.reverse();
        EmbeddedError::Failed { what, said: format!("{status}: {}", said.join(" / ")) }
    }

    /// Makes the data directory beside its place and renames it, so that a killed initdb leaves nothing half.
    fn initialise(&self) -> Result<(), EmbeddedError> {
        let data = self.layout.data();
        if data.join("PG_VERSION").exists() {
            return Ok(());
        }
        let fresh = self.layout.home.join("data.new");
        let _ = fs::remove_dir_all(&fresh);
        let mut command = self.command(&self.programs.initdb);
        command.args(["-U", "postgres", "-A", "trust", "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8"]);
        if !self.launch.durable {
            command.arg("--no-sync");
        }
        let output = command.arg("-D").arg(&fresh).output().map_err(|source| self.directory(source))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(EmbeddedError::Failed { what: "initdb", said });
        }
        self.create_database(&fresh)?;
        fs::rename(&fresh, &data).map_err(|source| self.directory(source))
    }

    /// The database `tend`, by the server in single-user mode: no client library is needed here.
    fn create_database(&self, data: &Path) -> Result<(), EmbeddedError> {
        let mut command = self.command(&self.programs.postgres);
        command.args(["--single", "-D"]).arg(data).arg("postgres");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| self.directory(source))?;
        if let Some(mut stdin) = child.stdin.take() {
            // When it is gone already, its output says why.
            let _ = stdin.write_all(b"create database tend\n");
        }
        let output = child.wait_with_output().map_err(|source| self.directory(source))?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if output.status.success() && !said.contains("ERROR") {
            return Ok(());
        }
        Err(EmbeddedError::Failed { what: "creating the database", said })
    }

    fn spawn(&self) -> io::Result<Child> {
        let log = File::options().create(true).append(true).open(self.layout.log())?;
        let mut command = self.command(&self.programs.postgres);
        command.arg("-D").arg(self.layout.data()).arg("-k").arg(&self.layout.socket);
        let mut set = |name: &str, value: &str| {
            command.arg("-c").arg(format!("{name}={value}"));
        };
        set("listen_addresses", "");
        set("port", "5432");
        set("unix_socket_permissions", "0700");
        set("timezone", "UTC");
        // A million orders are loaded without writing half of it twice.
        set("shared_buffers", "256MB");
        set("max_wal_size", "2GB");
        if !self.launch.durable {
            // Survives a crash of the server, which the tests rely on, but not one of the machine.
            set("fsync", "off");
            set("full_page_writes", "off");
        }
        for (name, value) in &self.launch.parameters {
            set(name, value);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()
    }

    /// A command as the server's user, that is told when this thread ends.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_remove("PGDATA").env("LC_ALL", "C.UTF-8").env("TZ", "UTC").process_group(0);
        if let Some(Account { uid, gid }) = self.layout.account {
            command.uid(uid).gid(gid);
        }
        // SAFETY: prctl is async-signal-safe and touches nothing of this process. It comes after the change of user,
        // which would clear the signal.
        unsafe {
            command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            })
        };
        command
    }
}

/// Fast shutdown, then an immediate one.
fn stop(child: &mut Child) {
    for signal in [libc::SIGINT, libc::SIGQUIT] {
        if let Ok(pid) = i32::try_from(child.id()) {
            // SAFETY: our own child, not waited for yet, so the number is still its.
            unsafe { libc::kill(pid, signal) };
        }
        let deadline = Instant::now() + STOPPED_WITHIN;
        while Instant::now() < deadline {
            if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(LOOK / 4);
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}
