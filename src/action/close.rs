//! Saying what came of actions.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{By, Refused, words};

/// How an action ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// It is done.
    Done {
        /// What came of it.
        note: Option<&'a str>,
    },
    /// It is no longer wanted.
    Dropped {
        /// Why.
        why: &'a str,
    },
}

/// Ends an action; false: it had ended so already. The caller commits.
///
/// # Errors
/// When it cannot be, in words for whoever wanted it; nothing has changed then.
pub async fn close(
    conn: &mut PgConnection,
    action: i64,
    ending: Ending<'_>,
    by: By<'_>,
    now: DateTime<Utc>,
) -> Result<bool, Refused> {
    let (state, note) = match ending {
        Ending::Done { note } => ("done", words(note.unwrap_or_default())?),
        Ending::Dropped { why } => ("dropped", words(why)?),
    };
    if state == "dropped" && note.is_empty() {
        return Err(Refused::NoReason);
    }
    let found = sqlx::query!("select state, closed_at, zone from tend.action where action_id = $1 for update", action);
    let standing = found.fetch_optional(&mut *conn).await?.ok_or(Refused::NoAction(action))?;
    if let Some(since) = standing.closed_at {
        if standing.state == state {
            return Ok(false);
        }
        let zone = standing.zone.parse().unwrap_or(chrono_tz::Tz::UTC);
        return Err(Refused::Over { action, state: standing.state, since, zone });
    }
    sqlx::query!(
        "update tend.action set state = $2, note = nullif($3::text, ''), closed_at = greatest($4::timestamptz, created_at),
                closed_by = $5, closed_from = $6
         where action_id = $1",
        action,
        state,
        note,
        now,
        by.who,
        by.from
    )
    .execute(conn)
    .await?;
    Ok(true)
}
