//! What the settings say about channels: `[channels.NAME]` with `kind = "smtp" | "webhook" | "robot" | "recording"`, and `[outbox]`.
//!
//! Every key has a default or is required; unknown keys are errors. Durations are text with a unit (`"30s"`). Secrets
//! are wrapped so that they cannot be printed, or stand in a file of their own (`password_file`).

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

mod answer;
mod outbox;
mod place;
mod ramp;
mod receipt;
mod reports;
mod robot;
mod sign;
mod smtp;
mod verify;
mod webhook;

pub use answer::{AnswerRules, Codes, Success};
pub use outbox::{OnFailover, OutboxSettings, Redirect};
pub use place::{Place, Places};
pub use ramp::Ramp;
pub use receipt::{Match, ReceiptSettings};
pub use reports::{ReplySettings, ReportSettings, Stops};
pub use robot::{RobotService, RobotSettings};
pub use sign::{HashName, SignBy, SignSettings, Written};
pub use smtp::{DkimSettings, SmtpSettings, SmtpTls};
pub use verify::{VerifyBy, VerifySettings};
pub use webhook::{BasicAuth, BodyKind, NumberFormat, Numbers, WebhookSettings};

/// What a channel carries. Also `tend.outbox.channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Mail.
    Email,
    /// Text messages.
    Sms,
    /// What goes to staff, into a chat. No job writes such messages to customers.
    Robot,
}

impl Sort {
    /// As stored in `tend.outbox.channel`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Robot => "robot",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What happens to a message whose fate is unknown (crash after the hand-over, connection lost after DATA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// It stays `in_doubt` until a person decides: never twice.
    Hold,
    /// It is sent again under the same Message-ID or webhook id: never lost, perhaps twice.
    Resend,
    /// It is given up: never twice, perhaps lost.
    Drop,
}

impl OnUnknown {
    /// As stored in `tend.outbox.on_unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Resend => "resend",
            Self::Drop => "drop",
        }
    }
}

/// How many messages may leave, over all replicas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// At most this many in any second.
    pub per_second: Option<u32>,
    /// At most this many in any minute.
    pub per_minute: Option<u32>,
    /// Little at first, and more each day.
    pub ramp: Option<Ramp>,
}

/// Rates of a channel.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// At most this many in any second.
    pub per_second: Option<u32>,
    /// At most this many in any minute.
    pub per_minute: Option<u32>,
    /// Little at first, and more each day.
    pub ramp: Option<Ramp>,
    /// Rates by recipient domain (mail); `"*"` is for each domain not named.
    #[serde(default)]
    pub domains: BTreeMap<String, Rate>,
}

impl Rates {
    /// The rate of the whole channel.
    #[must_use]
    pub fn whole(&self) -> Rate {
        Rate { per_second: self.per_second, per_minute: self.per_minute, ramp: self.ramp }
    }

    /// The rate of a recipient domain, if any.
    #[must_use]
    pub fn domain(&self, domain: &str) -> Option<Rate> {
        self.domains.get(domain).or_else(|| self.domains.get("*")).copied()
    }
}

/// When a message that was refused for the moment is tried again: after the first, second … attempt. As many entries
/// as there are retries; after the last the message is `dead`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryAfter(pub Vec<Duration>);

impl Default for RetryAfter {
    /// 1, 5, 15 minutes, 1, 2, 4, 8 hours: eight attempts within 16 hours.
    fn default() -> Self {
        Self([1, 5, 15, 60, 120, 240, 480].into_iter().map(|minutes| Duration::from_secs(minutes * 60)).collect())
    }
}

impl<'de> Deserialize<'de> for RetryAfter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let series = Vec::<String>::deserialize(deserializer)?;
        series.iter().map(|text| parse_duration(text).map_err(D::Error::custom)).collect::<Result<_, _>>().map(Self)
    }
}

/// One configured channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ChannelSettings {
    /// Mail by SMTP.
    Smtp(Box<SmtpSettings>),
    /// Text messages or mail by an HTTP call.
    Webhook(Box<WebhookSettings>),
    /// A chat of the staff.
    Robot(Box<RobotSettings>),
    /// Files in a folder, for development.
    Recording(RecordingSettings),
}

impl ChannelSettings {
    /// What it carries.
    #[must_use]
    pub fn sort(&self) -> Sort {
        match self {
            Self::Smtp(smtp) => smtp.sort,
            Self::Webhook(webhook) => webhook.sort,
            Self::Robot(_) => Sort::Robot,
            Self::Recording(recording) => recording.sort,
        }
    }

    /// Whether nothing leaves the machine: production refuses these.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        matches!(self, Self::Recording(_))
    }

    /// What happens to messages whose fate is unknown.
    #[must_use]
    pub fn on_unknown(&self) -> OnUnknown {
        match self {
            Self::Smtp(smtp) => smtp.on_unknown,
            Self::Webhook(webhook) => webhook.on_unknown,
            Self::Robot(robot) => robot.on_unknown,
            Self::Recording(_) => OnUnknown::Resend,
        }
    }

    /// What its provider may post to us, and how it proves who it is.
    #[must_use]
    pub fn returns(&self) -> Returns<'_> {
        match self {
            Self::Smtp(smtp) => Returns { reports: smtp.reports.as_ref(), replies: None, verify: smtp.verify.as_ref() },
            Self::Webhook(webhook) => Returns {
                reports: webhook.reports.as_ref(),
                replies: webhook.replies.as_ref(),
                verify: webhook.verify.as_ref(),
            },
            Self::Robot(_) | Self::Recording(_) => Returns::default(),
        }
    }

    /// Rates over all replicas.
    #[must_use]
    pub fn rates(&self) -> Rates {
        match self {
            Self::Smtp(smtp) => smtp.rates.clone(),
            Self::Webhook(webhook) => webhook.rates.clone(),
            Self::Robot(robot) => robot.rates.clone(),
            Self::Recording(_) => Rates::default(),
        }
    }

    /// Messages in the network at a time, in one process.
    #[must_use]
    pub fn connections(&self) -> usize {
        match self {
            Self::Smtp(smtp) => smtp.connections.into(),
            Self::Webhook(webhook) => webhook.connections.into(),
            Self::Robot(_) => 1,
            Self::Recording(_) => 2,
        }
    }

    /// The retry series.
    #[must_use]
    pub fn retry_after(&self) -> RetryAfter {
        match self {
            Self::Smtp(smtp) => smtp.retry_after.clone(),
            Self::Webhook(webhook) => webhook.retry_after.clone(),
            Self::Robot(robot) => robot.retry_after.clone(),
            Self::Recording(_) => RetryAfter::default(),
        }
    }

    /// What is wrong with the settings of the channel `name`, beyond types: one sentence each, with the key.
    #[must_use]
    pub fn problems(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut say = |key: &str, what: &str| found.push(format!("channels.{name}.{key}: {what}"));
        match self {
            Self::Smtp(smtp) => smtp.problems(&mut say),
            Self::Webhook(webhook) => webhook.problems(&mut say),
            Self::Robot(robot) => robot.problems(&mut say),
            Self::Recording(_) => {}
        }
        self.returns().problems(self.sort(), &mut say);
        for rate in self.rates().domains.values().chain([&self.rates().whole()]) {
            if rate.per_second == Some(0) || rate.per_minute == Some(0) {
                say("rates", "a rate of 0 would never send; use `tend pause --all` to stop sending");
            }
            if let Some(problem) = rate.ramp.and_then(|ramp| ramp.problem()) {
                say("rates.ramp", problem);
            }
        }
        found
    }
}

/// What a provider may post to us.
#[derive(Debug, Clone, Copy, Default)]
pub struct Returns<'c> {
    /// Delivery receipts.
    pub reports: Option<&'c ReportSettings>,
    /// Text messages of customers.
    pub replies: Option<&'c ReplySettings>,
    /// How it proves who it is.
    pub verify: Option<&'c VerifySettings>,
}

impl Returns<'_> {
    fn problems(&self, sort: Sort, say: &mut impl FnMut(&str, &str)) {
        if let Some(reports) = self.reports {
            reports.problems(say);
        }
        if let Some(replies) = self.replies {
            replies.problems(say);
            if sort != Sort::Sms {
                say("replies", "only text messages are answered here; answers to mails go to reply_to");
            }
        }
        match self.verify {
            Some(verify) => verify.problems(say),
            None if self.reports.is_some() || self.replies.is_some() => {
                say("verify", "is missing; without it anybody could report anything");
            }
            None => {}
        }
    }
}

/// `kind = "recording"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingSettings {
    /// What it carries; default email.
    #[serde(default = "email")]
    pub sort: Sort,
    /// Where mails go as `.eml` files, and text messages as lines of `sms.jsonl`.
    pub folder: PathBuf,
    /// `Name <address>` mails come from.
    #[serde(default = "recording_from")]
    pub from: String,
}

/// The secret itself, or the content of its file.
///
/// # Errors
/// When the file cannot be read; the message names the key and the file.
pub fn secret(key: &str, inline: Option<&SecretString>, file: Option<&Path>) -> anyhow::Result<Option<SecretString>> {
    match (inline, file) {
        (Some(secret), _) => Ok(Some(secret.expose_secret().to_owned().into())),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned().into())),
            Err(error) => anyhow::bail!("{key}: cannot read {}: {error}", path.display()),
        },
        (None, None) => Ok(None),
    }
}

/// Reads "250ms", "30s", "5m", "2h" or "1d".
///
/// # Errors
/// A sentence that says what a duration looks like.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim().find(|c: char| !c.is_ascii_digit()).unwrap_or(text.trim().len());
    let (number, unit) = text.trim().split_at(digits);
    let milliseconds = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(format!("`{text}` is not a duration such as \"250ms\", \"30s\", \"5m\", \"2h\" or \"1d\"")),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(milliseconds))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is not a duration such as \"250ms\", \"30s\", \"5m\", \"2h\" or \"1d\""))
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse_duration(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn email() -> Sort {
    Sort::Email
}

fn four() -> u16 {
    4
}

fn recording_from() -> String {
    "tend <tend@localhost>".into()
}
