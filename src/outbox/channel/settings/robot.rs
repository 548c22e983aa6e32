//! `kind = "robot"`: what goes to staff, into a group of a chat.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::{OnUnknown, Rates, RetryAfter, duration};

/// Whose chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RobotService {
    /// WeCom (企业微信).
    Wecom,
    /// DingTalk (钉钉).
    Dingtalk,
    /// Feishu (飞书) and Lark.
    Feishu,
    /// Slack.
    Slack,
}

/// `kind = "robot"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotSettings {
    /// Whose chat.
    pub service: RobotService,
    /// Address of the robot, a secret: whoever knows it can write.
    pub url: Option<SecretString>,
    /// File that holds it.
    pub url_file: Option<PathBuf>,
    /// Secret of the signature; DingTalk and Feishu, where the robot is set so.
    pub secret: Option<SecretString>,
    /// File that holds it.
    pub secret_file: Option<PathBuf>,
    /// Word that every message must hold where the robot is set so; put in front of those that do not.
    pub keyword: Option<String>,
    /// Time for the whole call.
    #[serde(default = "seconds_10", deserialize_with = "duration")]
    pub timeout: Duration,
    /// PEM file with a certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Allow addresses of private networks, and plain http there.
    #[serde(default)]
    pub allow_private_addresses: bool,
    /// Rates over all replicas; default 20 a minute, which is what WeCom and DingTalk allow.
    #[serde(default = "twenty")]
    pub rates: Rates,
    /// Waits between attempts.
    #[serde(default)]
    pub retry_after: RetryAfter,
    /// Messages whose fate is unknown; default resend: two of a kind in a chat harm nobody.
    #[serde(default = "resend")]
    pub on_unknown: OnUnknown,
}

impl RobotSettings {
    pub(super) fn problems(&self, say: &mut impl FnMut(&str, &str)) {
        match (&self.url, &self.url_file) {
            (None, None) => say("url", "is missing; give url or url_file"),
            (Some(_), Some(_)) => say("url", "give either url or url_file"),
            _ => {}
        }
        if self.secret.is_some() && self.secret_file.is_some() {
            say("secret", "give either secret or secret_file");
        }
        let signs = matches!(self.service, RobotService::Dingtalk | RobotService::Feishu);
        if (self.secret.is_some() || self.secret_file.is_some()) && !signs {
            say("secret", "has no effect; only robots of DingTalk and Feishu are signed for");
        }
    }
}

fn seconds_10() -> Duration {
    Duration::from_secs(10)
}

fn twenty() -> Rates {
    Rates { per_minute: Some(20), ..Rates::default() }
}

fn resend() -> OnUnknown {
    OnUnknown::Resend
}
