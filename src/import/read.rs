//! The file: its form, its header, its rows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, Reader, StringRecord};
use tokio::sync::mpsc::Sender;

use super::birthday::Written;
use super::columns::{Column, Empty, Kind};
use super::fields::Field;
use super::{ImportError, Source};
use crate::spelling::nearest;

/// Bytes sent to Postgres at a time; with those under way, the memory an import takes.
const CHUNK: usize = 256 * 1024;

/// A column of the staging table and the cell it comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    pub column: Column,
    /// None: no such cell, the value for an empty one.
    at: Option<usize>,
}

/// What is read from the file.
#[derive(Debug)]
pub(super) struct Plan {
    pub columns: Vec<Planned>,
    cells: usize,
}

/// A file whose header is understood.
pub(super) struct Opened {
    name: String,
    reader: Reader<Box<dyn Read + Send>>,
    header: StringRecord,
    pub plan: Plan,
}

/// Rows for COPY, and how far the file is read.
pub(super) struct Chunk {
    pub copy: Vec<u8>,
    pub bytes: u64,
    pub rows: u64,
}

/// How many rows there were.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub read: u64,
    pub rejected: u64,
}

/// Reads the header; all that is wrong with it at once.
pub(super) fn open(kind: Kind, source: Source) -> Result<Opened, ImportError> {
    let Source { name, reader, .. } = source;
    let unreadable = |source| ImportError::Unreadable { path: name.clone(), source };
    let mut buffered = BufReader::with_capacity(CHUNK, reader);
    let start = buffered.fill_buf().map_err(unreadable)?;
    if let Some(problem) = unlike_csv(start, kind) {
        return Err(ImportError::Form(format!("{name}: {problem}")));
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(Box::new(buffered) as Box<dyn Read + Send>);
    let header = reader.headers().map_err(|error| form(&name, error))?.clone();
    let plan = Plan::make(kind, &header).map_err(|problems| {
        ImportError::Form(format!("{name}, line 1: {}", problems.join(&format!("\n{name}, line 1: "))))
    })?;
    Ok(Opened { name, reader, header, plan })
}

fn form(name: &str, error: csv::Error) -> ImportError {
    match error.into_kind() {
        csv::ErrorKind::Io(source) => ImportError::Unreadable { path: name.to_owned(), source },
        csv::ErrorKind::Utf8 { .. } => ImportError::Form(format!("{name}, line 1: the header is not UTF-8")),
        other => ImportError::Form(format!("{name}: {other:?}")),
    }
}

fn unlike_csv(start: &[u8], kind: Kind) -> Option<String> {
    match start {
        [] => Some("the file is empty; its first line must name the columns".to_owned()),
        [0x1f, 0x8b, ..] => Some(format!("the file is compressed; try: zcat FILE | tend import {} -", kind.name())),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("the file is UTF-16; save it as \"CSV UTF-8\"".to_owned()),
        [b'P', b'K', 3, 4, ..] => Some("the file is a spreadsheet; save it as \"CSV UTF-8\"".to_owned()),
        _ => None,
    }
}

impl Plan {
    fn make(kind: Kind, header: &StringRecord) -> Result<Self, Vec<String>> {
        let names: Vec<&str> = header.iter().map(str::trim).collect();
        let known: Vec<&str> = kind.columns().iter().map(|column| column.name).collect();
        if let [only] = names[..]
            && let Some(separator) = [';', '\t', '|'].into_iter().find(|separator| only.contains(*separator))
        {
            return Err(vec![format!("the columns are separated by {separator:?}; they must be separated by commas")]);
        }
        let mut problems = Vec::new();
        for (at, name) in names.iter().enumerate() {
            if !known.contains(name) {
                problems.push(unknown(name, &known));
            } else if names[..at].contains(name) {
                problems.push(format!("the column {name:?} is there twice"));
            }
        }
        if names.iter().any(|name| !known.contains(name)) {
            problems.push(format!("a file of {} can have {}", kind.name(), known.join(", ")));
        }
        let place = |wanted: &str| names.iter().position(|name| *name == wanted);
        for column in kind.columns().iter().filter(|column| column.empty == Empty::Refused) {
            if place(column.name).is_none() {
                problems.push(format!("the column {:?} is missing", column.name));
            }
        }
        for (part, whole) in [
            ("birthday_calendar", &["birthday"][..]),
            ("birthday_leap_month", &["birthday"]),
            ("consent_at", &["email_consent", "sms_consent"]),
        ] {
            if place(part).is_some() && whole.iter().all(|whole| place(whole).is_none()) {
                problems.push(format!("the column {part:?} needs the column {}", whole.join(" or ")));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // A birthday says all of itself: without its calendar it is a solar one.
        let implied = |column: &Column| column.name.starts_with("birthday") && place("birthday").is_some();
        let columns = kind
            .columns()
            .iter()
            .map(|column| Planned { column: *column, at: place(column.name) })
            .filter(|planned| planned.at.is_some() || implied(&planned.column))
            .collect();
        Ok(Self { columns, cells: names.len() })
    }

    /// Appends the row as a line of COPY, or says all that is wrong with it and leaves `out` as it was.
    fn write(&self, record: &ByteRecord, line: u64, out: &mut Vec<u8>) -> Result<(), String> {
        if record.len() != self.cells {
            let quote = if record.iter().any(|cell| cell.contains(&b'\n')) { " (is a quote not closed?)" } else { "" };
            return Err(format!("has {} cells, the header has {}{quote}", record.len(), self.cells));
        }
        let start = out.len();
        out.extend_from_slice(line.to_string().as_bytes());
        let mut problems: Vec<String> = Vec::new();
        for planned in &self.columns {
            out.push(b'\t');
            if let Err(problem) = planned.write(record, out) {
                problems.push(format!("{} {problem}", planned.column.name));
            }
        }
        if problems.is_empty() {
            problems.extend(self.birthday_problem(record));
            problems.extend(self.absence_problem(record));
        }
        if problems.is_empty() {
            out.push(b'\n');
            return Ok(());
        }
        out.truncate(start);
        Err(problems.join("; "))
    }

    fn cell<'r>(&self, record: &'r ByteRecord, name: &str) -> &'r str {
        let planned = self.columns.iter().find(|planned| planned.column.name == name);
        planned.and_then(|planned| planned.text(record).ok()).unwrap_or_default()
    }

    /// Nobody comes back before leaving.
    fn absence_problem(&self, record: &ByteRecord) -> Option<String> {
        let (from, until) = (self.cell(record, "from_day"), self.cell(record, "until_day"));
        (until < from).then(|| format!("until_day {until} lies before from_day {from}"))
    }

    /// The parts of a birthday only make sense together.
    fn birthday_problem(&self, record: &ByteRecord) -> Option<String> {
        self.columns.iter().find(|planned| planned.column.field == Field::Birthday)?;
        let lunar = self.cell(record, "birthday_calendar") == "lunar";
        let leap_month = matches!(self.cell(record, "birthday_leap_month"), "yes" | "true" | "1");
        let cell = self.cell(record, "birthday");
        if cell.is_empty() {
            return (leap_month && !lunar).then(|| "birthday_leap_month needs birthday_calendar lunar".to_owned());
        }
        let checked = Written::parse(cell).and_then(|written| written.check(lunar, leap_month));
        checked.err().map(|problem| format!("birthday {problem}"))
    }
}

impl Planned {
    fn text<'r>(&self, record: &'r ByteRecord) -> Result<&'r str, &'static str> {
        let cell = self.at.and_then(|at| record.get(at)).unwrap_or_default();
        std::str::from_utf8(cell).map(str::trim).map_err(|_| "is not UTF-8")
    }

    fn write(&self, record: &ByteRecord, out: &mut Vec<u8>) -> Result<(), String> {
        let Column { field, empty, .. } = self.column;
        let cell = match self.text(record)? {
            "" => match empty {
                Empty::Refused => return Err("is empty".to_owned()),
                Empty::Is(value) => value,
                Empty::Null | Empty::Keep => {
                    field.write_null(out);
                    return Ok(());
                }
            },
            cell => cell,
        };
        field.write(cell, out).map_err(std::borrow::Cow::into_owned)
    }
}

fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("there is no column {name:?}; did you mean {near:?}?"),
        None => format!("there is no column {name:?}"),
    }
}

impl Opened {
    /// Checks every row: good ones go to `chunks`, bad ones to the reject file. Runs on a thread of its own; stops early
    /// when nobody takes the chunks any more.
    pub(super) fn rows(mut self, rejects: &Path, chunks: &Sender<Chunk>) -> Result<Counts, ImportError> {
        let mut counts = Counts::default();
        let mut rejected = Rejects::new(rejects, &self.header)?;
        let mut copy = Vec::with_capacity(CHUNK + CHUNK / 4);
        let (mut sent_bytes, mut sent_rows) = (0, 0);
        let mut record = ByteRecord::new();
        loop {
            let more = self.reader.read_byte_record(&mut record).map_err(|error| form(&self.name, error))?;
            if !more || copy.len() >= CHUNK {
                let at = self.reader.position().byte();
                let full = std::mem::replace(&mut copy, Vec::with_capacity(CHUNK + CHUNK / 4));
                let chunk = Chunk { copy: full, bytes: at - sent_bytes, rows: counts.read - sent_rows };
                (sent_bytes, sent_rows) = (at, counts.read);
                if chunks.blocking_send(chunk).is_err() || !more {
                    break;
                }
            }
            counts.read += 1;
            let line = record.position().map_or(0, csv::Position::line);
            if let Err(reason) = self.plan.write(&record, line, &mut copy) {
                counts.rejected += 1;
                rejected.add(line, &reason, &record)?;
            }
        }
        rejected.finish()?;
        Ok(counts)
    }
}

/// The reject file; made when the first row is bad. One from an earlier import is removed.
struct Rejects<'a> {
    path: &'a Path,
    header: &'a StringRecord,
    writer: Option<csv::Writer<File>>,
}

impl<'a> Rejects<'a> {
    fn new(path: &'a Path, header: &'a StringRecord) -> Result<Self, ImportError> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ImportError::Unreadable { path: path.display().to_string(), source: error })
            }
            _ => Ok(Self { path, header, writer: None }),
        }
    }

    fn add(&mut self, line: u64, reason: &str, record: &ByteRecord) -> Result<(), ImportError> {
        let path = self.path.display().to_string();
        let fault = |error: csv::Error| form(&path, error);
        if self.writer.is_none() {
            let writer = csv::WriterBuilder::new().flexible(true).from_path(self.path).map_err(fault)?;
            let writer = self.writer.insert(writer);
            writer.write_record(["line", "reason"].into_iter().chain(self.header.iter())).map_err(fault)?;
        }
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let line = line.to_string();
        writer.write_record([line.as_bytes(), reason.as_bytes()].into_iter().chain(record.iter())).map_err(fault)
    }

    fn finish(self) -> Result<(), ImportError> {
        let Some(mut writer) = self.writer else { return Ok(()) };
        writer.flush().map_err(|source| ImportError::Unreadable { path: self.path.display().to_string(), source })
    }
}
