//! What people do with a task.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{LONGEST_NOTE, results};
use crate::spelling::nearest;

/// Further ahead nobody moves a task.
const FURTHEST: TimeDelta = TimeDelta::days(366);
/// The same person tried in vain again so soon: the same try, told twice.
const SAME_TRY: TimeDelta = TimeDelta::minutes(10);

/// What somebody does with a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is done.
    Done {
        /// What came of it: one of [`results`] of its kind.
        result: String,
        /// What there is to say.
        note: Option<String>,
    },
    /// To another time: when it begins if it has a day, else by when it has to be done.
    MoveTo {
        /// When.
        at: DateTime<Utc>,
        /// What there is to say.
        note: Option<String>,
    },
    /// To another person.
    Give {
        /// `crm.staff.staff_id`.
        staff: String,
        /// What there is to say.
        note: Option<String>,
    },
    /// The customer was not reached; it stays open.
    NotReached {
        /// What there is to say.
        note: Option<String>,
    },
    /// It need not be done.
    Cancel {
        /// Why.
        reason: String,
    },
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is as was wanted.
    Now,
    /// It was so already.
    Already,
}

/// Why a task is not changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such task.
    #[error("there is no task {0}; `tend task list` shows them")]
    NoTask(i64),
    /// It is over.
    #[error("task {task} is {state} since {}; it cannot be changed any more", crate::clock::shown(*since, *zone))]
    Over {
        /// Which.
        task: i64,
        /// done, cancelled or missed.
        state: String,
        /// Since when.
        since: DateTime<Utc>,
        /// In which zone that is said.
        zone: Tz,
    },
    /// The result is none of those there are.
    #[error("a task of the kind {kind} cannot end with {result:?}; {help}")]
    Result {
        /// Kind of the task.
        kind: String,
        /// What was said.
        result: String,
        /// What was meant, or what there is.
        help: String,
    },
    /// The time is over, or too far ahead.
    #[error("{} is {why}: say a time from now on within a year", crate::clock::shown(*at, *zone))]
    Time {
        /// What was said.
        at: DateTime<Utc>,
        /// over, or too far ahead.
        why: &'static str,
        /// In which zone that is said.
        zone: Tz,
    },
    /// Nobody has that id.
    #[error("there is nobody {0:?} among the staff (crm.staff)")]
    NoStaff(String),
    /// The person has left.
    #[error("{0} has left (crm.staff.active): give it to somebody who is there")]
    Left(String),
    /// Only supervisors may.
    #[error(
        "only a supervisor may cancel task {0}, so that the customer is not forgotten: --by STAFF of one (crm.staff.role supervisor or manager, or whom others report to)"
    )]
    Guarded(i64),
    /// No reason.
    #[error("say why: --reason \"…\"")]
    NoReason,
    /// Too many words.
    #[error("a note has at most {LONGEST_NOTE} characters")]
    TooLong,
    /// The database refuses.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A task as it stands, locked.
struct Standing {
    kind: String,
    state: String,
    state_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    result: Option<String>,
    assignee_id: Option<String>,
    opens_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    on_day: Option<NaiveDate>,
    starts: Option<NaiveTime>,
    zone: String,
    guarded: bool,
    note: Option<String>,
    escalated_at: Option<DateTime<Utc>>,
}

/// What is written of it.
struct Written {
    what: &'static str,
    by: Option<String>,
    note: Option<String>,
}

/// Changes a task. `by` is who does it, where that is known. The caller commits.
///
/// # Errors
/// When it cannot be, in words for whoever wanted it; nothing has changed then.
pub async fn change(
    conn: &mut PgConnection,
    task: i64,
    wanted: &Change,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Changed, Refused> {
    let mut standing = load(conn, task).await?.ok_or(Refused::NoTask(task))?;
    if let Some(by) = by {
        known(conn, by).await?;
    }
    let from = standing.state.clone();
    let now = now.max(standing.created_at);
    let note = match wanted {
        Change::Done { result, note } => done(&mut standing, task, result, note.as_deref(), now)?,
        Change::MoveTo { at, note } => move_to(&mut standing, task, *at, now)?.then(|| note.clone()),
        Change::Give { staff, note } => give(conn, &mut standing, task, staff).await?.then(|| note.clone()),
        Change::NotReached { note } => not_reached(conn, &standing, task, by, now).await?.then(|| note.clone()),
        Change::Cancel { reason } => cancel(conn, &mut standing, task, reason, by).await?.then(|| Some(reason.clone())),
    };
    let Some(note) = note else { return Ok(Changed::Already) };
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
        return Err(Refused::TooLong);
    }
    let what = match wanted {
        Change::Done { .. } => "done",
        Change::MoveTo { .. } | Change::Give { .. } => "moved",
        Change::NotReached { .. } => "not_reached",
        Change::Cancel { .. } => "cancelled",
    };
    standing.note = note.clone().or(standing.note);
    let written = Written { what, by: by.map(str::to_owned), note };
    write(conn, task, &standing, &from, written, now).await?;
    Ok(Changed::Now)
}

impl Standing {
    fn zone(&self) -> Tz {
        self.zone.parse().unwrap_or(Tz::UTC)
    }

    fn is_ahead(&self) -> bool {
        matches!(self.state.as_str(), "planned" | "open")
    }

    fn over(&self, task: i64) -> Refused {
        Refused::Over { task, state: self.state.clone(), since: self.state_at, zone: self.zone() }
    }
}

/// What was missed may still be done, a day late.
fn done(
    standing: &mut Standing,
    task: i64,
    result: &str,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Option<String>>, Refused> {
    let there = results(&standing.kind);
    if !there.contains(&result) {
        let help = match nearest(result, there.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it ends with {}", there.join(", ")),
        };
        return Err(Refused::Result { kind: standing.kind.clone(), result: result.to_owned(), help });
    }
    if standing.state == "done" && standing.result.as_deref() == Some(result) {
        return Ok(None);
    }
    if !standing.is_ahead() && standing.state != "missed" {
        return Err(standing.over(task));
    }
    standing.state = "done".to_owned();
    standing.result = Some(result.to_owned());
    // done before it opened: it was open from then on
    standing.opens_at = standing.opens_at.min(now);
    Ok(Some(note.map(str::to_owned)))
}

/// What has a day begins then and keeps its length; what has only an end is to be done by then.
fn move_to(standing: &mut Standing, task: i64, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool, Refused> {
    if !standing.is_ahead() && standing.state != "missed" {
        return Err(standing.over(task));
    }
    let why = if at <= now { Some("over") } else { (at > now + FURTHEST).then_some("too far ahead") };
    if let Some(why) = why {
        return Err(Refused::Time { at, why, zone: standing.zone() });
    }
    let local = at.with_timezone(&standing.zone());
    let was = (standing.opens_at, standing.due_at, standing.on_day, standing.starts);
    if let Some(day) = standing.on_day {
        let begins = if standing.starts.is_some() { at } else { standing.opens_at + (local.date_naive() - day) };
        standing.due_at += begins - standing.opens_at;
        standing.opens_at = begins;
        standing.on_day = Some(local.date_naive());
        standing.starts = standing.starts.map(|_| local.time());
    } else {
        standing.due_at = at;
        standing.opens_at = standing.opens_at.min(at);
    }
    if was == (standing.opens_at, standing.due_at, standing.on_day, standing.starts) {
        return Ok(false);
    }
    standing.state = if standing.opens_at > now { "planned" } else { "open" }.to_owned();
    standing.escalated_at = None;
    Ok(true)
}

async fn give(conn: &mut PgConnection, standing: &mut Standing, task: i64, staff: &str) -> Result<bool, Refused> {
    if !standing.is_ahead() {
        return Err(standing.over(task));
    }
    if !known(conn, staff).await? {
        return Err(Refused::Left(staff.to_owned()));
    }
    let other = standing.assignee_id.as_deref() != Some(staff);
    standing.assignee_id = Some(staff.to_owned());
    Ok(other)
}

async fn not_reached(
    conn: &mut PgConnection,
    standing: &Standing,
    task: i64,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, Refused> {
    if !standing.is_ahead() {
        return Err(standing.over(task));
    }
    let told: bool = sqlx::query_scalar!(
        r#"select exists (select from tend.task_event
                          where task_id = $1 and what = 'not_reached' and by is not distinct from $2 and at > $3) as "told!""#,
        task,
        by,
        now - SAME_TRY
    )
    .fetch_one(conn)
    .await?;
    Ok(!told)
}

async fn cancel(
    conn: &mut PgConnection,
    standing: &mut Standing,
    task: i64,
    reason: &str,
    by: Option<&str>,
) -> Result<bool, Refused> {
    if reason.trim().is_empty() {
        return Err(Refused::NoReason);
    }
    if standing.state == "cancelled" {
        return Ok(false);
    }
    if !standing.is_ahead() && standing.state != "missed" {
        return Err(standing.over(task));
    }
    if standing.guarded && !leads(conn, by).await? {
        return Err(Refused::Guarded(task));
    }
    standing.state = "cancelled".to_owned();
    Ok(true)
}

/// Whether a known person is still there.
async fn known(conn: &mut PgConnection, staff: &str) -> Result<bool, Refused> {
    let active = sqlx::query_scalar!(r#"select active as "active!" from crm.staff where staff_id = $1"#, staff);
    active.fetch_optional(conn).await?.ok_or_else(|| Refused::NoStaff(staff.to_owned()))
}

/// Whether somebody is a supervisor: by role, or because others report to them.
async fn leads(conn: &mut PgConnection, by: Option<&str>) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from crm.staff s
                          where s.staff_id = $1 and s.active
                            and (s.role in ('supervisor', 'manager')
                                 or exists (select from crm.staff r where r.manager_id = s.staff_id and r.active))) as "leads!""#,
        by
    )
    .fetch_one(conn)
    .await
}

async fn load(conn: &mut PgConnection, task: i64) -> sqlx::Result<Option<Standing>> {
    sqlx::query_as!(
        Standing,
        "select kind, state, state_at, created_at, result, assignee_id, opens_at, due_at, on_day, starts, zone, guarded,
                note, escalated_at
         from tend.task where task_id = $1 for update",
        task
    )
    .fetch_optional(conn)
    .await
}

async fn write(
    conn: &mut PgConnection,
    task: i64,
    standing: &Standing,
    from: &str,
    written: Written,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with changed as (
             update tend.task
             set state = $2, state_at = $3, result = $4, assignee_id = $5, opens_at = $6, due_at = $7, on_day = $8, starts = $9,
                 note = $10, escalated_at = $11
             where task_id = $1
         )
         insert into tend.task_event (task_id, at, what, from_state, by, staff_id, due_at, note)
         values ($1, $3, $12, $13, $14, $5, $7, $15)",
        task,
        standing.state,
        now,
        standing.result,
        standing.assignee_id,
        standing.opens_at,
        standing.due_at,
        standing.on_day,
        standing.starts,
        standing.note,
        standing.escalated_at,
        written.what,
        from,
        written.by,
        written.note
    )
    .execute(conn)
    .await
    .map(drop)
}
