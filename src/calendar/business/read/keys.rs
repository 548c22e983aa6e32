//! One table of a calendar's file: keys that nobody asks for are unknown.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::NaiveDate;
use toml::de::{DeTable, DeValue};

use super::{Mistakes, Node, did_you_mean};

/// One table.
pub(super) struct Keys<'d> {
    table: &'d DeTable<'d>,
    /// Its name; empty for the top.
    name: String,
    asked: BTreeSet<&'static str>,
}

impl<'d> Keys<'d> {
    pub(super) fn new(table: &'d DeTable<'d>, name: &str) -> Self {
        Self { table, name: name.to_owned(), asked: BTreeSet::new() }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn value(&mut self, key: &'static str) -> Option<&'d Node<'d>> {
        self.asked.insert(key);
        self.table.get(key)
    }

    pub(super) fn text(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<String> {
        self.text_at(key, mistakes).map(|(text, _)| text)
    }

    /// A text that is not blank, and where it stands.
    pub(super) fn text_at(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<(String, Range<usize>)> {
        let node = self.value(key)?;
        match node.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some((text.to_owned(), node.span())),
            found => {
                let what = if found.is_some() { "is empty" } else { "must be a text in quotes" };
                mistakes.note(Some(node.span()), format!("`{key}` {what}"), format!("for example: {key} = \"…\""));
                None
            }
        }
    }

    pub(super) fn date(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<(NaiveDate, Range<usize>)> {
        let node = self.value(key)?;
        let found = match node.get_ref() {
            DeValue::String(text) => date(text),
            DeValue::Datetime(day) if day.time.is_none() => date(&day.to_string()),
            _ => None,
        };
        if found.is_none() {
            let help = format!("write year, month and day: {key} = \"2026-12-31\"");
            mistakes.note(Some(node.span()), format!("`{key}` is not a day"), help);
        }
        found.map(|date| (date, node.span()))
    }

    pub(super) fn table(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<Self> {
        let node = self.value(key)?;
        match node.get_ref() {
            DeValue::Table(table) => Some(Self::new(table, key)),
            _ => {
                mistakes.note(Some(node.span()), format!("`{key}` must be a table"), format!("write it as [{key}]"));
                None
            }
        }
    }

    /// All entries with the places of their keys, in the order of the file, for tables whose keys are free.
    pub(super) fn entries(&self) -> Vec<(&'d str, Range<usize>, &'d Node<'d>)> {
        let mut all: Vec<_> = self.table.iter().map(|(key, node)| (&**key.get_ref(), key.span(), node)).collect();
        all.sort_unstable_by_key(|(_, span, _)| span.start);
        all
    }

    /// Notes the keys nobody asked for.
    pub(super) fn finish(self, mistakes: &mut Mistakes) {
        let known: Vec<&str> = self.asked.iter().copied().collect();
        for (key, span, _) in self.entries().into_iter().filter(|(key, ..)| !self.asked.contains(key)) {
            let place = if self.name.is_empty() { String::new() } else { format!(" in `{}`", self.name) };
            mistakes.note(Some(span), format!("unknown key `{key}`{place}"), did_you_mean(key, &known));
        }
    }
}

/// `2026-12-31`, with all its digits.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    if text.len() == 10 { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}
