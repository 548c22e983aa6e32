//! Delivery receipts.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;

use super::{Posted, answered, malformed, trouble};
use crate::outbox::returned::calls::{Brought, Caller};
use crate::outbox::returned::{About, News, Taken, take as write_down};
use crate::web::visitor::Visitor;
use crate::web::{Counts, Shared};

/// A provider may be quicker with its receipt than we are with writing down what it calls the message.
const QUICK: Duration = Duration::from_millis(500);

pub async fn take(State(shared): State<Arc<Shared>>, visitor: Visitor, posted: Posted) -> Response {
    let known = posted.caller(&shared).and_then(|caller| Some((caller, caller.reports.as_ref()?)));
    let Some((caller, reports)) = known else { return visitor.stranger(&shared) };
    let Ok(Brought { mut news, ignored }) = reports.read(&posted.call()) else { return malformed(&shared) };
    Counts::more(&shared.counts.ignored, ignored);
    // whoever else reports about the same messages does it in the same order
    news.sort_by_key(|news| match &news.about {
        About::Ours(id) => id.to_string(),
        About::Theirs(reference) => reference.clone(),
    });
    let again = match all(&shared, caller, &posted, &news).await {
        Ok(Some(unknown)) => unknown,
        Ok(None) => return visitor.stranger(&shared),
        Err(error) => return trouble(&error),
    };
    let (theirs, ours): (Vec<News>, Vec<News>) =
        again.into_iter().partition(|news| matches!(news.about, About::Theirs(_)));
    let mut unknown = ours.len();
    if !theirs.is_empty() {
        tokio::time::sleep(QUICK).await;
        match all(&shared, caller, &posted, &theirs).await {
            Ok(left) => unknown += left.map_or(0, |left| left.len()),
            Err(error) => return trouble(&error),
        }
    }
    Counts::more(&shared.counts.unknown, unknown);
    answered(reports.answer().to_owned())
}

/// Writes all of it down; what is about messages that are not known is given back. None: the call is too old.
async fn all(shared: &Shared, caller: &Caller, posted: &Posted, news: &[News]) -> sqlx::Result<Option<Vec<News>>> {
    let _turn = shared.turn().await;
    let mut tx = shared.db.begin("public/receipt").await?;
    let now = shared.clock.now(&mut tx).await?;
    if !caller.in_time(&posted.call(), now) {
        return Ok(None);
    }
    let (mut unknown, mut written) = (Vec::new(), 0);
    for each in news {
        match write_down(&mut tx, each, shared.consequences, now).await? {
            Taken::New => written += 1,
            Taken::Again => {}
            Taken::Unknown | Taken::OtherAddress => unknown.push(each.clone()),
        }
    }
    tx.commit().await?;
    Counts::more(&shared.counts.receipts, written);
    Ok(Some(unknown))
}
