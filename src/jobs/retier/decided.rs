//! What a run of a ladder decided about one customer.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::Ladder;
use super::found::{Found, Sample};
use super::words::Words;
use crate::engine::door::{Decided, Decision, JobError, Run};

/// The customer's level after the run, and why; a customer who is not there has none.
pub(super) async fn decided(
    ladder: &Ladder,
    run: &Run,
    customer_id: &str,
    conn: &mut PgConnection,
) -> Result<Decided, JobError> {
    let state = sqlx::query!(
        r#"select s.level, s.reason, s.run_id, m.from_level as "from?"
           from tend.ladder_state s
           left join tend.ladder_move m
             on m.customer_id = s.customer_id and m.ladder = s.ladder and m.run_id = s.run_id
           where s.customer_id = $1 and s.ladder = $2"#,
        customer_id,
        run.job
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(state) = state else {
        return Ok(Decided { what: Decision::from([("level", Value::Null)]), why: "there is no such customer".into() });
    };
    let what = Decision::from([("level", json!(state.level))]);
    let found = Found::read(run.run_id, conn).await?;
    let why = match found {
        Some(found) if state.run_id == run.run_id => {
            let (customer_id, name) = (customer_id.to_owned(), String::new());
            let sample = Sample { customer_id, name, from: state.from, to: state.level, reason: state.reason };
            Words::new(ladder, &found.cuts, run.timezone).reason(&sample)
        }
        _ => "the customer was on this level before, and the run changed nothing".to_owned(),
    };
    Ok(Decided { what, why })
}
