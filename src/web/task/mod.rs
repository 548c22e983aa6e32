//! `/t/TOKEN`: GET shows a task to the person of the house whose mail brought the link, POST records what came of it: done
//! with a result, not reached, or moved to another time.
//!
//! * A GET changes nothing. A form sent twice is recorded once ([`crate::task::Changed`]).
//! * What is recorded is recorded in the name of whom the link was sent to; who has left has no links any more.
//! * The page names the customer and what the task rests on: no address, and nothing of other customers.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::desk::{self, Desk};
use super::form::Form;
use super::visitor::Visitor;
use super::{Counts, Shared};
use crate::outbox::link::{Purpose, Work};
use crate::task::{self, Change, Changed, Refused, Shown};

mod page;

use page::{Fault, Filled, Page, Recorded};

pub fn methods() -> MethodRouter<Arc<Shared>> {
    get(desk::show::<TaskDesk>).post(act)
}

async fn act(State(shared): State<Arc<Shared>>, Path(token): Path<String>, visitor: Visitor, form: Form) -> Response {
    shared.worker(&visitor, Purpose::Task, &token, |work| carried_out(&shared, work, &form, &visitor)).await
}

async fn carried_out(shared: &Shared, work: Work, form: &Form, visitor: &Visitor) -> sqlx::Result<Option<Response>> {
    let mut tx = shared.db.begin("public/task").await?;
    let now = shared.clock.now(&mut tx).await?;
    let Some(desk) = TaskDesk::load(&mut tx, &work, now).await? else { return Ok(None) };
    let page = Page::new(shared, &desk, visitor);
    let filled = Filled::of(form);
    let unclear = |fault| Some(page.form(StatusCode::UNPROCESSABLE_ENTITY, &filled, Some(fault)));
    let task = desk.shown.task.task_id;
    let wanted = match desk.wanted(form) {
        Ok(wanted) => wanted,
        Err(Unclear::Said(fault)) => return Ok(unclear(fault)),
        Err(Unclear::Garbled) => {
            return Ok(Some(page.garbled()));
        }
    };
    let changed = match task::change(&mut tx, task, &wanted, Some(&work.staff), now).await {
        Ok(changed) => changed,
        Err(Refused::Database(error)) => return Err(error),
        Err(Refused::TooLong) => {
            return Ok(unclear(Fault::TooLong));
        }
        Err(Refused::Time { .. }) => {
            return Ok(unclear(Fault::BadTime));
        }
        Err(_) => return Ok(Some(page.form(StatusCode::CONFLICT, &Filled::default(), Some(Fault::Over)))),
    };
    let Some(after) = TaskDesk::load(&mut tx, &work, now).await? else { return Ok(None) };
    tx.commit().await?;
    if changed == Changed::Now {
        Counts::add(&shared.counts.recorded);
    }
    let recorded = match wanted {
        Change::NotReached { .. } => Recorded::NotReached,
        Change::MoveTo { .. } => Recorded::Moved,
        _ => Recorded::Done,
    };
    Ok(Some(Page::new(shared, &after, visitor).recorded(recorded)))
}

/// Why a form says nothing that could be done.
enum Unclear {
    /// Something was left out.
    Said(Fault),
    /// It is not our form.
    Garbled,
}

/// What lies on somebody's desk: a task, and who looks at it.
struct TaskDesk {
    shown: Shown,
    /// In the customer's words; of tickets.
    subject: Option<String>,
    /// The language of the person.
    reads: Option<String>,
    /// Where the person works; else that of the task.
    zone: Tz,
}

impl Desk for TaskDesk {
    const PURPOSE: Purpose = Purpose::Task;

    async fn load(conn: &mut PgConnection, work: &Work, now: DateTime<Utc>) -> sqlx::Result<Option<Self>> {
        let Some(task) = work.subject.parse().ok().filter(|_| work.expires.is_none_or(|at| at > now)) else {
            return Ok(None);
        };
        let person = sqlx::query!("select locale, timezone from crm.staff where staff_id = $1 and active", work.staff);
        let Some(person) = person.fetch_optional(&mut *conn).await? else { return Ok(None) };
        let Some(shown) = task::show(&mut *conn, task, now).await? else { return Ok(None) };
        let subject = sqlx::query_scalar!("select subject from crm.ticket where ticket_id = $1", shown.task.ticket_id);
        let subject = subject.fetch_optional(conn).await?.flatten();
        let zone = person.timezone.as_deref().unwrap_or(&shown.task.zone).parse().unwrap_or(Tz::UTC);
        Ok(Some(Self { shown, subject, reads: person.locale, zone }))
    }

    fn page(&self, shared: &Shared, visitor: &Visitor) -> Response {
        Page::new(shared, self, visitor).form(StatusCode::OK, &Filled::default(), None)
    }
}

impl TaskDesk {
    /// What a form asks for.
    fn wanted(&self, form: &Form) -> Result<Change, Unclear> {
        let note = Some(words(form.first("note"))).filter(|note| !note.is_empty());
        match form.first("action") {
            Some("done") => match form.first("result").filter(|result| !result.is_empty()) {
                None => Err(Unclear::Said(Fault::NoResult)),
                Some(result) if task::results(&self.shown.task.kind).contains(&result) => {
                    Ok(Change::Done { result: result.to_owned(), note })
                }
                Some(_) => Err(Unclear::Garbled),
            },
            Some("not_reached") => Ok(Change::NotReached { note }),
            Some("move") => match form.first("at").filter(|at| !at.is_empty()) {
                None => Err(Unclear::Said(Fault::NoTime)),
                Some(at) => match self.time(at) {
                    Some(at) => Ok(Change::MoveTo { at, note }),
                    None => Err(Unclear::Garbled),
                },
            },
            _ => Err(Unclear::Garbled),
        }
    }

    /// A time as a form has it, on the person's clock.
    fn time(&self, text: &str) -> Option<DateTime<Utc>> {
        let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
        let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
        self.zone.from_local_datetime(&local).earliest().map(|at| at.to_utc())
    }
}

/// What somebody wrote, as one would print it: no control characters, no space around it.
fn words(written: Option<&str>) -> String {
    let text = written.unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>().trim().to_owned()
}
