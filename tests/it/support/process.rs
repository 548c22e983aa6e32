//! The real binary as a child process: started with settings of its own, killed, stopped and continued by signals.
#![allow(dead_code, reason = "each topic uses what it needs")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What the processes of one test share: a folder with `jobs/`, `templates/` and `config/`, a database, settings.
pub struct Bench {
    folder: tempfile::TempDir,
    url: String,
    settings: Vec<(String, String)>,
}

impl Bench {
    /// A bench on the database, with the shipped jobs, templates and settings.
    pub fn new(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for part in ["jobs", "templates", "config"] {
            copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join(part), &folder.path().join(part));
        }
        Self { folder, url: url.to_owned(), settings: Vec::new() }
    }

    /// The folder with `jobs/`, `templates/` and `config/`.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Sets `TEND__…`; `key` as in the settings file: `engine.lease_ttl`.
    pub fn set(&mut self, key: &str, value: impl ToString) -> &mut Self {
        let name = format!("TEND__{}", key.to_uppercase().replace('.', "__"));
        self.settings.push((name, value.to_string()));
        self
    }

    /// Leaves only these of the shipped jobs, without segments and caps.
    pub fn only(&self, jobs: &[&str]) {
        let folder = self.folder.path().join("jobs");
        let text = |job: &&str| std::fs::read_to_string(folder.join(format!("{job}.toml"))).expect("a shipped job");
        let kept: Vec<String> = jobs.iter().map(text).collect();
        std::fs::remove_dir_all(&folder).and_then(|()| std::fs::create_dir(&folder)).expect("an empty folder of jobs");
        for (job, text) in jobs.iter().zip(kept) {
            self.job(job, &text);
        }
    }

    /// Replaces what `jobs/<name>.toml` says.
    pub fn job(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join("jobs").join(format!("{name}.toml")), text)
            .expect("the job file is written");
    }

    /// Writes a job `jobs/<name>.toml` that parts those who bought from the others; `schedule` is what stands below
    /// `[schedule]`.
    pub fn ladder(&self, name: &str, schedule: &str) {
        self.job(
            name,
            &format!(
                r#"
title = "Who bought"
owner = "ops@example.com"
[schedule]
{schedule}
[retier]
window = "365d"
[[retier.level]]
name = "some"
when = {{ field = "orders", at_least = 1 }}
[[retier.level]]
name = "none"
"#
            ),
        );
    }

    /// The command with its settings, not started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tend"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TEND__")) {
            command.env_remove(name);
        }
        if !self.url.is_empty() {
            command.env("TEND__DATABASE__URL", &self.url);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the tend binary starts")
    }

    /// Runs a command that must succeed and gives what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "tend {arguments:?} ended with {}\n{out}\n{err}", output.status);
        out.into_owned()
    }

    /// Starts `tend serve`; what it logs goes to `<name>.log` in the folder.
    pub fn serve(&self, name: &str) -> Daemon {
        let log = self.folder.path().join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).expect("the log opens");
        let child = self
            .command(&["serve"])
            .stdout(file.try_clone().expect("the log twice"))
            .stderr(file)
            .spawn()
            .expect("the daemon starts");
        Daemon { child, log }
    }
}

/// A running `tend serve`; killed when dropped.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// The process.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid fits")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: kill takes two integers; the child is ours and not reaped yet.
        let sent = unsafe { libc::kill(self.pid(), signal) };
        assert_eq!(sent, 0, "the signal could not be sent: {}", std::io::Error::last_os_error());
    }

    /// kill -9, and waits until it is gone.
    pub fn kill(mut self) {
        self.signal(libc::SIGKILL);
        self.child.wait().expect("the child is reaped");
    }

    /// SIGTERM, and waits for a graceful end.
    pub fn stop(mut self, within: Duration) -> std::process::ExitStatus {
        self.signal(libc::SIGTERM);
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be asked") {
                return status;
            }
            assert!(Instant::now() < deadline, "the daemon did not stop within {within:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has logged this.
    pub async fn says(&self, what: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.log().contains(what) {
            assert!(Instant::now() < deadline, "the daemon has not said {what:?} within a minute:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Whether it is still there.
    pub fn alive(&mut self) -> bool {
        self.child.try_wait().expect("the child can be asked").is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is made");
    for entry in std::fs::read_dir(from).into_iter().flatten().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file is copied");
        }
    }
}
