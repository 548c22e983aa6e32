//! A report that is figures and tables, as a page.

use serde::Serialize;

use super::Head;
use crate::engine::door::{JobError, Run};
use crate::jobs::layout::count;

/// A figure at the top.
#[derive(Debug, Serialize)]
pub struct Tile {
    customers: String,
    words: &'static str,
}

impl Tile {
    /// "12 to be sent"
    #[must_use]
    pub fn new(figure: i64, words: &'static str) -> Self {
        Self { customers: count(figure), words }
    }
}

/// A table; one without rows is not shown.
#[derive(Debug, Default, Serialize)]
pub struct Table {
    /// What it is.
    pub heading: &'static str,
    /// What one has to know to read it; empty: nothing.
    pub caption: &'static str,
    /// The heads of its columns.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// The first column holds figures.
    pub figures: bool,
}

/// What `tables.html` shows.
#[derive(Serialize)]
struct Page<'p> {
    #[serde(flatten)]
    head: Head,
    tiles: &'p [Tile],
    tables: &'p [Table],
}

/// The page of a run.
///
/// # Errors
/// When the template asks for what there is not.
pub fn render(title: String, run: &Run, tiles: &[Tile], tables: &[Table]) -> Result<String, JobError> {
    super::render(include_str!("tables.html"), &Page { head: Head::new(title, run), tiles, tables })
}
