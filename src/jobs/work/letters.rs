//! Word to people about the tasks a run gave them: one letter a person and run, however many tasks.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::order::Mail;
use crate::calendar::business::Calendar;
use crate::engine::door::{JobError, Run};
use crate::jobs::letter::{self, Letter, LinkTo, Recipient, link};

/// After so long the agenda has told it too.
const LIFE: TimeDelta = TimeDelta::days(2);
/// More a letter does not list; it says how many there are.
const MOST: usize = 50;

/// A task somebody is told of.
struct Told {
    task_id: i64,
    staff_id: String,
    overdue: bool,
    title: String,
    customer_id: String,
    customer: String,
    ticket_id: Option<String>,
    round: i16,
    due_at: DateTime<Utc>,
    zone: String,
    before: Option<String>,
}

/// Writes the letters of a run about the tasks of these jobs; gives how many were new.
pub(super) async fn write(
    conn: &mut PgConnection,
    run: &Run,
    jobs: &[String],
    mail: Mail,
    calendar: Option<&Calendar>,
) -> Result<i64, JobError> {
    if mail == Mail::Nobody {
        return Ok(0);
    }
    let told = sqlx::query_file_as!(Told, "src/jobs/work/told.sql", jobs, run.as_of, mail == Mail::All);
    let mut by_person: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for task in told.fetch_all(&mut *conn).await? {
        by_person.entry(task.staff_id.clone()).or_default().push(task);
    }
    let begins = calendar.map_or(Ok(run.as_of), |calendar| calendar.next_open(run.as_of)).map_err(JobError::fail)?;
    let letters: Vec<Letter> = by_person.into_iter().map(|(staff, tasks)| letter(run, begins, staff, &tasks)).collect();
    Ok(letter::write(conn, run, &letters).await?)
}

fn letter(run: &Run, begins: DateTime<Utc>, staff: String, tasks: &[Told]) -> Letter {
    let listed = |overdue: bool| -> Vec<Value> {
        tasks.iter().filter(|task| task.overdue == overdue).take(MOST).map(|task| task.row(&staff)).collect()
    };
    let count = |overdue: bool| tasks.iter().filter(|task| task.overdue == overdue).count();
    Letter {
        occasion: format!("tasks:{}", run.as_of.timestamp()),
        occurs_on: run.business_date,
        step: String::new(),
        template: "tend-tasks".to_owned(),
        locale: "zh-CN".to_owned(),
        data: json!({ "new": listed(false), "overdue": listed(true), "new_count": count(false), "overdue_count": count(true) }),
        customers: tasks.iter().map(|task| task.customer_id.clone()).collect(),
        attachments: Vec::new(),
        archived: false,
        again_of: None,
        priority: 80,
        not_before: begins,
        not_after: begins + LIFE,
        recipient: Recipient::Staff(staff),
    }
}

impl Told {
    fn row(&self, staff: &str) -> Value {
        let zone: Tz = self.zone.parse().unwrap_or(Tz::UTC);
        json!({
            "title": self.title, "customer": if self.customer.is_empty() { &self.customer_id } else { &self.customer },
            "customer_id": self.customer_id, "ticket": self.ticket_id, "round": self.round, "before": self.before,
            "due": self.due_at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string(),
            "link": link(LinkTo::Task, &self.task_id.to_string(), staff),
        })
    }
}
