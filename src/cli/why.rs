//! `tend why`: the whole chain of decisions for one customer under one job.
//!
//! First what is on record (that is how it was), then the last runs, then what a run as of the given instant would decide
//! and how each condition comes out (that is judged on today's data).

use chrono::{DateTime, Utc};
use serde_json::json;

use super::args::{Arguments, WhyArgs};
use super::failure::Failure;
use super::plan::nobody;
use super::work::Work;
use super::{print, when};
use crate::clock::shown;
use crate::engine::door::{Run, Tx};
use crate::engine::preview::{PreviewError, decision};
use crate::jobs::layout::{fold, hang, table};

/// Runs shown.
const RUNS: i64 = 5;

/// A run of the job.
#[derive(Debug, serde::Serialize)]
struct LastRun {
    run_id: i64,
    slot: DateTime<Utc>,
    trigger: String,
    state: String,
    reason: Option<String>,
}

/// Shows it.
pub async fn run(arguments: &Arguments, command: &WhyArgs) -> Result<(), Failure> {
    let work = Work::begin(arguments, &command.job).await?;
    let as_of = work.slot(command.at.as_deref()).await?;
    let customer = command.customer.as_str();
    let run = Run::asked(&work.spec.job, &work.spec.hash, as_of, work.spec.timezone);
    let code = &work.spec.code;
    let mut tx = work.opened.db.begin("why").await?;
    let history = code.history(&run, customer, &mut Tx::lend(&mut tx)).await.map_err(Failure::failed)?;
    let judged = code.judge(&run, customer, &mut Tx::lend(&mut tx)).await.map_err(Failure::failed)?;
    let runs = last_runs(&mut tx, &work.spec.job, as_of).await?;
    tx.rollback().await?;
    if history.is_none() && judged.is_none() {
        return Err(nobody(customer));
    }
    // A ladder refuses an as-of before its state; what is on record answers the question then.
    let would = match decision(&work.engine, &work.spec, as_of, customer).await {
        Ok(decided) => decided.map(|decided| Ok(decided.why)),
        Err(PreviewError::Job(error)) => Some(Err(error.to_string())),
        Err(error) => return Err(Failure::failed(error)),
    };
    if arguments.json {
        return print::json(&json!({
            "job": work.spec.job, "customer_id": customer, "as_of": as_of, "spec": work.spec.hash,
            "history": history.map(|history| history.json), "runs": runs,
            "would_decide": would.as_ref().and_then(|would| would.as_ref().ok()),
            "would_fail": would.as_ref().and_then(|would| would.as_ref().err()),
            "conditions": judged.map(|judged| judged.json),
        }));
    }
    let zone = work.spec.timezone;
    let mut text =
        format!("Why, for customer {customer} under {}, as of {}\n\n", work.spec.job, when::both(as_of, zone));
    text.push_str("On record\n\n");
    text.push_str(&history.map_or_else(|| "Nothing about this customer.\n".to_owned(), |history| history.text));
    text.push_str("\nThe last runs until then\n");
    text.push_str(&rows(&runs, zone));
    text.push_str("\nWhat a run as of then would decide, on the data of today\n");
    text.push_str(&match would {
        Some(Ok(why)) => fold(&why, 2),
        Some(Err(why)) => hang("no run is possible: ", &why, 2, 20),
        None => fold("its runs are not about customers", 2),
    });
    if let Some(judged) = judged {
        text.push_str(&format!("\nIts conditions for this customer (+ holds, - does not)\n{}", judged.text));
    }
    print::text(text)
}

async fn last_runs(conn: &mut sqlx::PgConnection, job: &str, until: DateTime<Utc>) -> sqlx::Result<Vec<LastRun>> {
    sqlx::query_as!(
        LastRun,
        r#"select run_id, slot as "slot!", trigger as "trigger!", state as "state!", coalesce(error, reason) as reason
           from tend.job_run where job = $1 and slot <= $2 and trigger <> 'preview'
           order by slot desc, run_id desc limit $3"#,
        job,
        until,
        RUNS
    )
    .fetch_all(conn)
    .await
}

fn rows(runs: &[LastRun], zone: chrono_tz::Tz) -> String {
    if runs.is_empty() {
        return fold("none", 2);
    }
    let rows = runs.iter().map(|run| {
        let reason = run.reason.clone().unwrap_or_default();
        vec![run.run_id.to_string(), shown(run.slot, zone), run.trigger.clone(), run.state.clone(), reason]
    });
    table(&[], &rows.collect::<Vec<_>>())
}
