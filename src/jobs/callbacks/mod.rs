//! The kind `callbacks`: after a request is solved, somebody calls and asks whether it is and whether the customer is
//! satisfied; if not, again, until the customer is (mission M26).
//!
//! One task for each round of each solving: `ticket:ID:SOLVED_AT:ROUND`. "Not satisfied" makes the next round, due
//! `again_in` after the call; "satisfied", or a supervisor with a reason, ends it. A request that is opened again takes its
//! open round with it, and the next solving begins with the first round.
//!
//! With `answers = true` the callbacks that answers to surveys ask for (`answer:MESSAGE`) are looked after by the same code:
//! their next rounds (`answer:MESSAGE:ROUND`), in the words and for whom the survey asked, are the job's own; who has them and
//! what is overdue is seen to, whichever job asked.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use crate::engine::door::{Decision, Job, Run};
use crate::filter::Scope;
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Kind, ReadContext};
use crate::jobfile::reader::Reader;
use crate::jobs::audience;
use crate::jobs::work::{self, About, Before, Order, Source, Statements, Work, decided};
use crate::task;

/// Within which time from the solving, where the file does not say it.
const DUE: Span = Span::hours(24);
const LONGEST_AGAIN: Span = Span::days(30);
const TO: &str = "assignee";

/// The kind `callbacks`.
#[derive(Debug, Clone, Copy)]
pub struct CallbacksKind;

impl Kind for CallbacksKind {
    fn name(&self) -> &'static str {
        "callbacks"
    }

    fn keys(&self) -> &'static [&'static str] {
        &["audience"]
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn Job>> {
        let mut own = file.table("callbacks")?;
        let order = Order::read(&mut own, context, "callback", TO, DUE);
        let again_in = work::length(&mut own, "again_in", order.as_ref().map_or(DUE, Order::due), LONGEST_AGAIN);
        let answers = own.bool("answers").unwrap_or(false);
        own.finish();
        let audience = audience::read(file, &Scope::of(context, None).with_ticket());
        let source = Box::new(Solved { again_in, answers });
        Some(Arc::new(Work { source, order: order?, audience: audience? }))
    }

    fn expect(&self, expect: &mut Reader<'_>, _: &mut Reader<'_>, _: &[String]) -> Option<Decision> {
        decided::expect(expect)
    }

    fn expect_schema(&self) -> Map<String, Value> {
        decided::expect_schema()
    }

    fn schema(&self) -> Vec<(&'static str, Value)> {
        let what = "Somebody calls after a request is solved, again and again until the customer is satisfied";
        let again_in =
            "By when the next round, from the call on after which the customer was not satisfied; default: as due";
        let answers = json!({
            "type": "boolean",
            "description": "Looks after the callbacks that answers to surveys ask for, too: the next rounds, who has them, what is overdue. True in one file; default false",
        });
        let own = [("again_in", work::span(again_in)), ("answers", answers)];
        work::tables(("callbacks", what), (TO, DUE), own, &["title"])
    }
}

/// Requests are solved.
#[derive(Debug)]
struct Solved {
    again_in: Span,
    /// Callbacks that answers ask for are looked after, too.
    answers: bool,
}

impl Source for Solved {
    fn statements(&self) -> Statements {
        work::statements!("solved.sql")
    }

    fn before<'a>(&'a self, conn: &'a mut PgConnection, run: &'a Run) -> BoxFuture<'a, sqlx::Result<Before>> {
        Box::pin(async move {
            let gone = sqlx::query_file_scalar!("src/jobs/callbacks/reopened.sql", run.job, run.as_of);
            let gone = gone.fetch_all(&mut *conn).await?;
            let why = "The request was opened again; its next solving is called about anew.";
            let cancelled = task::cancel(conn, &gone, why, run.as_of).await?;
            let rounds = sqlx::query_file_as!(About, "src/jobs/callbacks/rounds.sql", run.job, run.as_of, self.answers);
            let rounds = rounds.fetch_all(&mut *conn).await?;
            let others = if self.answers { asking(conn, run).await? } else { Vec::new() };
            Ok(Before { cancelled, rounds, due: Some(self.again_in), others })
        })
    }
}

/// The jobs with open callbacks that answers asked for, but for the job itself.
async fn asking(conn: &mut PgConnection, run: &Run) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select distinct job from tend.task
         where state in ('planned', 'open') and kind = 'callback' and origin like 'answer:%' and job <> $1
         order by job",
        run.job
    )
    .fetch_all(conn)
    .await
}
