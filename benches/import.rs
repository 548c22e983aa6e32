//! Orders per second of `tend import orders`: one million generated orders of 100,000 customers, into a private
//! Postgres with `fsync` on, then the same file again (nothing changes).
//!
//! `cargo bench --bench import [-- ROWS]`
#![allow(clippy::disallowed_methods, reason = "a benchmark chooses its own instants")]

#[path = "shared/memory.rs"]
mod memory;

use std::io::{self, Read};

use tend::db::embedded::PrivatePostgres;
use tend::db::{Database, DatabaseSettings, migrate};
use tend::import::{Kind, Options, Source, import};
use tend::progress::Progress;

/// Orders, made as they are read.
struct Orders {
    next: u64,
    rows: u64,
    seed: u64,
    line: Vec<u8>,
    at: usize,
}

impl Orders {
    fn new(rows: u64) -> Self {
        let line = b"order_id,customer_id,placed_at,amount,currency\n".to_vec();
        Self { next: 0, rows, seed: 0x2545_f491_4f6c_dd1d, line, at: 0 }
    }

    fn random(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    fn make(&mut self) {
        let (customer, cents, minute) = (self.random() % 100_000, self.random() % 100_000, self.random() % 525_600);
        let (day, hour, minute) = (minute / 1_440, minute / 60 % 24, minute % 60);
        let (month, day) = (day / 31 + 1, day % 28 + 1);
        self.line = format!(
            "o{:08},c{customer:06},2025-{month:02}-{day:02}T{hour:02}:{minute:02}:00+08:00,{}.{:02},CNY\n",
            self.next,
            cents / 100,
            cents % 100
        )
        .into_bytes();
        self.at = 0;
        self.next += 1;
    }
}

impl Read for Orders {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            if self.at == self.line.len() {
                if self.next == self.rows {
                    break;
                }
                self.make();
            }
            let part = (self.line.len() - self.at).min(buffer.len() - filled);
            buffer[filled..filled + part].copy_from_slice(&self.line[self.at..self.at + part]);
            self.at += part;
            filled += part;
        }
        Ok(filled)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let rows = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let dir = tempfile::tempdir()?;
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let postgres = PrivatePostgres::start(&dir.path().join("postgres"), true)?;
    let db = Database::connect(&DatabaseSettings::new(postgres.url())).await?;
    migrate(&db, true).await?;
    for pass in ["first", "again"] {
        let source = Source { name: "orders".to_owned(), size: None, reader: Box::new(Orders::new(rows)) };
        let options =
            Options { strict: true, rejects: dir.path().join("rejects.csv"), now: "2026-06-01T00:00:00Z".parse()? };
        let report = import(&db, Kind::Orders, source, &options, &Progress::silent()).await?;
        let speed = report.read as f64 / report.took.as_secs_f64();
        println!("{pass}: {report}; {speed:.0} orders/s, peak memory of the importer {} MB", memory::most()?);
    }
    db.close().await;
    Ok(())
}
