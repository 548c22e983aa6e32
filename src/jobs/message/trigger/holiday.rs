//! Holidays, by the lunar or the solar calendar: everybody has the occasion on the same day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::lead::{self, FURTHEST, Lead};
use super::{Statements, Trigger};
use crate::calendar::OutOfRange;
use crate::calendar::anniversary::Calendar;
use crate::calendar::holiday::{Holiday, KNOWN};
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::reader::{Reader, did_you_mean};

const CALENDARS: [(&str, Calendar); 2] = [("lunar", Calendar::Lunar), ("solar", Calendar::Solar)];

/// One holiday of the file.
#[derive(Debug, Clone)]
struct Day {
    name: String,
    holiday: Holiday,
    lead: Lead,
    /// Language → what people call it.
    titles: Value,
}

/// Holidays.
#[derive(Debug, Clone)]
struct Holidays {
    days: Vec<Day>,
}

/// Reads the keys of `on = "holiday"`.
pub(super) fn read(trigger: &mut Reader<'_>) -> Option<Box<dyn Trigger>> {
    let before = trigger.problems();
    let offset = lead::offset(trigger);
    let expire_after = lead::expire_after(trigger, FURTHEST);
    if !trigger.has("days") {
        trigger.missing(
            "days",
            "[{ name = \"spring_festival\", offset = \"-3d\" }, { name = \"mid_autumn\", offset = \"-3d\" }]",
        );
    }
    let mut days: Vec<Day> = Vec::new();
    for mut table in trigger.tables("days") {
        if let Some((name, holiday, titles)) = read_one(&mut table) {
            if days.iter().any(|other| other.name == name) {
                table.problem("name", format!("{name:?} stands there twice"), None);
            }
            let own = lead::offset(&mut table);
            match own.or(offset) {
                Some(offset_days) => {
                    days.push(Day { name, holiday, titles, lead: Lead { offset_days, expire_after } });
                }
                None if table.has("offset") || trigger.has("offset") => {}
                None => table.missing("offset", "\"-3d\""),
            }
        }
        table.finish();
    }
    if days.is_empty() && trigger.problems() == before {
        trigger.problem("days", "without a holiday nobody has the occasion", None);
    }
    (trigger.problems() == before).then(|| Box::new(Holidays { days }) as Box<dyn Trigger>)
}

/// A well-known name, or a name with its calendar, month, day and title.
fn read_one(table: &mut Reader<'_>) -> Option<(String, Holiday, Value)> {
    let name = table.required_string("name", "\"spring_festival\"")?;
    let dated = ["calendar", "month", "day"].iter().any(|key| table.has(key));
    let known = KNOWN.iter().find(|known| known.name == name);
    let titles = titles(table);
    if let (Some(known), false) = (known, dated) {
        return Some((name, known.holiday, titles.unwrap_or_else(|| json!({ "zh": known.zh, "en": known.en }))));
    }
    if !dated {
        let known = KNOWN.map(|known| known.name);
        let help =
            format!("{}; any other day: calendar = \"solar\", month = 11, day = 11", did_you_mean(&name, &known));
        table.problem("name", format!("no holiday is known as {name:?}"), Some(help));
        return None;
    }
    let calendar = super::required(table, "calendar", &CALENDARS);
    for key in ["month", "day"] {
        if !table.has(key) {
            table.missing(key, "8");
        }
    }
    let month = table.integer("month", 1..=12);
    let day = table.integer("day", 1..=31);
    if titles.is_none() && !table.has("title") {
        table.missing("title", "{ zh = \"双十一\", en = \"Singles' Day\" }");
    }
    let holiday = Holiday::new(calendar?, u8::try_from(month?).ok()?, u8::try_from(day?).ok()?);
    if holiday.is_none() {
        let help = "a lunar month has 29 or 30 days: name the last day of the year new_years_eve".to_owned();
        table.problem("day", "there is no such day in every year", Some(help));
    }
    Some((name, holiday?, titles?))
}

/// `title = "…"`, or one for each language.
fn titles(table: &mut Reader<'_>) -> Option<Value> {
    if !table.has("title") {
        return None;
    }
    if !table.is_table("title") {
        let title = table.required_string("title", "\"双十一\"")?;
        return Some(json!({ "en": title }));
    }
    let mut by_language = table.table("title")?;
    let mut titles = BTreeMap::new();
    for (language, span, node) in by_language.entries() {
        match node.get_ref().as_str().filter(|title| !title.trim().is_empty()) {
            Some(title) => drop(titles.insert(language.to_owned(), title.to_owned())),
            None => by_language.note(span, format!("`title.{language}` must be a text in quotes"), None),
        }
    }
    if !titles.contains_key("en") {
        let help = "the title for languages that have none of their own: en = \"Singles' Day\"".to_owned();
        by_language.problem_here("`title` has no words in `en`", Some(help));
    }
    by_language.finish();
    Some(json!(titles))
}

impl Holidays {
    /// The holidays a run of `date` may have to do with: the day and its year. Of two on one day the first of the file.
    fn near(&self, date: NaiveDate) -> Result<Vec<(&Day, NaiveDate, i32)>, OutOfRange> {
        let mut near: Vec<(&Day, NaiveDate, i32)> = Vec::new();
        for day in &self.days {
            for on in day.lead.days(date) {
                let taken = near.iter().any(|(_, other, _)| *other == on);
                near.extend(day.holiday.year_of(on)?.filter(|_| !taken).map(|year| (day, on, year)));
            }
        }
        Ok(near)
    }
}

impl Trigger for Holidays {
    fn statements(&self) -> Statements {
        statements!("holiday.sql")
    }

    fn bind(&self, composer: Composer, run: &Run) -> Result<Composer, OutOfRange> {
        let near = self.near(run.business_date)?;
        let (due, over): (Vec<_>, Vec<_>) = near.iter().map(|(day, on, _)| day.lead.around(*on)).unzip();
        Ok(composer
            .set("names", near.iter().map(|(day, ..)| day.name.clone()).collect::<Vec<_>>())
            .set("dates", near.iter().map(|(_, on, _)| *on).collect::<Vec<_>>())
            .set("years", near.iter().map(|(.., year)| *year).collect::<Vec<_>>())
            .set("due_dates", due)
            .set("over_times", over)
            .set("titles", near.iter().map(|(day, ..)| day.titles.clone()).collect::<Vec<_>>()))
    }

    fn foresees(&self) -> bool {
        true
    }

    fn days(&self, run: &Run) -> Vec<NaiveDate> {
        self.near(run.business_date).unwrap_or_default().into_iter().map(|(_, on, _)| on).collect()
    }

    /// Another holiday is another occasion, from the next day on.
    fn apart(&self) -> i32 {
        1
    }

    /// When the first of the file comes round.
    fn example_day(&self, day: NaiveDate) -> NaiveDate {
        let comes = |on: &NaiveDate| {
            self.days.first().is_some_and(|first| first.holiday.year_of(*on).is_ok_and(|year| year.is_some()))
        };
        day.iter_days().take(400).find(comes).unwrap_or(day)
    }

    fn example(&self, _: NaiveDate) -> Value {
        let first = self.days.first();
        json!({ "holiday": first.map(|day| &day.name), "titles": first.map(|day| &day.titles) })
    }

    fn is_of_nobody(&self, run: &Run) -> bool {
        self.near(run.business_date).is_ok_and(|near| near.is_empty())
    }

    fn is_of_everybody(&self, run: &Run) -> bool {
        self.near(run.business_date).is_ok_and(|near| !near.is_empty())
    }
}
