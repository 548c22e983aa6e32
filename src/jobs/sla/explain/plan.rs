//! What a run did, or would do: deadlines by clock, who is told.

use serde_json::json;
use sqlx::PgConnection;

use super::super::Sla;
use super::super::clock::Clock;
use super::local;
use crate::engine::door::{Explained, JobError, Run};
use crate::jobs::layout::{Align, count, table};

/// Alerts shown.
const SAMPLES: i64 = 20;

/// How things stand after the run, and whom it tells.
pub(in crate::jobs::sla) async fn plan(sla: &Sla, run: &Run, conn: &mut PgConnection) -> Result<Explained, JobError> {
    let clocks = sqlx::query_file!("src/jobs/sla/explain/clocks.sql", run.job, run.as_of).fetch_all(&mut *conn).await?;
    let steps = sqlx::query_file!("src/jobs/sla/explain/steps.sql", run.job, run.as_of).fetch_all(&mut *conn).await?;
    let samples = sqlx::query!(
        r#"select a.ticket_id, a.clock, a.step, a.recipient, a.not_before, a.state, k.due_at as "due_at?"
           from tend.sla_alert a
           left join tend.sla_clock k on k.job = a.job and k.ticket_id = a.ticket_id and k.clock = a.clock and k.cycle = a.cycle
           where a.job = $1 and a.noticed_at = $2 and a.state <> 'dropped' order by k.due_at, a.alert_id limit $3"#,
        run.job,
        run.as_of,
        SAMPLES
    );
    let samples = samples.fetch_all(conn).await?;
    let zone = run.timezone;
    let name = |word: &str| Clock::of(word).map_or_else(|| word.to_owned(), |clock| clock.shown().to_owned());
    let mut text = String::from("Deadlines\n");
    let head = ["", "open", "late", "paused", "due within a day"].map(str::to_owned).to_vec();
    let rows = clocks
        .iter()
        .map(|row| vec![name(&row.clock), count(row.open), count(row.late), count(row.paused), count(row.soon)]);
    let numbers = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right];
    text.push_str(&match clocks.is_empty() {
        true => "  no ticket has an open one\n".to_owned(),
        false => table(&numbers, &[head].into_iter().chain(rows).collect::<Vec<_>>()),
    });
    text.push_str("\nWho is told\n");
    let rows = steps
        .iter()
        .map(|row| vec![name(&row.clock), row.step.clone(), row.asked.clone(), count(row.alerts), count(row.held)]);
    let head = ["", "step", "whom", "now or later", "held to working time"].map(str::to_owned).to_vec();
    text.push_str(&match steps.is_empty() {
        true => "  nobody\n".to_owned(),
        false => table(
            &[Align::Left, Align::Left, Align::Left, Align::Right, Align::Right],
            &[head].into_iter().chain(rows).collect::<Vec<_>>(),
        ),
    });
    if !samples.is_empty() {
        text.push_str("\nFor example\n");
        let rows = samples.iter().map(|row| {
            let due = row.due_at.map_or_else(String::new, |due| format!("due {}", local(due, zone)));
            vec![row.ticket_id.clone(), name(&row.clock), row.step.clone(), row.recipient.clone(), due]
        });
        text.push_str(&table(&[], &rows.collect::<Vec<_>>()));
    }
    let json = json!({
        "policies": sla.policies().iter().map(|policy| &policy.name).collect::<Vec<_>>(),
        "clocks": clocks.iter().map(|row| json!({ "clock": row.clock, "open": row.open, "late": row.late, "paused": row.paused, "due_within_a_day": row.soon })).collect::<Vec<_>>(),
        "steps": steps.iter().map(|row| json!({ "clock": row.clock, "step": row.step, "asked": row.asked, "alerts": row.alerts, "held": row.held })).collect::<Vec<_>>(),
        "samples": samples.iter().map(|row| json!({ "ticket_id": row.ticket_id, "clock": row.clock, "step": row.step, "recipient": row.recipient, "due_at": row.due_at, "not_before": row.not_before, "state": row.state })).collect::<Vec<_>>(),
    });
    Ok(Explained { json, text, html: None })
}
