//! Pages for people of the house: a link leads to what lies on somebody's desk.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Shared;
use super::visitor::Visitor;
use crate::outbox::link::{Purpose, Work};

/// What a link leads to, and how it looks.
pub(super) trait Desk: Send + Sized {
    /// What its links are for.
    const PURPOSE: Purpose;

    /// None when the link is over: expired, what it was about is gone, the person has left.
    fn load(
        conn: &mut PgConnection,
        work: &Work,
        now: DateTime<Utc>,
    ) -> impl Future<Output = sqlx::Result<Option<Self>>> + Send;

    /// The page for who has not sent anything yet.
    fn page(&self, shared: &Shared, visitor: &Visitor) -> Response;
}

/// GET: shows it, and changes nothing.
pub(super) async fn show<D: Desk>(
    State(shared): State<Arc<Shared>>,
    Path(token): Path<String>,
    visitor: Visitor,
) -> Response {
    let shown = async |work: Work| {
        let mut conn = shared.db.pool().acquire().await?;
        let now = shared.clock.now(&mut conn).await?;
        let desk = D::load(&mut conn, &work, now).await?;
        Ok(desk.map(|desk| desk.page(&shared, &visitor)))
    };
    shared.worker(&visitor, D::PURPOSE, &token, shown).await
}
