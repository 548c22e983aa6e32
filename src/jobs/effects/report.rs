//! What is said about effects, once: for a terminal and for a page.

use serde::Serialize;

use crate::engine::door::JobError;
use crate::jobs::layout::{Align, fold, hang, table};
use crate::jobs::page;

/// A report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub title: String,
    /// Of which messages, judged by what.
    pub about: Vec<String>,
    /// What stands out.
    pub notices: Vec<String>,
    /// The few figures that matter, with what they are; the page shows them large.
    pub tiles: Vec<(String, String)>,
    pub tables: Vec<Table>,
    /// How it is counted.
    pub notes: Vec<String>,
    pub foot: String,
}

/// A table whose first column says what the others are.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub heading: &'static str,
    /// What it is about, above it.
    pub caption: String,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
    /// What follows from it, below it.
    pub said: Vec<String>,
}

impl Report {
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        for line in &self.about {
            text.push_str(&fold(line, 0));
        }
        for notice in &self.notices {
            text.push('\n');
            text.push_str(&hang("! ", notice, 0, 2));
        }
        for table in self.tables.iter().filter(|table| !table.rows.is_empty()) {
            text.push_str(&table.text());
        }
        if !self.notes.is_empty() {
            text.push_str("\nHow it is counted\n");
        }
        for note in &self.notes {
            text.push_str(&hang("· ", note, 2, 2));
        }
        text
    }

    pub(super) fn html(&self) -> Result<String, JobError> {
        page::render(include_str!("effects.html"), self)
    }
}

impl Table {
    fn text(&self) -> String {
        let mut text = format!("\n{}\n", self.heading);
        if !self.caption.is_empty() {
            text.push_str(&fold(&self.caption, 2));
        }
        let head = self.columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>();
        let rows: Vec<_> = std::iter::once(head).chain(self.rows.iter().cloned()).collect();
        let align: Vec<_> =
            (0..self.columns.len()).map(|place| if place == 0 { Align::Left } else { Align::Right }).collect();
        text.push_str(&table(&align, &rows));
        for said in &self.said {
            text.push_str(&fold(said, 2));
        }
        text
    }
}
