//! Tasks as calendars show them (RFC 5545): what an agenda brings along, and what a feed answers.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use icalendar::{Calendar, CalendarDateTime, Component as _, Event, EventLike as _};

/// How long a task without an end takes, as far as a calendar is concerned.
const TAKES: TimeDelta = TimeDelta::minutes(30);

/// A task.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `tend.task.task_id`: names the entry, so that a calendar that knows it changes it.
    pub task_id: i64,
    /// What is to be done.
    pub title: String,
    /// About whom.
    pub customer: String,
    /// The customer's number.
    pub phone: Option<String>,
    /// The day.
    pub day: NaiveDate,
    /// When it begins; none: within the day, or by `ends`.
    pub begins: Option<DateTime<Utc>>,
    /// By when it must be done, where that is not the day.
    pub ends: Option<DateTime<Utc>>,
}

/// A calendar file of these tasks, made at an instant.
#[must_use]
pub fn calendar(entries: &[Entry], at: DateTime<Utc>) -> String {
    let mut calendar = Calendar::new();
    calendar.name("tend");
    for entry in entries {
        calendar.push(event(entry, at));
    }
    calendar.done().to_string()
}

fn event(entry: &Entry, at: DateTime<Utc>) -> Event {
    let mut event = Event::new();
    event.uid(&format!("task-{}@tend", entry.task_id));
    event.timestamp(at);
    event.summary(&format!("{} · {}", entry.title, entry.customer));
    if let Some(phone) = &entry.phone {
        event.description(phone);
    }
    match (entry.begins, entry.ends) {
        (Some(begins), _) => {
            event.starts(CalendarDateTime::Utc(begins));
            event.ends(CalendarDateTime::Utc(begins + TAKES));
        }
        (None, Some(ends)) => {
            event.starts(CalendarDateTime::Utc(ends - TAKES));
            event.ends(CalendarDateTime::Utc(ends));
        }
        (None, None) => {
            event.all_day(entry.day);
        }
    }
    event.done()
}
