//! The public listener, by real HTTP.
mod answers;
mod hardening;
mod preferences;
mod tasks;
mod unsubscribe;

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Client, Response, redirect};
use tend::outbox::link::{Bearer, Links};
use tend::outbox::returned::Consequences;
use tend::outbox::returned::calls::Callers;
use tend::settings::{CompanySettings, PublicSettings};
use tend::web::{Counted, Options, Public};
use tokio_util::sync::CancellationToken;

use crate::support::World;

/// The pages behind a proxy that keeps the path.
pub const BASE: &str = "https://mail.shop.example/m";

/// A listener at work.
pub struct Site {
    pub address: SocketAddr,
    pub links: Links,
    pub client: Client,
    pub stop: CancellationToken,
    counts: Box<dyn Fn() -> Counted + Send + Sync>,
    task: tokio::task::JoinHandle<()>,
}

pub fn settings() -> PublicSettings {
    let birthday = [("zh-CN".to_owned(), "生日祝福".to_owned()), ("en".to_owned(), "Birthday <greetings>".to_owned())];
    PublicSettings {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        base_url: BASE.into(),
        connections: 64,
        timeout: Duration::from_secs(20),
        bad_links: 5,
        topics: [("birthday".to_owned(), birthday.into())].into(),
        ..PublicSettings::default()
    }
}

impl Site {
    pub async fn open(world: &World) -> Self {
        Self::with(world, settings()).await
    }

    pub async fn with(world: &World, settings: PublicSettings) -> Self {
        Self::called(world, settings, &[]).await
    }

    /// With channels whose providers call.
    pub async fn called(world: &World, settings: PublicSettings, channels: &[(&str, &str)]) -> Self {
        let channels = crate::outbox::office::options(channels).channels;
        let links = Links::new(&settings, &"0123456789abcdef0123456789abcdef".to_owned().into());
        let company =
            CompanySettings {
                name: "云岭 & Co".into(), url: "https://shop.example".into(), address: "上海".into()
            };
        let callers = Callers::new(&channels).unwrap();
        let options =
            Options { settings, links: links.clone(), company, callers, consequences: Consequences::default() };
        let public = Public::bind(world.db().clone(), world.clock(), options).await.unwrap().unwrap();
        let (address, counts, stop) = (public.address().unwrap(), Box::new(public.counts()), CancellationToken::new());
        let task = tokio::spawn(public.serve(stop.clone()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
        Self { address, links, client, stop, counts, task }
    }

    pub fn counted(&self) -> Counted {
        (self.counts)()
    }

    pub async fn close(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Where a link leads here, without the proxy.
    pub fn here(&self, link: &str) -> String {
        let path = link.strip_prefix(BASE).unwrap_or_else(|| panic!("{link}"));
        format!("http://{}{path}", self.address)
    }

    pub fn unsubscribe(&self, bearer: &Bearer) -> String {
        self.here(&self.links.unsubscribe(bearer).url)
    }

    pub fn preferences(&self, bearer: &Bearer) -> String {
        self.here(&self.links.preferences(bearer))
    }

    pub async fn get(&self, url: &str) -> (u16, String) {
        read(self.client.get(url).send().await.unwrap()).await
    }

    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> (u16, String) {
        read(self.client.post(url).form(fields).send().await.unwrap()).await
    }
}

pub async fn read(response: Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Customer `c1`, who comes from a birthday mail.
pub async fn bearer(world: &World, customer: &str) -> Bearer {
    let key = world.value(&format!("select tend.address_key('email', '{customer}@example.com')")).await;
    let byte = |at: usize| u8::from_str_radix(&key[at * 2..at * 2 + 2], 16).unwrap();
    Bearer {
        customer_id: customer.into(),
        channel: "email".into(),
        purpose: "marketing".into(),
        topic: "birthday".into(),
        message: uuid::Uuid::from_u128(1),
        address: std::array::from_fn(byte),
        expires: None,
    }
}

/// A world with customers `c1`, `c2` …, each owed a birthday mail, and a job in force for three topics.
pub async fn world(customers: usize) -> World {
    let world = crate::outbox::office::owing(customers).await;
    for (job, purpose, topic) in [
        ("birthday", "marketing", "birthday"),
        ("festivals", "marketing", "festival-greetings"),
        ("care", "service", "care"),
        ("receipts", "transactional", "orders"),
    ] {
        world
            .sql(&format!(
                "insert into tend.spec (hash, job, kind, body) values (encode(sha256('{job}'), 'hex'), '{job}', 'message',
                     $t$title = \"x\"\n[message]\npurpose = \"{purpose}\"\ntopic = \"{topic}\"\n$t$);
                 insert into tend.job (job, kind, spec_hash, revision, enabled, known_since, planned_to, schedule_hash)
                 values ('{job}', 'message', encode(sha256('{job}'), 'hex'), 1, true, '2026-06-01', '2026-06-01', 'x')"
            ))
            .await;
    }
    world
}

/// What customers said so far: customer purpose topic channel granted source.
pub async fn said(world: &World) -> Vec<String> {
    world
        .rows(
            "select customer_id, purpose, topic, channel, granted, source, wording is not null as worded
             from tend.choice order by choice_id",
        )
        .await
}
