//! From the merged layers to the settings, and what an environment forbids.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use config::{Value, ValueKind};

use super::section::Section;
use super::{CalendarSettings, CompanySettings, DefaultSettings, EngineSettings, Environment, Settings, TimeSettings};
use super::{bounces, public};
use crate::clock::Clock;
use crate::db::DatabaseSettings;
use crate::outbox::channel::settings::{ChannelSettings, OutboxSettings, RecordingSettings, Sort};
use crate::telemetry::{LogFormat, LogSettings};

/// What the built-in defaults say about the company.
const EXAMPLES: [&str; 3] = ["Example Company", "https://www.example.com", "1 Example Road, Shanghai"];

pub(super) fn assemble(environment: Environment, root: &mut Section) -> Settings {
    let outbox = root.foreign::<OutboxSettings>("outbox").unwrap_or_default();
    Settings {
        environment,
        database: database(root.section("database")),
        time: time(root.section("time")),
        company: company(root.section("company")),
        defaults: defaults(root.section("defaults")),
        calendars: calendars(root.section("calendars")),
        engine: engine(root.section("engine")),
        outbox,
        channels: channels(root.section("channels")),
        public: public::read(root.section("public")),
        bounces: bounces::read(root.section("bounces")),
        log: log(root.section("log")),
    }
}

fn database(mut table: Section) -> DatabaseSettings {
    let settings = DatabaseSettings {
        url: table.secret("url", "url_file"),
        max_connections: table.number("max_connections", 2, 1_000),
        connect_timeout: table.duration("connect_timeout"),
        acquire_timeout: table.duration("acquire_timeout"),
        private_dir: table.value("private_dir"),
        postgres_bin: table.optional("postgres_bin"),
    };
    table.finish();
    settings
}

fn time(mut table: Section) -> TimeSettings {
    let settings =
        TimeSettings { source: table.choice("source", &[("database", Clock::Database), ("driven", Clock::Driven)]) };
    table.finish();
    settings
}

fn company(mut table: Section) -> CompanySettings {
    let settings =
        CompanySettings { name: table.value("name"), url: table.value("url"), address: table.value("address") };
    table.finish();
    settings
}

fn defaults(mut table: Section) -> DefaultSettings {
    let timezone = table.parsed("timezone", |text| {
        text.parse::<Tz>()
            .map_err(|_| format!("{text:?} is not a zone of the IANA database such as Asia/Shanghai or Europe/Paris"))
    });
    table.finish();
    DefaultSettings { timezone }
}

fn calendars(mut table: Section) -> CalendarSettings {
    let settings = CalendarSettings { folder: table.value("folder") };
    table.finish();
    settings
}

fn engine(mut table: Section) -> EngineSettings {
    let settings = EngineSettings {
        plan_interval: table.duration("plan_interval"),
        lease_ttl: table.duration("lease_ttl"),
        heartbeat: table.duration("heartbeat"),
        takeover_interval: table.duration("takeover_interval"),
        watch_interval: table.duration("watch_interval"),
        overdue: table.duration("overdue"),
        max_running: table.number("max_running", 1, 100) as usize,
        max_attempts: table.number("max_attempts", 1, 1_000),
        backoff_first: table.duration("backoff_first"),
        backoff_max: table.duration("backoff_max"),
        statement_timeout: table.duration("statement_timeout"),
        lock_timeout: table.duration("lock_timeout"),
        preview_timeout: table.duration("preview_timeout"),
        stop_grace: table.duration("stop_grace"),
    };
    table.finish();
    settings
}

fn log(mut table: Section) -> LogSettings {
    let formats = [("auto", LogFormat::Auto), ("human", LogFormat::Human), ("json", LogFormat::Json)];
    let settings = LogSettings {
        format: table.choice("format", &formats),
        filter: table.parsed("filter", |text| crate::telemetry::check_filter(text).map(|()| text.to_owned())),
    };
    table.finish();
    settings
}

fn channels(mut table: Section) -> BTreeMap<String, ChannelSettings> {
    table.entries(channel).into_iter().collect()
}

/// Not by serde's tagged enum: that reads numbers that came from variables as text, and loses the key of an error.
fn channel(table: &Section, name: &str, mut value: Value) -> Option<ChannelSettings> {
    let origin = value.origin().map(str::to_owned);
    let ValueKind::Table(keys) = &mut value.kind else {
        table.fault(name, origin.as_deref(), "must be a table, [channels.NAME] with kind = …");
        return None;
    };
    let kind = keys.remove("kind");
    match kind.as_ref().map(|kind| kind.to_string()).as_deref() {
        Some("smtp") => table.read_table(name, value).map(|smtp| ChannelSettings::Smtp(Box::new(smtp))),
        Some("webhook") => table.read_table(name, value).map(|webhook| ChannelSettings::Webhook(Box::new(webhook))),
        Some("robot") => table.read_table(name, value).map(|robot| ChannelSettings::Robot(Box::new(robot))),
        Some("recording") => table.read_table(name, value).map(ChannelSettings::Recording),
        Some(other) => {
            let origin = kind.as_ref().and_then(Value::origin);
            table.fault(
                &format!("{name}.kind"),
                origin,
                &format!("{other:?} must be smtp, webhook, robot or recording"),
            );
            None
        }
        None => {
            table.fault(&format!("{name}.kind"), None, "is missing; it is smtp, webhook, robot or recording");
            None
        }
    }
}

/// Development without channels writes to files, and its links lead to the machine itself.
pub(super) fn fill(settings: &mut Settings) {
    public::fill(&mut settings.public, settings.environment);
    if settings.environment == Environment::Development && settings.channels.is_empty() {
        for (name, sort) in [("mail", Sort::Email), ("sms", Sort::Sms)] {
            let from = format!("{} <care@localhost>", settings.company.name);
            let recording = RecordingSettings { sort, folder: ".tend/outbox".into(), from };
            settings.channels.insert(name.to_owned(), ChannelSettings::Recording(recording));
        }
    }
}

/// What is wrong beyond single values.
pub(super) fn problems(settings: &Settings) -> Vec<String> {
    let mut found = settings.outbox.problems(&settings.channels);
    for (name, channel) in &settings.channels {
        found.extend(channel.problems(name));
    }
    if settings.engine.heartbeat * 2 >= settings.engine.lease_ttl {
        found.push("engine.heartbeat: must be less than half of engine.lease_ttl".to_owned());
    }
    if settings.engine.backoff_first > settings.engine.backoff_max {
        found.push("engine.backoff_first: must not be longer than engine.backoff_max".to_owned());
    }
    let mails = settings.channels.values().any(|channel| channel.sort() == Sort::Email);
    found.extend(public::problems(&settings.public, settings.environment, mails));
    match settings.environment {
        Environment::Production => found.extend(production(settings)),
        Environment::Development => found.extend(development(settings)),
        Environment::Staging => found.extend(needs_database(settings)),
    }
    found
}

fn needs_database(settings: &Settings) -> Option<String> {
    settings.database.url.is_none().then(|| {
        format!(
            "database.url: is missing, {} has no private Postgres (environment variable TEND__DATABASE__URL, or \
             database.url_file)",
            settings.environment
        )
    })
}

fn production(settings: &Settings) -> Vec<String> {
    let mut found: Vec<String> = needs_database(settings).into_iter().collect();
    if settings.time.source == Clock::Driven {
        found.push("time.source: production refuses \"driven\" (environment variable TEND__TIME__SOURCE)".to_owned());
    }
    for (name, _) in settings.channels.iter().filter(|(_, channel)| channel.is_recording()) {
        found.push(format!("channels.{name}.kind: production refuses recording channels, nobody would get a message"));
    }
    let company = &settings.company;
    for (key, value) in [("name", &company.name), ("url", &company.url), ("address", &company.address)] {
        if value.is_empty() || EXAMPLES.contains(&value.as_str()) {
            found.push(format!(
                "company.{key}: production needs it, messages show it (environment variable TEND__COMPANY__{})",
                key.to_uppercase()
            ));
        }
    }
    found
}

fn development(settings: &Settings) -> Vec<String> {
    if settings.outbox.allow_real_channels || settings.outbox.redirect_to.is_some() {
        return Vec::new();
    }
    let real = settings.channels.iter().filter(|(_, channel)| !channel.is_recording());
    real.map(|(name, _)| {
        format!(
            "channels.{name}.kind: development refuses channels that reach people; set outbox.redirect_to, or \
             outbox.allow_real_channels = true (environment variable TEND__OUTBOX__ALLOW_REAL_CHANNELS)"
        )
    })
    .collect()
}
