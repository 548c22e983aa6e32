//! How far long work is: a bar on a terminal, a plain line now and then elsewhere. To standard error, so that what a
//! command prints stays clean.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// One piece of long work.
#[derive(Debug)]
pub struct Progress {
    what: String,
    total: Option<u64>,
    done: AtomicU64,
    bar: Option<ProgressBar>,
    said: Mutex<Instant>,
}

impl Progress {
    /// Shows `what`; `total` where the amount is known beforehand.
    pub fn start(what: impl Into<String>, total: Option<u64>) -> Self {
        let what = what.into();
        let bar = std::io::stderr().is_terminal().then(|| {
            let template = if total.is_some() {
                "{msg:24} {wide_bar} {percent:>3}% {elapsed}"
            } else {
                "{msg:24} {spinner} {human_pos} {per_sec} {elapsed}"
            };
            let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.with_style(style).with_message(what.clone())
        });
        Self { what, total, done: AtomicU64::new(0), bar, said: Mutex::new(Instant::now()) }
    }

    /// Shows nothing; for tests and programs.
    pub fn silent() -> Self {
        Self {
            what: String::new(),
            total: None,
            done: AtomicU64::new(0),
            bar: Some(ProgressBar::hidden()),
            said: Mutex::new(Instant::now()),
        }
    }

    /// So much more is done.
    pub fn add(&self, amount: u64) {
        let done = self.done.fetch_add(amount, Ordering::Relaxed) + amount;
        match &self.bar {
            Some(bar) => bar.inc(amount),
            None => self.say(done),
        }
    }

    /// It is done; the bar disappears.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn say(&self, done: u64) {
        let Ok(mut said) = self.said.try_lock() else { return };
        if said.elapsed() < PLAIN_EVERY {
            return;
        }
        *said = Instant::now();
        match self.total {
            Some(total) if total > 0 => eprintln!("{}: {}%", self.what, done.saturating_mul(100) / total),
            _ => eprintln!("{}: {done}", self.what),
        }
    }
}

/// Work that ends with an error leaves no half bar behind.
impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
