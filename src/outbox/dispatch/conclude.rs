//! From a provider's answer to what is recorded and what the message becomes.

use std::time::Duration;

use super::claim::Claimed;
use super::ledger::Finished;
use crate::figures::counted;
use crate::outbox::channel::settings::RetryAfter;
use crate::outbox::channel::{Answer, Fate};

/// What an attempt came to.
///
/// A refusal for the moment is tried again by the channel's series (spread by a tenth, so that what failed together does
/// not come back together), not earlier than the provider asked; behind the last entry the message is dead. What happens
/// when nobody knows is the message's `on_unknown`, but a gateway that can be asked (`asks`) is asked first.
pub fn conclude(claimed: &Claimed, answer: Answer, series: &RetryAfter, asks: bool) -> Finished {
    let place = usize::try_from(claimed.nth - 1).unwrap_or(0);
    let own = series.0.get(place).copied();
    let (outcome, asked) = match answer.fate {
        Fate::Accepted => ("accepted", None),
        Fate::Rejected => ("rejected", None),
        Fate::Retry(asked) => ("retry", asked),
        Fate::Unknown => ("in_doubt", None),
        Fate::NotSent => ("not_sent", None),
    };
    let again = own.map(|own| spread(own, claimed.public_id.as_bytes()[15]).max(asked.unwrap_or_default()));
    let (becomes, retry, detail) = match (answer.fate, claimed.on_unknown.as_str(), again) {
        (Fate::Accepted, ..) => ("accepted", None, answer.detail),
        (Fate::Rejected, ..) => ("rejected", None, answer.detail),
        (Fate::Unknown, ..) if asks => ("in_doubt", None, format!("{}; the gateway is asked", answer.detail)),
        (Fate::Unknown, "drop", _) => ("dead", None, format!("dropped: {}", answer.detail)),
        (Fate::Unknown, "resend", Some(wait)) => {
            ("planned", Some(wait), format!("{}; sent again under the same id", answer.detail))
        }
        (Fate::Unknown, "resend", None) | (Fate::Retry(_) | Fate::NotSent, _, None) => {
            ("dead", None, format!("gave up after {}: {}", counted(claimed.nth, "attempt"), answer.detail))
        }
        (Fate::Unknown, ..) => ("in_doubt", None, answer.detail),
        (Fate::Retry(_) | Fate::NotSent, _, Some(wait)) => ("planned", Some(wait), answer.detail),
    };
    Finished {
        message_id: claimed.message_id,
        attempt: claimed.attempt,
        outcome,
        becomes,
        code: answer.code,
        detail: Some(detail).filter(|detail| !detail.is_empty()),
        reference: answer.reference,
        retry,
    }
}

/// Between nine and eleven tenths, by the message.
fn spread(wait: Duration, by: u8) -> Duration {
    wait.mul_f64(0.9 + 0.2 * f64::from(by) / 255.0)
}
