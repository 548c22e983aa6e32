//! What a receiver's answer means. Standard Webhooks: only 2xx is success, 3xx is a failure, 410 asks to stop, 429 and
//! 503 to slow down. Gateways that answer errors inside a 200 need rules for the body, see [`judge`](super::judge).

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::judge::Judge;
use super::{Answer, Fate, Trouble};

/// A receiver that says 410 is asked again after this long.
const AFTER_GONE: Duration = Duration::from_secs(24 * 3600);
/// Failures of a server that say that it did not take the call: not implemented (501), unavailable (503), version (505), no
/// space (507), no way to it (511), and Cloudflare's own for a server it could not reach.
const NOT_TAKEN: [u16; 9] = [501, 503, 505, 507, 511, 521, 523, 525, 526];
/// A proxy's words for a receiver that may have taken the call and gave no answer, or a broken one: 502 and 504, and
/// Cloudflare's own.
const ASKED_IN_VAIN: [u16; 5] = [502, 504, 520, 522, 524];
/// What is read of a body: room for the results of a thousand messages.
const LONGEST_BODY: usize = 512 * 1024;
/// The longest wait a receiver can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// The answers to a call made at `sent` that carried so many messages, in their order.
pub async fn read(judge: &Judge, mut response: Response, sent: DateTime<Utc>, messages: usize) -> Vec<Answer> {
    let status = response.status();
    let code = Some(status.as_u16().to_string());
    let wait = retry_after(response.headers(), sent);
    if status.is_success() {
        return match body(&mut response).await {
            Ok(body) => judge.answers(code, &body, messages),
            Err(error) if judge.has_rules() => {
                let said = format!("fate unknown: {status}, and then the answer broke off: {}", words(&error));
                vec![Answer::unknown(said); messages]
            }
            Err(_) => vec![Answer::accepted(code, "taken; the answer broke off after the status"); messages],
        };
    }
    let said = body(&mut response).await.unwrap_or_default();
    if let Some(answer) = judge.refusal(code.as_deref(), &said, wait) {
        return vec![answer; messages];
    }
    vec![refused(status, wait, &String::from_utf8_lossy(&said)); messages]
}

/// By the status alone.
fn refused(status: StatusCode, wait: Option<Duration>, said: &str) -> Answer {
    let code = Some(status.as_u16().to_string());
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
        StatusCode::TOO_MANY_REQUESTS => retry(format!("{status}: the receiver asks to wait"), Trouble::Stop(wait)),
        StatusCode::SERVICE_UNAVAILABLE if wait.is_some() => {
            retry(format!("{status}: the receiver asks to wait"), Trouble::Stop(wait))
        }
        _ if ASKED_IN_VAIN.contains(&status.as_u16()) => {
            let said = format!("fate unknown: {status}: what stands before the receiver had no answer from it");
            Answer { code, ..Answer::unknown(said) }
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => retry(status.to_string(), Trouble::Channel),
        _ if NOT_TAKEN.contains(&status.as_u16()) => retry(status.to_string(), Trouble::Channel),
        // it stumbled over the call: before it had taken the message, or behind
        _ if status.is_server_error() => {
            let said =
                format!("fate unknown: {status}: the receiver failed, and does not say whether it has the message");
            Answer { code, ..Answer::unknown(said) }
        }
        _ => Answer::rejected(code.clone(), format!("{status} {said}")),
    }
}

/// The body, as far as anybody needs it.
pub async fn body(response: &mut Response) -> reqwest::Result<Vec<u8>> {
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
