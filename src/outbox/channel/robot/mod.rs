//! Robots of chats: what goes to staff. A robot is a webhook whose body, signature, limits and codes are known.
//!
//! The text is Markdown as the service takes it (WeCom and Feishu and DingTalk a subset of Markdown, Slack its own mrkdwn);
//! the subject of the message is its title.
//!
//! | service | sign | longest | errors inside a 200 |
//! |---|---|---|---|
//! | WeCom | none, the key is in the address | 4,096 bytes | `errcode` |
//! | DingTalk | query, milliseconds | 20,000 bytes | `errcode` |
//! | Feishu | body, seconds | 20 KB with the card | `code` |
//! | Slack | none, the key is in the address | 40,000 characters | none: status |

use std::fmt;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use super::settings::{
    BodyKind, Codes, RobotService, RobotSettings, SignBy, SignSettings, Sort, Success, WebhookSettings, secret,
};
use super::webhook::{Call, Webhook};
use super::{Answer, Outgoing};

mod text;

/// A robot in a group of a chat.
pub struct Robot {
    webhook: Webhook,
    keyword: Option<String>,
    longest: usize,
}

impl fmt::Debug for Robot {
    /// Without the address, which is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Robot")
    }
}

impl Robot {
    pub(super) fn new(name: &str, settings: &RobotSettings) -> anyhow::Result<Self> {
        let key = |key: &str| format!("channels.{name}.{key}");
        let url = secret(&key("url_file"), settings.url.as_ref(), settings.url_file.as_deref())?;
        let url = url.with_context(|| format!("{}: is missing", key("url")))?;
        let service = settings.service;
        let mut webhook: WebhookSettings = serde_json::from_value(json!({"url": url.expose_secret()}))?;
        webhook.sort = Sort::Robot;
        webhook.body = BodyKind::Json;
        webhook.fields = fields(service);
        webhook.timeout = settings.timeout;
        webhook.ca_file.clone_from(&settings.ca_file);
        webhook.allow_private_addresses = settings.allow_private_addresses;
        webhook.codes = codes(service);
        webhook.success = success(service);
        webhook.sign = sign(name, settings)?;
        if !matches!(url.expose_secret().split_once("://"), Some(("https", _))) && !settings.allow_private_addresses {
            anyhow::bail!("{}: must be https", key("url"));
        }
        Ok(Self {
            webhook: Webhook::new(name, &webhook)?,
            keyword: settings.keyword.clone(),
            longest: longest(service),
        })
    }

    pub(super) fn prepare(&self, outgoing: &Outgoing) -> Result<Call, String> {
        let mut text = outgoing.text.trim_end().to_owned();
        let said = |text: &str| text.to_owned() + outgoing.subject.as_deref().unwrap_or_default();
        if let Some(keyword) = self.keyword.as_ref().filter(|keyword| !said(&text).contains(keyword.as_str())) {
            text = format!("{keyword}\n{text}");
        }
        self.webhook.prepare(&Outgoing { text: text::fitted(&text, self.longest), ..outgoing.clone() })
    }

    pub(super) async fn send(&self, calls: &[&Call]) -> Vec<Answer> {
        self.webhook.send(calls).await
    }
}

fn longest(service: RobotService) -> usize {
    match service {
        RobotService::Wecom => 4_096,
        // 20 KB for the whole body, in which a line break or a quotation mark takes two bytes
        RobotService::Dingtalk | RobotService::Feishu => 14_000,
        RobotService::Slack => 39_000,
    }
}

fn fields(service: RobotService) -> Map<String, Value> {
    let fields = match service {
        RobotService::Wecom => json!({"msgtype": "markdown", "markdown": {"content": "{{ text }}"}}),
        RobotService::Dingtalk => json!({
            "msgtype": "markdown", "markdown": {"title": "{{ subject or text[:60] }}", "text": "{{ text }}"},
        }),
        RobotService::Feishu => json!({
            "msg_type": "interactive",
            "card": {
                "header": {"title": {"tag": "plain_text", "content": "{{ subject or 'tend' }}"}},
                "elements": [{"tag": "markdown", "content": "{{ text }}"}],
            },
        }),
        RobotService::Slack => json!({"text": "{{ text }}"}),
    };
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn success(service: RobotService) -> Option<Success> {
    let json = match service {
        RobotService::Wecom | RobotService::Dingtalk => "/errcode",
        RobotService::Feishu => "/code",
        RobotService::Slack => return None,
    };
    Some(Success { json: json.into(), equals: "0".into() })
}

/// Codes of the services' own lists; one that is in none refuses the message.
fn codes(service: RobotService) -> Codes {
    let list = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    let (retry, throttled, stop): (&[&str], &[&str], &[&str]) = match service {
        // system busy | too often | key invalid, robot removed
        RobotService::Wecom => (&["-1"], &["45009", "45033"], &["93000", "40001", "40014", "60020"]),
        // system busy | too often | keyword, signature or address refused; robot gone
        RobotService::Dingtalk => {
            (&["-1"], &["130101", "660026", "410100"], &["310000", "300001", "300005", "400101", "400102"])
        }
        // internal | too often, everybody writes at :00 and :30 | signature, address, keyword, robot gone
        RobotService::Feishu => (&["9500"], &["11232", "9499003"], &["19021", "19022", "19024", "19001", "19007"]),
        RobotService::Slack => (&[], &[], &[]),
    };
    Codes {
        accepted: Vec::new(),
        retry: list(retry),
        throttled: list(throttled),
        stop: list(stop),
        unknown: Vec::new(),
    }
}

fn sign(name: &str, settings: &RobotSettings) -> anyhow::Result<Option<SignSettings>> {
    let key = format!("channels.{name}.secret_file");
    let Some(secret) = secret(&key, settings.secret.as_ref(), settings.secret_file.as_deref())? else {
        return Ok(None);
    };
    let by = match settings.service {
        RobotService::Dingtalk => SignBy::Dingtalk,
        RobotService::Feishu => SignBy::Feishu,
        RobotService::Wecom | RobotService::Slack => return Ok(None),
    };
    Ok(Some(SignSettings::new(by, secret)))
}
