//! Whether a customer is visited at all: `tend plan JOB --customer ID`.

use sqlx::PgConnection;

use super::Visits;
use crate::engine::door::{Explained, JobError, Run};
use crate::filter::Frame;
use crate::jobs::judged;

/// The audience and the level; none when there is no such customer.
pub(super) async fn judge(
    visits: &Visits,
    run: &Run,
    customer: &str,
    conn: &mut PgConnection,
) -> Result<Option<Explained>, JobError> {
    let frame = Frame { as_of: run.as_of, timezone: run.timezone, window: None };
    let named = [("audience".to_owned(), visits.audience.as_ref())];
    let Some(mut explained) = judged::explained(&mut *conn, &named, frame, customer).await? else { return Ok(None) };
    let level = sqlx::query_scalar!(
        "select level from tend.ladder_state where ladder = $1 and customer_id = $2",
        visits.ladder,
        customer
    )
    .fetch_optional(conn)
    .await?;
    let words = match level.as_deref().map(|level| (level, visits.tier(level))) {
        Some((level, Some(tier))) => format!("{level}: {}", visits.cadence(tier)),
        Some((level, None)) => format!("{level}: not visited"),
        None => "none yet: not visited".to_owned(),
    };
    explained.text.push_str(&format!("level on {}: {words}\n", visits.ladder));
    explained.json["level"] = level.into();
    Ok(Some(explained))
}
