//! The minijinja environment of templates: strict, with fuel, with few filters, none of which can grow without bound.

use std::io;

use chrono::NaiveDate;
use chrono::format::{Item, StrftimeItems};
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, UndefinedBehavior, filters, tests};

/// Instructions one rendering may take; a long mail takes a few thousand.
const FUEL: u64 = 500_000;
/// What one filter may return, in bytes.
const FILTER_OUTPUT: usize = 100_000;

/// The filters there are.
pub const FILTERS: &[&str] = &[
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "default",
    "d",
    "length",
    "count",
    "first",
    "last",
    "round",
    "int",
    "float",
    "abs",
    "replace",
    "join",
    "times",
    "date",
    "urlencode",
    "escape",
    "e",
    "string",
];

/// An environment without templates. Names that end in `.html` and `.mjml` are escaped as HTML, others are plain text.
pub fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(50);
    env.set_debug(false); // debug output prints the variables, which are customers
    env.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html" | "mjml") => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    env.set_formatter(|out, state, value| match (state.auto_escape(), value.as_str()) {
        (AutoEscape::Html, Some(text)) if !value.is_safe() => escape(out, text),
        _ => minijinja::escape_formatter(out, state, value),
    });
    env.add_filter("upper", filters::upper);
    env.add_filter("lower", filters::lower);
    env.add_filter("title", filters::title);
    env.add_filter("capitalize", filters::capitalize);
    env.add_filter("trim", filters::trim);
    env.add_filter("default", default);
    env.add_filter("d", default);
    env.add_filter("length", filters::length);
    env.add_filter("count", filters::length);
    env.add_filter("first", filters::first);
    env.add_filter("last", filters::last);
    env.add_filter("round", filters::round);
    env.add_filter("int", filters::int);
    env.add_filter("float", filters::float);
    env.add_filter("abs", filters::abs);
    env.add_filter("replace", replace);
    env.add_filter("join", join);
    env.add_filter("times", times);
    env.add_filter("date", date);
    env.add_filter("urlencode", filters::urlencode);
    env.add_filter("escape", filters::escape);
    env.add_filter("e", filters::escape);
    env.add_filter("string", filters::string);
    env.add_test("defined", tests::is_defined);
    env.add_test("undefined", tests::is_undefined);
    env.add_test("none", tests::is_none);
    env.add_test("number", tests::is_number);
    env.add_test("odd", tests::is_odd);
    env.add_test("even", tests::is_even);
    env
}

/// HTML in text and attributes. Control characters and the like become references, since the MJML compiler writes
/// attributes in Rust's debug form.
fn escape(out: &mut Output<'_>, text: &str) -> Result<(), Error> {
    let special = |c: char| {
        matches!(c, '&' | '<' | '>' | '"' | '\'' | '\\')
            || (!c.is_ascii_graphic() && c != ' ' && c.escape_debug().len() > 1)
    };
    let mut rest = text;
    while let Some(at) = rest.find(special) {
        out.write_str(&rest[..at])?;
        let Some(c) = rest[at..].chars().next() else { break };
        match c {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            other => write!(out, "&#{};", u32::from(other))?,
        }
        rest = &rest[at + c.len_utf8()..];
    }
    Ok(out.write_str(rest)?)
}

/// Unlike Jinja's: an empty text counts as missing too, since that is how a CRM says that it does not know the name.
fn default(value: &Value, other: Option<Value>) -> Value {
    let missing = value.is_undefined() || value.is_none() || value.as_str().is_some_and(|text| text.trim().is_empty());
    if missing { other.unwrap_or_else(|| Value::from("")) } else { value.clone() }
}

fn replace(text: &str, from: &str, to: &str) -> Result<String, Error> {
    if from.is_empty() || text.matches(from).count().saturating_mul(to.len()) + text.len() > FILTER_OUTPUT {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "replace: the text to replace is empty or the result too long",
        ));
    }
    Ok(text.replace(from, to))
}

fn join(list: &Value, between: Option<&str>) -> Result<String, Error> {
    if list.kind() != ValueKind::Seq {
        return Err(Error::new(ErrorKind::InvalidOperation, "join: not a list"));
    }
    let mut text = String::new();
    for (at, item) in list.try_iter()?.enumerate() {
        if at > 0 {
            text.push_str(between.unwrap_or_default());
        }
        text.push_str(&item.to_string());
        if text.len() > FILTER_OUTPUT {
            return Err(Error::new(ErrorKind::InvalidOperation, "join: the result is too long"));
        }
    }
    Ok(text)
}

fn times(value: f64, by: f64) -> Value {
    let product = value * by;
    if product.fract() == 0.0 && product.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small, by the line above")]
        let whole = product as i64;
        Value::from(whole)
    } else {
        Value::from(product)
    }
}

/// `{{ occasion.date|date("%-m月%-d日") }}`, by strftime letters; months and weekdays in English.
fn date(value: &str, format: &str) -> Result<String, Error> {
    let bad = |what: &str| Error::new(ErrorKind::InvalidOperation, format!("date: {what}"));
    let day: NaiveDate = value.get(..10).unwrap_or(value).parse().map_err(|_| bad("not a date such as 2026-05-04"))?;
    let items: Vec<_> = StrftimeItems::new(format).collect();
    if format.len() > 200 || items.iter().any(|item| matches!(item, Item::Error)) {
        return Err(bad("the format is not understood; %Y, %m, %-d, %B … are"));
    }
    use std::fmt::Write as _;
    let mut text = String::new();
    write!(text, "{}", day.format_with_items(items.iter()))
        .map_err(|_| bad("the format asks for a time, and this is a day"))?;
    Ok(text)
}

/// Collects output up to a size.
pub struct Capped {
    text: Vec<u8>,
    max: usize,
}

impl Capped {
    /// Room for `max` bytes.
    pub fn new(max: usize) -> Self {
        Self { text: Vec::with_capacity(max.min(16 * 1024)), max }
    }

    /// What was written.
    pub fn into_string(self) -> String {
        String::from_utf8(self.text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

impl io::Write for Capped {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.text.len() + part.len() > self.max {
            return Err(io::Error::other(format!("the text is longer than {} kB", self.max / 1024)));
        }
        self.text.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
