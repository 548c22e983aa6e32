//! `[survey]` and `[invitation]`: what a message asks, and what follows from an answer.

use std::collections::BTreeSet;

mod schema;

pub(super) use schema::schema;

use super::words;
use crate::jobfile::duration::Span;
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::outbox::survey::{ACCEPTED, DECLINED, Follow, Kind, Reason, Survey, TaskOrder, Words};
use crate::outbox::template::{Asking, Known, check_line};

/// How long the links work where the file does not say it.
const LINK_TTL: Span = Span::days(30);
/// Whoever answers later means something else.
const LONGEST_TTL: Span = Span::days(365);
/// A task that is due later is none.
const LONGEST_DUE: Span = Span::days(90);
/// More reasons are not read.
const MOST_REASONS: usize = 12;
/// Longest name of a reason, bytes: links carry it.
const LONGEST_NAME: usize = 60;

const KINDS: [(&str, Kind); 3] = [("csat", Kind::Csat), ("nps", Kind::Nps), ("choice", Kind::Choice)];
const TASKS: [(&str, ()); 1] = [("callback", ())];
const ANSWERS: [(&str, &str); 2] = [(ACCEPTED, ACCEPTED), (DECLINED, DECLINED)];
const QUESTION: &str = "{ zh-CN = \"…\", en = \"…\" }";
const TASK: &str = "{ kind = \"callback\", to = \"owner\", title = \"Call back\", due = \"24h\" }";

/// Reads `[survey]` or `[invitation]`; none inside when the file has neither, none at all when something is wrong.
/// `languages` are those the templates have; none: they are not known.
pub(super) fn read(file: &mut Reader<'_>, languages: &BTreeSet<String>) -> Option<Option<Survey>> {
    if file.has("survey") && file.has("invitation") {
        let help = "one question a message: make it two files".to_owned();
        file.problem_with_key("invitation", "a message has a [survey] or an [invitation], not both", Some(help));
        file.leave(&["survey", "invitation"]);
        return None;
    }
    let before = file.problems();
    let survey = match (file.has("survey"), file.has("invitation")) {
        (true, _) => file.table("survey").and_then(|table| read_survey(table, languages)),
        (_, true) => file.table("invitation").and_then(|table| read_invitation(table, languages)),
        _ => return Some(None),
    };
    (file.problems() == before).then_some(Some(survey?))
}

/// What is wrong with the variables of a question, once it is known what there is.
pub(super) fn check(file: &mut Reader<'_>, survey: &Survey, known: &Known) {
    let key = if survey.kind == Kind::Invitation { "invitation" } else { "survey" };
    let problems = survey.question.0.values().flat_map(|text| check_line(text, known));
    let mut said = Vec::new();
    for problem in problems.map(|problem| (problem.message, problem.help)) {
        if !said.contains(&problem) {
            said.push(problem);
        }
    }
    if let Some(mut table) = file.table(key) {
        for (message, help) in said {
            table.problem("question", message, help);
        }
        let keys = table.keys();
        table.leave(&keys);
        table.finish();
    }
}

/// What templates may use of it.
pub(super) fn asking(file: &Reader<'_>) -> Asking {
    match (file.has("survey"), file.has("invitation")) {
        (true, _) => Asking::Survey,
        (_, true) => Asking::Invitation,
        _ => Asking::Nothing,
    }
}

fn read_survey(mut table: Reader<'_>, languages: &BTreeSet<String>) -> Option<Survey> {
    table.required("kind", "\"csat\"");
    let kind = table.choice("kind", &KINDS);
    let question = question(&mut table, languages);
    let reasons = reasons(&mut table, languages);
    if kind == Some(Kind::Choice) && reasons.is_empty() && !table.has("reasons") {
        table.missing("reasons", "[\"Price\", \"Quality\"]");
    }
    let survey = rest(&mut table, kind, &reasons);
    table.finish();
    let (kind, survey) = (kind?, survey?);
    Some(Survey { kind, question: question?, reasons, ..survey })
}

fn read_invitation(mut table: Reader<'_>, languages: &BTreeSet<String>) -> Option<Survey> {
    let question = question(&mut table, languages);
    let survey = rest(&mut table, Some(Kind::Invitation), &[]);
    table.finish();
    Some(Survey { question: question?, ..survey? })
}

/// What surveys and invitations share.
fn rest(table: &mut Reader<'_>, kind: Option<Kind>, reasons: &[Reason]) -> Option<Survey> {
    let comment = table.bool("comment").unwrap_or(false);
    let ttl = table.duration("link_ttl").unwrap_or(LINK_TTL);
    if ttl.as_seconds() == 0 || ttl > LONGEST_TTL {
        let help = "a length of time from \"1h\" to \"365d\"; default 30d".to_owned();
        table.problem("link_ttl", "nobody could answer, or for far too long", Some(help));
    }
    let mut follows = Vec::new();
    for mut follow in table.tables("on_answer") {
        let before = follow.problems();
        let read = read_follow(&mut follow, kind, reasons);
        if follow.problems() > before {
            let keys = follow.keys();
            follow.leave(&keys);
        }
        follow.finish();
        follows.push(read);
    }
    let on_answer: Option<Vec<Follow>> = follows.into_iter().collect();
    Some(Survey {
        kind: kind?,
        question: Words::default(),
        reasons: Vec::new(),
        comment,
        link_ttl_secs: ttl.as_seconds(),
        on_answer: on_answer?,
    })
}

fn question(table: &mut Reader<'_>, languages: &BTreeSet<String>) -> Option<Words> {
    let node = table.required("question", QUESTION)?;
    words::required(table, "question", node, languages, &[])
}

/// `["Price", { name = "service", zh-CN = "服务", en = "Service" }]`
fn reasons(table: &mut Reader<'_>, languages: &BTreeSet<String>) -> Vec<Reason> {
    const EXAMPLE: &str = "[{ name = \"price\", zh-CN = \"价格\", en = \"Price\" }]";
    if !table.has("reasons") {
        return Vec::new();
    }
    let Some(elements) = table.list("reasons", EXAMPLE) else { return Vec::new() };
    let mut found: Vec<Reason> = Vec::new();
    for node in elements {
        let Some(words) = words::required(table, "reasons", node, languages, &["name"]) else { continue };
        let name = match node.get_ref().as_table() {
            None => node.get_ref().as_str(),
            Some(entries) => entries.get("name").and_then(|name| name.get_ref().as_str()),
        };
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME) else {
            let help = format!("what is recorded and reported, at most {LONGEST_NAME} bytes: {EXAMPLE}");
            table.note(node.span(), "a reason needs a short `name`", Some(help));
            continue;
        };
        if found.iter().any(|reason| reason.name == name) {
            table.note(node.span(), format!("there is a reason named {name:?} already"), None);
        }
        found.push(Reason { name: name.to_owned(), words });
    }
    if elements.len() > MOST_REASONS || elements.is_empty() {
        let help = Some(format!("from 1 to {MOST_REASONS} reasons; {EXAMPLE}"));
        table.problem("reasons", "nobody can choose among so many reasons, or none", help);
    }
    found
}

/// `{ score = { at_most = 6 }, create_task = { … } }`
fn read_follow(follow: &mut Reader<'_>, kind: Option<Kind>, reasons: &[Reason]) -> Option<Follow> {
    let before = follow.problems();
    let invited = kind == Some(Kind::Invitation);
    let key = if invited { "answer" } else { "reason" };
    let says_which = follow.has("score") || follow.has(key);
    let scores = if follow.has("score") { scores(follow, kind) } else { None };
    let choice = match follow.has(key) {
        false => None,
        true if invited => follow.choice("answer", &ANSWERS).map(str::to_owned),
        true => reason(follow, reasons),
    };
    if !says_which {
        let example = match kind {
            Some(Kind::Invitation) => "answer = \"declined\"",
            Some(Kind::Choice) => "reason = \"price\"",
            _ => "score = { at_most = 2 }",
        };
        follow.problem_here("it does not say which answers this follows from", Some(format!("for example: {example}")));
    }
    follow.required("create_task", TASK);
    let create_task = follow.table("create_task").and_then(task);
    // what was said and could not be read must not fit every answer
    (follow.problems() == before).then_some(Follow { scores, choice, create_task: create_task? })
}

fn scores(follow: &mut Reader<'_>, kind: Option<Kind>) -> Option<(i16, i16)> {
    let mut table = follow.table("score")?;
    let Some((least, most)) = kind.map_or(Some((0, 10)), Kind::scores) else {
        let keys = table.keys();
        table.leave(&keys);
        table.finish();
        follow.problem_with_key("score", "there is no score in a question of this kind", None);
        return None;
    };
    let help = format!("from {least} to {most}: score = {{ at_most = {} }}", (least + most) / 2);
    let found = table.between(i64::from(least)..=i64::from(most), "no score is meant by this", help);
    table.finish();
    found.and_then(|range| Some((i16::try_from(*range.start()).ok()?, i16::try_from(*range.end()).ok()?)))
}

fn reason(follow: &mut Reader<'_>, reasons: &[Reason]) -> Option<String> {
    let word = follow.required_string("reason", "\"price\"")?;
    if !reasons.iter().any(|reason| reason.name == word) {
        let known: Vec<&str> = reasons.iter().map(|reason| reason.name.as_str()).collect();
        follow.problem("reason", format!("there is no reason {word:?}"), Some(did_you_mean(&word, &known)));
        return None;
    }
    Some(word)
}

/// `{ kind = "callback", to = "owner", title = "…", due = "24h" }`
fn task(mut table: Reader<'_>) -> Option<TaskOrder> {
    table.required("kind", "\"callback\"");
    let kind = table.choice("kind", &TASKS).map(|()| "callback".to_owned());
    let to = table.required_string("to", "\"owner\"");
    let title = table.required_string("title", "\"Call back about a low score\"");
    table.required("due", "\"24h\"");
    let due = table.duration("due");
    if due.is_some_and(|due| due.as_seconds() == 0 || due > LONGEST_DUE) {
        let help = format!("a length of time from \"1h\" to \"{LONGEST_DUE}\"");
        table.problem("due", "nobody could do it in time, or anybody remember it", Some(help));
    }
    table.finish();
    Some(TaskOrder { kind: kind?, to: to?, title: title?, due_secs: due?.as_seconds() })
}
