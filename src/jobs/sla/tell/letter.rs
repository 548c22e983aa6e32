//! What alerts say to people of the house.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::super::Sla;
use super::{Held, Told};
use crate::engine::door::Run;
use crate::jobs::letter::{self, Letter, LinkTo, Recipient, link};

/// Older than this nobody wants to read it.
const LIFE: TimeDelta = TimeDelta::days(2);
/// Alerts go before everything else.
const PRIORITY: i16 = 95;
/// Rows of a summary; the most overdue first.
const ROWS: usize = 50;

/// Writes the letters. Customers get none: the jobs that tell news about tickets tell them.
pub(super) async fn write(sla: &Sla, run: &Run, told: &[Told<'_>], conn: &mut PgConnection) -> sqlx::Result<()> {
    let owner = letter::owner(run, &mut *conn).await?;
    let letters: Vec<Letter> = told.iter().filter_map(|told| made(sla, run, told, owner.as_deref())).collect();
    letter::write(conn, run, &letters).await?;
    Ok(())
}

fn made(sla: &Sla, run: &Run, told: &Told<'_>, owner: Option<&str>) -> Option<Letter> {
    let mut alerts: Vec<&Held> = match told {
        Told::One(alert) => vec![alert],
        Told::Summary(alerts) => alerts.clone(),
    };
    alerts.sort_by_key(|alert| (alert.due_at, alert.alert_id));
    let first = *alerts.first()?;
    let recipient = match first.recipient.split_once(':') {
        Some(("staff", staff)) => Recipient::Staff(staff.to_owned()),
        Some(("robot", channel)) => Recipient::Robot(channel.to_owned()),
        // customers; and who owns no job with an address
        _ if first.recipient == "owner" => Recipient::Address(owner?.to_owned()),
        _ => return None,
    };
    let staff = first.recipient.strip_prefix("staff:").unwrap_or_default();
    let mut customers: Vec<String> = alerts.iter().map(|alert| alert.customer_id.clone()).collect();
    customers.sort_unstable();
    customers.dedup();
    let rows: Vec<Value> = alerts.iter().take(ROWS).map(|alert| row(run, alert, staff)).collect();
    Some(Letter {
        recipient,
        occasion: match told {
            Told::One(_) => format!("sla:{}", first.alert_id),
            Told::Summary(_) => format!("sla-summary:{}", first.alert_id),
        },
        occurs_on: run.business_date,
        step: String::new(),
        template: sla.template.clone(),
        locale: sla.locale.clone(),
        data: json!({
            "count": alerts.len(), "more": alerts.len().saturating_sub(ROWS), "rows": rows,
            "late": alerts.iter().filter(|alert| alert.breached_at.is_some()).count(),
            "orphaned": first.recipient == "owner",
        }),
        customers,
        attachments: Vec::new(),
        archived: false,
        again_of: None,
        priority: PRIORITY,
        not_before: run.as_of,
        not_after: run.as_of + LIFE,
    })
}

fn row(run: &Run, alert: &Held, staff: &str) -> Value {
    let local = |at: DateTime<Utc>| at.with_timezone(&run.timezone).format("%Y-%m-%d %H:%M").to_string();
    let minutes = alert.due_at.map(|due| (due - run.as_of).num_minutes());
    json!({
        "ticket": alert.ticket_id, "subject": alert.subject.as_deref().unwrap_or_default(),
        "customer": alert.customer.as_deref().unwrap_or_default(), "assignee": alert.assignee.as_deref().unwrap_or_default(),
        "kind": alert.kind.as_deref().unwrap_or_default(), "topic": alert.topic.as_deref().unwrap_or_default(),
        "urgency": alert.urgency.as_deref().unwrap_or("normal"), "channel": alert.channel.as_deref().unwrap_or_default(),
        "clock": alert.clock, "policy": alert.policy, "step": alert.step, "asked": alert.asked,
        "opened": alert.opened_at.map(local).unwrap_or_default(), "due": alert.due_at.map(local).unwrap_or_default(),
        "late": alert.breached_at.is_some(), "minutes": minutes.map(i64::abs),
        "acknowledge": link(LinkTo::Acknowledge, &alert.alert_id.to_string(), staff),
    })
}
