//! Pages: HTML without script, in the customer's language, light and dark, for telephones first.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use sha2::{Digest as _, Sha256};

use super::Shared;
use super::visitor::{LANGUAGES, Visitor, language};

const STYLE: &str = include_str!("page/style.css");
const TEMPLATES: [(&str, &str); 8] = [
    ("acknowledge.html", include_str!("page/acknowledge.html")),
    ("action.html", include_str!("page/action.html")),
    ("frame.html", include_str!("page/frame.html")),
    ("unsubscribe.html", include_str!("page/unsubscribe.html")),
    ("preferences.html", include_str!("page/preferences.html")),
    ("survey.html", include_str!("page/survey.html")),
    ("answered.html", include_str!("page/answered.html")),
    ("task.html", include_str!("page/task.html")),
];

/// Templates and words.
pub struct Pages {
    env: Environment<'static>,
    words: BTreeMap<String, BTreeMap<String, String>>,
    policy: String,
}

impl Pages {
    /// Reads what is built in; a test opens every page in every language.
    pub fn new() -> Self {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_debug(false);
        for (name, source) in TEMPLATES {
            env.add_template(name, source).expect("a page that is built in");
        }
        let words = toml::from_str(include_str!("words.toml")).expect("words that are built in");
        let style = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        Self { env, words, policy }
    }

    /// `Content-Security-Policy`: our one style sheet and forms that lead back here, nothing else.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// What a page says, with names filled in.
    pub fn words(&self, language: &str, key: &str, names: &[(&str, &str)]) -> String {
        let of = |language: &str| self.words.get(language).and_then(|words| words.get(key));
        let mut text = of(language).or_else(|| of(LANGUAGES[0])).cloned().unwrap_or_else(|| key.to_owned());
        for (name, value) in names {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// A page.
    pub fn show(&self, shared: &Shared, name: &str, language: &str, status: StatusCode, values: Value) -> Response {
        let frame = context! {
            lang => language, style => STYLE, company => context! { name => shared.company.name.as_str() }, ..values
        };
        let rendered = self.env.get_template(name).and_then(|template| template.render(frame));
        let mut response = match rendered {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(page = name, kind = %error.kind(), line = error.line(), "a page cannot be made");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        };
        if let Ok(language) = HeaderValue::from_str(language) {
            response.headers_mut().insert(header::CONTENT_LANGUAGE, language);
        }
        response
    }

    /// A page of a title and a sentence: `KEY_title` and `KEY_lead` of the words.
    pub fn note(&self, shared: &Shared, language: &str, key: &str, status: StatusCode) -> Response {
        let values = context! {
            title => self.words(language, &format!("{key}_title"), &[]),
            lead => self.words(language, &format!("{key}_lead"), &[]),
        };
        self.show(shared, "frame.html", language, status, values)
    }

    /// The page for trouble of our own; the mail program or the customer tries again.
    pub fn trouble(&self, shared: &Shared, language: &str, error: &sqlx::Error) -> Response {
        tracing::error!(error = crate::db::words(error), "the public listener cannot use the database");
        self.note(shared, language, "trouble", StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// What pages say to somebody of the house, in the own language, else in the browser's.
#[derive(Clone, Copy)]
pub struct Said<'s> {
    shared: &'s Shared,
    language: &'static str,
}

impl<'s> Said<'s> {
    pub fn to(shared: &'s Shared, reads: Option<&str>, visitor: &Visitor) -> Self {
        Self { shared, language: reads.map_or_else(|| visitor.language(), language) }
    }

    pub fn language(self) -> &'static str {
        self.language
    }

    pub fn words(self, key: &str) -> String {
        self.with(key, &[])
    }

    /// With names filled in.
    pub fn with(self, key: &str, names: &[(&str, &str)]) -> String {
        self.shared.pages.words(self.language, key, names)
    }

    pub fn page(self, name: &str, status: StatusCode, values: Value) -> Response {
        self.shared.pages.show(self.shared, name, self.language, status, values)
    }

    pub fn note(self, key: &str, status: StatusCode) -> Response {
        self.shared.pages.note(self.shared, self.language, key, status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_everything() {
        let pages = Pages::new();
        assert_eq!(pages.words.keys().collect::<Vec<_>>(), LANGUAGES);
        let [one, other] = LANGUAGES.map(|language| pages.words[language].keys().collect::<Vec<_>>());
        assert_eq!(one, other);
        for name in ["topic", "channel", "purpose", "who", "when", "n"] {
            let with = LANGUAGES.map(|language| {
                let words = pages.words[language].iter().filter(|(_, text)| text.contains(&format!("{{{name}}}")));
                words.map(|(key, _)| key).collect::<Vec<_>>()
            });
            assert_eq!(with[0], with[1], "{name}");
        }
    }
}
