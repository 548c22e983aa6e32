//! Holidays in iCalendar files (RFC 5545): whole days, ranges of them, and those that come every year.
//!
//! Promises: what cannot be read as days off is named with its line and the reason, never left out silently. Read are
//! events of whole days with or without an end, and rules that come every year on a date (`FREQ=YEARLY`) or on a certain
//! day of a month (`BYMONTH` with `BYDAY=4TH` or `BYDAY=-1MO`), with `INTERVAL`, `COUNT`, `UNTIL` and `EXDATE`.
//!
//! The crate `icalendar` writes what tend sends (`src/task/ics.rs`). Its parser is not used here, because it cannot keep the
//! promise: its components do not know their lines, and a file with one line it cannot read is refused as a whole. Its rules
//! (by the crate `rrule`) are those of meetings, every week or minute; of days off only those above make sense.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// A day off of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayOff {
    /// Dates of one year, both included.
    Dates(RangeInclusive<NaiveDate>),
    /// The same date every year without end: month and day.
    Yearly(u32, u32),
}

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Days off with their names, as the file has them.
    pub days: Vec<(DayOff, String)>,
    /// Events that could not be read as days off: line and reason.
    pub left_out: Vec<(usize, String)>,
}

/// Reads a file; rules are written out for the years given.
#[must_use]
pub fn read(text: &str, years: &RangeInclusive<i32>) -> Read {
    let mut found = Read::default();
    let mut event: Option<Event> = None;
    for (line, text) in unfolded(text) {
        let Some(property) = Property::of(&text) else { continue };
        match (property.name.as_str(), property.value.to_uppercase().as_str()) {
            ("BEGIN", "VEVENT") => event = Some(Event { line, ..Event::default() }),
            ("END", "VEVENT") => {
                if let Some(event) = event.take() {
                    match event.days(years) {
                        Ok(days) => found.days.extend(days.into_iter().map(|day| (day, event.name()))),
                        Err(why) => found.left_out.push((event.line, format!("{}: {why}", event.name()))),
                    }
                }
            }
            _ => {
                if let Some(event) = &mut event {
                    event.properties.push(property);
                }
            }
        }
    }
    found
}

/// The file's lines with their numbers; a line that begins with a blank goes on with the one before it.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, last))) => last.push_str(rest),
            _ => lines.push((at + 1, line.trim_start_matches('\u{feff}').to_owned())),
        }
    }
    lines
}

/// `NAME;PARAMETER=X:VALUE`
#[derive(Debug)]
struct Property {
    name: String,
    value: String,
}

impl Property {
    fn of(line: &str) -> Option<Self> {
        // a colon inside quotes belongs to a parameter
        let mut quoted = false;
        let colon = line.char_indices().find(|(_, letter)| {
            quoted ^= *letter == '"';
            *letter == ':' && !quoted
        })?;
        let (head, value) = line.split_at(colon.0);
        let name = head.split(';').next().unwrap_or_default().to_uppercase();
        Some(Self { name, value: value[1..].trim().to_owned() })
    }
}

#[derive(Debug, Default)]
struct Event {
    line: usize,
    properties: Vec<Property>,
}

impl Event {
    fn value(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|property| property.name == name).map(|property| property.value.as_str())
    }

    /// Its summary without escapes.
    fn name(&self) -> String {
        let text = self.value("SUMMARY").unwrap_or_default();
        let plain = text.replace("\\n", " ").replace("\\N", " ").replace("\\,", ",").replace("\\;", ";");
        let plain = plain.replace("\\\\", "\\");
        let plain: String = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        if plain.is_empty() { "day off".to_owned() } else { plain }
    }

    fn days(&self, years: &RangeInclusive<i32>) -> Result<Vec<DayOff>, String> {
        if self.value("STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
            return Err("it is cancelled".to_owned());
        }
        let first = whole_day(self.value("DTSTART").ok_or("it has no beginning")?).ok_or("it is not a whole day")?;
        let length = self.length(first)?;
        let last = |first: NaiveDate| first + Days::new(length - 1);
        let Some(rule) = self.value("RRULE") else { return Ok(vec![DayOff::Dates(first..=last(first))]) };
        let rule = Rule::parse(rule)?;
        if length == 1 && rule.is_plain() && self.value("EXDATE").is_none() {
            return Ok(vec![DayOff::Yearly(first.month(), first.day())]);
        }
        let except: Vec<NaiveDate> = self
            .properties
            .iter()
            .filter(|property| property.name == "EXDATE")
            .flat_map(|property| property.value.split(','))
            .filter_map(|day| day.get(..8).and_then(whole_day))
            .collect();
        let days = rule
            .days(first, *years.end())?
            .into_iter()
            .filter(|day| years.contains(&day.year()) && !except.contains(day));
        Ok(days.map(|day| DayOff::Dates(day..=last(day))).collect())
    }

    /// How many days it has. The end is the day after the last one.
    fn length(&self, first: NaiveDate) -> Result<u64, String> {
        let days = match (self.value("DTEND"), self.value("DURATION")) {
            (Some(end), _) => (whole_day(end).ok_or("it does not end with a day")? - first).num_days(),
            (None, Some(length)) => {
                let digits = length.strip_prefix('P').and_then(|rest| rest.strip_suffix(['D', 'W']));
                let days: Option<i64> = digits.and_then(|days| days.parse().ok());
                days.ok_or("its length is not in days")? * if length.ends_with('W') { 7 } else { 1 }
            }
            (None, None) => 1,
        };
        // some programs end a day on itself
        match u64::try_from(if days == 0 { 1 } else { days }) {
            Ok(days @ 1..=366) => Ok(days),
            Ok(_) => Err("it is longer than a year".to_owned()),
            Err(_) => Err("it ends before it begins".to_owned()),
        }
    }
}

/// `20260101`
fn whole_day(text: &str) -> Option<NaiveDate> {
    if text.len() == 8 { NaiveDate::parse_from_str(text, "%Y%m%d").ok() } else { None }
}

/// A rule that comes every year.
#[derive(Debug)]
struct Rule {
    interval: i32,
    count: Option<usize>,
    until: Option<NaiveDate>,
    /// The nth such day of the week of the month; from its end when negative.
    nth: Option<(i32, Weekday)>,
    month: Option<u32>,
    day: Option<u32>,
}

impl Rule {
    fn parse(text: &str) -> Result<Self, String> {
        let parts: BTreeMap<String, &str> = text
            .split(';')
            .filter_map(|part| part.split_once('='))
            .map(|(key, value)| (key.to_uppercase(), value))
            .collect();
        let number =
            |key: &str| parts.get(key).map(|value| value.parse::<u32>().map_err(|_| refused(text))).transpose();
        let known = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "WKST"];
        let yearly = parts.get("FREQ").is_some_and(|often| often.eq_ignore_ascii_case("YEARLY"));
        if !yearly || parts.keys().any(|key| !known.contains(&key.as_str())) {
            return Err(refused(text));
        }
        let until = parts.get("UNTIL").map(|until| until.get(..8).and_then(whole_day).ok_or_else(|| refused(text)));
        let nth = parts.get("BYDAY").map(|day| nth(day).ok_or_else(|| refused(text))).transpose()?;
        let rule = Self {
            interval: number("INTERVAL")?.and_then(|years| i32::try_from(years).ok()).unwrap_or(1),
            count: number("COUNT")?.map(|count| count as usize),
            until: until.transpose()?,
            nth,
            month: number("BYMONTH")?,
            day: number("BYMONTHDAY")?,
        };
        let sense = rule.interval > 0 && (rule.nth.is_none() || rule.day.is_none() && rule.month.is_some());
        if sense { Ok(rule) } else { Err(refused(text)) }
    }

    /// The same date every year, for ever.
    fn is_plain(&self) -> bool {
        self.interval == 1 && self.count.is_none() && self.until.is_none() && self.nth.is_none()
    }

    /// Its days from the first one to the end of a year.
    fn days(&self, first: NaiveDate, last_year: i32) -> Result<Vec<NaiveDate>, String> {
        let month = self.month.unwrap_or(first.month());
        let mut days = Vec::new();
        let mut year = first.year();
        while year <= last_year {
            let day = match self.nth {
                Some((nth, weekday)) => nth_of(year, month, nth, weekday),
                None => NaiveDate::from_ymd_opt(year, month, self.day.unwrap_or(first.day())),
            };
            // the beginning counts, also where a rule would put it elsewhere
            let day = if year == first.year() { Some(first) } else { day };
            days.extend(day.filter(|day| self.until.is_none_or(|until| *day <= until)));
            if self.count.is_some_and(|count| days.len() >= count) {
                break;
            }
            year = year.checked_add(self.interval).ok_or("its rule goes on for too long")?;
        }
        Ok(days)
    }
}

fn refused(rule: &str) -> String {
    format!("the rule {rule} is not a plain one that comes every year")
}

/// `4TH`, `-1MO`
fn nth(text: &str) -> Option<(i32, Weekday)> {
    let at = text.len().checked_sub(2).filter(|at| text.is_char_boundary(*at))?;
    let (number, day) = text.split_at(at);
    let weekday = match day.to_uppercase().as_str() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    };
    let number: i32 = number.parse().ok()?;
    (number != 0 && (-5..=5).contains(&number)).then_some((number, weekday))
}

fn nth_of(year: i32, month: u32, nth: i32, weekday: Weekday) -> Option<NaiveDate> {
    if nth > 0 {
        return NaiveDate::from_weekday_of_month_opt(year, month, weekday, u8::try_from(nth).ok()?);
    }
    let all: Vec<NaiveDate> =
        (1..=5).filter_map(|nth| NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth)).collect();
    all.len().checked_sub(nth.unsigned_abs() as usize).map(|at| all[at])
}
