//! `[public]`: what customers reach by the links in their messages.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::Environment;
use super::section::Section;

/// What development and staging use where nothing is set.
const LOCAL: &str = "http://localhost:8025";
/// Shortest secret, characters.
const SHORTEST: usize = 32;

/// `[public]`; each key is explained in `config/default.toml`.
#[derive(Debug, Clone, Default)]
pub struct PublicSettings {
    /// Where the listener listens; none: this process has none.
    pub listen: Option<SocketAddr>,
    /// What links begin with, as customers reach it.
    pub base_url: String,
    /// Secrets that sign links, separated by blanks or line breaks; the first one signs.
    pub secret: Option<SecretString>,
    /// Address for those who unsubscribe by mail.
    pub unsubscribe_mailto: Option<String>,
    /// What a click on the mail program's own button stops.
    pub one_click: OneClick,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Connections at a time.
    pub connections: u32,
    /// How long a request may take, from its first byte to the last of the answer.
    pub timeout: Duration,
    /// Bad links that one address may try in a minute.
    pub bad_links: u32,
    /// What topics are called, by topic and language.
    pub topics: BTreeMap<String, BTreeMap<String, String>>,
}

/// What `List-Unsubscribe=One-Click` stops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OneClick {
    /// All messages of the purpose (marketing, service) on the channel.
    #[default]
    All,
    /// Only the topic of the message.
    Topic,
}

pub(super) fn read(mut table: Section) -> PublicSettings {
    let mut topics = BTreeMap::new();
    let settings = PublicSettings {
        listen: table.optional("listen"),
        base_url: table.optional("base_url").unwrap_or_default(),
        secret: table.secret("secret", "secret_file"),
        unsubscribe_mailto: table.optional("unsubscribe_mailto"),
        one_click: table.choice("one_click", &[("all", OneClick::All), ("topic", OneClick::Topic)]),
        trusted_proxies: table.optional("trusted_proxies").unwrap_or_default(),
        connections: table.number("connections", 1, 10_000),
        timeout: table.duration("timeout"),
        bad_links: table.number("bad_links", 1, 10_000),
        topics: BTreeMap::new(),
    };
    for (topic, names) in table.section("topics").entries(|table, topic, value| table.read_table(topic, value)) {
        topics.insert(topic, names);
    }
    table.finish();
    PublicSettings { topics, ..settings }
}

/// Links of development and staging lead to the machine itself.
pub(super) fn fill(settings: &mut PublicSettings, environment: Environment) {
    if settings.base_url.is_empty() && environment != Environment::Production {
        LOCAL.clone_into(&mut settings.base_url);
    }
}

/// What is wrong beyond types; `mails` says whether anything sends mail.
pub(super) fn problems(settings: &PublicSettings, environment: Environment, mails: bool) -> Vec<String> {
    let mut found = Vec::new();
    let production = environment == Environment::Production;
    if settings.base_url.is_empty() {
        if mails || settings.listen.is_some() {
            found.push(
                "public.base_url: production needs it, mails carry links to unsubscribe (environment variable \
                 TEND__PUBLIC__BASE_URL)"
                    .to_owned(),
            );
        }
    } else {
        found.extend(base_url(&settings.base_url, production));
    }
    match &settings.secret {
        None if production && (mails || settings.listen.is_some()) => found.push(
            "public.secret: production needs it, links are signed with it; `openssl rand -hex 32` makes one \
             (environment variable TEND__PUBLIC__SECRET, or public.secret_file)"
                .to_owned(),
        ),
        Some(secret) => {
            let mut secrets = secret.expose_secret().split_whitespace().peekable();
            if secrets.peek().is_none() || secrets.any(|secret| secret.chars().count() < SHORTEST) {
                found.push(format!("public.secret: each secret needs {SHORTEST} characters or more"));
            }
        }
        None => {}
    }
    if settings.unsubscribe_mailto.as_ref().is_some_and(|to| !plain_address(to)) {
        found.push("public.unsubscribe_mailto: is not a plain address such as unsubscribe@example.com".to_owned());
    }
    found
}

fn base_url(text: &str, production: bool) -> Option<String> {
    let wrong = |what: &str| Some(format!("public.base_url: {what} (environment variable TEND__PUBLIC__BASE_URL)"));
    let Ok(url) = reqwest::Url::parse(text) else {
        return wrong("is not a URL such as https://mail.example.com");
    };
    match url.scheme() {
        "https" => {}
        "http" if !production => {}
        _ => return wrong("must begin with https://, mail programs refuse to unsubscribe otherwise (RFC 8058)"),
    }
    if url.host().is_none() || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return wrong("must be host and path only, such as https://mail.example.com or https://example.com/mail");
    }
    // it stands in header lines as it is, and its path among the routes of the listener
    match text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-_~[]".contains(&byte)) {
        true => None,
        false => wrong("may contain letters, digits, dots, dashes and slashes only"),
    }
}

fn plain_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@.-_".contains(&byte))
}
