//! Figures out of the database: the statement of a figure, asked about a period.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::catalogue::{Aggregate, Better, Entry};
use super::judge::Rows;
use super::period::Period;
use super::review::{Measured, PartName};
use crate::filter::{Filter, Frame, Requirements, Statement, compose};
use crate::jobfile::duration::Span;

/// What a statement is asked with, besides the period.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Whose levels are meant by tiers.
    pub ladder: Option<&'a str>,
    /// People whose work and customers alone are looked at; none: everybody's.
    pub team: Option<&'a [String]>,
    /// Conditions on the customers.
    pub condition: Option<&'a Filter>,
    /// Who has bought nothing for so long is lost.
    pub inactive_after: Span,
    /// Asked again within so long is asked again.
    pub repeat_within: Span,
    /// How long after the end of a period it is looked at.
    pub lag: TimeDelta,
    /// The hours people work, in order, as far as hand-overs reach back.
    pub hours: &'a [(DateTime<Utc>, DateTime<Utc>)],
}

/// Customers for whom the section's conditions hold at the end of the period.
const WHOM: &str = "/*{facts}*/
whom as materialized (
    select c.customer_id
    from crm.customer c
    /*{joins}*/
    where /*{condition}*/ true
),";
const WHOSE: &str = "x.customer_id in (select w.customer_id from whom w)";

/// What becomes of the cases in `part`.
const fn ending(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Mean => {
            "select p.by, coalesce(p.part, ''), round(avg(p.value), 6), sum(p.value), count(*) from part p group by 1, 2"
        }
        Aggregate::Median => {
            "select p.by, coalesce(p.part, ''), round(percentile_cont(0.5) within group (order by p.value)::numeric, 3), null::numeric, count(*)
             from part p group by 1, 2"
        }
        Aggregate::P90 => {
            "select p.by, coalesce(p.part, ''), round(percentile_cont(0.9) within group (order by p.value)::numeric, 3), null::numeric, count(*)
             from part p group by 1, 2"
        }
        Aggregate::Sum => "select p.by, coalesce(p.part, ''), sum(p.value), sum(p.value), count(*) from part p group by 1, 2",
        Aggregate::Count => {
            "select p.by, coalesce(p.part, ''), count(*)::numeric, count(*)::numeric, count(*) from part p group by 1, 2"
        }
    }
}

/// Cases that are listed of a figure, at most.
pub const LISTED: usize = 2_000;

/// The cases themselves, at most `:listed`, those furthest from good first: `:way` is 1 where those of low value are.
const LISTING: &str = ", top as (
     select p.ref, p.value, count(*) over () as cases from part p where p.by = '' order by :way::numeric * p.value, p.ref limit :listed::bigint
 )
 select t.ref, t.value, t.cases, coalesce(jsonb_object_agg(p.by, p.part) filter (where p.part <> ''), '{}')
 from top t left join part p on p.ref = t.ref and p.by <> ''
 group by t.ref, t.value, t.cases order by :way::numeric * t.value, t.ref";

/// 1 where cases of low value are furthest from good, -1 where those of high value are.
const fn way(entry: &Entry) -> i32 {
    match (entry.aggregate, entry.better) {
        // of amounts the largest: they are what the sum is made of
        (Aggregate::Sum | Aggregate::Count, _) | (_, Better::Less | Better::Neither) => -1,
        (_, Better::More) => 1,
    }
}

/// The statement of a figure about a period.
#[must_use]
pub fn statement(entry: &Entry, period: &Period, asked: &Asked<'_>) -> Statement {
    ended(entry, period, asked, ("", ending(entry.aggregate)))
}

/// The statement that lists the cases of a figure; none: they cannot be listed.
#[must_use]
pub fn cases_statement(entry: &Entry, period: &Period, asked: &Asked<'_>) -> Option<Statement> {
    let (_, column) = entry.row?;
    Some(ended(entry, period, asked, (column, LISTING)))
}

/// `tail`: the column that names a case, and what becomes of the cases.
fn ended(entry: &Entry, period: &Period, asked: &Asked<'_>, tail: (&'static str, &'static str)) -> Statement {
    let frame = Frame { as_of: period.until, timezone: period.timezone, window: None };
    let (opens, closes): (Vec<_>, Vec<_>) = asked.hours.iter().copied().unzip();
    let composer = compose(entry.sql, frame)
        .set("from", period.from)
        .set("until", period.until)
        .set("seen", period.until + asked.lag)
        .set("first_day", period.first_day)
        .set("last_day", period.last_day)
        .set("zone", period.timezone.name())
        .set("which", entry.which)
        .set("ladder", asked.ladder.map(str::to_owned))
        .set("staff", asked.team.map(<[String]>::to_vec))
        .set("inactive_after", asked.inactive_after.as_duration().as_secs_f64())
        .set("repeat_within", asked.repeat_within.as_duration().as_secs_f64())
        .set("opens", opens)
        .set("closes", closes)
        .set("way", way(entry))
        .set("listed", i64::try_from(LISTED).unwrap_or(i64::MAX))
        .fragment("measured", tail.1);
    let composer = if entry.row.is_some() { composer.fragment("row", tail.0) } else { composer };
    let composer = match asked.condition {
        None => composer.fragment("whom", ""),
        Some(condition) => {
            let needs = Requirements::of([condition]);
            let composer = composer.fragment("whom", WHOM).facts("facts", &needs).fact_joins("joins", &needs);
            composer.condition("condition", Some(condition))
        }
    };
    let composer = match (entry.sql.contains("/*{whose}*/"), asked.condition) {
        (true, Some(_)) => composer.fragment("whose", WHOSE),
        (true, None) => composer.condition("whose", None),
        (false, _) => composer,
    };
    composer.finish()
}

/// By what, which part; its value, what was added up, its cases.
type Row = (String, String, Option<Decimal>, Option<Decimal>, i64);

/// A case of a figure. Tens of thousands of them are held at once: small.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRow {
    /// Its key.
    pub id: Box<str>,
    /// What it counts as.
    pub value: Decimal,
    /// By what it is parted, and which part it is in.
    parts: Box<[(Arc<str>, Arc<str>)]>,
}

impl CaseRow {
    /// Which part it is in; none: in none. `by` as in [`PartName`].
    #[must_use]
    pub fn part(&self, by: &str) -> Option<&str> {
        self.parts.iter().find(|(own, _)| **own == *by).map(|(_, part)| &**part)
    }
}

/// The cases of a figure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cases {
    /// Those furthest from good first, at most [`LISTED`].
    pub rows: Vec<CaseRow>,
    /// How many there are.
    pub all: i64,
}

impl Cases {
    /// The names of parts by a trait, each once.
    pub fn parts(&self, by: &str) -> BTreeSet<&str> {
        self.rows.iter().filter_map(|row| row.part(by)).collect()
    }

    /// Gives parts by a trait other names; those that have none stay as they are.
    pub fn rename(&mut self, by: &str, names: &BTreeMap<String, String>) {
        let names: BTreeMap<&str, Arc<str>> = names.iter().map(|(old, new)| (&**old, Arc::from(&**new))).collect();
        for (_, part) in self.rows.iter_mut().flat_map(|row| &mut row.parts).filter(|(own, _)| **own == *by) {
            if let Some(new) = names.get(&**part) {
                *part = Arc::clone(new);
            }
        }
    }
}

/// A key, what it counts as, how many there are, its parts.
type Listed = (String, Decimal, i64, Json<BTreeMap<String, String>>);

/// The cases of a figure in a period; none: they are not listed.
///
/// # Errors
/// When the database refuses.
pub async fn cases(
    conn: &mut PgConnection,
    entry: &Entry,
    period: &Period,
    asked: &Asked<'_>,
) -> sqlx::Result<Option<Cases>> {
    let Some(statement) = cases_statement(entry, period, asked) else { return Ok(None) };
    let mut found = Cases::default();
    // many cases are in few parts
    let mut known: HashSet<Arc<str>> = HashSet::new();
    let mut rows = statement.query_as::<Listed>().fetch(conn);
    while let Some((name, value, all, Json(parts))) = rows.try_next().await? {
        let mut once = |part: String| -> Arc<str> {
            known.get(&*part).cloned().unwrap_or_else(|| {
                let part: Arc<str> = part.into();
                known.insert(Arc::clone(&part));
                part
            })
        };
        let parts = parts.into_iter().map(|(by, part)| (once(by), once(part)));
        found.all = all;
        found.rows.push(CaseRow {
            id: name.rsplit('\u{1}').next().unwrap_or_default().into(),
            // what is counted counts as one, whatever else its statement adds up
            value: if entry.aggregate == Aggregate::Count { Decimal::ONE } else { value.normalize() },
            parts: parts.collect(),
        });
    }
    Ok(Some(found))
}

/// What a figure is in a period.
///
/// # Errors
/// When the database refuses.
pub async fn measure(conn: &mut PgConnection, entry: &Entry, period: &Period, asked: &Asked<'_>) -> sqlx::Result<Rows> {
    let rows: Vec<Row> = statement(entry, period, asked).query_as().fetch_all(conn).await?;
    let mut found = Rows::default();
    for (by, name, value, hits, cases) in rows {
        let measured =
            Measured { value: value.map(|value| value.normalize()), hits: hits.map(|hits| hits.normalize()), cases };
        if by.is_empty() {
            found.whole = Some(measured);
        } else {
            found.parts.insert(PartName { by, name }, measured);
        }
    }
    Ok(found)
}
