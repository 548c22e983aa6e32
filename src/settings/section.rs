//! One table of the merged settings, read key by key, so that all errors are found at once and each knows its place.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use config::{ConfigError, Map, Value, ValueKind};
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::layers::{PREFIX, variable};
use crate::outbox::channel::settings::{parse_duration, secret};
use crate::spelling::nearest;

const UNKNOWN: &str = "there is no such setting";

/// One table. [`Section::finish`] reports what was not asked for.
pub(super) struct Section {
    path: String,
    table: Map<String, Value>,
    known: Vec<&'static str>,
    problems: Rc<RefCell<Vec<String>>>,
}

impl Section {
    pub(super) fn root(value: Value) -> Self {
        Self::new(String::new(), value, Rc::default())
    }

    fn new(path: String, value: Value, problems: Rc<RefCell<Vec<String>>>) -> Self {
        let table = match value.kind {
            ValueKind::Table(table) => table,
            ValueKind::Nil => Map::new(),
            _ => {
                let place = place(&path, value.origin());
                problems.borrow_mut().push(format!("{path}: must be a table, [{path}] with keys below it{place}"));
                Map::new()
            }
        };
        Self { path, table, known: Vec::new(), problems }
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn complain(&self, key: &str, origin: Option<&str>, what: &str) {
        let key = self.full(key);
        let place = match origin {
            // What does not exist cannot be set by a variable either.
            Some(origin) if what.starts_with(UNKNOWN) => match origin.starts_with(PREFIX) {
                true => format!(" (in the environment variable {origin})"),
                false => format!(" (in {origin})"),
            },
            _ => place(&key, origin),
        };
        self.problems.borrow_mut().push(format!("{key}: {what}{place}"));
    }

    /// The table below.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let value = self.take(key).unwrap_or_else(|| Value::new(None, ValueKind::Nil));
        Self::new(self.full(key), value, Rc::clone(&self.problems))
    }

    /// A value of the given type, or its default after complaining.
    pub(super) fn value<T: DeserializeOwned + Default>(&mut self, key: &'static str) -> T {
        let value = self.optional(key);
        if value.is_none() && !self.complained(key) {
            self.complain(key, None, "is missing");
        }
        value.unwrap_or_default()
    }

    /// A value that need not be there.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.take(key)?;
        let origin = value.origin().map(str::to_owned);
        match value.try_deserialize() {
            Ok(value) => Some(value),
            Err(error) => {
                self.complain(key, origin.as_deref(), &what(&error));
                None
            }
        }
    }

    fn complained(&self, key: &str) -> bool {
        let start = format!("{}: ", self.full(key));
        self.problems.borrow().iter().any(|problem| problem.starts_with(&start))
    }

    /// A value that stands there as text.
    pub(super) fn parsed<T: Default>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let origin = self.table.get(key).and_then(|value| value.origin().map(str::to_owned));
        let Some(text) = self.optional::<String>(key) else {
            if !self.complained(key) {
                self.complain(key, None, "is missing");
            }
            return T::default();
        };
        parse(&text).unwrap_or_else(|problem| {
            self.complain(key, origin.as_deref(), &problem);
            T::default()
        })
    }

    /// A length of time that is more than nothing.
    pub(super) fn duration(&mut self, key: &'static str) -> Duration {
        self.parsed(key, |text| match parse_duration(text)? {
            Duration::ZERO => Err("must be more than nothing".to_owned()),
            duration => Ok(duration),
        })
    }

    /// One of the words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> T {
        let chosen = self.parsed(key, |text| {
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| Some(*value));
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            found.ok_or_else(|| format!("{text:?} must be one of {}", all.join(", ")))
        });
        chosen.unwrap_or(words[0].1)
    }

    /// A number within limits.
    pub(super) fn number(&mut self, key: &'static str, least: u32, most: u32) -> u32 {
        let origin = self.table.get(key).and_then(|value| value.origin().map(str::to_owned));
        let number: u32 = self.value(key);
        if !self.complained(key) && !(least..=most).contains(&number) {
            self.complain(key, origin.as_deref(), &format!("{number} must be between {least} and {most}"));
        }
        number
    }

    /// A secret, given itself or by the file `file_key` names.
    pub(super) fn secret(&mut self, key: &'static str, file_key: &'static str) -> Option<SecretString> {
        let inline = self.optional::<SecretString>(key);
        let file = self.optional::<PathBuf>(file_key);
        match secret(&self.full(file_key), inline.as_ref(), file.as_deref()) {
            Ok(secret) => secret,
            Err(problem) => {
                self.problems.borrow_mut().push(problem.to_string());
                None
            }
        }
    }

    /// A table another room reads by serde. Serde stops at the first error, so the key it names is taken out and the
    /// rest is read again.
    pub(super) fn foreign<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.take(key)?;
        self.read_table(key, value)
    }

    /// Every entry of this table, as [`Section::foreign`]; `choose` says how an entry is read.
    pub(super) fn entries<T>(&mut self, choose: impl Fn(&Self, &str, Value) -> Option<T>) -> Vec<(String, T)> {
        let table = std::mem::take(&mut self.table);
        let mut found: Vec<_> =
            table.into_iter().filter_map(|(name, value)| Some((name.clone(), choose(self, &name, value)?))).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    pub(super) fn read_table<T: DeserializeOwned>(&self, key: &str, mut value: Value) -> Option<T> {
        let mut failed = false;
        loop {
            match T::deserialize(value.clone()) {
                Ok(read) if !failed => return Some(read),
                Ok(_) => return None,
                Err(error) => {
                    failed = true;
                    let (inner, said) = locate(&error);
                    let full = if inner.is_empty() { key.to_owned() } else { format!("{key}.{inner}") };
                    let origin = origin_of(&value, &inner).or_else(|| value.origin().map(str::to_owned));
                    self.complain(&full, origin.as_deref(), &said);
                    let top = inner.split(['.', '[']).next().unwrap_or_default();
                    let ValueKind::Table(table) = &mut value.kind else { return None };
                    table.remove(top)?;
                }
            }
        }
    }

    /// Says what is wrong with the entry `key`.
    pub(super) fn fault(&self, key: &str, origin: Option<&str>, what: &str) {
        self.complain(key, origin, what);
    }

    /// Reports keys nobody asked for, and hands over all problems found through this root.
    pub(super) fn finish(&mut self) -> Vec<String> {
        let mut unknown: Vec<(String, Value)> = std::mem::take(&mut self.table).into_iter().collect();
        unknown.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, value) in unknown {
            self.complain(&key, origin_within(&value), &no_such(&key, &self.known));
        }
        if self.path.is_empty() { std::mem::take(&mut self.problems.borrow_mut()) } else { Vec::new() }
    }
}

/// Where the value came from and which variable would set it.
fn place(key: &str, origin: Option<&str>) -> String {
    let variable = variable(key);
    match origin {
        Some(origin) if origin == variable => format!(" (in the environment variable {variable})"),
        Some(origin) => format!(" (in {origin}; environment variable {variable})"),
        None => format!(" (environment variable {variable})"),
    }
}

/// The key below the table that an error of `config` speaks of, and what it says.
fn locate(error: &ConfigError) -> (String, String) {
    match error {
        ConfigError::Type { key, .. } => (key.clone().unwrap_or_default(), what(error)),
        ConfigError::At { error, key, .. } => {
            let key = key.clone().unwrap_or_default();
            match unknown_field(&error.to_string()) {
                Some(field) => (join(&key, &field), what(error)),
                None => (key, what(error)),
            }
        }
        ConfigError::NotFound(key) => (key.clone(), what(error)),
        other => match unknown_field(&other.to_string()) {
            Some(field) => (field, what(other)),
            None => (String::new(), what(other)),
        },
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{}.{key}", path.trim_end_matches('.')) }
}

fn unknown_field(message: &str) -> Option<String> {
    Some(message.strip_prefix("unknown field `")?.split_once('`')?.0.to_owned())
}

fn what(error: &ConfigError) -> String {
    match error {
        ConfigError::Type { unexpected, expected, .. } => format!("{unexpected} must be {expected}"),
        ConfigError::NotFound(_) => "is missing".to_owned(),
        ConfigError::At { error, .. } => what(error),
        other => {
            let message = other.to_string();
            match unknown_field(&message) {
                Some(field) => no_such(&field, &expected(&message)),
                None => message,
            }
        }
    }
}

/// The names in serde's "expected `a` or `b`".
fn expected(message: &str) -> Vec<&str> {
    message.split_once("expected").map_or_else(Vec::new, |(_, names)| names.split('`').skip(1).step_by(2).collect())
}

fn no_such(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("{UNKNOWN}; did you mean {near:?}?"),
        None if known.is_empty() => UNKNOWN.to_owned(),
        None => format!("{UNKNOWN}; there are {}", known.join(", ")),
    }
}

/// Where a value came from; a table that only exists through a variable has no origin, what stands in it has.
fn origin_within(value: &Value) -> Option<&str> {
    match &value.kind {
        ValueKind::Table(table) if value.origin().is_none() => table.values().find_map(origin_within),
        _ => value.origin(),
    }
}

fn origin_of(value: &Value, path: &str) -> Option<String> {
    let mut at = value;
    for part in path.split('.').map(|part| part.split('[').next().unwrap_or(part)) {
        let ValueKind::Table(table) = &at.kind else { break };
        at = table.get(part)?;
    }
    at.origin().map(str::to_owned)
}
