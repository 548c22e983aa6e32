//! `/p/TOKEN`: GET shows what a customer gets by topic and channel, POST records what he wants instead.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use minijinja::{Value, context};
use sqlx::PgConnection;

use super::choice::{self, About, Origin, Standing};
use super::form::Form;
use super::topics::{Topic, called, can_be_stopped, in_force};
use super::visitor::{Visitor, reads};
use super::{Counts, Shared};
use crate::outbox::channel::settings::Sort;
use crate::outbox::link::{Bearer, Purpose};
use crate::outbox::policy;

/// The columns.
const CHANNELS: [Sort; 2] = [Sort::Email, Sort::Sms];
/// The groups of rows.
const PURPOSES: [policy::Purpose; 2] = [policy::Purpose::Marketing, policy::Purpose::Service];

pub fn methods() -> MethodRouter<Arc<Shared>> {
    get(show).post(act)
}

async fn show(State(shared): State<Arc<Shared>>, Path(token): Path<String>, visitor: Visitor) -> Response {
    let bearer = match visitor.bearer(&shared, Purpose::Preferences, &token) {
        Ok(bearer) => bearer,
        Err(refused) => return *refused,
    };
    let _turn = shared.turn().await;
    let page = async {
        let mut conn = shared.db.pool().acquire().await?;
        let page = Page::load(&shared, &mut conn, &bearer, &visitor).await?;
        Ok::<_, sqlx::Error>(page.render(false))
    };
    page.await.unwrap_or_else(|error| shared.pages.trouble(&shared, visitor.language(), &error))
}

async fn act(State(shared): State<Arc<Shared>>, Path(token): Path<String>, visitor: Visitor, form: Form) -> Response {
    let bearer = match visitor.bearer(&shared, Purpose::Preferences, &token) {
        Ok(bearer) => bearer,
        Err(refused) => return *refused,
    };
    if !matches!(form.first("action"), Some("save" | "none")) {
        return shared.pages.note(&shared, visitor.language(), "bad_request", StatusCode::BAD_REQUEST);
    }
    let _turn = shared.turn().await;
    let done = carried_out(&shared, &bearer, &form, &visitor).await;
    done.unwrap_or_else(|error| shared.pages.trouble(&shared, visitor.language(), &error))
}

async fn carried_out(shared: &Shared, bearer: &Bearer, form: &Form, visitor: &Visitor) -> sqlx::Result<Response> {
    let mut tx = shared.db.begin("public/preferences").await?;
    let at = shared.clock.now(&mut tx).await?;
    let page = Page::load(shared, &mut tx, bearer, visitor).await?;
    let shown = page.wording();
    let wording = Some((page.language, shown.as_str()));
    let origin = Origin { source: "preferences", message: bearer.message, wording, at };
    for (about, granted) in page.wanted(form) {
        if choice::record(&mut tx, bearer, &about, granted, &origin).await? {
            Counts::add(&shared.counts.recorded);
        }
    }
    let page = Page::load(shared, &mut tx, bearer, visitor).await?;
    tx.commit().await?;
    Ok(page.render(true))
}

/// What a customer can choose, as things stand.
struct Page<'s> {
    shared: &'s Shared,
    language: &'static str,
    standing: Vec<Standing>,
}

impl<'s> Page<'s> {
    async fn load(
        shared: &'s Shared,
        conn: &mut PgConnection,
        bearer: &Bearer,
        visitor: &Visitor,
    ) -> sqlx::Result<Self> {
        let language = reads(conn, bearer, visitor).await?;
        let mut topics = in_force(conn).await?;
        // the message that brought the customer here, though its job may have gone
        if can_be_stopped(&bearer.purpose) {
            topics.insert(Topic { purpose: bearer.purpose.clone(), name: bearer.topic.clone() });
        }
        let about = topics.iter().flat_map(|topic| {
            CHANNELS.map(|channel| About {
                purpose: topic.purpose.clone(),
                topic: topic.name.clone(),
                channel: channel.as_str().to_owned(),
            })
        });
        let standing = choice::standing(conn, &bearer.customer_id, &about.collect::<Vec<_>>()).await?;
        Ok(Self { shared, language, standing })
    }

    /// What the form changes: of what it showed, what is no longer as it stands. "Nothing at all" is said about every
    /// topic there may ever be.
    fn wanted(&self, form: &Form) -> Vec<(About, bool)> {
        if form.first("action") == Some("none") {
            let every =
                PURPOSES.iter().flat_map(|purpose| CHANNELS.map(|channel| (purpose.as_str(), channel.as_str())));
            let about = |(purpose, channel): (&str, &str)| About {
                purpose: purpose.to_owned(),
                topic: String::new(),
                channel: channel.to_owned(),
            };
            return every.map(|all| (about(all), false)).collect();
        }
        let shown = self.standing.iter().filter(|one| form.all("shown").any(|shown| shown == key(&one.about)));
        let asked = shown.map(|one| (one, form.all("on").any(|on| on == key(&one.about))));
        asked.filter(|(one, on)| one.on != *on).map(|(one, on)| (one.about.clone(), on)).collect()
    }

    fn words(&self, key: &str) -> String {
        self.shared.pages.words(self.language, key, &[])
    }

    /// All that a customer chose between, as evidence.
    fn wording(&self) -> String {
        let mut lines = vec![self.words("preferences_title"), self.words("preferences_lead")];
        for one in &self.standing {
            let About { purpose, topic, channel } = &one.about;
            let topic = called(&self.shared.settings, topic, self.language);
            lines.push(format!("{} / {topic} / {}", self.words(purpose), self.words(channel)));
        }
        lines.extend(["save", "none", "none_note"].map(|key| self.words(key)));
        lines.join("\n")
    }

    fn render(&self, saved: bool) -> Response {
        let channels: Vec<&str> = CHANNELS.iter().map(|channel| channel.as_str()).collect();
        let channels: Vec<&str> = channels
            .into_iter()
            .filter(|channel| self.standing.iter().any(|one| one.about.channel == *channel))
            .collect();
        let groups = PURPOSES.iter().map(|purpose| self.group(purpose.as_str(), &channels));
        let groups: Vec<Value> = groups.flatten().collect();
        let (title, lead) = match (saved, groups.is_empty()) {
            (true, _) => ("saved_title", "saved_lead"),
            (false, false) => ("preferences_title", "preferences_lead"),
            (false, true) => ("preferences_title", "nothing_to_choose"),
        };
        let heads = channels.iter().map(|channel| context! { words => self.words(channel) });
        let values = context! {
            title => self.words(title), lead => self.words(lead), done => saved, groups,
            channels => heads.collect::<Vec<Value>>(), topic_words => self.words("topic"),
            save => self.words("save"), nothing => self.words("none"), nothing_note => self.words("none_note"),
        };
        self.shared.pages.show(self.shared, "preferences.html", self.language, StatusCode::OK, values)
    }

    /// The rows of a purpose; none when it has no topics.
    fn group(&self, purpose: &str, channels: &[&str]) -> Option<Value> {
        let mut rows: Vec<(String, Vec<Value>)> = Vec::new();
        let mut topics: Vec<&str> = Vec::new();
        for one in self.standing.iter().filter(|one| one.about.purpose == purpose) {
            if !topics.contains(&one.about.topic.as_str()) {
                topics.push(&one.about.topic);
            }
        }
        for topic in topics {
            let boxes = channels.iter().map(|channel| {
                let found = self.standing.iter().find(|one| {
                    one.about.purpose == purpose && one.about.topic == topic && one.about.channel == *channel
                });
                let key = found.map(|one| key(&one.about));
                context! { key, on => found.is_some_and(|one| one.on), channel => self.words(channel) }
            });
            rows.push((called(&self.shared.settings, topic, self.language), boxes.collect()));
        }
        let rows: Vec<Value> = rows.into_iter().map(|(words, boxes)| context! { words, boxes }).collect();
        (!rows.is_empty()).then(|| context! { words => self.words(purpose), rows })
    }
}

/// What a box is called in the form.
fn key(about: &About) -> String {
    format!("{}:{}:{}", about.purpose, about.channel, about.topic)
}
