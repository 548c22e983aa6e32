//! `tend action`: what is decided in reviews about figures.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::args::{ActionAddArgs, ActionListArgs, ActionWhat, Arguments};
use super::control::{place, who};
use super::failure::Failure;
use super::{connect, print};
use crate::action::{self, Archived, By, Ending, Judged, Listed, NewAction, Refused, Wanted};
use crate::figures::PartName;
use crate::jobs::layout::{Align, clip, table};
use crate::spelling::nearest;

/// Widest name and text of a list.
const NAME: usize = 12;
const WHAT: usize = 40;

/// Lists, adds or ends.
pub async fn run(arguments: &Arguments, what: &ActionWhat) -> Result<(), Failure> {
    let settings = connect::settings(arguments)?;
    let opened = connect::ready(&settings).await?;
    let mut tx = opened.db.begin("action").await?;
    let now = settings.time.source.now(&mut tx).await?;
    let (id, changed) = match what {
        ActionWhat::List(asked) => {
            let found = action::list(&mut tx, &wanted(asked), now).await?;
            return if arguments.json { print::json(&found) } else { print::text(listed(&found, asked)) };
        }
        ActionWhat::Add(asked) => add(&mut tx, asked, now).await?,
        ActionWhat::Done { id, note, by } => {
            (*id, end(&mut tx, *id, Ending::Done { note: note.as_deref() }, by.as_deref(), now).await?)
        }
        ActionWhat::Drop { id, why, by } => {
            (*id, end(&mut tx, *id, Ending::Dropped { why }, by.as_deref(), now).await?)
        }
    };
    let one = Wanted { action_id: Some(id), limit: 1, ..Wanted::default() };
    let found = action::list(&mut tx, &one, now).await?.pop();
    let found = found.ok_or(Refused::NoAction(id)).map_err(Failure::failed)?;
    tx.commit().await?;
    if arguments.json {
        return print::json(&json!({ "changed": changed, "action": found }));
    }
    print::text(said(&found, changed))
}

async fn add(conn: &mut PgConnection, asked: &ActionAddArgs, now: DateTime<Utc>) -> Result<(i64, bool), Failure> {
    let Some(review) = action::latest(conn, &asked.job, &asked.team).await? else {
        return Err(no_review(&action::jobs(conn).await?, asked));
    };
    let part = asked.part.clone().map(|(by, name)| PartName { by, name });
    let figure = review.figure(&asked.figure, part.as_ref());
    let figure = figure.ok_or_else(|| no_figure(&review, &asked.figure, part.as_ref()))?;
    let (who, from) = (asked.by.clone().unwrap_or_else(who), place());
    let by = By { who: &who, from: Some(&from) };
    let new = NewAction { review: &review, figure, what: &asked.what, owner: &asked.owner, due: asked.due, by };
    action::create(conn, &new, now).await.map_err(refused)
}

async fn end(
    conn: &mut PgConnection,
    id: i64,
    ending: Ending<'_>,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let (who, from) = (by.map_or_else(who, str::to_owned), place());
    action::close(conn, id, ending, By { who: &who, from: Some(&from) }, now).await.map_err(refused)
}

fn refused(refused: Refused) -> Failure {
    match refused {
        Refused::Database(error) => error.into(),
        other => Failure::failed(other),
    }
}

/// Which reviews there are, where the one that is meant is none of them.
fn no_review(there: &[(String, String)], asked: &ActionAddArgs) -> Failure {
    let teams = there.iter().filter(|(job, _)| *job == asked.job).map(|(_, team)| team.as_str());
    let teams: Vec<&str> = teams.filter(|team| !team.is_empty()).collect();
    let of_job = there.iter().any(|(job, _)| *job == asked.job);
    let text = if of_job {
        let help = match nearest(&asked.team, teams.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None if teams.is_empty() => "it makes none for teams".to_owned(),
            None => format!("there is one for {}", teams.join(", ")),
        };
        format!("{} has made no review for the team {:?}; {help}", asked.job, asked.team)
    } else {
        let mut jobs: Vec<&str> = there.iter().map(|(job, _)| job.as_str()).collect();
        jobs.dedup();
        let help = match nearest(&asked.job, jobs.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None if jobs.is_empty() => "no job has made one yet (`tend run monthly-review`)".to_owned(),
            None => format!("there are reviews of {}", jobs.join(", ")),
        };
        format!("no review was made by a job {:?}; {help}", asked.job)
    };
    Failure::failed(anyhow::anyhow!(text))
}

/// Which figures the review has, where the one that is meant is none of them.
fn no_figure(review: &Archived, name: &str, part: Option<&PartName>) -> Failure {
    let wanted = part.map_or_else(|| name.to_owned(), |part| format!("{name} --part {part}"));
    let option = |figure: &Judged| match &figure.part {
        Some(part) => format!("{} --part {part}", figure.name),
        None => figure.name.clone(),
    };
    let same: Vec<String> = review.figures.iter().filter(|figure| figure.name == name).map(option).collect();
    let mut all: Vec<&str> = review.figures.iter().map(|figure| figure.name.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    let help = match nearest(name, all.iter().copied()) {
        _ if !same.is_empty() => format!("there is {}", same.join(", ")),
        Some(near) => format!("did you mean {near}?"),
        None => format!("there are {}", all.join(", ")),
    };
    Failure::failed(anyhow::anyhow!("the review {} of {} has no figure {wanted}; {help}", review.period, review.job))
}

fn wanted(asked: &ActionListArgs) -> Wanted<'_> {
    Wanted {
        job: asked.job.as_deref(),
        team: asked.team.as_deref(),
        owner: asked.of.as_deref(),
        open: !asked.all,
        limit: asked.limit,
        ..Wanted::default()
    }
}

fn said(found: &Listed, changed: bool) -> String {
    let (id, already) = (found.action_id, if changed { "" } else { " already" });
    if found.state != "open" {
        return format!("Action {id} is {}{already}.", found.state);
    }
    let target = found.target.as_ref().map_or_else(String::new, |target| format!(", target {target}"));
    let (about, value) = (about(found), found.value_shown("en"));
    let head = format!("Action {id} is there{already}: {about} in {} was {value}{target}; ", review(found));
    format!("{head}{} sees to it by {}.", found.owner_id, found.due_on)
}

fn about(found: &Listed) -> String {
    found.part().map_or_else(|| found.figure.clone(), |part| format!("{} {part}", found.figure))
}

fn review(found: &Listed) -> String {
    let team = if found.team.is_empty() { String::new() } else { format!(" ({})", found.team) };
    format!("{} {}{team}", found.job, found.period)
}

fn listed(found: &[Listed], asked: &ActionListArgs) -> String {
    if found.is_empty() {
        return if asked.all { "No such actions." } else { "No such actions are open." }.to_owned();
    }
    let head =
        ["action", "state", "due", "who", "figure", "was", "target", "what", "review"].map(str::to_owned).to_vec();
    let rows = found.iter().map(|one| {
        vec![
            one.action_id.to_string(),
            if one.overdue { "overdue".to_owned() } else { one.state.clone() },
            one.due_on.to_string(),
            clip(one.owner_shown(), NAME),
            about(one),
            one.value_shown("en"),
            one.target.clone().unwrap_or_default(),
            clip(&one.what, WHAT),
            review(one),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let more = if i64::try_from(found.len()) == Ok(asked.limit) {
        "There may be more: --limit N shows more of them.\n"
    } else {
        ""
    };
    table(&[Align::Right], &rows) + more
}
