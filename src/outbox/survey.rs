//! What a message asks and what follows from an answer, as the job file says it. The kind that reads job files makes it
//! (`[survey]`, `[invitation]`), it is stored with the spec (`tend.spec.asks`), and links, templates and the page behind
//! them read it there: the message keeps asking what it asked when it was sent, whatever the file says since.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::template::nearest;

/// The words of a text that is the same in every language.
pub const ANY_LANGUAGE: &str = "";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Of which sort.
    pub kind: Kind,
    /// The question.
    pub question: Words,
    /// The reasons to choose from, in order; an invitation has none.
    pub reasons: Vec<Reason>,
    /// Whether there is room for words of the customer's own.
    pub comment: bool,
    /// How long the links work from the sending on, seconds.
    pub link_ttl_secs: i64,
    /// What follows from an answer; the first that fits.
    pub on_answer: Vec<Follow>,
}

/// Sorts of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Satisfaction, 1 to 5.
    Csat,
    /// Would you recommend us, 0 to 10.
    Nps,
    /// One of the reasons.
    Choice,
    /// Yes or no.
    Invitation,
}

/// A text by language; [`ANY_LANGUAGE`] alone: the same in every one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(pub BTreeMap<String, String>);

/// A reason to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What is recorded.
    pub name: String,
    /// What customers read.
    pub words: Words,
}

/// What follows from which answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// From these scores, both included; none: from any.
    pub scores: Option<(i16, i16)>,
    /// From this reason, or accepted or declined; none: from any.
    pub choice: Option<String>,
    /// The task that is made.
    pub create_task: TaskOrder,
}

/// A task for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskOrder {
    /// As `tend.task.kind`.
    pub kind: String,
    /// Whose it is: owner, supervisor, assignee, or a team of the company.
    pub to: String,
    /// One line.
    pub title: String,
    /// Within which time from the answer, seconds.
    pub due_secs: i64,
}

/// What a customer answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// Of csat and nps.
    pub score: Option<i16>,
    /// A reason; of an invitation accepted or declined.
    pub choice: Option<String>,
}

impl Kind {
    /// As `tend.answer.survey` says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csat => "csat",
            Self::Nps => "nps",
            Self::Choice => "choice",
            Self::Invitation => "invitation",
        }
    }

    /// The scores there are, both included; none for those without.
    #[must_use]
    pub const fn scores(self) -> Option<(i16, i16)> {
        match self {
            Self::Csat => Some((1, 5)),
            Self::Nps => Some((0, 10)),
            Self::Choice | Self::Invitation => None,
        }
    }
}

/// The answers to an invitation.
pub const ACCEPTED: &str = "accepted";
/// See [`ACCEPTED`].
pub const DECLINED: &str = "declined";

impl Words {
    /// The words nearest to a language, with the language they are in; none in any: empty.
    #[must_use]
    pub fn nearest(&self, locale: &str) -> (&str, &str) {
        let found = nearest(locale, self.0.keys().map(String::as_str));
        found.map_or(("", ""), |tag| (tag, self.0[tag].as_str()))
    }
}

impl Survey {
    /// All that can be answered by one press of a button, as links and forms carry it: the scores, the reasons where the
    /// question is for one, accepted and declined.
    #[must_use]
    pub fn buttons(&self) -> Vec<String> {
        match (self.kind, self.kind.scores()) {
            (_, Some((least, most))) => (least..=most).map(|score| score.to_string()).collect(),
            (Kind::Invitation, None) => vec![ACCEPTED.to_owned(), DECLINED.to_owned()],
            (_, None) => self.reasons.iter().map(|reason| reason.name.clone()).collect(),
        }
    }

    /// What a form says; none when it is not one of the answers there are. `reason` may be left out where a score is asked.
    #[must_use]
    pub fn given(&self, answer: Option<&str>, reason: Option<&str>) -> Option<Given> {
        let answer = answer.filter(|answer| self.buttons().iter().any(|button| button == answer))?;
        if self.kind.scores().is_none() {
            return Some(Given { score: None, choice: Some(answer.to_owned()) });
        }
        let choice = reason.filter(|reason| !reason.is_empty()).map(str::to_owned);
        let known = choice.as_ref().is_none_or(|choice| self.reasons.iter().any(|reason| reason.name == *choice));
        known.then_some(Given { score: answer.parse().ok(), choice })
    }

    /// The first of what follows that fits an answer.
    #[must_use]
    pub fn follows(&self, given: &Given) -> Option<&Follow> {
        self.on_answer.iter().find(|follow| follow.fits(given))
    }
}

impl Follow {
    fn fits(&self, given: &Given) -> bool {
        let scored = |(least, most): (i16, i16)| given.score.is_some_and(|score| (least..=most).contains(&score));
        self.scores.is_none_or(scored)
            && self.choice.as_ref().is_none_or(|choice| given.choice.as_ref() == Some(choice))
    }
}

/// What the messages of a spec ask; none: nothing, or nothing that this version of tend can read.
///
/// # Errors
/// When the database cannot be asked.
pub async fn of_spec(conn: &mut PgConnection, spec_hash: &str) -> sqlx::Result<Option<Arc<Survey>>> {
    let asks = sqlx::query_scalar!("select asks from tend.spec where hash = $1", spec_hash);
    let asks = asks.fetch_optional(conn).await?.flatten();
    Ok(read(asks))
}

/// The same of what a job says of itself.
#[must_use]
pub fn read(asks: Option<serde_json::Value>) -> Option<Arc<Survey>> {
    asks.and_then(|asks| serde_json::from_value(asks).ok()).map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(kind: Kind) -> Survey {
        let reason = |name: &str| Reason { name: name.into(), words: Words::default() };
        let task = TaskOrder { kind: "callback".into(), to: "owner".into(), title: "Call".into(), due_secs: 60 };
        let reasons = if kind == Kind::Invitation { Vec::new() } else { vec![reason("price"), reason("service")] };
        let follow = |scores, choice: Option<&str>| Follow {
            scores,
            choice: choice.map(str::to_owned),
            create_task: task.clone(),
        };
        Survey {
            kind,
            question: Words::default(),
            reasons,
            comment: true,
            link_ttl_secs: 60,
            on_answer: vec![follow(Some((0, 6)), None), follow(None, Some("service"))],
        }
    }

    #[test]
    fn only_answers_there_are_are_taken() {
        let nps = survey(Kind::Nps);
        assert_eq!(nps.given(Some("10"), None).map(|given| given.score), Some(Some(10)));
        assert_eq!(nps.given(Some("0"), Some("")).and_then(|given| given.choice), None);
        for wrong in ["11", "-1", "01", "", "7.5", " 7", "seven", "99999999999999999999"] {
            assert_eq!(nps.given(Some(wrong), None), None, "{wrong:?}");
        }
        assert_eq!(nps.given(Some("7"), Some("weather")), None);
        assert_eq!(survey(Kind::Csat).given(Some("0"), None), None);
        let choice = survey(Kind::Choice).given(Some("price"), None);
        assert_eq!(choice, Some(Given { score: None, choice: Some("price".into()) }));
        assert_eq!(survey(Kind::Invitation).given(Some("price"), None), None);
        assert!(survey(Kind::Invitation).given(Some(ACCEPTED), None).is_some());
        assert_eq!(nps.given(None, Some("price")), None);
    }

    #[test]
    fn the_first_that_fits_follows() {
        let nps = survey(Kind::Nps);
        let of = |score, choice: Option<&str>| {
            let given = Given { score: Some(score), choice: choice.map(str::to_owned) };
            nps.on_answer.iter().position(|follow| Some(follow) == nps.follows(&given))
        };
        assert_eq!(of(6, Some("service")), Some(0));
        assert_eq!(of(7, Some("service")), Some(1));
        assert_eq!(of(7, None), None);
    }
}
