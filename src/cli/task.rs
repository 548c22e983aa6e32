//! `tend task`: what people have to do.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::json;

use super::args::{Arguments, TaskAction, TaskDue, TaskListArgs, TaskState};
use super::at::At;
use super::failure::Failure;
use super::{connect, print};
use crate::clock::shown;
use crate::jobs::layout::{Align, clip, fold, hang, table};
use crate::task::{self, Change, Changed, Listed, Refused, Shown, Wanted};

/// Widest name and title of a list.
const NAME: usize = 12;
const TITLE: usize = 28;

/// Lists, shows or changes.
pub async fn run(arguments: &Arguments, action: &TaskAction) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("task").await?;
    let now = settings.time.source.now(&mut tx).await?;
    let (id, changes, by) = match action {
        TaskAction::List(asked) => {
            let wanted = wanted(asked);
            let found = task::list(&mut tx, &wanted, now).await?;
            return if arguments.json { print::json(&found) } else { print::text(listed(&found, &wanted)) };
        }
        TaskAction::Show { id } => {
            let found = task::show(&mut tx, *id, now).await?.ok_or(Refused::NoTask(*id)).map_err(Failure::failed)?;
            return if arguments.json { print::json(&found) } else { print::text(told(&found)) };
        }
        TaskAction::Done { id, result, note, by } => {
            (*id, vec![Change::Done { result: result.clone(), note: note.clone() }], by)
        }
        TaskAction::Move { id, to, staff, note, by } => {
            let found = task::show(&mut tx, *id, now).await?.ok_or(Refused::NoTask(*id)).map_err(Failure::failed)?;
            let at = to.as_deref().map(|to| time(to, &found.task)).transpose()?;
            let moved = at.map(|at| Change::MoveTo { at, note: note.clone() });
            let given = staff.clone().map(|staff| Change::Give { staff, note: note.clone() });
            (*id, moved.into_iter().chain(given).collect(), by)
        }
        TaskAction::Cancel { id, reason, by } => (*id, vec![Change::Cancel { reason: reason.clone() }], by),
    };
    let mut changed = Changed::Already;
    for change in &changes {
        match task::change(&mut tx, id, change, by.as_deref(), now).await {
            Ok(Changed::Now) => changed = Changed::Now,
            Ok(Changed::Already) => {}
            Err(Refused::Database(error)) => return Err(error.into()),
            Err(refused) => return Err(Failure::failed(refused)),
        }
    }
    let found = task::show(&mut tx, id, now).await?.ok_or(Refused::NoTask(id)).map_err(Failure::failed)?;
    tx.commit().await?;
    said(arguments, &found, changed)
}

fn said(arguments: &Arguments, found: &Shown, changed: Changed) -> Result<(), Failure> {
    if arguments.json {
        return print::json(&json!({ "changed": changed == Changed::Now, "task": found }));
    }
    let already = if changed == Changed::Already { " already" } else { "" };
    let task = &found.task;
    let who = task.assignee_id.as_deref().map_or_else(|| "nobody has it".to_owned(), |who| format!("{who} has it"));
    print::text(match task.result.as_deref() {
        Some(result) => format!("Task {} is {}{already}: {result}.", task.task_id, task.state),
        None => {
            format!("Task {} is {}{already}; {who}, due {}.", task.task_id, task.state, shown(task.due_at, zone(task)))
        }
    })
}

fn wanted(asked: &TaskListArgs) -> Wanted {
    let word = |state: &TaskState| match state {
        TaskState::Planned => "planned",
        TaskState::Open => "open",
        TaskState::Done => "done",
        TaskState::Missed => "missed",
        TaskState::Cancelled => "cancelled",
    };
    let named: Vec<String> = asked.state.iter().map(|state| word(state).to_owned()).collect();
    Wanted {
        staff_id: asked.of.clone(),
        team: asked.team.clone(),
        unassigned: asked.unassigned,
        states: if named.is_empty() { vec!["planned".into(), "open".into()] } else { named },
        due: asked.due.map(|due| match due {
            TaskDue::Today => "today",
            TaskDue::Overdue => "overdue",
            TaskDue::Week => "week",
        }),
        customer_id: asked.customer.clone(),
        task_id: None,
        limit: asked.limit,
    }
}

fn zone(task: &Listed) -> Tz {
    task.zone.parse().unwrap_or(Tz::UTC)
}

/// `--to`: a local time, an instant, or a day, which keeps the time of day.
fn time(text: &str, task: &Listed) -> Result<DateTime<Utc>, Failure> {
    let zone = zone(task);
    let local = |local: NaiveDateTime| {
        let there = zone.from_local_datetime(&local).earliest().map(|at| at.to_utc());
        there.ok_or_else(|| Failure::Usage(format!("there is no {} in {zone}", local.format("%Y-%m-%d %H:%M"))))
    };
    for form in ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text.trim(), form) {
            return local(at);
        }
    }
    match At::parse(text)? {
        At::Instant(at) => Ok(at),
        At::Day(day) => local(day.and_time(due(task).1)),
    }
}

/// When it is: the day it is planned for, else that on which it is due.
fn due(task: &Listed) -> (NaiveDate, chrono::NaiveTime) {
    let begins = if task.on_day.is_some() { task.opens_at } else { task.due_at };
    let local = begins.with_timezone(&zone(task)).naive_local();
    (local.date(), local.time())
}

fn listed(found: &[Listed], wanted: &Wanted) -> String {
    if found.is_empty() {
        return "No such tasks.".to_owned();
    }
    let head = ["task", "kind", "state", "due", "who", "customer", "name", "what"].map(str::to_owned).to_vec();
    let rows = found.iter().map(|task| {
        let (day, time) = due(task);
        let round = if task.round > 1 { format!(" ({})", task.round) } else { String::new() };
        vec![
            task.task_id.to_string(),
            format!("{}{round}", task.kind),
            if task.overdue { "overdue".to_owned() } else { task.state.clone() },
            format!("{day} {}", time.format("%H:%M")),
            task.assignee_id.clone().unwrap_or_else(|| "nobody".into()),
            task.customer_id.clone(),
            clip(&task.customer, NAME),
            clip(&task.title, TITLE),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let more = if i64::try_from(found.len()) == Ok(wanted.limit) {
        "There may be more: --limit N shows more of them.\n"
    } else {
        ""
    };
    table(&[Align::Right], &rows) + more
}

fn told(found: &Shown) -> String {
    let (task, zone) = (&found.task, zone(&found.task));
    let who = |id: Option<&str>, name: &str| match (id, name) {
        (None, _) => "nobody".to_owned(),
        (Some(id), "") => id.to_owned(),
        (Some(id), name) => format!("{id}, {name}"),
    };
    let state = match &task.result {
        Some(result) => format!("{}: {result}", task.state),
        None if task.overdue => format!("{}, overdue", task.state),
        None => task.state.clone(),
    };
    let day = task.on_day.map(|day| {
        let time = task.starts.map(|at| at.format(" %H:%M").to_string()).unwrap_or_default();
        ("planned for", format!("{day}{time}"))
    });
    let lines = [
        Some(("state", state)),
        Some(("customer", who(Some(&task.customer_id), &task.customer))),
        task.ticket_id.clone().map(|ticket| ("ticket", ticket)),
        Some(("round", task.round.to_string())),
        Some(("who", who(task.assignee_id.as_deref(), &task.assignee))),
        task.team.clone().map(|team| ("whose", team)),
        day,
        Some(("due", shown(task.due_at, zone))),
        task.escalated_at.map(|at| ("told on", shown(at, zone))),
        Some(("job", task.job.clone())),
        found.guarded.then(|| ("cancelled", "by a supervisor only".to_owned())),
        found.note.clone().map(|note| ("note", note)),
    ];
    let mut text = fold(&format!("Task {} ({}): {}", task.task_id, task.kind, task.title), 0);
    for (name, value) in lines.into_iter().flatten() {
        text.push_str(&hang(name, &value, 2, 13));
    }
    let rests = found.detail.as_object().into_iter().flatten();
    let rests: Vec<String> = rests.map(|(key, value)| format!("{key} {}", plain(value))).collect();
    if !rests.is_empty() {
        text.push_str(&hang("rests on", &rests.join(", "), 2, 13));
    }
    text.push_str("What happened\n");
    for event in &found.events {
        let mut words = event.what.replace('_', " ");
        if let Some(by) = &event.by {
            words.push_str(&format!(" by {by}"));
        }
        let stands = matches!(event.what.as_str(), "created" | "assigned" | "moved" | "escalated" | "reopened");
        if let Some(staff) = event.staff_id.as_ref().filter(|_| stands) {
            words.push_str(&format!(", {staff} has it"));
        }
        if let Some(due) = event.due_at.filter(|_| stands) {
            words.push_str(&format!(", due {}", shown(due, zone)));
        }
        if let Some(note) = &event.note {
            words.push_str(&format!(": {note}"));
        }
        text.push_str(&hang(&shown(event.at, zone), &words, 2, 26));
    }
    text
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
