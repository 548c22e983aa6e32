//! What a segment holds: `tend plan SEGMENT`, and the checks of its file. Reads only.

mod file;

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;

pub use file::{read_all, schema};

use super::judged::judged;
use super::layout::{self, Align, count};
use crate::engine::door::Explained;
use crate::filter::segment::Segment;
use crate::filter::{Frame, Requirements, compose};

/// Members shown.
const SAMPLES: i64 = 10;
/// Widest name shown.
const NAME: usize = 40;

/// How many customers a segment has, some of them, and how many a missing value kept out.
///
/// # Errors
/// When the database refuses.
pub async fn plan(conn: &mut PgConnection, segment: &Segment, frame: Frame) -> sqlx::Result<Explained> {
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
    let samples: Vec<(String, String)> = sampled.query_as().fetch_all(conn).await?;
    let missing: Vec<_> = missing.into_iter().filter(|(_, customers)| *customers > 0).collect();
    let json = json!({
        "segment": segment.name, "title": segment.title, "as_of": frame.as_of, "condition": segment.when.describe(),
        "customers": customers, "members": members,
        "missing": missing.iter().map(|(condition, customers)| json!({ "condition": condition, "customers": customers })).collect::<Vec<_>>(),
        "samples": samples.iter().map(|(id, name)| json!({ "customer_id": id, "name": name })).collect::<Vec<_>>(),
    });
    let mut text =
        layout::fold(&format!("{} has {} of {} customers", segment.title, count(members), count(customers)), 0)
            + &layout::fold(&format!("Who: {}", segment.when.describe()), 0);
    if !missing.is_empty() {
        let rows: Vec<_> =
            missing.iter().map(|(condition, customers)| vec![count(*customers), condition.clone()]).collect();
        text.push_str("\nCustomers without the value a condition asks for (it does not hold for them)\n");
        text.push_str(&layout::table(&[Align::Right], &rows));
    }
    if !samples.is_empty() {
        let rows: Vec<_> =
            samples.iter().map(|(id, name)| vec![layout::clip(id, NAME), layout::clip(name, NAME)]).collect();
        text.push_str("\nFor example\n");
        text.push_str(&layout::table(&[], &rows));
    }
    Ok(Explained { json, text, html: None })
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
) -> sqlx::Result<Option<Explained>> {
    let Some(nodes) = judged(conn, &[&segment.when], frame, customer).await? else { return Ok(None) };
    let Some(node) = nodes.first() else { return Ok(None) };
    let is = if node.holds() { "is" } else { "is not" };
    let text = format!("{customer} {is} in the segment {}\n{}", segment.name, node.text(2));
    let json = json!({
        "segment": segment.name, "customer_id": customer, "as_of": frame.as_of, "member": node.holds(), "tree": node.json(),
    });
    Ok(Some(Explained { json, text, html: None }))
}
