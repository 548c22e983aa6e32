//! The letters of a batch of people.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::{Agenda, Person};
use crate::engine::door::{JobError, Run};
use crate::jobs::letter::{Letter, LinkTo, Recipient, link, weekday};
use crate::outbox::channel::Attachment;
use crate::task::ics::{self, Entry};

/// An agenda is of use in the morning; one that could not go by then is not sent at night.
const LIFE: TimeDelta = TimeDelta::hours(10);
/// Sections as templates name them.
const SECTIONS: [&str; 3] = ["overdue", "today", "week"];

/// What one person has to do.
#[derive(Debug, Default)]
struct Work {
    sections: Map<String, Value>,
    counts: Map<String, Value>,
    customers: Vec<String>,
}

impl Agenda {
    /// A letter for each person who has something to do, or all where the file says so.
    pub(super) async fn letters(
        &self,
        run: &Run,
        people: &[Person],
        conn: &mut PgConnection,
    ) -> Result<Vec<Letter>, JobError> {
        let ids: Vec<String> = people.iter().map(|person| person.staff_id.clone()).collect();
        let todays: Vec<NaiveDate> = people.iter().map(|person| person.today).collect();
        let rows = sqlx::query_file!(
            "src/jobs/agenda/agenda.sql",
            &ids,
            &todays,
            self.ahead,
            self.most,
            run.as_of,
            &self.ladders
        );
        let mut work: BTreeMap<String, Work> = BTreeMap::new();
        for row in rows.fetch_all(conn).await? {
            let theirs = work.entry(row.staff_id).or_default();
            theirs.counts.insert(row.section.clone(), row.count.into());
            theirs.sections.insert(row.section, row.tasks);
            theirs.customers.extend(row.customers);
        }
        let mut letters = Vec::new();
        for person in people {
            let theirs = work.remove(&person.staff_id);
            if theirs.is_some() || self.empty {
                letters.push(self.letter(run, person, theirs.unwrap_or_default()));
            }
        }
        Ok(letters)
    }

    fn letter(&self, run: &Run, person: &Person, work: Work) -> Letter {
        let locale = person.locale.as_deref().unwrap_or(&self.paper.locale);
        let mut data = Map::new();
        let mut events = Vec::new();
        for section in SECTIONS {
            let mut tasks = work.sections.get(section).and_then(Value::as_array).cloned().unwrap_or_default();
            events.extend(tasks.iter().filter_map(entry));
            let count = work.counts.get(section).and_then(Value::as_i64).unwrap_or(0);
            let more = count - i64::try_from(tasks.len()).unwrap_or(0);
            for task in &mut tasks {
                dressed(task, locale, &person.staff_id);
            }
            data.insert(section.to_owned(), tasks.into());
            data.insert(format!("{section}_count"), count.into());
            data.insert(format!("{section}_more"), more.into());
        }
        data.insert("date".into(), json!(person.today));
        data.insert("weekday".into(), weekday(person.today, locale).into());
        if self.feed {
            data.insert("feed".into(), link(LinkTo::Feed, "", &person.staff_id));
        }
        let mut customers = work.customers;
        customers.sort_unstable();
        customers.dedup();
        let calendar = (!events.is_empty()).then(|| Attachment {
            name: format!("agenda-{}.ics", person.today),
            media_type: "text/calendar; charset=utf-8; method=PUBLISH".into(),
            content_id: None,
            body: ics::calendar(&events, run.as_of).into_bytes(),
            optional: true,
        });
        Letter {
            recipient: Recipient::Staff(person.staff_id.clone()),
            occasion: format!("agenda:{}", person.today),
            occurs_on: person.today,
            step: String::new(),
            template: self.paper.template.clone(),
            locale: self.paper.locale.clone(),
            data: data.into(),
            customers,
            attachments: calendar.into_iter().collect(),
            archived: false,
            again_of: None,
            priority: 70,
            not_before: run.as_of,
            not_after: run.as_of + LIFE,
        }
    }
}

/// The task as a calendar shows it.
fn entry(task: &Value) -> Option<Entry> {
    let instant = |key: &str| task[key].as_i64().and_then(|secs| DateTime::from_timestamp(secs, 0));
    let text = |key: &str| task[key].as_str().unwrap_or_default();
    Some(Entry {
        task_id: task["id"].as_i64()?,
        title: text("title").to_owned(),
        customer: [text("name"), text("customer")].into_iter().find(|name| !name.is_empty())?.to_owned(),
        phone: task["phone"].as_str().map(str::to_owned),
        day: text("day").parse().ok()?,
        begins: instant("begins"),
        ends: instant("ends"),
    })
}

/// Adds what the template shows beside the figures: the page of the task, the weekday.
fn dressed(task: &mut Value, locale: &str, staff: &str) {
    let id = task["id"].as_i64().unwrap_or_default().to_string();
    let day = task["day"].as_str().and_then(|day| day.parse().ok());
    if let Some(entries) = task.as_object_mut() {
        entries.insert("link".into(), link(LinkTo::Task, &id, staff));
        entries.extend(day.map(|day| ("weekday".to_owned(), weekday(day, locale).into())));
    }
}
