//! Conditions: what files say, against real rows.

mod anything;
mod docs;
mod events;
mod fuzz;
mod model;
mod model_wide;
mod operators;
mod segments;
mod wider;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tend::filter::{Filter, Frame, Requirements, Scope, compose, read_table};
use tend::jobfile::duration::Span;
use tend::jobfile::kind::{Cuts, Ladders, Segments};
use tend::jobfile::problem::Problems;
use tend::jobfile::reader::read_text;

use crate::support::World;
use anything::ALL_CUSTOMERS;

const EACH: &str = "select c.customer_id from crm.customer c\n/*{facts}*/\nwhere /*{when}*/ true order by 1";
const MISSING: &str =
    "with /*{facts}*/\nnothing as (select 1)\nselect /*{missing}*/ null from crm.customer c\n/*{joins}*/\n";

pub fn as_of() -> DateTime<Utc> {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

pub fn frame(window: Option<Span>) -> Frame {
    Frame { as_of: as_of(), timezone: Tz::Asia__Shanghai, window }
}

pub fn ladders() -> Ladders {
    let levels = ["high", "mid", "normal"].map(str::to_owned).to_vec();
    Ladders::new(BTreeMap::from([("value-tiers".to_owned(), levels)]))
}

/// Reads the text of a table as a condition.
pub fn parse(text: &str, window: Option<Span>) -> Result<Filter, Problems> {
    let (ladders, cuts) = (ladders(), Cuts::default());
    let (filter, problems) = read_text(&"a.toml".into(), &Arc::from(format!("when = {text}\n")), |reader| {
        let scope = Scope {
            window,
            ladders: &ladders,
            cuts: &cuts,
            segments: &Segments::default(),
            inside: &[],
            ticket: false,
        };
        reader.table("when").and_then(|table| read_table(table, &scope))
    });
    if problems.is_empty() { Ok(filter.expect("a condition without problems")) } else { Err(problems) }
}

/// Who satisfies a condition, asked in both ways a statement can ask.
pub async fn who(world: &World, text: &str) -> Vec<String> {
    let filter = parse(text, None).unwrap_or_else(|problems| panic!("{text}\n{problems}"));
    matching(world, &filter, None).await
}

/// Each condition finds those customers, separated by spaces; all that do not are told at once.
pub async fn each_finds(world: &World, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = who(world, text).await.join(" ");
        if found != *expected {
            wrong.push(format!("{text}\n  found    {found}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub async fn matching(world: &World, filter: &Filter, window: Option<Span>) -> Vec<String> {
    let needs = Requirements::of([filter]);
    let all = compose(ALL_CUSTOMERS, frame(window))
        .facts("facts", &needs)
        .fact_joins("joins", &needs)
        .condition("when", Some(filter));
    let each = compose(EACH, frame(window)).facts_each("facts", &needs).condition("when", Some(filter));
    let all: Vec<String> = run(world, all.finish()).await;
    let each: Vec<String> = run(world, each.finish()).await;
    assert_eq!(all, each, "{}", filter.describe());
    all
}

async fn run(world: &World, statement: tend::filter::Statement) -> Vec<String> {
    let sql = statement.sql().to_owned();
    statement.query_scalar().fetch_all(world.pool()).await.unwrap_or_else(|error| panic!("{error}\n{sql}"))
}

pub async fn missing(world: &World, text: &str) -> serde_json::Value {
    let filter = parse(text, None).unwrap();
    let needs = filter.requirements();
    let statement =
        compose(MISSING, frame(None)).facts("facts", &needs).fact_joins("joins", &needs).missing("missing", [&filter]);
    statement.finish().query_scalar().fetch_one(world.pool()).await.unwrap()
}
