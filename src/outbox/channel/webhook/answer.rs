//! What a receiver's answer means. Standard Webhooks: only 2xx is success, 3xx is a failure, 410 asks to stop, 429 and
//! 503 to slow down. Gateways that answer errors inside a 200 need a success rule.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::{Answer, Fate, Trouble, WebhookSettings};

/// A receiver that says 410 is asked again after this long.
const AFTER_GONE: Duration = Duration::from_secs(24 * 3600);
/// What is read of a body.
const LONGEST_BODY: usize = 64 * 1024;
/// The longest wait a receiver can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// The answer to a call made at `sent`.
pub async fn read(settings: &WebhookSettings, mut response: Response, sent: DateTime<Utc>) -> Answer {
    let status = response.status();
    let code = Some(status.as_u16().to_string());
    let wait = retry_after(response.headers(), sent);
    if status.is_success() {
        return match body(&mut response).await {
            Ok(body) => judged(settings, code, &body),
            Err(error) if settings.success.is_some() => {
                Answer::unknown(format!("fate unknown: {status}, and then the answer broke off: {}", words(&error)))
            }
            Err(_) => Answer::accepted(code, "taken; the answer broke off after the status"),
        };
    }
    let retry = |detail: String, trouble| Answer::new(Fate::Retry(wait), code.clone(), detail).with(trouble);
    match status {
        StatusCode::GONE => {
            Answer::new(Fate::Retry(None), code.clone(), "410: the receiver asks to stop; see channels and their url")
                .with(Trouble::Stop(Some(AFTER_GONE)))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            retry(format!("{status}: see url, headers and login of the channel"), Trouble::Channel)
        }
        _ if status.is_redirection() => retry(
            format!("{status}: redirects are not followed; put the new address into the channel's url"),
            Trouble::Channel,
        ),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE if wait.is_some() => {
            retry(format!("{status}: the receiver asks to wait"), Trouble::Stop(wait))
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            retry(status.to_string(), Trouble::Channel)
        }
        _ if status.is_server_error() => retry(status.to_string(), Trouble::Channel),
        _ => {
            let said = body(&mut response).await.unwrap_or_default();
            Answer::rejected(code.clone(), format!("{status} {}", String::from_utf8_lossy(&said)))
        }
    }
}

/// A 2xx answer, by the channel's rule.
fn judged(settings: &WebhookSettings, code: Option<String>, body: &[u8]) -> Answer {
    let parsed = serde_json::from_slice::<Value>(body).ok();
    let at = |pointer: &str| parsed.as_ref().and_then(|value| value.pointer(pointer)).map(plain);
    let reference = settings.reference.as_deref().and_then(at).map(|reference| {
        // Postgres takes no NUL in a text, and an id has no other control characters either
        reference.chars().filter(|c| !c.is_control()).take(200).collect()
    });
    let Some(rule) = &settings.success else {
        return Answer { reference, ..Answer::accepted(code, "") };
    };
    match at(&rule.json) {
        Some(found) if found == rule.equals => Answer { reference, ..Answer::accepted(code, "") },
        Some(found) => Answer::rejected(
            code,
            format!("{} is {found}, not {}: {}", rule.json, rule.equals, String::from_utf8_lossy(body)),
        ),
        None => Answer {
            code,
            ..Answer::unknown(format!(
                "fate unknown: a success status, but no {} in the answer: {}",
                rule.json,
                String::from_utf8_lossy(body)
            ))
        },
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn body(response: &mut Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk[..chunk.len().min(LONGEST_BODY - body.len())]);
        if body.len() >= LONGEST_BODY {
            break;
        }
    }
    Ok(body)
}

fn retry_after(headers: &HeaderMap, sent: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - sent).to_std().unwrap_or_default(),
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The whole story of an error, without the URL, which may hold a token.
pub fn words(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&next.to_string());
        cause = next.source();
    }
    if text.is_empty() { "connection trouble".into() } else { text }
}
