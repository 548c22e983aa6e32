//! The page of a task, in the language of who looks at it.

use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use minijinja::{Value, context};

use super::TaskDesk;
use crate::task::{LONGEST_NOTE, results};
use crate::web::Shared;
use crate::web::form::Form;
use crate::web::page::Said;
use crate::web::visitor::Visitor;

/// What is wrong with what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Done, but with what result?
    NoResult,
    /// Moved, but to when?
    NoTime,
    /// That time cannot be meant.
    BadTime,
    /// The note is too long.
    TooLong,
    /// Somebody else was quicker.
    Over,
}

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is done.
    Done,
    /// Tried in vain.
    NotReached,
    /// To another time.
    Moved,
}

/// What stands in the form already.
#[derive(Debug, Clone, Default)]
pub struct Filled {
    result: String,
    note: String,
    at: String,
}

impl Filled {
    /// What was sent and could not be taken.
    pub fn of(form: &Form) -> Self {
        let text = |name: &str| form.first(name).unwrap_or_default().to_owned();
        let note = text("note").chars().take(LONGEST_NOTE * 2).collect();
        Self { result: text("result"), note, at: text("at").chars().take(32).collect() }
    }
}

/// The pages of one task.
pub struct Page<'s> {
    desk: &'s TaskDesk,
    said: Said<'s>,
}

impl<'s> Page<'s> {
    pub fn new(shared: &'s Shared, desk: &'s TaskDesk, visitor: &Visitor) -> Self {
        Self { desk, said: Said::to(shared, desk.reads.as_deref(), visitor) }
    }

    /// It is not our form.
    pub fn garbled(&self) -> Response {
        self.said.note("bad_request", StatusCode::BAD_REQUEST)
    }

    /// An instant on the person's clock.
    fn when(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.desk.zone).format("%Y-%m-%d %H:%M").to_string()
    }

    /// The task, and what can be said about it as long as it is not over.
    pub fn form(&self, status: StatusCode, filled: &Filled, fault: Option<Fault>) -> Response {
        let fault = fault.map(|fault| {
            self.said.words(match fault {
                Fault::NoResult => "task_choose",
                Fault::NoTime => "task_choose_time",
                Fault::BadTime => "task_bad_time",
                Fault::TooLong => "task_too_long",
                Fault::Over => "task_over",
            })
        });
        let form =
            matches!(self.desk.shown.task.state.as_str(), "planned" | "open" | "missed").then(|| self.fields(filled));
        self.show(status, context! { fault, form })
    }

    /// It was recorded.
    pub fn recorded(&self, what: Recorded) -> Response {
        let task = &self.desk.shown.task;
        let recorded = match what {
            Recorded::Done => self.said.words("task_recorded_done"),
            Recorded::NotReached => self.said.with("task_recorded_not_reached", &[("who", &self.who())]),
            Recorded::Moved => {
                let at = if task.on_day.is_some() { task.opens_at } else { task.due_at };
                self.said.with("task_recorded_move", &[("when", &self.when(at))])
            }
        };
        self.show(StatusCode::OK, context! { recorded, back => self.said.words("task_back") })
    }

    fn show(&self, status: StatusCode, values: Value) -> Response {
        let task = &self.desk.shown.task;
        let since = self.desk.shown.events.iter().rev().find(|event| event.what == task.state).map(|event| event.at);
        let over = matches!(task.state.as_str(), "done" | "missed" | "cancelled").then(|| {
            let words = self
                .said
                .with(&format!("task_is_{}", task.state), &[("when", &self.when(since.unwrap_or(task.due_at)))]);
            match &task.result {
                Some(result) => format!("{words} · {}", self.said.words(&format!("task_{result}"))),
                None => words,
            }
        });
        let values = context! { title => task.title.as_str(), over, facts => self.facts(), ..values };
        self.said.page("task.html", status, values)
    }

    fn fields(&self, filled: &Filled) -> Value {
        let results = results(&self.desk.shown.task.kind).iter().copied().map(|name| {
            context! { name, words => self.said.words(&format!("task_{name}")), on => name == filled.result }
        });
        context! {
            result_title => self.said.words("task_result_title"), results => results.collect::<Vec<_>>(),
            words_title => self.said.words("task_words_title"), note => filled.note.as_str(), most_words => LONGEST_NOTE,
            done => self.said.words("task_done_button"), not_reached => self.said.words("task_not_reached_button"),
            move_title => format!("{} ({})", self.said.words("task_move_title"), self.desk.zone), at => filled.at.as_str(),
            move => self.said.words("task_move_button"), submit_note => self.said.words("task_submit_note"),
        }
    }

    fn who(&self) -> String {
        let task = &self.desk.shown.task;
        match (&task.assignee_id, task.assignee.as_str()) {
            (None, _) => self.said.words("task_nobody"),
            (Some(id), "") => id.clone(),
            (Some(_), name) => name.to_owned(),
        }
    }

    /// What one has to know: the customer, the time, who has it, what it rests on, what was tried.
    fn facts(&self) -> Vec<Value> {
        let (shown, task) = (&self.desk.shown, &self.desk.shown.task);
        let customer = match task.customer.as_str() {
            "" => task.customer_id.clone(),
            name => format!("{name} ({})", task.customer_id),
        };
        let mut facts = vec![("customer", customer)];
        if let Some(day) = task.on_day {
            let time = task.starts.map(|_| self.when(task.opens_at));
            facts.push(("day", time.unwrap_or_else(|| day.to_string())));
        }
        facts.push(("due", format!("{} ({})", self.when(task.due_at), self.desk.zone)));
        facts.push(("who", self.who()));
        if task.round > 1 {
            facts.push(("round", task.round.to_string()));
        }
        facts.extend(
            self.desk.subject.clone().filter(|subject| !subject.is_empty()).map(|subject| ("subject", subject)),
        );
        for key in ["ticket", "kind", "topic", "score", "choice", "from", "to", "solved_at"] {
            let value = match &shown.detail[key] {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Number(number) => number.to_string(),
                _ => continue,
            };
            let value = match value.parse::<DateTime<Utc>>() {
                Ok(at) => self.when(at),
                Err(_) => value,
            };
            facts.push((key, value));
        }
        let tried: Vec<_> = shown.events.iter().filter(|event| event.what == "not_reached").collect();
        if let Some(last) = tried.last() {
            let (n, when) = (tried.len().to_string(), self.when(last.at));
            facts.push(("tried", self.said.with("task_times", &[("n", &n), ("when", &when)])));
        }
        facts.extend(shown.note.clone().map(|note| ("note", note)));
        facts
            .into_iter()
            .map(|(key, value)| context! { name => self.said.words(&format!("task_{key}")), value })
            .collect()
    }
}
