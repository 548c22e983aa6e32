//! Anniversaries of a date on record: the first or last purchase, when the customer became known, a day among the
//! customer's attributes.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use serde_json::{Value, json};

use super::anniversary::{FEB_29, SAME_OCCASION_DAYS};
use super::lead::Lead;
use super::{Statements, Trigger, required};
use crate::calendar::OutOfRange;
use crate::calendar::anniversary::{Calendar, DayKey, Feb29, LunarDay30, LunarLeap, Rules, keys_for};
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::jobfile::value;

/// Nobody is a customer for longer.
const MOST_YEARS: i64 = 100;

const FIELDS: [(&str, Field); 3] =
    [("first_order", Field::FirstOrder), ("last_order", Field::LastOrder), ("created_at", Field::CreatedAt)];

/// Where the date stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    FirstOrder,
    LastOrder,
    CreatedAt,
    /// A day below the customer's attributes.
    Attribute(Vec<String>),
}

/// The anniversary of a date.
#[derive(Debug, Clone)]
struct Dated {
    /// The date.
    field: Field,
    /// As the file names it, without `attributes.`.
    kind: String,
    /// From when to when it may be sent.
    lead: Lead,
    /// On which day 29 February comes round in a common year.
    feb_29: Feb29,
    /// From this anniversary on.
    at_least: i32,
    /// Only these; none: each.
    milestones: Option<Vec<i32>>,
}

/// Reads what belongs to a `field` other than the birthday.
pub(super) fn read(trigger: &mut Reader<'_>, name: &str) -> Option<Box<dyn Trigger>> {
    let field = field(trigger, name);
    let lead = Lead::read(trigger);
    let feb_29 = required(trigger, "feb_29", &FEB_29);
    let (at_least, milestones) = years(trigger)?;
    let kind = name.strip_prefix("attributes.").unwrap_or(name).to_owned();
    Some(Box::new(Dated { field: field?, kind, lead: lead?, feb_29: feb_29?, at_least, milestones }))
}

fn field(trigger: &Reader<'_>, name: &str) -> Option<Field> {
    if let Some(path) = name.strip_prefix("attributes.") {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            let help = "attributes.contract_date, or attributes.contract.signed".to_owned();
            trigger.problem("field", format!("{name:?} is not a path below the customer's attributes"), Some(help));
            return None;
        }
        return Some(Field::Attribute(path));
    }
    let found = FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| field.clone());
    if found.is_none() {
        let known = ["birthday", "first_order", "last_order", "created_at", "attributes.KEY"];
        trigger.problem("field", format!("there is no date {name:?}"), Some(did_you_mean(name, &known)));
    }
    found
}

/// `years = { at_least = 1, milestones = [1, 3, 5, 10] }`: from which anniversary on, and which.
fn years(trigger: &mut Reader<'_>) -> Option<(i32, Option<Vec<i32>>)> {
    let Some(mut years) = trigger.table("years") else { return Some((1, None)) };
    let before = years.problems();
    let at_least = years.integer("at_least", 1..=MOST_YEARS).unwrap_or(1);
    let mut milestones = None;
    if let Some(list) = years.list("milestones", "[1, 3, 5, 10]") {
        let mut found = Vec::new();
        for node in list {
            match value::integer(node.get_ref()).filter(|year| (at_least..=MOST_YEARS).contains(year)) {
                Some(year) => found.extend(i32::try_from(year)),
                None => {
                    let help = "for example: milestones = [1, 3, 5, 10]".to_owned();
                    years.note(
                        node.span(),
                        format!("a milestone is a whole number from {at_least} to {MOST_YEARS}"),
                        Some(help),
                    );
                }
            }
        }
        if list.is_empty() {
            years.problem(
                "milestones",
                "without a milestone nobody has the occasion",
                Some("leave it out for every year".into()),
            );
        }
        milestones = Some(found);
    }
    let whole = years.problems() == before;
    years.finish();
    whole.then_some((i32::try_from(at_least).unwrap_or(1), milestones))
}

impl Dated {
    fn keys(&self, date: NaiveDate) -> Result<Vec<(NaiveDate, DayKey)>, OutOfRange> {
        let rules = Rules { feb_29: self.feb_29, lunar_leap: LunarLeap::PlainMonth, lunar_day_30: LunarDay30::Day29 };
        let mut keys = Vec::new();
        for day in self.lead.days(date) {
            let solar = keys_for(day, rules)?.into_iter().filter(|key| key.calendar == Calendar::Solar);
            keys.extend(solar.map(|key| (day, key)));
        }
        Ok(keys)
    }

    /// The stretches of earlier years in which it can have begun what comes round on those days.
    fn stretches(&self, date: NaiveDate) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let days: Vec<_> = self.lead.days(date).collect();
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
        let every = || (self.at_least..=i32::try_from(MOST_YEARS).unwrap_or(100)).collect();
        let years: Vec<i32> = self.milestones.clone().unwrap_or_else(every);
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        // a day more at either end for the customers' zones, and another where 29 February may come round
        let leaps = days.iter().any(|day| matches!((day.month(), day.day()), (2, 28 | 29) | (3, 1)));
        let more = 1 + u64::from(leaps);
        let stretch = |years: &i32| {
            Some((
                midnight(years_before(*first, *years)? - Days::new(more)),
                midnight(years_before(*last, *years)? + Days::new(more + 1)),
            ))
        };
        years.iter().filter_map(stretch).collect()
    }
}

fn years_before(day: NaiveDate, years: i32) -> Option<NaiveDate> {
    let year = day.year() - years;
    day.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 2, 28))
}

impl Trigger for Dated {
    fn statements(&self) -> Statements {
        match self.field {
            Field::FirstOrder => statements!("first_order.sql", "dated.sql"),
            Field::LastOrder => statements!("last_order.sql", "dated.sql"),
            Field::CreatedAt => statements!("created_at.sql", "dated.sql"),
            Field::Attribute(_) => statements!("attribute.sql", "dated.sql"),
        }
    }

    fn bind(&self, composer: Composer, run: &Run) -> Result<Composer, OutOfRange> {
        let keys = self.keys(run.business_date)?;
        let (from, until): (Vec<_>, Vec<_>) = self.stretches(run.business_date).into_iter().unzip();
        let path = match &self.field {
            Field::Attribute(path) => path.clone(),
            _ => Vec::new(),
        };
        Ok(self
            .lead
            .bind(composer)
            .set("key_months", keys.iter().map(|(_, key)| i16::from(key.month)).collect::<Vec<_>>())
            .set("key_days", keys.iter().map(|(_, key)| i16::from(key.day)).collect::<Vec<_>>())
            .set("key_dates", keys.iter().map(|(day, _)| *day).collect::<Vec<_>>())
            .set("key_years", keys.iter().map(|(_, key)| key.occasion_year).collect::<Vec<_>>())
            .set("from_instants", from)
            .set("until_instants", until)
            .set("path", path)
            .set("kind", self.kind.clone())
            .set("years_at_least", self.at_least)
            .set("milestones", self.milestones.clone()))
    }

    fn foresees(&self) -> bool {
        true
    }

    fn days(&self, run: &Run) -> Vec<NaiveDate> {
        self.lead.days(run.business_date).collect()
    }

    fn apart(&self) -> i32 {
        SAME_OCCASION_DAYS
    }

    fn example(&self, day: NaiveDate) -> Value {
        let years = self.milestones.as_ref().and_then(|years| years.first().copied()).unwrap_or(self.at_least.max(1));
        json!({ "years": years, "since": day.checked_sub_months(Months::new(years.unsigned_abs() * 12)) })
    }
}
