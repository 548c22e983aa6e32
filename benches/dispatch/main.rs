//! Messages a second of the dispatcher, ledger and rendering on, to a local SMTP sink in a process of its own, beside a
//! bare loop of lettre connections with TCP_NODELAY to the same sink: `cargo bench --bench dispatch [-- --messages N
//! --connections 1,10 --rounds N]`.
#![allow(missing_docs, clippy::disallowed_methods, reason = "a driver, not the house")]

mod bare;
mod cpu;
mod owed;
mod sink;

use std::time::{Duration, Instant};

use tend::db::embedded::PrivatePostgres;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Arguments {
    messages: usize,
    connections: Vec<usize>,
    rounds: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--sink") {
        return sink::serve();
    }
    let after = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1)).cloned()
    };
    let number = |name: &str, default: usize| after(name).map_or(default, |text| text.parse().expect("a number"));
    let connections = after("--connections").unwrap_or_else(|| "1,10".into());
    let arguments = Arguments {
        messages: number("--messages", 20_000),
        connections: connections.split(',').map(|each| each.parse().expect("a number")).collect(),
        rounds: number("--rounds", 3),
    };
    let dir = tempfile::Builder::new().prefix("tend-bench-").tempdir().expect("a folder");
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("permissions");
    let data = dir.path().join("postgres");
    let postgres = PrivatePostgres::start(&data, true).unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(&arguments, &postgres.url(), &data.join("data")));
}

async fn run(arguments: &Arguments, url: &str, data: &std::path::Path) {
    let sink = sink::Sink::start();
    let processes = cpu::Processes::new(sink.pid(), data);
    let db = owed::database(url).await;
    println!("connections  bare loop/s  dispatcher/s  ratio");
    for connections in &arguments.connections {
        let (mut bare_best, mut ours_best) = (0.0_f64, 0.0_f64);
        for _ in 0..arguments.rounds {
            let (started, before) = (Instant::now(), processes.spent());
            bare::send(sink.port(), *connections, arguments.messages).await;
            bare_best = bare_best.max(rate(arguments.messages, started.elapsed()));
            let bare_spent = processes.spent().since(before, arguments.messages);
            owed::fill(&db, arguments.messages).await;
            let memory = Memory::watch();
            let (started, before) = (Instant::now(), processes.spent());
            owed::pay(&db, sink.port(), *connections).await;
            let took = started.elapsed();
            let spent = processes.spent().since(before, arguments.messages);
            owed::check(&db, arguments.messages).await;
            ours_best = ours_best.max(rate(arguments.messages, took));
            eprintln!(
                "  {connections} connections: bare {bare_best:.0}/s, dispatcher {:.0}/s, memory {}; bare {bare_spent}; dispatcher {spent}",
                rate(arguments.messages, took),
                memory.figures()
            );
        }
        println!("{connections:>11}  {bare_best:>11.0}  {ours_best:>12.0}  {:>5.2}", ours_best / bare_best);
    }
    println!("mails the sink took: {}", sink.count());
}

#[expect(clippy::cast_precision_loss, reason = "a figure to print")]
fn rate(messages: usize, took: Duration) -> f64 {
    messages as f64 / took.as_secs_f64()
}

/// Resident memory of this process, ten times a second.
struct Memory {
    task: tokio::task::JoinHandle<()>,
    seen: std::sync::Arc<std::sync::Mutex<Vec<u64>>>,
}

impl Memory {
    fn watch() -> Self {
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let into = std::sync::Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                into.lock().expect("no panic").push(resident());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Self { task, seen }
    }

    fn figures(&self) -> String {
        self.task.abort();
        let seen = self.seen.lock().expect("no panic");
        let (first, middle, most) = (seen.first(), seen.get(seen.len() / 2), seen.iter().max());
        format!(
            "{:?} kB at the start, {:?} kB half way, {:?} kB at most",
            first.unwrap_or(&0),
            middle.unwrap_or(&0),
            most.unwrap_or(&0)
        )
    }
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0)
}
