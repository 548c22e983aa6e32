//! `/u/TOKEN`: GET shows what can be stopped, POST stops it; mail programs post `List-Unsubscribe=One-Click` (RFC 8058).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use minijinja::{Value, context};

use super::choice::{self, About, Origin};
use super::form::Form;
use super::topics::{called, can_be_stopped};
use super::visitor::{Visitor, reads};
use super::{Counts, Shared};
use crate::outbox::link::{Bearer, Purpose};
use crate::settings::OneClick;

pub fn methods() -> MethodRouter<Arc<Shared>> {
    get(show).post(act)
}

async fn show(State(shared): State<Arc<Shared>>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let bearer = match visitor.bearer(&shared, Purpose::Unsubscribe, &token) {
        Ok(bearer) => bearer,
        Err(refused) => return *refused,
    };
    let _turn = shared.turn().await;
    let page = async {
        let mut conn = shared.db.pool().acquire().await?;
        let page = Page::new(&shared, &bearer, reads(&mut conn, &bearer, &visitor).await?);
        Ok::<_, sqlx::Error>(if can_be_stopped(&bearer.purpose) { page.ask() } else { page.owed() })
    };
    page.await.unwrap_or_else(|error| shared.pages.trouble(&shared, visitor.language(), &error))
}

/// What a POST asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    OneClick,
    Topic,
    All,
    AgainTopic,
    AgainAll,
}

impl Act {
    fn of(form: &Form) -> Option<Self> {
        if form.first("List-Unsubscribe") == Some("One-Click") {
            return Some(Self::OneClick);
        }
        match form.first("action")? {
            "topic" => Some(Self::Topic),
            "all" => Some(Self::All),
            "again_topic" => Some(Self::AgainTopic),
            "again_all" => Some(Self::AgainAll),
            _ => None,
        }
    }
}

async fn act(State(shared): State<Arc<Shared>>, Path(token): Path<String>, visitor: Visitor, form: Form) -> Response {
    let bearer = match visitor.bearer(&shared, Purpose::Unsubscribe, &token) {
        Ok(bearer) => bearer,
        Err(refused) => return *refused,
    };
    let Some(act) = Act::of(&form) else {
        return shared.pages.note(&shared, visitor.language(), "bad_request", StatusCode::BAD_REQUEST);
    };
    let _turn = shared.turn().await;
    let done = carried_out(&shared, &bearer, act, &visitor).await;
    done.unwrap_or_else(|error| shared.pages.trouble(&shared, visitor.language(), &error))
}

async fn carried_out(shared: &Shared, bearer: &Bearer, act: Act, visitor: &Visitor) -> sqlx::Result<Response> {
    let mut tx = shared.db.begin("public/unsubscribe").await?;
    let at = shared.clock.now(&mut tx).await?;
    let page = Page::new(shared, bearer, reads(&mut tx, bearer, visitor).await?);
    if !can_be_stopped(&bearer.purpose) {
        return Ok(page.owed());
    }
    let all = match act {
        Act::OneClick => shared.settings.one_click == OneClick::All,
        Act::All | Act::AgainAll => true,
        Act::Topic | Act::AgainTopic => false,
    };
    let granted = matches!(act, Act::AgainTopic | Act::AgainAll);
    let topic = if all { String::new() } else { bearer.topic.clone() };
    let about = About { purpose: bearer.purpose.clone(), topic, channel: bearer.channel.clone() };
    let shown = page.wording(granted);
    let (source, wording) =
        if act == Act::OneClick { ("one_click", None) } else { ("page", Some((page.language, shown.as_str()))) };
    let origin = Origin { source, message: bearer.message, wording, at };
    let written = choice::record(&mut tx, bearer, &about, granted, &origin).await?;
    tx.commit().await?;
    if written {
        Counts::add(&shared.counts.recorded);
    }
    Ok(if granted { page.again() } else { page.stopped(all) })
}

/// The page in one language.
struct Page<'s> {
    shared: &'s Shared,
    language: &'static str,
    topic: String,
    channel: String,
    purpose: String,
    preferences: String,
}

impl<'s> Page<'s> {
    fn new(shared: &'s Shared, bearer: &Bearer, language: &'static str) -> Self {
        let words = |key: &str| shared.pages.words(language, key, &[]);
        Self {
            topic: called(&shared.settings, &bearer.topic, language),
            channel: words(&bearer.channel),
            purpose: words(&bearer.purpose),
            preferences: shared.links.preferences(bearer),
            shared,
            language,
        }
    }

    fn words(&self, key: &str) -> String {
        let names = [("topic", self.topic.as_str()), ("channel", &self.channel), ("purpose", &self.purpose)];
        self.shared.pages.words(self.language, key, &names)
    }

    /// All that a customer chose between, as evidence.
    fn wording(&self, granted: bool) -> String {
        let keys: &[&str] = match granted {
            true => &["stopped_title", "again"],
            false => &["unsubscribe_title", "unsubscribe_lead", "stop_topic", "stop_all", "stop_note"],
        };
        keys.iter().map(|key| self.words(key)).collect::<Vec<_>>().join("\n")
    }

    fn ask(&self) -> Response {
        let buttons = [("topic", "stop_topic"), ("all", "stop_all")];
        self.show("unsubscribe_title", "unsubscribe_lead", &buttons, Some("stop_note"), false)
    }

    fn stopped(&self, all: bool) -> Response {
        let (lead, action) = if all { ("stopped_all", "again_all") } else { ("stopped_topic", "again_topic") };
        self.show("stopped_title", lead, &[(action, "again")], None, true)
    }

    fn again(&self) -> Response {
        self.show("again_title", "again_lead", &[], None, true)
    }

    fn owed(&self) -> Response {
        self.show("owed_title", "owed_lead", &[], None, false)
    }

    fn show(&self, title: &str, lead: &str, buttons: &[(&str, &str)], note: Option<&str>, done: bool) -> Response {
        let button = |(action, words): &(&str, &str)| context! { action => *action, words => self.words(words) };
        let values = context! {
            title => self.words(title), lead => self.words(lead), note => note.map(|note| self.words(note)), done,
            buttons => buttons.iter().map(button).collect::<Vec<Value>>(),
            preferences => self.preferences.as_str(), preferences_words => self.words("preferences_link"),
        };
        self.shared.pages.show(self.shared, "unsubscribe.html", self.language, StatusCode::OK, values)
    }
}
