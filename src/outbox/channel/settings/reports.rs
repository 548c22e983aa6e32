//! `[channels.NAME.reports]`: delivery receipts that the provider posts to `/r/NAME`; `[channels.NAME.replies]`: text
//! messages of customers that it posts to `/i/NAME`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Numbers, Places};

/// `[channels.NAME.reports]`. A word that ends in `*` stands for all that begin so; the longest that fits counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportSettings {
    /// JSON pointer to the list of receipts in a call; none: the whole body, which may be a list.
    pub list: Option<String>,
    /// Where our own id of the message stands; a Message-ID of ours will do.
    #[serde(default)]
    pub id: Places,
    /// Where the provider's id of the message stands: what `reference` of the channel found when it was sent.
    #[serde(default)]
    pub reference: Places,
    /// Where the state stands; several places are put together with a blank between.
    pub status: Places,
    /// Where the code stands that is kept.
    #[serde(default)]
    pub code: Places,
    /// Where an explanation stands.
    #[serde(default)]
    pub detail: Places,
    /// Where it stands when it happened: unix seconds or milliseconds, RFC 3339, RFC 2822, or `2026-01-01 00:00:00`.
    #[serde(default)]
    pub at: Places,
    /// Zone of times without one; default UTC.
    pub timezone: Option<String>,
    /// States: it arrived.
    #[serde(default)]
    pub delivered: Vec<String>,
    /// States: it is still being tried; noted, nothing follows.
    #[serde(default)]
    pub delayed: Vec<String>,
    /// States: it did not arrive, the address may be good all the same.
    #[serde(default)]
    pub failed: Vec<String>,
    /// States: it did not arrive because of what it says or who sends it.
    #[serde(default)]
    pub refused: Vec<String>,
    /// States: it did not arrive because there is no such address, which is suppressed.
    #[serde(default)]
    pub bounced: Vec<String>,
    /// States: the customer called it spam; the address is suppressed.
    #[serde(default)]
    pub complained: Vec<String>,
    /// The body of the answer; default none.
    #[serde(default)]
    pub answer: String,
}

impl ReportSettings {
    pub(super) fn problems(&self, say: &mut impl FnMut(&str, &str)) {
        if self.id.0.is_empty() && self.reference.0.is_empty() {
            say("reports.id", "is missing; give where our id stands, or the provider's (reference)");
        }
        if self.status.0.is_empty() {
            say("reports.status", "is missing; it says where the state stands");
        }
        if self.list.as_ref().is_some_and(|list| !list.starts_with('/')) {
            say("reports.list", "must be a JSON pointer such as \"/events\"");
        }
        let words = [&self.delivered, &self.failed, &self.refused, &self.bounced, &self.complained];
        if words.iter().all(|words| words.is_empty()) {
            say("reports.delivered", "no state means anything; give delivered, failed, bounced, …");
        }
        zone("reports.timezone", self.timezone.as_deref(), say);
    }
}

/// What STOP stops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stops {
    /// Marketing and service, as the unsubscribe page: what the customer's own orders need still goes.
    #[default]
    Unsubscribe,
    /// Whatever it is: the number is suppressed.
    Everything,
}

/// `[channels.NAME.replies]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplySettings {
    /// JSON pointer to the list of replies in a call; none: the whole body, which may be a list.
    pub list: Option<String>,
    /// Where the number stands it comes from; several places are put together.
    pub from: Places,
    /// Where the text stands.
    pub text: Places,
    /// Where the provider's id of the reply stands: the same is not taken twice.
    #[serde(default)]
    pub reference: Places,
    /// Where it stands when it was written.
    #[serde(default)]
    pub at: Places,
    /// Zone of times without one; default UTC.
    pub timezone: Option<String>,
    /// How numbers without a plus are written: plain (`8613800138000`), or national, with `country_code`.
    #[serde(default)]
    pub numbers: Numbers,
    /// Country of national numbers.
    pub country_code: Option<String>,
    /// Words that stop; default T, TD, R, N, STOP, 退订 and the like.
    pub stop: Option<Vec<String>>,
    /// Words that start again; default START, UNSTOP, 订阅, 恢复订阅.
    pub start: Option<Vec<String>>,
    /// What the words stop.
    #[serde(default)]
    pub stops: Stops,
    /// The body of the answer; default none.
    #[serde(default)]
    pub answer: String,
    /// The body of the answer to a word that changed something, where the provider sends it on to the customer:
    /// `{{ text }}` is the confirmation.
    pub confirm_with: Option<String>,
    /// Confirmation of a stop, by language.
    #[serde(default)]
    pub stopped: BTreeMap<String, String>,
    /// Confirmation of a start, by language.
    #[serde(default)]
    pub started: BTreeMap<String, String>,
}

impl ReplySettings {
    pub(super) fn problems(&self, say: &mut impl FnMut(&str, &str)) {
        for (key, places) in [("replies.from", &self.from), ("replies.text", &self.text)] {
            if places.0.is_empty() {
                say(key, "is missing");
            }
        }
        if self.list.as_ref().is_some_and(|list| !list.starts_with('/')) {
            say("replies.list", "must be a JSON pointer such as \"/messages\"");
        }
        match (self.numbers, self.country_code.as_deref()) {
            (Numbers::National, Some(code)) if code.bytes().all(|b| b.is_ascii_digit()) && !code.is_empty() => {}
            (Numbers::National, _) => say("replies.country_code", "must be digits such as \"86\""),
            (_, Some(_)) => say("replies.country_code", "has no effect without numbers = \"national\""),
            (_, None) => {}
        }
        if self.stop.as_ref().is_some_and(Vec::is_empty) {
            say("replies.stop", "no word would stop anything; leave it out for the usual ones");
        }
        let says = !self.stopped.is_empty() || !self.started.is_empty();
        match &self.confirm_with {
            Some(with) if !with.contains("{{ text }}") => say("replies.confirm_with", "must contain {{ text }}"),
            Some(_) if !says => say("replies.confirm_with", "has no effect without stopped or started"),
            None if says => say("replies.confirm_with", "is missing: it says how the answer carries a confirmation"),
            _ => {}
        }
        zone("replies.timezone", self.timezone.as_deref(), say);
    }
}

pub(super) fn zone(key: &str, zone: Option<&str>, say: &mut impl FnMut(&str, &str)) {
    if zone.is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()) {
        say(key, "is not a zone of the IANA database such as Asia/Shanghai");
    }
}
