//! What a segment holds: `tend plan SEGMENT`, and the checks of its file. Reads only.

mod file;
mod page;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;

pub use file::{read_all, schema};

use super::judged::judged;
use super::layout::{self, Align, count, counted};
use super::missing::{self, Missing};
use crate::engine::door::{Explained, JobError};
use crate::filter::segment::Segment;
use crate::filter::{Frame, Requirements, compose};

/// Members shown.
const SAMPLES: i64 = 10;
/// Widest name shown.
const NAME: usize = 40;

/// What was found.
struct Plan<'a> {
    segment: &'a Segment,
    frame: Frame,
    customers: i64,
    members: i64,
    /// Condition → customers without a value for it.
    missing: BTreeMap<String, i64>,
    /// Keys and names of some members.
    samples: Vec<(String, String)>,
}

/// How many customers a segment has, some of them, and how many a missing value kept out.
///
/// # Errors
/// When the database refuses.
pub async fn plan(conn: &mut PgConnection, segment: &Segment, frame: Frame) -> Result<Explained, JobError> {
    let needs = Requirements::of([&segment.when]);
    let counted = compose(include_str!("count.sql"), frame)
        .facts("facts", &needs)
        .fact_joins("joins", &needs)
        .condition("when", Some(&segment.when))
        .missing("missing", [&segment.when])
        .finish();
    let (customers, members, Json(missing)): (i64, i64, Json<BTreeMap<String, i64>>) =
        counted.query_as().fetch_one(&mut *conn).await?;
    let sampled = compose(include_str!("samples.sql"), frame)
        .bind(SAMPLES)
        .facts("facts", &needs)
        .fact_joins("joins", &needs)
        .condition("when", Some(&segment.when))
        .finish();
    let samples = sampled.query_as().fetch_all(conn).await?;
    let plan = Plan { segment, frame, customers, members, missing, samples };
    Ok(Explained { json: plan.json(), text: plan.text(), html: Some(plan.page()?) })
}

impl Plan<'_> {
    fn json(&self) -> Value {
        let Self { segment, frame, customers, members, .. } = self;
        let missing = self.missing.iter().filter(|(_, customers)| **customers > 0);
        let missing = missing.map(|(condition, customers)| json!({ "condition": condition, "customers": customers }));
        let samples = self.samples.iter().map(|(id, name)| json!({ "customer_id": id, "name": name }));
        json!({
            "segment": segment.name, "title": segment.title, "as_of": frame.as_of, "condition": segment.when.describe(),
            "customers": customers, "members": members,
            "missing": missing.collect::<Vec<_>>(), "samples": samples.collect::<Vec<_>>(),
        })
    }

    fn text(&self) -> String {
        let Self { segment, customers, members, .. } = self;
        let mut text = layout::fold(
            &format!("{} has {} of {}", segment.title, count(*members), counted(*customers, "customer")),
            0,
        ) + &layout::fold(&format!("Who: {}", segment.when.describe()), 0);
        let missing = missing::rows(self.missing());
        if !missing.is_empty() {
            text.push_str(&format!("\n{}\n", missing::HEADING));
            text.push_str(&layout::table(&[Align::Right], &missing));
        }
        if !self.samples.is_empty() {
            let rows = self.samples.iter().map(|(id, name)| vec![layout::clip(id, NAME), layout::clip(name, NAME)]);
            text.push_str("\nFor example\n");
            text.push_str(&layout::table(&[], &rows.collect::<Vec<_>>()));
        }
        text
    }

    fn missing(&self) -> Vec<Missing> {
        missing::once(self.segment.when.leaves().into_iter().map(|leaf| {
            let words = leaf.describe();
            let customers = self.missing.get(&words).copied().unwrap_or(0);
            (leaf.subject.describe(), words, customers)
        }))
    }
}

/// Why a customer is in the segment or not; none when there is no such customer.
///
/// # Errors
/// When the database refuses.
pub async fn judge(
    conn: &mut PgConnection,
    segment: &Segment,
    frame: Frame,
    customer: &str,
) -> Result<Option<Explained>, JobError> {
    let Some(nodes) = judged(&mut *conn, &[&segment.when], frame, customer).await? else { return Ok(None) };
    let Some(node) = nodes.first() else { return Ok(None) };
    let name = sqlx::query_scalar!(
        r#"select coalesce(name, '') as "name!" from crm.customer where customer_id = $1"#,
        customer
    );
    let name = name.fetch_one(conn).await?;
    let is = if node.holds() { "is" } else { "is not" };
    let text = format!("{customer} {is} in the segment {}\n{}", segment.name, node.text(2));
    let json = json!({
        "segment": segment.name, "customer_id": customer, "as_of": frame.as_of, "member": node.holds(), "tree": node.json(),
    });
    Ok(Some(Explained { json, text, html: Some(page::member(segment, frame, (customer, &name), node)?) }))
}
