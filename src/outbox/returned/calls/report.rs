//! Receipts in calls, by the rules of a channel.

use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::{Call, Malformed, entries};
use crate::outbox::channel::settings::ReportSettings;
use crate::outbox::returned::{About, News, Said, Source};

/// Reads receipts.
#[derive(Debug)]
pub struct Reports {
    provider: String,
    settings: ReportSettings,
    zone: Tz,
    /// State, whether all that begin so, and what it means.
    words: Vec<(String, bool, Said)>,
}

/// What a call brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// What is of use.
    pub news: Vec<News>,
    /// Entries whose state means nothing to us, or that name no message.
    pub ignored: usize,
}

impl Reports {
    pub(super) fn new(provider: &str, settings: &ReportSettings) -> Self {
        let all = [
            (&settings.complained, Said::Complained),
            (&settings.bounced, Said::Bounced),
            (&settings.refused, Said::Refused),
            (&settings.failed, Said::Failed),
            (&settings.delayed, Said::Delayed),
            (&settings.delivered, Said::Delivered),
        ];
        let words = all.into_iter().flat_map(|(words, said)| {
            words.iter().map(move |word| match word.strip_suffix('*') {
                Some(start) => (start.to_owned(), true, said),
                None => (word.clone(), false, said),
            })
        });
        Self {
            provider: provider.to_owned(),
            zone: zone(settings.timezone.as_deref()),
            words: words.collect(),
            settings: settings.clone(),
        }
    }

    /// The body of the answer.
    #[must_use]
    pub fn answer(&self) -> &str {
        &self.settings.answer
    }

    /// The receipts of a call.
    ///
    /// # Errors
    /// When it is neither JSON nor a form.
    pub fn read(&self, call: &Call<'_>) -> Result<Brought, Malformed> {
        let mut brought = Brought::default();
        for entry in entries(call.document()?, self.settings.list.as_deref()) {
            let text = |places| call.text(places, "", &entry);
            let status = call.text(&self.settings.status, " ", &entry).unwrap_or_default();
            let ours = text(&self.settings.id).and_then(|id| ours(&id)).map(About::Ours);
            let about = ours.or_else(|| text(&self.settings.reference).map(About::Theirs));
            let (Some(about), Some(said)) = (about, self.means(&status)) else {
                brought.ignored += 1;
                continue;
            };
            brought.news.push(News {
                about,
                source: Source::Receipt,
                provider: Some(self.provider.clone()),
                said,
                code: text(&self.settings.code).unwrap_or_default(),
                detail: text(&self.settings.detail).unwrap_or(status),
                at: text(&self.settings.at).and_then(|at| instant(&at, self.zone)),
                to: Vec::new(),
            });
        }
        Ok(brought)
    }

    /// The longest word that fits, a whole one before the beginning of one.
    fn means(&self, status: &str) -> Option<Said> {
        let fits = |(word, begins, _): &&(String, bool, Said)| match begins {
            true => status.starts_with(word.as_str()),
            false => status == word,
        };
        // of equals the first, which is the gravest
        let best = self.words.iter().rev().filter(fits).max_by_key(|(word, begins, _)| (!begins, word.len()));
        best.map(|(_, _, said)| *said)
    }
}

/// Our id of a message: itself, or in a Message-ID that is made of it.
pub fn ours(text: &str) -> Option<uuid::Uuid> {
    let text = text.trim().trim_start_matches('<');
    text.split(['@', '>']).next()?.trim().parse().ok()
}

pub fn zone(name: Option<&str>) -> Tz {
    name.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}

/// An instant as providers and mail servers write it. None is before 1970: nothing was sent then, and of what calendars can
/// write the database cannot keep all.
pub fn instant(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    written(text.trim(), zone).filter(|at| *at >= DateTime::UNIX_EPOCH)
}

fn written(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 13 {
        let number: i64 = text.parse().ok()?;
        return if text.len() > 11 {
            DateTime::from_timestamp_millis(number)
        } else {
            DateTime::from_timestamp(number, 0)
        };
    }
    // Mailgun writes seconds with a fraction
    if let Some((seconds, fraction)) = text.split_once('.')
        && [seconds, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    {
        return DateTime::from_timestamp(seconds.parse().ok()?, 0);
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text)) {
        return Some(at.to_utc());
    }
    let local = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S"];
    let local = local.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    zone.from_local_datetime(&local).earliest().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_providers_write_them() {
        let shanghai = zone(Some("Asia/Shanghai"));
        for text in [
            "1780272000",
            "1780272000000",
            "1780272000.123",
            "2026-06-01T00:00:00Z",
            "Mon, 01 Jun 2026 00:00:00 +0000",
            "2026-06-01 08:00:00",
            "20260601080000",
        ] {
            let at = instant(text, shanghai).map(|at| at.timestamp());
            assert_eq!(at, Some(1_780_272_000), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "99999999999999999999",
            "2026-13-01 00:00:00",
            "-200000-01-01 00:00:00",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(instant(text, shanghai), None, "{text}");
        }
    }

    #[test]
    fn our_id_is_found_in_a_message_id() {
        let id = uuid::Uuid::from_u128(7);
        for text in
            [format!("{id}"), format!("<{id}@shop.example>"), format!(" {id}@shop.example "), id.simple().to_string()]
        {
            assert_eq!(ours(&text), Some(id), "{text}");
        }
        assert_eq!(ours("<abc@shop.example>"), None);
    }
}
