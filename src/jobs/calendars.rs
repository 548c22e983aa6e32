//! The business calendars a run counts with: those in force, and those tend brings along.

use std::sync::{Mutex, PoisonError};

use anyhow::anyhow;
use sqlx::PgConnection;

use crate::calendar::business::{Calendars, Trouble};
use crate::engine::door::JobError;

/// The calendars that were made last, with the names and hashes of the texts they were made of: files change rarely, and
/// a sweep comes every minute.
static LAST: Mutex<Option<(Texts, Calendars)>> = Mutex::new(None);

/// Names and hashes of texts.
type Texts = Vec<(String, String)>;

/// What a calendar cannot answer it cannot answer at the next attempt either.
impl From<Trouble> for JobError {
    fn from(trouble: Trouble) -> Self {
        Self::fail(trouble)
    }
}

/// All calendars of the database, by name: the rows of `tend.calendar`, then what tend brings along.
///
/// # Errors
/// When the database refuses, or this version of tend cannot read what an other one has stored.
pub async fn load(conn: &mut PgConnection) -> Result<Calendars, JobError> {
    let stored = sqlx::query!("select name, hash from tend.calendar order by name").fetch_all(&mut *conn).await?;
    let stored: Texts = stored.into_iter().map(|row| (row.name, row.hash)).collect();
    if let Some((_, calendars)) =
        LAST.lock().unwrap_or_else(PoisonError::into_inner).as_ref().filter(|last| last.0 == stored)
    {
        return Ok(calendars.clone());
    }
    let rows = sqlx::query!("select name, hash, body from tend.calendar order by name").fetch_all(conn).await?;
    let texts = rows.iter().map(|row| (row.name.as_str(), row.body.as_str()));
    let calendars = Calendars::with(texts).map_err(|wrong| {
        let said =
            wrong.iter().flat_map(|(name, mistakes)| mistakes.iter().map(move |mistake| (name, &mistake.message)));
        let said: Vec<String> = said.map(|(name, message)| format!("{name}: {message}")).collect();
        JobError::fail(anyhow!("the stored calendars cannot be read by this version of tend: {}", said.join("; ")))
    })?;
    let made_of = rows.into_iter().map(|row| (row.name, row.hash)).collect();
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((made_of, calendars.clone()));
    Ok(calendars)
}
