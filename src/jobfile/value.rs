//! Single values of a file: what they are called and what can be made of them.

use std::fmt;
use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::duration::Span;

/// A value in the words of a message: the number 30, the text "abc".
#[derive(Debug, Clone, Copy)]
pub struct Found<'v>(pub &'v DeValue<'v>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 40;
        match self.0 {
            DeValue::String(text) if text.chars().count() > LONGEST => {
                write!(f, "the text {:?}", text.chars().take(LONGEST).chain(['…']).collect::<String>())
            }
            DeValue::String(text) => write!(f, "the text {text:?}"),
            DeValue::Integer(number) => write!(f, "the number {number}"),
            DeValue::Float(number) => write!(f, "the number {number}"),
            DeValue::Boolean(flag) => write!(f, "{flag}"),
            DeValue::Datetime(instant) => write!(f, "the date {instant}"),
            DeValue::Array(list) if list.is_empty() => write!(f, "an empty list"),
            DeValue::Array(_) => write!(f, "a list"),
            DeValue::Table(_) => write!(f, "a table"),
        }
    }
}

/// A text.
#[must_use]
pub fn string(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A whole number that fits.
#[must_use]
pub fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A number without rounding: whole, with a point, or either in quotes.
#[must_use]
pub fn decimal(value: &DeValue<'_>) -> Option<Decimal> {
    match value {
        DeValue::Integer(_) => integer(value).map(Decimal::from),
        DeValue::Float(number) => plain_decimal(number.as_str()),
        DeValue::String(text) => plain_decimal(text),
        _ => None,
    }
}

/// Digits with at most one point; no exponents, no infinities, nothing that would be rounded.
fn plain_decimal(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    if plain { Decimal::from_str_exact(text.trim_start_matches('+')).ok() } else { None }
}

/// A length of time.
///
/// # Errors
/// What to write instead.
pub fn duration(value: &DeValue<'_>) -> Result<Span, String> {
    match value {
        DeValue::String(text) => Span::parse(text),
        DeValue::Integer(number) => {
            Err(format!("say which unit, in quotes: \"{number}d\" for days, \"{number}h\" for hours"))
        }
        _ => Err("write it in quotes with a unit: \"30d\"".into()),
    }
}

/// A share from "0%" to "100%", as a number from 0 to 1.
///
/// # Errors
/// What to write instead.
pub fn percent(value: &DeValue<'_>) -> Result<Decimal, String> {
    let number = match value {
        DeValue::String(text) => match text.strip_suffix(['%', '％']) {
            Some(number) => plain_decimal(number.trim_end()),
            None if plain_decimal(text).is_some() => return Err(format!("a percentage needs its sign: \"{text}%\"")),
            None => None,
        },
        DeValue::Integer(_) | DeValue::Float(_) => {
            let number = decimal(value).ok_or("write it in quotes with a percent sign: \"20%\"")?;
            let meant =
                if number > Decimal::ZERO && number < Decimal::ONE { number * Decimal::ONE_HUNDRED } else { number };
            return Err(format!("a percentage stands in quotes with its sign: \"{}%\"", meant.normalize()));
        }
        _ => None,
    };
    match number {
        Some(number) if (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&number) => Ok(number / Decimal::ONE_HUNDRED),
        Some(_) => Err("percentages go from \"0%\" to \"100%\"".into()),
        None => Err("write it in quotes with a percent sign: \"20%\"".into()),
    }
}

/// A day.
#[must_use]
pub fn date(value: &DeValue<'_>) -> Option<NaiveDate> {
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(day) if day.time.is_none() && day.offset.is_none() => day.to_string(),
        _ => return None,
    };
    if text.len() == 10 { NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok() } else { None }
}

/// Where a text or key holds the character U+0000, which Postgres cannot store.
#[must_use]
pub fn nul(table: &DeTable<'_>) -> Vec<Range<usize>> {
    let keys = table.iter().filter(|(key, _)| key.get_ref().contains('\0')).map(|(key, _)| key.span());
    let values = table.iter().flat_map(|(_, node)| nul_in(node));
    keys.chain(values).collect()
}

fn nul_in(node: &Spanned<DeValue<'_>>) -> Vec<Range<usize>> {
    match node.get_ref() {
        DeValue::String(text) if text.contains('\0') => vec![node.span()],
        DeValue::Array(elements) => elements.iter().flat_map(nul_in).collect(),
        DeValue::Table(table) => nul(table),
        _ => Vec::new(),
    }
}

/// Whether broken syntax of this sort leaves open where everything behind it belongs, so that nothing more can be said.
#[must_use]
pub fn ends_the_sense(message: &str) -> bool {
    let begins = [
        "missing comma",
        "unclosed array",
        "unclosed inline",
        "invalid key-value pair",
        "key with no value",
        "cannot recurse",
    ];
    begins.iter().any(|begin| message.starts_with(begin))
}

/// The parser's words about broken syntax, in words for people who do not write parsers, and what to do.
#[must_use]
pub fn syntax(message: &str) -> (String, Option<String>) {
    const PLAIN: [(&str, &str, &str); 10] = [
        ("duplicate key", "this key stands here twice", "keep one; several tables of a kind are a list: [[like this]]"),
        (
            "invalid basic string, expected `\"`",
            "the text is not closed",
            "end it with a double quote on the same line",
        ),
        (
            "invalid basic string",
            "this character cannot stand in a text",
            "save the file again as plain UTF-8; a backslash is written \\\\",
        ),
        ("invalid comment character", "this character cannot stand in a comment", "save the file again as plain UTF-8"),
        (
            "string values must be quoted",
            "a text stands in double quotes",
            "write \"…\" around it, with straight quotes",
        ),
        (
            "invalid unquoted key",
            "a key is letters a to z, digits, `-` and `_`",
            "other words stand in quotes: \"生日\" = 1",
        ),
        (
            "unexpected key or value",
            "the line goes on after its value",
            "write one `key = value` a line; `#` begins a comment",
        ),
        (
            "missing comma",
            "a comma or a closing bracket is missing here or before",
            "lists are [1, 2], tables are { a = 1, b = 2 }",
        ),
        ("cannot recurse further", "brackets are nested too deep", "lists and tables go 80 deep at most"),
        ("unclosed table", "the table's name is not closed", "end it with `]`, or `]]` for a list of tables"),
    ];
    match PLAIN.iter().find(|(begin, ..)| message.starts_with(begin)) {
        Some((_, plain, help)) => ((*plain).to_owned(), Some((*help).to_owned())),
        None => (message.to_owned(), Some("a line is `key = value`, `[table]` or `[[list of tables]]`".into())),
    }
}
