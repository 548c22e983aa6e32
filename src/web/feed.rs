//! `GET /f/TOKEN`: what a member of staff has to do, for the person's own calendar program. The address is the key: it works
//! as long as the person is active, and stops when the secret of links is changed.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};

use super::Shared;
use super::visitor::Visitor;
use crate::outbox::link::Purpose;
use crate::task::{feed, ics};

pub fn methods() -> MethodRouter<Arc<Shared>> {
    get(show)
}

async fn show(State(shared): State<Arc<Shared>>, Path(token): Path<String>, visitor: Visitor) -> Response {
    // calendar programs append it to tell what the address is
    let token = token.strip_suffix(".ics").unwrap_or(&token);
    let work = match visitor.worker(&shared, Purpose::Feed, token) {
        Ok(work) => work,
        Err(refused) => return *refused,
    };
    let _turn = shared.turn().await;
    let shown = async {
        let mut conn = shared.db.pool().acquire().await?;
        let now = shared.clock.now(&mut conn).await?;
        let Some(entries) = feed::of(&work.staff, now, &mut conn).await? else {
            return Ok(shared.pages.note(&shared, visitor.language(), "over", StatusCode::GONE));
        };
        let kind = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")];
        Ok::<_, sqlx::Error>((kind, ics::calendar(&entries, now)).into_response())
    };
    shown.await.unwrap_or_else(|error| shared.pages.trouble(&shared, visitor.language(), &error))
}
