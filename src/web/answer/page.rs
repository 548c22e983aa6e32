//! The pages of a question, in the customer's language.

use axum::http::StatusCode;
use axum::response::Response;
use minijinja::{Value, context};

use super::{MOST_WORDS, Question, Said};
use crate::outbox::survey::{ACCEPTED, DECLINED, Kind};
use crate::outbox::template::render_line;
use crate::web::Shared;
use crate::web::form::Form;
use crate::web::visitor::{Visitor, language};

/// What is wrong with what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was chosen.
    Nothing,
    /// The comment is too long.
    TooLong,
}

/// What stands in the form already.
#[derive(Debug, Clone, Default)]
pub struct Filled {
    answer: String,
    reason: String,
    comment: String,
    /// There is an answer, which this one changes.
    changes: bool,
}

impl Filled {
    /// What was answered before, with what a link chose instead.
    pub fn of(question: &Question, chosen: Option<String>) -> Self {
        let said = question.before.as_ref().map(|before| before.said.clone());
        let mut filled = said.as_ref().map_or_else(Self::default, |said| Self {
            answer: answer_of(said, question.survey.kind),
            reason: said.given.choice.clone().filter(|_| said.given.score.is_some()).unwrap_or_default(),
            comment: said.comment.clone().unwrap_or_default(),
            changes: true,
        });
        if let Some(chosen) = chosen.filter(|chosen| question.survey.buttons().contains(chosen)) {
            filled.answer = chosen;
        }
        filled
    }

    /// What was sent and could not be taken.
    pub fn from_form(question: &Question, form: &Form, comment: &str) -> Self {
        let text = |name: &str| form.first(name).unwrap_or_default().to_owned();
        let comment = comment.chars().take(MOST_WORDS * 2).collect();
        Self { answer: text("answer"), reason: text("reason"), comment, changes: question.before.is_some() }
    }
}

/// The button an answer stands for.
fn answer_of(said: &Said, kind: Kind) -> String {
    match (kind.scores(), said.given.score) {
        (Some(_), Some(score)) => score.to_string(),
        _ => said.given.choice.clone().unwrap_or_default(),
    }
}

/// The pages of one question.
pub struct Page<'s> {
    shared: &'s Shared,
    question: &'s Question,
    /// What the customer reads, which the question may have and the pages not.
    reads: String,
    language: &'static str,
}

impl<'s> Page<'s> {
    pub fn new(shared: &'s Shared, question: &'s Question, visitor: &Visitor) -> Self {
        let reads = question.reads.clone().unwrap_or_else(|| visitor.language().to_owned());
        Self { shared, question, language: language(&reads), reads }
    }

    pub fn language(&self) -> &'static str {
        self.language
    }

    fn words(&self, key: &str) -> String {
        self.shared.pages.words(self.language, key, &[])
    }

    fn show(&self, template: &str, status: StatusCode, values: Value) -> Response {
        self.shared.pages.show(self.shared, template, self.language, status, values)
    }

    /// The question with all that can be answered.
    pub fn form(&self, status: StatusCode, filled: &Filled, fault: Option<Fault>) -> Response {
        let survey = &self.question.survey;
        let fault = fault.map(|fault| match (fault, survey.kind.scores()) {
            (Fault::TooLong, _) => self.words("too_many_words"),
            (Fault::Nothing, Some(_)) => self.words("choose_score"),
            (Fault::Nothing, None) => self.words("choose_answer"),
        });
        let values = context! {
            title => render_line(survey.question.nearest(&self.reads).1, &self.question.data), fault, kind => survey.kind.as_str(),
            buttons => self.buttons(filled), least => self.words(&format!("{}_least", survey.kind.as_str())),
            most => self.words(&format!("{}_most", survey.kind.as_str())),
            reasons => self.reasons(filled), reasons_title => self.words("reasons_title"),
            comment => survey.comment, comment_title => self.words("comment_title"), written => filled.comment.as_str(),
            most_words => MOST_WORDS, submit => self.words("submit"),
            note => self.words(if filled.changes { "changes_note" } else { "submit_note" }),
        };
        self.show("survey.html", status, values)
    }

    /// Scores, reasons where the question is for one, yes and no.
    fn buttons(&self, filled: &Filled) -> Vec<Value> {
        let button = |answer: String| {
            let on = answer == filled.answer;
            let words = self.worded(&answer);
            context! { answer, words, on }
        };
        self.question.survey.buttons().into_iter().map(button).collect()
    }

    /// The words of an answer.
    fn worded(&self, answer: &str) -> String {
        let survey = &self.question.survey;
        match (survey.kind, answer) {
            (Kind::Csat, score) => self.words(&format!("csat_{score}")),
            (Kind::Nps, score) => score.to_owned(),
            (Kind::Invitation, ACCEPTED) => self.words("accept"),
            (Kind::Invitation, _) => self.words("decline"),
            (Kind::Choice, name) => self.reason(name),
        }
    }

    fn reason(&self, name: &str) -> String {
        let found = self.question.survey.reasons.iter().find(|reason| reason.name == name);
        found.map_or_else(String::new, |reason| reason.words.nearest(&self.reads).1.to_owned())
    }

    /// The reasons beside a score, and to give none.
    fn reasons(&self, filled: &Filled) -> Vec<Value> {
        let survey = &self.question.survey;
        if survey.kind.scores().is_none() || survey.reasons.is_empty() {
            return Vec::new();
        }
        let one = |name: &str, words: String| context! { name, words, on => name == filled.reason };
        let named = survey.reasons.iter().map(|reason| one(&reason.name, self.reason(&reason.name)));
        named.chain([one("", self.words("no_reason"))]).collect()
    }

    /// It was recorded.
    pub fn thanks(&self, said: &Said) -> Response {
        let answer = answer_of(said, self.question.survey.kind);
        let (title, lead) = match answer.as_str() {
            ACCEPTED if self.question.survey.kind == Kind::Invitation => ("accepted_title", "accepted_lead"),
            DECLINED if self.question.survey.kind == Kind::Invitation => ("declined_title", "declined_lead"),
            _ => ("thanks_title", "thanks_lead"),
        };
        let worded = self.worded(&answer);
        let reason = said.given.score.and(said.given.choice.as_deref()).map(|name| self.reason(name));
        let values = context! {
            title => self.words(title), lead => self.words(lead), done => true,
            answer => reason.map_or_else(|| worded.clone(), |reason| format!("{worded} · {reason}")),
            answer_words => self.words("your_answer"), change => self.words("change"), change_note => self.words("change_note"),
        };
        self.show("answered.html", StatusCode::OK, values)
    }

    /// It was answered long ago.
    pub fn closed(&self, status: StatusCode) -> Response {
        self.shared.pages.note(self.shared, self.language, "answered", status)
    }
}
