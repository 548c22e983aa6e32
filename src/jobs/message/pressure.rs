//! How messages of different jobs get along: caps over all of them, jobs that go first, places kept for the days ahead.
//!
//! Promises: runs of message jobs decide one after the other, over all replicas, so that no two take the last place; a job
//! that can tell whom it will write to in the days ahead keeps their places against jobs of lower priority.

use chrono::Days;
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;

use super::caps::Cap;
use super::conflict::Conflict;
use super::{Message, statement};
use crate::engine::door::{JobError, Run, Step, Trigger};
use crate::filter::{Composer, Requirements};
use crate::jobfile::duration::Span;

/// So many days ahead places are kept.
const AHEAD: u64 = 7;

/// Binds what the policy asks for about other jobs.
pub fn bind(composer: Composer, caps: &[Cap], conflict: Option<&Conflict>) -> Composer {
    let lengths = caps.iter().map(|cap| cap.within.unwrap_or(Span::days(2))).chain(conflict.map(|one| one.within));
    let reach = lengths.max().unwrap_or(Span::days(0));
    let named: Vec<_> =
        caps.iter().map(|cap| cap.when.as_ref().map(|when| vec![(Some(when), cap.name.as_str())])).collect();
    let composer = composer
        .set("caps", caps.iter().enumerate().map(|(place, cap)| cap.in_sql(place)).collect::<serde_json::Value>())
        .set("conditional", caps.iter().any(|cap| cap.when.is_some()))
        .set("reach", interval(reach))
        .set("yields_to", conflict.map(|one| one.yields_to.clone()).unwrap_or_default())
        .set("conflict_within", interval(conflict.map_or(Span::days(0), |one| one.within)))
        .set("shift", conflict.is_some_and(|one| one.shift));
    composer
        .first_of_each("limits", named.into_iter().flatten())
        .facts_each("limit_facts", &Requirements::of(caps.iter().filter_map(|cap| cap.when.as_ref())))
}

fn interval(span: Span) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: span.as_seconds() * 1_000_000 }
}

/// Waits until no other run of a message job decides. It lasts as long as that run's step, so it is not one of the locks
/// whose wait is limited. A preview decides nothing and waits for nobody.
pub async fn alone(step: &mut Step<'_>) -> Result<(), JobError> {
    if step.run.trigger == Trigger::Preview {
        return Ok(());
    }
    let conn = step.tx.conn();
    let limit = limit(conn, "0").await?;
    sqlx::query!(r#"select pg_advisory_xact_lock(hashtextextended('tend:messages', 0)) as "lock: ()""#)
        .execute(&mut *conn)
        .await?;
    self::limit(conn, &limit).await?;
    Ok(())
}

/// Sets the limit on waiting for locks for this transaction, and says what it was.
async fn limit(conn: &mut PgConnection, to: &str) -> sqlx::Result<String> {
    let before =
        sqlx::query_scalar!(r#"select current_setting('lock_timeout') as "limit!""#).fetch_one(&mut *conn).await?;
    sqlx::query_scalar!("select set_config('lock_timeout', $1, true)", to).fetch_one(conn).await?;
    Ok(before)
}

/// Keeps the places of those who will have an occasion in the days ahead, and gives back those kept before.
pub async fn look_ahead(message: &Message, step: &mut Step<'_>) -> Result<(), JobError> {
    if matches!(step.run.trigger, Trigger::Preview | Trigger::Backfill) {
        return Ok(());
    }
    let conn = step.tx.conn();
    sqlx::query!("delete from tend.reservation where job = $1", step.run.job).execute(&mut *conn).await?;
    keep_places(message, step.run, conn).await?;
    sqlx::query!("delete from tend.reservation where job = $1 and channel = ''", step.run.job).execute(conn).await?;
    Ok(())
}

/// Those of one day after the other. Who cannot be reached at all has a row without a channel then.
async fn keep_places(message: &Message, run: &Run, conn: &mut PgConnection) -> Result<(), JobError> {
    for days in 1..=AHEAD {
        let run = Run {
            as_of: run.as_of + Days::new(days),
            business_date: run.business_date + Days::new(days),
            ..run.clone()
        };
        if message.trigger.is_of_nobody(&run) {
            continue;
        }
        // beyond the years the calendar knows there is nothing to keep yet
        let Ok(Some(statement)) = statement::ahead(message, &run) else { return Ok(()) };
        statement.query().execute(&mut *conn).await?;
    }
    Ok(())
}
