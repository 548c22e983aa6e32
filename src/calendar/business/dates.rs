//! What a calendar says about single dates: days off, make-up workdays, hours of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, Weekday};

use super::hours::Hours;

/// What a day is called, and what in other languages. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(Arc<(String, BTreeMap<String, String>)>);

impl Name {
    pub(super) fn new(text: String, others: BTreeMap<String, String>) -> Self {
        Self(Arc::new((text, others)))
    }

    /// As the file has it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.0
    }

    /// For people of a locale such as `zh-CN`: what the file's `[names]` has for it or for its language, otherwise
    /// [`Name::text`].
    #[must_use]
    pub fn in_locale(&self, locale: &str) -> &str {
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        let same_language = |(known, _): &(&String, &String)| known.split('-').next() == Some(language);
        let exact = self.0.1.get(locale);
        exact.or_else(|| self.0.1.iter().find(same_language).map(|(_, name)| name)).unwrap_or(&self.0.0)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

/// What one date is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// Nobody works.
    Off(Name),
    /// The hours of a day of the week are worked, though the date itself would be off.
    Worked(Weekday, Name),
    /// Hours of its own.
    Hours(Vec<Hours>, Name),
}

/// All that is said about single dates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dates {
    /// The first and the last day for which they are complete.
    pub(super) known: Option<(NaiveDate, NaiveDate)>,
    pub(super) entries: BTreeMap<NaiveDate, Entry>,
    /// Off every year, by month and day, where the date has no entry of its own.
    pub(super) yearly: BTreeMap<(u32, u32), Name>,
}

impl Dates {
    /// The date's own entry.
    pub(super) fn entry(&self, date: NaiveDate) -> Option<&Entry> {
        self.entries.get(&date)
    }

    /// What it is called when it is off every year.
    pub(super) fn yearly(&self, date: NaiveDate) -> Option<&Name> {
        self.yearly.get(&(date.month(), date.day()))
    }
}
