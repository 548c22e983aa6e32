//! What a simulation counts: sections that rooms contribute, all of one shape, so that text, JSON, pages and comparisons
//! need to know none of them.
//!
//! A new kind of job adds its file here and its line to [`SOURCES`].

mod alerts;
mod ladders;
mod letters;
mod messages;
mod runs;
mod tasks;
mod visits;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::Stretch;
use crate::jobs::layout::count;

/// Reads the sections of one source from the copy, after the stretch.
type Source = for<'c> fn(&'c mut PgConnection, &'c Stretch) -> BoxFuture<'c, sqlx::Result<Vec<Section>>>;

/// All that is counted, in the order of the report.
const SOURCES: &[Source] = &[
    |conn, stretch| Box::pin(runs::troubled(conn, stretch)),
    |conn, stretch| Box::pin(messages::sections(conn, stretch)),
    |conn, stretch| Box::pin(tasks::sections(conn, stretch)),
    |conn, stretch| Box::pin(ladders::sections(conn, stretch)),
    |conn, stretch| Box::pin(alerts::sections(conn, stretch)),
    |conn, stretch| Box::pin(visits::sections(conn, stretch)),
    |conn, stretch| Box::pin(letters::sections(conn, stretch)),
    |conn, stretch| Box::pin(runs::all(conn, stretch)),
];

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words or a name.
    Word(String),
    /// A figure.
    Count(i64),
    /// A figure more or less than another.
    Change(i64),
    /// A day.
    Day(Option<NaiveDate>),
}

impl Cell {
    /// For people.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Count(number) => count(*number),
            Self::Change(number) => signed(*number),
            Self::Day(day) => day.map_or_else(String::new, |day| day.to_string()),
        }
    }

    /// Whether it is a figure, which stands on the right.
    #[must_use]
    pub fn is_figure(&self) -> bool {
        matches!(self, Self::Count(_) | Self::Change(_))
    }

    fn json(&self) -> Value {
        match self {
            Self::Word(word) => json!(word),
            Self::Count(number) | Self::Change(number) => json!(number),
            Self::Day(day) => json!(day),
        }
    }
}

/// "+1,200", "−3", "±0"
#[must_use]
pub fn signed(number: i64) -> String {
    match number {
        0 => "±0".to_owned(),
        more if more > 0 => format!("+{}", count(more)),
        less => format!("−{}", count(-less)),
    }
}

/// A column: its key in JSON and its head.
pub type Column = (&'static str, &'static str);

/// A table of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its key in JSON.
    pub key: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// How its figures are to be understood.
    pub note: &'static str,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; all have all columns.
    pub rows: Vec<Vec<Cell>>,
    /// So many columns at the beginning name the row.
    pub names: usize,
    /// The column that two folders are compared by; none: they are not.
    pub figure: Option<usize>,
}

impl Section {
    /// Rows as objects.
    #[must_use]
    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let pairs = self.columns.iter().zip(row).map(|((key, _), cell)| ((*key).to_owned(), cell.json()));
            Value::Object(pairs.collect::<Map<_, _>>())
        });
        rows.collect()
    }
}

/// All sections, those without rows left out.
///
/// # Errors
/// When the copy refuses.
pub async fn all(conn: &mut PgConnection, stretch: &Stretch) -> sqlx::Result<Vec<Section>> {
    let mut all = Vec::new();
    for source in SOURCES {
        all.extend(source(conn, stretch).await?.into_iter().filter(|section| !section.rows.is_empty()));
    }
    Ok(all)
}

/// Messages of a job to customers on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The day, in the zone of the stretch.
    pub day: NaiveDate,
    /// The job.
    pub job: String,
    /// How many.
    pub messages: i64,
}

pub use messages::{per_customer, sent};
