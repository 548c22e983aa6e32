//! `[outbox]`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::{ChannelSettings, Sort, duration};

/// `[outbox.redirect_to]`: everything goes here instead, on staging.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    /// Address every mail goes to.
    pub email: Option<String>,
    /// Number every text message goes to.
    pub sms: Option<String>,
}

/// What a change of the timeline alone means: `outbox.on_failover`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailover {
    /// As any other move: what was planned is held until a person confirms.
    #[default]
    Hold,
    /// Sending goes on.
    Release,
}

/// `[outbox]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboxSettings {
    /// Channel for mail that names none; not needed while there is only one.
    pub email: Option<String>,
    /// Channel for text messages that name none; not needed while there is only one.
    pub sms: Option<String>,
    /// Everything goes to these addresses instead.
    pub redirect_to: Option<Redirect>,
    /// How often owed messages are looked for.
    #[serde(deserialize_with = "duration")]
    pub interval: Duration,
    /// After this long without a sign of life a dispatcher counts as dead.
    #[serde(deserialize_with = "duration")]
    pub lease_ttl: Duration,
    /// How often it shows that it lives.
    #[serde(deserialize_with = "duration")]
    pub heartbeat: Duration,
    /// Messages claimed at a time, at most.
    pub batch: u16,
    /// When a standby was promoted.
    pub on_failover: OnFailover,
    /// Development may reach people (its settings refuse that otherwise).
    pub allow_real_channels: bool,
}

impl Default for OutboxSettings {
    fn default() -> Self {
        Self {
            email: None,
            sms: None,
            redirect_to: None,
            interval: Duration::from_secs(2),
            lease_ttl: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            batch: 500,
            on_failover: OnFailover::Hold,
            allow_real_channels: false,
        }
    }
}

impl OutboxSettings {
    /// What is wrong with the settings, beyond types; `channels` are those configured.
    #[must_use]
    pub fn problems(&self, channels: &BTreeMap<String, ChannelSettings>) -> Vec<String> {
        let mut found = Vec::new();
        for (key, sort, named) in [("email", Sort::Email, &self.email), ("sms", Sort::Sms, &self.sms)] {
            match named.as_deref().map(|name| (name, channels.get(name))) {
                Some((name, None)) => {
                    found.push(format!("outbox.{key}: there is no channel `{name}` under [channels]"))
                }
                Some((name, Some(channel))) if channel.sort() != sort => {
                    found.push(format!("outbox.{key}: the channel `{name}` carries {}", channel.sort()));
                }
                Some(_) => {}
                None if channels.values().filter(|channel| channel.sort() == sort).count() > 1 => {
                    found.push(format!("outbox.{key}: several channels carry {sort}; name the one to use"));
                }
                None => {}
            }
        }
        if self.heartbeat * 2 >= self.lease_ttl {
            found.push("outbox.heartbeat: must be less than half of outbox.lease_ttl".into());
        }
        if self.batch == 0 || self.batch > 5_000 {
            found.push("outbox.batch: must be between 1 and 5000".into());
        }
        if self.interval.is_zero() {
            found.push("outbox.interval: must be more than nothing".into());
        }
        if self
            .redirect_to
            .as_ref()
            .and_then(|to| to.email.as_deref())
            .is_some_and(|to| to.parse::<lettre::Address>().is_err())
        {
            found.push("outbox.redirect_to.email: is not an address".into());
        }
        found
    }

    /// The channel that pays messages of the sort which name none.
    #[must_use]
    pub fn default_channel<'a>(
        &'a self,
        sort: Sort,
        channels: &'a BTreeMap<String, ChannelSettings>,
    ) -> Option<&'a str> {
        let named = match sort {
            Sort::Email => self.email.as_deref(),
            Sort::Sms => self.sms.as_deref(),
            Sort::Robot => None,
        };
        named.or_else(|| {
            let mut of_sort = channels.iter().filter(|(_, channel)| channel.sort() == sort);
            of_sort.next().filter(|_| of_sort.next().is_none()).map(|(name, _)| name.as_str())
        })
    }
}
