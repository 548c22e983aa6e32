//! `[off]`, `[worked]`, `[dates]` and `[names]`: what is said about single dates.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{Datelike, NaiveDate, Weekday};

use super::super::dates::{Dates, Entry, Name};
use super::super::hours::Week;
use super::keys::{Keys, date};
use super::{Mistakes, Node, Translations, did_you_mean, week};

/// What a key of `[off]`, `[worked]` or `[dates]` names.
enum Days {
    /// Dates of single years, both included.
    Dates(NaiveDate, NaiveDate),
    /// Days of every year, by month and day.
    Yearly(Vec<(u32, u32)>),
}

struct Reading<'m, 'w> {
    mistakes: &'m mut Mistakes,
    week: &'w Week,
    names: Translations,
    used: Vec<String>,
    dates: Dates,
    /// The table and the place that names a date already, of this file.
    places: BTreeMap<NaiveDate, &'static str>,
}

/// Reads the four tables. `known` are the days the data is for; the dates of `base` hold where the file says nothing.
pub(super) fn read(
    keys: &mut Keys<'_>,
    week: &Week,
    known: Option<(NaiveDate, NaiveDate)>,
    base: Option<&Dates>,
    mistakes: &mut Mistakes,
) -> Dates {
    let (names, spans) = names(keys, mistakes);
    let mut dates = base.cloned().unwrap_or_default();
    dates.known = known;
    let mut reading = Reading { mistakes, week, names, used: Vec::new(), dates, places: BTreeMap::new() };
    for table in ["off", "worked", "dates"] {
        let entries = keys.table(table, reading.mistakes).map(|table| table.entries()).unwrap_or_default();
        for (key, span, node) in entries {
            match table {
                "off" => reading.off(key, span, node),
                "worked" => reading.worked(key, span, node),
                _ => reading.hours(key, span, node),
            }
        }
    }
    if reading.dates.known.is_none() && !reading.places.is_empty() && !keys.has("first_day") && !keys.has("last_day") {
        let help = "say for which days it is complete: first_day = \"2026-01-01\" and last_day = \"2026-12-31\"";
        let message = "the calendar has dates of single years, but does not say for which days they are complete";
        reading.mistakes.note(None, message.to_owned(), help);
    }
    for (name, span) in spans {
        if !reading.used.contains(&name) {
            let mut known: Vec<&str> = reading.used.iter().map(String::as_str).collect();
            known.sort_unstable();
            known.dedup();
            let message = format!("no day of this file is named {name:?}");
            reading.mistakes.note(Some(span), message, did_you_mean(&name, &known));
        }
    }
    reading.dates
}

impl Reading<'_, '_> {
    /// `"2026-02-15 to 2026-02-23" = "Spring Festival"`
    fn off(&mut self, key: &str, span: Range<usize>, node: &Node<'_>) {
        let name = self.text(node, "the name of a day off");
        match self.days(key, &span) {
            Some(Days::Dates(from, to)) => self.put(from, to, &span, "off", &Entry::Off(name)),
            Some(Days::Yearly(days)) => {
                for day in days {
                    if self.dates.yearly.insert(day, name.clone()).is_some_and(|known| known != name) {
                        let message = format!("{:02}-{:02} is off every year already", day.0, day.1);
                        self.mistakes.note(Some(span.clone()), message, "name it once");
                    }
                }
            }
            None => {}
        }
    }

    /// `"2026-02-14" = { like = "friday", name = "Spring Festival" }`
    fn worked(&mut self, key: &str, span: Range<usize>, node: &Node<'_>) {
        let example = format!("for example: \"{key}\" = {{ like = \"friday\", name = \"…\" }}");
        let Some(table) = node.get_ref().as_table() else {
            let message = "a make-up workday says whose hours it has".to_owned();
            return self.mistakes.note(Some(node.span()), message, example);
        };
        let mut keys = Keys::new(table, "worked");
        let name = keys.text("name", self.mistakes).unwrap_or_else(|| "make-up workday".to_owned());
        let name = self.name(name);
        let like = self.like(&mut keys, node, &example);
        keys.finish(self.mistakes);
        let (Some(days), Some(like)) = (self.days(key, &span), like) else { return };
        let Days::Dates(from, to) = days else { return self.no_yearly(span) };
        for day in from.iter_days().take_while(|day| *day <= to) {
            let entry = self.dates.entry(day);
            let off = matches!(entry, Some(Entry::Off(_))) || (entry.is_none() && self.dates.yearly(day).is_some());
            if !off && !self.week.of(day).is_empty() {
                let message = format!("{day} is a {}, which is worked anyway", week::name(day.weekday()));
                let help = "a make-up workday is one that would be off; hours for one date stand under [dates]";
                self.mistakes.note(Some(span.clone()), message, help);
            }
        }
        self.put(from, to, &span, "worked", &Entry::Worked(like, name));
    }

    fn like(&mut self, keys: &mut Keys<'_>, node: &Node<'_>, example: &str) -> Option<Weekday> {
        if !keys.has("like") {
            let message = "a make-up workday says whose hours it has".to_owned();
            self.mistakes.note(Some(node.span()), message, example);
            return None;
        }
        let (text, span) = keys.text_at("like", self.mistakes)?;
        let Some(day) = week::weekday(&text) else {
            let known = "monday, tuesday, wednesday, thursday, friday, saturday, sunday";
            let message = format!("there is no day {text:?} in the week");
            self.mistakes.note(Some(span), message, format!("known here: {known}"));
            return None;
        };
        if self.week.on(day).is_empty() && !self.week.0.iter().all(Vec::is_empty) {
            let message = format!("nobody works on a {text}, so that the make-up workday has no hours");
            self.mistakes.note(Some(span), message, "name a day that has hours");
        }
        Some(day)
    }

    /// `"2026-02-16" = { hours = ["09:00-12:00"], name = "half a day" }`, or the list alone.
    fn hours(&mut self, key: &str, span: Range<usize>, node: &Node<'_>) {
        let example = format!("for example: \"{key}\" = {{ hours = [\"09:00-12:00\"], name = \"half a day\" }}");
        let (hours, name) = match node.get_ref().as_table() {
            Some(table) => {
                let mut keys = Keys::new(table, "dates");
                let name = keys.text("name", self.mistakes);
                let hours = keys.value("hours");
                keys.finish(self.mistakes);
                (hours, name)
            }
            None => (Some(node), None),
        };
        let name = self.name(name.unwrap_or_else(|| "hours of its own".to_owned()));
        let Some(hours) = hours else {
            let message = "hours for one date are missing".to_owned();
            return self.mistakes.note(Some(node.span()), message, example);
        };
        let windows = week::windows(hours, "hours", self.mistakes);
        if hours.get_ref().as_array().is_some_and(|list| list.is_empty()) {
            let message = format!("{key} has no hours");
            self.mistakes.note(Some(hours.span()), message, "a day off stands under [off]");
        }
        match self.days(key, &span) {
            Some(Days::Dates(from, to)) => self.put(from, to, &span, "dates", &Entry::Hours(windows, name)),
            Some(Days::Yearly(_)) => self.no_yearly(span),
            None => {}
        }
    }

    fn put(&mut self, from: NaiveDate, to: NaiveDate, span: &Range<usize>, table: &'static str, entry: &Entry) {
        let outside = self.dates.known.filter(|(first, last)| from < *first || to > *last);
        if let Some((first, last)) = outside {
            let message = format!("the calendar has data from {first} to {last}, and this is outside");
            self.mistakes.note(Some(span.clone()), message, "correct the date, or first_day and last_day");
            return;
        }
        for day in from.iter_days().take_while(|day| *day <= to) {
            if let Some(known) = self.places.insert(day, table) {
                let message = match known == table {
                    true => format!("{day} is named twice under [{table}]"),
                    false => format!("{day} stands under [{known}] and under [{table}]"),
                };
                self.mistakes.note(Some(span.clone()), message, "name each date once; a range may be split");
                return;
            }
            self.dates.entries.insert(day, entry.clone());
        }
    }

    fn no_yearly(&mut self, span: Range<usize>) {
        let message = "only days off can come every year".to_owned();
        self.mistakes.note(Some(span), message, "name the dates of each year");
    }

    fn text(&mut self, node: &Node<'_>, what: &str) -> Name {
        let text = node.get_ref().as_str().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.mistakes.note(Some(node.span()), format!("{what} is missing"), "for example: \"Spring Festival\"");
        }
        self.name(text.unwrap_or_default().to_owned())
    }

    fn name(&mut self, text: String) -> Name {
        let others = self.names.get(&text).cloned().unwrap_or_default();
        self.used.push(text.clone());
        Name::new(text, others)
    }

    /// `2026-02-15`, `2026-02-15 to 2026-02-23`, `every 12-24`, `every 12-24 to 12-26`.
    fn days(&mut self, key: &str, span: &Range<usize>) -> Option<Days> {
        let yearly = key.strip_prefix("every ");
        let (from, to) = yearly.unwrap_or(key).split_once(" to ").unwrap_or_else(|| {
            let one = yearly.unwrap_or(key);
            (one, one)
        });
        // 2024 has a 29 February
        let year = if yearly.is_some() { "2024-" } else { "" };
        let (Some(from), Some(to)) = (date(&format!("{year}{}", from.trim())), date(&format!("{year}{}", to.trim())))
        else {
            let help =
                "write \"2026-02-15\", \"2026-02-15 to 2026-02-23\", \"every 12-24\" or \"every 12-24 to 12-26\"";
            self.mistakes.note(Some(span.clone()), format!("{key:?} is not a day or a range of days"), help);
            return None;
        };
        if yearly.is_some() {
            // over the turn of the year too
            let count = (to - from).num_days().rem_euclid(366) as usize + 1;
            let next = |day: &NaiveDate| Some(day.succ_opt()?.with_year(2024).unwrap_or(*day));
            let days = std::iter::successors(Some(from), next).take(count);
            return Some(Days::Yearly(days.map(|day| (day.month(), day.day())).collect()));
        }
        if to < from {
            let message = format!("the range ends, on {to}, before it begins, on {from}");
            self.mistakes.note(Some(span.clone()), message, "the earlier date comes first");
            return None;
        }
        Some(Days::Dates(from, to))
    }
}

/// `[names]`, and where each name stands.
fn names(keys: &mut Keys<'_>, mistakes: &mut Mistakes) -> (Translations, Vec<(String, Range<usize>)>) {
    let (mut names, mut spans) = (Translations::new(), Vec::new());
    let Some(table) = keys.table("names", mistakes) else { return (names, spans) };
    for (name, span, node) in table.entries() {
        let texts = node.get_ref().as_table().map(|table| {
            let texts = table
                .iter()
                .map(|(locale, text)| Some((locale.get_ref().to_string(), text.get_ref().as_str()?.to_owned())));
            texts.collect::<Option<BTreeMap<_, _>>>()
        });
        match texts.flatten() {
            Some(texts) => drop(names.insert(name.to_owned(), texts)),
            None => {
                let help = format!("for example: \"{name}\" = {{ zh-CN = \"…\" }}");
                mistakes.note(Some(node.span()), "a name in other languages is a table of texts".to_owned(), help);
            }
        }
        spans.push((name.to_owned(), span));
    }
    (names, spans)
}
