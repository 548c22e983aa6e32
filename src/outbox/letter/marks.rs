//! Links in letters. A job cannot sign: it marks where a link shall stand, and the dispatcher signs when it sends.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::figures::is_chinese;
use crate::outbox::link::{Links, Purpose, Work};

/// How long links of letters work.
const WORKS: TimeDelta = TimeDelta::days(30);
const MARK: &str = "$link";

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkTo {
    /// A task: what it is, and a form for what came of it. The subject is `tend.task.task_id`.
    Task,
    /// Acknowledging: somebody looks after it. The subject is what is acknowledged.
    Acknowledge,
    /// The calendar feed of a member of staff, which works as long as the person is active. The subject is empty.
    Feed,
    /// A figure of a review: what is to be done about it, and a form for that. The subject is an
    /// [`action::Place`](crate::action::Place).
    Action,
}

impl LinkTo {
    const ALL: [(&'static str, Self, Purpose); 4] = [
        ("task", Self::Task, Purpose::Task),
        ("acknowledge", Self::Acknowledge, Purpose::Acknowledge),
        ("feed", Self::Feed, Purpose::Feed),
        ("action", Self::Action, Purpose::Action),
    ];
}

/// Where the dispatcher shall put a link of `staff`; for [`Letter::data`](super::Letter::data).
#[must_use]
pub fn link(to: LinkTo, subject: &str, staff: &str) -> Value {
    let word = LinkTo::ALL.iter().find(|(_, other, _)| *other == to).map_or("", |(word, _, _)| *word);
    json!({ MARK: word, "subject": subject, "staff": staff })
}

/// What marks the data of a letter that is sent again: when it was sent first, in words.
pub const AGAIN: &str = "again";

/// The subject of a letter; of one that a person has sent again it says so, whatever its template does.
pub(in crate::outbox) fn headed(content: &Value, locale: &str, subject: String) -> String {
    let again = content.pointer("/occasion/again").and_then(Value::as_str).is_some_and(|again| !again.is_empty());
    match (again, is_chinese(locale)) {
        (false, _) => subject,
        (true, false) => format!("[Sent again] {subject}"),
        (true, true) => format!("【重发】{subject}"),
    }
}

/// The data with its marks replaced by signed links; by empty texts where links are not made.
pub(in crate::outbox) fn signed(data: &Value, links: Option<&Links>, now: DateTime<Utc>) -> Value {
    match data {
        Value::Object(entries) => match marked(entries) {
            Some((purpose, work)) => {
                let expires = (purpose != Purpose::Feed).then_some(now + WORKS);
                links.map(|links| links.work(purpose, &Work { expires, ..work })).unwrap_or_default().into()
            }
            None => {
                Value::Object(entries.iter().map(|(key, value)| (key.clone(), signed(value, links, now))).collect())
            }
        },
        Value::Array(items) => items.iter().map(|item| signed(item, links, now)).collect(),
        other => other.clone(),
    }
}

/// The data for another reader: what was linked for somebody of the staff is linked for this one; for a reader who is nobody
/// of the staff there are no links.
#[must_use]
pub fn readdressed(data: &Value, staff: Option<&str>) -> Value {
    match data {
        Value::Object(entries) if entries.contains_key(MARK) => match staff {
            Some(staff) => {
                let mut entries = entries.clone();
                entries.insert("staff".into(), staff.into());
                Value::Object(entries)
            }
            None => "".into(),
        },
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), readdressed(value, staff))).collect(),
        Value::Array(items) => items.iter().map(|item| readdressed(item, staff)).collect(),
        other => other.clone(),
    }
}

fn marked(entries: &serde_json::Map<String, Value>) -> Option<(Purpose, Work)> {
    let text = |key: &str| entries.get(key).and_then(Value::as_str);
    let word = text(MARK)?;
    let (_, _, purpose) = LinkTo::ALL.iter().find(|(other, _, _)| *other == word)?;
    let work = Work { subject: text("subject")?.to_owned(), staff: text("staff")?.to_owned(), expires: None };
    Some((*purpose, work))
}
