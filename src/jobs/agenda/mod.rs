//! The kind `agenda` (M9): a mail to each member of staff with what is to be done today, what is overdue, what comes this
//! week, and what to know about each customer.
//!
//! Promises: one mail a person and day; on days the person works (the person's calendar, else the job's) and is not away;
//! none where there is nothing to do, unless the file wants it. A person without an address is counted, not dropped
//! silently. The same tasks come as a calendar file and, by a signed address, as a feed.

mod decided;
mod explain;
mod letters;
mod read;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

pub use read::AgendaKind;

use crate::engine::door::{Decided, Explained, Job, JobError, Replay, Run, Step, Stepped, Tx};
use crate::jobs::letter::Paper;
use crate::jobs::{calendars, letter};

/// People of one step: their tasks and letters are in memory together.
const PEOPLE: i64 = 100;

/// What the file says.
#[derive(Debug)]
pub struct Agenda {
    /// Calendar of those who have none of their own.
    calendar: String,
    /// Days ahead that are told.
    ahead: i32,
    /// Tasks told in a section.
    most: i64,
    /// Whether who has nothing to do is told so.
    empty: bool,
    /// Whether there is a link to the feed.
    feed: bool,
    /// Ladders whose levels are told.
    ladders: Vec<String>,
    paper: Paper,
}

/// Where a run stands, and what it has done.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Done {
    after: String,
    staff: i64,
    letters: i64,
    nothing: i64,
    off: i64,
    no_address: i64,
}

/// Somebody at work.
#[derive(Debug)]
struct Person {
    staff_id: String,
    locale: Option<String>,
    today: chrono::NaiveDate,
}

impl Agenda {
    /// One batch of people; false when there was none left.
    async fn batch(&self, run: &Run, done: &mut Done, conn: &mut PgConnection) -> Result<bool, JobError> {
        let calendars = calendars::load(conn).await?;
        let zone = run.timezone.name();
        let staff = sqlx::query_file!("src/jobs/agenda/staff.sql", PEOPLE, done.after, zone, run.as_of);
        let staff = staff.fetch_all(&mut *conn).await?;
        let Some(last) = staff.last() else { return Ok(false) };
        done.after.clone_from(&last.staff_id);
        let mut people = Vec::with_capacity(staff.len());
        for one in staff {
            done.staff += 1;
            let own = one.calendar.as_deref().and_then(|name| calendars.get(name));
            let calendar = own.or_else(|| calendars.get(&self.calendar));
            let calendar = calendar.ok_or_else(|| {
                JobError::fail(anyhow::anyhow!("there is no calendar {:?}: `tend calendar` lists them", self.calendar))
            })?;
            if one.away || !calendar.works(one.today).map_err(JobError::fail)? {
                done.off += 1;
            } else if !one.has_address {
                done.no_address += 1;
            } else {
                people.push(Person { staff_id: one.staff_id, locale: one.locale, today: one.today });
            }
        }
        let letters = self.letters(run, &people, conn).await?;
        let told = i64::try_from(letters.len()).unwrap_or(i64::MAX);
        done.nothing += i64::try_from(people.len()).unwrap_or(i64::MAX) - told;
        done.letters += told;
        letter::write(conn, run, &letters).await?;
        Ok(true)
    }
}

impl Job for Agenda {
    fn step<'a>(&'a self, step: &'a mut Step<'_>) -> BoxFuture<'a, Result<Stepped, JobError>> {
        Box::pin(async move {
            let mut done: Done = match step.cursor.take() {
                Some(cursor) => serde_json::from_value(cursor).map_err(JobError::fail)?,
                None => Done::default(),
            };
            let more = self.batch(step.run, &mut done, step.tx.conn()).await?;
            let next = more.then(|| json!(done));
            let progress = json!({ "staff": done.staff, "letters": done.letters, "nothing_to_do": done.nothing,
                                   "not_at_work": done.off, "without_address": done.no_address });
            Ok(Stepped { next, progress })
        })
    }

    fn explain<'a>(&'a self, run: &'a Run, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Explained, JobError>> {
        Box::pin(explain::explain(run, tx.conn()))
    }

    fn decided<'a>(
        &'a self,
        run: &'a Run,
        customer_id: &'a str,
        tx: &'a mut Tx<'_>,
    ) -> BoxFuture<'a, Result<Option<Decided>, JobError>> {
        Box::pin(async move { decided::decided(run, customer_id, tx.conn()).await.map(Some) })
    }

    fn replay(&self) -> Replay {
        Replay::Never
    }

    fn templates(&self) -> Vec<String> {
        self.paper.files.clone()
    }
}
