//! One run of a clock, window by window.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::clock::{Counted, Cycle, State, Ticket};
use super::super::policy::Policy;
use super::ticket::{Told, fate, steps};
use super::{length, local};
use crate::calendar::business::{Calendar, Day, Trouble, Why};
use crate::engine::door::{JobError, Run};
use crate::jobs::layout::table;

/// Windows shown; of a long clock the first and the last.
const WINDOWS: usize = 20;

/// For people and for programs.
pub(super) fn explain(
    run: &Run,
    calendar: &Calendar,
    policy: &Policy,
    ticket: &Ticket,
    cycle: &Cycle,
    told: &[Told],
) -> Result<(String, Value), JobError> {
    let zone = run.timezone;
    let mut text = format!("\n{}: {}\n", cycle.target.clock.shown(), stands(run, cycle));
    text.push_str(&format!("  target {}\n", target(policy, ticket, cycle)));
    text.push_str(&format!("  counts from {}\n", local(cycle.start, zone)));
    for pause in &cycle.pauses {
        text.push_str(&format!("  not counted: {} to {}\n", local(pause.from, zone), local(pause.to, zone)));
    }
    let until = cycle.stopped_at.unwrap_or(run.as_of).max(cycle.due.unwrap_or(run.as_of));
    let windows = match cycle.target.counted {
        Counted::Business => windows(calendar, cycle.start, until, &mut text, run),
        Counted::Elapsed => Vec::new(),
    };
    if let Some(at) = cycle.acknowledged_at {
        text.push_str(&format!("  somebody looks after it since {}\n", local(at, zone)));
    }
    if let Some(trouble) = &cycle.trouble {
        text.push_str(&format!("  no deadline can be computed: {trouble}\n"));
    }
    let mut lines = Vec::new();
    for (step, at) in steps(policy, cycle, calendar) {
        let fates = fate(run, cycle, step, at, told);
        for fate in &fates {
            let when = at.map_or_else(String::new, |at| local(at, zone));
            lines.push(vec![step.name.clone(), when, fate.clone()]);
        }
    }
    if !lines.is_empty() {
        text.push_str(&table(&[], &lines));
    }
    let steps: Vec<Value> =
        lines.iter().map(|line| json!({ "step": line[0], "at": line[1], "fate": line[2] })).collect();
    let json = json!({
        "clock": cycle.target.clock.word(), "cycle": cycle.cycle, "state": cycle.state.word(), "target_secs": cycle.target.secs,
        "counted": cycle.target.counted.word(), "started_at": cycle.start, "due_at": cycle.due, "by_hand": cycle.by_hand.is_some(),
        "stopped_at": cycle.stopped_at, "breached_at": cycle.breached_at, "used_secs": cycle.used, "left_secs": cycle.left(),
        "acknowledged_at": cycle.acknowledged_at, "trouble": cycle.trouble, "windows": windows, "steps": steps,
        "pauses": cycle.pauses.iter().map(|pause| json!({ "from": pause.from, "to": pause.to })).collect::<Vec<_>>(),
    });
    Ok((text, json))
}

fn stands(run: &Run, cycle: &Cycle) -> String {
    let zone = run.timezone;
    let due = cycle.due.map(|due| local(due, zone));
    let used = length(cycle.used);
    match (cycle.state, due) {
        (State::Running, Some(due)) if cycle.breached_at.is_some() => format!("LATE, was due {due}; {used} used"),
        (State::Running, Some(due)) => format!("due {due}; {used} used"),
        (State::Running, None) => "runs, without a deadline".to_owned(),
        (State::Paused, Some(due)) if cycle.breached_at.is_some() => {
            format!("LATE, was due {due}; stands still, the customer is waited for")
        }
        (State::Paused, _) => format!("stands still, the customer is waited for; {used} used"),
        (state, due) => {
            let stopped = cycle.stopped_at.map_or_else(String::new, |at| local(at, zone));
            let what = match state {
                State::Met => "met",
                State::Missed => "MISSED",
                _ => "no longer needed from",
            };
            format!("{what} {stopped}, due {}; {used} used", due.unwrap_or_else(|| "never".to_owned()))
        }
    }
}

fn target(policy: &Policy, ticket: &Ticket, cycle: &Cycle) -> String {
    if cycle.by_hand.is_some() {
        return format!("set by hand {}", cycle.cycle.to_rfc3339());
    }
    let counted = match cycle.target.counted {
        Counted::Business => "of business time",
        Counted::Elapsed => "of elapsed time",
    };
    let plain = format!("{} {counted}", length(cycle.target.secs));
    let Some(rule) = policy.rule(cycle.target.clock) else { return plain };
    match rule.shorter_for(ticket) {
        Some(shorter) => {
            format!("{plain}: {} {:?} makes it shorter than {}", shorter.property.word(), shorter.value, rule.within)
        }
        None => plain,
    }
}

/// An open time, and why it is one.
struct Window {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    why: String,
}

/// The open times of the calendar between two instants.
fn between(calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Window>, Trouble> {
    let day = |at: DateTime<Utc>| at.with_timezone(&calendar.zone()).date_naive();
    let mut found = Vec::new();
    // a night shift belongs to the day on which it begins
    let first = day(from).pred_opt().filter(|before| calendar.day(*before).is_ok()).unwrap_or_else(|| day(from));
    for date in first.iter_days().take_while(|date| *date <= day(to)) {
        let Day { open, why } = calendar.day(date)?;
        let open = open.into_iter().map(|(begins, ends)| (begins.max(from), ends.min(to)));
        found.extend(open.filter(|(begins, ends)| begins < ends).map(|(from, to)| Window {
            from,
            to,
            why: reason(&why),
        }));
    }
    Ok(found)
}

fn reason(why: &Why) -> String {
    match why {
        Why::Weekday(day) => day.to_string(),
        Why::Holiday(name) => format!("day off: {}", name.text()),
        Why::MakeUp { name, like } => format!("worked in exchange for {}, as a {like}", name.text()),
        Why::ByDate(name) => name.text().to_owned(),
    }
}

/// The same for people and for programs.
fn windows(calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>, text: &mut String, run: &Run) -> Vec<Value> {
    let zone = run.timezone;
    let windows = match between(calendar, from, to) {
        Ok(windows) => windows,
        Err(trouble) => {
            text.push_str(&format!("  {trouble}\n"));
            return Vec::new();
        }
    };
    text.push_str(&format!("  by the calendar {}\n", calendar.name()));
    for (place, window) in windows.iter().enumerate() {
        if windows.len() > WINDOWS && place == WINDOWS / 2 {
            text.push_str(&format!("    … {} more\n", windows.len() - WINDOWS));
        }
        if windows.len() > WINDOWS && (WINDOWS / 2..windows.len() - WINDOWS / 2).contains(&place) {
            continue;
        }
        let secs = (window.to - window.from).num_seconds();
        text.push_str(&format!(
            "    {} to {} ({}, {})\n",
            local(window.from, zone),
            local(window.to, zone),
            length(secs),
            window.why
        ));
    }
    windows.iter().map(|window| json!({ "from": window.from, "to": window.to, "why": window.why })).collect()
}
