//! `[safety] limit`: how many of a job's messages may come back or be called spam before the job waits for a person.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::schema;
use crate::engine::door::Run;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;

/// Counted over the runs of so long, unless the file says otherwise.
const OVER: Span = Span::days(7);
/// Runs longer ago say nothing about today.
const LONGEST: Span = Span::days(90);
/// Fewer messages than this say nothing, unless the file says otherwise.
const AT_LEAST: i64 = 100;

/// The limit.
#[derive(Debug, Clone)]
pub struct Limit {
    bounce: Option<Decimal>,
    complaint: Option<Decimal>,
    over: Span,
    at_least: i64,
}

/// `{ bounce = "5%", complaint = "0.3%", over = "7d", at_least = 100 }`
pub fn read(mut table: Reader<'_>) -> Option<Limit> {
    let before = table.problems();
    let mut share = |key: &str| {
        let share = table.percent(key);
        if share.is_some_and(|share| share.is_zero()) {
            table.problem(key, "the first one would stop the job", Some(format!("for example: {key} = \"0.3%\"")));
        }
        share
    };
    let (bounce, complaint) = (share("bounce"), share("complaint"));
    if bounce.is_none() && complaint.is_none() && table.problems() == before {
        table.problem_here("nothing is limited; give `bounce`, `complaint` or both", None);
    }
    let over = table.duration("over").unwrap_or(OVER);
    if over.as_seconds() == 0 {
        table.problem("over", "no run would be counted", Some(format!("for example: over = \"{OVER}\"")));
    }
    if over > LONGEST {
        table.problem("over", format!("`over` is at most \"{LONGEST}\""), None);
    }
    let at_least = table.integer("at_least", 1..=1_000_000_000).unwrap_or(AT_LEAST);
    let whole = table.problems() == before;
    table.finish();
    whole.then_some(Limit { bounce, complaint, over, at_least })
}

/// Writes down what the file says, for those who look at what comes back. True when the limit has been reached.
pub async fn written(limit: Option<&Limit>, conn: &mut PgConnection, run: &Run) -> sqlx::Result<bool> {
    let Some(limit) = limit else {
        sqlx::query!("delete from tend.safety_limit where job = $1", run.job).execute(conn).await?;
        return Ok(false);
    };
    sqlx::query_scalar!(
        r#"insert into tend.safety_limit (job, spec_hash, bounce, complaint, over_secs, at_least)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (job) do update
               set spec_hash = excluded.spec_hash, bounce = excluded.bounce, complaint = excluded.complaint,
                   over_secs = excluded.over_secs, at_least = excluded.at_least
           returning reached_at is not null as "reached!""#,
        run.job,
        run.spec_hash,
        limit.bounce,
        limit.complaint,
        limit.over.as_seconds(),
        limit.at_least
    )
    .fetch_one(conn)
    .await
}

/// JSON schema.
pub fn schema(share: &impl Fn(&str) -> Value) -> Value {
    schema::table(
        "When so many of the job's messages come back or are called spam, all its messages wait until a person lets it go on (`tend approve`): bounce, complaint or both",
        &[],
        json!({
            "bounce": share("Share of messages that came back"),
            "complaint": share("Share of messages that customers called spam"),
            "over": schema::length("Counted over the runs of so long (7d)"),
            "at_least": { "description": "Fewer messages than this say nothing (100)", "type": "integer", "minimum": 1 },
        }),
    )
}
