//! Settings in layers: built-in defaults < `DIR/default.toml` < `DIR/<environment>.toml` < `TEND__SECTION__KEY`.
//!
//! Promises: the binary works without any file; an unknown key, a wrong type or a missing value is an error that names
//! the key, where it stands and the environment variable; all errors are reported at once; a secret cannot be printed;
//! what is dangerous in an environment is refused (recording channels and driven time in production, real channels in
//! development).

mod bounces;
mod layers;
mod public;
mod rules;
mod section;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;

use crate::clock::Clock;
use crate::db::DatabaseSettings;
use crate::outbox::channel::settings::{ChannelSettings, OutboxSettings};
use crate::telemetry::LogSettings;

pub use bounces::BounceSettings;
pub use public::{OneClick, PublicSettings};

/// Where tend runs. Named by `TEND__ENVIRONMENT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A person's own machine: private Postgres, messages go to files.
    Development,
    /// As production, but messages may be redirected and time driven.
    Staging,
    /// The real thing.
    Production,
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        })
    }
}

/// `[time]`.
#[derive(Debug, Clone, Copy)]
pub struct TimeSettings {
    /// The provider of time.
    pub source: Clock,
}

/// `[company]`: who writes to the customers.
#[derive(Debug, Clone)]
pub struct CompanySettings {
    /// Shown in messages.
    pub name: String,
    /// Home page; may be empty.
    pub url: String,
    /// Postal address; may be empty outside production.
    pub address: String,
}

/// `[defaults]`.
#[derive(Debug, Clone, Copy)]
pub struct DefaultSettings {
    /// Zone of times that are shown and belong to no job, and of the demo.
    pub timezone: Tz,
}

/// `[calendars]`.
#[derive(Debug, Clone, Default)]
pub struct CalendarSettings {
    /// The folder of business calendars, as seen from the folder of the settings files.
    pub folder: PathBuf,
}

/// `[engine]`; each figure is explained in `config/default.toml`.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "config/default.toml explains each")]
pub struct EngineSettings {
    pub plan_interval: Duration,
    pub lease_ttl: Duration,
    pub heartbeat: Duration,
    pub takeover_interval: Duration,
    pub watch_interval: Duration,
    pub overdue: Duration,
    pub max_running: usize,
    pub max_attempts: u32,
    pub backoff_first: Duration,
    pub backoff_max: Duration,
    pub statement_timeout: Duration,
    pub lock_timeout: Duration,
    pub preview_timeout: Duration,
    pub stop_grace: Duration,
}

/// All settings of a process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where tend runs.
    pub environment: Environment,
    /// The database.
    pub database: DatabaseSettings,
    /// The provider of time.
    pub time: TimeSettings,
    /// Who writes.
    pub company: CompanySettings,
    /// What holds where nothing else is said.
    pub defaults: DefaultSettings,
    /// Business calendars.
    pub calendars: CalendarSettings,
    /// The engine's figures.
    pub engine: EngineSettings,
    /// The dispatcher's figures.
    pub outbox: OutboxSettings,
    /// Channels by name.
    pub channels: BTreeMap<String, ChannelSettings>,
    /// What customers reach by links.
    pub public: PublicSettings,
    /// Mails that come back.
    pub bounces: BounceSettings,
    /// Logging.
    pub log: LogSettings,
}

/// Everything that is wrong with the settings, a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the settings are wrong:\n  {}", .0.join("\n  "))]
pub struct SettingsError(pub Vec<String>);

impl Settings {
    /// Reads the files of `dir` and the environment variables of this process.
    ///
    /// # Errors
    /// All that is wrong, at once.
    #[expect(clippy::disallowed_methods, reason = "this room owns the environment variables")]
    pub fn load(dir: &Path) -> Result<Self, SettingsError> {
        Self::read(dir, std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))))
    }

    /// [`Settings::load`] with the given variables instead of the process's; those not beginning with `TEND__` are
    /// ignored, empty ones count as not set.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn read(dir: &Path, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        let variables = layers::ours(variables);
        let mut problems = Vec::new();
        let environment = layers::environment(&variables).map_err(|problem| problems.push(problem)).ok();
        let merged = layers::merge(dir, environment, variables, &mut problems);
        let mut root = section::Section::root(merged);
        let mut settings = rules::assemble(environment.unwrap_or(Environment::Development), &mut root);
        rules::fill(&mut settings);
        problems.extend(root.finish());
        // What is dangerous can only be judged on values that could be read, in an environment that is known.
        if problems.is_empty() {
            problems.extend(rules::problems(&settings));
        }
        problems.sort();
        if problems.is_empty() { Ok(settings) } else { Err(SettingsError(problems)) }
    }
}
