//! `[retier.stability]`: what keeps customers from going up and down (design section 7).
//!
//! Without the table there is none of it; each key works by itself. Upgrades always happen at once, over several levels
//! too, and a first level is given without any of this.
//!
//! * **hold**: a customer falls when, on every evaluation for that long, a lower level than the present one was due; then
//!   to the level due that night. One evaluation at which the present level or a higher one is due, and every change of
//!   level, begins it anew. The evaluations count from the first at which a lower level was due, so that a customer
//!   falls at the earliest evaluation that is at least that much later.
//! * **margin**: who is on a level, or above it, keeps it while its `when` holds with every threshold eased by that share
//!   ([`Filter::relaxed`](crate::filter::Filter::relaxed)). A `keep` is taken as the file says it.
//! * **one level a run**: a fall goes down one level, however low the level due is; the next follows at a later as-of. With a hold
//!   each further level takes a hold of its own.
//!
//! Falls that wait stand in `tend.ladder_fall`. A changed file leaves them alone: they go on from where they are, by
//! the new rules.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::engine::door::Run;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::Reader;

/// What keeps customers of a ladder from falling at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stability {
    /// How long a lower level must have been due before a customer falls.
    pub hold: Option<Span>,
    /// By which share thresholds are eased for who is on the level: 0.05.
    pub margin: Option<Decimal>,
    /// A fall goes down one level at a time.
    pub one_level_a_run: bool,
}

impl Stability {
    /// Those fall at an evaluation for whom a lower level has been due since then, or longer.
    #[must_use]
    pub fn falls_since(&self, as_of: DateTime<Utc>) -> DateTime<Utc> {
        as_of - self.hold.map_or(TimeDelta::zero(), Span::as_delta)
    }

    /// Touches, for a reader, whom a run must look at although nothing about them changed: those whose fall is due, and
    /// those with a level by hand, until one run has seen its end.
    pub(super) async fn touch_due(&self, reader: &str, run: &Run, conn: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!(
            "insert into tend.touched (customer_id, reader)
             select customer_id, $1 from tend.ladder_fall where ladder = $2 and since <= $3
             union
             select customer_id, $1 from tend.ladder_override where ladder = $2 and settled_by is null
             on conflict do nothing",
            reader,
            run.job,
            self.falls_since(run.as_of)
        )
        .execute(conn)
        .await
        .map(drop)
    }
}

/// Reads the table below `[retier]`; what is wrong with it is noted.
pub(super) fn read(own: &mut Reader<'_>) -> Stability {
    let Some(mut table) = own.table("stability") else { return Stability::default() };
    let hold = table.duration("hold");
    if hold.is_some_and(|hold| hold.as_seconds() == 0) {
        let help = "for example: hold = \"30d\"; leave it out for falls at once".to_owned();
        table.problem("hold", "a hold of no length holds nobody", Some(help));
    }
    let margin = table.percent("margin");
    if margin.is_some_and(|margin| margin <= Decimal::ZERO || margin >= Decimal::ONE) {
        let help = "for example: margin = \"5%\"; leave it out for none".to_owned();
        table.problem("margin", "a margin is more than 0% and less than 100%", Some(help));
    }
    let one_level_a_run = table.bool("one_level_a_run").unwrap_or(false);
    table.finish();
    Stability { hold, margin, one_level_a_run }
}

/// The schema of the table.
pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "title": "Stability",
        "description": "What keeps customers from going up and down; upgrades happen at once in any case",
        "additionalProperties": false,
        "properties": {
            "hold": { "$ref": "#/$defs/duration", "description": "A customer falls only when a lower level was due on every evaluation for that long", "examples": ["30d"] },
            "margin": { "$ref": "#/$defs/percent", "description": "Who is on a level keeps it while within that share of its thresholds", "examples": ["5%"] },
            "one_level_a_run": { "type": "boolean", "description": "A fall goes down one level at a time" },
        },
    })
}
