//! What is on record about one customer on a ladder: `tend why`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::Ladder;
use super::by_hand;
use super::found::{Found, Sample};
use super::words::Words;
use crate::clock::shown;
use crate::engine::door::{Explained, Run};
use crate::jobs::layout::{fold, hang};

/// Width of the instants in front of what happened then.
const WHEN: usize = 28;

/// A move, or the level the customer began with (`from` is none).
#[derive(Debug, Serialize)]
struct Arrival {
    at: DateTime<Utc>,
    run_id: i64,
    from: Option<String>,
    to: String,
    reason: Value,
}

/// Every level the customer came to and why, up to the as-of of `run`; none when the ladder has none for the customer.
pub(super) async fn history(
    ladder: &Ladder,
    run: &Run,
    customer: &str,
    conn: &mut PgConnection,
) -> sqlx::Result<Option<Explained>> {
    let arrivals = arrivals(run, customer, conn).await?;
    let by_hand = {
        let wanted = by_hand::Wanted { ladder: Some(&run.job), customer_id: Some(customer), past: true };
        by_hand::list(conn, wanted, run.as_of).await?
    };
    if arrivals.is_empty() && by_hand.is_empty() {
        return Ok(None);
    }
    let mut text = String::new();
    for arrival in &arrivals {
        let when = shown(arrival.at, run.timezone);
        let what = match &arrival.from {
            Some(from) => format!("{from} → {} · run {}", arrival.to, arrival.run_id),
            None => format!("on {} · run {}", arrival.to, arrival.run_id),
        };
        text.push_str(&hang(&format!("{when}  "), &what, 0, WHEN));
        if let Some(found) = Found::read(arrival.run_id, conn).await? {
            let sample = Sample {
                customer_id: customer.to_owned(),
                name: String::new(),
                from: arrival.from.clone(),
                to: arrival.to.clone(),
                reason: arrival.reason.clone(),
            };
            text.push_str(&fold(&Words::new(ladder, &found.cuts, run.timezone).reason(&sample), WHEN));
        }
    }
    for one in &by_hand {
        let end = one.ended_at.map_or_else(
            || format!("until {}", shown(one.until, run.timezone)),
            |at| format!("ended {} by {}", shown(at, run.timezone), one.ended_by.as_deref().unwrap_or("somebody")),
        );
        let note = if one.note.is_empty() { String::new() } else { format!(": {}", one.note) };
        let what = format!("given {} by {}, {end}{note}", one.level, one.set_by);
        text.push_str(&hang(&format!("{}  ", shown(one.set_at, run.timezone)), &what, 0, WHEN));
    }
    let json = json!({ "customer_id": customer, "arrivals": arrivals, "by_hand": by_hand });
    Ok(Some(Explained { json, text, html: None }))
}

/// The moves, and the level the customer is on where it is the first.
async fn arrivals(run: &Run, customer: &str, conn: &mut PgConnection) -> sqlx::Result<Vec<Arrival>> {
    sqlx::query_as!(
        Arrival,
        r#"select m.at as "at!", m.run_id as "run_id!", m.from_level as "from?", m.to_level as "to!", m.reason as "reason!"
           from tend.ladder_move m
           where m.customer_id = $1 and m.ladder = $2 and m.at <= $3
           union all
           select s.since, s.run_id, null, s.level, s.reason
           from tend.ladder_state s
           where s.customer_id = $1 and s.ladder = $2 and s.since <= $3
             and not exists (select from tend.ladder_move m where m.customer_id = $1 and m.ladder = $2)
           order by 1, 2"#,
        customer,
        run.job,
        run.as_of
    )
    .fetch_all(conn)
    .await
}
