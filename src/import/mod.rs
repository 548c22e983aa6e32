//! The company's data from CSV files into `crm`, and coupon codes into their pools.
//!
//! Promises: a row is checked before it reaches the database; bad rows go to a reject file with line and reason, good
//! ones are kept (with `strict`, nothing is kept unless all are good); all of a file or nothing of it becomes visible,
//! in one transaction; rows are matched by the company's own key; importing the same file again changes nothing; a
//! column the file does not have leaves existing values alone; memory does not grow with the file.

mod birthday;
mod columns;
pub mod coupons;
mod fields;
mod load;
mod read;
mod report;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

pub use columns::Kind;
pub use load::import;
pub use report::Report;

/// How to import.
#[derive(Debug, Clone)]
pub struct Options {
    /// Nothing is kept if any row is bad.
    pub strict: bool,
    /// Where bad rows go; written only when there are any.
    pub rejects: PathBuf,
    /// "Now": when a consent without an instant was recorded, and when a customer without one became known.
    pub now: DateTime<Utc>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The header or the form of the file is wrong; a sentence a line.
    #[error("{0}")]
    Form(String),
    /// `strict`, and there were bad rows.
    #[error("{rejected} of {read} rows are bad, so nothing was kept (--strict); they are in {} with the reasons", rejects.display())]
    Strict {
        /// Bad rows.
        rejected: u64,
        /// All rows.
        read: u64,
        /// Where they are.
        rejects: PathBuf,
    },
    /// The company's own views stand there.
    #[error("{0} is no table: the data come from the company's own views, and tend does not write there")]
    NotATable(&'static str),
    /// The database refuses.
    #[error("the import failed, nothing was kept: {0}")]
    Database(#[from] sqlx::Error),
}

/// Where the rows come from.
pub struct Source {
    /// As shown in messages.
    pub name: String,
    /// Bytes, where known.
    pub size: Option<u64>,
    /// The text.
    pub reader: Box<dyn Read + Send>,
}

impl Source {
    /// A file, or standard input for `-`.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        if path == Path::new("-") {
            return Ok(Self { name: "standard input".to_owned(), size: None, reader: Box::new(io::stdin()) });
        }
        let unreadable = |source| ImportError::Unreadable { path: path.display().to_string(), source };
        let file = File::open(path).map_err(unreadable)?;
        let meta = file.metadata().map_err(unreadable)?;
        if meta.is_dir() {
            return Err(unreadable(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let size = meta.is_file().then_some(meta.len());
        Ok(Self { name: path.display().to_string(), size, reader: Box::new(file) })
    }

    /// Text in memory, for the demo and for tests.
    pub fn text(name: &str, text: impl Into<String>) -> Self {
        let text: String = text.into();
        let size = Some(text.len() as u64);
        Self { name: name.to_owned(), size, reader: Box::new(io::Cursor::new(text)) }
    }
}

/// Where the bad rows of a file go unless told otherwise: beside it, or into the working directory.
pub fn rejects_beside(path: &Path, kind: Kind) -> PathBuf {
    if path == Path::new("-") {
        PathBuf::from(format!("{}.rejects.csv", kind.name()))
    } else {
        let mut name = path.as_os_str().to_owned();
        name.push(".rejects.csv");
        PathBuf::from(name)
    }
}
