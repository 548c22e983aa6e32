//! How far long work is: a bar on a terminal, a plain line now and then elsewhere. To standard error, so that what a
//! command prints stays clean.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use indicatif::style::ProgressTracker;
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};

const PLAIN_EVERY: Duration = Duration::from_secs(5);
/// How often a bar moves although nothing was said: work without steps is seen to be going on.
const REDRAW: Duration = Duration::from_millis(200);

/// One piece of long work.
#[derive(Debug)]
pub struct Progress {
    done: Arc<AtomicU64>,
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    Bar(ProgressBar),
    /// Lines are written until this is taken out.
    Lines(Mutex<Option<mpsc::Sender<()>>>),
    Nothing,
}

impl Progress {
    /// Shows `what`; `total` where the amount is known beforehand.
    pub fn start(what: impl Into<String>, total: Option<u64>) -> Self {
        let (what, done) = (what.into(), Arc::new(AtomicU64::new(0)));
        let shown = if std::io::stderr().is_terminal() {
            Shown::Bar(bar(what, total))
        } else {
            let (until, ended) = mpsc::channel();
            let counted = Arc::clone(&done);
            std::thread::spawn(move || lines(&what, total, &counted, &ended));
            Shown::Lines(Mutex::new(Some(until)))
        };
        Self { done, shown }
    }

    /// Shows nothing; for tests and programs.
    pub fn silent() -> Self {
        Self { done: Arc::default(), shown: Shown::Nothing }
    }

    /// So much more is done.
    pub fn add(&self, amount: u64) {
        self.done.fetch_add(amount, Ordering::Relaxed);
        if let Shown::Bar(bar) = &self.shown {
            bar.inc(amount);
        }
    }

    /// It is done; the bar disappears, no more lines come.
    pub fn finish(&self) {
        match &self.shown {
            Shown::Bar(bar) => bar.finish_and_clear(),
            Shown::Lines(until) => drop(until.lock().map(|mut until| until.take())),
            Shown::Nothing => {}
        }
    }

    /// It is done, and something follows that is shown in the same way.
    pub fn then(&self, what: impl Into<String>) -> Self {
        self.finish();
        match self.shown {
            Shown::Nothing => Self::silent(),
            _ => Self::start(what, None),
        }
    }
}

/// Work that ends with an error leaves no half bar behind.
impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn bar(what: String, total: Option<u64>) -> ProgressBar {
    let template = if total.is_some() {
        "{msg:24} {wide_bar} {percent:>3}% {elapsed}"
    } else {
        "{spinner} {msg:24} {count} {elapsed}"
    };
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = bar.with_style(style.with_key("count", Count)).with_message(what);
    bar.enable_steady_tick(REDRAW);
    bar
}

/// "1,200 rows, 350/s"; nothing for work that is not counted.
#[derive(Debug, Clone)]
struct Count;

impl ProgressTracker for Count {
    fn clone_box(&self) -> Box<dyn ProgressTracker> {
        Box::new(self.clone())
    }

    fn tick(&mut self, _: &ProgressState, _: Instant) {}

    fn reset(&mut self, _: &ProgressState, _: Instant) {}

    fn write(&self, state: &ProgressState, out: &mut dyn std::fmt::Write) {
        if state.pos() > 0 {
            let _ = write!(out, "{} rows, {:.0}/s", HumanCount(state.pos()), state.per_sec());
        }
    }
}

/// Says every few seconds how far it is, until the other end is gone.
fn lines(what: &str, total: Option<u64>, done: &AtomicU64, ended: &mpsc::Receiver<()>) {
    let begun = Instant::now();
    while ended.recv_timeout(PLAIN_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
        let (done, seconds) = (done.load(Ordering::Relaxed), begun.elapsed().as_secs());
        match total {
            Some(total) if total > 0 => {
                eprintln!("{what}: {}%, {seconds} s", (done.saturating_mul(100) / total).min(100));
            }
            _ if done > 0 => eprintln!("{what}: {} rows, {seconds} s", HumanCount(done)),
            _ => eprintln!("{what}: {seconds} s"),
        }
    }
}
