//! Reads `[message]` and `[delivery]` into a [`Policy`].

use chrono::NaiveTime;

use crate::jobfile::reader::{Reader, did_you_mean};
use crate::outbox::channel::settings::{OnUnknown, Sort};
use crate::outbox::policy::{Consent, OutsideWindow, Policy, Purpose, Window};

const PREFERRED: &str = "preferred";
const CHANNELS: [(&str, Option<Sort>); 3] = [(PREFERRED, None), ("email", Some(Sort::Email)), ("sms", Some(Sort::Sms))];
const ON_UNKNOWN: [(&str, OnUnknown); 3] =
    [("hold", OnUnknown::Hold), ("resend", OnUnknown::Resend), ("drop", OnUnknown::Drop)];

/// Reads what is left of `[message]` for the policy, and `[delivery]`.
pub fn read(file: &mut Reader<'_>, message: &mut Reader<'_>) -> Option<Policy> {
    if !message.has("purpose") {
        message.missing("purpose", "\"marketing\"");
    }
    let purpose = message.choice("purpose", &Purpose::WORDS);
    let consent = message.choice("consent", &Consent::WORDS);
    if (purpose, consent) == (Some(Purpose::Marketing), Some(Consent::NotNeeded)) {
        let help = "consent = \"granted\", or \"not_withdrawn\" where the law allows it";
        message.problem("consent", "marketing always asks the customer's word", Some(help.into()));
    }
    let priority = message.integer("priority", 0..=100).unwrap_or(50);
    let Some(mut delivery) = file.table("delivery") else {
        if !file.has("delivery") {
            file.missing("delivery", "{ channels = [\"preferred\", \"email\", \"sms\"] }");
        }
        return None;
    };
    let channels = channels(&mut delivery);
    let at = delivery.string("at").and_then(|text| time(&delivery, "at", &text));
    let window = window(&mut delivery);
    let outside_window = delivery.choice("outside_window", &OutsideWindow::WORDS);
    let on_unknown = delivery.choice("on_unknown", &ON_UNKNOWN);
    let purpose = purpose?;
    let window = if delivery.has("window") { window } else { purpose.default_window() };
    if let (Some(at), Some(window)) = (at, window)
        && !window.contains(at)
    {
        let hours = format!("the window is {} to {}", window.opens.format("%H:%M"), window.closes.format("%H:%M"));
        delivery.problem("at", "`at` is outside the delivery window", Some(hours));
    }
    if outside_window == Some(OutsideWindow::Drop) && window.is_none() {
        let help = "add window = [\"09:00\", \"20:00\"], or leave outside_window out".to_owned();
        delivery.problem("outside_window", "there is no window to be outside of", Some(help));
    }
    delivery.finish();
    let (channels, preferred_first) = channels?;
    Some(Policy {
        purpose,
        consent: consent.unwrap_or_else(|| purpose.default_consent()),
        channels,
        preferred_first,
        at,
        window,
        outside_window: outside_window.unwrap_or_default(),
        on_unknown,
        priority: i16::try_from(priority).unwrap_or(50),
    })
}

/// `["preferred", "email", "sms"]` → the channels in order, and whether the preferred one goes first.
pub(super) fn channels(delivery: &mut Reader<'_>) -> Option<(Vec<Sort>, bool)> {
    const EXAMPLE: &str = "[\"preferred\", \"email\", \"sms\"]";
    if !delivery.has("channels") {
        delivery.missing("channels", EXAMPLE);
    }
    let words = delivery.strings("channels")?;
    let known: Vec<&str> = CHANNELS.iter().map(|(word, _)| *word).collect();
    let mut sorts = Vec::new();
    for (place, word) in words.iter().enumerate() {
        match CHANNELS.iter().find(|(known, _)| known == word).map(|(_, sort)| *sort) {
            None => {
                let help = did_you_mean(word, &known);
                delivery.problem("channels", format!("there is no channel {word:?}"), Some(help));
            }
            Some(_) if words[..place].contains(word) => {
                delivery.problem("channels", format!("{word:?} stands there twice"), None);
            }
            Some(None) if place > 0 => {
                let help = format!("for example: channels = {EXAMPLE}");
                delivery.problem("channels", "\"preferred\" can only come first", Some(help));
            }
            Some(None) => {}
            Some(Some(sort)) => sorts.push(sort),
        }
    }
    if sorts.is_empty() {
        let help = format!("for example: channels = {EXAMPLE}");
        delivery.problem("channels", "no channel to send by", Some(help));
        return None;
    }
    Some((sorts, words.first().is_some_and(|word| word == PREFERRED)))
}

/// `["09:00", "20:00"]`.
fn window(delivery: &mut Reader<'_>) -> Option<Window> {
    let ends = delivery.strings("window")?;
    let [opens, closes] = ends.as_slice() else {
        let help = Some("for example: window = [\"09:00\", \"20:00\"]".to_owned());
        delivery.problem("window", format!("`window` is two local times, and this list has {}", ends.len()), help);
        return None;
    };
    let window = Window { opens: time(delivery, "window", opens)?, closes: time(delivery, "window", closes)? };
    if window.opens == window.closes {
        let help = "a window may cross midnight, such as [\"18:00\", \"01:00\"], but it must end";
        delivery.problem("window", "the window closes when it opens", Some(help.into()));
        return None;
    }
    Some(window)
}

fn time(delivery: &Reader<'_>, key: &str, text: &str) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| text.len() == 5);
    if time.is_none() {
        let help = match (text, key) {
            ("24:00", _) => "midnight is \"00:00\"".to_owned(),
            (_, "at") => "for example: at = \"10:00\"".to_owned(),
            _ => "for example: window = [\"09:00\", \"20:00\"]".to_owned(),
        };
        delivery.problem(key, format!("{text:?} is no local time from 00:00 to 23:59"), Some(help));
    }
    time
}
