//! `/g/TOKEN`: GET shows a figure of a review to the person of the house whose mail brought the link, and what is done about it;
//! POST gives it an action, or records what came of one.
//!
//! * A GET changes nothing. A form sent twice is recorded once ([`crate::action`]).
//! * What is recorded is recorded in the name of whom the link was sent to; who has left has no links any more.
//! * The page names colleagues, so that one of them can be chosen, and no customer.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::desk::{self, Desk};
use super::form::Form;
use super::visitor::Visitor;
use super::{Counts, Shared};
use crate::action::{self, Archived, By, Ending, Judged, Listed, NewAction, Place, Refused, Wanted};
use crate::outbox::link::{Purpose, Work};

mod page;

use page::{Fault, Filled, Page, Recorded};

/// Actions of one figure that are shown, at most.
const MOST: i64 = 100;
/// Colleagues that can be chosen here, at most; the command line knows all.
const COLLEAGUES: i64 = 2_000;

pub fn methods() -> MethodRouter<Arc<Shared>> {
    get(desk::show::<ActionDesk>).post(act)
}

async fn act(State(shared): State<Arc<Shared>>, Path(token): Path<String>, visitor: Visitor, form: Form) -> Response {
    shared.worker(&visitor, Purpose::Action, &token, |work| carried_out(&shared, work, &form, &visitor)).await
}

async fn carried_out(shared: &Shared, work: Work, form: &Form, visitor: &Visitor) -> sqlx::Result<Option<Response>> {
    let mut tx = shared.db.begin("public/action").await?;
    let now = shared.clock.now(&mut tx).await?;
    let Some(desk) = ActionDesk::load(&mut tx, &work, now).await? else { return Ok(None) };
    let page = Page::new(shared, &desk, visitor);
    let done = match form.first("action") {
        Some("give") => desk.give(&mut tx, form).await,
        Some("done" | "drop") => desk.end(&mut tx, form).await,
        _ => Err(Unclear::Garbled),
    };
    let (recorded, is_new) = match done {
        Ok(done) => done,
        Err(Unclear::Said(fault)) => {
            let status = if fault == Fault::Over { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
            return Ok(Some(page.form(status, &Filled::of(form), Some(fault))));
        }
        Err(Unclear::Garbled) => {
            return Ok(Some(page.garbled()));
        }
        Err(Unclear::Database(error)) => return Err(error),
    };
    let Some(after) = ActionDesk::load(&mut tx, &work, now).await? else { return Ok(None) };
    tx.commit().await?;
    if is_new {
        Counts::add(&shared.counts.recorded);
    }
    Ok(Some(Page::new(shared, &after, visitor).recorded(recorded)))
}

/// Why a form does nothing.
enum Unclear {
    /// Something was left out, or cannot be.
    Said(Fault),
    /// It is not our form.
    Garbled,
    /// The database refuses.
    Database(sqlx::Error),
}

impl From<Refused> for Unclear {
    fn from(refused: Refused) -> Self {
        Self::Said(match refused {
            Refused::Database(error) => return Self::Database(error),
            // a figure without a value missed nothing: no mail has a link to it
            Refused::NoAction(_) | Refused::NoValue { .. } => return Self::Garbled,
            Refused::NoWords => Fault::NoWords,
            Refused::TooLong => Fault::TooLong,
            Refused::NoStaff(_) | Refused::Left(_) => Fault::NoOwner,
            Refused::Day { .. } => Fault::BadDay,
            Refused::NoReason => Fault::NoReason,
            Refused::Over { .. } => Fault::Over,
        })
    }
}

/// Somebody who can be chosen.
struct Colleague {
    staff_id: String,
    name: String,
}

/// What lies on somebody's desk: a figure of a review, what is done about it, and who looks at it.
struct ActionDesk {
    review: Archived,
    place: Place,
    figure: Judged,
    /// What is open, and what was decided on this review; what was dropped is left out.
    actions: Vec<Listed>,
    colleagues: Vec<Colleague>,
    /// Who looks at it.
    staff: String,
    /// The language of the person.
    reads: Option<String>,
    now: DateTime<Utc>,
}

impl Desk for ActionDesk {
    const PURPOSE: Purpose = Purpose::Action;

    async fn load(conn: &mut PgConnection, work: &Work, now: DateTime<Utc>) -> sqlx::Result<Option<Self>> {
        let alive = work.expires.is_none_or(|at| at > now);
        let Some(place) = Place::of_word(&work.subject).filter(|_| alive) else { return Ok(None) };
        let person = sqlx::query!("select locale from crm.staff where staff_id = $1 and active", work.staff);
        let Some(person) = person.fetch_optional(&mut *conn).await? else { return Ok(None) };
        let Some(review) = action::archived(&mut *conn, place.run_id, &place.team).await? else { return Ok(None) };
        let Some(figure) = review.figure(&place.figure, place.part.as_ref()).cloned() else { return Ok(None) };
        let wanted = Wanted {
            job: Some(&review.job),
            team: Some(&review.team),
            figure: Some((&place.figure, place.part.as_ref())),
            limit: MOST,
            ..Wanted::default()
        };
        let mut actions = action::list(&mut *conn, &wanted, now).await?;
        actions.retain(|one| one.state == "open" || one.state == "done" && one.period == review.period);
        let colleagues = sqlx::query_as!(
            Colleague,
            "select staff_id, name from crm.staff where active order by team is distinct from nullif($1::text, ''), name, staff_id limit $2",
            review.team,
            COLLEAGUES
        );
        let colleagues = colleagues.fetch_all(conn).await?;
        let (staff, reads) = (work.staff.clone(), person.locale);
        Ok(Some(Self { review, place, figure, actions, colleagues, staff, reads, now }))
    }

    fn page(&self, shared: &Shared, visitor: &Visitor) -> Response {
        Page::new(shared, self, visitor).form(StatusCode::OK, &Filled::default(), None)
    }
}

impl ActionDesk {
    /// What was recorded, and whether it is new.
    async fn give(&self, conn: &mut PgConnection, form: &Form) -> Result<(Recorded, bool), Unclear> {
        let said = |name: &'static str| form.first(name).unwrap_or_default().trim();
        let (what, owner, due) = (said("what"), said("owner"), said("due"));
        for (word, fault) in [(what, Fault::NoWords), (owner, Fault::NoOwner), (due, Fault::NoDay)] {
            if word.is_empty() {
                return Err(Unclear::Said(fault));
            }
        }
        let due: NaiveDate = due.parse().map_err(|_| Unclear::Garbled)?;
        let by = By { who: &self.staff, from: None };
        let new = NewAction { review: &self.review, figure: &self.figure, what, owner, due, by };
        let (action_id, is_new) = action::create(conn, &new, self.now).await?;
        Ok((Recorded::Given(action_id), is_new))
    }

    /// Ends one of the actions that the page shows.
    async fn end(&self, conn: &mut PgConnection, form: &Form) -> Result<(Recorded, bool), Unclear> {
        let id: i64 = form.first("id").and_then(|id| id.parse().ok()).ok_or(Unclear::Garbled)?;
        let note = form.first("note").unwrap_or_default();
        let (ending, recorded) = match form.first("action") {
            Some("done") => (Ending::Done { note: Some(note) }, Recorded::Done),
            _ => (Ending::Dropped { why: note }, Recorded::Dropped),
        };
        let of_figure = sqlx::query_scalar!(
            r#"select exists (select from tend.action
                              where action_id = $1 and (job, team, figure, part_by, part_name) = ($2, $3, $4, $5, $6)) as "is!""#,
            id,
            self.review.job,
            self.review.team,
            self.place.figure,
            self.place.part.as_ref().map_or("", |part| &part.by),
            self.place.part.as_ref().map_or("", |part| &part.name)
        );
        if !of_figure.fetch_one(&mut *conn).await.map_err(Unclear::Database)? {
            return Err(Unclear::Garbled);
        }
        let by = By { who: &self.staff, from: None };
        Ok((recorded, action::close(conn, id, ending, by, self.now).await?))
    }
}
