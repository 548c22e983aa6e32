//! CPU time by process: unlike messages a second it says the same on a busy machine.

use std::path::Path;
use std::time::Duration;

/// Of whom.
#[derive(Debug, Clone, Copy)]
pub struct Processes {
    pub sink: u32,
    pub postgres: u32,
}

/// CPU time so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    own: Duration,
    postgres: Duration,
    sink: Duration,
}

impl Processes {
    /// The server that keeps its data there.
    pub fn new(sink: u32, data: &Path) -> Self {
        let lock = std::fs::read_to_string(data.join("postmaster.pid")).expect("a server");
        Self { sink, postgres: lock.lines().next().and_then(|pid| pid.parse().ok()).expect("its number") }
    }

    pub fn spent(self) -> Spent {
        let (mut own, mut postgres, mut sink) = (0, 0, 0);
        for process in std::fs::read_dir("/proc").expect("Linux").flatten() {
            let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else { continue };
            let Ok(stat) = std::fs::read_to_string(process.path().join("stat")) else { continue };
            // behind the name: state, parent … 12th and 13th the time of its own, then that of children that have ended
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
            let time = field(11) + field(12);
            if pid == std::process::id() {
                own = time;
            } else if pid == self.sink {
                sink = time;
            } else if pid == self.postgres {
                postgres += time + field(13) + field(14);
            } else if field(1) == u64::from(self.postgres) {
                postgres += time;
            }
        }
        let time = |ticks: u64| Duration::from_millis(ticks * 10);
        Spent { own: time(own), postgres: time(postgres), sink: time(sink) }
    }
}

impl Spent {
    /// Since then, for each of so many messages.
    pub fn since(self, before: Self, messages: usize) -> String {
        let each = |after: Duration, before: Duration| (after - before).as_micros() / messages as u128;
        format!(
            "CPU {} + {} + {} µs a message (own, postgres, sink)",
            each(self.own, before.own),
            each(self.postgres, before.postgres),
            each(self.sink, before.sink)
        )
    }
}
