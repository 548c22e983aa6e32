//! `/s/TOKEN`: GET shows what a message asked (a survey, an invitation), POST records the answer.
//!
//! * One answer a message, which can be changed for a day; afterwards, and when the link is over, the page says so.
//! * A GET records nothing, also with `?a=…`, which only chooses an answer for the form: mail scanners open every link.
//! * What follows from an answer (a task) is made in the transaction that records it.
//! * A link whose message is gone, or whose customer is, is over like one that has expired.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::form::Form;
use super::visitor::Visitor;
use super::{Counts, Shared};
use crate::outbox::link::Asked;
use crate::outbox::survey::{self, Given, Survey};

mod page;
mod record;

use page::{Fault, Filled, Page};

/// How long an answer can be changed.
const CHANGEABLE: TimeDelta = TimeDelta::days(1);
/// Longest comment, characters; as a form sends it, the longest is well below the largest body.
const MOST_WORDS: usize = 1_000;

pub fn methods() -> MethodRouter<Arc<Shared>> {
    get(show).post(act)
}

async fn show(State(shared): State<Arc<Shared>>, Path(token): Path<String>, uri: Uri, visitor: Visitor) -> Response {
    let asked = match visitor.asked(&shared, &token) {
        Ok(asked) => asked,
        Err(refused) => return *refused,
    };
    // what a link chose already
    let chosen = uri.query().map(Form::of_query).and_then(|form| form.first("a").map(str::to_owned));
    let _turn = shared.turn().await;
    let shown = async {
        let mut conn = shared.db.pool().acquire().await?;
        let now = shared.clock.now(&mut conn).await?;
        let Some(question) = Question::load(&mut conn, asked, now).await? else {
            return Ok(over(&shared, &visitor));
        };
        let page = Page::new(&shared, &question, &visitor);
        if question.is_closed(now) {
            return Ok(page.closed(StatusCode::OK));
        }
        Ok::<_, sqlx::Error>(page.form(StatusCode::OK, &Filled::of(&question, chosen), None))
    };
    shown.await.unwrap_or_else(|error| shared.pages.trouble(&shared, visitor.language(), &error))
}

async fn act(State(shared): State<Arc<Shared>>, Path(token): Path<String>, visitor: Visitor, form: Form) -> Response {
    let asked = match visitor.asked(&shared, &token) {
        Ok(asked) => asked,
        Err(refused) => return *refused,
    };
    let _turn = shared.turn().await;
    let done = carried_out(&shared, asked, &form, &visitor).await;
    done.unwrap_or_else(|error| shared.pages.trouble(&shared, visitor.language(), &error))
}

async fn carried_out(shared: &Shared, asked: Asked, form: &Form, visitor: &Visitor) -> sqlx::Result<Response> {
    let mut tx = shared.db.begin("public/answer").await?;
    // a button pressed twice is one answer: the second waits for the first
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended('tend.answer:' || $1::text, 0)) as "lock: ()""#,
        asked.message.to_string()
    )
    .fetch_one(&mut *tx)
    .await?;
    let now = shared.clock.now(&mut tx).await?;
    let Some(question) = Question::load(&mut tx, asked, now).await? else {
        return Ok(over(shared, visitor));
    };
    let page = Page::new(shared, &question, visitor);
    if question.is_closed(now) {
        return Ok(page.closed(StatusCode::CONFLICT));
    }
    let words = comment(form.first("comment").filter(|_| question.survey.comment));
    let answer = form.first("answer").filter(|answer| !answer.is_empty());
    let filled = Filled::from_form(&question, form, &words);
    if words.chars().count() > MOST_WORDS {
        return Ok(page.form(StatusCode::UNPROCESSABLE_ENTITY, &filled, Some(Fault::TooLong)));
    }
    if answer.is_none() {
        return Ok(page.form(StatusCode::UNPROCESSABLE_ENTITY, &filled, Some(Fault::Nothing)));
    }
    let Some(given) = question.survey.given(answer, form.first("reason")) else {
        return Ok(shared.pages.note(shared, page.language(), "bad_request", StatusCode::BAD_REQUEST));
    };
    let said = Said { given, comment: Some(words).filter(|words| !words.is_empty()) };
    let written = record::record(&mut tx, &question, &said, page.language(), now).await?;
    tx.commit().await?;
    if written {
        Counts::add(&shared.counts.recorded);
    }
    Ok(page.thanks(&said))
}

fn over(shared: &Shared, visitor: &Visitor) -> Response {
    shared.pages.note(shared, visitor.language(), "over", StatusCode::GONE)
}

/// What a customer wrote, as one would print it: no control characters, no space around it.
fn comment(written: Option<&str>) -> String {
    let text = written.unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>().trim().to_owned()
}

/// What a customer said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    given: Given,
    comment: Option<String>,
}

/// What was answered before.
#[derive(Debug, Clone)]
struct Before {
    said: Said,
    answered_at: DateTime<Utc>,
}

/// The message behind a link.
struct Question {
    message_id: i64,
    job: String,
    customer_id: String,
    /// The customer's language.
    reads: Option<String>,
    survey: Arc<Survey>,
    /// What the message was about: its offer and its occasion.
    data: serde_json::Value,
    before: Option<Before>,
}

impl Question {
    /// None when the link is over.
    async fn load(conn: &mut PgConnection, asked: Asked, now: DateTime<Utc>) -> sqlx::Result<Option<Self>> {
        if asked.expires <= now {
            return Ok(None);
        }
        let row = sqlx::query!(
            r#"select o.message_id, o.job, o.customer_id, o.spec_hash, o.data, c.locale as reads,
                      a.score, a.choice, a.comment, a.answered_at as "answered_at?"
               from tend.outbox o
               join crm.customer c on c.customer_id = o.customer_id
               left join tend.answer a on a.message_id = o.message_id
               where o.public_id = $1"#,
            asked.message
        );
        let Some(row) = row.fetch_optional(&mut *conn).await? else { return Ok(None) };
        let Some(survey) = survey::of_spec(conn, &row.spec_hash).await? else { return Ok(None) };
        let said = Said { given: Given { score: row.score, choice: row.choice }, comment: row.comment };
        Ok(Some(Self {
            message_id: row.message_id,
            job: row.job,
            customer_id: row.customer_id,
            reads: row.reads,
            survey,
            data: row.data,
            before: row.answered_at.map(|answered_at| Before { said, answered_at }),
        }))
    }

    /// Whether the answer cannot be changed any more.
    fn is_closed(&self, now: DateTime<Utc>) -> bool {
        self.before.as_ref().is_some_and(|before| before.answered_at + CHANGEABLE <= now)
    }
}
