//! What templates show of a survey or an invitation: the question, and the links by which it is answered.

use std::ops::Range;
use std::sync::Arc;

use minijinja::Value;
use serde_json::Value as Json;

use super::render_line;
use super::scan::{Tag, TagKind, Token};
use crate::outbox::survey::{ACCEPTED, DECLINED, Kind, Survey};

/// What a message asks.
#[derive(Debug, Clone)]
pub struct Asks {
    /// The page where it is answered.
    pub url: String,
    /// The question.
    pub survey: Arc<Survey>,
}

/// Whether the messages of a job ask something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Asking {
    /// They do not.
    #[default]
    Nothing,
    /// `[survey]`.
    Survey,
    /// `[invitation]`.
    Invitation,
}

impl Asks {
    /// The page with an answer chosen already; nothing is recorded by opening it.
    fn chosen(&self, answer: &str) -> String {
        reqwest::Url::parse_with_params(&self.url, [("a", answer)]).map_or_else(|_| self.url.clone(), String::from)
    }

    /// The variable and its value, worded for a language.
    pub(super) fn value(&self, locale: &str, data: &Json) -> (&'static str, Value) {
        let survey = &self.survey;
        let mut value = vec![
            ("url", Value::from(self.url.as_str())),
            ("question", Value::from(render_line(survey.question.nearest(locale).1, data))),
        ];
        if survey.kind == Kind::Invitation {
            value.extend([("accept", self.chosen(ACCEPTED).into()), ("decline", self.chosen(DECLINED).into())]);
            return ("invitation", Value::from_pairs(value));
        }
        let link = |answer: String| {
            let reason = survey.reasons.iter().find(|reason| reason.name == answer && survey.kind == Kind::Choice);
            let words = reason.map_or_else(|| answer.clone(), |reason| reason.words.nearest(locale).1.to_owned());
            let mut link = vec![("url", Value::from(self.chosen(&answer))), ("words", Value::from(words))];
            if survey.kind.scores().is_some() {
                link.push(("score", Value::from(answer.parse::<i64>().unwrap_or_default())));
            }
            Value::from_pairs(link)
        };
        value.push(("links", survey.buttons().into_iter().map(link).collect()));
        ("survey", Value::from_pairs(value))
    }
}

impl Asking {
    /// The variables there are.
    pub(super) const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::Survey => &["survey.url", "survey.links", "survey.question"],
            Self::Invitation => &["invitation.url", "invitation.accept", "invitation.decline", "invitation.question"],
        }
    }

    /// Those of them that lead to the page.
    fn links(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::Survey => &["survey.url", "survey.links"],
            Self::Invitation => &["invitation.url", "invitation.accept"],
        }
    }

    /// What a file lacks that shows no way to answer, and what to do.
    pub(super) fn unanswerable(self, source: &str, tags: &[Tag]) -> Option<(&'static str, &'static str)> {
        let mut words = tags.iter().flat_map(|tag| &tag.tokens).filter(|(token, _)| *token == Token::Word);
        if words.any(|(_, range)| self.links().iter().any(|link| begins(&source[range.clone()], link))) {
            return None;
        }
        match self {
            Self::Nothing => None,
            Self::Survey => Some((
                "the job asks something and this file shows no link to answer",
                "add {{ survey.url }}, or {% for link in survey.links %}<a href=\"{{ link.url }}\">{{ link.words }}</a>{% endfor %}",
            )),
            Self::Invitation => Some((
                "the job invites and this file shows no link to answer",
                "add {{ invitation.accept }} and {{ invitation.decline }}, or {{ invitation.url }}",
            )),
        }
    }

    /// Why a variable of this sort is unknown.
    pub(super) fn help(self, name: &str) -> Option<&'static str> {
        let root = name.split('.').next().unwrap_or(name);
        match (self, root) {
            (Self::Survey, "invitation") => Some("the job has a [survey], whose links are survey.url and survey.links"),
            (Self::Invitation, "survey") => {
                Some("the job has an [invitation], whose links are invitation.accept and invitation.decline")
            }
            (Self::Nothing, "survey") => Some("add [survey] to the job file: what is asked, and of which sort"),
            (Self::Nothing, "invitation") => Some("add [invitation] to the job file: what the customer is invited to"),
            _ => None,
        }
    }
}

fn begins(word: &str, variable: &str) -> bool {
    word.strip_prefix(variable).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The loop variables that stand for a link: `link` in `{% for link in survey.links %}`.
pub(super) fn loop_links<'s>(source: &'s str, tags: &[Tag]) -> Vec<&'s str> {
    let word = |at: Option<&(Token, Range<usize>)>| at.map(|(_, range)| &source[range.clone()]);
    let loops = tags.iter().filter(|tag| tag.kind == TagKind::Statement && tag.keyword(source) == Some("for"));
    let over = loops.filter(|tag| word(tag.tokens.get(3)) == Some("survey.links"));
    over.filter_map(|tag| word(tag.tokens.get(1))).collect()
}
