//! Tells what is due to be told: one letter an alert; of what is old news, or came about while nobody worked, one summary
//! a recipient. What has come right in the meantime is not told.

mod letter;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Sla;
use crate::engine::door::{JobError, Run};

/// Alerts told in one run; what is beyond is told by the next.
const MOST: i64 = 20_000;
/// More than these at once to one recipient become a summary.
const SINGLE: usize = 5;

/// An alert whose time has come.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub alert_id: i64,
    pub ticket_id: String,
    pub clock: String,
    pub cycle: DateTime<Utc>,
    pub step: String,
    pub asked: String,
    pub recipient: String,
    pub customer_id: String,
    pub policy: String,
    pub at: DateTime<Utc>,
    pub noticed_at: DateTime<Utc>,
    pub not_before: DateTime<Utc>,
    pub standing: Option<String>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    pub breached_at: Option<DateTime<Utc>>,
    pub subject: Option<String>,
    pub topic: Option<String>,
    pub kind: Option<String>,
    pub urgency: Option<String>,
    pub channel: Option<String>,
    pub opened_at: Option<DateTime<Utc>>,
    pub customer: Option<String>,
    pub assignee: Option<String>,
}

impl Held {
    /// Why nobody needs to hear of it any more.
    fn settled(&self) -> Option<&'static str> {
        match self.standing.as_deref() {
            None => Some("gone"),
            Some("paused") => Some("paused"),
            Some("running") if self.acknowledged_at.is_some() => Some("acknowledged"),
            Some("running") => None,
            Some(_) => Some("stopped"),
        }
    }

    /// Whether it is news no more: it came about long before it was noticed, or waited for working hours.
    fn is_old(&self, sla: &Sla) -> bool {
        self.not_before > self.noticed_at || self.noticed_at - self.at > sla.stale_after.as_delta()
    }
}

/// What is told to one recipient.
#[derive(Debug)]
pub(super) enum Told<'h> {
    One(&'h Held),
    Summary(Vec<&'h Held>),
}

/// Tells it; how many alerts were.
pub(super) async fn tell(sla: &Sla, run: &Run, conn: &mut PgConnection) -> Result<u64, JobError> {
    let held =
        sqlx::query_file_as!(Held, "src/jobs/sla/held.sql", run.job, run.as_of, MOST).fetch_all(&mut *conn).await?;
    if held.is_empty() {
        return Ok(0);
    }
    let (mut dropped, mut open): (BTreeMap<&str, Vec<i64>>, Vec<&Held>) = Default::default();
    for alert in &held {
        match alert.settled() {
            Some(reason) => dropped.entry(reason).or_default().push(alert.alert_id),
            None => open.push(alert),
        }
    }
    let last = last_of_each(&open);
    let overtaken = open.iter().filter(|alert| !last.contains(&alert.alert_id)).map(|alert| alert.alert_id);
    dropped.entry("overtaken").or_default().extend(overtaken);
    open.retain(|alert| last.contains(&alert.alert_id));
    let told = grouped(sla, &open);
    letter::write(sla, run, &told, &mut *conn).await?;
    let (mut singly, mut summed) = (Vec::new(), Vec::new());
    for told in &told {
        match told {
            Told::One(alert) => singly.push(alert.alert_id),
            Told::Summary(alerts) => summed.extend(alerts.iter().map(|alert| alert.alert_id)),
        }
    }
    for (reason, alerts) in dropped {
        mark(run, &alerts, "dropped", Some(reason), &mut *conn).await?;
    }
    mark(run, &singly, "told", None, &mut *conn).await?;
    mark(run, &summed, "summed", None, conn).await?;
    Ok((singly.len() + summed.len()) as u64)
}

/// Of several steps of one clock that wait for the same recipient, the last.
fn last_of_each(open: &[&Held]) -> BTreeSet<i64> {
    let mut last: BTreeMap<_, (DateTime<Utc>, i64)> = BTreeMap::new();
    for alert in open {
        let this = (alert.at, alert.alert_id);
        let known = last.entry((&alert.ticket_id, &alert.clock, alert.cycle, &alert.recipient)).or_insert(this);
        *known = (*known).max(this);
    }
    last.into_values().map(|(_, alert_id)| alert_id).collect()
}

/// Letter by letter.
fn grouped<'h>(sla: &Sla, open: &[&'h Held]) -> Vec<Told<'h>> {
    let mut by_recipient: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
    for alert in open {
        by_recipient.entry(&alert.recipient).or_default().push(alert);
    }
    let mut told = Vec::new();
    for (recipient, alerts) in by_recipient {
        let (old, news): (Vec<&Held>, Vec<&Held>) = alerts.into_iter().partition(|alert| alert.is_old(sla));
        for alerts in [old, news] {
            // customers hear of their own ticket only
            let summed =
                recipient != "customer" && (alerts.len() > SINGLE || (alerts.len() > 1 && alerts[0].is_old(sla)));
            match summed {
                true => told.push(Told::Summary(alerts)),
                false => told.extend(alerts.into_iter().map(Told::One)),
            }
        }
    }
    told
}

async fn mark(
    run: &Run,
    alerts: &[i64],
    state: &str,
    reason: Option<&str>,
    conn: &mut PgConnection,
) -> sqlx::Result<()> {
    if alerts.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update tend.sla_alert set state = $2, state_at = $3, reason = $4 where alert_id = any ($1)",
        alerts,
        state,
        run.as_of,
        reason
    )
    .execute(conn)
    .await?;
    Ok(())
}
