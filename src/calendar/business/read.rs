//! A calendar's file.
//!
//! ```toml
//! title = "Service desk"
//! zone = "Asia/Shanghai"
//! first_day = "2026-01-01"        # the days for which the dates below are complete
//! last_day = "2026-12-31"
//!
//! [hours]
//! monday-friday = ["09:00-12:00", "13:30-18:00"]
//! saturday = ["22:00-06:00+1"]    # to six on Sunday morning
//!
//! [off]
//! "2026-01-01 to 2026-01-03" = "New Year"
//! "every 12-24 to 12-26" = "Christmas"
//!
//! [worked]
//! "2026-01-04" = { like = "friday", name = "New Year" }
//!
//! [dates]
//! "2026-02-16" = { hours = ["09:00-12:00"], name = "the day before New Year" }
//!
//! [names]
//! "New Year" = { zh-CN = "元旦" }
//! ```
//!
//! `holidays_of = "cn"` takes the days of another calendar, with its first and last one, and adds its own.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveDate;
use chrono_tz::Tz;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::keys::Keys;
use super::dates::Dates;
use super::{Calendar, Calendars};
use crate::spelling::nearest;

mod days;
mod keys;
mod week;

/// Something that is wrong with a calendar's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Bytes of the text that is wrong; none when it is the file as a whole.
    pub range: Option<Range<usize>>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

type Node<'d> = Spanned<DeValue<'d>>;

/// Reads a file; `others` are the calendars its `holidays_of` may name.
pub(super) fn read(name: &str, text: &str, others: &Calendars) -> Result<Calendar, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        mistakes.note(error.span(), error.message().to_owned(), "put texts in quotes and lists in brackets");
    }
    // what stands in a broken file where is anyone's guess: more would be said than is wrong
    let calendar = if errors.is_empty() { top(name, table.get_ref(), others, &mut mistakes) } else { None };
    mistakes.0.sort_by_key(|mistake| mistake.range.as_ref().map_or(usize::MAX, |range| range.start));
    match calendar {
        Some(calendar) if mistakes.0.is_empty() => Ok(calendar),
        _ => Err(mistakes.0),
    }
}

/// Whose days a file takes, whatever else may be wrong with it.
pub(super) fn holidays_of(text: &str) -> Option<String> {
    let (table, _) = DeTable::parse_recoverable(text);
    table.get_ref().get("holidays_of")?.get_ref().as_str().map(str::to_owned)
}

fn top(name: &str, table: &DeTable<'_>, others: &Calendars, mistakes: &mut Mistakes) -> Option<Calendar> {
    let mut keys = Keys::new(table, "");
    let title = keys.text("title", mistakes);
    let zone = zone(&mut keys, mistakes);
    let base = base(&mut keys, name, others, mistakes);
    let known = known(&mut keys, base, mistakes);
    let week = keys.table("hours", mistakes).map(|hours| week::read(hours, mistakes));
    if week.is_none() {
        let help = "for example: [hours] and below it monday-friday = [\"09:00-18:00\"]";
        mistakes.missing(&keys, "hours", "the calendar has no hours", help);
    }
    let week = week.unwrap_or_default();
    let dates = days::read(&mut keys, &week, known, base, mistakes);
    keys.finish(mistakes);
    let calendar = Calendar::new(name, title, zone?, week, dates);
    if mistakes.0.is_empty() && !opens(&calendar) {
        let help = "give at least one day hours, or take days off out";
        mistakes.note(None, "the calendar is never open".to_owned(), help);
    }
    Some(calendar)
}

/// Whether there is a working day at all. Whatever comes every year is seen within eight years.
fn opens(calendar: &Calendar) -> bool {
    let (first, last) = calendar.span();
    let years = if calendar.known().is_some() { usize::MAX } else { 3000 };
    let mut days = first.iter_days().take_while(|date| *date <= last).take(years);
    days.any(|date| !calendar.rule(date).0.is_empty())
}

fn zone(keys: &mut Keys<'_>, mistakes: &mut Mistakes) -> Option<Tz> {
    if !keys.has("zone") {
        let help = "for example: zone = \"Asia/Shanghai\"";
        mistakes.missing(keys, "zone", "the calendar has no time zone", help);
        return None;
    }
    let (text, span) = keys.text_at("zone", mistakes)?;
    let found = text.parse::<Tz>().ok();
    if found.is_none() {
        let near = nearest(&text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let help = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "write it as continent and city, such as \"Asia/Shanghai\"".to_owned(),
        };
        mistakes.note(Some(span), format!("there is no time zone {text:?}"), help);
    }
    found
}

/// The dates of the calendar named by `holidays_of`.
fn base<'o>(keys: &mut Keys<'_>, name: &str, others: &'o Calendars, mistakes: &mut Mistakes) -> Option<&'o Dates> {
    let (wanted, span) = keys.text_at("holidays_of", mistakes)?;
    if wanted == name {
        let message = "a calendar cannot take its own holidays".to_owned();
        mistakes.note(Some(span), message, "name another one, such as \"cn\"");
        return None;
    }
    let found = others.get(&wanted);
    if found.is_none() {
        let known: Vec<&str> = others.names().filter(|known| *known != name).collect();
        let message = format!("there is no calendar {wanted:?} to take the holidays of");
        mistakes.note(Some(span), message, did_you_mean(&wanted, &known));
    }
    found.map(|calendar| &calendar.0.dates)
}

/// The first and the last day the data is for.
fn known(keys: &mut Keys<'_>, base: Option<&Dates>, mistakes: &mut Mistakes) -> Option<(NaiveDate, NaiveDate)> {
    let (first, last) = (keys.date("first_day", mistakes), keys.date("last_day", mistakes));
    let inherited = base.and_then(|base| base.known);
    match (first, last) {
        (Some((first, _)), Some((last, span))) => {
            if last < first {
                let message = format!("the last day, {last}, is before the first day, {first}");
                mistakes.note(Some(span), message, "the first day comes first");
                return None;
            }
            // data that ends earlier in one of the two is complete in both up to there only
            Some(inherited.map_or((first, last), |known| (first.max(known.0), last.min(known.1))))
        }
        (None, None) => inherited,
        (Some((_, span)), None) if !keys.has("last_day") => {
            mistakes.note(Some(span), "the last day is missing".to_owned(), "add last_day = \"2026-12-31\"");
            None
        }
        (None, Some((_, span))) if !keys.has("first_day") => {
            mistakes.note(Some(span), "the first day is missing".to_owned(), "add first_day = \"2026-01-01\"");
            None
        }
        _ => None,
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    fn note(&mut self, range: Option<Range<usize>>, message: String, help: impl Into<String>) {
        self.0.push(Mistake { range, message, help: Some(help.into()) });
    }

    /// Notes that a key is not there, unless something was said about it already.
    fn missing(&mut self, keys: &Keys<'_>, key: &str, message: &str, help: &str) {
        if !keys.has(key) {
            self.note(None, message.to_owned(), help);
        }
    }
}

fn did_you_mean(word: &str, known: &[&str]) -> String {
    let all = known.join(", ");
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean {near}? known here: {all}"),
        None => format!("known here: {all}"),
    }
}

/// Names in other languages, by the name they translate.
type Translations = BTreeMap<String, BTreeMap<String, String>>;
