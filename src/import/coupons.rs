//! Coupon codes from a CSV file into a pool: a column `code`, and perhaps `expires` (last day the shop takes it).
//!
//! Promises: all of a file or nothing of it; a code that is in the pool already stays as it is, one of another pool is
//! refused; messages say lines, never codes; memory does not grow with the file.

use std::io::Read;

use chrono::{DateTime, NaiveDate, Utc};
use csv::ByteRecord;
use serde::Serialize;
use sqlx::PgConnection;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::{ImportError, Source};
use crate::db::Database;
use crate::progress::Progress;

/// Bytes sent to Postgres at a time.
const CHUNK: usize = 256 * 1024;
/// Chunks between the reading thread and the network.
const UNDER_WAY: usize = 4;
/// Bad lines that are named; of the others the number is said.
const NAMED: usize = 20;
/// Longest code.
const LONGEST: usize = 64;
/// The alarm of a new pool is raised below so many codes, unless told otherwise.
pub const LOW_WATER: i32 = 100;

/// Which codes these are.
#[derive(Debug, Clone)]
pub struct Options {
    /// Their pool; it is made when it is not there.
    pub pool: String,
    /// Last day of codes whose line does not say it.
    pub expires: Option<NaiveDate>,
    /// The alarm is raised below so many codes; none: as it is, [`LOW_WATER`] for a new pool.
    pub low_water: Option<i32>,
    /// "Now".
    pub now: DateTime<Utc>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The pool.
    pub pool: String,
    /// Lines of the file.
    pub read: u64,
    /// New codes.
    pub inserted: u64,
    /// Lines whose code was in the pool already, or stood in the file before.
    pub known: u64,
}

/// Imports a file of codes, in the caller's transaction.
///
/// # Errors
/// When the file cannot be read, a line of it is wrong, a code belongs to another pool, or the database refuses; the
/// transaction is to be rolled back then.
pub async fn import(
    db: &Database,
    source: Source,
    options: &Options,
    progress: &Progress,
    after: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<()>,
) -> Result<Report, ImportError> {
    let name = source.name.clone();
    let mut tx = db.begin("coupons import").await?;
    sqlx::raw_sql("create temp table staged_coupon (line bigint, code text, expires_on date) on commit drop")
        .execute(&mut *tx)
        .await?;
    let read = copy(&mut tx, source, options, progress).await?;
    let report = keep(&mut tx, &name, read, options).await?;
    after(&mut tx).await?;
    tx.commit().await?;
    Ok(report)
}

async fn copy(
    conn: &mut PgConnection,
    source: Source,
    options: &Options,
    progress: &Progress,
) -> Result<u64, ImportError> {
    let (sender, mut chunks) = mpsc::channel::<Vec<u8>>(UNDER_WAY);
    let (expires, today, by_bytes) = (options.expires, options.now.date_naive(), source.size.is_some());
    let reading = spawn_blocking(move || Lines { expires, today, bad: Vec::new(), wrong: 0 }.read(source, &sender));
    let mut sink = conn.copy_in_raw("copy staged_coupon (line, code, expires_on) from stdin").await?;
    while let Some(chunk) = chunks.recv().await {
        let rows = chunk.iter().filter(|byte| **byte == b'\n').count();
        progress.add(if by_bytes { chunk.len() as u64 } else { rows as u64 });
        sink.send(chunk).await?;
    }
    match reading.await.map_err(super::load::panicked)? {
        Ok(read) => {
            sink.finish().await?;
            Ok(read)
        }
        Err(error) => {
            sink.abort("the file is wrong").await?;
            Err(error)
        }
    }
}

/// Turns lines into rows for COPY.
struct Lines {
    expires: Option<NaiveDate>,
    today: NaiveDate,
    bad: Vec<String>,
    wrong: u64,
}

impl Lines {
    fn read(mut self, source: Source, chunks: &mpsc::Sender<Vec<u8>>) -> Result<u64, ImportError> {
        let name = source.name.clone();
        let form = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(source) => ImportError::Unreadable { path: name.clone(), source },
            _ => ImportError::Form(format!("{name}: the file is not CSV in UTF-8")),
        };
        let reader: Box<dyn Read + Send> = source.reader;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
        let header = reader.headers().map_err(form)?.clone();
        let (code_at, expires_at) = columns(&name, header.iter())?;
        let (mut read, mut record, mut out) = (0, ByteRecord::new(), Vec::with_capacity(CHUNK + CHUNK / 4));
        while reader.read_byte_record(&mut record).map_err(form)? {
            read += 1;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().trim_ascii();
            match self.row(cell(Some(code_at)), cell(expires_at)) {
                Ok((code, expires)) => {
                    let expires = expires.map_or_else(|| "\\N".to_owned(), |day| day.to_string());
                    out.extend_from_slice(format!("{line}\t{code}\t{expires}\n").as_bytes());
                }
                Err(why) => {
                    self.wrong += 1;
                    if self.bad.len() < NAMED {
                        self.bad.push(format!("{name}, line {line}: {why}"));
                    }
                }
            }
            if out.len() >= CHUNK && chunks.blocking_send(std::mem::take(&mut out)).is_err() {
                break;
            }
        }
        if self.wrong > 0 {
            let more = self.wrong - self.bad.len() as u64;
            let more = if more > 0 { format!("\nand {more} more lines") } else { String::new() };
            return Err(ImportError::Form(format!("{}{more}\nNothing was kept.", self.bad.join("\n"))));
        }
        if read == 0 {
            return Err(ImportError::Form(format!("{name}: there are no codes below the first line")));
        }
        // the database is gone when nobody listens: its own error says so
        let _ = chunks.blocking_send(out);
        Ok(read)
    }

    fn row<'c>(&self, code: &'c [u8], expires: &[u8]) -> Result<(&'c str, Option<NaiveDate>), String> {
        let letters = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let code = std::str::from_utf8(code).ok().filter(|_| code.iter().all(letters));
        let Some(code) = code.filter(|code| !code.is_empty() && code.len() <= LONGEST) else {
            return Err(format!("a code is 1 to {LONGEST} letters, digits, -, _ or ."));
        };
        let expires = match std::str::from_utf8(expires).unwrap_or("?") {
            "" => self.expires,
            text => Some(text.parse().map_err(|_| "expires is a day such as 2026-12-31".to_owned())?),
        };
        match expires {
            Some(day) if day < self.today => Err(format!("the code ended on {day}")),
            _ => Ok((code, expires)),
        }
    }
}

/// Where code and expires stand.
fn columns<'h>(name: &str, header: impl Iterator<Item = &'h str>) -> Result<(usize, Option<usize>), ImportError> {
    let (mut code, mut expires, mut unknown) = (None, None, false);
    for (at, column) in header.enumerate() {
        match column.trim().trim_start_matches('\u{feff}') {
            "code" if code.is_none() => code = Some(at),
            "expires" if expires.is_none() => expires = Some(at),
            _ => unknown = true,
        }
    }
    // what stands there may be a code: it is not repeated
    code.filter(|_| !unknown).map(|code| (code, expires)).ok_or_else(|| {
        ImportError::Form(format!("{name}, line 1: the first line names the columns: `code`, or `code,expires`"))
    })
}

async fn keep(conn: &mut PgConnection, name: &str, read: u64, options: &Options) -> Result<Report, ImportError> {
    sqlx::query!(
        "insert into tend.coupon_pool (pool, low_water, created_at) values ($1, coalesce($2::integer, $3::integer), $4)
         on conflict (pool) do update set low_water = coalesce($2::integer, coupon_pool.low_water)",
        options.pool,
        options.low_water,
        LOW_WATER,
        options.now
    )
    .execute(&mut *conn)
    .await?;
    let inserted = sqlx::query(
        "insert into tend.coupon (pool, code, expires_on, imported_at)
         select $1, s.code, s.expires_on, $2 from staged_coupon s order by s.line
         on conflict (code) do nothing",
    )
    .bind(&options.pool)
    .bind(options.now)
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let foreign: Vec<i64> = sqlx::query_scalar(
        "select s.line from staged_coupon s join tend.coupon c using (code) where c.pool <> $1 order by s.line limit $2",
    )
    .bind(&options.pool)
    .bind(i64::try_from(NAMED).unwrap_or(i64::MAX))
    .fetch_all(&mut *conn)
    .await?;
    if !foreign.is_empty() {
        let lines: Vec<_> =
            foreign.iter().map(|line| format!("{name}, line {line}: the code is in another pool")).collect();
        return Err(ImportError::Form(format!("{}\nNothing was kept.", lines.join("\n"))));
    }
    Ok(Report { pool: options.pool.clone(), read, inserted, known: read - inserted })
}
