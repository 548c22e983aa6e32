//! Word to supervisors about visits that were missed: one letter a run and supervisor, however many visits.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::staff::Staff;
use crate::engine::door::{JobError, Run};
use crate::jobs::letter::{self, Letter, LinkTo, Recipient, link, owner, weekday};

/// After so long the agenda has told it too.
const LIFE: TimeDelta = TimeDelta::days(2);
/// More a letter does not list; it says how many there are.
const MOST: usize = 50;
/// Language of those whose own is not known.
const LOCALE: &str = "zh-CN";

/// A visit that was missed.
struct Missed {
    on_day: NaiveDate,
    task_id: i64,
    customer_id: String,
    customer: String,
    whose: String,
    supervisor: Option<String>,
    locale: Option<String>,
}

/// Writes the letters about these tasks; gives how many were new. Where nobody is above, the owner of the job hears of it.
pub(super) async fn write(
    run: &Run,
    staff: &Staff,
    missed: &[i64],
    make_up: bool,
    conn: &mut PgConnection,
) -> Result<i64, JobError> {
    if missed.is_empty() {
        return Ok(0);
    }
    let rows = sqlx::query_file_as!(Missed, "src/jobs/visits/missed.sql", missed).fetch_all(&mut *conn).await?;
    let mut by_recipient: BTreeMap<Option<String>, Vec<Missed>> = BTreeMap::new();
    for row in rows {
        by_recipient.entry(row.supervisor.clone()).or_default().push(row);
    }
    let owner = match by_recipient.contains_key(&None) {
        true => owner(run, &mut *conn).await?,
        false => None,
    };
    let begins = staff.of_job().next_open(run.as_of).map_err(JobError::fail)?;
    let letters = by_recipient.into_iter().filter_map(|(supervisor, visits)| {
        let recipient = match &supervisor {
            Some(supervisor) => Recipient::Staff(supervisor.clone()),
            None => Recipient::Address(owner.clone()?),
        };
        let reader = supervisor.unwrap_or_default();
        let rows: Vec<Value> = visits.iter().take(MOST).map(|visit| visit.row(&reader)).collect();
        Some(Letter {
            recipient,
            occasion: format!("visits-missed:{}", run.as_of.timestamp()),
            occurs_on: run.business_date,
            step: String::new(),
            template: "tend-visits".to_owned(),
            locale: LOCALE.to_owned(),
            data: json!({
                "count": visits.len(), "more": visits.len().saturating_sub(MOST), "rows": rows, "orphaned": reader.is_empty(), "make_up": make_up,
            }),
            customers: visits.iter().map(|visit| visit.customer_id.clone()).collect(),
            attachments: Vec::new(),
            archived: false,
            again_of: None,
            priority: 80,
            not_before: begins,
            not_after: begins + LIFE,
        })
    });
    let letters: Vec<Letter> = letters.collect();
    Ok(letter::write(conn, run, &letters).await?)
}

impl Missed {
    fn row(&self, reader: &str) -> Value {
        let customer = if self.customer.is_empty() { &self.customer_id } else { &self.customer };
        // the page of a task is for people of the house
        let link = if reader.is_empty() { json!("") } else { link(LinkTo::Task, &self.task_id.to_string(), reader) };
        json!({
            "customer": customer, "customer_id": self.customer_id, "day": self.on_day,
            "weekday": weekday(self.on_day, self.locale.as_deref().unwrap_or(LOCALE)), "whose": self.whose, "link": link,
        })
    }
}
