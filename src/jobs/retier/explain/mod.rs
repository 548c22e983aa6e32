//! What a run of a ladder did, or would do: counts for every move, the cuts, examples with their reasons in words; as
//! JSON, as text and as a page, all of one report.

mod page;
mod text;

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::Ladder;
use super::found::{CutsBefore, Flow, Found, Sample, samples};
use super::near::{Near, Neighbour, near};
use super::words::Words;
use crate::engine::door::{Explained, JobError, Run};
use crate::jobs::layout;

/// What is told of customers who have not fallen, or not that far, although a lower level is due.
const HELD: &str = "held back: a lower level is due";
/// Where a customer without a level comes from, in words.
const NO_LEVEL: &str = "(no level yet)";
/// Where a customer that does not exist any more went.
const GONE: &str = "(gone)";

/// What keeps customers from what the conditions of `when` ask for, as `tend.ladder_run.kept` names it, in words.
const KEPT: [(&str, &str); 5] = [
    ("keep", "keep their level by `keep`"),
    ("margin", "keep their level by the margin"),
    ("hold", "fall now that their hold is over"),
    ("one_level", "fall one level though a lower one is due"),
    ("override", "have their level by hand"),
];

pub(super) async fn explain(ladder: &Ladder, run: &Run, conn: &mut PgConnection) -> Result<Explained, JobError> {
    let Some(found) = Found::read(run.run_id, &mut *conn).await? else {
        let text = format!("Run {} has not evaluated the ladder {}.\n", run.run_id, run.job);
        return Ok(Explained { json: json!({ "ladder": run.job, "evaluated": false }), text, html: None });
    };
    let before = Found::cuts_before(run, &mut *conn).await?;
    let near = near(ladder, &found, run, &mut *conn).await?;
    let mut samples = samples(run.run_id, &run.job, conn).await?;
    let place = |level: Option<&str>| level.and_then(|level| ladder.place(level)).unwrap_or(usize::MAX);
    samples.sort_by_key(|sample| (place(sample.from.as_deref()), place(Some(&sample.to))));
    let words = Words::new(ladder, &found.cuts, run.timezone);
    let report = Report { ladder, run, words, found: &found, before: before.as_ref(), near: &near, samples: &samples };
    Ok(Explained { json: report.json(), text: report.text(), html: Some(report.page()?) })
}

/// Which way customers went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Assigned,
    Rose,
    Fell,
    Stayed,
    Gone,
}

struct Report<'a> {
    ladder: &'a Ladder,
    run: &'a Run,
    words: Words<'a>,
    found: &'a Found,
    /// Where the ranks began at the run before.
    before: Option<&'a CutsBefore>,
    near: &'a [Near],
    samples: &'a [Sample],
}

impl Report<'_> {
    fn way(&self, flow: &Flow) -> Way {
        self.way_of(flow.from.as_deref(), flow.to.as_deref())
    }

    fn way_of(&self, from: Option<&str>, to: Option<&str>) -> Way {
        match (from, to) {
            (_, None) => Way::Gone,
            (None, Some(_)) => Way::Assigned,
            (Some(from), Some(to)) if from == to => Way::Stayed,
            (Some(from), Some(to)) if self.ladder.place(to) < self.ladder.place(from) => Way::Rose,
            _ => Way::Fell,
        }
    }

    fn count(&self, way: Way) -> i64 {
        self.found.count(|flow| self.way(flow) == way)
    }

    fn before(&self, level: &str) -> i64 {
        self.found.count(|flow| flow.from.as_deref() == Some(level))
    }

    fn after(&self, level: &str) -> i64 {
        self.found.count(|flow| flow.to.as_deref() == Some(level))
    }

    /// Customers that went from there to there.
    fn between(&self, from: Option<&str>, to: Option<&str>) -> i64 {
        self.found.count(|flow| flow.from.as_deref() == from && flow.to.as_deref() == to)
    }

    /// The rows of a matrix: the levels, and those without one where there are any.
    fn sources(&self) -> Vec<Option<&str>> {
        self.ends(self.count(Way::Assigned))
    }

    /// Its columns: the levels, and those who are gone where there are any.
    fn targets(&self) -> Vec<Option<&str>> {
        self.ends(self.count(Way::Gone))
    }

    fn ends(&self, without: i64) -> Vec<Option<&str>> {
        let levels = self.ladder.levels().iter().map(|level| Some(level.name.as_str()));
        levels.chain((without > 0).then_some(None)).collect()
    }

    /// For whom something beside the conditions decided, of those looked at, with what it was.
    fn kept(&self) -> Vec<(i64, &'static str)> {
        let customers = |key: &str| self.found.kept.get(key).copied().unwrap_or(0);
        KEPT.iter().map(|(key, words)| (customers(key), *words)).filter(|(customers, _)| *customers > 0).collect()
    }

    /// Of whom [`Self::kept`] tells.
    fn looked_at(&self) -> String {
        self.found.evaluated.map_or_else(
            || "Of those looked at".to_owned(),
            |customers| format!("Of {} looked at", layout::count(customers)),
        )
    }

    /// With the run the cuts are compared with.
    fn cuts_heading(&self) -> String {
        let before = self.before.map(|before| before.as_of.with_timezone(&self.run.timezone).format("%Y-%m-%d %H:%M"));
        before.map_or_else(
            || "Where the ranks begin".to_owned(),
            |before| format!("Where the ranks begin, compared with {before}"),
        )
    }

    /// The run's as-of by the clock of the job: "2026-06-01 02:00".
    fn local(&self) -> String {
        self.run.as_of.with_timezone(&self.run.timezone).format("%Y-%m-%d %H:%M").to_string()
    }

    fn json(&self) -> Value {
        let levels = self.ladder.levels().iter().map(|level| {
            let (before, after) = (self.before(&level.name), self.after(&level.name));
            json!({ "level": level.name, "title": level.title, "before": before, "after": after })
        });
        let missing = self.found.missing.iter().filter(|(_, customers)| **customers > 0);
        let samples = self.samples.iter().map(|sample| {
            json!({
                "customer_id": sample.customer_id, "name": sample.name, "from": sample.from, "to": sample.to,
                "reason": sample.reason, "words": self.words.reason(sample),
            })
        });
        json!({
            "ladder": self.run.job,
            "evaluated": true,
            "as_of": self.run.as_of,
            "window": self.ladder.window().to_string(),
            "customers": self.found.count(|flow| flow.to.is_some()),
            "assigned": self.count(Way::Assigned),
            "rose": self.count(Way::Rose),
            "fell": self.count(Way::Fell),
            "stayed": self.count(Way::Stayed),
            "gone": self.count(Way::Gone),
            "held": self.found.held,
            "kept": self.found.kept,
            "levels": levels.collect::<Vec<_>>(),
            "moves": self.found.flows,
            "cuts": self.found.cuts,
            "cuts_before": self.before,
            "near": self.near.iter().map(|near| self.near_json(near)).collect::<Vec<_>>(),
            "missing": missing.map(|(condition, customers)| json!({ "condition": condition, "customers": customers })).collect::<Vec<_>>(),
            "looked_at": self.found.evaluated,
            "everybody": self.found.everybody,
            "samples": samples.collect::<Vec<_>>(),
            "definitions": self.words.definitions(),
        })
    }

    /// An edge and those near it; `would` is the level the conditions would ask for on its other side.
    fn near_json(&self, near: &Near) -> Value {
        let customers = |side: &[Neighbour], holds: bool| -> Vec<Value> {
            let told = side.iter().map(|customer| {
                json!({
                    "customer_id": customer.customer_id, "name": customer.name, "level": customer.level,
                    "value": customer.value.normalize(), "distance": near.distance(customer).normalize(),
                    "would": customer.would.map(|place| &self.ladder.levels()[place].name),
                    "words": self.words.neighbour(near, customer, holds),
                })
            });
            told.collect()
        };
        json!({
            "condition": self.words.edge(near), "value": near.edge.value.normalize(),
            "short": customers(&near.short, false), "reached": customers(&near.reached, true),
        })
    }
}
