//! Birthdays: days that come back every year in the calendar they are kept in.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::lead::Lead;
use super::{Statements, Trigger, dated, required};
use crate::calendar::OutOfRange;
use crate::calendar::anniversary::{Calendar, DayKey, Feb29, LunarDay30, LunarLeap, Rules, keys_for};
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::reader::Reader;

pub(super) const FEB_29: [(&str, Feb29); 3] =
    [("feb_28", Feb29::Feb28), ("mar_1", Feb29::Mar1), ("leap_years_only", Feb29::LeapYearsOnly)];
const LUNAR_LEAP: [(&str, LunarLeap); 2] =
    [("plain_month", LunarLeap::PlainMonth), ("leap_years_only", LunarLeap::LeapYearsOnly)];
const LUNAR_DAY_30: [(&str, LunarDay30); 2] = [("day_29", LunarDay30::Day29), ("skip", LunarDay30::Skip)];
const CALENDARS: [(&str, Option<Calendar>); 3] =
    [("per_customer", None), ("solar", Some(Calendar::Solar)), ("lunar", Some(Calendar::Lunar))];

/// Nearer than this to an occasion the customer has had, it must be the same one with a corrected date.
pub(super) const SAME_OCCASION_DAYS: i32 = 180;

/// A birthday.
#[derive(Debug, Clone)]
struct Birthday {
    /// From when to when it may be sent.
    lead: Lead,
    /// Only birthdays in this calendar; none: each in its own.
    calendar: Option<Calendar>,
    /// What happens in years that do not have the day.
    rules: Rules,
}

/// Reads the keys of `on = "anniversary"`.
pub(super) fn read(trigger: &mut Reader<'_>) -> Option<Box<dyn Trigger>> {
    if !trigger.has("field") {
        trigger.missing("field", "\"birthday\", \"first_order\", \"last_order\", \"created_at\" or \"attributes.KEY\"");
    }
    match trigger.string("field") {
        Some(field) if field != "birthday" => dated::read(trigger, &field),
        _ => birthday(trigger),
    }
}

fn birthday(trigger: &mut Reader<'_>) -> Option<Box<dyn Trigger>> {
    let lead = Lead::read(trigger);
    let calendar = trigger.choice("calendar", &CALENDARS);
    let feb_29 = required(trigger, "feb_29", &FEB_29);
    let lunar_leap = required(trigger, "lunar_leap", &LUNAR_LEAP);
    let lunar_day_30 = required(trigger, "lunar_day_30", &LUNAR_DAY_30);
    Some(Box::new(Birthday {
        lead: lead?,
        calendar: calendar.flatten(),
        rules: Rules { feb_29: feb_29?, lunar_leap: lunar_leap?, lunar_day_30: lunar_day_30? },
    }))
}

impl Birthday {
    /// The stored birthdays that fall on a day a run of `date` may have to do with, with that day: those that become
    /// due on `date` somewhere on earth, and those that are not over yet.
    ///
    /// # Errors
    /// Beyond the years the calendar knows.
    fn keys(&self, date: NaiveDate) -> Result<Vec<(NaiveDate, DayKey)>, OutOfRange> {
        let mut keys = Vec::new();
        for day in self.lead.days(date) {
            let found = keys_for(day, self.rules)?.into_iter();
            let wanted = found.filter(|key| self.calendar.is_none_or(|calendar| calendar == key.calendar));
            keys.extend(wanted.map(|key| (day, key)));
        }
        Ok(keys)
    }
}

impl Trigger for Birthday {
    fn statements(&self) -> Statements {
        statements!("anniversary.sql")
    }

    /// The days looked at as six arrays, and from when to when they count.
    fn bind(&self, composer: Composer, run: &Run) -> Result<Composer, OutOfRange> {
        let keys = self.keys(run.business_date)?;
        let composer = self.lead.bind(composer);
        Ok(composer
            .set("key_calendars", keys.iter().map(|(_, key)| key.calendar.as_str().to_owned()).collect::<Vec<_>>())
            .set("key_months", keys.iter().map(|(_, key)| i16::from(key.month)).collect::<Vec<_>>())
            .set("key_days", keys.iter().map(|(_, key)| i16::from(key.day)).collect::<Vec<_>>())
            .set("key_leaps", keys.iter().map(|(_, key)| key.leap_month).collect::<Vec<_>>())
            .set("key_dates", keys.iter().map(|(day, _)| *day).collect::<Vec<_>>())
            .set("key_years", keys.iter().map(|(_, key)| key.occasion_year).collect::<Vec<_>>()))
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

    fn example(&self, _: NaiveDate) -> Value {
        json!({})
    }
}
