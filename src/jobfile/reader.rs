//! Reads tables of a job file by key and reports everything that is wrong with them.
//!
//! A [`Reader`] reads one table. It remembers which keys were asked for; when it is finished, the others are unknown
//! keys. Every method that finds something wrong notes the problem, with its place, and returns `None` or leaves the
//! piece out: go on reading, and at the end build the value only when all its parts are there. Whoever read a file
//! uses what came out only if nothing was noted.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

pub use self::suggest::did_you_mean;
pub use super::duration::Span;
use super::problem::{Problems, Sink};
use super::value::{self, Found};

mod note;
mod suggest;
mod syntax;

/// A value of a file, with its place.
pub type Node<'d> = Spanned<DeValue<'d>>;

/// Reads a file's text with `read` and says what is wrong with it.
///
/// `read` gets the top-level table; unknown keys are reported for it as for every other table.
pub fn read_text<T>(file: &Arc<str>, text: &Arc<str>, read: impl FnOnce(&mut Reader<'_>) -> T) -> (T, Problems) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut sink = Sink::new(file.clone(), text.clone());
    syntax::note(&mut sink, text, errors);
    for span in value::nul(table.get_ref()) {
        sink.problem(Some(span), "a text cannot hold the character U+0000", Some("take \\u0000 out".into()));
    }
    let mut reader = Reader::new(table.get_ref(), &sink, String::new(), None);
    let outcome = read(&mut reader);
    reader.finish();
    (outcome, sink.into_problems())
}

/// One table being read.
#[derive(Debug)]
pub struct Reader<'d> {
    table: &'d DeTable<'d>,
    sink: &'d Sink,
    /// Where the table is, for messages: `retier.level[2]`, empty for the top.
    path: String,
    /// The table's header or its braces; none for the top.
    span: Option<Range<usize>>,
    asked: BTreeSet<String>,
    /// Keys that are wrong and were reported as that.
    passed: BTreeSet<String>,
    noted_before: usize,
    finished: bool,
}

impl<'d> Reader<'d> {
    fn new(table: &'d DeTable<'d>, sink: &'d Sink, path: String, span: Option<Range<usize>>) -> Self {
        let (asked, passed) = Default::default();
        Self { table, sink, path, span, asked, passed, noted_before: sink.count(), finished: false }
    }

    /// A reader for a value that must be a table, such as an element of a list. `path` names it in messages.
    pub fn of(&self, node: &'d Node<'d>, path: &str) -> Option<Reader<'d>> {
        match node.get_ref() {
            DeValue::Table(table) => Some(Reader::new(table, self.sink, path.into(), Some(node.span()))),
            other => {
                let expected = "a table such as `{ key = \"value\" }`";
                self.note(node.span(), format!("`{path}` must be {expected}, but it is {}", Found(other)), None);
                None
            }
        }
    }

    /// Where the table is: `retier.level[2]`; empty for the top of the file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The keys that are there, in the order of the file. They do not count as asked for.
    #[must_use]
    pub fn keys(&self) -> Vec<&'d str> {
        let mut keys: Vec<_> = self.table.iter().map(|(key, _)| (key.span().start, &**key.get_ref())).collect();
        keys.sort_unstable();
        keys.into_iter().map(|(_, key)| key).collect()
    }

    /// Whether the key is there. Does not count as asked for.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether the key is there and holds a table or a list of tables.
    #[must_use]
    pub fn is_table(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|node| match node.get_ref() {
            DeValue::Table(_) => true,
            DeValue::Array(list) => list.iter().any(|element| element.get_ref().is_table()),
            _ => false,
        })
    }

    /// Where a key's value stands.
    #[must_use]
    pub fn span_of(&self, key: &str) -> Option<Range<usize>> {
        self.table.get(key).map(Spanned::span)
    }

    /// The value as it stands in the file, for what has no method of its own.
    pub fn value(&mut self, key: &str) -> Option<&'d Node<'d>> {
        self.asked.insert(key.to_owned());
        self.table.get(key)
    }

    /// The value of a key that must be there.
    pub fn required(&mut self, key: &str, example: &str) -> Option<&'d Node<'d>> {
        let found = self.value(key);
        if found.is_none() {
            self.missing(key, example);
        }
        found
    }

    /// A text.
    pub fn string(&mut self, key: &str) -> Option<String> {
        self.convert(key, "a text in quotes", "\"…\"", value::string)
    }

    /// A text that must be there and not be blank. `example` with its quotes.
    pub fn required_string(&mut self, key: &str, example: &str) -> Option<String> {
        self.required(key, example)?;
        let text = self.convert(key, "a text in quotes", example, value::string)?;
        if text.trim().is_empty() {
            self.problem(key, format!("`{key}` is empty"), Some(format!("for example: {key} = {example}")));
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub fn bool(&mut self, key: &str) -> Option<bool> {
        self.convert(key, "true or false, without quotes", "true", |node| node.as_bool())
    }

    /// A whole number in a range (both ends included).
    pub fn integer(&mut self, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let (low, high) = (*range.start(), *range.end());
        let number = self.convert(key, "a whole number, without quotes", &low.to_string(), value::integer)?;
        if !range.contains(&number) {
            self.problem(key, format!("`{key}` must be from {low} to {high}, but it is {number}"), None);
            return None;
        }
        Some(number)
    }

    /// The whole numbers a table such as `{ at_most = 2 }` means: `is`, or `at_least` and `at_most`, within `all`. None:
    /// what is wrong was noted once, with `message` and `help` where each number by itself is right.
    pub fn between(
        &mut self,
        all: std::ops::RangeInclusive<i64>,
        message: &str,
        help: String,
    ) -> Option<std::ops::RangeInclusive<i64>> {
        let before = self.problems();
        let mut one = |key| self.integer(key, all.clone());
        let found = match (one("is"), one("at_least"), one("at_most")) {
            (Some(number), None, None) => Some(number..=number),
            (None, from, to) if from.is_some() || to.is_some() => {
                Some(from.unwrap_or(*all.start())..=to.unwrap_or(*all.end()))
            }
            _ => None,
        };
        let found = found.filter(|range| !range.is_empty());
        if found.is_none() && self.problems() == before {
            self.problem_here(message, Some(help));
        }
        found.filter(|_| self.problems() == before)
    }

    /// A number, exact: `1000`, `12.50` or `"12.50"`.
    pub fn decimal(&mut self, key: &str) -> Option<Decimal> {
        self.convert(key, "a number", "100", value::decimal)
    }

    /// A length of time such as "30d": a number with a unit.
    pub fn duration(&mut self, key: &str) -> Option<Span> {
        let node = self.value(key)?;
        match value::duration(node.get_ref()) {
            Ok(span) => Some(span),
            Err(why) => {
                let message = format!("`{key}` must be a length of time, but it is {}", Found(node.get_ref()));
                self.note(node.span(), message, Some(why));
                None
            }
        }
    }

    /// A share such as "20%", from 0 % to 100 %, as a number from 0 to 1.
    pub fn percent(&mut self, key: &str) -> Option<Decimal> {
        let node = self.value(key)?;
        match value::percent(node.get_ref()) {
            Ok(share) => Some(share),
            Err(why) => {
                let message = format!("`{key}` must be a percentage, but it is {}", Found(node.get_ref()));
                self.note(node.span(), message, Some(why));
                None
            }
        }
    }

    /// A day: `"2026-06-01"` or the same without quotes.
    pub fn date(&mut self, key: &str) -> Option<NaiveDate> {
        self.convert(key, "a day (year-month-day)", "\"2026-06-01\"", value::date)
    }

    /// One of several words.
    pub fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let example = format!("\"{}\"", choices.first().map_or("…", |(word, _)| word));
        let word = self.convert(key, "a word in quotes", &example, value::string)?;
        let found = choices.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<_> = choices.iter().map(|(known, _)| *known).collect();
            self.problem(key, format!("`{key}` cannot be {word:?}"), Some(did_you_mean(&word, &known)));
        }
        found
    }

    /// A list of texts. Each that is none is reported.
    pub fn strings(&mut self, key: &str) -> Option<Vec<String>> {
        let elements = self.list(key, "[\"…\", \"…\"]")?;
        let texts: Vec<_> = elements.iter().map(|node| (node, value::string(node.get_ref()))).collect();
        for (node, text) in &texts {
            if text.is_none() {
                let message = format!("`{key}` must hold texts in quotes, but this is {}", Found(node.get_ref()));
                self.note(node.span(), message, None);
            }
        }
        texts.into_iter().map(|(_, text)| text).collect()
    }

    /// A list of whatever; the caller looks at the elements.
    pub fn list(&mut self, key: &str, example: &str) -> Option<&'d DeArray<'d>> {
        let node = self.value(key)?;
        let array = node.get_ref().as_array();
        if array.is_none() {
            self.wrong_type(key, node, "a list", example);
        }
        array
    }

    /// A table: `[key]` or `key = { … }`.
    pub fn table(&mut self, key: &str) -> Option<Reader<'d>> {
        let node = self.value(key)?;
        let DeValue::Table(table) = node.get_ref() else {
            let help = format!("write it as [{}] or {key} = {{ … }}", self.below(key));
            self.note(node.span(), format!("`{key}` must be a table, but it is {}", Found(node.get_ref())), Some(help));
            return None;
        };
        Some(Reader::new(table, self.sink, self.below(key), self.header(key, node)))
    }

    /// A list of tables: `[[key]]` or `key = [{ … }, { … }]`; empty when it is not there.
    pub fn tables(&mut self, key: &str) -> Vec<Reader<'d>> {
        let Some(node) = self.value(key) else { return Vec::new() };
        if node.get_ref().is_table() {
            let message = format!("`{key}` must be a list of tables, but it is one table");
            self.note(node.span(), message, Some(format!("write [[{}]] with double brackets", self.below(key))));
            return Vec::new();
        }
        let Some(elements) = self.list(key, "[{ … }]") else { return Vec::new() };
        let named = elements.iter().enumerate().map(|(at, node)| (node, format!("{}[{}]", self.below(key), at + 1)));
        named.filter_map(|(node, path)| self.of(node, &path)).collect()
    }

    /// All keys with their places and values, in the order of the file, for tables whose keys are free.
    pub fn entries(&mut self) -> Vec<(&'d str, Range<usize>, &'d Node<'d>)> {
        let mut all: Vec<_> = self.table.iter().map(|(key, node)| (&**key.get_ref(), key.span(), node)).collect();
        all.sort_unstable_by_key(|(_, span, _)| span.start);
        self.asked.extend(all.iter().map(|(key, ..)| (*key).to_owned()));
        all
    }

    /// How many problems the file has so far: whether a part was read without any is told by comparing.
    #[must_use]
    pub fn problems(&self) -> usize {
        self.sink.count()
    }

    /// Marks keys as known although nobody looks at them here.
    pub fn leave(&mut self, keys: &[&str]) {
        self.asked.extend(keys.iter().map(|key| (*key).to_owned()));
    }

    /// Says nothing more about a key that was reported already.
    pub fn pass(&mut self, key: &str) {
        self.passed.insert(key.to_owned());
    }

    /// Ends the reading: keys nobody asked for are unknown.
    pub fn finish(mut self) {
        self.report_unknown();
    }

    fn report_unknown(&mut self) {
        self.finished = true;
        let known: Vec<&str> = self.asked.iter().map(String::as_str).collect();
        let silent = |key: &str| self.asked.contains(key) || self.passed.contains(key);
        for (key, _) in self.table.iter().filter(|(key, _)| !silent(key.get_ref())) {
            let place = if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path) };
            let help = did_you_mean(key.get_ref(), &known);
            self.sink.problem(Some(key.span()), format!("unknown key `{}`{place}", key.get_ref()), Some(help));
        }
    }

    fn convert<T>(
        &mut self,
        key: &str,
        expected: &str,
        example: &str,
        read: impl FnOnce(&DeValue<'d>) -> Option<T>,
    ) -> Option<T> {
        let node = self.value(key)?;
        let found = read(node.get_ref());
        if found.is_none() {
            self.wrong_type(key, node, expected, example);
        }
        found
    }

    fn wrong_type(&self, key: &str, node: &Node<'_>, expected: &str, example: &str) {
        let message = format!("`{key}` must be {expected}, but it is {}", Found(node.get_ref()));
        self.note(node.span(), message, Some(format!("for example: {key} = {example}")));
    }

    fn below(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn place(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// Where a table begins: its header or braces; the key for one that only exists through dotted keys.
    fn header(&self, key: &str, node: &Node<'_>) -> Option<Range<usize>> {
        let span = node.span();
        if span.is_empty() { self.table.get_key_value(key).map(|(key, _)| key.span()) } else { Some(span) }
    }
}

/// A reader that was given up half-way had its problem noted already; one that was read to the end and just not
/// finished is finished.
impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if !self.finished && self.sink.count() == self.noted_before {
            self.report_unknown();
        }
    }
}
