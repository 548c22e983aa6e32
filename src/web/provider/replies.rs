//! Text messages of customers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::{Posted, answered, malformed, trouble};
use crate::outbox::returned::calls::Caller;
use crate::outbox::returned::reply::{Replies, Reply};
use crate::web::visitor::Visitor;
use crate::web::{Counts, Shared};

pub async fn take(State(shared): State<Arc<Shared>>, visitor: Visitor, posted: Posted) -> Response {
    let known = posted.caller(&shared).and_then(|caller| Some((caller, caller.replies.as_ref()?)));
    let Some((caller, replies)) = known else { return visitor.stranger(&shared) };
    let Ok(mut brought) = replies.read(&posted.call()) else { return malformed(&shared) };
    Counts::more(&shared.counts.ignored, brought.ignored);
    // whoever else brings replies of the same numbers takes them in the same order; those of one number stay in theirs
    brought.replies.sort_by(|one, other| one.from.cmp(&other.from));
    match all(&shared, caller, &posted, replies, &brought.replies).await {
        Ok(Some(answer)) => answered(answer),
        Ok(None) => visitor.stranger(&shared),
        Err(error) => trouble(&error),
    }
}

/// Takes all of them, and says what to answer. None: the call is too old.
async fn all(
    shared: &Shared,
    caller: &Caller,
    posted: &Posted,
    replies: &Replies,
    brought: &[Reply],
) -> sqlx::Result<Option<String>> {
    let _turn = shared.turn().await;
    let mut tx = shared.db.begin("public/reply").await?;
    let now = shared.clock.now(&mut tx).await?;
    if !caller.in_time(&posted.call(), now) {
        return Ok(None);
    }
    let (mut confirmation, mut written, mut changed) = (None, 0, 0);
    for reply in brought {
        // an answer carries one confirmation: who posts many replies in a call sends none on
        let done = replies.take(&mut tx, reply, brought.len() == 1, now).await?;
        written += usize::from(done.new);
        changed += usize::from(done.changed);
        confirmation = done.confirmation;
    }
    tx.commit().await?;
    Counts::more(&shared.counts.replies, written);
    Counts::more(&shared.counts.recorded, changed);
    Ok(Some(replies.answer(confirmation.as_deref())))
}
