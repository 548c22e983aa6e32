//! Cells: checked, and written as Postgres' COPY reads them.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate};
use chrono_tz::Tz;
use serde_json::Value;

use super::birthday::Written;

/// Keys are indexed; Postgres cannot index a longer text.
const LONGEST_KEY: usize = 200;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// A key of the company.
    Key,
    /// Any text.
    Text,
    /// A mail address.
    Email,
    /// A phone number, E.164.
    Phone,
    /// A zone of the IANA database.
    Zone,
    /// A BCP 47 tag.
    Locale,
    /// ISO 3166 alpha-2.
    Country,
    /// ISO 4217.
    Currency,
    /// RFC 3339, with an offset.
    Instant,
    /// `numeric(14, 2)`.
    Amount,
    /// A day of the calendar.
    Day,
    /// A small number, 0 to 1,000.
    Count,
    /// yes or no.
    Flag,
    /// One of these.
    Word(&'static [&'static str]),
    /// Labels separated by semicolons.
    Tags,
    /// One JSON object.
    Object,
    /// A day; see [`Written`].
    Birthday,
    /// yes or no; a row of `crm.consent`.
    Consent,
    /// When that was said.
    ConsentAt,
}

type Checked = Result<(), Cow<'static, str>>;

impl Field {
    /// Its columns in the staging table, with their types.
    pub(super) fn staged(self, name: &'static str) -> Vec<(&'static str, &'static str)> {
        let kind = match self {
            Self::Birthday => {
                return ["birthday_year", "birthday_month", "birthday_day"].map(|column| (column, "smallint")).into();
            }
            Self::Instant | Self::ConsentAt => "timestamptz",
            Self::Amount => "numeric(14, 2)",
            Self::Day => "date",
            Self::Count => "smallint",
            Self::Flag | Self::Consent => "boolean",
            Self::Tags => "text[]",
            Self::Object => "jsonb",
            _ => "text",
        };
        vec![(name, kind)]
    }

    /// Whether it is a column of the table itself.
    pub(super) fn is_target(self) -> bool {
        !matches!(self, Self::Consent | Self::ConsentAt)
    }

    /// Checks the cell and appends it, in COPY's text form and without a tab.
    pub(super) fn write(self, cell: &str, out: &mut Vec<u8>) -> Checked {
        match self {
            Self::Key => check(cell.len() <= LONGEST_KEY, "is longer than 200 bytes")?,
            Self::Text => {}
            Self::Email => check(is_email(cell), "is not an address such as li@example.com")?,
            Self::Phone => check(is_phone(cell), "is not a number in international form such as +8613800138000")?,
            Self::Zone => {
                check(cell.parse::<Tz>().is_ok(), "is not a zone of the IANA database such as Asia/Shanghai")?
            }
            Self::Locale => check(is_locale(cell), "is not a language tag such as zh-CN or en")?,
            Self::Country => check(is_code(cell, 2), "is not a country in two capital letters such as CN")?,
            Self::Currency => check(is_code(cell, 3), "is not a currency in three capital letters such as CNY")?,
            Self::Instant | Self::ConsentAt => instant(cell)?,
            Self::Amount => check(is_amount(cell), "is not an amount such as 1234.50 (at most 2 decimals)")?,
            Self::Day => check(is_day(cell), "is not a day such as 2026-05-04")?,
            Self::Count => {
                check(cell.parse::<u16>().is_ok_and(|count| count <= 1_000), "is not a number from 0 to 1000")?;
            }
            Self::Flag | Self::Consent => return flag(cell, out),
            Self::Word(words) => {
                check(words.contains(&cell), || format!("must be one of {}", words.join(", ")))?;
            }
            Self::Tags => return tags(cell, out),
            Self::Object => return object(cell, out),
            Self::Birthday => return birthday(cell, out),
        }
        escape(cell, out)
    }

    /// Appends as many nulls as it has columns.
    pub(super) fn write_null(self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self == Self::Birthday { b"\\N\t\\N\t\\N" } else { b"\\N" });
    }
}

trait Reason {
    fn reason(self) -> Cow<'static, str>;
}
impl Reason for &'static str {
    fn reason(self) -> Cow<'static, str> {
        Cow::Borrowed(self)
    }
}
impl<F: FnOnce() -> String> Reason for F {
    fn reason(self) -> Cow<'static, str> {
        Cow::Owned(self())
    }
}

fn check(holds: bool, otherwise: impl Reason) -> Checked {
    if holds { Ok(()) } else { Err(otherwise.reason()) }
}

fn is_email(cell: &str) -> bool {
    cell.len() <= 254 && cell.parse::<lettre::Address>().is_ok_and(|address| address.domain().contains('.'))
}

fn is_phone(cell: &str) -> bool {
    let digits = cell.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
}

fn is_locale(cell: &str) -> bool {
    let mut parts = cell.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_code(cell: &str, letters: usize) -> bool {
    cell.len() == letters && cell.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_amount(cell: &str) -> bool {
    let unsigned = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let significant = decimals.trim_end_matches('0').len();
    digits(whole) && digits(decimals) && whole.len() <= 12 && significant <= 2
}

fn is_day(cell: &str) -> bool {
    cell.len() == 10 && cell.parse::<NaiveDate>().is_ok_and(|day| (1900..2200).contains(&day.year()))
}

fn instant(cell: &str) -> Checked {
    if let Ok(instant) = DateTime::parse_from_rfc3339(cell) {
        return check((1900..2200).contains(&instant.year()), "lies before 1900 or after 2199");
    }
    let with_zone = format!("{}Z", cell.replacen(' ', "T", 1));
    let only_zone_is_missing = DateTime::parse_from_rfc3339(&with_zone).is_ok();
    check(!only_zone_is_missing, "says no offset from UTC; write 2026-05-04T09:30:00+08:00 or …Z")?;
    Err("is not an instant such as 2026-05-04T09:30:00+08:00".into())
}

fn flag(cell: &str, out: &mut Vec<u8>) -> Checked {
    let truth = match cell {
        "yes" | "true" | "1" => b't',
        "no" | "false" | "0" => b'f',
        _ => return Err("must be yes or no".into()),
    };
    out.push(truth);
    Ok(())
}

fn tags(cell: &str, out: &mut Vec<u8>) -> Checked {
    let mut literal = String::from("{");
    for tag in cell.split(';').map(str::trim).filter(|tag| !tag.is_empty()) {
        if literal.len() > 1 {
            literal.push(',');
        }
        literal.push('"');
        literal.push_str(&tag.replace('\\', "\\\\").replace('"', "\\\""));
        literal.push('"');
    }
    literal.push('}');
    escape(&literal, out)
}

fn object(cell: &str, out: &mut Vec<u8>) -> Checked {
    let value: Value = serde_json::from_str(cell).map_err(|error| format!("is not JSON: {error}"))?;
    check(value.is_object(), "must be one JSON object such as {\"size\": \"M\"}")?;
    check(!cell.contains("\\u0000"), "holds a zero character, which Postgres cannot store")?;
    escape(cell, out)
}

fn birthday(cell: &str, out: &mut Vec<u8>) -> Checked {
    let Written { year, month, day } = Written::parse(cell)?;
    let year = year.map_or_else(|| "\\N".to_owned(), |year| year.to_string());
    out.extend_from_slice(format!("{year}\t{month}\t{day}").as_bytes());
    Ok(())
}

fn escape(text: &str, out: &mut Vec<u8>) -> Checked {
    for byte in text.bytes() {
        match byte {
            0 => return Err("holds a zero character, which Postgres cannot store".into()),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.push(byte),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(field: Field, cell: &str) -> Result<String, String> {
        let mut out = Vec::new();
        field.write(cell, &mut out).map(|()| String::from_utf8(out).unwrap()).map_err(Cow::into_owned)
    }

    #[test]
    fn amounts_keep_two_decimals_and_no_more() {
        for good in ["0", "12", "-3.5", "1234.50", "999999999999.99", "1.2300"] {
            assert!(written(Field::Amount, good).is_ok(), "{good}");
        }
        for bad in ["", "1.", ".5", "1,5", "1.234", "1e3", "NaN", "1234567890123", "+1", "¥5"] {
            assert!(written(Field::Amount, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_instant_needs_its_offset_and_says_so() {
        assert!(written(Field::Instant, "2026-05-04T09:30:00+08:00").is_ok());
        assert!(written(Field::Instant, "2026-05-04 09:30:00").unwrap_err().contains("offset"));
        assert!(written(Field::Instant, "0000-01-01T00:00:00Z").unwrap_err().contains("before 1900"));
        assert!(written(Field::Instant, "04/05/2026").unwrap_err().contains("not an instant"));
    }

    #[test]
    fn phones_zones_languages_and_addresses_are_checked() {
        assert!(written(Field::Phone, "+8613800138000").is_ok());
        assert!(written(Field::Phone, "13800138000").is_err());
        assert!(written(Field::Phone, "+86 138").is_err());
        assert!(written(Field::Zone, "Asia/Shanghai").is_ok());
        assert!(written(Field::Zone, "Beijing").is_err());
        assert!(written(Field::Locale, "zh-Hans-CN").is_ok());
        assert!(written(Field::Locale, "chinese").is_err());
        assert!(written(Field::Email, "li@example.com").is_ok());
        assert!(written(Field::Email, "li@example").is_err());
        assert!(written(Field::Email, "li example.com").is_err());
    }

    #[test]
    fn text_is_escaped_for_copy() {
        assert_eq!(written(Field::Text, "a\tb\\c\nd").unwrap(), "a\\tb\\\\c\\nd");
        assert_eq!(written(Field::Tags, " vip ;a\"b;; c\\d").unwrap(), r#"{"vip","a\\"b","c\\\\d"}"#);
        assert!(written(Field::Text, "a\0b").is_err());
        assert!(written(Field::Object, "[1]").is_err());
    }
}
