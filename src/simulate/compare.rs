//! Two job folders over the same stretch: what the second changes.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::figures::{self, Cell, Column, Section};
use super::report::Report;
use super::{SimulateError, page, text};

/// Customers named whose messages change most, in each direction.
const NAMED: usize = 10;
/// What a difference says of each row, behind the columns that name it.
const FIGURES: [Column; 3] = [("one", "this folder"), ("other", "the other"), ("difference", "difference")];

/// What differs between two simulations.
#[derive(Debug)]
pub struct Comparison {
    /// The folder of `--jobs`.
    pub one: Report,
    /// The other.
    pub other: Report,
    /// What the other is called.
    pub named: String,
    /// Customers who get more messages with the other.
    pub more: i64,
    /// Who get fewer.
    pub fewer: i64,
    /// Who get as many, not counting those who get none.
    pub same: i64,
    /// Figures that differ.
    pub sections: Vec<Section>,
}

impl Comparison {
    /// Compares what two simulations left in their copies.
    ///
    /// # Errors
    /// When a copy refuses.
    pub async fn new(
        named: String,
        (one, first): (Report, &mut PgConnection),
        (other, second): (Report, &mut PgConnection),
    ) -> sqlx::Result<Self> {
        let people = people(first, second, &one, &other).await?;
        let mut sections = differences(&one.sections, &other.sections);
        sections.extend([people.listed(true), people.listed(false)].into_iter().filter(|part| !part.rows.is_empty()));
        let People { more, fewer, same, .. } = people;
        Ok(Self { one, other, named, more, fewer, same, sections })
    }

    /// For programs: both reports and what differs.
    #[must_use]
    pub fn json(&self) -> Value {
        let differences: BTreeMap<_, _> = self.sections.iter().map(|part| (part.key, part.json())).collect();
        json!({
            "one": self.one.json(), "other": self.other.json(), "named": self.named,
            "customers": { "more": self.more, "fewer": self.fewer, "same": self.same },
            "differences": differences,
        })
    }

    /// For a terminal: the first report and what differs.
    #[must_use]
    pub fn text(&self) -> String {
        self.one.text() + &text::comparison(self)
    }

    /// For browsers and paper.
    ///
    /// # Errors
    /// When the template fails.
    pub fn page(&self) -> Result<String, SimulateError> {
        page::comparison(self)
    }
}

/// Rows of both by their names, those that differ.
fn differences(one: &[Section], other: &[Section]) -> Vec<Section> {
    let mut both: Vec<&Section> = one.iter().collect();
    both.extend(other.iter().filter(|part| one.iter().all(|known| known.key != part.key)));
    let differing = both.into_iter().filter_map(|part| {
        let mut figures: BTreeMap<Vec<String>, [i64; 2]> = BTreeMap::new();
        for (side, sections) in [one, other].into_iter().enumerate() {
            let rows = sections.iter().filter(|section| section.key == part.key).flat_map(|section| &section.rows);
            for row in rows {
                let names = row[..part.names].iter().map(Cell::shown).collect();
                if let Some(Cell::Count(figure)) = row.get(part.figure?) {
                    figures.entry(names).or_default()[side] += figure;
                }
            }
        }
        let mut changed: Vec<_> = figures.into_iter().filter(|(_, [here, there])| here != there).collect();
        changed.sort_by_key(|(names, [here, there])| (-(there - here).abs(), names.clone()));
        let rows = changed.into_iter().map(|(names, [here, there])| {
            let figures = [Cell::Count(here), Cell::Count(there), Cell::Change(there - here)];
            names.into_iter().map(Cell::Word).chain(figures).collect()
        });
        let rows: Vec<Vec<Cell>> = rows.collect();
        let columns = compared(&part.columns[..part.names]);
        (!rows.is_empty()).then_some(Section { note: "", columns, rows, figure: None, ..*part })
    });
    differing.collect()
}

fn compared(names: &[Column]) -> Vec<Column> {
    names.iter().copied().chain(FIGURES).collect()
}

/// How customers fare; only those whose messages change most are held.
#[derive(Debug, Default)]
struct People {
    more: i64,
    fewer: i64,
    same: i64,
    /// Difference and customer, most first.
    most: Vec<(i64, i64, String)>,
    least: Vec<(i64, i64, String)>,
}

impl People {
    fn met(&mut self, customer: String, here: i64, there: i64) {
        match there - here {
            0 => self.same += 1,
            more if more > 0 => {
                self.more += 1;
                keep(&mut self.most, (here, there, customer));
            }
            _ => {
                self.fewer += 1;
                keep(&mut self.least, (here, there, customer));
            }
        }
    }

    fn listed(&self, more: bool) -> Section {
        let (key, title, people) = match more {
            true => ("more", "Customers who get more", &self.most),
            false => ("fewer", "Customers who get fewer", &self.least),
        };
        let rows = people.iter().map(|(here, there, customer)| {
            let figures = [Cell::Count(*here), Cell::Count(*there), Cell::Change(there - here)];
            std::iter::once(Cell::Word(customer.clone())).chain(figures).collect()
        });
        let columns = compared(&[("customer_id", "customer")]);
        Section { key, title, note: "", columns, rows: rows.collect(), names: 1, figure: None }
    }
}

/// Keeps the few with the greatest difference; of equal ones those whose id comes first.
fn keep(kept: &mut Vec<(i64, i64, String)>, one: (i64, i64, String)) {
    let difference = |(here, there, _): &(i64, i64, String)| (there - here).abs();
    let place = kept.partition_point(|known| difference(known) >= difference(&one));
    if place < NAMED {
        kept.insert(place, one);
        kept.truncate(NAMED);
    }
}

/// Goes through the customers of both, in the order of their ids, without holding them.
async fn people(
    first: &mut PgConnection,
    second: &mut PgConnection,
    one: &Report,
    other: &Report,
) -> sqlx::Result<People> {
    let mut here = figures::per_customer(first, &one.stretch);
    let mut there = figures::per_customer(second, &other.stretch);
    let mut people = People::default();
    let (mut left, mut right) = (here.try_next().await?, there.try_next().await?);
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(people),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((left, _)), Some((right, _))) => left.as_bytes().cmp(right.as_bytes()),
        };
        let mut met = (String::new(), 0, 0);
        if order.is_le()
            && let Some((customer, messages)) = left.take()
        {
            met = (customer, messages, 0);
            left = here.try_next().await?;
        }
        if order.is_ge()
            && let Some((customer, messages)) = right.take()
        {
            met = (customer, met.1, messages);
            right = there.try_next().await?;
        }
        people.met(met.0, met.1, met.2);
    }
}
