//! `/a/TOKEN`: GET shows the deadline an alert is about, POST records that somebody looks after it, which ends the chain of
//! alerts.
//!
//! * A GET changes nothing. The first word counts; whoever comes later sees that somebody was quicker.
//! * It is recorded in the name of whom the alert was sent to; who has left has no links any more.
//! * The page names the ticket and its deadline, no customer.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use chrono::{DateTime, Utc};
use minijinja::context;
use sqlx::PgConnection;

use super::desk::{self, Desk};
use super::visitor::{Visitor, language};
use super::{Counts, Shared};
use crate::outbox::link::{Purpose, Work};

pub fn methods() -> MethodRouter<Arc<Shared>> {
    get(desk::show::<Alert>).post(act)
}

async fn act(State(shared): State<Arc<Shared>>, Path(token): Path<String>, visitor: Visitor) -> Response {
    shared.worker(&visitor, Purpose::Acknowledge, &token, |work| carried_out(&shared, work, &visitor)).await
}

async fn carried_out(shared: &Shared, work: Work, visitor: &Visitor) -> sqlx::Result<Option<Response>> {
    let mut tx = shared.db.begin("public/acknowledge").await?;
    let now = shared.clock.now(&mut tx).await?;
    let Some(alert) = Alert::load(&mut tx, &work, now).await? else { return Ok(None) };
    if alert.is_open() {
        // the next sweep looks at the ticket
        let written = sqlx::query!(
            "with said as (
                 insert into tend.sla_ack (job, ticket_id, clock, cycle, at, by_id)
                 select job, ticket_id, clock, cycle, $2, recipient from tend.sla_alert where alert_id = $1
                 on conflict do nothing
                 returning job, ticket_id
             )
             insert into tend.sla_change (job, ticket_id) select job, ticket_id from said",
            alert.alert_id,
            now
        );
        if written.execute(&mut *tx).await?.rows_affected() > 0 {
            Counts::add(&shared.counts.recorded);
        }
    }
    let after = Alert::load(&mut tx, &work, now).await?;
    tx.commit().await?;
    Ok(after.map(|alert| alert.page(shared, visitor)))
}

/// The deadline an alert is about, as it stands.
struct Alert {
    alert_id: i64,
    ticket_id: String,
    clock: String,
    /// In the customer's words.
    subject: String,
    due: Option<String>,
    standing: Option<String>,
    /// Who looks after it, by name.
    by: Option<String>,
    /// The language of the person.
    reads: Option<String>,
}

impl Desk for Alert {
    const PURPOSE: Purpose = Purpose::Acknowledge;

    async fn load(conn: &mut PgConnection, work: &Work, now: DateTime<Utc>) -> sqlx::Result<Option<Self>> {
        let Some(alert_id) = work.subject.parse::<i64>().ok().filter(|_| work.expires.is_none_or(|at| at > now)) else {
            return Ok(None);
        };
        sqlx::query_file_as!(Self, "src/web/acknowledge.sql", alert_id, work.staff).fetch_optional(conn).await
    }

    fn page(&self, shared: &Shared, visitor: &Visitor) -> Response {
        let reads = self.reads.as_deref().map_or_else(|| visitor.language(), language);
        let words = |key: &str, names: &[(&str, &str)]| shared.pages.words(reads, key, names);
        let clock = words(&format!("clock_{}", self.clock), &[]);
        let due = self.due.as_deref().unwrap_or_default();
        let key = match (&self.by, self.is_open()) {
            (Some(_), _) => "acknowledged",
            (None, true) => "acknowledge",
            (None, false) => "acknowledge_over",
        };
        let who = self.by.as_deref().unwrap_or_default();
        let values = context! {
            title => words(&format!("{key}_title"), &[("ticket", &self.ticket_id)]),
            lead => words(&format!("{key}_lead"), &[("clock", &clock), ("due", due), ("who", who)]),
            subject => self.subject.as_str(),
            button => self.is_open().then(|| words("acknowledge_button", &[])),
            note => words("acknowledge_note", &[]),
            done => self.by.is_some(),
        };
        shared.pages.show(shared, "acknowledge.html", reads, StatusCode::OK, values)
    }
}

impl Alert {
    /// Whether there is something to look after that nobody looks after yet.
    fn is_open(&self) -> bool {
        self.by.is_none() && matches!(self.standing.as_deref(), Some("running" | "paused"))
    }
}
